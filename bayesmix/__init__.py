"""Bayesian mixed models with lme4's formulas, on PyMC, Bambi and ArviZ."""
