"""Responses on a common scale, mean 0 and sd 1, on which default priors are the same for all."""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Flags, Floats

_CONSTANT = 1e-10  # sd below this share of the largest value


@dataclass(frozen=True)
class Standardised:
    """`values` (n_obs, R) with mean 0 and sd 1.

    `mean` and `sd` (R,) as they were; `usable` (R,): neither constant nor infinite.
    """

    values: Floats
    mean: Floats
    sd: Floats
    usable: Flags


def standardised(responses: Floats) -> Standardised:
    """Responses (n_obs, R) without missing values, each on its own scale; 0 where it is not usable."""
    with np.errstate(invalid="ignore", over="ignore"):
        size = np.abs(responses).max(axis=0, initial=0.0)
        finite = np.isfinite(size)
        unit = np.where(finite & (size > 0), size, 1.0)
        scaled = np.where(finite, responses, 0.0) / unit
        mean = scaled.mean(axis=0)
        sd = scaled.std(axis=0, ddof=1) if len(responses) > 1 else np.zeros(responses.shape[1])
        usable = finite & (sd > _CONSTANT)
        values = np.where(usable, (scaled - mean) / np.where(usable, sd, 1.0), 0.0)
        return Standardised(values, mean * unit, sd * unit, usable)
