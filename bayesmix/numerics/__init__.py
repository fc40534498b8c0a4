"""Numbers: NumPy, SciPy and, in `gaussian`, Numba only; arrays in, frozen dataclass or arrays out."""
