"""Draws of one locus and what its sampler tells of them."""

from dataclasses import dataclass

import numpy as np

from bayesmix.loci.engine.parameters import ParameterDraws
from bayesmix.modelling.settings import EFFECTIVE_PER_CHAIN, RHAT_LIMIT
from bayesmix.numerics.loci.convergence import chains_figures

_BY_CHANCE = 5.0  # excess of R-hat times the effective size of a chain
_MOST_DIVERGENT = 0.005  # of the draws
_OF_BULK, _OF_TAIL = 0.4, 0.2  # of the draws, where these are fewer than would be asked for


@dataclass(frozen=True, eq=False)
class Drawn:
    """Draws of every parameter with the greatest R-hat and the least effective sizes of them.

    Of importance sampling `ess_bulk` is the effective size of the weights, with their `pareto_k`, and `rhat` and
    `ess_tail` are nan. `audit_z`: of a locus that NUTS audits, the greatest `distance` between both.
    """

    parameters: ParameterDraws
    sampler: str
    seed: int
    attempts: int
    rhat: float
    ess_bulk: float
    ess_tail: float
    divergences: int
    pareto_k: float
    log_marginal: float
    audit_z: float = np.nan

    @property
    def converged(self) -> bool:
        """Whether R-hat and effective sizes are as means and intervals need them, with hardly a divergence.

        Few draws have an R-hat above 1.01 by chance alone: that of chains which agree is about 1 + c q / n for c chains
        with the effective size n, where q, a chi-square number over its degrees of freedom, exceeds 5 once in 90,000
        for four chains. A trajectory that diverges ends there, and is drawn from all the same: at the long steps of
        these chains a few do, where a tail is short. Draws by importance sampling are kept only where their weights can
        be trusted.
        """
        if self.sampler == "importance":
            return True
        _, n_chains, n_draws = self.parameters.values.shape
        n_total, fewest = n_chains * n_draws, EFFECTIVE_PER_CHAIN * n_chains
        enough = self.ess_bulk >= min(fewest, _OF_BULK * n_total) and self.ess_tail >= min(fewest, _OF_TAIL * n_total)
        limit = max(RHAT_LIMIT, 1 + _BY_CHANCE * n_chains / self.ess_bulk) if self.ess_bulk > 0 else RHAT_LIMIT
        return bool(enough and (n_chains == 1 or self.rhat <= limit) and self.divergences <= _MOST_DIVERGENT * n_total)


def drawn(parameters: ParameterDraws, *, seed: int, attempts: int, divergences: int) -> Drawn:
    """The record of draws by chains of NUTS, with their diagnostics."""
    rhat, bulk, tail = chains_figures(parameters.values)
    return Drawn(
        parameters,
        sampler="nuts",
        seed=seed,
        attempts=attempts,
        rhat=float(np.max(rhat)),
        ess_bulk=float(np.min(bulk)),
        ess_tail=float(np.min(tail)),
        divergences=divergences,
        pareto_k=np.nan,
        log_marginal=np.nan,
    )


def weighted(
    parameters: ParameterDraws,
    *,
    seed: int,
    effective_size: float,
    pareto_k: float,
    log_marginal: float,
) -> Drawn:
    """The record of draws from weighted values: they have no chains, and their size is that of the weights."""
    return Drawn(
        parameters,
        sampler="importance",
        seed=seed,
        attempts=1,
        rhat=np.nan,
        ess_bulk=effective_size,
        ess_tail=np.nan,
        divergences=0,
        pareto_k=pareto_k,
        log_marginal=log_marginal,
    )


def distance(first: Drawn, second: Drawn) -> float:
    """The greatest difference of the means of a parameter, in Monte Carlo standard errors."""
    means = [found.parameters.values.mean(axis=(1, 2)) for found in (first, second)]
    variances = [found.parameters.values.var(axis=(1, 2)) / found.ess_bulk for found in (first, second)]
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.nanmax(np.abs(means[0] - means[1]) / np.sqrt(variances[0] + variances[1])))
