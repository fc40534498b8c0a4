"""Can the draws be trusted, and if not, which parameters are affected, and what helps?"""

from dataclasses import astuple, fields

import pandas as pd

from bayesmix.inference.checks.dependence_checks import dependent_coefficients
from bayesmix.inference.checks.findings import CHECKS, NOTE, PROBLEM, Finding
from bayesmix.inference.checks.level_checks import confounded_effects, levels_written_twice
from bayesmix.inference.checks.prior_notes import prior_lines, prior_sensitive
from bayesmix.inference.checks.separation_checks import SEPARATION, separated
from bayesmix.inference.shared.arguments import a_switch
from bayesmix.inference.shared.question import table
from bayesmix.modelling.record import Fit

NO_PROBLEMS, PROBLEMS = "Sampling: no problems", "Sampling: problems"
"""The beginning of the line on the sampling."""

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


@table
def diagnose(fit: Fit, *, sensitivity: bool = True) -> pd.DataFrame:
    """Everything that is wrong with a fit, and what to do about it.

    Problems of all parameters and group effects are R-hat of NUTS (limit 1.01), bulk and tail effective draws (100 per
    chain), divergences (0), E-BFMI of each chain (0.3), draws at the greatest tree depth (1 %), the Pareto k of
    importance weights (0.7), a single chain, draws that do not vary or are not finite, and predictors whose mean lies
    more than 10 sds from 0 in a random term with an intercept. Notes are random effects that the fixed part holds
    already, columns of the fixed part that depend on each other, so that only priors tell their coefficients apart,
    levels that differ only by case or spaces, separated data (see `separation`), and parameters that follow
    their priors (see `sensitivity`).

    Parameters
    ----------
    fit
        A fitted model.
    sensitivity
        Whether to include the sensitivity to priors and data, which takes seconds if group effects of counts are
        integrated out; `print(fit)` has that to the priors alone.

    Returns
    -------
    pandas.DataFrame
        One row per finding, the gravest check first and the worst finding first within a check; empty if all is well.
        `check` (``"rhat"``, ``"ess_bulk"``, ``"confounded"``, ...), `severity` (``"problem"``: do not use the draws
        as they are; ``"note"``: know this when you read them), `parameter`, `value`, `limit`, `advice` (one
        line, in the arguments of `fit`).

    Raises
    ------
    ArgumentError
        `fit` is no posterior.
    """
    sensitivity = a_switch(sensitivity, argument="sensitivity")
    names = [field.name for field in fields(Finding)]
    findings = [*_findings(fit), *(prior_sensitive(fit) if sensitivity else ())]
    return pd.DataFrame([astuple(finding) for finding in findings], columns=names)


def verdict(fit: Fit) -> str:
    """One line on the sampling alone: no problems, or its problems with the worst parameters and a remedy."""
    problems = [finding for finding in _findings(fit) if finding.severity == PROBLEM and not _of_the_model(finding)]
    return _in_one_line(problems) if problems else _no_problems(fit)


def notes(fit: Fit) -> tuple[str, ...]:
    """Further lines on a fit: on its model and data, and on what its priors decide.

    Those on separation are left out, since `summary` has lines of its own for them.
    """
    return (*model_lines(fit), *(f"Note: {line}" for line in prior_lines(fit)))


def model_lines(fit: Fit) -> tuple[str, ...]:
    """A line for each finding that is not about sampling: problems of the model first, then notes."""
    findings = _findings(fit)
    problems = [finding for finding in findings if finding.severity == PROBLEM and _of_the_model(finding)]
    others = [finding for finding in findings if finding.severity == NOTE and finding.check != SEPARATION]
    return (*(f"Model: {finding.advice}" for finding in problems), *(f"Note: {finding.advice}" for finding in others))


def _of_the_model(finding: Finding) -> bool:
    return finding.check in OF_THE_MODEL


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


def _in_one_line(problems: list[Finding]) -> str:
    """The worst finding of each check, and the remedy for the first."""
    parts = []
    for check, words in _IN_WORDS.items():
        same = [finding for finding in problems if finding.check == check]
        if same:
            more = f" and {len(same) - 1} more" if len(same) > 1 else ""
            worst = words.format(value=same[0].value, limit=same[0].limit, parameter=same[0].parameter)
            parts.append(worst + more)
    return f"{PROBLEMS}: {'; '.join(parts)}. {problems[0].advice}"
