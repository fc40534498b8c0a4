"""Notes on coefficients of which, or of their share beside others, the data tell nothing: only their priors do."""

from collections.abc import Iterator

from bayesmix.errors import listing
from bayesmix.inference.checks.findings import NOTE, Finding
from bayesmix.inference.shared.estimability import coefficients_beside
from bayesmix.modelling.record import Fit

DEPENDENT = "dependent"

_MOST_NAMED = 4


def dependent_coefficients(fit: Fit) -> Iterator[Finding]:
    """Columns of the fixed part that depend on others, one finding for each reason; `value` is their number.

    `reml` leaves such columns out. Proper priors keep them in: what the data know of is a combination of coefficients.
    """
    for predictor in fit.design.predictors:
        dependence = predictor.fixed.dependence
        if dependence is None:
            continue
        by_reason: dict[tuple[str, bool], tuple[list[str], list[str]]] = {}
        for place, (name, why) in enumerate(dependence.reasons.items()):
            beside = coefficients_beside(dependence, place)
            names, others = by_reason.setdefault((why, bool(beside)), ([], []))
            names.append(name)
            others += [other for other in beside if other not in others]
        for (why, _), (names, others) in by_reason.items():
            rank = float(len(dependence.kept))
            yield Finding(DEPENDENT, NOTE, listing(names), float(len(names)), rank, _advice(names, others, why))


def _advice(names: list[str], beside: list[str], why: str) -> str:
    shown = listing(names, at_most=_MOST_NAMED)
    if beside:
        return (
            f"Only the priors tell {shown} from {listing(beside, at_most=_MOST_NAMED)} ({why}); bm.reml leaves "
            f"{'it' if len(names) == 1 else 'them'} out. The data know what they make together."
        )
    whose = "its prior" if len(names) == 1 else "their priors"
    return f"The data say nothing of {shown} ({why}): {'its' if len(names) == 1 else 'their'} posterior is {whose}."
