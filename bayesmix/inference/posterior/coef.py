"""Coefficients of each level from their draws."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.formula.design import Design
from bayesmix.inference.draws import fixed, group_effects, joined, n_draws_of
from bayesmix.inference.level_coefficients import names_in, positions
from bayesmix.inference.level_frames import level_frame, stacked
from bayesmix.inference.summarise import summarise_in_parts
from bayesmix.modelling.record import Fit

COLUMNS = ("mean", "sd", "lower", "upper")


def coef(fit: Fit, groups: tuple[str, ...], *, prob: float) -> pd.DataFrame:
    frames = [
        _group_frame(fit, predictor, name, prob)
        for name in groups
        for predictor in fit.design.predictors
        if any(term.group == name for term in predictor.random)
    ]
    return stacked(frames, COLUMNS)


def _group_frame(fit: Fit, predictor: Design, group: str, prob: float) -> pd.DataFrame:
    terms = [term for term in predictor.random if term.group == group]
    names, n_draws = names_in(predictor, group), n_draws_of(fit)
    base = np.zeros((len(names), n_draws))
    base[: len(predictor.fixed.names)] = joined(fixed(fit, predictor))

    def coefficients(levels: slice) -> NDArray[np.float64]:
        draws = np.tile(base, (levels.stop - levels.start, 1, 1))
        for term in terms:
            draws[:, positions(term, names)] += group_effects(fit, term, levels)
        return draws

    levels = terms[0].levels
    summary = summarise_in_parts(coefficients, shape=(len(levels), len(names)), n_draws=n_draws, prob=prob)
    return level_frame(group, levels, names, summary.columns(*COLUMNS))
