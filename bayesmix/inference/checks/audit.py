"""Does NUTS from dispersed starts find the posterior that the fit has?"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from bayesmix.arrays import Floats
from bayesmix.compile_clock import CompileNotice
from bayesmix.errors import ArgumentError
from bayesmix.formula.design import Design
from bayesmix.hints import with_hints
from bayesmix.inference.checks.audit_record import AGREES, DIFFERS, NO_VERDICT, Audit
from bayesmix.inference.checks.audit_sentence import fit_too_short, not_converged, sentence_of
from bayesmix.inference.shared.arguments import a_seed
from bayesmix.modelling import audit_draws, audit_errors, convergence, diagnostics
from bayesmix.modelling.arguments import check_arguments
from bayesmix.modelling.kinds import a_posterior
from bayesmix.modelling.record import Fit
from bayesmix.posterior.layout import column_pairs, constant_parameters, threshold_names

if TYPE_CHECKING:
    import xarray as xr

    from bayesmix.modelling.audit_draws import RouteDraws
    from bayesmix.modelling.diagnostics import Diagnostics

FALSE_ALARMS = 0.01
"""The probability, at most, that chance makes a right fit differ: all its compared numbers together (Bonferroni)."""

_TAIL = 0.025  # beyond each limit
_FEWEST_CHAINS = 2  # that can disagree


@with_hints
def audit(
    fit: Fit,
    *,
    draws: int | None = None,
    tune: int | None = None,
    chains: int = 4,
    seed: int | None = None,
    progress: bool = True,
) -> Audit:
    """Set NUTS beside a fit: on all that is sampled, from dispersed starts, with random numbers of its own.

    Whatever sampled the fit, the same posterior is sampled once more by NUTS (nutpie). On the exact path and where
    group effects of counts are integrated out by quadrature it samples what is left, on the joint path everything. Of
    each parameter but the group effects (coefficients, sds, correlations, thresholds, the family's own) it compares
    means, sds, and 2.5 % and 97.5 % limits, in Monte Carlo standard errors of the difference.

    Parameters
    ----------
    fit
        A fit by `bm.fit` or `bm.load`.
    draws, tune, chains
        Draws kept of each chain of NUTS, tuning steps, and the number of chains, at least 2. By default 1000 draws,
        4000 where these take a minute or less and not all parameters are sampled, since NUTS knows the lower end of a
        sd less well than its draws are many; 1000 tuning steps, on the joint path as many as the fit took if these are
        more. Where chains have trouble they become four times as long, with smaller steps, if that takes no hours; on
        the joint path what `fit` does against trouble is done.
    seed
        The same seed gives the same audit; by default that of the fit, of which NUTS' own seed is made anew.
    progress
        Show a progress bar, where there is a terminal or a notebook.

    Returns
    -------
    Audit
        `sentence` says it in one line, `verdict` in a word: ``"agrees"``, ``"differs"``, or ``"no verdict"`` where NUTS
        itself did not converge (R-hat above 1.01, fewer than 100 effective draws a chain, divergences), or the fit has
        fewer than 100 effective draws. `table` has a row for each parameter and statistic.

    Raises
    ------
    ArgumentError
        `fit` is no posterior, or an argument is out of its range.
    SamplingError
        Sampling could not start, or memory does not hold the draws.

    Notes
    -----
    A fit differs when a difference is larger than chance would have it among so many: a probability of 0.01 is shared
    by all compared numbers, which makes 4.2 errors for 24 of 4,000 effective draws each. The Monte Carlo error of a
    limit is itself an estimate, from the draws next to it, so that the quantile is that of a t distribution. Faults
    below some Monte Carlo errors are not seen: more `draws`, of the fit and of the audit, see smaller ones. NUTS and
    the fit share model, priors and log density: that these are right is what the tests of bayesmix are about.

    Chains start at twice a t distribution with 5 degrees of freedom about the mode, in coordinates in which the
    posterior is near a standard normal; for models sampled as PyMC has them about the fit's own draws, and where a fit
    by another sampler does not hold these on the whole line, about the centre of the priors.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter & Buerkner (2021), doi:10.1214/20-BA1221, of R-hat and Monte Carlo errors of
    quantiles; Gelman & Rubin (1992), doi:10.1214/ss/1177011136, of dispersed starts.

    Examples
    --------
    >>> bm.audit(fit)  # doctest: +SKIP
    """
    fit = a_posterior(fit, question="audit")
    asked = 1000 if draws is None else draws
    check_arguments(draws=asked, tune=tune, chains=chains, seed=seed, progress=progress)
    if chains < _FEWEST_CHAINS:
        raise ArgumentError(f"chains is at least {_FEWEST_CHAINS}: a single one cannot disagree; got {chains}.")
    seed = a_seed(seed, fit)
    with CompileNotice(shown=progress):
        found = audit_draws.draw_again(
            fit,
            draws=None if draws is None else int(draws),
            tune=None if tune is None else int(tune),
            chains=int(chains),
            seed=seed,
            progress=progress,
        )
    return compared(fit, found, seed=seed)


def compared(fit: Fit, found: "RouteDraws", *, seed: int) -> Audit:
    """The verdict on a fit beside other draws of its posterior."""
    table = _table(fit, found)
    size = table["z"].abs()
    n_compared = int(size.notna().sum())
    limit = _limit(n_compared, fit.diagnostics, found.diagnostics)
    verdict = DIFFERS if (size > limit).any() else AGREES if n_compared else NO_VERDICT
    sentence = sentence_of(table, _labels(fit), limit, fit.sampling)
    trouble = audit_draws.trouble_of_nuts(found.diagnostics)
    few = fit_too_short(fit)
    if trouble or few:
        verdict, sentence = NO_VERDICT, not_converged(trouble, fit.method) if trouble else str(few)
    parameters = audit_draws.without_effects(found.diagnostics)
    return Audit(
        verdict=verdict,
        sentence=sentence,
        table=table,
        limit=limit,
        max_rhat=float(parameters["rhat"].max()),
        min_ess=float(parameters[["ess_bulk", "ess_tail"]].min(axis=None)),
        n_divergent=found.diagnostics.n_divergent,
        seed=seed,
        sampling=found.sampling,
    )


def _limit(n_compared: int, *found: "Diagnostics") -> float:
    """What `z` reaches by chance: an error of a limit is from sqrt(ess p (1 - p)) draws, and as uncertain as that."""
    tails = [audit_draws.without_effects(one)["ess_tail"].min() for one in found]
    degrees = max(1.0, float(np.sqrt(np.nan_to_num(tails) * _TAIL * (1 - _TAIL)).sum()))
    return float(student_t.isf(FALSE_ALARMS / 2 / max(n_compared, 1), degrees))


def _table(fit: Fit, found: "RouteDraws") -> pd.DataFrame:
    sources = convergence.sources_of(fit.posterior)
    rows, labels = [], []
    for (name, own), (_, other) in zip(_parameters(fit, fit.posterior), _parameters(fit, found.posterior), strict=True):
        ours = audit_errors.statistics_of(own, sources)
        theirs = audit_errors.statistics_of(other)
        for statistic, one in ours.items():
            two = theirs[statistic]
            difference, mcse = one.value - two.value, float(np.hypot(one.mcse, two.mcse))
            with np.errstate(divide="ignore", invalid="ignore"):
                z = float(np.divide(difference, mcse))
            rows.append((one.value, two.value, difference, mcse, z))
            labels.append((name, statistic))
    index = pd.MultiIndex.from_tuples(labels, names=["parameter", "statistic"])
    return pd.DataFrame(rows, index=index, columns=["fit", "nuts", "difference", "mcse", "z"], dtype=float)


def _parameters(fit: Fit, posterior: "xr.DataTree") -> Iterator[tuple[str, Floats]]:
    """All but the group effects: name and draws (n_chains, n_draws)."""
    draws = posterior["posterior"].to_dataset()
    for names, _, values in diagnostics.parameter_blocks(draws, fit.design, fit.family.auxiliary):
        yield from zip(names, values, strict=True)


def _labels(fit: Fit) -> list[str]:
    """What a sentence calls the parameters, in the order of `_parameters`."""
    labels = list(threshold_names(fit.design))
    for part in fit.design.predictors:
        labels += _labels_of(part)
    return [*labels, *constant_parameters(fit.design, fit.family.auxiliary)]


def _labels_of(part: Design) -> Iterator[str]:
    yield from part.fixed.names
    for term in part.random:
        yield from (f"sd of {column} by {term.group}" for column in term.names)
        yield from (f"correlation of {one} and {other} by {term.group}" for one, other in column_pairs(term))
