"""Fitted values and residuals against a dense product with Z, draw by draw."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bayesmix.errors import ArgumentError
from bayesmix.formula.design import FixedEffects
from bayesmix.inference.shared import summarise
from bayesmix.inference.tables.augment import augment
from bayesmix.inference.tables.coef import coef
from bayesmix.inference.tables.fitted import fitted
from bayesmix.inference.tables.fixef import fixef
from bayesmix.inference.tables.residuals import residuals
from bayesmix.inference.tables.tidy import tidy


def dense_expectation(made_up, *, groups=True):
    """The expected response, shape (n_obs, n_draws), from one dense X and one dense Z."""
    design, draws = made_up.fit.design, made_up.draws
    eta = design.offset[:, None] + design.fixed.matrix @ np.vstack([draws["Intercept"], draws["x"], draws["f"]])
    if groups:
        slopes, intercepts, cells = design.random
        blocks = []
        for i, name in enumerate(["1|g", "x|g"]):
            blocks.append((np.eye(6)[slopes.index] * slopes.columns[:, [i]], draws[name]))
        blocks.append((np.eye(5)[intercepts.index], draws["1|h"]))
        for i in range(3):
            blocks.append((np.eye(5)[cells.index] * cells.columns[:, [i]], draws["f|h"][i]))
        z, b = np.hstack([z for z, _ in blocks]), np.vstack([b for _, b in blocks])
        eta = eta + z @ b
    inverse = {"identity": lambda v: v, "log": np.exp, "logit": lambda v: 1 / (1 + np.exp(-v))}
    return inverse[made_up.fit.family.link](eta)


def table(draws, index, prob=0.95):
    tail = 100 * (1 - prob) / 2
    lower, upper = np.percentile(draws, [tail, 100 - tail], axis=1)
    columns = {"mean": draws.mean(axis=1), "sd": draws.std(axis=1, ddof=1), "lower": lower, "upper": upper}
    return pd.DataFrame(columns, index=index)


@pytest.fixture(params=["gaussian", "binomial", "poisson"])
def made_up(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("groups", ["fitted", "typical"])
def test_fitted_is_the_dense_product(made_up, groups):
    expected = table(dense_expectation(made_up, groups=groups == "fitted"), made_up.fit.data.index, 0.8)
    pd.testing.assert_frame_equal(fitted(made_up.fit, groups=groups, prob=0.8), expected, rtol=1e-9)


def test_residuals(made_up):
    fit, mean = made_up.fit, dense_expectation(made_up)
    response, trials, weights = fit.design.response.values, fit.design.response.trials, fit.design.weights
    if fit.family.name == "gaussian":
        sd = made_up.draws["sigma"][None, :] / np.sqrt(weights[:, None])
    elif fit.family.name == "binomial":
        response = response / trials
        sd = np.sqrt(mean * (1 - mean) / trials[:, None])
    else:
        sd = np.sqrt(mean)
    raw = response[:, None] - mean
    pd.testing.assert_frame_equal(residuals(fit), table(raw, fit.data.index), rtol=1e-9)
    pd.testing.assert_frame_equal(residuals(fit, kind="pearson"), table(raw / sd, fit.data.index), rtol=1e-9)


def test_augment(made_up):
    frame, fit = augment(made_up.fit), made_up.fit
    assert list(frame.columns) == [*fit.data.columns, ".fitted", ".resid", ".fixed", ".lower", ".upper"]
    pd.testing.assert_frame_equal(frame[list(fit.data.columns)], fit.data)
    np.testing.assert_allclose(frame[".fitted"], dense_expectation(made_up).mean(axis=1))
    np.testing.assert_allclose(frame[".fixed"], dense_expectation(made_up, groups=False).mean(axis=1))
    np.testing.assert_allclose(frame[".resid"], residuals(fit)["mean"], atol=1e-12)
    np.testing.assert_allclose(frame[".upper"], fitted(fit)["upper"])
    assert ".fitted" not in fit.data.columns


@pytest.mark.parametrize("rows", [1, 7, 59])
def test_rows_in_parts_give_the_same(made_up, monkeypatch, rows):
    whole = fitted(made_up.fit), residuals(made_up.fit, kind="pearson")
    monkeypatch.setattr(summarise, "VALUES_AT_ONCE", 4000 * rows)
    for one, other in zip(whole, (fitted(made_up.fit), residuals(made_up.fit, kind="pearson")), strict=True):
        pd.testing.assert_frame_equal(one, other, rtol=1e-12)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(gaussian):
    """12,000 rows x 4,000 draws are 384 MB; 200 MB is the bound whatever the rows."""
    design = gaussian.fit.design
    many = np.tile(np.arange(design.n_obs), 200)
    tiled = replace(
        design,
        response=replace(design.response, values=design.response.values[many]),
        fixed=replace(design.fixed, matrix=design.fixed.matrix[many]),
        random=tuple(replace(t, index=t.index[many], columns=t.columns[many]) for t in design.random),
        offset=design.offset[many],
        weights=None,
        data=design.data.iloc[many].reset_index(drop=True),
    )
    tracemalloc.start()
    frame = fitted(replace(gaussian.fit, design=tiled))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(frame) == 12_000
    assert peak < 200e6


@pytest.mark.parametrize(
    ("question", "arguments", "words"),
    [
        (fitted, {"groups": "new"}, "groups='new' is not known. Known: fitted, typical"),
        (residuals, {"kind": "deviance"}, "Known: response, pearson"),
        (augment, {"prob": 0}, "between 0 and 1; got 0"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(gaussian, question, arguments, words):
    with pytest.raises(ArgumentError, match=words):
        question(gaussian.fit, **arguments)


def test_rows_in_which_nothing_was_tried_have_no_residual(make, binomial):
    """nan without a warning, and the other rows as they were."""
    response = binomial.fit.design.response
    none = np.arange(len(response.values)) % 7 == 0
    emptied = replace(response, values=np.where(none, 0, response.values), trials=np.where(none, 0, response.trials))
    fit = make(binomial.fit.family, replace(binomial.fit.design, response=emptied)).fit
    for kind in ("response", "pearson"):
        expected = residuals(binomial.fit, kind=kind).where(np.repeat(~none[:, None], 4, axis=1))
        pd.testing.assert_frame_equal(residuals(fit, kind=kind), expected)
    assert augment(fit)[".resid"].isna().tolist() == none.tolist()
    assert augment(fit)[".fitted"].notna().all()


def test_no_fixed_coefficients(make, design, gaussian):
    bare = replace(design, fixed=FixedEffects(np.empty((60, 0)), (), ()), offset=np.zeros(60), random=design.random[:1])
    fit = make(gaussian.fit.family, bare).fit
    term, draws = bare.random[0], gaussian.draws
    own = draws["1|g"][term.index] + term.columns[:, [1]] * draws["x|g"][term.index]
    np.testing.assert_allclose(fitted(fit)["mean"], own.mean(axis=1))
    np.testing.assert_allclose(residuals(fit)["mean"], bare.response.values - own.mean(axis=1))
    assert (augment(fit)[".fixed"] == 0).all()
    assert fixef(fit).empty
    effects = coef(fit)
    np.testing.assert_allclose(effects.loc[effects["term"] == "x", "mean"], draws["x|g"].mean(axis=1))
    assert set(tidy(fit)["effect"]) == {"ran_pars"}
