"""Marginal means and slopes: one matrix of linear functions of the coefficients for every kind of fit."""
