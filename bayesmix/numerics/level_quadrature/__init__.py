"""Counts with one random intercept: its effects integrated out level by level, by quadrature.

    y_i ~ f(eta_i, auxiliary),  eta_i = offset_i + x_i' beta + sd u_level(i),  u ~ N(0, 1)

What remains is a density of beta, sd and the family's further parameter.
"""
