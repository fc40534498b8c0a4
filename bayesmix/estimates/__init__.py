"""Estimates without a posterior: REML and maximum likelihood, Laplace's approximation, least squares.

May import `separated_data`, `families`, `formula`, `numerics` and what is below them; no PyMC is needed here.
"""
