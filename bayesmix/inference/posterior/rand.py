"""Bayes factors of the random terms, with the p values of the likelihood-ratio tests beside them."""

from collections.abc import Sequence
from math import nan

import pandas as pd

from bayesmix import modelling
from bayesmix.errors import DesignError
from bayesmix.families.family import has_laplace_fit
from bayesmix.formula.reduce import Reduction, reductions
from bayesmix.inference.bayes_factor import joined, without
from bayesmix.inference.boundary import boundary_p, naive_p
from bayesmix.inference.contained import log_marginals
from bayesmix.inference.lrt import variances_lost
from bayesmix.inference.rand_table import RandTable
from bayesmix.inference.reml import rand as of_reml
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reduced import reduced_model

_COLUMNS = (
    "dropped",
    "log10_bf",
    "mcse",
    "low",
    "high",
    "probability",
    "label",
    "method",
    "prior",
    "p",
    "p_boundary",
    "reliable",
    "reason",
)


def rand(fit: Fit) -> RandTable:
    parts = reductions(fit.design.formula)
    if not parts:
        return RandTable(columns=list(_COLUMNS), index=pd.Index([], name="term"))
    # All of them at once, so that those to be sampled are sampled side by side.
    log_marginals(fit, [fit.design.formula, *(part.formula for part in parts)])
    p_values = _p_values(fit, parts)
    rows = []
    for part in parts:
        found = without(fit, part)
        rows.append(
            {
                "dropped": part.change,
                "log10_bf": found.log10_bf,
                "mcse": found.mcse,
                "low": found.low,
                "high": found.high,
                "probability": found.probability,
                "label": found.label,
                "method": found.method,
                "prior": found.priors,
                "p": p_values[part.label][0],
                "p_boundary": p_values[part.label][1],
                "reliable": not found.reason,
                "reason": found.reason,
            }
        )
    table = RandTable(rows, columns=list(_COLUMNS), index=pd.Index([part.label for part in parts], name="term"))
    table.attrs["formula"] = joined(fit.formulas)
    return table


def _p_values(fit: Fit, parts: Sequence[Reduction]) -> dict[str, tuple[float, float]]:
    """Of the likelihood-ratio test of each part, naive and for the boundary; nan where there is no such test."""
    if fit.design.parts:
        return {part.label: (nan, nan) for part in parts}
    if fit.family.is_gaussian_identity:
        try:
            tests = of_reml.rand(modelling.reml_fit.fit_design(fit.design))
        except DesignError:  # REML cannot fit it, or a reduced model; proper priors can
            return {part.label: (nan, nan) for part in parts}
        return {part.label: (tests.loc[part.label, "p"], tests.loc[part.label, "p_boundary"]) for part in parts}
    if not has_laplace_fit(fit.family):
        return {part.label: (nan, nan) for part in parts}
    larger = modelling.laplace_fit.fit_design(fit.design, fit.family)
    found = {}
    for part in parts:
        smaller = modelling.laplace_fit.fit_design(reduced_model(fit, part.formula).design, fit.family)
        if not (larger.converged and smaller.converged):
            found[part.label] = nan, nan
            continue
        statistic, df = max(0.0, smaller.criterion - larger.criterion), larger.n_parameters - smaller.n_parameters
        n_variances = variances_lost(larger.design, smaller.design)
        found[part.label] = naive_p(statistic, df), boundary_p(statistic, df, n_variances)
    return found
