"""Can the draws be trusted, and if not: which parameter, and what to do?"""

from dataclasses import astuple, fields

import pandas as pd

from bayesmix.hints import with_hints
from bayesmix.inference.checks.confounding_checks import confounded_effects
from bayesmix.inference.checks.dependence_checks import dependent_coefficients
from bayesmix.inference.checks.findings import CHECKS, NOTE, PROBLEM, Finding
from bayesmix.inference.checks.level_checks import levels_written_twice
from bayesmix.inference.checks.power_scaling_checks import prior_lines, prior_sensitive
from bayesmix.inference.checks.separation_checks import SEPARATION, separated
from bayesmix.inference.shared.arguments import a_switch
from bayesmix.inference.shared.readable_table import readable
from bayesmix.modelling.kinds import a_posterior
from bayesmix.modelling.record import Fit

NO_PROBLEMS, PROBLEMS = "Sampling: no problems", "Sampling: problems"
"""How the line on the sampling begins."""

OF_THE_MODEL = ("centring",)
"""Checks whose problems lie in the model, however well it is sampled."""

_IN_WORDS = {
    "draws": "no figures for {parameter} (sd {value:.3g})",
    "chains": "a single chain",
    "divergences": "{value:.0f} divergent transitions",
    "rhat": "R-hat {value:.4f} > {limit:g} for {parameter}",
    "ess_bulk": "bulk ESS {value:.0f} < {limit:.0f} for {parameter}",
    "ess_tail": "tail ESS {value:.0f} < {limit:.0f} for {parameter}",
    "ebfmi": "E-BFMI {value:.2f} < {limit:g} in {parameter}",
    "pareto_k": "Pareto k {value:.2f} > {limit:.2f} of the importance weights",
    "tree_depth": "{value:.0f} draws at the greatest tree depth (limit {limit:.0f})",
}


@with_hints
@readable
def diagnose(fit: Fit, *, sensitivity: bool = True) -> pd.DataFrame:
    """Everything that is wrong with a fit, and what to do about it.

    Looks at R-hat of NUTS (limit 1.01), bulk and tail effective draws (100 per chain), divergences (0), E-BFMI of each
    chain (0.3), draws at the greatest tree depth (1 %), the Pareto k of importance weights (0.7), a single chain,
    draws that do not vary or are not finite, for all parameters and group effects; at predictors whose mean lies more
    than 10 sds from 0 in a random term with an intercept; and notes where the fixed part holds what a random term does,
    where its columns depend on each other and only priors tell their coefficients apart, on levels that differ only by
    case or spaces, where data are separated (see `separation`), and what the priors decide (see `sensitivity`).

    Parameters
    ----------
    fit
        A fitted model.
    sensitivity
        Whether to look at the sensitivity to priors and data, which takes seconds where group effects of counts are
        integrated out; `print(fit)` looks at that to the priors alone.

    Returns
    -------
    pandas.DataFrame
        One row per finding, what is most at stake first and the worst first within a check; empty when all is well.
        `check` (``"rhat"``, ``"ess_bulk"``, ``"confounded"``, ...), `severity` (``"problem"``: do not use the draws
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
    """One line on the sampling alone: that it has no problems, or which, for which parameter, and what to do."""
    problems = [one for one in _findings(fit) if one.severity == PROBLEM and one.check not in OF_THE_MODEL]
    return _what_is_wrong(problems) if problems else _no_problems(fit)


def notes(fit: Fit) -> tuple[str, ...]:
    """What else to know of a fit, a line each: of its model and data, and of what its priors decide.

    `summary` has those on separation in lines of their own.
    """
    return (*model_lines(fit), *(f"Note: {line}" for line in prior_lines(fit)))


def model_lines(fit: Fit) -> tuple[str, ...]:
    """A line for each finding that is not about sampling: what is wrong with the model first."""
    findings = _findings(fit)
    return (
        *(f"Model: {one.advice}" for one in findings if one.severity == PROBLEM and one.check in OF_THE_MODEL),
        *(f"Note: {one.advice}" for one in findings if one.severity == NOTE and one.check != SEPARATION),
    )


def _findings(fit: Fit) -> list[Finding]:
    return [
        finding
        for check in (*CHECKS, confounded_effects, dependent_coefficients, levels_written_twice, separated)
        for finding in check(fit)
    ]


def _no_problems(fit: Fit) -> str:
    parameters = fit.diagnostics.parameters
    rhat, bulk, tail = (parameters[column].dropna() for column in ("rhat", "ess_bulk", "ess_tail"))
    kind, smallest = ("bulk", bulk) if bulk.min() <= tail.min() else ("tail", tail)
    effective = f"smallest ESS {smallest.min():.0f}, {kind} of {smallest.idxmin()}"
    if fit.diagnostics.importance:
        return f"{NO_PROBLEMS} ({effective}; Pareto k {fit.diagnostics.importance.pareto_k:.2f})."
    return f"{NO_PROBLEMS} (largest R-hat {rhat.max():.4f}, {rhat.idxmax()}; {effective}; no divergences)."


def _what_is_wrong(problems: list[Finding]) -> str:
    """The worst finding of each check, and what to do about the first."""
    parts = []
    for check, words in _IN_WORDS.items():
        same = [finding for finding in problems if finding.check == check]
        if same:
            more = f" and {len(same) - 1} more" if len(same) > 1 else ""
            worst = words.format(value=same[0].value, limit=same[0].limit, parameter=same[0].parameter)
            parts.append(worst + more)
    return f"{PROBLEMS}: {'; '.join(parts)}. {problems[0].advice}"
