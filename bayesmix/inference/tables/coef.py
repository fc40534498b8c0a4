"""What are the coefficients of each level: fixed part and group effect together?"""

from functools import singledispatch

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.formula.design import Design
from bayesmix.inference.shared.arguments import groups_of, probability
from bayesmix.inference.shared.draws import fixed, group_effects, joined, n_draws_of
from bayesmix.inference.shared.question import table
from bayesmix.inference.shared.summarise import SHOWN, summarise_in_parts
from bayesmix.inference.tables.level_coefficients import level_frame, names_in, positions, stacked
from bayesmix.modelling.kinds import Fit, LaplaceFit, RemlFit, no_answer


@table
def coef(fit: Fit | RemlFit | LaplaceFit, group: str | None = None, *, prob: float = 0.95) -> pd.DataFrame:
    """Coefficients of each level, as lme4's `coef` in long form: fixed coefficient plus group effect.

    Every fixed coefficient appears for every level. The effects of the group's random terms are added to the
    coefficient of the same name, in a posterior draw by draw; without a fixed coefficient they are added to 0.
    The effects of other groups are left out.

    Parameters
    ----------
    fit
        A fitted model.
    group
        One grouping factor alone; all by default.
    prob
        Probability of the interval (posterior).

    Returns
    -------
    pandas.DataFrame
        One row per group, level and coefficient, in this order: `group`, `level`, `term`. Posterior: `mean` and
        `sd`, `lower` and `upper` (equal-tailed interval of probability `prob`). REML and Laplace:
        `estimate`. Link scale.

    Raises
    ------
    UnknownTermError
        `group` is no grouping factor of the model.
    ArgumentError
        `prob` is not between 0 and 1.

    Notes
    -----
    Coefficients and effects are matched by name alone, as in lme4: with ``f + (0 + f | g)`` the fixed ``f[b]`` is a
    difference from the first level while the random one is a level's own effect, and their sum means nothing.
    """
    prob = probability(prob)
    return _coef(fit, groups=groups_of(fit.design, group), prob=prob)


@singledispatch
def _coef(fit: object, *, groups: tuple[str, ...], prob: float) -> pd.DataFrame:
    raise no_answer(_coef, fit, question="coef")


@_coef.register
def _of_posterior(fit: Fit, *, groups: tuple[str, ...], prob: float) -> pd.DataFrame:
    frames = [
        _frame_of_draws(fit, predictor, name, prob)
        for name in groups
        for predictor in fit.design.predictors
        if any(term.group == name for term in predictor.random)
    ]
    return stacked(frames, SHOWN)


@_coef.register
def _of_estimates(fit: RemlFit | LaplaceFit, *, groups: tuple[str, ...], prob: float) -> pd.DataFrame:
    return stacked([_frame_of_estimates(fit, group) for group in groups], ("estimate",))


def _frame_of_draws(fit: Fit, predictor: Design, group: str, prob: float) -> pd.DataFrame:
    terms = [term for term in predictor.random if term.group == group]
    names, n_draws = names_in(predictor, group), n_draws_of(fit)
    base = np.zeros((len(names), n_draws))
    base[: len(predictor.fixed.names)] = joined(fixed(fit, predictor))

    def coefficients(levels: slice) -> Floats:
        draws = np.tile(base, (levels.stop - levels.start, 1, 1))
        for term in terms:
            draws[:, positions(term, names)] += group_effects(fit, term, levels)
        return draws

    levels = terms[0].levels
    summary = summarise_in_parts(coefficients, shape=(len(levels), len(names)), n_draws=n_draws, prob=prob)
    return level_frame(group, levels, names, summary.columns(*SHOWN))


def _frame_of_estimates(fit: RemlFit | LaplaceFit, group: str) -> pd.DataFrame:
    """Coefficients plus conditional modes."""
    terms = [(term, modes) for term, modes in zip(fit.design.random, fit.effects, strict=True) if term.group == group]
    names, levels = names_in(fit.design, group), terms[0][0].levels
    values = np.zeros((len(levels), len(names)))
    values[:, : len(fit.beta)] = fit.beta
    for term, modes in terms:
        values[:, positions(term, names)] += modes
    return level_frame(group, levels, names, {"estimate": values})
