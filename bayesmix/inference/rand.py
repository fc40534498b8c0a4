"""Which of the random terms are there?"""

import pandas as pd

from bayesmix.formula.reduce import reductions
from bayesmix.inference.bayes_factor import without
from bayesmix.inference.log_marginal import log_marginal
from bayesmix.modelling.record import Fit

COLUMNS = ("dropped", "log10_bf", "mcse", "probability", "label", "method", "prior", "reliable", "reason")


def rand(fit: Fit) -> pd.DataFrame:
    """One Bayes factor for each random term: the fitted model against the same without it.

    Parameters
    ----------
    fit
        A Gaussian model with identity link.

    Returns
    -------
    pandas.DataFrame
        Indexed by `term`, named as lmerTest names it, a slope before its intercept. `dropped`: what became of the
        term; `log10_bf`: log10 of the Bayes factor, > 0 for the term; `mcse`: its Monte Carlo standard error;
        `probability` of the term at even odds; `label` in words (Kass & Raftery 1995); `method`; `prior` of the
        parameters that are tested; `reliable`, and if not the `reason`, with nan for the number. Without random terms
        it is empty.

    Raises
    ------
    ArgumentError, PriorError
        As `bayes_factor`.
    """
    parts = reductions(fit.design.formula)
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS), index=pd.Index([], name="term"))
    larger = log_marginal(fit)
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
                "reliable": not found.reason,
                "reason": found.reason,
            }
        )
    return pd.DataFrame(rows, index=pd.Index([part.label for part in parts], name="term"))
