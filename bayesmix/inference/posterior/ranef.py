"""Group effects from their draws."""

import pandas as pd

from bayesmix.formula.design import GroupTerm
from bayesmix.inference.draws import group_effects, n_draws_of
from bayesmix.inference.level_frames import level_frame, stacked
from bayesmix.inference.summarise import summarise_in_parts
from bayesmix.modelling.record import Fit

COLUMNS = ("mean", "sd", "lower", "upper")


def ranef(fit: Fit, groups: tuple[str, ...], *, prob: float) -> pd.DataFrame:
    return stacked([_term_frame(fit, term, prob) for term in fit.design.all_random if term.group in groups], COLUMNS)


def _term_frame(fit: Fit, term: GroupTerm, prob: float) -> pd.DataFrame:
    summary = summarise_in_parts(
        lambda levels: group_effects(fit, term, levels),
        shape=(term.n_levels, term.k),
        n_draws=n_draws_of(fit),
        prob=prob,
    )
    return level_frame(term.group, term.levels, term.names, summary.columns(*COLUMNS))
