"""The rows with expectations at the estimates."""

import pandas as pd

from bayesmix.inference.reml.fitted import expectation
from bayesmix.modelling.reml_record import RemlFit


def augment(fit: RemlFit) -> pd.DataFrame:
    with_groups = expectation(fit, groups="fitted")
    return fit.data.assign(
        **{
            ".fitted": with_groups,
            ".resid": fit.design.response.values - with_groups,
            ".fixed": expectation(fit, groups="typical"),
        }
    )
