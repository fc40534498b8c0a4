"""Can the draws be trusted, and if not: which parameter, and what to do?"""

from dataclasses import astuple, fields

import pandas as pd

from bayesmix.inference.arguments import a_switch
from bayesmix.inference.checks import CHECKS, NOTE, PROBLEM, Finding
from bayesmix.inference.power_scaling_checks import prior_sensitive
from bayesmix.inference.separation_checks import SEPARATION, separated
from bayesmix.modelling.kinds import a_posterior
from bayesmix.modelling.record import Fit

_IN_WORDS = {
    "draws": "no figures for {parameter} (sd {value:.3g})",
    "chains": "a single chain",
    "centring": "a predictor {value:.0f} > {limit:g} sds from 0 behind {parameter}",
    "divergences": "{value:.0f} divergent transitions",
    "rhat": "R-hat {value:.3f} > {limit:g} for {parameter}",
    "ess_bulk": "bulk ESS {value:.0f} < {limit:.0f} for {parameter}",
    "ess_tail": "tail ESS {value:.0f} < {limit:.0f} for {parameter}",
    "ebfmi": "E-BFMI {value:.2f} < {limit:g} in {parameter}",
    "pareto_k": "Pareto k {value:.2f} > {limit:.2f} of the importance weights",
    "tree_depth": "{value:.0f} draws at the greatest tree depth (limit {limit:.0f})",
}


def diagnose(fit: Fit, *, sensitivity: bool = True) -> pd.DataFrame:
    """Everything that is wrong with a fit, and what to do about it.

    Looks at R-hat of NUTS (limit 1.01), bulk and tail effective draws (100 per chain), divergences (0), E-BFMI of each
    chain (0.3), draws at the greatest tree depth (1 %), the Pareto k of importance weights (0.7), a single chain,
    draws that do not vary or are not finite, for all parameters and group effects; at predictors whose mean lies more
    than 10 sds from 0 in a random term with an intercept; and notes grouping factors with fewer than 5 levels, and
    where data are separated (see `separation`), and parameters that follow their prior (see `sensitivity`).

    Parameters
    ----------
    fit
        A fitted model.
    sensitivity
        Whether to look at the sensitivity to the priors, which takes seconds where group effects of counts are
        integrated out; `print(fit)` does without.

    Returns
    -------
    pandas.DataFrame
        One row per finding, what is most at stake first and the worst first within a check; empty when all is well.
        `check` (``"rhat"``, ``"ess_bulk"``, ``"levels"``, ...), `severity` (``"problem"``: do not use the draws
        as they are; ``"note"``: know this when you read them), `parameter`, `value`, `limit`, `advice` (one
        line, in the arguments of `fit`).

    Raises
    ------
    ArgumentError
        `fit` is no posterior.
    """
    fit = a_posterior(fit, question="diagnose")
    sensitivity = a_switch(sensitivity, argument="sensitivity")
    names = [field.name for field in fields(Finding)]
    findings = [*_findings(fit), *(prior_sensitive(fit) if sensitivity else ())]
    return pd.DataFrame([astuple(finding) for finding in findings], columns=names)


def verdict(fit: Fit) -> str:
    """One line: that all is well, or what is not, for which parameter, and what to do.

    Notes, such as a group with few levels, stand at the end of the line; `summary` has those on separation in lines of
    their own.
    """
    findings = _findings(fit)
    problems = [finding for finding in findings if finding.severity == PROBLEM]
    notes = [finding.advice for finding in findings if finding.severity == NOTE and finding.check != SEPARATION]
    return " ".join([_what_is_wrong(problems) if problems else _all_is_well(fit), *notes])


def _findings(fit: Fit) -> list[Finding]:
    return [finding for check in (*CHECKS, separated) for finding in check(fit)]


def _all_is_well(fit: Fit) -> str:
    parameters = fit.diagnostics.parameters
    rhat, bulk, tail = (parameters[column].dropna() for column in ("rhat", "ess_bulk", "ess_tail"))
    kind, smallest = ("bulk", bulk) if bulk.min() <= tail.min() else ("tail", tail)
    effective = f"ESS at least {smallest.min():.0f} ({kind}, {smallest.idxmin()})"
    if fit.diagnostics.importance:
        return (
            f"All is well: {effective}, Pareto k of the importance weights {fit.diagnostics.importance.pareto_k:.2f}."
        )
    return (
        f"All is well: R-hat at most {rhat.max():.3f} ({rhat.idxmax()}), {effective}, "
        f"{fit.diagnostics.n_divergent} divergences."
    )


def _what_is_wrong(problems: list[Finding]) -> str:
    """The worst finding of each check, and what to do about the first."""
    parts = []
    for check, words in _IN_WORDS.items():
        same = [finding for finding in problems if finding.check == check]
        if same:
            more = f" and {len(same) - 1} more" if len(same) > 1 else ""
            worst = words.format(value=same[0].value, limit=same[0].limit, parameter=same[0].parameter)
            parts.append(worst + more)
    return f"Not well: {'; '.join(parts)}. {problems[0].advice}"
