"""Maximum likelihood estimates as a plain table."""

import pandas as pd

from bayesmix.inference.arguments import groups_of
from bayesmix.inference.laplace.fixef import fixef
from bayesmix.inference.laplace.ranef import ranef
from bayesmix.inference.laplace.varcorr import varcorr
from bayesmix.inference.tidy_estimates import tidy_estimates
from bayesmix.modelling.laplace_record import LaplaceFit


def tidy(fit: LaplaceFit, effects: tuple[str, ...], *, prob: float) -> pd.DataFrame:
    return tidy_estimates(
        effects,
        fixed=lambda: fixef(fit, prob=prob).rename(columns={"z": "statistic"}),
        variances=lambda: varcorr(fit, scale="sd"),
        modes=lambda: ranef(fit, groups_of(fit.design, None)),
        columns=("estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high"),
        prob=prob,
    )
