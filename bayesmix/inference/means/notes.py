"""What is said below a table of means: of groups, of averages, of cells without rows, of scales."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Flags
from bayesmix.errors import listing
from bayesmix.formula.design import GroupTerm
from bayesmix.formula.group_policies import POLICIES, Groups, with_policy
from bayesmix.formula.syntax import columns_in
from bayesmix.inference.means.build import Means, Rows
from bayesmix.inference.means.kinds_in_words import cell_notes, interval_notes, response_notes
from bayesmix.inference.means.linear_functions import AnyFit
from bayesmix.inference.means.nesting import in_words
from bayesmix.inference.means.not_estimable import why_not_estimable
from bayesmix.inference.means.reference_grid import ReferenceGrid
from bayesmix.inference.means.specs import Specs
from bayesmix.inference.means.transformation import Transformation, is_transformed


@dataclass(frozen=True, eq=False)
class Asked:
    """How means are asked for: which, with what weights, group effects, scale, interval and degrees of freedom.

    `trend`: the covariate whose slopes are asked for, empty for means. `regrid`: whether cells are taken to the
    response before they are averaged.
    """

    specs: Specs
    weights: str
    groups: Groups
    type: str
    prob: float
    ddf: str
    trend: str = ""
    regrid: bool = False


def notes_on(
    fit: AnyFit,
    grid: ReferenceGrid,
    means: Means,
    asked: Asked,
    *,
    rows: Rows,
    estimable: Flags,
    transformation: Transformation | None,
) -> tuple[str, ...]:
    """Sentences, those first without which the numbers mislead."""
    notes = [
        *why_not_estimable(fit, grid, means, rows=rows.fixed, estimable=estimable),
        *_without_levels(fit, asked, rows),
        *_interactions(grid, asked),
        *_groups(grid, asked, transformation),
        *_averages(grid, asked),
        *_nesting(grid),
        *_of_cells(fit, grid, asked, transformation),
        *([] if asked.regrid and transformation is not None else _scale(fit, asked, transformation)),
        *interval_notes(fit, prob=asked.prob, ddf=asked.ddf, groups=asked.groups),
    ]
    return tuple(note for note in notes if note)


def lasting_notes(
    fit: AnyFit,
    grid: ReferenceGrid,
    means: Means,
    asked: Asked,
    *,
    rows: Rows,
    estimable: Flags,
    transformation: Transformation | None,
) -> tuple[str, ...]:
    """Sentences on the means that hold for contrasts among them too."""
    unknown = why_not_estimable(fit, grid, means, rows=rows.fixed, estimable=estimable)
    return (
        *(f"Of the means {note}" for note in (*unknown, *_without_levels(fit, asked, rows))),
        *_interactions(grid, asked),
        *_groups(grid, asked, transformation),
        *_averages(grid, asked),
        *_nesting(grid),
        *_of_cells(fit, grid, asked, transformation),
    )


def _without_levels(fit: AnyFit, asked: Asked, rows: Rows) -> list[str]:
    """Of how many rows no group has levels in the data: a cell that is empty, with levels that lie in cells."""
    n = int(np.isnan(rows.group_rows).any(axis=1).sum())
    fitted = with_policy(fit.design.random, asked.groups, "fitted")
    groups = listing(list(dict.fromkeys(term.group for term in fitted)))
    return [f'groups="fitted": {n} of {len(rows.group_rows)} have no levels of {groups} in the data.'] if n else []


def _groups(grid: ReferenceGrid, asked: Asked, transformation: Transformation | None) -> list[str]:
    """What was done with the effects of groups; nothing where there are none."""
    on_response = asked.regrid or asked.type == "response"
    curved = on_response and transformation is not None and not transformation.of_response
    by_policy = [(policy, with_policy(grid.terms, asked.groups, policy)) for policy in POLICIES]
    return [note for policy, terms in by_policy for note in _effects(policy, terms, curved=curved)]


def _effects(policy: str, terms: Sequence[GroupTerm], *, curved: bool) -> list[str]:
    """What was done with the effects of terms that have one policy."""
    names = listing(list(dict.fromkeys(term.group for term in terms)))
    if not terms:
        return []
    if policy == "typical":
        return [f'groups="typical": effects of {names} are 0{", those of a typical level" if curved else ""}.']
    if policy == "fitted":
        return [f'groups="fitted": averaged over the levels of {names} in the data.']
    if curved:
        return [f'groups="new": averaged over the distribution of the effects of {names}.']
    return [f'groups="new": effects of new levels of {names} have mean 0, so that on this scale "typical" is the same.']


def _averages(grid: ReferenceGrid, asked: Asked) -> list[str]:
    named = (*asked.specs.names, *asked.specs.by)
    others = [one for one in grid.variables if one.name not in named and one.shown]
    over = [one.name for one in others if one.size > 1]
    at = [f"{one.name} = {_short(one.labels[0])}" for one in others if one.size == 1]
    how = "all levels alike" if asked.weights == "equal" else f'weights="{asked.weights}"'
    notes = [f"Averaged over {listing(over)}, {how}."] if over else []
    return notes + ([f"At {listing(at)}."] if at else [])


def _short(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class InteractionMet:
    """A term, by its `label`, that has all the variables asked for and `others`, over which is averaged.

    `apart`: the first of the others that has several levels or values in the grid.
    """

    label: str
    others: tuple[str, ...]
    apart: str | None


def interaction_met(grid: ReferenceGrid, named: set[str]) -> InteractionMet | None:
    """As emmeans: the first term that has all the variables asked for and others."""
    if not named:
        return None
    for term in grid.design.formula.fixed:
        used = {name.name for node in term.variables for name in columns_in(node)}
        if named < used:
            others = [one for one in grid.variables if one.name in used - named]
            apart = next((one.name for one in others if one.size > 1), None)
            return InteractionMet(term.label, tuple(one.name for one in others), apart)
    return None


def _interactions(grid: ReferenceGrid, asked: Asked) -> list[str]:
    named = {*asked.specs.names, *asked.specs.by, *([asked.trend] if asked.trend else [])}
    met = interaction_met(grid, named)
    if met is None:
        return []
    which, names = "slopes" if asked.trend else "means", listing(met.others)
    cure = f"by={met.apart!r} tells them apart" if met.apart else f'at={{"{met.others[0]}": ...}} has others'
    how = "over it" if met.apart else f"at one value of {names}"
    return [f"{listing(sorted(named))} interacts with {names} ({met.label}): {which} {how} may mislead; {cure}."]


def _nesting(grid: ReferenceGrid) -> list[str]:
    return [f"Nested: {in_words(grid.nesting)}; averages are within."] if grid.nesting else []


def _of_cells(fit: AnyFit, grid: ReferenceGrid, asked: Asked, transformation: Transformation | None) -> list[str]:
    """What means and slopes of responses are that were taken cell by cell; nothing of others."""
    if not asked.regrid or transformation is None:
        return []
    verb = "which has a formula of its own" if len(grid.parts) == 1 else "which have formulas of their own"
    why = [f"On the response scale the mean depends on {listing(list(grid.parts))}, {verb}."]
    taken = f", taken back from {transformation.name} and so medians," if transformation.of_response else ""
    what = "Slopes of the response" if asked.trend else f"Responses{taken}"
    return [*(why if grid.parts else []), f"{what} in the cells of the grid are averaged.", *cell_notes(fit)]


def _scale(fit: AnyFit, asked: Asked, transformation: Transformation | None) -> list[str]:
    if asked.trend:
        return [] if transformation is None else [f"Slopes are on the scale of {transformation.name}."]
    if transformation is None:
        if is_transformed(fit.design) and asked.type == "response":
            return [f"On the scale of {fit.design.response.name}, of which the inverse is not known."]
        return []
    if asked.type == "link" and fit.design.response.categories:
        return ['On the latent scale, without the thresholds; type="response" has the mean number of the category.']
    if asked.type == "link":
        kind = f"{transformation.name} scale" if not transformation.of_response else f"scale of {transformation.name}"
        return [f'On the {kind}; type="response" takes them back.']
    if transformation.of_response:
        return [f"Taken back from {transformation.name}: of the response these are medians, not means."]
    return response_notes(fit, transformation)
