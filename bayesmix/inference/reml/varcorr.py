"""Standard deviations and correlations as estimated."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.inference.variance_labels import RESIDUAL, as_index, labels_of
from bayesmix.modelling.reml_record import RemlFit


def varcorr(fit: RemlFit, *, scale: str) -> pd.DataFrame:
    power = 2 if scale == "variance" else 1
    values = [*of_factors(fit.L, power), fit.sigma**power]
    labels = [*labels_of(fit.design), (RESIDUAL, "", "")]
    return pd.DataFrame({"estimate": values}, index=as_index(labels))


def of_factors(factors: tuple[NDArray[np.float64], ...], power: int = 1) -> list[float]:
    """Standard deviations to a power, then correlations, of every term, from the factors of their covariances."""
    values: list[float] = []
    for L in factors:
        sds = np.sqrt(np.sum(L**2, axis=1))
        values += list(sds**power)
        # An effect without variance has no correlation.
        rows = np.divide(L, sds[:, None], out=np.full_like(L, np.nan), where=sds[:, None] > 0)
        values += [float(np.clip(rows[i] @ rows[j], -1, 1)) for j in range(len(L)) for i in range(j)]
    return values
