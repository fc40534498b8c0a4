"""Better estimates of left-out parts: fewer parameters are weighted than all, or none."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmix.arrays import Flags, Floats, Positions
from bayesmix.inference.prediction.held_out_groups import group_log_likelihoods, rows_by_level
from bayesmix.inference.prediction.psis import Weighted, efficiency_of, psis, variance_of
from bayesmix.modelling.record import Fit
from bayesmix.numerics.group_integral import n_evaluations
from bayesmix.numerics.monte_carlo import greatest_k

_SECONDS = 60.0  # that the remedies may take, roughly
_SECONDS_FOR_TRUSTED = 10.0  # that the remedies of rows whose k is below the limit may take
_DOUBTFUL = 0.5  # Pareto k above which both marginal likelihoods are worth their time
_EVALUATION = 1e-7  # seconds for one density of one row in one draw; only its order of magnitude matters
_FEWEST = 400  # draws by the exact path; if fewer are affordable, quadrature integrates the effects out
_FEWEST_BY_QUADRATURE = 1000


@dataclass(frozen=True)
class Estimates:
    """Estimates for `n` left-out parts, arrays (n,): `elpd`, `in_sample`, `pareto_k`, `mcse`, and their `methods`.

    `influence` (n_draws,) is that of the draws on the summed elpd, `variance` its further Monte Carlo variance.
    """

    elpd: Floats
    in_sample: Floats
    pareto_k: Floats
    mcse: Floats
    methods: NDArray[np.object_]
    influence: Floats
    variance: float = 0.0

    @property
    def variance_of_sum(self) -> float:
        return variance_of(self.influence) + self.variance


def is_exact(fit: Fit) -> bool:
    """Whether the fit has a closed form given its variance parameters, and holds their draws."""
    group = fit.posterior.children.get("unconstrained_posterior")
    return fit.route.leaves_out_exactly and group is not None and "theta" in group.data_vars


def _seconds(fit: Fit, n_draws: int) -> float:
    """Time that the exact log density of one part takes in so many draws, roughly."""
    return (fit.route.seconds_per_value(fit.model) or 0.0) * n_draws


def mendable(fit: Fit, rows: Positions, pareto_k: Floats, n_draws: int) -> Positions:
    """Those of `rows` for which there is a remedy and time, the greatest `pareto_k` (n_rows,) first."""
    order = np.argsort(-pareto_k, kind="stable")
    rows, trusted = rows[order], pareto_k[order] <= greatest_k(n_draws)
    if is_exact(fit):
        seconds = np.full(len(rows), _seconds(fit, n_draws))
    elif not fit.design.random or any(part.random for part in fit.design.parts.values()):
        return rows[:0]
    else:
        term = max(fit.design.random, key=lambda term: term.n_levels)
        n_rows = np.bincount(term.index, minlength=term.n_levels)[term.index[rows]]
        seconds = 2 * n_rows * n_draws * n_evaluations(term.k) * _EVALUATION
    return rows[np.cumsum(seconds) <= np.where(trusted, _SECONDS_FOR_TRUSTED, _SECONDS)]


def exactly(fit: Fit, parts: list[Flags], draws: Positions) -> Estimates:
    """Estimates by the exact path, which weights the draws of the variance parameters alone.

    If even these weights cannot be trusted, both marginal likelihoods are computed. Each of `parts` (n_obs,) is True
    for the rows that are left out.
    """
    exact = fit.route.left_out(fit, draws)
    weighted = psis(np.stack([exact.log_density(part) for part in parts]), efficiency_of(fit))
    elpd, k, mcse, variance = weighted.elpd.copy(), weighted.pareto_k.copy(), weighted.mcse, 0.0
    methods, influence = np.full(len(parts), "exact", dtype=object), weighted.influence
    doubtful = np.flatnonzero(k > min(_DOUBTFUL, greatest_k(len(draws))))
    affordable = int(_SECONDS / exact.seconds_of_prediction)
    by_marginals, whole_error = [], 0.0
    for number in doubtful[np.argsort(-k[doubtful], kind="stable")][:affordable]:
        predicted = exact.predicted(parts[number])
        if np.isfinite(predicted.value):
            elpd[number], mcse[number], k[number], methods[number] = predicted.value, predicted.mcse, np.nan, "marginal"
            by_marginals.append(number)
            variance += predicted.own_error**2
            whole_error = predicted.whole_error
    variance += (len(by_marginals) * whole_error) ** 2  # the same in all of them
    influence = np.delete(influence, by_marginals, axis=0).sum(axis=0)
    return Estimates(elpd, weighted.in_sample, k, mcse, methods, influence, variance)


def rows_by_quadrature(fit: Fit, rows: Positions, draws: Positions) -> Estimates:
    """Rows with the effects of their level integrated out, in the term with the most levels."""
    term = max(fit.design.random, key=lambda term: term.n_levels)
    of_rows, levels = group_log_likelihoods(fit, term.index, draws), rows_by_level(term.index, term.n_levels)
    densities = [
        of_rows(levels[level]) - of_rows(levels[level][levels[level] != row])
        for row, level in zip(rows, term.index[rows], strict=True)
    ]
    return _by_quadrature(psis(np.stack(densities), efficiency_of(fit)))


def levels_by_quadrature(fit: Fit, index: Positions, n_levels: int, draws: Positions) -> Estimates:
    """All rows of each level at once, its own effects integrated out."""
    of_rows = group_log_likelihoods(fit, index, draws)
    densities = [of_rows(rows) for rows in rows_by_level(index, n_levels)]
    return _by_quadrature(psis(np.stack(densities), efficiency_of(fit)))


def _by_quadrature(weighted: Weighted) -> Estimates:
    methods, influence = np.full(len(weighted.elpd), "quadrature", dtype=object), weighted.influence.sum(axis=0)
    return Estimates(weighted.elpd, weighted.in_sample, weighted.pareto_k, weighted.mcse, methods, influence)


def affordable_exactly(fit: Fit, n_levels: int, n_draws: int) -> int:
    """How many draws the exact path has time for; 0 if these are too few or there is no closed form."""
    if not is_exact(fit) or n_levels < 2:
        return 0
    affordable = int(_SECONDS / (_seconds(fit, 1) * n_levels))
    return min(n_draws, affordable) if affordable >= min(_FEWEST, n_draws) else 0


def affordable_by_quadrature(fit: Fit, n_draws: int) -> int:
    """How many draws quadrature has time for, if their number is not given."""
    widest = [max((term.k for term in part.random), default=0) for part in (fit.design, *fit.design.parts.values())]
    n_predictors = max(1, sum(k > 0 for k in widest))
    seconds = fit.design.n_obs * n_evaluations(sum(widest), n_predictors) * _EVALUATION
    return min(n_draws, max(_FEWEST_BY_QUADRATURE, int(_SECONDS / 4 / seconds)))
