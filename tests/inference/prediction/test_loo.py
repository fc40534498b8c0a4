"""Leave-one-out and leave-one-group-out against refits: posteriors integrated on a grid with dense normals."""

import warnings

import arviz_stats
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats
from scipy.optimize import minimize
from scipy.special import expit, logsumexp

from bayesmix.data.catalogue import load_data
from bayesmix.errors import ArgumentError, UnknownTermError
from bayesmix.inference.prediction.compare import compare
from bayesmix.inference.prediction.held_out_groups import group_log_likelihoods, levels_of, rows_by_level
from bayesmix.inference.prediction.log_likelihood import log_likelihood
from bayesmix.inference.prediction.loo import loo
from bayesmix.inference.prediction.psis import psis, variance_of
from bayesmix.inference.shared.draws import auxiliary, fixed, joined, standard_deviations
from bayesmix.modelling.exact.left_out import left_out
from bayesmix.modelling.fit import fit
from bayesmix.priors.density import log_prior_density

SHORT = {"seed": 1, "progress": False}
N_GROUPS, PER_GROUP = 7, 4


def small_data(outlier=False):
    rng = np.random.default_rng(3)
    g, x = np.repeat(np.arange(N_GROUPS), PER_GROUP), rng.normal(size=N_GROUPS * PER_GROUP)
    y = 2 + x + rng.normal(size=N_GROUPS)[g] + 0.7 * rng.normal(size=len(g))
    if outlier:
        y[5] += 8
    return pd.DataFrame({"y": y, "x": x, "g": g.astype(str)})


def normal_log_densities(residual, covariances):
    """The log density of `residual` (n,) under each of `covariances` (n_points, n, n)."""
    root = np.linalg.cholesky(covariances)
    z = np.linalg.solve(root, residual[:, None])[..., 0]
    log_determinants = 2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    return -0.5 * ((z**2).sum(axis=1) + log_determinants + len(residual) * np.log(2 * np.pi))


def log_evidence(made, rows):
    """log p(y of `rows`) with the priors of `made`: coefficients in closed form, (sd, sigma) on a grid."""
    X, y = made.design.fixed.matrix, made.design.response.values
    (m0, s0), (m1, s1) = (made.priors[name].args for name in ("Intercept", "x"))
    at_means = np.array([[1.0, -X[:, 1].mean()], [0.0, 1.0]])
    mean, cov = X @ at_means @ [m0, m1], X @ at_means @ np.diag([s0**2, s1**2]) @ at_means.T @ X.T
    names = [name for name in ("sd_g__Intercept", "sigma") if name in made.priors]
    grids = [np.linspace(-7, 4, 45) if name != "sigma" else np.linspace(-2.0, 2.5, 60) for name in names]
    same = np.equal.outer(made.data["g"].to_numpy(), made.data["g"].to_numpy()).astype(float)
    points = np.stack(np.meshgrid(*grids, indexing="ij"), axis=-1).reshape(-1, len(names))
    values = dict(zip(names, np.exp(points.T), strict=True))
    prior = sum(log_prior_density(made.priors[name], values[name]) for name in names) + points.sum(axis=1)
    parts = [(1.0, cov), (values.get("sd_g__Intercept", 0.0) ** 2, same), (values["sigma"] ** 2, np.eye(len(y)))]
    full = sum(np.reshape(size, (-1, 1, 1)) * part[np.ix_(rows, rows)] for size, part in parts)
    total = prior + normal_log_densities(y[rows] - mean[rows], full)
    return logsumexp(total) + sum(np.log(grid[1] - grid[0]) for grid in grids)


def by_refitting(made, parts):
    """log p(y of a part | all other rows), from evidences."""
    everything = np.ones(made.design.n_obs, dtype=bool)
    whole = log_evidence(made, everything)
    return np.array([whole - log_evidence(made, ~part) for part in parts])


@pytest.fixture(scope="module")
def mixed():
    return fit("y ~ x + (1 | g)", small_data(), **SHORT)


@pytest.fixture(scope="module")
def rows_of_mixed(mixed):
    return loo(mixed)


@pytest.fixture(scope="module")
def groups_of_mixed(mixed):
    return loo(mixed, by="g")


@pytest.fixture(scope="module")
def cbpp():
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    return fit(formula, load_data("cbpp"), "binomial", draws=500, chains=2, **SHORT)


@pytest.fixture(scope="module")
def rows_of_cbpp(cbpp):
    return loo(cbpp)


@pytest.fixture(scope="module")
def sleepstudy():
    return fit("Reaction ~ Days + (Days | Subject)", load_data("sleepstudy"), **SHORT)


@pytest.fixture(scope="module")
def rows_of_sleepstudy(sleepstudy):
    return loo(sleepstudy)


# --- rows -------------------------------------------------------------------------------------------------


def test_rows_of_a_linear_model_against_refits():
    made = fit("y ~ x", small_data(), **SHORT)
    found = loo(made)
    expected = by_refitting(made, np.eye(28, dtype=bool))
    errors = np.abs(found.pointwise["elpd"].to_numpy() - expected)
    good = found.pointwise["pareto_k"].to_numpy() < 0.4
    assert good.sum() > 20
    assert errors[good].max() < 0.05
    assert errors.max() < 0.25
    np.testing.assert_allclose(found.elpd, expected.sum(), atol=0.3)
    np.testing.assert_allclose(found.se, np.sqrt(28 * expected.var()), rtol=0.05)
    assert 1.5 < found.p < 5  # two coefficients and sigma


def test_rows_of_a_mixed_model_against_refits(mixed, rows_of_mixed):
    expected = by_refitting(mixed, np.eye(28, dtype=bool)[::4])
    found = rows_of_mixed.pointwise[::4]
    assert {"psis", "exact"} <= set(found["method"])
    assert (np.abs(found["elpd"] - expected) < 4 * found["mcse"] + 0.005).all()
    assert (found["mcse"] < 0.05).all()


@pytest.mark.slow
def test_a_row_whose_weights_cannot_be_trusted_is_taken_out_in_closed_form():
    made = fit("y ~ x + (1 | g)", small_data(outlier=True), **SHORT)
    found = loo(made)
    assert found.unreliable.empty
    mended = found.pointwise[found.pointwise["method"] != "psis"]
    assert 5 in mended.index
    parts = np.array([found.pointwise.index == label for label in mended.index])
    assert mended.loc[5, "method"] == "marginal"
    np.testing.assert_allclose(mended["elpd"], by_refitting(made, parts), atol=0.1)


def test_weights_are_those_of_arviz(sleepstudy, rows_of_sleepstudy):
    tree = xr.DataTree.from_dict(
        {
            "posterior": sleepstudy.posterior["posterior"].to_dataset(),
            "log_likelihood": log_likelihood(sleepstudy).to_dataset(),
        }
    )
    found = rows_of_sleepstudy
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = arviz_stats.loo(tree, pointwise=True, reff=1.0)
    same = (found.pointwise["method"] == "psis").to_numpy()
    assert same.sum() > 100
    np.testing.assert_allclose(found.pointwise["elpd"][same], expected.elpd_i[same], atol=0.01)
    np.testing.assert_allclose(found.pointwise["pareto_k"][same], expected.pareto_k[same], atol=0.1)


def test_rows_of_counts_are_mended_by_integrating_the_effects_of_their_level(rows_of_cbpp):
    found = rows_of_cbpp
    mended = found.pointwise[found.pointwise["method"] == "quadrature"]
    assert not mended.empty
    assert (mended["pareto_k"] < 0.7).all()


def herd_log_likelihoods(y, n, eta, sd):
    """log p of the herd's rows, its effect on a fine grid, and of all but each; eta (n_nodes, n_rows)."""
    u, step = np.linspace(-6.5, 6.5, 57, retstep=True)
    at = eta[:, :, None] + sd * u
    rows = y[:, None] * at - n[:, None] * np.logaddexp(0, at) + stats.binom(n, 0.5).logpmf(y)[:, None]
    rows += (n * np.log(2))[:, None]
    weights, together = stats.norm.logpdf(u) + np.log(step), rows.sum(axis=1)
    return logsumexp(together + weights, axis=1), logsumexp(together[:, None] - rows + weights, axis=2)


def exact_rows(made):
    """log p(y_i | all other rows) of cbpp: the sd by Gauss and Legendre, given it the coefficients on a grid about
    their mode, each herd's effect on a grid."""
    X, y, n = made.design.fixed.matrix.copy(), made.design.response.values, made.design.response.trials
    X[:, 1:] -= X[:, 1:].mean(axis=0)
    herds = [np.flatnonzero(made.design.random[0].index == herd) for herd in range(15)]
    prior_sd = np.array([made.priors[name].args[1] for name in made.design.fixed.names])
    grid = np.arange(-5, 6) * 1.2
    nodes = np.stack(np.meshgrid(*[grid] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    nodes = nodes[(nodes**2).sum(axis=1) < 36]

    def log_posterior(beta, sd):
        whole, without = stats.norm(0, prior_sd).logpdf(beta).sum(axis=1), np.empty((len(beta), len(y)))
        for rows in herds:
            together, others = herd_log_likelihoods(y[rows], n[rows], beta @ X[rows].T, sd)
            whole += together
            without[:, rows] = others - together[:, None]
        return whole, without

    def curvature(beta, sd, step=1e-3):
        e = np.eye(4) * step
        points = np.array([beta + a * one + b * two for one in e for two in e for a in (1, -1) for b in (1, -1)])
        at = log_posterior(points, sd)[0].reshape(4, 4, 4)
        return -(at[..., 0] - at[..., 1] - at[..., 2] + at[..., 3]) / (4 * step**2)

    total, dropped, mode = [], [], np.array([-2.3, -1.0, -1.1, -1.5])
    for node, weight in zip(*np.polynomial.legendre.leggauss(24), strict=True):
        sd = 2 * (node + 1)
        mode = minimize(lambda beta, sd=sd: -log_posterior(beta[None], sd)[0][0], mode, method="BFGS").x
        spread = np.linalg.cholesky(np.linalg.inv(curvature(mode, sd)))
        whole, without = log_posterior(mode + nodes @ spread.T, sd)
        prior = stats.halfnorm(0, made.priors["sd_herd__Intercept"].args[0]).logpdf(sd)
        total.append(whole + np.log(weight * np.linalg.det(spread)) + prior)
        dropped.append(without)
    total, dropped = np.concatenate(total), np.concatenate(dropped)
    return logsumexp(total) - logsumexp(total[:, None] + dropped, axis=0)


# By `exact_rows` with twice as many nodes, beyond 8 standard deviations.
CBPP_TOTAL = -100.7755
CBPP_ROWS = {0: -3.1543, 2: -5.3092, 15: -3.2191, 23: -3.0206, 36: -6.9981, 37: -4.5067, 48: -5.8626}


def test_rows_of_counts_are_those_of_quadrature_within_the_stated_error():
    made = fit("cbind(incidence, size - incidence) ~ period + (1 | herd)", load_data("cbpp"), "binomial", **SHORT)
    found = loo(made)
    assert found.unreliable.empty
    assert abs(found.elpd - CBPP_TOTAL) < 3 * found.mcse < 0.4
    assert "Monte Carlo error 0.09" in str(found)
    rows = found.pointwise.iloc[list(CBPP_ROWS)]
    assert (rows["method"] == "quadrature").all()
    assert (np.abs(rows["elpd"] - list(CBPP_ROWS.values())) < 4 * rows["mcse"]).all()


@pytest.mark.slow
def test_eight_seeds_of_cbpp_scatter_about_quadrature_as_stated():
    z = []
    for seed in range(1, 9):
        formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
        made = fit(formula, load_data("cbpp"), "binomial", seed=seed, progress=False)
        found = loo(made)
        z.append((found.elpd - CBPP_TOTAL) / found.mcse)
    exact = exact_rows(made)
    np.testing.assert_allclose(exact.sum(), CBPP_TOTAL, atol=0.02)
    np.testing.assert_allclose(exact[list(CBPP_ROWS)], list(CBPP_ROWS.values()), atol=0.003)
    assert abs(np.mean(z)) < 2.5 / np.sqrt(8)
    assert 0.4 < np.std(z, ddof=1) < 1.7


def test_p_is_what_a_row_loses_when_it_is_left_out_also_of_rows_that_are_mended(cbpp, rows_of_cbpp):
    outlier = fit("y ~ x + (1 | g)", small_data(outlier=True), **SHORT)
    for made, rows in ((outlier, loo(outlier)), (cbpp, rows_of_cbpp)):
        found = rows.pointwise
        in_sample = logsumexp(log_likelihood(made).to_numpy(), axis=(0, 1)) - np.log(made.diagnostics.n_total)
        np.testing.assert_allclose(found["p"], in_sample - found["elpd"])
        assert (found.loc[found["method"] != "psis", "p"] > 0).all()
    assert found["p"].to_numpy()[48] > 1  # 11 of 19, whose herd would have been taken for another one


@pytest.mark.slow
def test_the_error_of_a_sum_is_the_scatter_over_other_draws():
    made = fit("y ~ x + (1 | g)", small_data(), seed=1, progress=False, draws=4000)
    draws = log_likelihood(made).to_numpy().reshape(-1, 28).T
    parts = [psis(np.ascontiguousarray(draws[:, first::32]), 1.0) for first in range(32)]
    sums = np.array([part.elpd.sum() for part in parts])
    stated = np.array([np.sqrt(variance_of(part.influence.sum(axis=0))) for part in parts])
    assert 0.6 < sums.std(ddof=1) / stated.mean() < 1.5
    singles = np.stack([part.elpd for part in parts]).std(axis=0, ddof=1)
    assert 0.6 < np.median(singles / np.stack([part.mcse for part in parts]).mean(axis=0)) < 1.5
    assert loo(made).mcse < stated.mean() / 4  # 32 times the draws


# --- groups -----------------------------------------------------------------------------------------------


def test_groups_against_refits(mixed, groups_of_mixed):
    index, levels = levels_of(mixed, "g")
    expected = by_refitting(mixed, [index == level for level in range(N_GROUPS)])
    exact = groups_of_mixed
    assert (exact.pointwise["method"] != "quadrature").all()
    np.testing.assert_allclose(exact.pointwise["elpd"], expected, atol=0.05)
    assert abs(exact.elpd - expected.sum()) < 3 * exact.mcse < 0.3
    draws = np.arange(4000)
    of_rows = group_log_likelihoods(mixed, index, draws)
    found = psis(np.stack([of_rows(rows) for rows in rows_by_level(index, len(levels))]), 1.0)
    good = found.pareto_k < 0.5  # above, weights are worth fewer draws
    assert good.sum() >= 4
    np.testing.assert_allclose(found.elpd[good], expected[good], atol=0.15)


def test_what_is_left_out_has_the_density_of_a_dense_normal(sleepstudy):
    rows = (sleepstudy.data["Subject"].astype(str) == "332").to_numpy().copy()
    rows[100] = True
    positions = np.array([0, 900, 3999])
    found = left_out(sleepstudy, positions).log_density(rows)
    X, y = sleepstudy.design.fixed.matrix, sleepstudy.design.response.values
    same = np.equal.outer(sleepstudy.design.random[0].index, sleepstudy.design.random[0].index)
    at_means = np.array([[1.0, -X[:, 1].mean()], [0.0, 1.0]])
    (m0, s0), (m1, s1) = (sleepstudy.priors[name].args for name in ("Intercept", "Days"))
    root = X @ at_means @ np.diag([s0, s1])
    draws = sleepstudy.posterior["posterior"]
    for position, value in zip(positions, found, strict=True):
        a, b, corr, sigma = (
            draws[name].to_numpy().ravel()[position]
            for name in ("sd_Subject__Intercept", "sd_Subject__Days", "corr_Subject", "sigma")
        )
        of_group = np.array([[a**2, corr * a * b], [corr * a * b, b**2]])
        full = root @ root.T + X @ of_group @ X.T * same + sigma**2 * np.eye(len(y))
        mean = X @ at_means @ [m0, m1]
        kept = ~rows
        expected = stats.multivariate_normal(mean, full).logpdf(y) - stats.multivariate_normal(
            mean[kept], full[np.ix_(kept, kept)]
        ).logpdf(y[kept])
        np.testing.assert_allclose(value, expected, rtol=1e-7)


def test_what_is_nested_in_a_group_is_left_out_with_it():
    made = fit("strength ~ 1 + (1 | batch) + (1 | batch:cask)", load_data("Pastes"), draws=200, chains=2, **SHORT)
    index, levels = levels_of(made, "batch")
    rows = rows_by_level(index, len(levels))[3]
    positions = np.array([0, 150, 399])
    found = group_log_likelihoods(made, index, positions)(rows)
    cask = next(term for term in made.design.random if term.group == "batch:cask")
    batch = next(term for term in made.design.random if term.group == "batch")
    same = np.equal.outer(cask.index[rows], cask.index[rows])
    y = made.design.response.values[rows]
    for number, position in enumerate(positions):
        of_batch, of_cask = (joined(standard_deviations(made, term))[0, position] for term in (batch, cask))
        sigma, mean = auxiliary(made, "sigma").ravel()[position], joined(fixed(made))[0, position]
        cov = of_batch**2 + of_cask**2 * same + sigma**2 * np.eye(len(rows))
        np.testing.assert_allclose(
            found[number], stats.multivariate_normal(np.full(len(rows), mean), cov).logpdf(y), atol=1e-4
        )


def test_groups_of_counts_have_their_effects_integrated_out(cbpp):
    index, levels = levels_of(cbpp, "herd")
    positions = np.array([3, 500, 999])
    of_rows = group_log_likelihoods(cbpp, index, positions)
    u, step = np.linspace(-10, 10, 4001, retstep=True)
    response = cbpp.design.response
    for rows in rows_by_level(index, len(levels))[:4]:
        found = of_rows(rows)
        for number, position in enumerate(positions):
            eta = cbpp.design.fixed.matrix[rows] @ joined(fixed(cbpp))[:, position]
            sd = joined(standard_deviations(cbpp, cbpp.design.random[0]))[0, position]
            at = stats.binom.logpmf(
                response.values[rows, None], response.trials[rows, None], expit(eta[:, None] + sd * u)
            )
            expected = logsumexp(at.sum(axis=0) + stats.norm.logpdf(u)) + np.log(step)
            np.testing.assert_allclose(found[number], expected, atol=1e-5)
    assert loo(cbpp, by="herd").pointwise["n_rows"].sum() == 56


def test_a_column_that_is_no_group_of_the_model_can_be_left_out(sleepstudy):
    found = loo(sleepstudy, by="Days", draws=500)
    assert list(found.pointwise.index) == list(range(10))
    assert (found.pointwise["n_rows"] == 18).all()


# --- comparison -------------------------------------------------------------------------------------------


def test_models_are_ordered_and_their_differences_are_those_of_the_parts(sleepstudy, rows_of_sleepstudy, mixed):
    other = fit("Reaction ~ Days + (1 | Subject)", load_data("sleepstudy"), **SHORT)
    for one, by in ((rows_of_sleepstudy, None), (loo(sleepstudy, by="Subject"), "Subject")):
        two = loo(other, by=by)
        table = compare({"slopes": one, "intercepts": two})
        assert list(table.index) == ["slopes", "intercepts"]
        differences = two.pointwise["elpd"] - one.pointwise["elpd"]
        np.testing.assert_allclose(table.loc["intercepts", "elpd_diff"], differences.sum())
        expected = np.sqrt(len(differences) * differences.var(ddof=0))
        np.testing.assert_allclose(table.loc["intercepts", "se_diff"], expected)
        np.testing.assert_allclose(table["mcse_diff"], [0, np.sqrt(one.mcse**2 + two.mcse**2)])
        np.testing.assert_allclose(table["elpd"], [one.elpd, two.elpd])
        assert table.loc["slopes", "weight"] > 0.8
    swapped = compare(fit("y ~ 1", small_data(), **SHORT), mixed)
    assert swapped.index[0] == mixed.formula
    assert swapped["rank"].tolist() == [1, 2]


def test_groups_of_many_rows_have_weights_without_underflow():
    rng = np.random.default_rng(8)
    g, x = np.repeat(np.arange(6), 400), rng.normal(size=2400)
    data = pd.DataFrame({"y": 5 * rng.normal(size=6)[g] + x + rng.normal(size=2400) * 20, "x": x, "g": g.astype(str)})
    fits = {f: fit(f, data, draws=200, chains=2, **SHORT) for f in ("y ~ x + (1 | g)", "y ~ 1 + (1 | g)")}
    table = compare(fits, by="g")
    assert table["elpd"].max() < -9000
    assert np.isfinite(table["weight"]).all()
    np.testing.assert_allclose(table["weight"].sum(), 1)


def test_equal_models_are_not_told_apart(rows_of_mixed):
    note = compare({"a": rows_of_mixed, "b": rows_of_mixed})["note"]
    assert note.iloc[1] == "as good as the best: difference below 4"


def test_what_cannot_be_compared_is_refused_in_one_line(mixed, sleepstudy, rows_of_mixed, groups_of_mixed):
    data = small_data()
    fewer = fit("y ~ x + (1 | g)", data.iloc[1:], draws=100, chains=2, **SHORT)
    logged = fit("exp(y) ~ x + (1 | g)", data, draws=100, chains=2, **SHORT)
    for ask, error, words in (
        (lambda: compare(mixed, fewer), ArgumentError, "has 28, .* 27"),
        (lambda: compare(mixed, logged), ArgumentError, "same response"),
        (lambda: compare(mixed), ArgumentError, "two models"),
        (lambda: compare(rows_of_mixed, groups_of_mixed), ArgumentError, "ask for the same by"),
        (lambda: compare(mixed, "y ~ x"), ArgumentError, "got str"),
        (lambda: loo(sleepstudy, by="subject"), UnknownTermError, "Did you mean 'Subject'"),
    ):
        with pytest.raises(error, match=words) as caught:
            ask()
        assert "\n" not in str(caught.value)
