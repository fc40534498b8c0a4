"""What is said below a table of predictions: of what the intervals are, whose group effects the rows have, caveats."""

from functools import singledispatch

from bayesmix.formula.group_policies import Groups
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer

_EFFECTS = {
    "fitted": "fitted, of own levels",
    "typical": "typical, all 0",
    "new": "new, of unseen levels",
}
_HELD = "They are normal and hold the variances at their estimates: short where groups are few."
_STOPPED = "The fit has not converged; its numbers are where the search stopped, no estimates."


def prediction_notes(
    fit: Fit | RemlFit | LaplaceFit | LmFit, *, of: str, groups: Groups, prob: float
) -> tuple[str, ...]:
    """Lines for `attrs`; `of` is what the intervals are of, and models without random terms have no group effects."""
    effects = f" Group effects: {_effects(groups)}." if fit.design.all_random else ""
    return (f"{100 * prob:g} % intervals of {of}.{effects}", *_caveats(fit))


def _effects(groups: Groups) -> str:
    if isinstance(groups, str):
        return _EFFECTS[groups]
    return "; ".join(f"{name} {_EFFECTS[policy]}" for name, policy in groups.items())


@singledispatch
def _caveats(fit: object) -> tuple[str, ...]:
    raise no_answer(_caveats, fit, question="predict")


@_caveats.register
def _none(fit: Fit | LmFit) -> tuple[str, ...]:
    return ()


@_caveats.register
def _of_estimated_variances(fit: RemlFit | LaplaceFit) -> tuple[str, ...]:
    return (_HELD,) if fit.converged else (_HELD, _STOPPED)
