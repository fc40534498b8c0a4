"""What are the draws of each level's effects?"""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayesmix.errors import ArgumentError, UnknownTermError, did_you_mean, shown
from bayesmix.inference.shared.arguments import items_of, one_group
from bayesmix.inference.shared.draws import as_array, group_effects
from bayesmix.inference.shared.question import question
from bayesmix.modelling.record import Fit


@question
def ranef_draws(fit: Fit, group: str, *, levels: Sequence[object] | None = None) -> xr.DataArray:
    """Posterior draws of group effects, drawn again if the posterior does not hold them.

    Parameters
    ----------
    fit
        A fitted model.
    group
        A grouping factor.
    levels
        Some of its levels; all by default. Every level takes 8 bytes for each draw and term.

    Returns
    -------
    xarray.DataArray
        Dims `chain`, `draw`, `level`, `term` (the columns of all random terms of the group). Link scale.

    Raises
    ------
    UnknownTermError
        `group` is no grouping factor of the model, or has no such level.
    ArgumentError
        `fit` is no posterior, or `levels` is no sequence of levels.

    Examples
    --------
    >>> dict(bm.ranef_draws(fit, "Subject", levels=["308"]).sel(term="Days").sizes)
    {'chain': 4, 'draw': 1000, 'level': 1}
    """
    group = one_group(fit.design, group)
    terms = [term for term in fit.design.all_random if term.group == group]
    known = {level: position for position, level in enumerate(terms[0].levels)}
    names = list(terms[0].levels) if levels is None else _levels(levels)
    for level in names:
        if level not in known:
            raise UnknownTermError(f"Group {group!r} has no level {shown(level)}.{did_you_mean(level, known)}")
    positions = np.array([known[level] for level in names], dtype=np.intp)
    drawn = np.concatenate([group_effects(fit, term, positions) for term in terms], axis=1)
    columns = [name for term in terms for name in term.names]
    coords = {"level": np.array(names, dtype=object), "term": np.array(columns, dtype=object)}
    return as_array(fit, drawn, group, coords)


def _levels(levels: object) -> list[str]:
    items = items_of(levels)
    if items is None:
        raise ArgumentError(f'levels is a sequence of levels, such as levels=["308"]; got {shown(levels)}.')
    return [str(level) for level in items]
