"""Means on the response scale: families by loops over the draws, transformed responses, what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import bayesmix as bm
from bayesmix.inference.means.transformation import SLOPES
from bayesmix.numerics.links import LINKS


def draws_of(fit, *names: str) -> list[np.ndarray]:
    """Chains joined, draws first."""
    tree = fit.posterior["posterior"]
    values = [tree[name].transpose("chain", "draw", ...).to_numpy() for name in names]
    return [one.reshape(-1, *one.shape[2:]) for one in values]


def first_two(fit) -> np.ndarray:
    """Linear predictors at the first two levels of g, by draw."""
    intercept, g = draws_of(fit, "Intercept", "g")
    return np.stack([intercept, intercept + g[:, 0]], axis=1)


def test_zeros_count(mixed, invent):
    fit = invent("count ~ g", mixed, "zero_inflated_poisson")
    eta, (zi,) = first_two(fit), draws_of(fit, "zi")
    found = bm.emmeans(fit, "g", type="response")
    np.testing.assert_allclose(found["response"], ((1 - zi[:, None]) * np.exp(eta)).mean(axis=0), rtol=1e-10)
    data = mixed.query("count > 0 or g == 'u'")
    fit = invent("count ~ g", data, "hurdle_poisson")
    eta, (hu,) = first_two(fit), draws_of(fit, "hu")
    mean = (1 - hu[:, None]) * np.exp(eta) / -np.expm1(-np.exp(eta))
    np.testing.assert_allclose(bm.emmeans(fit, "g", type="response")["response"], mean.mean(axis=0), rtol=1e-10)


def test_a_lognormal_mean_has_its_variance(mixed, invent):
    fit = invent("y ~ g + (1 | h)", mixed, "lognormal")
    eta, (sigma, sd) = first_two(fit), draws_of(fit, "sigma", "sd_h__Intercept")
    for groups, variance in (("typical", sigma**2), ("new", sigma**2 + sd**2)):
        found = bm.emmeans(fit, "g", type="response", groups=groups)
        np.testing.assert_allclose(found["response"], np.exp(eta + variance[:, None] / 2).mean(axis=0), rtol=1e-10)


def test_ordered_categories_have_the_mean_of_their_numbers(mixed, invent):
    data = mixed.assign(grade=pd.cut(mixed["y"], 3, labels=["low", "mid", "high"]))
    fit = invent("grade ~ g", data, "cumulative")
    (g, threshold) = draws_of(fit, "g", "threshold")
    eta = np.stack([np.zeros(len(g)), g[:, 0]], axis=1)
    below = expit(threshold[:, None] - eta[:, :, None])
    mean = 3 - below.sum(axis=2)
    np.testing.assert_allclose(bm.emmeans(fit, "g", type="response")["response"], mean.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(bm.emmeans(fit, "g")["emmean"], eta.mean(axis=0), rtol=1e-10, atol=1e-12)


def test_a_formula_of_sigma_leaves_gaussian_means_alone(mixed, invent):
    fit = invent(["y ~ g", "sigma ~ x"], mixed)
    np.testing.assert_allclose(bm.emmeans(fit, "g", type="response")["emmean"], first_two(fit).mean(axis=0))


def test_a_transformed_response_is_taken_back(mixed, invent):
    for text, back in (("log(y)", np.exp), ("sqrt(y)", np.square), ("log(y + 2)", lambda eta: np.exp(eta) - 2)):
        fit = invent(f"{text} ~ g + (1 | h)", mixed)
        for groups in ("typical", "new"):
            found = bm.emmeans(fit, "g", type="response", groups=groups)
            np.testing.assert_allclose(found["response"], back(first_two(fit)).mean(axis=0), rtol=1e-10)
        assert any("these are medians" in note for note in found.attrs["notes"])
    fit = bm.lm("scale(y) ~ g", mixed)
    found, plain = bm.emmeans(fit, "g", type="response"), bm.emmeans(bm.lm("y ~ g", mixed), "g")
    np.testing.assert_allclose(found[["response", "se", "lower"]], plain[["emmean", "se", "lower"]], rtol=1e-10)


def test_what_cannot_be_taken_back_is_said(mixed):
    for response in ("I(y^2)", "abs(y)", "log(y * 2)"):
        found = bm.emmeans(bm.lm(f"{response} ~ g", mixed), "g", type="response")
        assert "emmean" in found
        assert f"On the scale of {response}, of which the inverse is not known." in found.attrs["notes"]


def test_intervals_of_a_decreasing_inverse_are_in_order(mixed):
    """Of exp(-y) there is no inverse here; of exp(y / 9) there is one that grows."""
    found = bm.emmeans(bm.lm("exp(y) ~ g", mixed.assign(y=mixed["y"] / 9)), "g", type="response")
    assert (found["lower"] < found["response"]).all()
    assert (found["response"] < found["upper"]).all()


@pytest.mark.parametrize("link", SLOPES)
def test_slopes_of_inverse_links(link):
    eta, h = np.linspace(-3, 2, 11), 1e-6
    by_differences = (LINKS[link].inverse(eta + h) - LINKS[link].inverse(eta - h)) / (2 * h)
    np.testing.assert_allclose(SLOPES[link](eta), by_differences, rtol=1e-7)


def test_a_fit_without_a_maximum_has_no_interval():
    data = pd.DataFrame({"k": [0, 0, 0, 0, 9, 3, 5, 2], "n": 10, "f": list("aaaabbbb"), "g": list("pqrspqrs")})
    fit = bm.laplace("cbind(k, n - k) ~ f + (1 | g)", data, "binomial")
    assert not fit.converged
    found = bm.emmeans(fit, "f", type="response")
    assert found["lower"].isna().all()
    assert "no maximum" in found.attrs["notes"][-1]
