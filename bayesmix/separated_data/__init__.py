"""Separated data: where they are, and the words for it."""
