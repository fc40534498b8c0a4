"""What the notes below a table of means say that differs between posteriors and estimates."""

from functools import singledispatch

from bayesmix.estimates.reml.tests import ddf_notes
from bayesmix.formula.group_policies import Groups, with_policy
from bayesmix.inference.means.transformation import Transformation
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer

ZEROS = ("zi", "hu")
"""Further parameters of families in which responses are 0 with a probability of their own."""

_METHODS = {"satterthwaite": "Satterthwaite", "kenward-roger": "Kenward and Roger"}


@singledispatch
def interval_notes(fit: object, *, prob: float, ddf: str, groups: Groups) -> list[str]:
    """The probability of the intervals and their kind, and what to know of degrees of freedom."""
    raise no_answer(interval_notes, fit, question="emmeans")


@interval_notes.register
def _of_draws(fit: Fit, *, prob: float, ddf: str, groups: Groups) -> list[str]:
    return [f"Intervals: {100 * prob:g} %, equal-tailed."]


@interval_notes.register
def _of_least_squares(fit: LmFit, *, prob: float, ddf: str, groups: Groups) -> list[str]:
    return [f"Intervals: {100 * prob:g} %, t."]


@interval_notes.register
def _of_laplace(fit: LaplaceFit, *, prob: float, ddf: str, groups: Groups) -> list[str]:
    if with_policy(fit.design.random, groups, "fitted"):
        return [_with_groups(prob)]
    wrong = "" if fit.converged else " The fit has no maximum: estimates are where the search stopped."
    return [f"Intervals: {100 * prob:g} %, normal.{wrong}"]


@interval_notes.register
def _of_reml(fit: RemlFit, *, prob: float, ddf: str, groups: Groups) -> list[str]:
    if with_policy(fit.design.random, groups, "fitted"):
        return [_with_groups(prob)]
    known = ddf_notes(fit, ddf) if len(fit.beta) else ()
    return [f"Intervals: {100 * prob:g} %, t with degrees of freedom by {_METHODS[ddf]}.", *known]


def _with_groups(prob: float) -> str:
    return f"Intervals: {100 * prob:g} %, normal, with the variances of groups held at their estimates."


@singledispatch
def response_notes(fit: object, transformation: Transformation) -> list[str]:
    """What means on the response scale are, by the link."""
    raise no_answer(response_notes, fit, question="emmeans")


@response_notes.register
def _taken_back(fit: RemlFit | LaplaceFit | LmFit, transformation: Transformation) -> list[str]:
    return [f"Intervals are taken back from the {transformation.name} scale, errors are by the delta method."]


@response_notes.register
def _of_responses(fit: Fit, transformation: Transformation) -> list[str]:
    return cell_notes(fit)


@singledispatch
def cell_notes(fit: object) -> list[str]:
    """What to know of responses that are averaged over cells."""
    raise no_answer(cell_notes, fit, question="emmeans")


@cell_notes.register
def _with_zeros(fit: Fit) -> list[str]:
    zeros = any(name in fit.family.auxiliary for name in ZEROS)
    return ["Means of all responses, those that are 0 by themselves included."] if zeros else []


@cell_notes.register
def _by_delta(fit: RemlFit | LaplaceFit | LmFit) -> list[str]:
    return ["Errors are by the delta method, intervals symmetric on the scale of the response."]


@singledispatch
def who_tells(fit: object, n: int) -> str:
    """What there is instead of an estimate of n means that cannot be estimated: a clause, or nothing."""
    raise no_answer(who_tells, fit, question="emmeans")


@who_tells.register
def _nobody(fit: RemlFit | LaplaceFit | LmFit, n: int) -> str:
    return ""


@who_tells.register
def _of_priors(fit: Fit, n: int) -> str:
    return ", only the priors tell " + ("their values" if n > 1 else "its value")
