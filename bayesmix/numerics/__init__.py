"""Numbers: NumPy, SciPy and kernels compiled by Numba; arrays in, frozen dataclass or arrays out."""
