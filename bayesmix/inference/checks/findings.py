"""Findings about the sampling of a fit: one function per check, which gives its findings, worst first.

Longer chains help against disagreement and too few draws alike, so all of these findings advise the same length.

Limits: R-hat 1.01 and 100 effective draws per chain, Vehtari et al. (2021), doi:10.1214/20-BA1221; E-BFMI 0.3,
Betancourt (2016), arXiv:1604.00695; Pareto k, Vehtari et al. (2024), arXiv:1507.02646.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, isnan, log10, nan

import numpy as np

from bayesmix.formula.design import GroupTerm, TermColumns, prefixed
from bayesmix.modelling.record import Fit
from bayesmix.modelling.settings import EFFECTIVE_PER_CHAIN, RHAT_LIMIT
from bayesmix.posterior.layout import corr_name, sd_name, sd_names

EBFMI_LIMIT = 0.3
TREEDEPTH_SHARE = 0.01
FEWEST_CHAINS = 2
FARTHEST_CENTRE = 10  # sds of a predictor from 0 to its mean

_TARGETS = (0.95, 0.99)  # acceptance probabilities to try one after the other

PROBLEM, NOTE = "problem", "note"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: `value` on the wrong side of `limit`, for `parameter` (empty: the whole fit)."""

    check: str
    severity: str
    parameter: str
    value: float
    limit: float
    advice: str


def no_figures(fit: Fit) -> Iterator[Finding]:
    """Parameters whose draws do not vary, are not finite, or are too few to judge; `value` is their sd."""
    parameters = fit.diagnostics.parameters
    for name, sd in parameters.loc[parameters["ess_bulk"].isna(), "sd"].items():
        if sd == 0:
            advice = f"The draws of {name} do not vary: check its prior (priors=) and the column behind it."
        elif isnan(sd):
            advice = f"Draws of {name} are not finite: scale the predictors, or give it a tighter prior (priors=)."
        else:
            advice = f"Too few draws to judge {name}: raise draws={fit.sampling.draws}, say to draws=1000."
        yield Finding("draws", PROBLEM, str(name), float(sd), nan, advice)


def single_chain(fit: Fit) -> Iterator[Finding]:
    """A single chain, for which R-hat is not defined; draws of importance sampling are independent and need none."""
    if fit.diagnostics.importance:
        return
    chains = fit.diagnostics.n_chains
    if chains < FEWEST_CHAINS:
        advice = "With a single chain R-hat is not defined and a chain that got stuck looks well: use chains=4."
        yield Finding("chains", PROBLEM, "", chains, FEWEST_CHAINS, advice)


def centring(fit: Fit) -> Iterator[Finding]:
    """Predictors far from 0 in a term with an intercept; `value` is |mean| / sd over the rows."""
    far = []
    for term in fit.design.all_random:
        owners = {owner.kind: owner for owner in term.terms}
        if "intercept" in owners:
            columns = [(owner, i) for owner in term.terms if owner.kind == "numeric" for i in owner.columns]
            far += [(*_distance(term, i), term, owner, i) for owner, i in columns]
    for value, mean, sd, term, owner, column in sorted(far, key=lambda place: -place[0]):
        if value > FARTHEST_CENTRE:
            name = term.names[column]
            advice = (
                f"In ({term.label}) {name!r} lies far from 0 (mean {mean:.4g}, sd {sd:.3g}): the group intercept "
                f"stands for {name} = 0, where neither its prior nor the correlation can follow. "
                f"{_how_to_centre(owner, name, mean, sd)}"
            )
            intercept = sd_name(term, prefixed(term.parameter, "Intercept"))
            yield Finding("centring", PROBLEM, intercept, value, FARTHEST_CENTRE, advice)


def _distance(term: GroupTerm, column: int) -> tuple[float, float, float]:
    """|mean| / sd, mean and sd of a column; 0 for one that does not vary, which is an intercept by another name."""
    values = term.columns[:, column]
    mean, sd = float(values.mean()), float(values.std(ddof=1)) if np.ptp(values) > 0 else 0.0
    return abs(mean) / sd if sd else 0.0, mean, sd


def _how_to_centre(owner: TermColumns, name: str, mean: float, sd: float) -> str:
    if ":" in owner.label or name != owner.label:
        return "Centre its variables in formula and term."
    decimals = -floor(log10(sd))
    centre = f"{round(abs(mean), decimals):.{max(0, decimals)}f}"
    inside = name[2:-1] if name.startswith("I(") else name
    return f"Write I({inside} {'-' if mean > 0 else '+'} {centre}) or scale({name}) in formula and term."


def divergences(fit: Fit) -> Iterator[Finding]:
    """Divergent transitions: the draws lack a region that the sampler could not enter."""
    if fit.diagnostics.n_divergent:
        parameters = fit.diagnostics.parameters
        effective = parameters.loc[parameters["kind"] == "sd", "ess_bulk"].dropna()
        prior = f"a tighter prior for {effective.idxmin()} (priors=)" if len(effective) else "tighter priors (priors=)"
        used = fit.sampling.target_accept or 0.0
        targets = [f"{target:g}" for target in _TARGETS if target > used]
        if targets:
            tune = f" with tune={_longer_tuning(fit)}" if not fit.route.samples_effects else ""
            advice = f"Use target_accept={', or '.join(targets)}{tune}, then {prior}."
        else:
            advice = f"target_accept={used:g} is as high as helps: give {prior}, or simplify the random terms."
        yield Finding("divergences", PROBLEM, "", fit.diagnostics.n_divergent, 0, advice)


def rhat(fit: Fit) -> Iterator[Finding]:
    """Chains that disagree; importance sampling has none, only one weighted sample cut in pieces."""
    if fit.diagnostics.importance:
        return
    values = fit.diagnostics.parameters["rhat"]
    for name, value in values[values > RHAT_LIMIT].sort_values(ascending=False, kind="stable").items():
        advice = f"The chains do not agree about {name}: run longer, {_longer(fit)}{_simpler(fit, str(name))}."
        yield Finding("rhat", PROBLEM, str(name), float(value), RHAT_LIMIT, advice)


def ess_bulk(fit: Fit) -> Iterator[Finding]:
    """Too few effective draws for a mean."""
    return _ess(fit, "ess_bulk", "mean and sd")


def ess_tail(fit: Fit) -> Iterator[Finding]:
    """Too few effective draws for an interval."""
    return _ess(fit, "ess_tail", "the interval")


def _ess(fit: Fit, column: str, statistic: str) -> Iterator[Finding]:
    limit = EFFECTIVE_PER_CHAIN * fit.diagnostics.n_chains
    values = fit.diagnostics.parameters[column]
    for name, value in values[values < limit].sort_values(kind="stable").items():
        verb = "raise" if fit.diagnostics.importance else "run longer,"
        advice = f"Too few effective draws for {statistic} of {name}: {verb} {_longer(fit)}{_simpler(fit, str(name))}."
        yield Finding(column, PROBLEM, str(name), float(value), limit, advice)


def _longer(fit: Fit) -> str:
    """The length of chains, in the arguments of `fit`, that the parameter in most need of draws asks for."""
    parameters = fit.diagnostics.parameters
    if not fit.diagnostics.importance and (parameters["rhat"] > RHAT_LIMIT).any():
        # While chains disagree, effective draws do not grow in proportion.
        return f"draws={2 * fit.sampling.draws}, tune={max(1000, 2 * fit.sampling.tune)}"
    fewest = parameters[["ess_bulk", "ess_tail"]].min(axis=None)
    # A fifth more than proportion asks for, in round hundreds.
    return (
        f"draws={100 * ceil(1.2 * fit.sampling.draws * EFFECTIVE_PER_CHAIN * fit.diagnostics.n_chains / fewest / 100)}"
    )


def _longer_tuning(fit: Fit) -> int:
    return max(fit.route.long_tune, 2 * fit.sampling.tune)


def ebfmi(fit: Fit) -> Iterator[Finding]:
    """Chains whose momentum resampling does not reach the tails of the energy."""
    low = [(value, chain) for chain, value in enumerate(fit.diagnostics.ebfmi) if value < EBFMI_LIMIT]
    for value, chain in sorted(low):
        advice = (
            f"Chain {chain} explores the tails slowly, often for a group sd near 0: use "
            f"tune={_longer_tuning(fit)}, a tighter prior for that sd (priors=), or a simpler term."
        )
        yield Finding("ebfmi", PROBLEM, f"chain {chain}", value, EBFMI_LIMIT, advice)


def tree_depth(fit: Fit) -> Iterator[Finding]:
    """Trajectories cut off before they turned: the draws are correct, but few are effective."""
    limit = TREEDEPTH_SHARE * fit.diagnostics.n_total
    if fit.diagnostics.n_max_treedepth > limit:
        # If coefficients are integrated out, it is wide priors of the sds that make trajectories long.
        cause = "give the sds tighter priors (priors=)"
        if fit.route.samples_effects:
            cause = "bring the predictors to one scale, as in scale(x)"
        advice = f"Trajectories are cut short: {cause}, or use tune={_longer_tuning(fit)}."
        yield Finding("tree_depth", PROBLEM, "", fit.diagnostics.n_max_treedepth, limit, advice)


def pareto_k(fit: Fit) -> Iterator[Finding]:
    """Importance weights with a tail so long that single values decide."""
    importance = fit.diagnostics.importance
    if importance and not importance.pareto_k <= importance.greatest_k:
        advice = 'The weights of importance sampling cannot be trusted: use sampler="nutpie".'
        yield Finding("pareto_k", PROBLEM, "", importance.pareto_k, importance.greatest_k, advice)


def _simpler(fit: Fit, parameter: str) -> str:
    """A further remedy for a variance parameter: a tighter prior, or a simpler term."""
    name = parameter.partition("[")[0] if parameter.startswith("corr_") else parameter
    for part in fit.design.predictors:
        for term in part.random:
            if name in sd_names(term) or (term.k > 1 and name == corr_name(term, part.random)):
                return f"; or give {name} a tighter prior (priors=), or simplify the term ({term.label})"
    return ""


CHECKS = (no_figures, single_chain, centring, divergences, rhat, ess_bulk, ess_tail, ebfmi, tree_depth, pareto_k)
"""The gravest first."""
