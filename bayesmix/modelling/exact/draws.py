"""The exact Gaussian path from model to posterior: draws of the variance parameters, exact draws of all else."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesmix import modelling
from bayesmix.formula.design import Design
from bayesmix.modelling.assemble import as_posterior
from bayesmix.modelling.exact.dense_draws import ThetaDraws
from bayesmix.modelling.exact.importance import draw_by_importance
from bayesmix.modelling.exact.level_effects import by_term, effects_of, level_draws
from bayesmix.modelling.exact.mode import mode_of
from bayesmix.modelling.exact.model import Marginal, marginalise
from bayesmix.modelling.layout import theta_names
from bayesmix.modelling.method import MOST_KEPT
from bayesmix.modelling.priors import Prior
from bayesmix.modelling.record import Sampling
from bayesmix.modelling.samplers.chains import chains_at_once, settled_seed
from bayesmix.modelling.samplers.progress import SamplingProgress
from bayesmix.modelling.samplers.starts import Dispersed
from bayesmix.numerics.gaussian.coefficient_prior import original_coefficients
from bayesmix.numerics.gaussian.cost import value_cost
from bayesmix.numerics.mode import Mode
from bayesmix.numerics.variance_posterior import packed_factors

Floats = NDArray[np.float64]

_SECONDS = 4.0  # that importance sampling may take on one core, roughly, before it makes do with fewer values
_FEWEST_PER_CHAIN = 150  # values, of which two thirds should be effective
_FEWEST_SHARE = 0.15  # of the draws asked for
_FEWEST = 4000  # where a value is cheap: the tails of a sd near 0 need them
_THIN = 4
_STEPS, _GRADIENT = 10, 3  # of NUTS for a draw; values that a gradient costs
_MOST_SECONDS = 60.0  # that longer chains may take on one core, roughly


def draw_marginal(
    design: Design,
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
    """Sample the posterior of a Gaussian model; arguments and result as `sampling.draw`.

    Parameters
    ----------
    sampler
        ``"importance"`` or ``"nutpie"``.
    keep_effects
        Whether the posterior holds the effects of the largest grouping factor; None: unless they are too many.
    dispersed
        How far apart the chains of NUTS start; None: as the posterior is wide.
    """
    seed, cores = settled_seed(seed), chains_at_once(chains, cores)
    started = perf_counter()
    thin = 1
    with SamplingProgress(chains, shown=progress) as bar:
        model = marginalise(design, priors)
        mode = mode_of(model)
        if sampler == "importance":
            n_values = _n_values(model, draws * chains, chains)
            found = draw_by_importance(
                model,
                mode,
                n_values=n_values,
                draws=draws,
                chains=chains,
                seed=seed,
                cores=cores,
                advance=lambda done, size: bar.show(f"Weighing {size} values", done, size),
            )
        else:
            found, thin = _by_nuts(
                model,
                mode,
                draws=draws,
                tune=tune,
                chains=chains,
                seed=seed,
                cores=cores,
                target_accept=target_accept,
                bar=bar,
                dispersed=dispersed,
            )
        posterior = _posterior(design, model, found, chains=chains, seed=seed, cores=cores, keep_effects=keep_effects)
    theta = found.theta.reshape(chains, draws, len(model.start))
    unconstrained = xr.Dataset(
        {"theta": (("chain", "draw", "parameter"), theta)},
        coords={"chain": np.arange(chains), "draw": np.arange(draws), "parameter": list(theta_names(design))},
    )
    groups = {"posterior": posterior, "unconstrained_posterior": unconstrained, **found.groups}
    record = Sampling(
        sampler=sampler,
        draws=draws,
        tune=0 if sampler == "importance" else tune,
        chains=chains,
        cores=cores,
        seed=seed,
        target_accept=None if sampler == "importance" else target_accept,
        seconds=perf_counter() - started,
        thin=thin,
    )
    return xr.DataTree.from_dict(groups), record


def _by_nuts(model: Marginal, mode: Mode, *, draws: int, chains: int, **how: Any) -> tuple[ThetaDraws, int]:
    """Draws by NUTS; where chains mix slowly, of longer ones the last of every `_THIN` draws; and of how many one."""
    found = modelling.nuts_theta.draw_by_nuts(model, mode, draws=draws, chains=chains, **how)
    gradients = _THIN * draws * chains * _STEPS
    dear = gradients * _GRADIENT * value_cost(model.products.arrays) > _MOST_SECONDS
    if dear or not modelling.nuts_theta.mixes_slowly(found.theta, chains):
        return found, 1
    return modelling.nuts_theta.draw_by_nuts(model, mode, draws=draws, chains=chains, thin=_THIN, **how), _THIN


def _n_values(model: Marginal, n_total: int, chains: int) -> int:
    """Twice as many as draws where a value is cheap, so that hardly a draw is a copy; fewer where it is dear."""
    affordable = int(_SECONDS / value_cost(model.products.arrays))
    fewest = max(_FEWEST_PER_CHAIN * chains, int(_FEWEST_SHARE * n_total))
    return min(max(affordable, fewest), max(2 * n_total, _FEWEST))


def _posterior(
    design: Design,
    model: Marginal,
    found: ThetaDraws,
    *,
    chains: int,
    seed: int,
    cores: int,
    keep_effects: bool | None,
) -> xr.Dataset:
    """Everything under its name: variance parameters, coefficients, effects of all grouping factors."""
    products = model.products
    layout = products.arrangement
    packed = packed_factors(model.plain_buffer(), found.theta)
    beta = (found.fixed + products.least_squares) @ original_coefficients(products).T
    effects = list(by_term(design, layout, found.others))
    n_largest = int(layout.block_levels[0] * layout.block_k[0])
    if n_largest * len(packed) <= MOST_KEPT if keep_effects is None else keep_effects:
        given = level_draws(model, packed=packed, beta=beta, others=found.others, seed=seed)
        for number, place in enumerate(layout.places):
            if place.block == 0:
                effects[number] = effects_of(given, number, np.arange(place.n_levels), cores=cores)

    def by_chain(values: Floats) -> Floats:
        return values.reshape(chains, len(values) // chains, *values.shape[1:])

    sds, correlations = _sds_and_correlations(packed, model.ks)
    return as_posterior(
        design,
        fixed=by_chain(beta),
        sds=[by_chain(values) for values in sds],
        correlations=[by_chain(values) for values in correlations],
        effects=[None if values is None else by_chain(values) for values in effects],
        auxiliary={"sigma": by_chain(np.exp(packed[:, -1]))},
    )


def _sds_and_correlations(packed: Floats, ks: NDArray[np.int64]) -> tuple[list[Floats], list[Floats]]:
    """Of each term sds (n, k) and correlations (n, k (k - 1) / 2), pairs as `layout.column_pairs`."""
    sds, correlations, start = [], [], 0
    for k in ks:
        stop = start + k * (k + 1) // 2
        factors = np.zeros((len(packed), k, k))
        factors[:, *np.tril_indices(k)] = packed[:, start:stop]
        sd = np.sqrt((factors**2).sum(axis=2))
        rows = factors / sd[:, :, None]
        row, column = np.tril_indices(k, -1)
        sds.append(sd)
        correlations.append((rows[:, row] * rows[:, column]).sum(axis=2))
        start = stop
    return sds, correlations
