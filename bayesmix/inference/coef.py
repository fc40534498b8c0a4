"""What are the coefficients of each level: fixed part and group effect together?"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.formula.design import GroupTerm
from bayesmix.inference.arguments import groups_of, probability
from bayesmix.inference.draws import fixed, group_effects, joined, n_draws_of
from bayesmix.inference.ranef import level_frame, stacked
from bayesmix.inference.summarise import summarise_in_parts
from bayesmix.modelling.record import Fit


def coef(fit: Fit, *, group: str | None = None, prob: float = 0.95) -> pd.DataFrame:
    """Coefficients of each level, as lme4's `coef` in long form: fixed coefficient plus group effect.

    Every fixed coefficient appears for every level. Effects of the group's random terms are added, draw by draw,
    to the coefficient of the same name; a column without a fixed coefficient counts from 0. The effects of other
    groups are left out.

    Parameters
    ----------
    fit
        A fitted model.
    group
        One grouping factor alone; all by default.
    prob
        Probability of the interval.

    Returns
    -------
    pandas.DataFrame
        One row per group, level and coefficient, in this order: `group`, `level`, `term`, posterior `mean` and
        `sd`, `lower` and `upper` (equal-tailed interval of probability `prob`). Link scale.

    Raises
    ------
    UnknownTermError
        `group` is no grouping factor of the model.
    ArgumentError
        `prob` is not between 0 and 1.

    Notes
    -----
    Names are all that is matched, as in lme4: with ``f + (0 + f | g)`` the fixed ``f[b]`` is a difference from
    the first level while the random one is a level's own effect, and their sum means nothing.
    """
    prob, groups = probability(prob), groups_of(fit.design, group)
    return stacked([_group_frame(fit, name, prob) for name in groups])


def _group_frame(fit: Fit, group: str, prob: float) -> pd.DataFrame:
    terms = [term for term in fit.design.random if term.group == group]
    own = [column for term in terms for column in term.names]
    names = tuple(dict.fromkeys((*fit.design.fixed.names, *own)))
    n_draws = n_draws_of(fit)
    base = np.zeros((len(names), n_draws))
    base[: len(fit.design.fixed.names)] = joined(fixed(fit))

    def coefficients(levels: slice) -> NDArray[np.float64]:
        draws = np.tile(base, (levels.stop - levels.start, 1, 1))
        for term in terms:
            draws[:, _positions(term, names)] += group_effects(fit, term, levels)
        return draws

    levels = terms[0].levels
    summary = summarise_in_parts(coefficients, shape=(len(levels), len(names)), n_draws=n_draws, prob=prob)
    return level_frame(group, levels, names, summary)


def _positions(term: GroupTerm, names: tuple[str, ...]) -> list[int]:
    return [names.index(column) for column in term.names]
