"""The estimates as a plain table, one parameter a row."""

from collections.abc import Iterable

import pandas as pd

from bayesmix.inference.arguments import all_of, probability
from bayesmix.inference.fixef import fixef
from bayesmix.inference.ranef import ranef
from bayesmix.inference.varcorr import RESIDUAL, varcorr
from bayesmix.modelling.record import Fit

EFFECTS = ("fixed", "ran_pars", "ran_vals")
_RENAMED = {"mean": "estimate", "sd": "std.error", "lower": "conf.low", "upper": "conf.high"}


def tidy(fit: Fit, *, effects: str | Iterable[str] = ("fixed", "ran_pars"), prob: float = 0.95) -> pd.DataFrame:
    """Estimates in the layout of broom.mixed's `tidy`.

    Parameters
    ----------
    fit
        A fitted model.
    effects
        Any of ``"fixed"`` (coefficients), ``"ran_pars"`` (standard deviations, correlations, residual) and
        ``"ran_vals"`` (group effects).
    prob
        Probability of the interval.

    Returns
    -------
    pandas.DataFrame
        `effect`, `group` (None for fixed), `level` (with ``"ran_vals"`` only), `term` (``"Days"``,
        ``"sd__Days"``, ``"cor__Intercept.Days"``, ``"sd__Observation"`` for the residual), `estimate` (posterior
        mean), `std.error` (posterior sd), `conf.low` and `conf.high` (equal-tailed interval of probability `prob`).

    Raises
    ------
    ArgumentError
        `effects` names something else, or `prob` is not between 0 and 1.
    """
    effects, prob = all_of(effects, EFFECTS, argument="effects"), probability(prob)
    makers = {"fixed": _fixed, "ran_pars": _variance_parameters, "ran_vals": _group_effects}
    frames = [makers[effect](fit, prob).assign(effect=effect) for effect in EFFECTS if effect in effects]
    columns = ["effect", "group", "level", "term", *_RENAMED.values()]
    if "ran_vals" not in effects:
        columns.remove("level")
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
    return rows.rename(columns=_RENAMED)[columns]


def _fixed(fit: Fit, prob: float) -> pd.DataFrame:
    frame = fixef(fit, prob=prob)[list(_RENAMED)]
    return _labelled(frame, group=None, term=list(frame.index))


def _variance_parameters(fit: Fit, prob: float) -> pd.DataFrame:
    frame = varcorr(fit, prob=prob)[list(_RENAMED)]
    groups = [group for group, _, _ in frame.index]
    return _labelled(frame, group=groups, term=[_term(*labels) for labels in frame.index])


def _term(group: str, first: str, second: str) -> str:
    if (group, first) == (RESIDUAL, ""):
        return "sd__Observation"
    return f"sd__{first}" if first == second else f"cor__{first}.{second}"


def _group_effects(fit: Fit, prob: float) -> pd.DataFrame:
    return ranef(fit, prob=prob)


def _labelled(frame: pd.DataFrame, *, group: list[str] | None, term: list[str]) -> pd.DataFrame:
    labels = pd.DataFrame({"group": group, "level": None, "term": term}, dtype=object)
    return pd.concat([labels, frame.reset_index(drop=True)], axis=1)
