"""What is said below a table of means: of groups, of averages, of cells without rows, of scales."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Flags, Floats
from bayesmix.errors import listing
from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.formula.dependent_columns import NEVER_OBSERVED
from bayesmix.formula.syntax import columns_in
from bayesmix.inference.means.build import Means
from bayesmix.inference.means.nesting import in_words
from bayesmix.inference.means.reference_grid import ReferenceGrid
from bayesmix.inference.means.specs import Specs
from bayesmix.inference.means.transformation import Transformation, is_transformed
from bayesmix.modelling.kinds import Fit, LmFit, RemlFit

_MOST_NAMED = 4
_NOTHING = 1e-8


@dataclass(frozen=True, eq=False)
class Asked:
    """How means are asked for: which, with what weights, group effects, scale, interval and degrees of freedom.

    `trend`: the covariate whose slopes are asked for, empty for means.
    """

    specs: Specs
    weights: str
    groups: str
    type: str
    prob: float
    ddf: str
    trend: str = ""


def notes_on(
    fit: Fit | RemlFit | LaplaceFit | LmFit,
    grid: ReferenceGrid,
    means: Means,
    asked: Asked,
    *,
    rows: Floats,
    estimable: Flags,
    transformation: Transformation | None,
) -> tuple[str, ...]:
    """Sentences, those first without which the numbers mislead."""
    notes = [
        *_not_estimable(fit, grid, means, rows, estimable),
        *_interactions(grid, asked),
        *_groups(fit, asked, transformation),
        *_averages(grid, asked),
        *_nesting(grid),
        *_scale(fit, asked, transformation),
        interval_note(fit, prob=asked.prob, ddf=asked.ddf, groups=asked.groups),
    ]
    return tuple(note for note in notes if note)


def lasting_notes(
    fit: Fit | RemlFit | LaplaceFit | LmFit,
    grid: ReferenceGrid,
    means: Means,
    asked: Asked,
    *,
    rows: Floats,
    estimable: Flags,
    transformation: Transformation | None,
) -> tuple[str, ...]:
    """Sentences on the means that hold for contrasts among them too."""
    unknown = _not_estimable(fit, grid, means, rows, estimable)
    return (
        *(f"Of the means {note}" for note in unknown),
        *_interactions(grid, asked),
        *_groups(fit, asked, transformation),
        *_averages(grid, asked),
        *_nesting(grid),
    )


def _groups(fit: Fit | RemlFit | LaplaceFit | LmFit, asked: Asked, transformation: Transformation | None) -> list[str]:
    """What was done with the effects of groups; nothing where there are none."""
    groups = list(dict.fromkeys(term.group for term in fit.design.random))
    if not groups:
        return []
    names = listing(groups)
    curved = asked.type == "response" and transformation is not None and not transformation.of_response
    if asked.groups == "typical":
        return [f'groups="typical": effects of {names} are 0{", those of a typical level" if curved else ""}.']
    if asked.groups == "fitted":
        return [f'groups="fitted": averaged over the levels of {names} in the data.']
    if curved:
        return [f'groups="new": averaged over the distribution of the effects of {names}.']
    return [f'groups="new": effects of new levels of {names} have mean 0, so that on this scale "typical" is the same.']


def _averages(grid: ReferenceGrid, asked: Asked) -> list[str]:
    named = (*asked.specs.names, *asked.specs.by)
    others = [one for one in grid.variables if one.name not in named and one.shown]
    over = [one.name for one in others if one.size > 1]
    at = [f"{one.name} = {_short(one.labels[0])}" for one in others if one.size == 1]
    how = "weights alike" if asked.weights == "equal" else f'weights="{asked.weights}"'
    notes = [f"Averaged over {listing(over)}, {how}."] if over else []
    return notes + ([f"At {listing(at)}."] if at else [])


def _short(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _interactions(grid: ReferenceGrid, asked: Asked) -> list[str]:
    """As emmeans: of a term that has all the variables asked for and others, over which these means average."""
    named = {*asked.specs.names, *asked.specs.by, *([asked.trend] if asked.trend else [])}
    if not named:
        return []
    for term in grid.design.formula.fixed:
        used = {name.name for node in term.variables for name in columns_in(node)}
        if named < used:
            others = [name for name in used if name not in named]
            which = "slopes" if asked.trend else "means"
            return [
                f"{listing(sorted(named))} interacts with {listing(sorted(others))} ({term.label}): {which} over it "
                f"may mislead; by={sorted(others)[0]!r} tells them apart."
            ]
    return []


def _nesting(grid: ReferenceGrid) -> list[str]:
    return [f"Nested: {in_words(grid.nesting)}; averages are within."] if grid.nesting else []


def _scale(fit: Fit | RemlFit | LaplaceFit | LmFit, asked: Asked, transformation: Transformation | None) -> list[str]:
    if asked.trend:
        return [] if transformation is None else [f"Slopes are on the scale of {transformation.name}."]
    if transformation is None:
        if is_transformed(fit.design) and asked.type == "response":
            return [f"On the scale of {fit.design.response.name}, of which the inverse is not known."]
        return []
    if asked.type == "link":
        kind = f"{transformation.name} scale" if not transformation.of_response else f"scale of {transformation.name}"
        return [f'On the {kind}; type="response" takes them back.']
    if transformation.of_response:
        return [f"Taken back from {transformation.name}: of the response these are medians, not means."]
    if isinstance(fit, Fit):
        return []
    return [f"Intervals are taken back from the {transformation.name} scale, errors are by the delta method."]


def interval_note(fit: Fit | RemlFit | LaplaceFit | LmFit, *, prob: float, ddf: str, groups: str) -> str:
    """The probability of the intervals, and their kind."""
    percent = f"{100 * prob:g} %"
    if isinstance(fit, Fit):
        return f"Intervals: {percent}, equal-tailed."
    if groups == "fitted" and fit.design.random:
        return f"Intervals: {percent}, normal, with the variances of groups held at their estimates."
    if isinstance(fit, LaplaceFit):
        wrong = "" if fit.converged else " The fit has no maximum: estimates are where the search stopped."
        return f"Intervals: {percent}, normal.{wrong}"
    if isinstance(fit, LmFit):
        return f"Intervals: {percent}, t."
    names = {"satterthwaite": "Satterthwaite", "kenward-roger": "Kenward and Roger"}
    return f"Intervals: {percent}, t with degrees of freedom by {names[ddf]}."


def _not_estimable(
    fit: Fit | RemlFit | LaplaceFit | LmFit, grid: ReferenceGrid, means: Means, rows: Floats, estimable: Flags
) -> list[str]:
    if estimable.all():
        return []
    n = int((~estimable).sum())
    are = f"{n} of {len(estimable)} {'is' if n == 1 else 'are'} not estimable"
    if isinstance(fit, Fit):
        are += ", only the priors tell their values" if n > 1 else ", only the priors tell its value"
    why = _reasons(grid, means, rows, estimable)
    return [f"{are}: {why}." if why else f"{are}."]


def _reasons(grid: ReferenceGrid, means: Means, rows: Floats, estimable: Flags) -> str:
    """The empty cells that the means need, else why columns of theirs depend on others."""
    if not means.there.all():
        return "the data have no rows there"
    empty = _empty_cells(grid, means, ~estimable)
    if empty:
        return "; ".join(empty)
    dependence = grid.design.fixed.dependence
    if dependence is None:
        return ""
    along = np.abs(rows[~estimable] @ dependence.null_space).max(axis=0) > _NOTHING
    reasons = [
        f"{name} was {why}" if why == NEVER_OBSERVED else why
        for (name, why), is_used in zip(dependence.reasons.items(), along, strict=True)
        if is_used
    ]
    return "; ".join(list(dict.fromkeys(reasons))[:_MOST_NAMED])


def _empty_cells(grid: ReferenceGrid, means: Means, which: Flags) -> list[str]:
    """For every interaction of factors its cells without rows that these means average over."""
    cells = means.cells[which[means.owners]]
    places = np.unravel_index(cells, grid.shape) if grid.shape else ()
    found: list[str] = []
    seen: set[frozenset[int]] = set()
    for term in grid.design.formula.fixed:
        used = {name.name for node in term.variables for name in columns_in(node)}
        axes = tuple(a for a, one in enumerate(grid.variables) if one.name in used and one.codes is not None)
        if len(axes) < 2 or any(set(axes) >= other for other in seen):
            continue
        rest = tuple(axis for axis in range(grid.counts.ndim) if axis not in axes)
        margin = grid.counts.sum(axis=rest)
        own = np.stack([places[axis] for axis in axes], axis=1)
        own = np.unique(own[margin[tuple(own.T)] == 0], axis=0)
        if len(own):
            seen.add(frozenset(axes))
            names = ":".join(grid.names[axis] for axis in axes)
            found.append(f"no rows at {names} {listing(_cell_texts(grid, axes, own), at_most=_MOST_NAMED)}")
    return found


def _cell_texts(grid: ReferenceGrid, axes: Sequence[int], places: np.ndarray) -> list[str]:
    return [":".join(str(grid.variables[axis].labels[i]) for axis, i in zip(axes, row, strict=True)) for row in places]
