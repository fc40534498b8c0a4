"""Adjusted p values and interval quantiles against R's ptukey, qtukey, p.adjust, emmeans and mvtnorm, SciPy and Monte
Carlo."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_t, studentized_range
from scipy.stats import t as student

from bayesmix.numerics.multiplicity import (
    ContrastFamily,
    adjusted_p,
    critical_values,
    interval_method,
    largest_t,
    p_errors,
    p_method,
)

REFERENCES = json.loads((Path(__file__).parents[1] / "references" / "contrasts.json").read_text())
STEPS = ("holm", "hochberg", "fdr")


def family(stored) -> ContrastFamily:
    t = np.array(stored["t"])
    df = np.full(len(t), stored["df"] or np.inf, dtype=float)
    return ContrastFamily(t, df, np.array(stored["correlation"]), stored["means"], stored["means"] - 1, len(t))


@pytest.mark.parametrize("stored", REFERENCES["families"], ids=lambda one: f"{one['means']} means")
def test_methods_of_r(stored):
    one = family(stored)
    assert adjusted_p(one, "tukey") == pytest.approx(stored["tukey"], rel=1e-6)
    # R's qtukey stops at 1e-4 of the quantile.
    assert critical_values(one, "tukey", 0.9) == pytest.approx(stored["tukey_quantile"], rel=1e-5)
    for method in STEPS:
        assert adjusted_p(one, method) == pytest.approx(stored["steps"][method], rel=1e-8)
        assert interval_method(method) == "bonferroni"


@pytest.mark.parametrize(
    "stored", [one for one in REFERENCES["families"] if one["mvt"]], ids=lambda one: str(one["df"])
)
def test_the_largest_t_of_mvtnorm(stored):
    one = family(stored)
    error = p_errors(one, "mvt")
    assert np.all(error < 3e-3 * adjusted_p(one, "mvt") + 1e-12)
    assert np.all(np.abs(adjusted_p(one, "mvt") - stored["mvt"]) < 5 * error + 2e-6)


def test_the_largest_t_is_tukeys_where_the_means_vary_alike():
    k, df = 5, 11.5
    pairs = np.array([np.eye(k)[i] - np.eye(k)[j] for i in range(k) for j in range(i)])
    correlation = pairs @ pairs.T / 2
    for t in (0.7, 2.5, 9.0):
        p, error = largest_t(correlation).tail(t, df)
        exact = studentized_range.sf(np.sqrt(2) * t, k, df)
        # Far in the tail the error is relative: p is 1e-5 at 9.
        assert abs(p - exact) < 5 * error < 0.01 * exact
    assert largest_t(correlation).quantile(0.95, df, 10) == pytest.approx(
        studentized_range.ppf(0.95, k, df) / np.sqrt(2), rel=5e-4
    )


def test_the_largest_t_by_scipys_integral():
    correlation = np.array([[1, 0.5, 0.2], [0.5, 1, -0.3], [0.2, -0.3, 1]])
    integral = multivariate_t(shape=correlation, df=7, seed=1)
    box = 1 - integral.cdf(np.full(3, 2.1), lower_limit=np.full(3, -2.1), maxpts=200_000)
    p, error = largest_t(correlation).tail(2.1, 7.0)
    assert abs(p - box) < 5 * error + 5e-5  # SciPy's own error is some 2e-5 here


def test_two_contrasts_of_one_direction_are_one():
    same = ContrastFamily(np.array([2.0, -2.0]), np.full(2, 9.0), np.array([[1.0, -1.0], [-1.0, 1.0]]), 2, 1, 2)
    assert adjusted_p(same, "mvt") == pytest.approx(2 * student.sf(2, 9))


@pytest.mark.parametrize("method", ["none", "tukey", "dunnettx", "mvt", "sidak", "scheffe", "bonferroni"])
@pytest.mark.parametrize("df", [6.0, np.inf])
def test_an_interval_ends_at_0_where_p_is_1_minus_its_probability(method, df):
    one = replace(family(REFERENCES["families"][0]), df=np.full(6, df))
    at_the_end = replace(one, t=critical_values(one, method, 0.9))
    assert adjusted_p(at_the_end, method) == pytest.approx(0.1, rel=1e-5)


@pytest.mark.parametrize("method", ["tukey", "sidak", "scheffe", "holm", "fdr", "mvt"])
def test_a_contrast_that_cannot_be_estimated_counts_and_is_nan(method):
    one = family(REFERENCES["families"][0])
    t = one.t.copy()
    t[2] = np.nan
    p = adjusted_p(replace(one, t=t), method)
    assert np.isnan(p[2])
    if method == "holm":
        assert p[0] == pytest.approx(6 * 2 * student.sf(abs(t[0]), 12))
    if method == "tukey":
        assert p[[0, 1]] == pytest.approx(adjusted_p(one, "tukey")[[0, 1]])


def test_the_familywise_error_is_that_of_the_quantile():
    """Simulated means that are all equal: 10 % of experiments have a largest |t| beyond the quantile."""
    stored = REFERENCES["families"][0]
    rng = np.random.default_rng(4)
    k, df, n = stored["means"], stored["df"], 20_000
    variances = 1 / np.linspace(2, 8, k)
    means = rng.normal(size=(n, k)) * np.sqrt(variances)
    residual = np.sqrt(rng.chisquare(df, n) / df)
    first, second = np.triu_indices(k, 1)
    t = (means[:, first] - means[:, second]) / np.sqrt(variances[first] + variances[second]) / residual[:, None]
    beyond = np.mean(np.abs(t).max(axis=1) > critical_values(family(stored), "mvt", 0.9)[0])
    assert abs(beyond - 0.1) < 4 * np.sqrt(0.1 * 0.9 / n)


@pytest.mark.slow
def test_quantiles_of_many_degrees_of_freedom_are_those_of_each():
    df = np.concatenate([np.linspace(4.0, 60.0, 20), [np.inf]])
    one = ContrastFamily(np.ones(21), df, np.eye(21), 7, 6, 21)
    for place in (0, 7, 20):
        exact = studentized_range.ppf(0.95, 7, df[place]) / np.sqrt(2)
        assert critical_values(one, "tukey", 0.95)[place] == pytest.approx(exact, rel=1e-5)


def test_which_method_is_used():
    assert p_method("tukey", size=1, pairwise=True) == "none"
    assert p_method("scheffe", size=1, pairwise=False) == "scheffe"
    assert p_method("tukey", size=3, pairwise=False) == "sidak"
    assert p_method("tukey", size=3, pairwise=True) == "tukey"
