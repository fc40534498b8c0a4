"""Expected response at the estimates."""

import pandas as pd

from bayesmix.modelling.lm_record import LmFit


def fitted(fit: LmFit) -> pd.DataFrame:
    return pd.DataFrame({"estimate": fit.fitted}, index=fit.data.index)
