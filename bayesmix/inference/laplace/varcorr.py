"""Standard deviations and correlations as estimated; counts have no residual."""

import pandas as pd

from bayesmix.inference.reml.varcorr import of_factors
from bayesmix.inference.variance_labels import as_index, labels_of
from bayesmix.modelling.laplace_record import LaplaceFit


def varcorr(fit: LaplaceFit, *, scale: str) -> pd.DataFrame:
    values = of_factors(fit.L, scale)
    return pd.DataFrame({"estimate": values}, index=as_index(labels_of(fit.design)), dtype=float)
