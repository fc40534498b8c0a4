"""Numbers that stand for priors in compiled densities; the records of `priors` name theirs."""

HALF_NORMAL, HALF_STUDENT_T, EXPONENTIAL, GAMMA, INVERSE_GAMMA, LOG_NORMAL, UNIFORM_SD, INVERSE_HALF_NORMAL = range(8)
"""Kinds of prior of a standard deviation. Each has at most two numbers, in the order in which they are written."""

OF_SIGMA = 100
"""Added to the kind if the prior is one of sd / sigma."""

NORMAL, STUDENT_T, LAPLACE, UNIFORM = range(4)
"""Kinds of prior of a coefficient; their numbers are location, scale, degrees of freedom, or lower and upper bound."""

UNBOUNDED = (NORMAL, STUDENT_T, LAPLACE)
"""The kinds whose coefficient is sampled as it is."""
