"""A model in equations, and a paragraph on it for a paper."""
