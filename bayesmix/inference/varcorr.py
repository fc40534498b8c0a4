"""How much do the groups vary, and how do their effects go together?"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.inference.arguments import one_of, probability
from bayesmix.inference.draws import auxiliary, correlations, joined, standard_deviations
from bayesmix.inference.summarise import sampling_quality, summarise
from bayesmix.modelling.layout import column_pairs
from bayesmix.modelling.record import Fit

SCALES = ("sd", "variance")
RESIDUAL = "Residual"


def varcorr(fit: Fit, *, scale: str = "sd", prob: float = 0.95) -> pd.DataFrame:
    """Standard deviations and correlations of the group effects, as lme4's `VarCorr`.

    Parameters
    ----------
    fit
        A fitted model.
    scale
        ``"sd"``, or ``"variance"`` for the variances (each draw squared). Correlations stay correlations.
    prob
        Probability of the interval.

    Returns
    -------
    pandas.DataFrame
        Indexed by `group`, `term1`, `term2`: for each random term in the order of the formula the standard
        deviations (`term1` equals `term2`), then the correlations; `Residual` last, with empty terms, where the
        family has a sigma. Columns `mean`, `median`, `sd` (posterior), `lower` and `upper` (equal-tailed
        interval of probability `prob`), `ess_bulk`, `rhat`.

    Raises
    ------
    ArgumentError
        `scale` is not known or `prob` is not between 0 and 1.

    Notes
    -----
    The posterior of a standard deviation near 0 is skewed: the mean lies above the REML estimate there.
    """
    scale, prob = one_of(scale, SCALES, argument="scale"), probability(prob)
    power = 2 if scale == "variance" else 1
    labels: list[tuple[str, str, str]] = []
    draws: list[NDArray[np.float64]] = []
    for term in fit.design.random:
        labels += [(term.group, name, name) for name in term.names]
        draws.append(standard_deviations(fit, term) ** power)
        if term.k > 1:
            labels += [(term.group, first, second) for first, second in column_pairs(term)]
            draws.append(correlations(fit, term))
    if "sigma" in fit.family.auxiliary:
        labels.append((RESIDUAL, "", ""))
        draws.append(auxiliary(fit, "sigma")[None] ** power)
    index = pd.MultiIndex.from_tuples(labels, names=["group", "term1", "term2"])
    if not labels:
        return pd.DataFrame(columns=["mean", "median", "sd", "lower", "upper", "ess_bulk", "rhat"], index=index)
    values = np.concatenate(draws)
    columns = summarise(joined(values), prob).columns("mean", "median", "sd", "lower", "upper")
    quality = sampling_quality(values)
    return pd.DataFrame({**columns, "ess_bulk": quality["ess_bulk"], "rhat": quality["rhat"]}, index=index)
