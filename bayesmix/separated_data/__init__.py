"""Data that are separated: where they are, and how that is said."""
