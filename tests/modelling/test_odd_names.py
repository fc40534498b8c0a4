"""Names that PyMC, nutpie or xarray could trip over are sampled by both paths all the same."""

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm

SHORT = {"draws": 40, "tune": 60, "chains": 2, "seed": 1, "progress": False}


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 90
    return pd.DataFrame(
        {
            "y": rng.normal(5, 2, n),
            "x": rng.normal(size=n),
            "a,b": rng.integers(0, 6, n),
            "n/p": rng.normal(size=n),
            "sd_depth": rng.normal(size=n),
            "f g": rng.choice(["lo/w", "hi,gh", "m[id]"], n),
            "count": rng.poisson(4, n),
            "exact": pd.array(rng.normal(size=n), dtype="Float64"),
        }
    )


FORMULAS = (
    "y ~ poly(x, 2) + I(x / 2 > 0.1) + (poly(x, 2) | `a,b`)",
    "I(y / 2) ~ `n/p` * `f g` + (`n/p` | `a,b`)",
    "y / 2 ~ sd_depth + exact + (sd_depth | `f g`)",
)


@pytest.mark.parametrize(
    ("formula", "method"),
    [
        *((formula, "exact") for formula in FORMULAS),
        *(pytest.param(formula, "joint", marks=pytest.mark.slow) for formula in FORMULAS),
    ],
)
def test_sampled_stored_and_asked(formula, method, data, tmp_path):
    result = bm.fit(formula, data, method=method, priors={"sigma": "HalfNormal(4)"}, **SHORT)
    assert result.method == method
    again = bm.load(bm.save(result, tmp_path / "fit.nc"))
    assert str(again) == str(result)
    assert np.isfinite(bm.fixef(result)["mean"]).all()
    assert len(bm.ranef(result)) == sum(term.n_levels * term.k for term in result.design.random)


def test_poly_for_counts(data):
    result = bm.fit("count ~ poly(x, 2) + (1 | `a,b`)", data, "poisson", **SHORT)
    assert list(bm.fixef(result).index) == ["Intercept", "poly(x, 2)[1]", "poly(x, 2)[2]"]


def test_a_prior_for_a_covariate_called_like_a_standard_deviation(data):
    result = bm.fit("y ~ sd_depth", data, priors={"sd_depth": "Normal(0, 1)"}, **SHORT)
    assert str(result.priors["sd_depth"]) == "Normal(0, 1)"
