"""Residuals from as large as the response to nothing: right, or refused in one line."""

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import BayesmixError, SamplingError

SETTINGS = {"seed": 1, "draws": 250, "progress": False}


def crossed(noise, n_obs=600, seed=0):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"x": rng.normal(size=n_obs) + 1})
    g, h = rng.integers(0, 40, n_obs), rng.integers(0, 15, n_obs)
    y = 3 + data["x"] + rng.normal(size=40)[g] + rng.normal(size=15)[h] + 0.5 * rng.normal(size=15)[h] * data["x"]
    return data.assign(y=y + noise * rng.normal(size=n_obs), g=g.astype(str), h=h.astype(str))


def least_squares_sd(data):
    """By dummy columns of all groups: what sigma's posterior is about, where group effects are far larger."""
    g, h = (pd.get_dummies(data[name]).to_numpy(float) for name in "gh")
    A = np.hstack([g, h, h * data[["x"]].to_numpy()])
    basis = np.linalg.svd(A, full_matrices=False)
    basis = basis[0][:, basis[1] > 1e-10 * basis[1][0]]
    y = data["y"].to_numpy()
    return np.linalg.norm(y - basis @ (basis.T @ y)) / np.sqrt(len(y) - basis.shape[1]), len(y) - basis.shape[1]


@pytest.mark.parametrize("noise", [1e-2, 1e-4, 1e-6])
def test_sigma_is_right_down_to_a_millionth(noise):
    """With large effects and a flat prior at that scale sigma^2 ~ RSS / chi^2: known mean and sd."""
    data = crossed(noise)
    fit = bm.fit("y ~ x + (1 | g) + (x | h)", data, **SETTINGS)
    sd, degrees = least_squares_sd(data)
    sigma = fit.posterior["posterior"]["sigma"].to_numpy() / sd
    size = fit.diagnostics.parameters.loc["sigma", "ess_bulk"]
    # Group effects leave a little more than their dummy columns do, of the order of noise^2.
    assert abs(sigma.mean() - (1 + 0.25 / degrees)) < 4 / np.sqrt(2 * degrees * size) + noise**2
    assert sigma.std() * np.sqrt(2 * degrees) == pytest.approx(1, abs=0.1)


def test_rounding_that_decides_is_refused():
    with pytest.raises(SamplingError, match=r"residual sd is \S+e-08 beside .* of the response: with crossed factors"):
        bm.fit("y ~ x + (1 | g) + (x | h)", crossed(1e-8), **SETTINGS)


def test_one_factor_keeps_its_digits_further_down():
    data = crossed(0.0)
    noise = 1e-9 * np.random.default_rng(5).normal(size=len(data))
    data["y"] = np.round(data.groupby("g")["x"].transform("mean"), 6) + noise
    sigma = bm.fit("y ~ 1 + (1 | g)", data, **SETTINGS).posterior["posterior"]["sigma"].to_numpy()
    within = noise - pd.Series(noise).groupby(data["g"]).transform("mean").to_numpy()
    assert sigma.mean() == pytest.approx(np.sqrt(np.sum(within**2) / 560), rel=0.01)


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("z ~ x + (1 | g)", "The fixed part reproduces the response to the last digit"),
        ("y ~ x + (1 | g) + (x | h)", "Fixed and group effects reproduce the response to the last digit"),
    ],
)
def test_a_response_made_from_the_columns_is_refused(formula, words):
    data = crossed(0.0)
    with pytest.raises(SamplingError, match=words):
        bm.fit(formula, data.assign(z=3 + 2 * data["x"]), **SETTINGS)


def test_a_residual_that_goes_to_nothing_is_refused():
    """More effects than rows, of which some reproduce the response."""
    data = crossed(0.0, n_obs=12)
    data["y"] = 3 + 2 * data["x"] + data["h"].astype(float)
    data["g"] = np.arange(12) % 9
    with pytest.raises(SamplingError, match="to the last digit"):
        bm.fit("y ~ x + (1 | g) + (1 | h)", data.assign(g=data["g"].astype(str)), **SETTINGS)


FORMULAS = (
    "y ~ x + (x | g)",
    "y ~ x + (1 | g) + (1 | h)",
    "y ~ x + (x | g) + (1 | h)",
    "y ~ x + (1 | g/h)",
    "y ~ x + (x || g) + (1 | h)",
)


def random_data(seed):
    rng = np.random.default_rng(seed)
    n_obs, noise = int(rng.choice([14, 30, 80, 300])), 10.0 ** rng.integers(-6, 1)
    g, h = rng.integers(0, rng.integers(3, 7), n_obs), rng.integers(0, rng.integers(3, 6), n_obs)
    x = rng.normal(size=n_obs) + rng.choice([0, 3, 100])
    y = 5 + 2 * x + rng.choice([0, 1]) * rng.normal(size=9)[g] + rng.choice([0, 0.1, 1]) * rng.normal(size=9)[h]
    y = y + rng.choice([0, 0.5]) * rng.normal(size=9)[g] * x
    y = y + rng.choice([0, 1, 1, 1]) * noise * rng.normal(size=n_obs) * np.std(y)
    return pd.DataFrame({"y": y, "x": x, "g": g.astype(str), "h": h.astype(str)})


@pytest.mark.slow
@pytest.mark.parametrize("formula", FORMULAS)
def test_no_model_ends_in_a_raw_exception(formula):
    """Noise from 1 to a millionth of the response, or none; crossed, nested, slopes; few rows and many."""
    refused = 0
    for seed in range(12):
        try:
            fit = bm.fit(formula, random_data(seed), **SETTINGS)
        except BayesmixError:
            refused += 1
        else:
            assert np.isfinite(fit.diagnostics.parameters["sd"]).all()
    # A fourth of the responses have no noise; a few designs have too many effects.
    assert refused < 7
