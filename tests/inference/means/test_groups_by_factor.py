"""A policy for each grouping factor, in predictions and in means, against loops over levels and dense matrices."""

import numpy as np
import pandas as pd
import pytest
from numpy.polynomial.hermite_e import hermegauss

import bayesmix as bm
from bayesmix.errors import ArgumentError, BayesmixError, UnknownTermError

FORMULA = "count ~ f * x + (x | h) + (1 | k)"
H_FITTED = {"h": "fitted", "k": "typical"}
K_NEW = {"h": "fitted", "k": "new"}
NODES, WEIGHTS = hermegauss(50)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


@pytest.fixture(scope="module")
def fit(mixed, invent):
    return invent(FORMULA, mixed, "poisson", n_draws=400)


@pytest.fixture(scope="module")
def counts(mixed):
    return bm.laplace("count ~ f + x + (1 | h) + (1 | k)", mixed, "poisson")


@pytest.fixture(scope="module")
def linear(mixed):
    return bm.reml("y ~ f + x + (1 | h) + (1 | k)", mixed)


def draws_of(fit, name: str) -> np.ndarray:
    values = fit.posterior["posterior"][name].transpose("chain", "draw", ...).to_numpy()
    return values.reshape(-1, *values.shape[2:])


def link(fit, rows: pd.DataFrame, groups, **more) -> np.ndarray:
    found = bm.posterior_epred(fit, rows, groups=groups, type="link", **more).transpose("chain", "draw", "row")
    return found.to_numpy().reshape(-1, len(rows))


ROWS = pd.DataFrame({"f": ["a", "a", "b"], "x": [1.0, 4.0, 4.0], "h": ["h2", "h2", "h5"]})


def test_draws_have_the_effects_that_are_asked_of_each_factor(fit, mixed):
    h = sorted(mixed["h"].unique())
    places = [h.index(one) for one in ROWS["h"]]
    added = draws_of(fit, "1|h")[:, places] + ROWS["x"].to_numpy() * draws_of(fit, "x|h")[:, places]
    found = link(fit, ROWS, H_FITTED)
    np.testing.assert_allclose(found, link(fit, ROWS, "typical") + added, rtol=1e-10)
    # Rows that do not say their level of k share a new one.
    new = (link(fit, ROWS, K_NEW, seed=3) - found) / draws_of(fit, "sd_k__Intercept")[:, None]
    np.testing.assert_allclose(new[:, 0], new[:, 2], rtol=1e-8)
    assert abs(new[:, 0].mean()) < 4 / np.sqrt(len(new))
    assert new[:, 0].std() == pytest.approx(1, abs=4 / np.sqrt(2 * len(new)))
    table = bm.predict(fit, ROWS, groups=K_NEW)
    assert "h fitted, of own levels; k new, of unseen levels" in table.attrs["notes"][0]
    assert table.attrs["groups"] == K_NEW


def test_columns_of_factors_that_are_not_fitted_need_not_be_there(fit, mixed):
    assert len(bm.predict(fit, ROWS.drop(columns="h"), groups={"h": "typical", "k": "new"})) == 3
    with pytest.raises(BayesmixError, match="'h'"):
        bm.predict(fit, ROWS.drop(columns="h"), groups=K_NEW)
    with pytest.raises(BayesmixError, match=r"1 level of 'h'"):
        bm.predict(fit, ROWS.assign(h="h99"), groups=K_NEW)
    # One policy for all is the same as that policy by factor, and what is not named is fitted.
    by_factor = bm.predict(fit, mixed.head(), groups={"h": "fitted"})
    pd.testing.assert_frame_equal(by_factor, bm.predict(fit, mixed.head()))


def dense_covariance(fit) -> tuple[np.ndarray, np.ndarray]:
    """Of coefficients and all effects, as Henderson's equations have them, and their estimates."""
    X, terms = fit.design.fixed.matrix, fit.design.random
    Z = [np.eye(term.n_levels)[term.index] for term in terms]
    W = np.hstack([X, *Z])
    precision = W.T @ W / fit.sigma**2
    start = X.shape[1]
    for term, L in zip(terms, fit.L, strict=True):
        own = np.arange(start, start + term.n_levels)
        precision[own, own] += 1 / L[0, 0] ** 2
        start += term.n_levels
    return np.linalg.inv(precision), np.concatenate([fit.beta, *(effects.ravel() for effects in fit.effects)])


def rows_of(fit, rows: pd.DataFrame) -> np.ndarray:
    """Rows over coefficients, the effects of h, and nothing of k."""
    h, k = fit.design.random
    one = np.ones(len(rows))
    X = np.column_stack([one, rows["f"] == "b", rows["f"] == "c", rows["x"]]).astype(float)
    return np.hstack(
        [X, np.eye(h.n_levels)[[h.levels.index(level) for level in rows["h"]]], np.zeros((len(rows), k.n_levels))]
    )


def test_estimates_have_the_errors_of_fitted_effects_and_the_variance_of_new_ones(linear):
    covariance, estimates = dense_covariance(linear)
    W = rows_of(linear, ROWS)
    for groups, variance in ((H_FITTED, 0.0), (K_NEW, linear.L[1][0, 0] ** 2)):
        found = bm.predict(linear, ROWS, groups=groups)
        np.testing.assert_allclose(found["estimate"], W @ estimates, rtol=1e-8)
        expected = np.sqrt(np.einsum("ij,jk,ik->i", W, covariance, W) + variance)
        np.testing.assert_allclose(found["se"], expected, rtol=1e-6)


def test_expected_counts_are_averaged_over_new_levels_alone(counts):
    eta = bm.predict(counts, ROWS, groups=H_FITTED, type="link")["estimate"].to_numpy()
    sd = counts.L[1][0, 0]
    found = bm.predict(counts, ROWS, groups=K_NEW)["estimate"]
    np.testing.assert_allclose(found, np.exp(eta[:, None] + sd * NODES) @ WEIGHTS, rtol=1e-8)


def test_means_of_draws_average_over_fitted_levels_and_integrate_over_new_ones(fit, mixed):
    h = sorted(mixed["h"].unique())
    cells = pd.DataFrame({"f": "b", "x": mixed["x"].mean(), "h": h})
    eta = link(fit, cells, H_FITTED)
    found = bm.emmeans(fit, "f", groups={"h": "fitted"})
    assert found["emmean"][1] == pytest.approx(eta.mean(), rel=1e-9)
    variance = draws_of(fit, "sd_k__Intercept") ** 2
    for groups, more in ((H_FITTED, 0.0), (K_NEW, variance[:, None] / 2)):
        expected = np.exp(eta + more).mean(axis=1)
        for asked in ({"type": "response"}, {"regrid": "response"}):
            found = bm.emmeans(fit, "f", groups=groups, **asked)
            np.testing.assert_allclose(
                found.loc[1, ["rate", "sd", "upper"]].astype(float),
                [expected.mean(), expected.std(ddof=1), np.quantile(expected, 0.975)],
                rtol=1e-9,
            )
    notes = " ".join(found.attrs["notes"])
    assert 'groups="fitted": averaged over the levels of h in the data.' in notes
    assert 'groups="new": averaged over the distribution of the effects of k.' in notes


def test_means_of_estimates(linear, counts, mixed):
    levels = sorted(mixed["h"].unique())
    cells = pd.DataFrame({"f": "b", "x": mixed["x"].mean(), "h": levels})
    covariance, estimates = dense_covariance(linear)
    row = rows_of(linear, cells).mean(axis=0)
    for groups in (H_FITTED, K_NEW):
        found = bm.emmeans(linear, "f", groups=groups)
        assert found["emmean"][1] == pytest.approx(row @ estimates, rel=1e-9)
        assert found["se"][1] == pytest.approx(np.sqrt(row @ covariance @ row), rel=1e-6)
        expected = bm.predict(counts, cells, groups=groups)["estimate"].mean()
        for asked in ({"type": "response"}, {"regrid": "response"}):
            assert bm.emmeans(counts, "f", groups=groups, **asked)["rate"][1] == pytest.approx(expected, rel=1e-7)
    up, down = (bm.predict(counts, cells.assign(x=cells["x"] + h), groups=K_NEW)["estimate"] for h in (1e-4, -1e-4))
    slope = bm.emtrends(counts, "x", "f", groups=K_NEW, regrid="response")["x.trend"][1]
    assert slope == pytest.approx((up - down).mean() / 2e-4, rel=1e-6)


@pytest.mark.parametrize("ask", [bm.predict, lambda fit, **more: bm.emmeans(fit, "f", **more)])
def test_what_is_no_policy_is_one_line(linear, mixed, ask):
    with pytest.raises(UnknownTermError, match=r"groups: 'hh' is no grouping factor of the model\. Did you mean 'h'"):
        ask(linear, groups={"hh": "new"})
    with pytest.raises(ArgumentError, match=r"groups\['h'\]='fited' is not known. Did you mean 'fitted'"):
        ask(linear, groups={"h": "fited"})
    with pytest.raises(UnknownTermError, match="The model has no grouping factors"):
        ask(bm.lm("y ~ f", mixed), groups={"h": "new"})
