"""Replicates, their statistics, overdispersion and quantile residuals: what they say of right and of wrong models."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bayesmix.data.catalogue import load_data
from bayesmix.errors import ArgumentError, UnknownColumnError
from bayesmix.estimates.laplace.laplace import laplace
from bayesmix.inference.prediction.log_likelihood import log_likelihood
from bayesmix.inference.prediction.overdispersion import overdispersion
from bayesmix.inference.prediction.posterior_predict import posterior_predict
from bayesmix.inference.prediction.ppc import ppc
from bayesmix.inference.shared.expectation import expected_response
from bayesmix.inference.tables.fitted import fitted
from bayesmix.inference.tables.residuals import residuals
from bayesmix.modelling.fit import fit
from bayesmix.numerics.predictive_statistics import RowMoments, pearson_ratio, rootogram

SHORT = {"draws": 300, "chains": 2, "seed": 1, "progress": False}
N_GROUPS, PER_GROUP = 30, 20


def counts(kind):
    """Poisson counts of 30 groups, as they should be, with extra zeros, or with a gamma factor a row."""
    rng = np.random.default_rng(4)
    g = np.repeat(np.arange(N_GROUPS), PER_GROUP)
    x = rng.normal(size=len(g))
    mean = np.exp(1 + 0.3 * x + 0.5 * rng.normal(size=N_GROUPS)[g])
    if kind == "overdispersed":
        mean = mean * rng.gamma(2, 0.5, size=len(g))
    y = rng.poisson(mean)
    if kind == "zeros":
        y[rng.uniform(size=len(g)) < 0.2] = 0
    return pd.DataFrame({"y": y, "x": x, "g": g.astype(str)})


@pytest.fixture(scope="module")
def poisson_fits():
    """Poisson fits to all three."""
    return {
        kind: fit("y ~ x + (1 | g)", counts(kind), "poisson", **SHORT) for kind in ("right", "zeros", "overdispersed")
    }


# --- simulated responses ----------------------------------------------------------------------------------


def test_replicates_are_drawn_about_the_expectation_of_their_row(gaussian, binomial, poisson):
    for made in (gaussian, binomial, poisson):
        simulated, trials = posterior_predict(made.fit, seed=3), made.fit.design.response.trials
        assert simulated.dims == ("draw", "row")
        assert list(simulated["row"].to_numpy()) == list(made.fit.data.index)
        values = simulated.to_numpy() if trials is None else simulated.to_numpy() / trials
        expected = fitted(made.fit)["mean"].to_numpy()
        error = values.std(axis=0) / np.sqrt(len(values))
        assert (np.abs(values.mean(axis=0) - expected) < 5 * error).all()
    assert (values == values.round()).all()


def test_log_densities_stand_by_chain_draw_and_row(poisson):
    found, made = log_likelihood(poisson.fit), poisson.fit
    assert found.dims == ("chain", "draw", "row")
    mean = expected_response(made, groups="fitted")(slice(0, 60)).reshape(60, 4, 1000)
    expected = stats.poisson.logpmf(made.design.response.values[17], mean[17, 2, 345])
    np.testing.assert_allclose(found.sel(row=made.data.index[17], chain=2, draw=345), expected)


def test_new_levels_vary_as_their_group_does_and_are_alike_within_a_level():
    rng = np.random.default_rng(2)
    g = np.repeat(np.arange(40), 5)
    data = pd.DataFrame({"y": 3 * rng.normal(size=40)[g] + rng.normal(size=200), "g": g.astype(str)})
    made = fit("y ~ 1 + (1 | g)", data, **SHORT)
    by_group = posterior_predict(made, groups="new", seed=5).to_numpy().reshape(-1, 40, 5)
    draws = made.posterior["posterior"]
    sd, sigma = (draws[name].to_numpy().ravel() for name in ("sd_g__Intercept", "sigma"))
    within = by_group.var(axis=2, ddof=1).mean(axis=1)
    between = by_group.mean(axis=2).var(axis=1, ddof=1)
    # Of 40 groups of 5 the relative errors of a variance are 0.11 and 0.23 in a draw, 600 draws together.
    np.testing.assert_allclose(within.mean(), (sigma**2).mean(), rtol=0.03)
    np.testing.assert_allclose(between.mean(), (sd**2 + sigma**2 / 5).mean(), rtol=0.05)
    fitted_again = posterior_predict(made, seed=5).to_numpy().mean(axis=0).reshape(40, 5).mean(axis=1)
    assert np.corrcoef(fitted_again, data.groupby("g", sort=False)["y"].mean())[0, 1] > 0.99
    assert abs(np.corrcoef(by_group.mean(axis=(0, 2)), fitted_again)[0, 1]) < 0.5


def test_correlated_new_effects_have_the_covariance_of_each_draw():
    made = fit("Reaction ~ Days + (Days | Subject)", load_data("sleepstudy"), **SHORT)
    values = posterior_predict(made, groups="new", seed=6).to_numpy().reshape(-1, 18, 10)
    draws = made.posterior["posterior"]
    a, b, corr, sigma = (
        draws[name].to_numpy().ravel()
        for name in ("sd_Subject__Intercept", "sd_Subject__Days", "corr_Subject", "sigma")
    )
    expected = a**2 + 81 * b**2 + 18 * corr * a * b + sigma**2  # of day 9
    np.testing.assert_allclose(values[:, :, 9].var(axis=1, ddof=1).mean(), expected.mean(), rtol=0.06)


def test_the_same_seed_gives_the_same_data(gaussian):
    first, again, other = (posterior_predict(gaussian.fit, draws=50, seed=seed) for seed in (1, 1, 2))
    assert first.identical(again)
    assert not np.allclose(first, other)
    assert first.sizes["draw"] == 50


# --- statistics -------------------------------------------------------------------------------------------


def test_statistics_are_those_of_the_replicates(poisson_fits):
    made = poisson_fits["right"]
    table = ppc(made, draws=600, seed=9)
    simulated = posterior_predict(made, seed=9).to_numpy()
    observed = made.design.response.values
    assert list(table.index) == ["mean", "sd", "zeros", "max", "dispersion", "pearson"]
    zeros = (simulated == 0).mean(axis=1)
    row = table.loc["zeros"]
    np.testing.assert_allclose(row["observed"], (observed == 0).mean())
    np.testing.assert_allclose(
        row[["mean", "lower", "upper"]].astype(float), [zeros.mean(), *np.quantile(zeros, (0.025, 0.975))]
    )
    share = (zeros > row["observed"]).mean() + 0.5 * (zeros == row["observed"]).mean()
    np.testing.assert_allclose(row["p"], share)
    np.testing.assert_allclose(table.loc["dispersion", "observed"], observed.var(ddof=1) / observed.mean())


def test_a_right_model_is_not_flagged_and_extra_zeros_are(poisson_fits):
    right, zeros = (ppc(poisson_fits[kind])["p"] for kind in ("right", "zeros"))
    assert right.between(0.02, 0.98).all()
    assert zeros["zeros"] < 0.001
    assert zeros["pearson"] < 0.001


def test_overdispersion_is_found_where_it_is(poisson_fits):
    found = {kind: overdispersion(made).iloc[0] for kind, made in poisson_fits.items()}
    assert 0.9 < found["right"]["ratio"] < 1.15
    assert found["right"]["p"] > 0.05
    assert "No clear sign" in found["right"]["advice"]
    assert found["overdispersed"]["ratio"] > 1.5
    assert found["overdispersed"]["p"] < 0.001
    assert "negative_binomial" in found["overdispersed"]["advice"]


def test_pearson_ratio_of_a_certain_row():
    moments = RowMoments(np.array([[1.0], [0.5]]), np.array([[0.0], [0.25]]))
    np.testing.assert_allclose(pearson_ratio(np.array([[1.0], [1.0]]), moments), [0.5])
    assert pearson_ratio(np.array([[0.0], [1.0]]), moments)[0] == np.inf


@pytest.mark.slow
def test_p_values_of_a_right_model_are_seldom_extreme():
    rng, found = np.random.default_rng(12), []
    for seed in range(60):
        g, x = np.repeat(np.arange(12), 6), rng.normal(size=72)
        y = 1 + x + rng.normal(size=12)[g] + rng.normal(size=72)
        made = fit("y ~ x + (1 | g)", pd.DataFrame({"y": y, "x": x, "g": g.astype(str)}), **SHORT | {"seed": seed})
        found.append(ppc(made, ["min", "max"], draws=600)["p"])
    p = np.array(found)
    # Under the model a p value lies as often in a tail as its share says, or less often.
    assert (np.minimum(p, 1 - p) < 0.05).mean() < 0.10 + 4 * np.sqrt(0.1 * 0.9 / p.size)
    assert 0.4 < p.mean() < 0.6


def test_statistics_by_a_column_are_those_of_its_rows(poisson_fits):
    made = poisson_fits["right"]
    table = ppc(made, "mean", by="g")
    means = made.data.groupby("g")["y"].mean()
    np.testing.assert_allclose(table.xs("mean", level="statistic")["observed"], means.loc[table.index.levels[0]])


def test_statistics_of_ones_own(poisson_fits):
    table = ppc(poisson_fits["right"], {"odd": lambda y: (y % 2).mean()})
    np.testing.assert_allclose(table.loc["odd", "observed"], (counts("right")["y"] % 2).mean())
    assert 0.02 < table.loc["odd", "p"] < 0.98


def test_proportions_at_the_ends(binomial):
    table = ppc(binomial.fit)
    response = binomial.fit.design.response
    np.testing.assert_allclose(table.loc["zero_percent", "observed"], (response.values == 0).mean())
    np.testing.assert_allclose(table.loc["hundred_percent", "observed"], (response.values == response.trials).mean())


def test_rootogram_by_hand():
    values = np.array([0.0, 0, 1, 3, 5])
    replicates = np.array([[0.0, 2], [1, 2], [1, 2], [4, 0], [9, 0]])
    observed, replicated = rootogram(values, replicates, largest=3)
    np.testing.assert_array_equal(observed, [2, 1, 0, 2])
    np.testing.assert_array_equal(replicated, [[1, 2], [2, 0], [0, 3], [2, 0]])


# --- quantile residuals -----------------------------------------------------------------------------------


def test_quantile_residuals_of_a_gaussian_are_its_pearson_residuals(gaussian):
    pd.testing.assert_frame_equal(residuals(gaussian.fit, kind="quantile"), residuals(gaussian.fit, kind="pearson"))


def test_quantile_residuals_are_normal_under_the_right_model_alone(poisson_fits):
    p = {
        kind: stats.kstest(residuals(made, kind="quantile", seed=2)["mean"], "norm").pvalue
        for kind, made in poisson_fits.items()
    }
    assert p["right"] > 0.05
    assert p["zeros"] < 1e-4
    assert p["overdispersed"] < 1e-4


def test_quantile_residuals_at_the_estimates_of_a_laplace_fit(poisson_fits):
    data = counts("right")
    found = residuals(laplace("y ~ x + (1 | g)", data, "poisson"), kind="quantile", seed=2)["estimate"]
    draws = residuals(poisson_fits["right"], kind="quantile", seed=2)["mean"]
    np.testing.assert_allclose(found, draws, atol=0.25)
    assert stats.kstest(found, "norm").pvalue > 0.05


# --- what is refused --------------------------------------------------------------------------------------


def test_what_cannot_be_asked_is_refused(gaussian, poisson):
    for ask, error, words in (
        (lambda: ppc(gaussian.fit, "zeros"), ArgumentError, "does not suit"),
        (lambda: ppc(poisson.fit, "zeroes"), ArgumentError, "Did you mean 'zeros'"),
        (lambda: ppc(poisson.fit, "pearson", groups="new"), ArgumentError, "does not suit"),
        (lambda: ppc(poisson.fit, by="z"), UnknownColumnError, "no column"),
        (lambda: ppc(poisson.fit, {"two": lambda y: y[:2]}), ArgumentError, "must give one"),
        (lambda: overdispersion(gaussian.fit), ArgumentError, "counts and proportions"),
        (lambda: posterior_predict(poisson.fit, draws=0), ArgumentError, "at least 1"),
        (lambda: posterior_predict(poisson.fit, groups="all"), ArgumentError, "Known: fitted, typical, new"),
        (lambda: posterior_predict(laplace("y ~ x + (1 | g)", counts("right"), "poisson")), ArgumentError, "no draws"),
    ):
        with pytest.raises(error, match=words):
            ask()
