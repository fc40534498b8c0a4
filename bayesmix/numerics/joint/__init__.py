"""The joint density of a mixed model for counts: all coefficients, group effects and variance parameters at once."""
