"""Numbers that stand for the distribution of a row and its link in compiled densities; families name theirs."""

(
    BINOMIAL_LOGIT,
    BINOMIAL_PROBIT,
    BINOMIAL_CLOGLOG,
    POISSON_LOG,
    NEGATIVE_BINOMIAL_LOG,
    BETA_BINOMIAL_LOGIT,
    BETA_BINOMIAL_PROBIT,
    BETA_BINOMIAL_CLOGLOG,
) = range(8)
"""`level_quadrature` has all of them. From the negative binomial on they have a further parameter."""

IN_JOINT = (BINOMIAL_LOGIT, POISSON_LOG)
"""The ones that `joint` has."""
