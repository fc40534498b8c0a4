"""Numbers: NumPy and SciPy only; arrays in, frozen dataclass or arrays out."""
