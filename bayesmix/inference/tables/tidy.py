"""The estimates as a plain table, one parameter a row."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import singledispatch

import pandas as pd
from scipy import stats

from bayesmix.inference.shared.arguments import all_of, probability
from bayesmix.inference.shared.estimability import not_estimable
from bayesmix.inference.shared.question import table
from bayesmix.inference.tables.auxiliary import auxiliary
from bayesmix.inference.tables.ddf_method import ddf_method
from bayesmix.inference.tables.fixef import fixef
from bayesmix.inference.tables.ranef import ranef
from bayesmix.inference.tables.varcorr import RESIDUAL, varcorr
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer

EFFECTS = ("fixed", "ran_pars", "ran_vals")

_OF_DRAWS = {"mean": "estimate", "sd": "std.error", "lower": "conf.low", "upper": "conf.high"}
_OF_ESTIMATES = {
    "se": "std.error",
    "t": "statistic",
    "z": "statistic",
    "p": "p.value",
    "lower": "conf.low",
    "upper": "conf.high",
}

_TESTS: Mapping[type, tuple[str, ...]] = {
    RemlFit: ("statistic", "df", "p.value"),
    LaplaceFit: ("statistic", "p.value"),
    LmFit: ("statistic", "df", "p.value"),
}

Tables = Mapping[str, Callable[[], pd.DataFrame]]


@table
def tidy(
    fit: Fit | RemlFit | LaplaceFit | LmFit,
    *,
    effects: str | Iterable[str] = ("fixed", "ran_pars"),
    prob: float = 0.95,
    ddf: str = "satterthwaite",
) -> pd.DataFrame:
    """Estimates in the layout of broom.mixed's `tidy`.

    Parameters
    ----------
    fit
        A fitted model.
    effects
        Any of ``"fixed"`` (coefficients), ``"ran_pars"`` (standard deviations, correlations, residual, and a family's
        other parameters) and ``"ran_vals"`` (group effects).
    prob
        Probability of the interval.
    ddf
        Of REML fits: degrees of freedom by ``"satterthwaite"`` or ``"kenward-roger"``.

    Returns
    -------
    pandas.DataFrame
        `effect`, `group` (None for fixed), `level` (with ``"ran_vals"`` only), `term` (``"Days"``,
        ``"sd__Days"``, ``"cor__Intercept.Days"``, ``"sd__Observation"`` for the residual), `estimate`, `std.error`,
        `conf.low` and `conf.high`. Posterior: mean, sd and the equal-tailed interval of probability `prob`. REML: also
        `statistic`, `df` and `p.value` of the coefficients' t tests; conditional modes have normal intervals, variance
        parameters none. Laplace: the same without `df`, and the statistic is z; if the fit has no maximum, the
        coefficients have neither tests nor intervals. Coefficients that were not estimable have rows of nan, as in
        broom, and ``attrs["not_estimable"]`` says why.

    Raises
    ------
    ArgumentError
        `effects` names something else, `prob` is not between 0 and 1, or `ddf` is not known or not for this fit.
    """
    effects, prob = all_of(effects, EFFECTS, argument="effects"), probability(prob)
    found = _tidy(fit, effects, prob=prob, ddf=ddf_method(fit, ddf))
    found.attrs |= not_estimable(fit.design)
    return found


@singledispatch
def _tidy(fit: object, effects: tuple[str, ...], *, prob: float, ddf: str) -> pd.DataFrame:
    raise no_answer(_tidy, fit, question="tidy")


@_tidy.register
def _of_posterior(fit: Fit, effects: tuple[str, ...], *, prob: float, ddf: str) -> pd.DataFrame:
    tables: Tables = {
        "fixed": lambda: _coefficients(fixef(fit, prob=prob)[list(_OF_DRAWS)]),
        "ran_pars": lambda: _parameters_of_draws(fit, prob),
        "ran_vals": lambda: ranef(fit, prob=prob),
    }
    return _stacked(effects, tables, names=_OF_DRAWS)


@_tidy.register
def _of_estimates(fit: RemlFit | LaplaceFit, effects: tuple[str, ...], *, prob: float, ddf: str) -> pd.DataFrame:
    tables: Tables = {
        "fixed": lambda: _coefficients(fixef(fit, prob=prob, ddf=ddf)),
        "ran_pars": lambda: _variances(varcorr(fit)),
        "ran_vals": lambda: _modes(ranef(fit), prob),
    }
    return _stacked(effects, tables, names=_OF_ESTIMATES, tests=_TESTS[type(fit)])


@_tidy.register
def _of_least_squares(fit: LmFit, effects: tuple[str, ...], *, prob: float, ddf: str) -> pd.DataFrame:
    residual = pd.DataFrame({"estimate": [fit.sigma]})
    tables: Tables = {
        "fixed": lambda: _coefficients(fixef(fit, prob=prob)),
        "ran_pars": lambda: _labelled(residual, group=[RESIDUAL], term=[_variance_term(RESIDUAL, "", "")]),
    }
    return _stacked(effects, tables, names=_OF_ESTIMATES, tests=_TESTS[LmFit])


def _stacked(
    effects: tuple[str, ...], tables: Tables, *, names: Mapping[str, str], tests: tuple[str, ...] = ()
) -> pd.DataFrame:
    """The tables of the `effects` below one another, nan where one lacks a column; no other table is made.

    `names` are the new names of their columns, `tests` the columns between standard errors and intervals. There is a
    column `level` only with group effects.
    """
    columns = ["effect", "group", "level", "term", "estimate", "std.error", *tests, "conf.low", "conf.high"]
    if "ran_vals" not in effects:
        columns.remove("level")
    present = [effect for effect in EFFECTS if effect in effects and effect in tables]
    frames = [tables[effect]().assign(effect=effect).rename(columns=names) for effect in present]
    if not frames:
        return pd.DataFrame(columns=columns)
    return pd.concat(frames, ignore_index=True).reindex(columns=columns)


def _coefficients(frame: pd.DataFrame) -> pd.DataFrame:
    return _labelled(frame, group=None, term=list(frame.index))


def _parameters_of_draws(fit: Fit, prob: float) -> pd.DataFrame:
    """Variance parameters, then the family's others."""
    frame = _variances(varcorr(fit, prob=prob)[list(_OF_DRAWS)])
    others = auxiliary(fit, prob=prob).drop(index="sigma", errors="ignore")
    return pd.concat([frame, _coefficients(others[list(_OF_DRAWS)])]) if len(others) else frame


def _variances(frame: pd.DataFrame) -> pd.DataFrame:
    groups = [group for group, _, _ in frame.index]
    return _labelled(frame, group=groups, term=[_variance_term(*labels) for labels in frame.index])


def _variance_term(group: str, first: str, second: str) -> str:
    """``"sd__Days"``, ``"cor__Intercept.Days"``, ``"sd__Observation"`` for the residual."""
    if (group, first) == (RESIDUAL, ""):
        return "sd__Observation"
    return f"sd__{first}" if first == second else f"cor__{first}.{second}"


def _modes(frame: pd.DataFrame, prob: float) -> pd.DataFrame:
    """Conditional modes with normal intervals."""
    half = float(stats.norm.ppf((1 + prob) / 2)) * frame["sd"].astype(float)
    return frame.assign(
        **{"std.error": frame["sd"], "conf.low": frame["estimate"] - half, "conf.high": frame["estimate"] + half}
    )


def _labelled(frame: pd.DataFrame, *, group: Sequence[str] | None, term: list[str]) -> pd.DataFrame:
    """`frame` with `group`, an empty `level` and `term` before its columns."""
    labels = pd.DataFrame({"group": group, "level": None, "term": term}, dtype=object)
    return pd.concat([labels, frame.reset_index(drop=True)], axis=1)
