"""Posterior estimates as a plain table."""

import pandas as pd

from bayesmix.inference.arguments import groups_of
from bayesmix.inference.auxiliary import auxiliary
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
    groups: list[str | None] = [group for group, _, _ in frame.index]
    terms = [variance_term(*labels) for labels in frame.index]
    others = auxiliary(fit, prob=prob).drop(index="sigma", errors="ignore")
    if len(others):
        frame = pd.concat([frame.reset_index(drop=True), others[list(_RENAMED)].reset_index(drop=True)])
    return labelled(frame, group=[*groups, *[None] * len(others)], term=[*terms, *others.index])


def _group_effects(fit: Fit, prob: float) -> pd.DataFrame:
    return ranef(fit, groups_of(fit.design, None), prob=prob)
