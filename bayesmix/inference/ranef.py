"""How far is each level of a group from the whole?"""

import numpy as np
import pandas as pd

from bayesmix.formula.design import GroupTerm
from bayesmix.inference.arguments import groups_of, probability
from bayesmix.inference.draws import group_effects, n_draws_of
from bayesmix.inference.summarise import Summary, summarise_in_parts
from bayesmix.modelling.record import Fit

COLUMNS = ("mean", "sd", "lower", "upper")


def ranef(fit: Fit, *, group: str | None = None, prob: float = 0.95) -> pd.DataFrame:
    """Group effects, as lme4's `ranef` in long form.

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
        One row per random term, level and column, in this order: `group`, `level`, `term`, posterior `mean` and
        `sd`, `lower` and `upper` (equal-tailed interval of probability `prob`). Link scale.

    Raises
    ------
    UnknownTermError
        `group` is no grouping factor of the model.
    ArgumentError
        `prob` is not between 0 and 1.
    """
    prob, groups = probability(prob), groups_of(fit.design, group)
    frames = [_term_frame(fit, term, prob) for term in fit.design.random if term.group in groups]
    return stacked(frames)


def _term_frame(fit: Fit, term: GroupTerm, prob: float) -> pd.DataFrame:
    summary = summarise_in_parts(
        lambda levels: group_effects(fit, term, levels),
        shape=(term.n_levels, term.k),
        n_draws=n_draws_of(fit),
        prob=prob,
    )
    return level_frame(term.group, term.levels, term.names, summary)


def level_frame(group: str, levels: tuple[str, ...], names: tuple[str, ...], summary: Summary) -> pd.DataFrame:
    """Long form of a summary of shape (n_levels, len(names))."""
    labels = {
        "group": group,
        "level": np.repeat(np.asarray(levels, dtype=object), len(names)),
        "term": np.tile(np.asarray(names, dtype=object), len(levels)),
    }
    return pd.DataFrame({**labels, **summary.columns(*COLUMNS)})


def stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """The frames below one another; with none, an empty frame of the same columns."""
    if not frames:
        return pd.DataFrame(columns=["group", "level", "term", *COLUMNS])
    return pd.concat(frames, ignore_index=True)
