"""Counts with one random intercept from model to posterior: effects integrated out, the rest sampled, effects drawn."""

from collections.abc import Iterator, Mapping
from time import perf_counter
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesmix import modelling
from bayesmix.errors import QuadratureError
from bayesmix.formula.design import Design
from bayesmix.modelling.assemble import as_posterior
from bayesmix.modelling.exact.mode import climb
from bayesmix.modelling.families import Family
from bayesmix.modelling.method import MOST_KEPT
from bayesmix.modelling.priors import Prior
from bayesmix.modelling.quadrature.importance import draw_by_importance
from bayesmix.modelling.quadrature.level_effects import CountsEffects, counts_effects
from bayesmix.modelling.quadrature.model import Counts, coefficients_at_zero, integrate_effects
from bayesmix.modelling.record import Sampling
from bayesmix.modelling.samplers.chains import chains_at_once, settled_seed
from bayesmix.modelling.samplers.progress import SamplingProgress
from bayesmix.modelling.samplers.starts import Dispersed
from bayesmix.numerics.level_quadrature.posterior import evaluate_counts, log_posterior_at, parameter_values
from bayesmix.numerics.mode import Mode

Floats = NDArray[np.float64]

TOLERANCE = 1e-5
"""Of the log density: how much nodes half as far apart may change it, at the mode and at the most extreme draws."""

_FINENESS = (1.0, 0.5, 0.25, 0.125)
_SECONDS = 4.0  # that importance sampling may take on one core, roughly, before it makes do with fewer values
_FEWEST_PER_CHAIN = 150
_FEWEST_SHARE = 0.15
_FEWEST = 1000


def draw_counts(
    design: Design,
    family: Family,
    priors: Mapping[str, Prior],
    *,
    sampler: str,
    draws: int,
    tune: int,
    chains: int,
    cores: int | None,
    seed: int | None,
    target_accept: float,
    progress: bool,
    keep_effects: bool | None = None,
    dispersed: Dispersed | None = None,
) -> tuple[xr.DataTree, Sampling]:
    """Sample the posterior of counts with at most one random intercept; arguments and result as `sampling.draw`.

    The tree's `unconstrained_posterior` has the attributes `nodes_per_level` and `quadrature_error`.

    Parameters
    ----------
    sampler
        ``"importance"`` or ``"nutpie"``.
    keep_effects
        Whether the posterior holds the group effects; None: unless they are too many.
    dispersed
        How far apart the chains of NUTS start; None: as the posterior is wide.

    Raises
    ------
    QuadratureError
        Nodes half as far apart change the log density by more than `TOLERANCE`, however close they lie.
    """
    seed, cores = settled_seed(seed), chains_at_once(chains, cores)
    started = perf_counter()
    how: dict[str, Any] = {"chains": chains, "seed": seed, "cores": cores}
    by_importance = sampler == "importance"
    with SamplingProgress(chains, shown=progress) as bar:
        model = integrate_effects(design, family, priors)
        n_values = n_values_for(model, draws * chains, chains)
        for fineness, mode in fine_enough(model):
            if by_importance:
                theta, groups = draw_by_importance(
                    model,
                    mode,
                    fineness=fineness,
                    n_values=n_values,
                    n_total=draws * chains,
                    advance=lambda done: bar.show(f"Weighing {n_values} values", done, n_values),
                    **how,
                )
            else:
                theta, groups = modelling.nuts_counts.draw_by_nuts(
                    model,
                    mode,
                    fineness=fineness,
                    draws=draws,
                    tune=tune,
                    target_accept=target_accept,
                    bar=bar,
                    dispersed=dispersed,
                    **how,
                )
            error, n_nodes = disagreement(model, extremes(theta), fineness)
            if error <= TOLERANCE:
                break
        posterior = _posterior(design, model, theta, family, keep_effects=keep_effects, **how)
    unconstrained = xr.Dataset(
        {"theta": (("chain", "draw", "parameter"), theta.reshape(chains, draws, -1))},
        coords={"chain": np.arange(chains), "draw": np.arange(draws), "parameter": list(model.names)},
        attrs={"nodes_per_level": n_nodes, "quadrature_error": error},
    )
    record = Sampling(
        sampler=sampler,
        draws=draws,
        tune=0 if by_importance else tune,
        chains=chains,
        cores=cores,
        seed=seed,
        target_accept=None if by_importance else target_accept,
        seconds=perf_counter() - started,
    )
    return xr.DataTree.from_dict({"posterior": posterior, "unconstrained_posterior": unconstrained, **groups}), record


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


def n_values_for(model: Counts, n_total: int, chains: int) -> int:
    """Twice as many as draws where a value is cheap, so that hardly a draw is a copy; fewer where it is dear."""
    affordable = int(_SECONDS / model.seconds_per_value())
    fewest = max(_FEWEST_PER_CHAIN * chains, int(_FEWEST_SHARE * n_total))
    return min(max(affordable, fewest), max(2 * n_total, _FEWEST))


def _posterior(
    design: Design,
    model: Counts,
    theta: Floats,
    family: Family,
    *,
    chains: int,
    seed: int,
    cores: int,
    keep_effects: bool | None,
) -> xr.Dataset:
    """Everything under its name: coefficients, sd, the family's own parameter, group effects."""
    values = parameter_values(model.plain_buffer(1.0), theta)

    def by_chain(drawn: Floats) -> Floats:
        return drawn.reshape(chains, len(drawn) // chains, *drawn.shape[1:])

    effects: list[Floats | None] = [None for _ in design.random]
    keep = model.n_levels * len(theta) <= MOST_KEPT if keep_effects is None else keep_effects
    if model.n_levels and keep:
        drawn = counts_effects(CountsEffects(model, theta, seed), np.arange(model.n_levels), cores=cores)
        effects = [by_chain(drawn)]
    return as_posterior(
        design,
        fixed=by_chain(coefficients_at_zero(model, values)),
        sds=[by_chain(values[:, [model.p]]) for _ in design.random],
        correlations=[np.empty((chains, len(theta) // chains, 0)) for _ in design.random],
        effects=effects,
        auxiliary={name: by_chain(values[:, model.names.index(name)]) for name in family.auxiliary},
    )
