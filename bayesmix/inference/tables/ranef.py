"""How far is each level of a group from the whole?"""

from collections.abc import Iterable
from functools import singledispatch

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.estimates.reml.tests import conditional_sds
from bayesmix.formula.design import GroupTerm
from bayesmix.inference.shared.arguments import groups_of, probability
from bayesmix.inference.shared.draws import group_effects, n_draws_of
from bayesmix.inference.shared.question import table
from bayesmix.inference.shared.summarise import SHOWN, summarise_in_parts
from bayesmix.inference.tables.level_coefficients import level_frame, stacked
from bayesmix.modelling.kinds import Fit, LaplaceFit, RemlFit, no_answer


@table
def ranef(fit: Fit | RemlFit | LaplaceFit, group: str | None = None, *, prob: float = 0.95) -> pd.DataFrame:
    """Group effects, as lme4's `ranef` in long form.

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
        One row per random term, level and column, in this order: `group`, `level`, `term`. Posterior: `mean` and
        `sd`, `lower` and `upper` (equal-tailed interval of probability `prob`). REML and Laplace: `estimate`, the
        conditional mode (BLUP), and its `sd` given the data with theta, sigma and the coefficients at their estimates,
        as lme4's `condVar`. Link scale.

    Raises
    ------
    UnknownTermError
        `group` is no grouping factor of the model.
    ArgumentError
        `prob` is not between 0 and 1.
    """
    prob = probability(prob)
    return _ranef(fit, groups=groups_of(fit.design, group), prob=prob)


@singledispatch
def _ranef(fit: object, *, groups: tuple[str, ...], prob: float) -> pd.DataFrame:
    raise no_answer(_ranef, fit, question="ranef")


@_ranef.register
def _of_posterior(fit: Fit, *, groups: tuple[str, ...], prob: float) -> pd.DataFrame:
    return stacked([_term_frame(fit, term, prob) for term in fit.design.all_random if term.group in groups], SHOWN)


@_ranef.register
def _of_reml(fit: RemlFit, *, groups: tuple[str, ...], prob: float) -> pd.DataFrame:
    return _conditional_modes(fit, groups, conditional_sds(fit))


@_ranef.register
def _of_laplace(fit: LaplaceFit, *, groups: tuple[str, ...], prob: float) -> pd.DataFrame:
    sds = [np.sqrt(np.diagonal(covariances, axis1=1, axis2=2)) for covariances in fit.effect_covariances]
    return _conditional_modes(fit, groups, sds)


def _term_frame(fit: Fit, term: GroupTerm, prob: float) -> pd.DataFrame:
    summary = summarise_in_parts(
        lambda levels: group_effects(fit, term, levels),
        shape=(term.n_levels, term.k),
        n_draws=n_draws_of(fit),
        prob=prob,
    )
    return level_frame(term.group, term.levels, term.names, summary.columns(*SHOWN))


def _conditional_modes(fit: RemlFit | LaplaceFit, groups: tuple[str, ...], sds: Iterable[Floats]) -> pd.DataFrame:
    frames = [
        level_frame(term.group, term.levels, term.names, {"estimate": modes, "sd": sd})
        for term, modes, sd in zip(fit.design.random, fit.effects, sds, strict=True)
        if term.group in groups
    ]
    return stacked(frames, ("estimate", "sd"))
