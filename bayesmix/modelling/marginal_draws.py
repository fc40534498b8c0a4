"""The exact Gaussian path from model to posterior: NUTS on the variance parameters, exact draws of all else."""

from collections.abc import Mapping
from time import perf_counter

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesmix.formula.design import Design
from bayesmix.modelling.assemble import as_posterior
from bayesmix.modelling.chains import chains_at_once, sample_stats, settled_seed
from bayesmix.modelling.marginal import Marginal, marginalise
from bayesmix.modelling.nuts_theta import mode_of, sample_theta
from bayesmix.modelling.priors import Prior
from bayesmix.modelling.progress import SamplingProgress
from bayesmix.modelling.record import Sampling
from bayesmix.numerics.gaussian.draws import draw_at_each
from bayesmix.numerics.variance_posterior import packed_factors

Floats = NDArray[np.float64]


def draw_marginal(
    design: Design,
    priors: Mapping[str, Prior],
    *,
    draws: int,
    tune: int,
    chains: int,
    cores: int | None,
    seed: int | None,
    target_accept: float,
    progress: bool,
) -> tuple[xr.DataTree, Sampling]:
    """Sample the posterior of a Gaussian model; arguments and result as `sampling.draw`."""
    seed, cores = settled_seed(seed), chains_at_once(chains, cores)
    started = perf_counter()
    with SamplingProgress(chains, shown=progress) as bar:
        model = marginalise(design, priors)
        tree = sample_theta(
            model,
            mode_of(model),
            draws=draws,
            tune=tune,
            chains=chains,
            cores=cores,
            seed=seed,
            target_accept=target_accept,
            bar=bar,
        )
        theta = tree["posterior"]["theta"].transpose("chain", "draw", "parameter").to_numpy()
        posterior = whole_posterior(design, model, theta, seed)
    seconds = perf_counter() - started
    kept = {"posterior": posterior, "sample_stats": sample_stats(tree)}
    record = Sampling(
        sampler="nutpie",
        draws=draws,
        tune=tune,
        chains=chains,
        cores=cores,
        seed=seed,
        target_accept=target_accept,
        seconds=seconds,
    )
    return xr.DataTree.from_dict(kept), record


def whole_posterior(design: Design, model: Marginal, theta: Floats, seed: int) -> xr.Dataset:
    """One exact draw of the coefficients and group effects for each draw of theta (n_chains, n_draws, n)."""
    n_chains, n_draws, n = theta.shape
    buffer = model.buffer(np.zeros(n), np.eye(n))
    flat = np.ascontiguousarray(theta.reshape(-1, n))
    packed = np.array([packed_factors(buffer, point) for point in flat])
    rng = np.random.default_rng([seed, n])
    drawn = draw_at_each(products=model.products, prior=model.coefficients, packed=packed, rng=rng)

    def by_chain(values: Floats) -> Floats:
        return values.reshape(n_chains, n_draws, *values.shape[1:])

    sds, correlations = _sds_and_correlations(packed, model.ks)
    return as_posterior(
        design,
        fixed=by_chain(drawn.beta),
        sds=[by_chain(values) for values in sds],
        correlations=[by_chain(values) for values in correlations],
        effects=[by_chain(values) for values in drawn.effects],
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
