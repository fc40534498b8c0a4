"""Conditional modes with their sds."""

import numpy as np
import pandas as pd

from bayesmix.inference.level_frames import level_frame, stacked
from bayesmix.modelling.laplace_record import LaplaceFit


def ranef(fit: LaplaceFit, groups: tuple[str, ...]) -> pd.DataFrame:
    frames = [
        level_frame(
            term.group,
            term.levels,
            term.names,
            {"estimate": modes, "sd": np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))},
        )
        for term, modes, covariances in zip(fit.design.random, fit.effects, fit.effect_covariances, strict=True)
        if term.group in groups
    ]
    return stacked(frames, ("estimate", "sd"))
