"""Standard deviations and correlations of the group effects from their draws."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.formula.design import GroupTerm
from bayesmix.inference.draws import auxiliary, constant_parameters, correlations, joined, standard_deviations
from bayesmix.inference.summarise import sampling_quality, summarise
from bayesmix.inference.variance_labels import RESIDUAL, as_index, labels_of
from bayesmix.modelling.record import Fit
from bayesmix.posterior.layout import column_pairs


def varcorr(fit: Fit, *, scale: str, prob: float) -> pd.DataFrame:
    power = 1 if scale == "sd" else 2
    labels = labels_of(fit.design)
    draws: list[NDArray[np.float64]] = []
    for term in fit.design.all_random:
        sds = standard_deviations(fit, term)
        draws.append(sds**power)
        if term.k > 1:
            draws.append(correlations(fit, term) * (_products(term, sds) if scale == "covariance" else 1.0))
    if "sigma" in constant_parameters(fit):
        labels.append((RESIDUAL, "", ""))
        draws.append(auxiliary(fit, "sigma")[None] ** power)
    index = as_index(labels)
    if not labels:
        return pd.DataFrame(columns=["mean", "median", "sd", "lower", "upper", "ess_bulk", "rhat"], index=index)
    values = np.concatenate(draws)
    columns = summarise(joined(values), prob).columns("mean", "median", "sd", "lower", "upper")
    quality = sampling_quality(fit, values)
    return pd.DataFrame({**columns, "ess_bulk": quality["ess_bulk"], "rhat": quality["rhat"]}, index=index)


def _products(term: GroupTerm, sds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each pair of columns the product of their standard deviations, in the order of the correlations."""
    places = [(term.names.index(first), term.names.index(second)) for first, second in column_pairs(term)]
    return np.stack([sds[first] * sds[second] for first, second in places])
