"""Expected responses of new rows, family by family, against responses that NumPy simulates from the same draws."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesmix as bm
from bayesmix.families.family import read_family
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design

from ...families.test_families_table import AUXILIARY, BORDERS, FURTHER, LEVELS, LINK, MODELS, response, simulated

N_CHAINS, N_DRAWS, TRIALS = 2, 100, 9
X, T = np.array([-0.8, 0.1, 1.3]), np.array([0.7, 1.0, 2.2])
FAST = ("gaussian 2", "zero_inflated_poisson 2", "cumulative 1", "beta_binomial 1")


def variables(rng, *, prefix, has_x, k, centre):
    """Draws of the coefficients (..., 2) of the intercept and of x, and of effects (..., levels, k), of a predictor."""
    size = (N_CHAINS, N_DRAWS)
    coefficients = rng.normal([centre, 0.4 * has_x], [0.1, 0.1 * has_x], (*size, 2))
    effects = rng.normal(0, 0.4, (*size, LEVELS, k)) if k else None
    return {"coefficients": coefficients, "effects": effects, "prefix": prefix}


def parts_of(family, formulas, rng):
    """The draws of every predictor by its parameter, the mean's under an empty name."""
    found = {}
    for formula in formulas:
        head = formula.split(" ~ ")[0]
        name = head if head in AUXILIARY else ""
        k = 2 if "(x | g)" in formula else int("| g)" in formula)
        ordinal = read_family(family).response == "ordinal" and not name
        centre = float(LINK[AUXILIARY[name].link][0](FURTHER[name])) if name else 0.0 if ordinal else 0.5
        found[name] = variables(rng, prefix=name and f"{name}_", has_x=" x" in formula, k=k, centre=centre)
        if ordinal:
            found[name]["coefficients"][..., 0] = 0.0
    return found


def posterior_of(design, family, predictors):
    values = {}
    for parameter, draws in predictors.items():
        part = design.parts.get(parameter, design)
        prefix = draws["prefix"]
        for column, name in enumerate(("Intercept", "x")):
            if f"{prefix}{name}" in part.fixed.names:
                values[f"{prefix}{name}"] = ((), draws["coefficients"][..., column])
        for term in part.random:
            for column, name in enumerate(("1", "x")[: term.k]):
                values[f"{prefix}{name}|g"] = (("g__factor_dim",), draws["effects"][..., column])
                values[f"sd_g__{prefix}{('Intercept', 'x')[column]}"] = ((), np.full((N_CHAINS, N_DRAWS), 0.4))
            if term.k > 1:
                name = f"corr_g__{parameter}" if parameter else "corr_g"
                values[name] = ((f"{name}_dim",), np.zeros((N_CHAINS, N_DRAWS, 1)))
    for name in family.auxiliary:
        if name not in predictors:
            values[name] = ((), np.full((N_CHAINS, N_DRAWS), FURTHER[name]))
    if design.response.categories:
        values["threshold"] = (("threshold_dim",), np.broadcast_to(BORDERS, (N_CHAINS, N_DRAWS, len(BORDERS))))
    named = {name: (("chain", "draw", *dims), np.array(array)) for name, (dims, array) in values.items()}
    return xr.Dataset(named, coords={"g__factor_dim": np.array(design.random[0].levels, dtype=object)})


def eta_of(draws, level, x):
    """The linear predictor (n_draws,) of a row of the level, or of no level."""
    b, u = draws["coefficients"].reshape(-1, 2), draws["effects"]
    total = b[:, 0] + b[:, 1] * x
    if u is not None and level is not None:
        own = u.reshape(-1, *u.shape[2:])[:, level]
        total = total + own[:, 0] + (own[:, 1] * x if own.shape[1] > 1 else 0.0)
    return total


CASES = [
    pytest.param(*case, marks=() if name in FAST else pytest.mark.slow, id=name)
    for case in MODELS
    if case[0] != "categorical"  # whose predictors are of categories: see test_categorical_fit
    for name in (f"{case[0]} {len(case[1])}",)
]


@pytest.mark.parametrize(("name", "formulas"), CASES)
def test_expected_responses_are_means_of_simulated_ones(make, name, formulas):
    family, rng, repeats = read_family(name), np.random.default_rng(1), 60
    data, _ = simulated(name, formulas, seed=11)
    read = parse_formulas(list(formulas), auxiliary=family.modelled)
    design = build_design(read.mean, data, response=family.response, parts=read.parts, auxiliary=family.auxiliary)
    predictors = parts_of(name, formulas, rng)
    fit = make(family, design, posterior_of(design, family, predictors)).fit
    levels = [int(np.flatnonzero(np.array(design.random[0].levels) == text)[0]) for text in ("3", "17", "40")]
    rows = pd.DataFrame({"x": X, "t": T, "g": [3, 17, 40], "n": TRIALS, "y": 0, "c": "none"})
    for groups in ("fitted", "typical"):
        mean = bm.predict(fit, rows, groups=groups)
        new = bm.predict(fit, rows, groups=groups, interval="prediction", seed=1)
        for row, level in enumerate(levels):
            at = level if groups == "fitted" else None
            eta = eta_of(predictors[""], at, X[row]) + (np.log(T[row]) if "offset" in formulas[0] else 0.0)
            q = {n: np.full(len(eta), FURTHER[n]) for n in family.auxiliary if n not in predictors}
            for parameter in set(predictors) - {""}:
                q[parameter] = LINK[AUXILIARY[parameter].link][1](eta_of(predictors[parameter], at, X[row]))
            many = {n: np.tile(values, repeats) for n, values in q.items()}
            drawn = response(rng, name, np.tile(eta, repeats), TRIALS, many).astype(float)
            error = drawn.std() / np.sqrt(len(drawn))
            if design.response.categories:
                shares = np.array([(drawn == k).mean() for k in range(1, len(BORDERS) + 2)])
                expected = mean.loc[row]["mean"].to_numpy()
                np.testing.assert_allclose(shares, expected, atol=5 * 0.5 / np.sqrt(len(drawn)))
                centre = expected @ np.arange(1, len(BORDERS) + 2)
            else:
                trials = TRIALS if design.response.trials is not None else 1
                centre = mean["mean"][row] * trials
                assert drawn.mean() == pytest.approx(centre, abs=5 * error)
            n_draws = N_CHAINS * N_DRAWS
            assert new["mean"][row] == pytest.approx(centre, abs=5 * drawn.std() / np.sqrt(n_draws))
