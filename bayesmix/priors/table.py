"""The distributions that may be priors, in the order in which messages list them."""

from bayesmix.priors.beta import BETA_PRIOR, DIRICHLET_PRIOR, LKJ_PRIOR
from bayesmix.priors.distribution import Distribution
from bayesmix.priors.gamma import EXPONENTIAL_PRIOR, GAMMA_PRIOR, INVERSE_GAMMA_PRIOR
from bayesmix.priors.normal import (
    HALF_NORMAL_PRIOR,
    INVERSE_HALF_NORMAL_PRIOR,
    LAPLACE_PRIOR,
    LOG_NORMAL_PRIOR,
    NORMAL_PRIOR,
)
from bayesmix.priors.student_t import (
    CAUCHY_PRIOR,
    HALF_CAUCHY_PRIOR,
    HALF_STUDENT_T_PRIOR,
    SCALE_FREE_PRIOR,
    STUDENT_T_PRIOR,
)
from bayesmix.priors.uniform import FLAT_PRIOR, UNIFORM_PRIOR

DISTRIBUTIONS: dict[str, Distribution] = {
    distribution.name: distribution
    for distribution in (
        NORMAL_PRIOR,
        STUDENT_T_PRIOR,
        CAUCHY_PRIOR,
        FLAT_PRIOR,
        LAPLACE_PRIOR,
        HALF_NORMAL_PRIOR,
        HALF_STUDENT_T_PRIOR,
        HALF_CAUCHY_PRIOR,
        EXPONENTIAL_PRIOR,
        GAMMA_PRIOR,
        INVERSE_GAMMA_PRIOR,
        INVERSE_HALF_NORMAL_PRIOR,
        LOG_NORMAL_PRIOR,
        UNIFORM_PRIOR,
        SCALE_FREE_PRIOR,
        BETA_PRIOR,
        DIRICHLET_PRIOR,
        LKJ_PRIOR,
    )
}
