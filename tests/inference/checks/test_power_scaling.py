"""Power scaling: priors by hand, posteriors whose shift has a closed form, and more conflict, more sensitivity."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bayesmix.data.catalogue import load_data
from bayesmix.errors import ArgumentError
from bayesmix.inference.checks.diagnose import diagnose, verdict
from bayesmix.inference.checks.log_prior import log_priors
from bayesmix.inference.checks.power_scaling import CONFLICT, WEAK, _log_likelihood, sensitivity
from bayesmix.inference.shared.draws import auxiliary, fixed, joined
from bayesmix.modelling.fit import fit
from bayesmix.modelling.joint.bridge import log_density_of
from bayesmix.modelling.power_scaling import power_scaling_sensitivity

SHORT = {"seed": 1, "progress": False}
SLEEP = "Reaction ~ Days + (Days | Subject)"


@pytest.fixture(scope="module")
def sleepstudy():
    return fit(SLEEP, load_data("sleepstudy"), **SHORT)


def conflicting(mean):
    return fit(SLEEP, load_data("sleepstudy"), priors={"Days": f"Normal({mean}, 3)"}, **SHORT)


def test_log_priors_by_hand(sleepstudy):
    found = log_priors(sleepstudy)
    assert set(found) == set(sleepstudy.priors)
    draws = sleepstudy.posterior["posterior"]
    intercept, days, a, corr, sigma = (
        draws[name].to_numpy().ravel()
        for name in ("Intercept", "Days", "sd_Subject__Intercept", "corr_Subject", "sigma")
    )
    at_means = intercept + 4.5 * days  # Days run from 0 to 9
    np.testing.assert_allclose(found["Intercept"], stats.norm.logpdf(at_means, *sleepstudy.priors["Intercept"].args))
    np.testing.assert_allclose(found["Days"], stats.norm.logpdf(days, 0, sleepstudy.priors["Days"].args[1]))
    scale = sleepstudy.priors["sd_Subject__Intercept"].args[1]
    np.testing.assert_allclose(found["sd_Subject__Intercept"], np.log(2) + stats.t.logpdf(a, 3, 0, scale))
    np.testing.assert_allclose(
        found["sigma"], np.log(2) + stats.t.logpdf(sigma, 3, 0, sleepstudy.priors["sigma"].args[1])
    )
    np.testing.assert_allclose(found["corr_Subject"], np.log1p(-(corr**2)))


def test_the_likelihood_that_is_scaled_is_a_dense_normal(sleepstudy):
    positions = np.array([0, 1500, 3999])
    found = _log_likelihood(sleepstudy, positions)
    X, y, index = sleepstudy.design.fixed.matrix, sleepstudy.design.response.values, sleepstudy.design.random[0].index
    draws = sleepstudy.posterior["posterior"]
    for value, position in zip(found, positions, strict=True):
        a, b, corr = (
            draws[name].to_numpy().ravel()[position]
            for name in ("sd_Subject__Intercept", "sd_Subject__Days", "corr_Subject")
        )
        of_group = np.array([[a**2, corr * a * b], [corr * a * b, b**2]])
        sigma = auxiliary(sleepstudy, "sigma").ravel()[position]
        full = X @ of_group @ X.T * np.equal.outer(index, index) + sigma**2 * np.eye(len(y))
        beta = joined(fixed(sleepstudy))[:, position]
        np.testing.assert_allclose(value, stats.multivariate_normal(X @ beta, full).logpdf(y), rtol=1e-9)


def test_prior_and_likelihood_make_the_posterior_density():
    """Of a model without groups, the log density of the PyMC model is the sum of the two, but for Jacobians."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=40)
    data = pd.DataFrame({"y": rng.poisson(np.exp(0.5 + 0.3 * x)), "x": x})
    made = fit("y ~ x", data, "poisson", draws=200, chains=2, **SHORT)
    total = sum(log_priors(made).values()) + _log_likelihood(made, np.arange(400))
    assert [variable.name for variable in made.pymc_model.value_vars] == ["x", "Intercept_at_means"]
    intercept, slope = joined(fixed(made))
    points = np.column_stack([slope, intercept + x.mean() * slope])
    np.testing.assert_allclose(total, log_density_of(made.pymc_model)(points), rtol=1e-9)


def test_of_a_normal_posterior_the_sensitivity_is_that_of_its_closed_form():
    """With sigma all but known, weighting the likelihood by alpha takes the posterior sd to sd / sqrt(alpha)."""
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"y": rng.normal(size=50)})
    made = fit("y ~ 1", data, priors={"Intercept": "Normal(0, 1000)"}, draws=4000, **SHORT)
    found = sensitivity(made)
    # The distance between N(0, 1) and N(0, 1 / alpha), by quadrature.
    x, step = np.linspace(-9, 9, 20001, retstep=True)

    def distance(alpha):
        def one_way(z):
            p, q = stats.norm.cdf(z), stats.norm.cdf(z * np.sqrt(alpha))
            middle = (p + q) / 2
            with np.errstate(divide="ignore", invalid="ignore"):
                terms = [np.where(u > 0, u * np.log2(u / middle), 0) for u in (p, q)]
            return np.sqrt(max(np.sum(terms) * step, 0) / (np.sum(p + q) * step))

        # The bound is of the range of the draws, some 4 sds to each side.
        inside = np.abs(x) < 3.6
        return one_way(x[inside])

    expected = (distance(0.99) / -np.log2(0.99) + distance(1.01) / np.log2(1.01)) / 2
    np.testing.assert_allclose(found.loc["Intercept", "likelihood"], expected, rtol=0.3)
    assert found.loc["Intercept", "prior"] < 0.01


def test_more_conflict_is_more_sensitivity(sleepstudy):
    table = sensitivity(sleepstudy)
    assert (table["verdict"] == "").all()
    mild, strong = (sensitivity(conflicting(mean)).loc["Days"] for mean in (0, -20))
    assert table.loc["Days", "prior"] < mild["prior"] < strong["prior"]
    assert strong["verdict"] == CONFLICT
    assert strong["by"] == "Days"


def test_a_prior_alone_moves_what_it_is_of():
    made = conflicting(-20)
    alone = sensitivity(made, "Days")["prior"]
    assert alone["Days"] > 0.2
    assert sensitivity(made, "sigma")["prior"]["Days"] < 0.05
    with pytest.raises(ArgumentError, match="Did you mean 'Days'"):
        sensitivity(made, "days")


def test_where_data_say_nothing_the_prior_is_named():
    """A coefficient on which all rows agree with anything: successes in every row of one group of a factor."""
    data = pd.DataFrame({"k": [10, 10, 4, 5, 6, 3], "n": 10, "f": list("aabbbb")})
    made = fit("cbind(k, n - k) ~ f", data, "binomial", draws=500, chains=2, **SHORT)
    table = sensitivity(made)
    assert table.loc["f[b]", "verdict"] in (CONFLICT, WEAK)
    assert table.loc["f[b]", "by"] == "f[b]"


def test_diagnose_notes_it_and_the_line_on_sampling_does_not(sleepstudy):
    assert "prior_sensitivity" not in set(diagnose(sleepstudy)["check"])
    made = conflicting(-20)
    found = diagnose(made)
    notes = found[found["check"] == "prior_sensitivity"]
    assert notes["parameter"].iloc[0] == "Days"
    assert (notes["severity"] == "note").all()
    assert "the prior of Days, Normal(-20, 3)" in notes["advice"].iloc[0]
    assert "sensitivity" not in verdict(made)
    assert "prior_sensitivity" not in set(diagnose(made, sensitivity=False)["check"])


@pytest.mark.slow
def test_the_same_whichever_way_the_model_was_sampled():
    """The joint path's draws are other ones of the same posterior."""
    data = load_data("Dyestuff")
    exact = sensitivity(fit("Yield ~ 1 + (1 | Batch)", data, **SHORT))
    joint = sensitivity(fit("Yield ~ 1 + (1 | Batch)", data, method="joint", **SHORT))
    np.testing.assert_allclose(exact[["prior", "likelihood"]], joint[["prior", "likelihood"]], atol=0.05)


def test_a_crossed_factor_is_given_and_not_integrated_out():
    """Plates and samples are crossed: a plate's rows lie in all samples, whose effects stay as they are."""
    made = fit("diameter ~ 1 + (1 | plate) + (1 | sample)", load_data("Penicillin"), draws=50, chains=2, **SHORT)
    positions = np.array([0, 99])
    found = _log_likelihood(made, positions)
    plate, sample = (
        next(term for term in made.design.random if term.group == name).index for name in ("plate", "sample")
    )
    draws = made.posterior["posterior"].to_dataset().stack(each=("chain", "draw"))
    for value, position in zip(found, positions, strict=True):
        at = draws.isel(each=position)
        mean = float(at["Intercept"]) + at["1|sample"].to_numpy()[sample]
        cov = float(at["sd_plate__Intercept"]) ** 2 * np.equal.outer(plate, plate)
        cov += float(at["sigma"]) ** 2 * np.eye(len(mean))
        expected = stats.multivariate_normal(mean, cov).logpdf(made.design.response.values)
        np.testing.assert_allclose(value, expected, rtol=1e-9)


def test_of_a_chain_that_stuck_nothing_is_said():
    """A third of the draws are the same: the weights of scaled densities have no tail that could be smoothed."""
    rng = np.random.default_rng(3)
    values, density = rng.normal(size=900), rng.normal(size=900)
    density[:300] = density.min() - 1
    found = [power_scaling_sensitivity({"x": values}, sign * density) for sign in (1, -1)]
    assert np.isnan(found).any()
