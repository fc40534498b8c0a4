"""REML estimates as a plain table."""

import pandas as pd

from bayesmix.inference.arguments import groups_of
from bayesmix.inference.reml.fixef import fixef
from bayesmix.inference.reml.ranef import ranef
from bayesmix.inference.reml.varcorr import varcorr
from bayesmix.inference.tidy_estimates import tidy_estimates
from bayesmix.modelling.reml_record import RemlFit


def tidy(fit: RemlFit, effects: tuple[str, ...], *, prob: float, ddf: str) -> pd.DataFrame:
    return tidy_estimates(
        effects,
        fixed=lambda: fixef(fit, prob=prob, ddf=ddf).rename(columns={"t": "statistic"}),
        variances=lambda: varcorr(fit, scale="sd"),
        modes=lambda: ranef(fit, groups_of(fit.design, None)),
        columns=("estimate", "std.error", "statistic", "df", "p.value", "conf.low", "conf.high"),
        prob=prob,
    )
