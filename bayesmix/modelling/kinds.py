"""The kinds of fit that a question takes: the guard of every question, and what to ask instead."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from bayesmix.errors import ArgumentError
from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.families.family import Family
from bayesmix.modelling.record import Fit

MIXED = (Fit, RemlFit, LaplaceFit)
LINEAR = (*MIXED, LmFit)

_GAUSSIAN = Family("gaussian", "identity")

_MADE_BY = {Fit: "bm.fit", RemlFit: "bm.reml", LaplaceFit: "bm.laplace", LmFit: "bm.lm"}

_LIKELIHOOD = "Its log-likelihood is fit.loglik."
_TESTS = "rand(fit) tests its random terms, lrt(reduced, full) two models."
_SDS = "varcorr(fit) has its standard deviations, rand(fit) tests whether they are 0."
_MODES = "ranef(fit) has its conditional modes and their sds."
_GLANCE = "glance(fit) says whether it converged and is singular."
_AIC = "glance(fit) has its AIC and BIC, lrt(reduced, full) tests two models."
_RESIDUALS = "It has no draws; residuals(fit) and fitted(fit) show how it follows the data."
_NO_PRIORS = "It has no priors; compare_reml(bm.fit(...)) sets a posterior beside it."
_NO_GROUPS = "It has no random terms; anova(fit) tests its fixed ones."

_OF_DRAWS = dict.fromkeys(("overdispersion", "posterior_predict", "ppc", "to_datatree"), _RESIDUALS)
_OF_DRAWS["posterior_epred"] = "predict(fit, newdata) has its expected responses with their standard errors."
_OF_DRAWS |= dict.fromkeys(("log_likelihood", "log_marginal"), _LIKELIHOOD)
_OF_ESTIMATES = _OF_DRAWS | {
    "audit": _GLANCE,
    "auxiliary": "varcorr(fit) has its residual sd.",
    "bayes_factor": _TESTS,
    "compare": _AIC,
    "compare_reml": _NO_PRIORS,
    "diagnose": _GLANCE,
    "equivalence": _SDS,
    "inclusion": _TESTS,
    "loo": _AIC,
    "prior_sensitivity": _TESTS,
    "ranef_draws": _MODES,
    "sensitivity": _NO_PRIORS,
    "variance_draws": "variance_shares(fit) has the parts of its variance.",
}
_OF_LEAST_SQUARES = (
    _OF_DRAWS
    | dict.fromkeys(
        (
            "coef",
            "equivalence",
            "icc",
            "inclusion",
            "prior_sensitivity",
            "rand",
            "ranef",
            "ranef_draws",
            "shrinkage",
            "varcorr",
        ),
        _NO_GROUPS,
    )
    | {
        "audit": "It has no draws and no search that could fail.",
        "auxiliary": "glance(fit) has its sigma.",
        "bayes_factor": "anova(fit) tests its terms.",
        "compare": "glance(fit) has its AIC and BIC.",
        "compare_reml": "It has no random terms, so that REML is least squares.",
        "diagnose": "It has no draws and no search that could fail.",
        "loo": "glance(fit) has its AIC and BIC.",
        "lrt": "anova(fit) tests its terms.",
        "step": "drop1(fit) tests its terms.",
        "sensitivity": "It has no priors.",
        "variance_draws": "variance_shares(fit) has the parts of its variance.",
    }
)
_INSTEAD: dict[type, dict[str, str]] = {
    Fit: {
        **dict.fromkeys(("anova", "drop1"), "bayes_factor(fit, drop=...) tests a term of a posterior."),
        "step": "inclusion(fit) averages over the models, bayes_factor(fit, drop=...) tests a term.",
        "lrt": "bayes_factor(full, reduced) compares two posteriors.",
    },
    RemlFit: _OF_ESTIMATES,
    LaplaceFit: _OF_ESTIMATES
    | {
        "auxiliary": "A Laplace fit has no further parameters.",
        "shrinkage": "ranef(fit) has its conditional modes.",
        "step": "drop1(fit) and rand(fit) test its terms.",
    },
    LmFit: _OF_LEAST_SQUARES,
    str: {"": "Fit the model first, then ask of the fit."},
    list: {"": "Ask of one fit at a time.", "compare": "Give them one by one, or in a mapping from names to fits."},
}
"""What answers a question about another kind of object; under the empty name, any question."""


class Answers(Protocol):
    """A question's answers by the kind of fit, as a function under `functools.singledispatch`."""

    @property
    def registry(self) -> Mapping[Any, Callable[..., Any]]: ...


def no_answer(answers: Answers, fit: object, *, question: str) -> ArgumentError:
    """The error for a fit for whose kind no answer is registered."""
    return _other_kind(fit, question, _answered(answers))


def _answered(answers: Answers) -> tuple[type, ...]:
    return tuple(kind for kind in LINEAR if kind in answers.registry)


def family_of(fit: Fit | RemlFit | LaplaceFit | LmFit) -> Family:
    """The family of a fit; that of REML and of least squares is Gaussian."""
    return _GAUSSIAN if isinstance(fit, RemlFit | LmFit) else fit.family


def refuse_other_kinds(fit: object, *, question: str, kinds: tuple[type, ...] = (Fit, RemlFit)) -> None:
    """Refuse a fit of another kind than a posterior, a REML fit, or the given `kinds`.

    Raises
    ------
    ArgumentError
        `fit` is of another kind; the message says which kinds the question takes and what answers it for this one.
    """
    if not isinstance(fit, kinds):
        raise _other_kind(fit, question, kinds)


def a_posterior(fit: object, *, question: str) -> Fit:
    """`fit` if it is a posterior; other kinds are refused as by `refuse_other_kinds`."""
    if not isinstance(fit, Fit):
        raise _other_kind(fit, question, (Fit,))
    return fit


def _other_kind(fit: object, question: str, kinds: tuple[type, ...]) -> ArgumentError:
    *others, last = (_MADE_BY[kind] for kind in kinds)
    made = f"{', '.join(others)} or {last}" if others else last
    return ArgumentError(f"{question} takes a fit by {made}; got {type(fit).__name__}.{instead_of(question, fit)}")


def instead_of(question: str, fit: object) -> str:
    """What answers `question` about an object like `fit`: a sentence with a leading blank, or an empty string."""
    answers = _INSTEAD.get(type(fit), {})
    sentence = answers.get(question, answers.get("", ""))
    return f" {sentence}" if sentence else ""
