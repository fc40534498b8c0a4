"""The families, links and further parameters that can be fitted, as tables."""

from dataclasses import dataclass

from bayesmix.errors import FamilyError, did_you_mean, listing


@dataclass(frozen=True)
class Family:
    """A response distribution and its link, such as ``Family("binomial", "logit")``.

    `response` is what the response may be, one of `formula.response.RESPONSE_KINDS`. `auxiliary` names the family's
    further parameters (`sigma` for Gaussian); `AUXILIARY` says what they mean.
    """

    name: str
    link: str
    response: str = "real"
    auxiliary: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} ({self.link})"

    @property
    def is_gaussian_identity(self) -> bool:
        return self.name == "gaussian" and self.link == "identity"


@dataclass(frozen=True)
class Auxiliary:
    """A further parameter of a family: its `meaning`, and the `link` on which a formula of its own is linear."""

    link: str
    meaning: str


AUXILIARY = {
    "sigma": Auxiliary("log", "standard deviation; of student_t the scale"),
    "nu": Auxiliary("log", "degrees of freedom of student_t"),
    "shape": Auxiliary("log", "gamma: mean^2 / variance; negative binomial: variance = mean + mean^2 / shape"),
    "phi": Auxiliary("log", "precision: beta, and the probabilities of beta_binomial, are Beta(mu phi, (1 - mu) phi)"),
    "zi": Auxiliary("logit", "probability that a row is 0 whatever its count would have been"),
    "hu": Auxiliary("logit", "probability that a row is 0; those that are not follow the family without its zeros"),
}
"""By name; the names are those of brms."""


@dataclass(frozen=True)
class _Entry:
    links: tuple[str, ...]  # the first is the default
    response: str
    auxiliary: tuple[str, ...] = ()


_OF_A_PROBABILITY = ("logit", "probit", "cloglog")

FAMILIES = {
    "gaussian": _Entry(("identity", "log"), "real", ("sigma",)),
    "student_t": _Entry(("identity", "log"), "real", ("sigma", "nu")),
    "lognormal": _Entry(("identity",), "positive", ("sigma",)),
    "gamma": _Entry(("log",), "positive", ("shape",)),
    "beta": _Entry(_OF_A_PROBABILITY, "share", ("phi",)),
    "bernoulli": _Entry(_OF_A_PROBABILITY, "binary"),
    "binomial": _Entry(_OF_A_PROBABILITY, "proportion"),
    "beta_binomial": _Entry(_OF_A_PROBABILITY, "trials", ("phi",)),
    "poisson": _Entry(("log",), "count"),
    "negative_binomial": _Entry(("log",), "count", ("shape",)),
    "cumulative": _Entry(_OF_A_PROBABILITY, "ordinal"),
    "stopping_ratio": _Entry(_OF_A_PROBABILITY, "ordinal"),
    "zero_inflated_binomial": _Entry(_OF_A_PROBABILITY, "trials_with_zeros", ("zi",)),
    "zero_inflated_poisson": _Entry(("log",), "count_with_zeros", ("zi",)),
    "zero_inflated_negative_binomial": _Entry(("log",), "count_with_zeros", ("shape", "zi")),
    "hurdle_poisson": _Entry(("log",), "count_with_zeros", ("hu",)),
    "hurdle_negative_binomial": _Entry(("log",), "count_with_zeros", ("shape", "hu")),
    "hurdle_gamma": _Entry(("log",), "positive_with_zeros", ("shape", "hu")),
    "hurdle_lognormal": _Entry(("identity",), "positive_with_zeros", ("sigma", "hu")),
}

ALIASES = {
    "student": "student_t",
    "t": "student_t",
    "betabinomial": "beta_binomial",
    "negbinomial": "negative_binomial",
    "negativebinomial": "negative_binomial",
    "nbinom2": "negative_binomial",
    "sratio": "stopping_ratio",
    "zero_inflated_negbinomial": "zero_inflated_negative_binomial",
    "hurdle_negbinomial": "hurdle_negative_binomial",
}
"""What brms, glmmTMB and Bambi call some of them."""

_NEAREST = {
    **dict.fromkeys(("normal", "norm"), "gaussian"),
    **dict.fromkeys(("nb", "nb2", "nbinom", "nbinom1", "quasipoisson"), "negative_binomial"),
    **dict.fromkeys(("zip", "zipoisson"), "zero_inflated_poisson"),
    **dict.fromkeys(("zinb", "zinbinomial"), "zero_inflated_negative_binomial"),
    **dict.fromkeys(("quasibinomial", "betabinom"), "beta_binomial"),
    **dict.fromkeys(("ordinal", "clmm", "polr", "ordered_logistic", "proportional_odds"), "cumulative"),
    **dict.fromkeys(("logistic", "logit", "binary"), "bernoulli"),
    "cratio": "stopping_ratio",
    "beta_family": "beta",
    "log_normal": "lognormal",
}
"""What other names come nearest to: the same by another name, or another model that answers the same question."""

_WITH_LAPLACE = ("bernoulli", "binomial", "poisson")


def has_laplace_fit(family: Family) -> bool:
    """Whether `bm.laplace` fits the family by maximum likelihood."""
    return family.name in _WITH_LAPLACE


def _nearest(name: str) -> str:
    return f" Nearest is {_NEAREST[name]!r}." if name in _NEAREST else did_you_mean(name, FAMILIES)


def read_family(text: str | Family) -> Family:
    """The family named by `text`: ``"binomial"``, or with a link ``"binomial(probit)"``.

    Raises
    ------
    FamilyError
        The family or the link is unknown; the message lists those that are known.
    """
    if isinstance(text, Family):
        known = read_family(str(text))
        if known != text:
            raise FamilyError(f'Family {text!r} is not in the table; write family="{text.name}({text.link})" instead.')
        return text
    if not isinstance(text, str):
        raise FamilyError(f'A family is written as text, such as "binomial(logit)"; got {type(text).__name__}.')
    name, _, rest = text.strip().partition("(")
    name = name.strip().lower()
    name = ALIASES.get(name, name)
    link = rest.rstrip().removesuffix(")").replace("link", "").strip(" ='\"").lower()
    if name not in FAMILIES:
        raise FamilyError(
            f"Family {name!r} is not known.{_nearest(name)} Families: {listing(FAMILIES, at_most=len(FAMILIES))}."
        )
    entry = FAMILIES[name]
    link = link or entry.links[0]
    if link not in entry.links:
        raise FamilyError(
            f"Link {link!r} is not available for family {name!r}.{did_you_mean(link, entry.links)} "
            f"Links of {name}: {listing(entry.links)}."
        )
    return Family(name, link, entry.response, entry.auxiliary)
