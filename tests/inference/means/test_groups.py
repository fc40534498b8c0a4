"""Policies of group effects against loops over draws and levels, quadrature, and simulation."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.special import expit

import bayesmix as bm
from bayesmix.inference.means.linear_functions import evaluate
from bayesmix.inference.means.normal_integral import normal_mean

FORMULA = "count ~ f * x + (x | h) + (1 | k)"


@pytest.fixture(scope="module")
def fit(mixed, invent):
    return invent(FORMULA, mixed, "poisson")


@pytest.fixture(scope="module")
def herds():
    return bm.laplace("cbind(incidence, size - incidence) ~ period + (1 | herd)", bm.load_data("cbpp"), "binomial")


def draws_of(fit, name: str) -> np.ndarray:
    """Chains joined, draws first."""
    values = fit.posterior["posterior"][name].transpose("chain", "draw", ...).to_numpy()
    return values.reshape(-1, *values.shape[2:])


def linear_predictors(fit, data) -> np.ndarray:
    """At effects 0, by draw and level of f, x at its mean."""
    x, f, fx = data["x"].mean(), draws_of(fit, "f"), draws_of(fit, "f:x")
    base = draws_of(fit, "Intercept") + x * draws_of(fit, "x")
    return np.stack([base, base + f[:, 0] + x * fx[:, 0], base + f[:, 1] + x * fx[:, 1]], axis=1)


def test_typical_is_at_effects_0(fit, mixed):
    eta = linear_predictors(fit, mixed)
    for groups in ("typical", "new"):
        found = bm.emmeans(fit, "f", groups=groups)
        np.testing.assert_allclose(found["emmean"], eta.mean(axis=0), rtol=1e-10)
    found = bm.emmeans(fit, "f", type="response")
    np.testing.assert_allclose(found["rate"], np.exp(eta).mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(found["lower"], np.quantile(np.exp(eta), 0.025, axis=0), rtol=1e-10)


def combined_effects(fit, data) -> np.ndarray:
    """What the levels of h and k that occur together add, by draw and combination."""
    h, k = sorted(data["h"].unique()), sorted(data["k"].unique())
    x, pairs = data["x"].mean(), sorted({*zip(data["h"], data["k"], strict=True)})
    intercepts, slopes, of_k = draws_of(fit, "1|h"), draws_of(fit, "x|h"), draws_of(fit, "1|k")
    added = [
        intercepts[:, h.index(one)] + x * slopes[:, h.index(one)] + of_k[:, k.index(other)] for one, other in pairs
    ]
    return np.stack(added, axis=1)


def test_fitted_averages_over_the_levels_in_the_data(fit, mixed):
    eta, added = linear_predictors(fit, mixed), combined_effects(fit, mixed)
    expected = (eta + added.mean(axis=1)[:, None]).mean(axis=0)
    np.testing.assert_allclose(bm.emmeans(fit, "f", groups="fitted")["emmean"], expected, rtol=1e-10)
    responses = np.exp(eta[:, :, None] + added[:, None]).mean(axis=2)
    found = bm.emmeans(fit, "f", groups="fitted", type="response")
    np.testing.assert_allclose(found["rate"], responses.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(found["sd"], responses.std(axis=0, ddof=1), rtol=1e-10)


def test_new_is_integrated_over_the_distribution_of_the_effects(fit, mixed):
    """Of a log link the mean is that of a lognormal."""
    eta, x = linear_predictors(fit, mixed.assign(x=0.5)), 0.5
    sds = draws_of(fit, "sd_h__Intercept"), draws_of(fit, "sd_h__x")
    rho, of_k = draws_of(fit, "corr_h")[:, 0], draws_of(fit, "sd_k__Intercept")
    variance = sds[0] ** 2 + x**2 * sds[1] ** 2 + 2 * x * rho * sds[0] * sds[1] + of_k**2
    expected = np.exp(eta + variance[:, None] / 2)
    found = bm.emmeans(fit, "f", at={"x": 0.5}, groups="new", type="response")
    np.testing.assert_allclose(found["rate"], expected.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(found["upper"], np.quantile(expected, 0.975, axis=0), rtol=1e-10)


def test_levels_in_one_level_of_a_factor_count_there_alone(invent):
    """Fields lie in one irrigation each: the mean of i1 has the effects of its own two fields."""
    data = bm.load_data("irrigation")
    fit = invent("yield ~ irrigation * variety + (1 | field)", data)
    typical, fitted = (bm.emmeans(fit, "irrigation", groups=groups)["emmean"] for groups in ("typical", "fitted"))
    fields, effects = sorted(data["field"].unique()), draws_of(fit, "1|field").mean(axis=0)
    for number, (_, own) in enumerate(data.groupby("irrigation")):
        of_level = effects[[fields.index(field) for field in own["field"].unique()]]
        assert fitted[number] - typical[number] == pytest.approx(of_level.mean())
    reml = bm.reml("yield ~ irrigation * variety + (1 | field)", data)
    typical, fitted = (bm.emmeans(reml, "irrigation", groups=groups)["emmean"] for groups in ("typical", "fitted"))
    modes = bm.ranef(reml).set_index("level")["estimate"]
    own = data.groupby("irrigation")["field"].unique().map(lambda fields: modes[fields].mean())
    np.testing.assert_allclose(fitted - typical, own, atol=1e-9)


def test_slopes_have_the_slopes_of_groups(fit, mixed):
    """Fitted: of the levels in the data, averaged."""
    found = bm.emtrends(fit, "x", "f", groups="fitted")["x.trend"]
    slopes = draws_of(fit, "x|h")
    pairs = sorted({*zip(mixed["h"], mixed["k"], strict=True)})
    h = sorted(mixed["h"].unique())
    of_groups = np.mean([slopes[:, h.index(one)].mean() for one, _ in pairs])
    typical = bm.emtrends(fit, "x", "f")["x.trend"]
    np.testing.assert_allclose(found - typical, of_groups, rtol=1e-6)


def test_fitted_means_of_reml_are_averages_of_predictions(mixed):
    """Of a slope that varies by group without being in the fixed part, its covariate at its mean."""
    fit = bm.reml("y ~ x + (z | h)", mixed)
    rows = pd.DataFrame({"x": 3.0, "z": mixed["z"].mean(), "h": sorted(mixed["h"].unique())})
    found = bm.emmeans(fit, "x", at={"x": 3}, groups="fitted")
    assert found["emmean"][0] == pytest.approx(bm.predict(fit, rows)["estimate"].mean(), rel=1e-10)
    assert abs(found["emmean"][0] - bm.emmeans(fit, "x", at={"x": 3})["emmean"][0]) > 1e-4


# ---- estimates -------------------------------------------------------------------------------------------------------


def test_estimates_over_new_levels_are_integrals(herds):
    found = bm.emmeans(herds, "period", type="response", groups="new")
    typical, sd = bm.emmeans(herds, "period"), float(herds.L[0][0, 0])
    for row, (eta, se) in enumerate(zip(typical["emmean"], typical["se"], strict=True)):
        mean = quad(lambda b, eta=eta: expit(eta + b) * stats.norm.pdf(b, scale=sd), -6 * sd, 6 * sd)[0]
        slope = quad(lambda b, eta=eta: expit(eta + b) * expit(-eta - b) * stats.norm.pdf(b, scale=sd), -6, 6)[0]
        assert found["prob"][row] == pytest.approx(mean, rel=1e-7)
        assert found["se"][row] == pytest.approx(slope * se, rel=1e-6)
    rng = np.random.default_rng(1)
    simulated = expit(typical["emmean"][0] + sd * rng.standard_normal(200_000))
    assert found["prob"][0] == pytest.approx(simulated.mean(), abs=4 * simulated.std() / np.sqrt(200_000))
    assert found["prob"][0] > bm.emmeans(herds, "period", type="response")["prob"][0] + 0.01


def test_estimates_over_fitted_levels_are_averages_of_predictions(herds):
    data = bm.load_data("cbpp")
    herd_names = sorted(data["herd"].unique())
    rows = pd.DataFrame({"period": "2", "herd": herd_names})
    predicted = bm.predict(herds, rows)["estimate"].mean()
    found = bm.emmeans(herds, "period", type="response", groups="fitted")
    assert found["prob"][1] == pytest.approx(predicted, rel=1e-10)
    on_link = bm.emmeans(herds, "period", groups="fitted")
    assert on_link["emmean"][1] == pytest.approx(bm.predict(herds, rows, type="link")["estimate"].mean(), rel=1e-10)
    # The delta method by dense matrices; on the link scale all slopes are 1.
    eta = herds.beta @ np.array([1, 1, 0, 0]) + herds.effects[0][:, 0]
    assert found["se"][1] == pytest.approx(_standard_error(herds, expit(eta) * expit(-eta) / len(eta)), rel=1e-6)
    assert on_link["se"][1] == pytest.approx(_standard_error(herds, np.full(len(eta), 1 / len(eta))), rel=1e-6)
    contrast = np.array([0, 1, -1, 0]) @ on_link.linear.rows
    np.testing.assert_allclose(  # the effects of the herds drop out
        np.array([0, 1, -1, 0]) @ evaluate(on_link.linear).covariance @ np.array([0, 1, -1, 0]),
        contrast @ herds.vcov @ contrast,
        rtol=1e-9,
    )


def _standard_error(herds, slopes: np.ndarray) -> float:
    """Of an average over herds in the second period, from the joint covariance of coefficients and effects."""
    design, theta = herds.design, float(herds.L[0][0, 0])
    X, Z = design.fixed.matrix, np.eye(len(slopes))[design.random[0].index]
    trials = design.response.trials
    p = expit(herds.eta)
    W = trials * p * (1 - p)
    H = Z.T @ (W[:, None] * Z) + np.eye(Z.shape[1]) / theta**2
    carried = -np.linalg.solve(H, Z.T @ (W[:, None] * X))
    of_beta = slopes.sum() * np.array([1, 1, 0, 0]) + slopes @ carried
    return float(np.sqrt(of_beta @ herds.vcov @ of_beta + slopes @ np.linalg.solve(H, slopes)))


def test_every_result_says_what_was_done_with_groups(fit, herds):
    for one in (fit, herds):
        specs = "f" if one is fit else "period"
        for kind in ("link", "response"):
            for groups in ("typical", "fitted", "new"):
                found = bm.emmeans(one, specs, groups=groups, type=kind)
                assert found.attrs["groups"] == groups
                assert f'groups="{groups}": ' in str(found)
                assert found.linear.groups == groups


@pytest.mark.parametrize("sd", [0.1, 1.0, 3.0, 6.0])
def test_the_integral_over_a_normal(sd):
    for centre in (-4.0, 0.3):
        exact = quad(lambda x, c=centre: expit(c + sd * x) * stats.norm.pdf(x), -12, 12, epsabs=1e-12, limit=200)[0]
        assert normal_mean(expit, np.array([centre]), np.array([sd]))[0] == pytest.approx(exact, abs=2e-6)
        lognormal = normal_mean(np.exp, np.array([centre]), np.array([sd]), grows=True)[0]
        assert lognormal == pytest.approx(np.exp(centre + sd**2 / 2), rel=1e-6)


def test_cells_without_levels_have_no_fitted_mean(mixed, invent):
    """Each row is a level of its own: an empty cell has none of them."""
    data = mixed.query("not (f == 'c' and g == 'v')").assign(row=lambda rows: [f"r{i}" for i in range(len(rows))])
    formula = "count ~ f + g + (1 | row)"
    for fit in (invent(formula, data, "poisson"), bm.laplace(formula, data, "poisson")):
        for kind in ("link", "response"):
            found = bm.emmeans(fit, ["f", "g"], groups="fitted", type=kind)
            assert found.iloc[:, 2].notna().tolist() == [True] * 5 + [False]
            assert found.attrs["notes"][0] == 'groups="fitted": 1 of 6 have no levels of row in the data.'
            assert bm.emmeans(fit, ["f", "g"], groups="new", type=kind).iloc[:, 2].notna().all()
