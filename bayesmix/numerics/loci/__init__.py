"""Arithmetic for thousands of small models: compiled chains, and screening by importance sampling."""
