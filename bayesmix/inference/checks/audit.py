"""Does NUTS from dispersed starts find the posterior that the fit has?"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import t as student_t

from bayesmix.arrays import Floats
from bayesmix.compile_clock import CompileNotice
from bayesmix.errors import ArgumentError
from bayesmix.formula.design import Design
from bayesmix.inference.checks import audit_record
from bayesmix.inference.checks.audit_record import AGREES, DIFFERS, NO_VERDICT, Audit
from bayesmix.inference.shared.arguments import a_seed
from bayesmix.inference.shared.question import question
from bayesmix.modelling import audit_draws, audit_errors, convergence, diagnostics
from bayesmix.modelling.arguments import check_arguments
from bayesmix.modelling.record import Fit
from bayesmix.posterior.layout import column_pairs, constant_parameters, threshold_names

FALSE_ALARMS = 0.01
"""Greatest probability that a correct fit differs by chance, over all its compared numbers (Bonferroni)."""

_TAIL = 0.025  # beyond each limit
_FEWEST_CHAINS = 2  # that can disagree


@question
def audit(
    fit: Fit,
    *,
    draws: int | None = None,
    tune: int | None = None,
    chains: int = 4,
    seed: int | None = None,
    progress: bool = True,
) -> Audit:
    """Compare a fit with NUTS on all sampled parameters, from dispersed starts, with random numbers of its own.

    Whatever sampled the fit, NUTS (nutpie) samples the same posterior once more: all parameters on the joint path; on
    the exact path, and if group effects of counts are integrated out by quadrature, the parameters that are left. For
    every parameter but the group effects (coefficients, sds, correlations, thresholds, the family's own) it compares
    means, sds, and 2.5 % and 97.5 % limits, in Monte Carlo standard errors of the difference.

    Parameters
    ----------
    fit
        A fit by `bm.fit` or `bm.load`.
    draws, tune, chains
        Draws kept of each chain of NUTS, tuning steps, and the number of chains, at least 2. By default 1000 draws, or
        4000 if these take a minute or less and not all parameters are sampled, since NUTS knows the lower end of a sd
        less precisely than its number of draws suggests; 1000 tuning steps, on the joint path as many as the fit took
        if these are more. Chains that have trouble are run again, four times as long with smaller steps, unless that
        takes hours; on the joint path `audit` does against trouble what `fit` does.
    seed
        The same seed gives the same audit; by default that of the fit, from which NUTS' own seed is made.
    progress
        Show a progress bar in a terminal or a notebook.

    Returns
    -------
    Audit
        `sentence` has the result in one line, `verdict` in a word: ``"agrees"``, ``"differs"``, or ``"no verdict"`` if
        NUTS itself did not converge (R-hat above 1.01, fewer than 100 effective draws a chain, divergences), or the fit
        has fewer than 100 effective draws. `table` has a row for each parameter and statistic.

    Raises
    ------
    ArgumentError
        `fit` is no posterior, or an argument is out of its range.
    SamplingError
        Sampling could not start, or memory does not hold the draws.

    Notes
    -----
    A fit differs if a difference is larger than chance explains among so many: all compared numbers share a
    probability of 0.01, which allows 4.2 errors for 24 numbers of 4,000 effective draws each. The Monte Carlo error of
    a limit is itself an estimate, from the draws next to it, so that the quantile is that of a t distribution. Faults
    smaller than a few Monte Carlo errors are not seen; more `draws` of fit and audit find smaller ones. NUTS and the
    fit share model, priors and log density, which an audit therefore does not check.

    Chains start at twice a t distribution with 5 degrees of freedom about the mode, in coordinates in which the
    posterior is near a standard normal; for models sampled by PyMC about the fit's own draws, or if a fit by another
    sampler does not hold these on the whole line, about the centre of the priors.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter & Buerkner (2021), doi:10.1214/20-BA1221, for R-hat and Monte Carlo errors of
    quantiles; Gelman & Rubin (1992), doi:10.1214/ss/1177011136, for dispersed starts.

    Examples
    --------
    >>> bm.audit(fit)  # doctest: +SKIP
    """
    check_arguments(draws=1000 if draws is None else draws, tune=tune, chains=chains, seed=seed, progress=progress)
    if chains < _FEWEST_CHAINS:
        raise ArgumentError(f"chains is at least {_FEWEST_CHAINS}: a single one cannot disagree; got {chains}.")
    seed = a_seed(seed, fit)
    with CompileNotice(shown=progress):
        nuts = audit_draws.draw_again(
            fit,
            draws=None if draws is None else int(draws),
            tune=None if tune is None else int(tune),
            chains=int(chains),
            seed=seed,
            progress=progress,
        )
    return compared(fit, nuts, seed=seed)


def compared(fit: Fit, nuts: audit_draws.RouteDraws, *, seed: int) -> Audit:
    """The verdict on a fit beside other draws of its posterior."""
    table = _table(fit, nuts)
    size = table["z"].abs()
    n_compared = int(size.notna().sum())
    limit = _limit(n_compared, fit.diagnostics, nuts.diagnostics)
    verdict = DIFFERS if (size > limit).any() else AGREES if n_compared else NO_VERDICT
    sentence = audit_record.sentence_of(table, _labels(fit), limit, fit.sampling)
    trouble = audit_draws.trouble_of_nuts(nuts.diagnostics)
    few = audit_record.fit_too_short(fit)
    if trouble or few:
        verdict, sentence = NO_VERDICT, audit_record.not_converged(trouble, fit.method) if trouble else str(few)
    parameters = audit_draws.without_effects(nuts.diagnostics)
    return Audit(
        verdict=verdict,
        sentence=sentence,
        table=table,
        limit=limit,
        max_rhat=float(parameters["rhat"].max()),
        min_ess=float(parameters[["ess_bulk", "ess_tail"]].min(axis=None)),
        n_divergent=nuts.diagnostics.n_divergent,
        seed=seed,
        sampling=nuts.sampling,
    )


def _limit(n_compared: int, *of_both: diagnostics.Diagnostics) -> float:
    """What `z` reaches by chance; the error of a limit has the degrees of freedom of sqrt(ess p (1 - p)) draws."""
    tails = [audit_draws.without_effects(posterior)["ess_tail"].min() for posterior in of_both]
    degrees = max(1.0, float(np.sqrt(np.nan_to_num(tails) * _TAIL * (1 - _TAIL)).sum()))
    return float(student_t.isf(FALSE_ALARMS / 2 / max(n_compared, 1), degrees))


def _table(fit: Fit, nuts: audit_draws.RouteDraws) -> pd.DataFrame:
    sources = convergence.sources_of(fit.posterior)
    rows, labels = [], []
    for (name, own), (_, other) in zip(_parameters(fit, fit.posterior), _parameters(fit, nuts.posterior), strict=True):
        by_nuts = audit_errors.statistics_of(other)
        for statistic, of_fit in audit_errors.statistics_of(own, sources).items():
            of_nuts = by_nuts[statistic]
            difference, mcse = of_fit.value - of_nuts.value, float(np.hypot(of_fit.mcse, of_nuts.mcse))
            with np.errstate(divide="ignore", invalid="ignore"):
                z = float(np.divide(difference, mcse))
            rows.append((of_fit.value, of_nuts.value, difference, mcse, z))
            labels.append((name, statistic))
    index = pd.MultiIndex.from_tuples(labels, names=["parameter", "statistic"])
    return pd.DataFrame(rows, index=index, columns=["fit", "nuts", "difference", "mcse", "z"], dtype=float)


def _parameters(fit: Fit, posterior: xr.DataTree) -> Iterator[tuple[str, Floats]]:
    """Name and draws (n_chains, n_draws) of every parameter but the group effects."""
    draws = posterior["posterior"].to_dataset()
    for names, _, values in diagnostics.parameter_blocks(draws, fit.design, fit.family.auxiliary):
        yield from zip(names, values, strict=True)


def _labels(fit: Fit) -> list[str]:
    """The names of the parameters in a sentence, in the order of `_parameters`."""
    of_parts = (label for part in fit.design.predictors for label in _labels_of(part))
    constant = constant_parameters(fit.design, fit.family.auxiliary)
    return [*threshold_names(fit.design), *of_parts, *constant]


def _labels_of(part: Design) -> Iterator[str]:
    yield from part.fixed.names
    for term in part.random:
        yield from (f"sd of {column} by {term.group}" for column in term.names)
        yield from (f"correlation of {one} and {other} by {term.group}" for one, other in column_pairs(term))
