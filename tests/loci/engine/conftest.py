"""Counts of a few loci that tests fit once and share."""

import numpy as np
import pandas as pd
import pytest

from bayesmix.loci.block import LociBlock


def made_block(n_loci: int, seed: int, *, sheet: pd.DataFrame) -> LociBlock:
    """Beta-binomial counts of all samples of the sheet at every locus, with tank effects and one of treatment."""
    rng = np.random.default_rng(seed)
    n, tank = len(sheet), pd.factorize(sheet["tank"])[0]
    samples = np.tile(np.arange(n), n_loci)
    treated = (sheet["treatment"] == "trt").to_numpy(dtype=float)
    eta = rng.normal(0, 0.7, n_loci)[:, None] + rng.normal(0, 1, n_loci)[:, None] * treated
    eta = eta + rng.normal(0, 0.4, (n_loci, tank.max() + 1))[:, tank]
    depth = rng.poisson(20, (n_loci, n))
    methylated = rng.binomial(depth, 1 / (1 + np.exp(-eta)))
    return LociBlock(
        tuple(f"locus{number}" for number in range(n_loci)),
        np.arange(n_loci + 1) * n,
        samples,
        {"methylated": methylated.ravel(), "unmethylated": (depth - methylated).ravel()},
        {"chr": np.repeat(["c1"], n_loci), "pos": np.arange(n_loci) * 10},
    )


@pytest.fixture(scope="session")
def sheet() -> pd.DataFrame:
    """24 samples: 12 tanks, 6 of each treatment, at two times."""
    tanks = [f"k{number:02d}" for number in range(12)]
    return pd.DataFrame(
        {
            "treatment": np.repeat(["ctl", "trt"], 12),
            "time": np.tile(["t1", "t2"], 12),
            "tank": np.repeat(tanks, 2),
        }
    )


@pytest.fixture(scope="session")
def block(sheet) -> LociBlock:
    return made_block(5, 3, sheet=sheet)
