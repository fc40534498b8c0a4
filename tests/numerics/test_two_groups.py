"""False discoveries: rates by counting, the two groups by other ways to the maximum, posteriors by quadrature."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.stats import norm

from bayesmix.numerics.multiplicity.false_discovery import bayesian_q, false_sign_rates
from bayesmix.numerics.multiplicity.two_groups import effect_posterior, two_groups, without_prior


def simulated(seed, n, null_share=0.7, spread=1.0):
    """Effects of which most are 0, with estimates whose errors differ."""
    rng = np.random.default_rng(seed)
    effects = np.where(rng.random(n) < null_share, 0.0, rng.normal(0, spread, n))
    errors = rng.uniform(0.2, 0.6, n)
    return effects, rng.normal(effects, errors), errors


def log_likelihood(weights, density, null_weight):
    """Of estimates whose density (n_loci, n_components) is known."""
    return np.log(density @ weights).sum() + (null_weight * np.log(weights[0]) if null_weight else 0)


@pytest.mark.parametrize("null_weight", [0.0, 10.0])
def test_no_other_way_finds_more_likely_weights(null_weight):
    _, estimates, errors = simulated(1, 120)
    groups = two_groups(estimates, errors, null_weight=null_weight)
    density = np.array([norm.pdf(estimates, 0, np.sqrt(errors**2 + scale**2)) for scale in groups.scales]).T
    args = (density, null_weight)
    assert groups.log_likelihood == pytest.approx(log_likelihood(groups.weights, *args), abs=1e-8)
    assert groups.weights.sum() == pytest.approx(1)
    assert (groups.weights >= 0).all()
    assert groups.gap < 1e-8
    # Expectation-maximisation, from equal weights.
    weights = np.full(len(groups.scales), 1 / len(groups.scales))
    for _ in range(2000):
        shares = density * weights / (density @ weights)[:, None]
        weights = shares.sum(axis=0) + null_weight * np.eye(1, len(weights))[0]
        weights /= weights.sum()
    reached = log_likelihood(weights, *args)
    assert reached <= groups.log_likelihood + 1e-6
    assert reached == pytest.approx(groups.log_likelihood, abs=0.05)  # it slows down
    # A general optimiser, on the whole line.
    logits = minimize(
        lambda z: -log_likelihood(np.exp(z) / np.exp(z).sum(), *args), np.log(weights + 1e-4), method="L-BFGS-B"
    )
    assert -logits.fun <= groups.log_likelihood + 1e-6
    assert -logits.fun == pytest.approx(groups.log_likelihood, abs=0.05)


def test_posteriors_are_those_of_quadrature():
    _, estimates, errors = simulated(2, 200)
    groups = two_groups(estimates, errors)
    answer = effect_posterior(groups, estimates, errors)
    scales = groups.scales[1:]
    for locus in (0, int(np.argmax(np.abs(estimates)))):

        def joint(effect, locus=locus):
            prior = groups.weights[1:] @ (np.exp(-0.5 * (effect / scales) ** 2) / (np.sqrt(2 * np.pi) * scales))
            error = errors[locus]
            return prior * np.exp(-0.5 * ((estimates[locus] - effect) / error) ** 2) / (np.sqrt(2 * np.pi) * error)

        at_zero = groups.weights[0] * norm.pdf(estimates[locus], 0, errors[locus])
        grid = {"limit": 400, "points": [-1, -0.3, -0.1, 0.1, 0.3, 1]}
        below, above = quad(joint, -12, 0, **grid | {"points": [-1, -0.3, -0.1, -0.03]})[0], quad(
            joint, 0, 12, **grid | {"points": [0.03, 0.1, 0.3, 1]})[0]  # fmt: skip
        total = at_zero + below + above
        first = quad(lambda x: x * joint(x), -12, 12, **grid)[0] / total
        second = quad(lambda x: x**2 * joint(x), -12, 12, **grid)[0] / total
        assert answer.false_discovery[locus] == pytest.approx(at_zero / total, rel=1e-6)
        assert answer.false_sign[locus] == pytest.approx(min(at_zero + below, at_zero + above) / total, rel=1e-6)
        assert answer.mean[locus] == pytest.approx(first, rel=1e-6)
        assert answer.sd[locus] == pytest.approx(np.sqrt(second - first**2), rel=1e-5)


def test_a_locus_without_information_has_the_rates_of_all():
    _, estimates, errors = simulated(3, 100)
    groups = two_groups(np.append(estimates, [0, np.nan]), np.append(errors, [np.inf, 1]))
    answer = effect_posterior(groups, np.array([0.0, np.nan]), np.array([np.inf, 1.0]))
    assert answer.false_discovery[0] == pytest.approx(groups.null_share)
    assert answer.false_sign[0] == pytest.approx((1 + groups.null_share) / 2)
    assert np.isnan(answer.mean[1])


def test_a_prior_is_taken_out_again():
    estimates, errors, prior_sd = np.array([2.0, -0.1]), np.array([0.3, 1.5]), 0.8
    precision = errors**-2 + prior_sd**-2
    back = without_prior(estimates * errors**-2 / precision, precision**-0.5, prior_sd)
    np.testing.assert_allclose(back, [estimates, errors])
    assert without_prior(np.array([0.1]), np.array([prior_sd]), prior_sd)[1] == np.inf


def test_q_is_the_mean_rate_of_what_is_selected():
    rates = np.array([0.1, np.nan, 0.01, 0.1, 0.4, 0.0])
    expected = [np.mean(rates[rates <= rate]) if rate == rate else np.nan for rate in rates]
    np.testing.assert_allclose(bayesian_q(rates), expected)
    assert np.isnan(bayesian_q(np.array([np.nan]))).all()
    np.testing.assert_allclose(false_sign_rates(np.array([0.0, 0.2, 0.9])), [0, 0.2, 0.1])


@pytest.mark.parametrize("seed", [1, 2])
def test_rates_are_calibrated_and_discoveries_as_false_as_they_say(seed):
    """Over 20,000 loci: false signs among those of a rate, and among those that are selected."""
    effects, estimates, errors = simulated(seed, 20_000)
    groups = two_groups(estimates, errors)
    assert groups.null_share == pytest.approx(0.7, abs=0.04)
    answer = effect_posterior(groups, estimates, errors)
    wrong = np.sign(effects) != np.sign(answer.mean)
    for low, high in ((0, 0.05), (0.05, 0.2), (0.2, 0.4), (0.4, 0.6)):
        chosen = (answer.false_sign > low) & (answer.false_sign <= high)
        said = answer.false_sign[chosen].mean()
        assert wrong[chosen].mean() < said + 4 * np.sqrt(said * (1 - said) / chosen.sum()) + 0.01
        assert wrong[chosen].mean() > said - 0.06
    for level in (0.01, 0.05, 0.2):
        selected = bayesian_q(answer.false_discovery) <= level
        assert selected.sum() > 500
        error = np.sqrt(level * (1 - level) / selected.sum())
        assert (effects[selected] == 0).mean() < level + 3 * error


@pytest.mark.parametrize("kind", ["none", "heavy tails", "one side", "far away"])
def test_every_distribution_of_effects_has_its_maximum(kind):
    rng = np.random.default_rng(0)
    effects = {
        "none": np.zeros(1000),
        "heavy tails": rng.standard_t(2, 1000),
        "one side": np.where(rng.random(1000) < 0.95, 0, rng.normal(3, 1, 1000)),
        "far away": np.where(rng.random(1000) < 0.999, 0, 300.0),
    }[kind]
    for errors in (np.full(1000, 0.5), np.where(np.arange(1000) % 2, 0.01, 5.0)):
        groups = two_groups(rng.normal(effects, errors), errors)
        assert groups.gap < 1e-8
        assert groups.weights.sum() == pytest.approx(1)
        if kind == "none":
            assert groups.null_share > 0.9
