"""Least squares estimates as a plain table."""

import numpy as np
import pandas as pd

from bayesmix.inference.least_squares.fixef import fixef
from bayesmix.inference.tidy_labels import EFFECTS, in_order, labelled, variance_term
from bayesmix.inference.variance_labels import RESIDUAL
from bayesmix.modelling.lm_record import LmFit

_RENAMED = {"se": "std.error", "t": "statistic", "p": "p.value", "lower": "conf.low", "upper": "conf.high"}
_COLUMNS = ["estimate", "std.error", "statistic", "df", "p.value", "conf.low", "conf.high"]


def tidy(fit: LmFit, effects: tuple[str, ...], *, prob: float) -> pd.DataFrame:
    frames = []
    if "fixed" in effects:
        frame = fixef(fit, prob=prob)
        coefficients = labelled(frame.rename(columns=_RENAMED), group=None, term=list(frame.index))
        frames.append(coefficients.assign(effect=EFFECTS[0]))
    if "ran_pars" in effects:
        frame = pd.DataFrame([{"estimate": fit.sigma} | dict.fromkeys(_COLUMNS[1:], np.nan)])
        residual = labelled(frame, group=[RESIDUAL], term=[variance_term(RESIDUAL, "", "")])
        frames.append(residual.assign(effect=EFFECTS[1]))
    return in_order(frames, effects, _COLUMNS)
