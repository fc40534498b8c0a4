"""`tidy` of estimates: tables of coefficients, variance parameters and conditional modes below one another."""

from collections.abc import Callable

import pandas as pd
from scipy import stats

from bayesmix.inference.tidy_labels import EFFECTS, in_order, labelled, variance_term

_RENAMED = {"se": "std.error", "p": "p.value", "lower": "conf.low", "upper": "conf.high"}

Table = Callable[[], pd.DataFrame]


def tidy_estimates(
    effects: tuple[str, ...], *, fixed: Table, variances: Table, modes: Table, columns: tuple[str, ...], prob: float
) -> pd.DataFrame:
    """The tables that `effects` asks for, and only these are made; conditional modes get normal intervals.

    Parameters
    ----------
    effects
        Any of `EFFECTS`.
    fixed, variances, modes
        Make the frames of `fixef` (its test under the name `statistic`), of `varcorr` and of `ranef`.
    columns
        What stands behind the labels; nan where a table has no such column.
    prob
        Probability of the intervals of the modes.
    """
    makers: dict[str, Table] = {
        "fixed": lambda: _fixed(fixed()),
        "ran_pars": lambda: _variance_parameters(variances()),
        "ran_vals": lambda: _group_effects(modes(), prob),
    }
    frames = [makers[effect]().assign(effect=effect) for effect in EFFECTS if effect in effects]
    return in_order(frames, effects, list(columns))


def _fixed(frame: pd.DataFrame) -> pd.DataFrame:
    return labelled(frame.rename(columns=_RENAMED), group=None, term=list(frame.index))


def _variance_parameters(frame: pd.DataFrame) -> pd.DataFrame:
    groups = [group for group, _, _ in frame.index]
    return labelled(frame, group=groups, term=[variance_term(*labels) for labels in frame.index])


def _group_effects(frame: pd.DataFrame, prob: float) -> pd.DataFrame:
    half = float(stats.norm.ppf((1 + prob) / 2)) * frame["sd"].astype(float)
    return frame.assign(
        **{"std.error": frame["sd"], "conf.low": frame["estimate"] - half, "conf.high": frame["estimate"] + half}
    )
