"""Coefficients of each level: estimate and conditional mode added, of a REML and of a Laplace fit."""

import numpy as np
import pandas as pd

from bayesmix.inference.level_coefficients import names_in, positions
from bayesmix.inference.level_frames import level_frame, stacked
from bayesmix.modelling.laplace_record import LaplaceFit
from bayesmix.modelling.reml_record import RemlFit


def coef(fit: RemlFit | LaplaceFit, groups: tuple[str, ...]) -> pd.DataFrame:
    return stacked([_group_frame(fit, group) for group in groups], ("estimate",))


def _group_frame(fit: RemlFit | LaplaceFit, group: str) -> pd.DataFrame:
    own = [(term, modes) for term, modes in zip(fit.design.random, fit.effects, strict=True) if term.group == group]
    names, levels = names_in(fit.design, group), own[0][0].levels
    values = np.zeros((len(levels), len(names)))
    values[:, : len(fit.beta)] = fit.beta
    for term, modes in own:
        values[:, positions(term, names)] += modes
    return level_frame(group, levels, names, {"estimate": values})
