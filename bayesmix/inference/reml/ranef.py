"""Conditional modes with their sds."""

import pandas as pd

from bayesmix import modelling
from bayesmix.inference.level_frames import level_frame, stacked
from bayesmix.modelling.reml_record import RemlFit


def ranef(fit: RemlFit, groups: tuple[str, ...]) -> pd.DataFrame:
    sds = modelling.reml_moments.conditional_sds(fit)
    frames = [
        level_frame(term.group, term.levels, term.names, {"estimate": modes, "sd": sd})
        for term, modes, sd in zip(fit.design.random, fit.effects, sds, strict=True)
        if term.group in groups
    ]
    return stacked(frames, ("estimate", "sd"))
