"""What can be wrong with a fit: one function per check, each giving its findings, worst first.

Limits: R-hat 1.01 and 100 effective draws per chain, Vehtari et al. (2021), doi:10.1214/20-BA1221; E-BFMI 0.3,
Betancourt (2016), arXiv:1604.00695.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, isnan, nan

import pandas as pd

from bayesmix.modelling.layout import corr_name, sd_names
from bayesmix.modelling.record import Fit

RHAT_LIMIT = 1.01
ESS_PER_CHAIN = 100
EBFMI_LIMIT = 0.3
TREEDEPTH_SHARE = 0.01
FEWEST_LEVELS = 5
FEWEST_CHAINS = 2

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
    """Parameters whose draws do not vary, are not finite, or are too few; `value` is their sd."""
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
    """One chain alone: R-hat is not defined."""
    chains = fit.diagnostics.n_chains
    if chains < FEWEST_CHAINS:
        advice = "With a single chain R-hat is not defined and a chain that got stuck looks well: use chains=4."
        yield Finding("chains", PROBLEM, "", chains, FEWEST_CHAINS, advice)


def divergences(fit: Fit) -> Iterator[Finding]:
    """Divergent transitions: a region that the sampler could not enter is missing from the draws."""
    if fit.diagnostics.n_divergent:
        parameters = fit.diagnostics.parameters
        effective = parameters.loc[parameters["kind"] == "sd", "ess_bulk"].dropna()
        tighter = f", then a tighter prior for {effective.idxmin()} (priors=)" if len(effective) else ""
        advice = f"Use target_accept=0.95, or 0.99{tighter}."
        yield Finding("divergences", PROBLEM, "", fit.diagnostics.n_divergent, 0, advice)


def rhat(fit: Fit) -> Iterator[Finding]:
    """Chains that do not agree."""
    values = fit.diagnostics.parameters["rhat"]
    for name, value in values[values > RHAT_LIMIT].sort_values(ascending=False, kind="stable").items():
        advice = (
            f"The chains do not agree about {name}: run longer, "
            f"draws={2 * fit.sampling.draws}, tune={max(1000, 2 * fit.sampling.tune)}{_simpler(fit, str(name))}."
        )
        yield Finding("rhat", PROBLEM, str(name), float(value), RHAT_LIMIT, advice)


def ess_bulk(fit: Fit) -> Iterator[Finding]:
    """Too few effective draws for a mean."""
    return _ess(fit, "ess_bulk", "Mean and sd")


def ess_tail(fit: Fit) -> Iterator[Finding]:
    """Too few effective draws for an interval."""
    return _ess(fit, "ess_tail", "The interval")


def _ess(fit: Fit, column: str, what: str) -> Iterator[Finding]:
    limit = ESS_PER_CHAIN * fit.diagnostics.n_chains
    values = fit.diagnostics.parameters[column]
    for name, value in values[values < limit].sort_values(kind="stable").items():
        # A fifth more than proportion asks for, in round hundreds.
        draws = 100 * ceil(1.2 * fit.sampling.draws * limit / value / 100)
        advice = f"{what} of {name} would need some draws={draws}{_simpler(fit, str(name))}."
        yield Finding(column, PROBLEM, str(name), float(value), limit, advice)


def ebfmi(fit: Fit) -> Iterator[Finding]:
    """Chains whose momentum resampling does not reach the tails of the energy."""
    low = [(value, chain) for chain, value in enumerate(fit.diagnostics.ebfmi) if value < EBFMI_LIMIT]
    for value, chain in sorted(low):
        advice = (
            f"Chain {chain} explores the tails slowly, often for a group sd near 0: use "
            f"tune={max(2000, 2 * fit.sampling.tune)}, a tighter prior for that sd (priors=), or a simpler term."
        )
        yield Finding("ebfmi", PROBLEM, f"chain {chain}", value, EBFMI_LIMIT, advice)


def tree_depth(fit: Fit) -> Iterator[Finding]:
    """Trajectories cut off before they turned; the draws are right but few are effective."""
    limit = TREEDEPTH_SHARE * fit.diagnostics.n_total
    if fit.diagnostics.n_max_treedepth > limit:
        advice = (
            f"Trajectories are cut short: bring the predictors to one scale, as in scale(x), or use "
            f"tune={max(2000, 2 * fit.sampling.tune)}."
        )
        yield Finding("tree_depth", PROBLEM, "", fit.diagnostics.n_max_treedepth, limit, advice)


def few_levels(fit: Fit) -> Iterator[Finding]:
    """Grouping factors with too few levels to tell how much levels vary."""
    by_group = pd.Series({term.group: term.n_levels for term in fit.design.random}, dtype=float)
    for group, n_levels in by_group[by_group < FEWEST_LEVELS].sort_values(kind="stable").items():
        names = [name for term in fit.design.random if term.group == group for name in sd_names(term)]
        priors = ", ".join(str(fit.priors[name]) for name in names if name in fit.priors)
        subject, verb, ending = ("sd", "is", "prior") if len(names) == 1 else ("sds", "are", "priors")
        advice = (
            f"Group {group!r} has {n_levels:g} levels: its {subject} {verb} barely identified and the posterior "
            f"will follow the {ending} {priors}. Add levels or make {group!r} a fixed effect."
        )
        yield Finding("levels", NOTE, ", ".join(names), n_levels, FEWEST_LEVELS, advice)


def _simpler(fit: Fit, parameter: str) -> str:
    """What else can be done about a variance parameter: a tighter prior, or its term made simpler."""
    for term in fit.design.random:
        own = set(sd_names(term))
        if term.k > 1:
            own.add(corr_name(term, fit.design.random))
        name = parameter.partition("[")[0] if parameter.startswith("corr_") else parameter
        if name in own:
            return f"; or give {name} a tighter prior (priors=), or simplify the term ({term.label})"
    return ""


CHECKS = (
    no_figures,
    single_chain,
    divergences,
    rhat,
    ess_bulk,
    ess_tail,
    ebfmi,
    tree_depth,
    few_levels,
)
"""In the order of how much is at stake."""
