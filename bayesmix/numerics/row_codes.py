"""Numbers by which compiled densities know the distribution of a row and its link; families say which is theirs."""

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
"""All are known to `level_quadrature`. From the negative binomial on they have a parameter of their own."""

IN_JOINT = (BINOMIAL_LOGIT, POISSON_LOG)
"""Those that `joint` knows."""
