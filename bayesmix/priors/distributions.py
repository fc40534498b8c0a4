"""The distributions that may be priors, as one table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Argument:
    """An argument: its `name`, what it means, whether it must be > 0, and PyMC's name for it."""

    name: str
    meaning: str
    positive: bool
    pymc: str


@dataclass(frozen=True)
class Distribution:
    """A distribution that may be a prior.

    `support` is ``"real"``, ``"positive"``, ``"share"`` (from 0 to 1), ``"simplex"`` (shares that add to 1),
    ``"interval"`` (Uniform: as its bounds say) or ``"correlation"``.
    """

    arguments: tuple[Argument, ...]
    support: str


_MU = Argument("mu", "location", False, "mu")
_SIGMA = Argument("sigma", "scale", True, "sigma")
_NU = Argument("nu", "degrees of freedom", True, "nu")

DISTRIBUTIONS: dict[str, Distribution] = {
    "Normal": Distribution((_MU, _SIGMA), "real"),
    "StudentT": Distribution((_NU, _MU, _SIGMA), "real"),
    "Cauchy": Distribution(
        (Argument("mu", "location", False, "alpha"), Argument("sigma", "scale", True, "beta")), "real"
    ),
    "Flat": Distribution((), "real"),
    "Laplace": Distribution((_MU, Argument("b", "scale", True, "b")), "real"),
    "HalfNormal": Distribution((_SIGMA,), "positive"),
    "HalfStudentT": Distribution((_NU, _SIGMA), "positive"),
    "HalfCauchy": Distribution((Argument("scale", "scale", True, "beta"),), "positive"),
    "Exponential": Distribution((Argument("rate", "1 / mean", True, "lam"),), "positive"),
    "Gamma": Distribution(
        (Argument("shape", "shape", True, "alpha"), Argument("rate", "shape / mean", True, "beta")),
        "positive",
    ),
    "InverseGamma": Distribution(
        (Argument("shape", "shape", True, "alpha"), Argument("scale", "scale", True, "beta")), "positive"
    ),
    "LogNormal": Distribution(
        (Argument("mu", "mean of the log", False, "mu"), Argument("sigma", "sd of the log", True, "sigma")),
        "positive",
    ),
    "Uniform": Distribution(
        (
            Argument("lower", "lower bound", False, "lower"),
            Argument("upper", "upper bound", False, "upper"),
        ),
        "interval",
    ),
    "ScaleFree": Distribution((Argument("r", "median of sd(z) sd / sigma", True, ""),), "positive"),
    "Beta": Distribution(
        (
            Argument("alpha", "1 + successes seen before", True, "alpha"),
            Argument("beta", "1 + failures seen before", True, "beta"),
        ),
        "share",
    ),
    "Dirichlet": Distribution((Argument("alpha", "1: uniform over the categories' shares", True, ""),), "simplex"),
    "LKJ": Distribution((Argument("eta", "1: uniform over correlation matrices", True, "eta"),), "correlation"),
}

"""``ScaleFree(r)`` is written for the sd of a column z and read as ``HalfCauchy(r / sd(z)) * sigma``."""

OF_SIGMA = ("HalfCauchy", "HalfStudentT", "HalfNormal", "Exponential")
"""Those that ``* sigma`` may follow: of the ratio of a group sd to sigma, with a density > 0 at 0."""


def signature(name: str) -> str:
    """How a distribution is written, such as ``StudentT(nu, mu, sigma)``."""
    return f"{name}({', '.join(argument.name for argument in DISTRIBUTIONS[name].arguments)})"
