"""The precision of the quadrature over group effects, judged by nodes half as far apart."""

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
"""The greatest change of the log density by nodes half as far apart, at the mode and at the most extreme draws."""

_FINENESS = (1.0, 0.5, 0.25, 0.125)


def fine_enough(model: Counts) -> Iterator[tuple[float, Mode]]:
    """Each distance of the nodes that is precise at the mode and about it, with that mode; a folded sd has either sign.

    Raises
    ------
    QuadratureError
        No further distance is precise.
    """
    for fineness in _FINENESS:
        mode = climb(log_posterior_at, model.plain_buffer(fineness), model.start, model.spread)
        around = mode.point + 2 * np.vstack([np.zeros(model.parameters.n), mode.scale.T, -mode.scale.T])
        if disagreement(model, around, fineness)[0] <= TOLERANCE:
            yield fineness, mode
    raise QuadratureError(
        "the quadrature over the group effects is not precise: nodes half as far apart change the log density by more "
        f"than {TOLERANCE:g}"
    )


def disagreement(model: Counts, thetas: Floats, fineness: float) -> tuple[float, float]:
    """The change of the log densities at `thetas` (n_points, n) by nodes half as far apart; nodes for each level."""
    thetas = np.ascontiguousarray(thetas)
    coarse, fine = np.empty(len(thetas)), np.empty(len(thetas))
    n_nodes = evaluate_counts(model.plain_buffer(fineness), thetas, coarse)
    evaluate_counts(model.plain_buffer(fineness / 2), thetas, fine)
    usable = np.isfinite(fine)
    error = float(np.abs(coarse - fine)[usable].max(initial=0.0))
    return error, n_nodes / (len(thetas) * max(model.n_levels, 1))


def extremes(theta: Floats) -> Floats:
    """The draws out of (n_total, n) in which a parameter is least or greatest."""
    return theta[np.unique([theta.argmin(axis=0), theta.argmax(axis=0)])]


def precision(posterior: xr.DataTree) -> str:
    """A remark on the precision of the quadrature, to be added to the reason for the route; empty without nodes."""
    group = posterior.children.get("unconstrained_posterior")
    if group is None or not group.attrs.get("nodes_per_level"):
        return ""
    nodes, error = group.attrs["nodes_per_level"], max(group.attrs["quadrature_error"], 1e-12)
    return f", {nodes:.0f} nodes a level, log density to {error:.0e}"
