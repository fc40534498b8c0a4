"""Checks that draws belong to a model: its parameters and levels, their sizes, and possible values."""

import json
from dataclasses import fields
from reprlib import repr as shortened
from typing import Any

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats
from bayesmix.errors import StoredFitError, listing
from bayesmix.families.family import Family
from bayesmix.families.table import AUXILIARY
from bayesmix.formula.design import Design
from bayesmix.modelling.diagnostics import Attempt, parameter_blocks
from bayesmix.modelling.exact.route import ExactRoute
from bayesmix.modelling.routes import route_named
from bayesmix.modelling.settings import Sampling
from bayesmix.posterior import layout

_ROUNDING = 1e-9  # of correlations, which are products of factors
_GROUPS = ("posterior", "sample_stats", "unconstrained_posterior", "importance")  # others are the user's own
_OF_NUTS = ("diverging", "reached_max_treedepth")


def require_draws_of(posterior: xr.DataTree, design: Design, family: Family, method: str, sampling: Sampling) -> None:
    """Refuse draws that are not those of the model, sampled as `sampling` says.

    Raises
    ------
    StoredFitError
        A parameter, a level or a group of the tree is absent or of another size, or has impossible values: no finite
        draw, a standard deviation below 0, a correlation beyond -1 to 1.
    """
    _require_groups(posterior, sampling)
    draws = posterior["posterior"].to_dataset()
    try:
        _require_levels(draws, design)
        _require_effects(draws, design)
        blocks = list(parameter_blocks(draws, design, family.auxiliary))
    except (KeyError, ValueError, IndexError) as error:
        raise _of_another_model() from error
    for names, kind, values in blocks:
        _require_possible(names, kind, values)
    _require_redrawable(posterior, design, method)


def _of_another_model() -> StoredFitError:
    return StoredFitError("the stored rows do not give the model that the stored draws belong to; fit again.")


def _require_groups(posterior: xr.DataTree, sampling: Sampling) -> None:
    absent = [name for name in ("posterior", "sample_stats") if name not in posterior.children]
    if absent:
        raise StoredFitError(f"it has no group {listing(absent)}.")
    expected = {"chain": sampling.chains, "draw": sampling.draws}
    for name in _GROUPS:
        if name not in posterior.children:
            continue
        group = posterior.children[name]
        for dim, size in expected.items():
            if group.sizes.get(dim, size) != size:
                raise StoredFitError(
                    f"it says that it has {sampling.chains} chains of {sampling.draws} draws, and {name!r} has "
                    f"{group.sizes[dim]} along {dim!r}; a part of it is missing. Fit again."
                )
        odd = [str(each) for each, values in group.data_vars.items() if values.dtype.kind not in "iufb"]
        if odd:
            raise StoredFitError(f"{listing(odd, at_most=4)} in {name!r} holds no numbers.")
    for name in ("posterior", "sample_stats"):
        _require_dims(posterior, name, list(map(str, posterior[name].data_vars)), ("chain", "draw"))
    statistics = posterior["sample_stats"].to_dataset()
    if "energy" in statistics and not all(name in statistics for name in _OF_NUTS):
        raise StoredFitError(f"'sample_stats' has energies and lacks {listing(_OF_NUTS)}.")
    if not _is_record(statistics.attrs.get("ladder")):
        raise StoredFitError("its record of attempts cannot be read.")
    if "importance" in posterior.children:
        _require_dims(posterior, "importance", ["log_weight"], ())
        weights = posterior["importance"]["log_weight"].to_numpy()
        finite = np.isfinite(weights)
        if weights.ndim != 1 or finite.sum() < 2 or not (finite | (weights == -np.inf)).all():
            raise StoredFitError("its weights of importance sampling are no finite logarithms.")


def _is_record(text: Any) -> bool:
    """Whether `diagnostics.frame_of` reads a text."""
    if text is None:
        return True
    try:
        rows = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return False
    known = {field.name for field in fields(Attempt)}
    return isinstance(rows, list) and all(isinstance(row, dict) and set(row) <= known for row in rows)


def _require_dims(posterior: xr.DataTree, group: str, names: list[str], dims: tuple[str, ...]) -> None:
    variables = posterior[group].data_vars
    for name in names:
        if name not in variables or not set(dims) <= set(variables[name].dims):
            raise StoredFitError(f"{name!r} in {group!r} is absent or lacks one of {listing(dims)}.")


def _require_levels(draws: xr.Dataset, design: Design) -> None:
    """Refuse draws under other names and levels than those of the rows."""
    expected = [
        (term.group, layout.group_dims(term.terms[0], term)[-1], term.levels)
        for term in design.all_random
        if layout.keeps_effects(draws, term)
    ]
    if design.response.thresholds:
        expected.append((design.response.name, layout.THRESHOLD_DIM, design.response.thresholds))
    for name, dim, levels in expected:
        if tuple(draws.coords[dim].to_numpy()) != tuple(levels):
            raise StoredFitError(
                f"the levels of {name!r} that the draws stand under are not those of the stored rows, such as "
                f"{shortened(levels[0])}; make the column a text, and fit again."
            )


def _require_effects(draws: xr.Dataset, design: Design) -> None:
    for term in design.all_random:
        if not layout.keeps_effects(draws, term):
            continue
        for owner in term.terms:
            effects = draws[layout.group_variable(owner, term)]
            dims = layout.group_dims(owner, term)
            right = {"chain", "draw", *dims} == set(effects.dims)
            if not right or (layout.is_vector(owner) and effects.sizes[dims[0]] != len(owner.columns)):
                raise _of_another_model()
            chains = range(effects.sizes["chain"])  # one after the other, to save memory
            if not any(np.isfinite(effects.isel(chain=chain).to_numpy()).any() for chain in chains):
                raise StoredFitError(f"no effect of {term.label!r} has a finite draw; fit again.")


def _require_possible(names: list[str], kind: str, values: Floats) -> None:
    """Refuse draws `values` (n_parameters, n_chains, n_draws) that are not finite or beyond the parameters' range."""
    least, greatest = _range_of(names[0] if names else "", kind)
    for name, draws in zip(names, values, strict=True):
        if not np.isfinite(draws).any():
            raise StoredFitError(f"no draw of {name!r} is finite; fit again.")
        beyond = draws[(draws < least) | (draws > greatest)]
        if len(beyond):
            raise StoredFitError(
                f"{len(beyond)} draws of {name!r} lie beyond {least:g} to {greatest:g}, such as {beyond[0]:g}, which "
                "it cannot be; fit again."
            )


def _range_of(name: str, kind: str) -> tuple[float, float]:
    if kind == "auxiliary":
        return {"log": (0.0, np.inf), "logit": (0.0, 1.0), "identity": (-np.inf, np.inf)}[AUXILIARY[name].link]
    if kind == "sd":
        return 0.0, np.inf
    if kind == "correlation":
        return -1 - _ROUNDING, 1 + _ROUNDING
    return -np.inf, np.inf


def _require_redrawable(posterior: xr.DataTree, design: Design, method: str) -> None:
    """Refuse a posterior without effects, unless they are of one grouping factor and can be drawn again."""
    draws = posterior["posterior"].to_dataset()
    without = sorted({term.group for term in design.all_random if not layout.keeps_effects(draws, term)})
    if not without:
        return
    group = posterior.children.get("unconstrained_posterior")
    theta = None if group is None else group.data_vars.get("theta")
    several = route_named(method).samples_effects or len(without) > 1
    if several or theta is None or set(theta.dims[:2]) != {"chain", "draw"}:
        raise StoredFitError(f"it holds neither the effects of {listing(without)} nor what they are drawn from.")
    if method == ExactRoute.name and theta.sizes[theta.dims[-1]] != len(layout.theta_names(design)):
        raise _of_another_model()
