"""Posterior estimates as a plain table."""

import pandas as pd

from bayesmix.inference.arguments import groups_of
from bayesmix.inference.posterior.fixef import fixef
from bayesmix.inference.posterior.ranef import ranef
from bayesmix.inference.posterior.varcorr import varcorr
from bayesmix.inference.tidy_labels import EFFECTS, in_order, labelled, variance_term
from bayesmix.modelling.record import Fit

_RENAMED = {"mean": "estimate", "sd": "std.error", "lower": "conf.low", "upper": "conf.high"}


def tidy(fit: Fit, effects: tuple[str, ...], *, prob: float) -> pd.DataFrame:
    makers = {"fixed": _fixed, "ran_pars": _variance_parameters, "ran_vals": _group_effects}
    frames = [
        makers[effect](fit, prob).assign(effect=effect).rename(columns=_RENAMED)
        for effect in EFFECTS
        if effect in effects
    ]
    return in_order(frames, effects, list(_RENAMED.values()))


def _fixed(fit: Fit, prob: float) -> pd.DataFrame:
    frame = fixef(fit, prob=prob)[list(_RENAMED)]
    return labelled(frame, group=None, term=list(frame.index))


def _variance_parameters(fit: Fit, prob: float) -> pd.DataFrame:
    frame = varcorr(fit, scale="sd", prob=prob)[list(_RENAMED)]
    groups = [group for group, _, _ in frame.index]
    return labelled(frame, group=groups, term=[variance_term(*labels) for labels in frame.index])


def _group_effects(fit: Fit, prob: float) -> pd.DataFrame:
    return ranef(fit, groups_of(fit.design, None), prob=prob)
