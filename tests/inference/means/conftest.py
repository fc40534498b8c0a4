"""Posteriors of any formula and data whose draws are made up, so that tests can repeat every number by plain loops."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayesmix.families.family import read_family
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design
from bayesmix.modelling.assemble import as_posterior
from bayesmix.modelling.record import Fit
from bayesmix.posterior import layout

from ...conftest import REFERENCES
from ..conftest import build

N_CHAINS, N_DRAWS = 2, 40


@pytest.fixture(scope="session")
def means_of_r() -> dict[str, Any]:
    """Tables of R's emmeans, with their models and data; see tests/references/README.md."""
    return json.loads((REFERENCES / "means.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def mixed(means_of_r) -> pd.DataFrame:
    """Two factors and three, numbers, counts and a grouping factor, 90 rows."""
    return pd.DataFrame(means_of_r["data"]["mixed"])


def invented(
    formula, data: pd.DataFrame, family: str = "gaussian", *, spread: float = 0.3, n_draws: int = N_DRAWS
) -> Fit:
    """A fit whose draws are normal numbers, of sds and further parameters their exponentials."""
    chosen, rng = read_family(family), np.random.default_rng(8)
    formulas = parse_formulas(formula, auxiliary=chosen.auxiliary)
    design = build_design(
        formulas.mean, data, response=chosen.response, parts=formulas.parts, auxiliary=chosen.auxiliary
    )
    shape = (N_CHAINS, n_draws)

    def draws(*sizes: int) -> np.ndarray:
        return rng.normal(rng.normal(0, spread, sizes), spread, (*shape, *sizes))

    constant = layout.constant_parameters(design, chosen.auxiliary)
    posterior = as_posterior(
        design,
        fixed=draws(len(design.fixed.names)),
        sds=[np.exp(draws(term.k)) for term in design.random],
        correlations=[np.tanh(draws(term.k * (term.k - 1) // 2)) for term in design.random],
        effects=[draws(term.n_levels, term.k) for term in design.random],
        auxiliary={name: 0.5 * np.tanh(draws()) ** 2 + 0.1 for name in constant},
    )
    for part in design.parts.values():
        of_part = as_posterior(
            part,
            fixed=draws(len(part.fixed.names)),
            sds=[np.exp(draws(term.k)) for term in part.random],
            correlations=[np.tanh(draws(term.k * (term.k - 1) // 2)) for term in part.random],
            effects=[draws(term.n_levels, term.k) for term in part.random],
            auxiliary={},
        )
        posterior = xr.merge([posterior, of_part])
    if design.response.categories:
        borders = np.sort(rng.normal(0, 1, (*shape, len(design.response.thresholds))), axis=-1)
        posterior["threshold"] = (("chain", "draw", layout.THRESHOLD_DIM), borders)
    return build(chosen, design, posterior).fit


@pytest.fixture(scope="session")
def invent() -> Callable[..., Fit]:
    return invented
