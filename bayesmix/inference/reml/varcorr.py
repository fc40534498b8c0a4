"""Standard deviations and correlations as estimated, with confidence intervals of the former."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix import modelling
from bayesmix.inference.variance_labels import RESIDUAL, as_index, labels_of
from bayesmix.modelling.reml_record import RemlFit


def varcorr(fit: RemlFit, *, scale: str, prob: float | None = None) -> pd.DataFrame:
    """The table; with intervals of probability `prob` where one is given."""
    values = [*of_factors(fit.L, scale), fit.sigma if scale == "sd" else fit.sigma**2]
    labels = [*labels_of(fit.design), (RESIDUAL, "", "")]
    table = pd.DataFrame({"estimate": values}, index=as_index(labels))
    if prob is None:
        return table
    limits = modelling.reml_profile.sd_limits(fit, prob)
    is_sd = np.array([term1 == term2 for _, term1, term2 in labels])
    ends = np.full((len(labels), 2), np.nan)
    ends[is_sd] = limits if scale == "sd" else limits**2
    return table.assign(lower=ends[:, 0], upper=ends[:, 1])


def of_factors(factors: tuple[NDArray[np.float64], ...], scale: str) -> list[float]:
    """Standard deviations or variances, then correlations or covariances, of every term, from the factors of these."""
    values: list[float] = []
    for L in factors:
        sds = np.sqrt(np.sum(L**2, axis=1))
        values += list(sds if scale == "sd" else sds**2)
        if scale == "covariance":
            values += [float(L[i] @ L[j]) for j in range(len(L)) for i in range(j)]
            continue
        # An effect without variance has no correlation.
        rows = np.divide(L, sds[:, None], out=np.full_like(L, np.nan), where=sds[:, None] > 0)
        values += [float(np.clip(rows[i] @ rows[j], -1, 1)) for j in range(len(L)) for i in range(j)]
    return values
