"""Posteriors with columns that depend on each other: proper priors keep them all, and say what only they know."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmix as bm
from bayesmix.errors import PriorError
from bayesmix.estimates.estimability import estimable_rows
from bayesmix.modelling.pymc_model.bambi_bridge import build_bambi_model

SETTINGS = {"seed": 3, "progress": False}
EMPTY_CELL = "y ~ f * h + x + I(2 * x)"


@pytest.fixture(scope="module")
def rows():
    """Two factors with a cell without rows, and a number."""
    rng = np.random.default_rng(8)
    cells = [("a", "u"), ("a", "v"), ("b", "u")]
    data = pd.DataFrame([cells[i % 3] for i in range(30)], columns=["f", "h"])
    data["x"] = rng.normal(4, 1.5, size=30)
    data["g"] = [f"g{i % 5}" for i in range(30)]
    group = rng.normal(size=5)[np.arange(30) % 5]
    data["y"] = 10 + 2.0 * (data["f"] == "b") + 0.5 * data["x"] + group + rng.normal(size=30)
    data["count"] = rng.poisson(np.exp(0.3 + 0.2 * data["x"]))
    return data


@pytest.fixture(scope="module")
def exact(rows):
    return bm.fit(EMPTY_CELL + " + (1 | g)", rows, **SETTINGS)


@pytest.fixture(scope="module")
def counted(rows):
    return bm.fit("count ~ f * h + x + I(2 * x)", rows, "poisson", **SETTINGS)


def draws(fit, names=("Intercept", "f", "h", "x", "I(2 * x)", "f:h")):
    """Coefficients, shape (n_draws, p); each of these terms has one."""
    return np.column_stack([fit.posterior["posterior"][name].to_numpy().reshape(-1) for name in names])


def test_the_coefficients_of_a_sigma_by_hand(rows):
    """No random term: sigma by quadrature over the dense normal of y, the coefficients given it in closed form."""
    fit = bm.fit(EMPTY_CELL, rows, **SETTINGS)
    assert fit.method == "exact"
    X, y, names = fit.design.fixed.matrix, rows["y"].to_numpy(), fit.design.fixed.names
    means = np.array([fit.priors[name].args[0] for name in names])
    variances = np.array([fit.priors[name].args[1] ** 2 for name in names])
    # The prior of the intercept is at the predictors' means.
    at_means = X - X.mean(axis=0) * (np.array(names) != "Intercept")
    half_t, centre = fit.priors["sigma"].args, at_means @ means
    cross = at_means * variances
    values, vectors = np.linalg.eigh(cross @ at_means.T)
    turned, carried = vectors.T @ (y - centre), vectors.T @ cross

    def log_density(log_sigma):
        sigma = np.exp(log_sigma)
        prior = stats.t.logpdf(sigma / half_t[1], half_t[0]) + np.log(2 / half_t[1]) + log_sigma
        return stats.norm.logpdf(turned, scale=np.sqrt(values + sigma**2)).sum() + prior

    def moments(log_sigma):
        inverse = 1 / (values + np.exp(2 * log_sigma))
        mean = means + carried.T @ (inverse * turned)
        return np.concatenate([mean, variances - np.sum(carried**2 * inverse[:, None], axis=0) + mean**2])

    grid = np.linspace(-2, 2, 401)
    heights = np.array([log_density(value) for value in grid])
    weight = np.exp(heights - heights.max())
    evidence = np.log(weight.sum() * (grid[1] - grid[0])) + heights.max()
    weight /= weight.sum()
    first, second = np.split(weight @ np.array([moments(value) for value in grid]), 2)
    found = bm.fixef(fit).drop(index="Intercept")
    others = [names.index(name) for name in found.index]
    sd = np.sqrt(second - first**2)[others]
    n = len(draws(fit))
    assert np.all(np.abs(found["mean"] - first[others]) < 4 * sd / np.sqrt(n))
    assert np.all(np.abs(found["sd"] / sd - 1) < 4 / np.sqrt(2 * n))
    intercept = draws(fit)[:, 0] + draws(fit)[:, 1:] @ X.mean(axis=0)[1:]
    expected = first[0], np.sqrt(second[0] - first[0] ** 2)
    assert abs(intercept.mean() - expected[0]) < 4 * expected[1] / np.sqrt(n)
    assert bm.log_marginal(fit).value == pytest.approx(evidence, abs=1e-3)


@pytest.mark.parametrize("which", ["exact", "counted"])
def test_what_only_the_priors_know_follows_them(which, request):
    """Along a null direction n the density of the data is the same, so that n'S^-1 beta has its prior."""
    fit = request.getfixturevalue(which)
    dependence = fit.design.fixed.dependence
    assert dependence.dependent == ("I(2 * x)", "f[b]:h[v]")
    scales = np.array([fit.priors[name].args[1] for name in dependence.names])
    beta = draws(fit)
    for null in dependence.null_space.T:
        weights = np.where(np.array(dependence.names) == "Intercept", 0.0, null / scales**2)
        values, sd = beta @ weights, np.sqrt(weights @ (scales**2 * weights))
        n_effective = bm.fixef(fit)["ess_bulk"].min()
        assert abs(values.mean()) < 4 * sd / np.sqrt(n_effective)
        assert abs(values.std() / sd - 1) < 4 / np.sqrt(n_effective)


def test_a_term_of_which_no_cell_was_seen_has_no_evidence_either_way(exact):
    assert bm.bayes_factor(exact, drop="f:h").log10_bf == pytest.approx(0, abs=1e-6)


def test_what_is_estimable_is_that_of_the_reduced_model(exact, rows):
    """Wide priors: means of the cells that were seen, and the slope, as those of the model without the columns."""
    wide = {name: "Normal(0, 1000)" for name in exact.design.fixed.names if name != "Intercept"}
    full = bm.fit(EMPTY_CELL + " + (1 | g)", rows, priors=wide, **SETTINGS)
    keep = {name: prior for name, prior in wide.items() if name not in ("I(2 * x)", "f[b]:h[v]")}
    small = bm.fit("y ~ f + h + x + (1 | g)", rows, priors=keep, **SETTINGS)
    L = np.array([[1, 0, 0, 4, 8, 0], [1, 1, 0, 4, 8, 0], [1, 0, 1, 4, 8, 0], [0, 0, 0, 1, 2, 0]])
    assert estimable_rows(full.design, L).all()
    one, other = draws(full) @ L.T, draws(small, ("Intercept", "f", "h", "x")) @ L[:, :4].T
    error = 4 * other.std(axis=0) * np.sqrt(2 / len(one))
    assert np.all(np.abs(one.mean(axis=0) - other.mean(axis=0)) < error)
    np.testing.assert_allclose(one.std(axis=0), other.std(axis=0), rtol=0.1)


def test_what_is_said(exact, rows):
    text = str(exact)
    assert "Only the priors tell I(2 * x) from x (I(2 * x) is a linear function of x); bm.reml leaves it out." in text
    assert "The data say nothing of f[b]:h[v] (never observed): its posterior is its prior." in text
    assert "decides part of f[b]:h[v]" not in text
    found = bm.diagnose(exact, sensitivity=False)
    assert list(found["check"]) == ["dependent"] * 2
    assert list(found["severity"]) == ["note"] * 2
    reasons = {"I(2 * x)": "I(2 * x) is a linear function of x", "f[b]:h[v]": "never observed"}
    assert bm.fixef(exact).attrs["not_estimable"] == bm.tidy(exact).attrs["not_estimable"] == reasons
    plain = bm.fit("y ~ f + x", rows, **SETTINGS)
    assert "not_estimable" not in bm.fixef(plain).attrs


def test_means_of_levels_are_those_of_all_columns(exact):
    """Nothing but the group is steady within its levels: the fixed part stands at the mean of all rows."""
    table = bm.shrinkage(exact, "g")
    effects = bm.ranef(exact).set_index("level")["mean"]
    expected = exact.design.fixed.matrix.mean(axis=0) @ draws(exact).mean(axis=0) + effects[table.index]
    np.testing.assert_allclose(table["mean"], expected, rtol=1e-8)


def test_reml_beside_it_has_no_number_there(exact):
    found = bm.compare_reml(exact)
    table = found.fixed
    gone = ["I(2 * x)", "f[b]:h[v]"]
    assert table.loc[gone, ["reml", "se"]].isna().all(axis=None)
    assert table["reml"].isna().sum() == 2
    # x means another thing beside I(2 * x).
    assert list(table.index[table["difference"].isna()]) == ["x", *gone]
    assert table.attrs["not_estimable"].keys() == set(gone)
    assert "run away" not in str(found).lower()


def test_default_priors_of_columns_without_spread_are_sane(rows):
    found = bm.fit("y ~ f * h + one + f:zero + zero", rows.assign(one=7.0, zero=0.0), draws=50, **SETTINGS)
    scales = {name: found.priors[name].args[1] for name in found.design.fixed.names}
    sd_y = rows["y"].std()
    assert scales["f[b]:h[v]"] == pytest.approx(2.5 * sd_y)
    assert scales["one"] == pytest.approx(2.5 * sd_y / 7)
    assert scales["zero"] == scales["f[b]:zero"] == pytest.approx(2.5 * sd_y)


@pytest.mark.parametrize(
    ("formula", "flat", "words"),
    [
        ("y ~ f * h", ["f[b]:h[v]"], r"tell nothing of f\[b\]:h\[v\] \(never observed\), and its prior is Flat\(\)"),
        ("y ~ x + I(2 * x)", ["x", "I(2 * x)"], r"do not tell x, I\(2 \* x\) apart .* their priors are Flat\(\)"),
        ("y ~ x + one", ["one"], r"tell nothing of one \(one is 3 in all 30 rows\)"),
        (["y ~ x", "sigma ~ x + I(2 * x)"], ["sigma_x", "sigma_I(2 * x)"], "do not tell sigma_x"),
    ],
)
def test_flat_priors_there_are_refused(formula, flat, words, rows):
    priors = dict.fromkeys(flat, "Flat()")
    with pytest.raises(PriorError, match=words) as caught:
        bm.fit(formula, rows.assign(one=3.0), priors=priors, **SETTINGS)
    assert "\n" not in str(caught.value)
    assert "a proper prior, such as Normal(0, 2.5), or leave its term out" in str(caught.value)


def test_a_flat_prior_that_a_proper_one_bounds_is_none_to_refuse(rows):
    fit = bm.fit("y ~ x + I(2 * x)", rows, priors={"x": "Flat()", "Intercept": "Flat()"}, **SETTINGS)
    assert np.isfinite(bm.fixef(fit)["sd"]).all()
    twice = bm.fixef(fit).loc["I(2 * x)"]
    assert twice["sd"] == pytest.approx(fit.priors["I(2 * x)"].args[1], rel=0.1)


def test_bambi_takes_a_term_of_which_every_cell_is_empty(exact, rows):
    model = build_bambi_model(exact.design, exact.family, exact.priors, for_prediction=True)
    found = model.predict(exact.posterior, data=rows.iloc[:6], inplace=False)
    mean = found["posterior"]["mu"].mean(("chain", "draw"))
    np.testing.assert_allclose(mean, bm.fitted(exact)["mean"].iloc[:6], rtol=1e-6)


def test_it_is_stored_and_read_again(exact, tmp_path):
    bm.save(exact, tmp_path / "fit.nc")
    again = bm.load(tmp_path / "fit.nc")
    pd.testing.assert_frame_equal(bm.fixef(again), bm.fixef(exact))
    assert bm.fixef(again).attrs == bm.fixef(exact).attrs


@pytest.mark.slow
@pytest.mark.parametrize("family", ["gaussian", "poisson"])
def test_all_parameters_sampled_give_the_same_posterior(exact, counted, family, rows):
    other = exact if family == "gaussian" else counted
    fit = bm.fit(other.formula, rows, family, method="joint", **SETTINGS)
    one, two = bm.fixef(fit), bm.fixef(other)
    error = np.sqrt(one["sd"] ** 2 / one["ess_bulk"] + two["sd"] ** 2 / two["ess_bulk"])
    assert (np.abs(one["mean"] - two["mean"]) < 4.5 * error).all()


@pytest.mark.slow
def test_an_ordinal_response(rows):
    marks = pd.cut(rows["y"], 3, labels=["low", "mid", "high"])
    fit = bm.fit("marks ~ f * h + x + one", rows.assign(marks=marks, one=3.0), "cumulative", **SETTINGS)
    found = bm.fixef(fit)
    assert set(found.attrs["not_estimable"]) == {"one", "f[b]:h[v]"}
    for name in found.attrs["not_estimable"]:
        sd = fit.priors[name].args[1]
        assert abs(found.loc[name, "mean"]) < 4 * sd / np.sqrt(found.loc[name, "ess_bulk"])
        assert found.loc[name, "sd"] == pytest.approx(sd, rel=0.1)
