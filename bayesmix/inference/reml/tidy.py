"""REML estimates as a plain table."""

import numpy as np
import pandas as pd
from scipy import stats

from bayesmix.inference.arguments import groups_of
from bayesmix.inference.reml.fixef import fixef
from bayesmix.inference.reml.ranef import ranef
from bayesmix.inference.reml.varcorr import varcorr
from bayesmix.inference.tidy_labels import EFFECTS, in_order, labelled, variance_term
from bayesmix.modelling.reml_record import RemlFit

_RENAMED = {"se": "std.error", "t": "statistic", "p": "p.value", "lower": "conf.low", "upper": "conf.high"}
_COLUMNS = ["estimate", "std.error", "statistic", "df", "p.value", "conf.low", "conf.high"]


def tidy(fit: RemlFit, effects: tuple[str, ...], *, prob: float, ddf: str) -> pd.DataFrame:
    frames = []
    if "fixed" in effects:
        frames.append(_fixed(fit, prob, ddf).assign(effect=EFFECTS[0]))
    if "ran_pars" in effects:
        frames.append(_variance_parameters(fit).assign(effect=EFFECTS[1]))
    if "ran_vals" in effects:
        frames.append(_group_effects(fit, prob).assign(effect=EFFECTS[2]))
    return in_order(frames, effects, _COLUMNS)


def _fixed(fit: RemlFit, prob: float, ddf: str) -> pd.DataFrame:
    frame = fixef(fit, prob=prob, ddf=ddf)
    return labelled(frame.rename(columns=_RENAMED), group=None, term=list(frame.index))


def _variance_parameters(fit: RemlFit) -> pd.DataFrame:
    frame = varcorr(fit, scale="sd")
    groups = [group for group, _, _ in frame.index]
    terms = [variance_term(*labels) for labels in frame.index]
    return labelled(frame.assign(**dict.fromkeys(_COLUMNS[1:], np.nan)), group=groups, term=terms)


def _group_effects(fit: RemlFit, prob: float) -> pd.DataFrame:
    frame = ranef(fit, groups_of(fit.design, None))
    half = float(stats.norm.ppf((1 + prob) / 2)) * frame["sd"].astype(float)
    return frame.assign(
        **{
            "std.error": frame["sd"],
            "statistic": np.nan,
            "df": np.nan,
            "p.value": np.nan,
            "conf.low": frame["estimate"] - half,
            "conf.high": frame["estimate"] + half,
        }
    )
