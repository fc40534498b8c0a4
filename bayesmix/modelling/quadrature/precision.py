"""How precise the quadrature over group effects is: nodes half as far apart tell."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats
from bayesmix.errors import QuadratureError
from bayesmix.modelling.quadrature.model import Counts
from bayesmix.modelling.samplers.mode import climb
from bayesmix.numerics.level_quadrature.posterior import evaluate_counts, log_posterior_at
from bayesmix.numerics.mode import Mode

TOLERANCE = 1e-5
"""Of the log density: how much nodes half as far apart may change it, at the mode and at the most extreme draws."""

_FINENESS = (1.0, 0.5, 0.25, 0.125)


def mode_of_counts(model: Counts, fineness: float) -> Mode:
    """The mode of the parameters' posterior on the whole line; of a folded sd either sign."""
    return climb(log_posterior_at, model.plain_buffer(fineness), model.start, model.spread)


def fine_enough(model: Counts) -> Iterator[tuple[float, Mode]]:
    """How close the nodes lie, and the mode, of all that are precise at the mode and about it.

    Raises
    ------
    QuadratureError
        No further one is.
    """
    for fineness in _FINENESS:
        mode = mode_of_counts(model, fineness)
        around = mode.point + 2 * np.vstack([np.zeros(model.parameters.n), mode.scale.T, -mode.scale.T])
        if disagreement(model, around, fineness)[0] <= TOLERANCE:
            yield fineness, mode
    raise QuadratureError(
        "the quadrature over the group effects is not precise: nodes half as far apart change the log density by more "
        f"than {TOLERANCE:g}"
    )


def disagreement(model: Counts, thetas: Floats, fineness: float) -> tuple[float, float]:
    """How far the log densities at `thetas` (n_points, n) change with nodes half as far apart; the nodes of a level."""
    thetas = np.ascontiguousarray(thetas)
    coarse, fine = np.empty(len(thetas)), np.empty(len(thetas))
    n_nodes = evaluate_counts(model.plain_buffer(fineness), thetas, coarse)
    evaluate_counts(model.plain_buffer(fineness / 2), thetas, fine)
    usable = np.isfinite(fine)
    error = float(np.abs(coarse - fine)[usable].max(initial=0.0))
    return error, n_nodes / (len(thetas) * max(model.n_levels, 1))


def extremes(theta: Floats) -> Floats:
    """Those of the draws (n_total, n) in which a parameter is least or greatest."""
    return theta[np.unique([theta.argmin(axis=0), theta.argmax(axis=0)])]


def precision(posterior: xr.DataTree) -> str:
    """How the quadrature went, to be added to the reason for its method; empty where there was none."""
    group = posterior.children.get("unconstrained_posterior")
    if group is None or not group.attrs.get("nodes_per_level"):
        return ""
    about = group.attrs
    return f", {about['nodes_per_level']:.0f} nodes a level, log density to {max(about['quadrature_error'], 1e-12):.0e}"
