"""Bayes factors of the random terms, with the p values of the likelihood-ratio tests beside them."""

import pandas as pd

from bayesmix import modelling
from bayesmix.formula.reduce import reductions
from bayesmix.inference.bayes_factor import without
from bayesmix.inference.log_marginal import log_marginal
from bayesmix.inference.reml import rand as of_reml
from bayesmix.modelling.record import Fit

_COLUMNS = (
    "dropped",
    "log10_bf",
    "mcse",
    "probability",
    "label",
    "method",
    "prior",
    "p",
    "p_boundary",
    "reliable",
    "reason",
)


def rand(fit: Fit) -> pd.DataFrame:
    parts = reductions(fit.design.formula)
    if not parts:
        return pd.DataFrame(columns=list(_COLUMNS), index=pd.Index([], name="term"))
    larger = log_marginal(fit)
    tests = of_reml.rand(modelling.reml_fit.fit_design(fit.design))
    rows = []
    for part in parts:
        found = without(fit, part, larger)
        rows.append(
            {
                "dropped": f"{part.before} -> {part.after or 'nothing'}",
                "log10_bf": found.log10_bf,
                "mcse": found.mcse,
                "probability": found.probability,
                "label": found.label,
                "method": found.method,
                "prior": found.priors,
                "p": tests.loc[part.label, "p"],
                "p_boundary": tests.loc[part.label, "p_boundary"],
                "reliable": not found.reason,
                "reason": found.reason,
            }
        )
    return pd.DataFrame(rows, index=pd.Index([part.label for part in parts], name="term"))
