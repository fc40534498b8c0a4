"""Numbers by which compiled densities know a prior; the records of `priors` say which is whose."""

HALF_NORMAL, HALF_STUDENT_T, EXPONENTIAL, GAMMA, INVERSE_GAMMA, LOG_NORMAL, UNIFORM_SD = range(7)
"""Kinds of prior of a standard deviation; each has at most two numbers, in the order in which they are written."""

OF_SIGMA = 100
"""Added to the kind of a prior that is one of sd / sigma."""

NORMAL, STUDENT_T, LAPLACE, UNIFORM = range(4)
"""Kinds of prior of a coefficient; their numbers are location, scale, degrees of freedom, or lower and upper bound."""

UNBOUNDED = (NORMAL, STUDENT_T, LAPLACE)
"""Those of a coefficient that is sampled as it is."""
