"""The rows with expectations at the estimates."""

import pandas as pd

from bayesmix.inference.laplace.fitted import expectation
from bayesmix.inference.observed import observed
from bayesmix.modelling.laplace_record import LaplaceFit


def augment(fit: LaplaceFit) -> pd.DataFrame:
    with_groups = expectation(fit, groups="fitted")
    return fit.data.assign(
        **{
            ".fitted": with_groups,
            ".resid": observed(fit.design.response) - with_groups,
            ".fixed": expectation(fit, groups="typical"),
        }
    )
