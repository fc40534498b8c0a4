"""The rows with expectations at the estimates."""

import pandas as pd

from bayesmix.modelling.lm_record import LmFit


def augment(fit: LmFit) -> pd.DataFrame:
    return fit.data.assign(**{".fitted": fit.fitted, ".resid": fit.residuals, ".fixed": fit.fitted})
