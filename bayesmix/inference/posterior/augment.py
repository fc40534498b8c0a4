"""The rows with posterior expectations."""

import pandas as pd

from bayesmix.inference.observed import observed
from bayesmix.inference.posterior.fitted import expected
from bayesmix.modelling.record import Fit


def augment(fit: Fit, *, prob: float) -> pd.DataFrame:
    with_groups = expected(fit, groups="fitted", prob=prob)
    return fit.data.assign(
        **{
            ".fitted": with_groups["mean"],
            ".resid": observed(fit.design.response) - with_groups["mean"],
            ".fixed": expected(fit, groups="typical", prob=prob)["mean"],
            ".lower": with_groups["lower"],
            ".upper": with_groups["upper"],
        }
    )
