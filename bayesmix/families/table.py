"""The families, in the order in which the documentation and messages list them."""

from bayesmix.families.beta import BETA, BETA_BINOMIAL, ORDERED_BETA, ZERO_ONE_INFLATED_BETA, BetaText
from bayesmix.families.binomial import BERNOULLI, BINOMIAL, ZERO_INFLATED_BINOMIAL, BinomialText
from bayesmix.families.categorical import CATEGORICAL, CategoricalText
from bayesmix.families.gaussian import GAUSSIAN, STUDENT_T, GaussianText
from bayesmix.families.negative_binomial import (
    HURDLE_NEGATIVE_BINOMIAL,
    NEGATIVE_BINOMIAL,
    TRUNCATED_NEGATIVE_BINOMIAL,
    ZERO_INFLATED_NEGATIVE_BINOMIAL,
    NegativeBinomialText,
)
from bayesmix.families.ordinal import ADJACENT_CATEGORY, CUMULATIVE, STOPPING_RATIO, OrdinalText
from bayesmix.families.poisson import HURDLE_POISSON, POISSON, TRUNCATED_POISSON, ZERO_INFLATED_POISSON, PoissonText
from bayesmix.families.positive import (
    EXPONENTIAL,
    GAMMA,
    HURDLE_GAMMA,
    HURDLE_LOGNORMAL,
    INVERSE_GAUSSIAN,
    LOGNORMAL,
    SHIFTED_LOGNORMAL,
    TWEEDIE,
    WEIBULL,
    PositiveText,
)
from bayesmix.families.record import FamilyRecord
from bayesmix.families.skewed import EXGAUSSIAN, SKEW_NORMAL, SkewedText

type FamilyText = (
    GaussianText
    | SkewedText
    | PositiveText
    | BetaText
    | BinomialText
    | PoissonText
    | NegativeBinomialText
    | OrdinalText
    | CategoricalText
)
"""A family with its default link, with a link in parentheses, or by the name that another package has for it."""

FAMILIES: dict[str, FamilyRecord] = {
    family.name: family
    for family in (
        GAUSSIAN,
        STUDENT_T,
        SKEW_NORMAL,
        EXGAUSSIAN,
        LOGNORMAL,
        SHIFTED_LOGNORMAL,
        GAMMA,
        INVERSE_GAUSSIAN,
        WEIBULL,
        EXPONENTIAL,
        TWEEDIE,
        BETA,
        ORDERED_BETA,
        ZERO_ONE_INFLATED_BETA,
        BERNOULLI,
        BINOMIAL,
        BETA_BINOMIAL,
        POISSON,
        NEGATIVE_BINOMIAL,
        CUMULATIVE,
        STOPPING_RATIO,
        ADJACENT_CATEGORY,
        CATEGORICAL,
        TRUNCATED_POISSON,
        TRUNCATED_NEGATIVE_BINOMIAL,
        ZERO_INFLATED_BINOMIAL,
        ZERO_INFLATED_POISSON,
        ZERO_INFLATED_NEGATIVE_BINOMIAL,
        HURDLE_POISSON,
        HURDLE_NEGATIVE_BINOMIAL,
        HURDLE_GAMMA,
        HURDLE_LOGNORMAL,
    )
}

ALIASES = {alias: family.name for family in FAMILIES.values() for alias in family.aliases}
"""Names of some of them in brms, glmmTMB and Bambi."""

RESEMBLED = {other: family.name for family in FAMILIES.values() for other in family.resembled}
"""The family that is nearest to another name."""

AUXILIARY = {parameter.name: parameter for family in FAMILIES.values() for parameter in family.auxiliary}
"""Further parameters by name."""
