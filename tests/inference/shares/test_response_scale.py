"""Intraclass correlations on the scale of the response: closed forms, and simulated pairs of responses."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import bayesmix as bm
from bayesmix.errors import ArgumentError

from ..means.conftest import invented


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    h, x = np.repeat(np.arange(10), 8), rng.normal(size=80)
    eta = 0.8 + 0.3 * x + rng.normal(0, 0.5, 10)[h]
    return pd.DataFrame(
        {
            "count": rng.poisson(np.exp(eta)),
            "yes": rng.binomial(1, expit(eta)),
            "part": np.clip(expit(eta + rng.normal(0, 0.3, 80)), 0.01, 0.99),
            "x": x,
            "h": [f"h{i}" for i in h],
            "k": [f"k{i}" for i in np.arange(80) % 8],
        }
    )


def draws_of(fit, name: str) -> np.ndarray:
    return fit.posterior["posterior"][name].transpose("chain", "draw").to_numpy().ravel()


def test_counts_have_the_moments_of_a_lognormal_mean(data):
    fit = bm.laplace("count ~ x + (1 | h) + (1 | k)", data, "poisson")
    variances = {term.group: L[0, 0] ** 2 for term, L in zip(fit.design.random, fit.L, strict=True)}
    whole = sum(variances.values())
    mean = np.exp(fit.design.fixed.matrix @ fit.beta + whole / 2)
    total = np.mean(mean + mean**2 * np.expm1(whole))
    found = bm.icc(fit, scale="response")["estimate"]
    for name, variance in {**variances, "(all)": whole}.items():
        between = np.mean(mean**2) * np.expm1(variance)
        assert found[name, "adjusted"] == pytest.approx(between / total, rel=1e-6)
        assert found[name, "conditional"] == pytest.approx(between / (total + mean.var(ddof=1)), rel=1e-6)
    assert bm.icc(fit, "h", scale="response")["estimate"].tolist() == found["h"].tolist()


def test_draws_of_counts_are_those_of_their_own_parameters(data):
    fit = invented("count ~ x + (1 | h)", data, "negative_binomial")
    eta = draws_of(fit, "Intercept") + np.outer(data["x"], draws_of(fit, "x"))
    variance, shape = draws_of(fit, "sd_h__Intercept") ** 2, draws_of(fit, "shape")
    mean, square = np.exp(eta + variance / 2), np.exp(2 * eta + 2 * variance)
    between = (square - mean**2).mean(axis=0)
    total = between + (mean + square / shape).mean(axis=0)
    found = bm.icc(fit, scale="response").loc[("h", "adjusted")]
    share = between / total
    expected = [share.mean(), share.std(ddof=1), *np.quantile(share, [0.025, 0.975])]
    np.testing.assert_allclose(found[["mean", "sd", "lower", "upper"]].astype(float), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("response", "family", "draw"),
    [
        ("yes", "bernoulli", lambda rng, eta, _: rng.random(eta.shape) < expit(eta)),
        ("part", "beta", lambda rng, eta, q: rng.beta(expit(eta) * q["phi"], expit(-eta) * q["phi"])),
        (
            "count",
            "zero_inflated_poisson",
            lambda rng, eta, q: rng.poisson(np.exp(eta)) * (rng.random(eta.shape) > q["zi"]),
        ),
    ],
)
def test_simulated_responses_of_one_level_are_as_alike(data, response, family, draw):
    """Pairs that share the level of h, those that share that of k, and those that share both; of one draw."""
    fit = invented(f"{response} ~ 1 + (1 | h) + (1 | k)", data, family)
    posterior = fit.posterior["posterior"].to_dataset().isel(chain=[0], draw=[3])
    # Counts with larger effects have tails that a simulation does not reach.
    posterior = posterior.assign({name: 0.4 * posterior[name] for name in ("sd_h__Intercept", "sd_k__Intercept")})
    fit = bm.Fit(**{**vars(fit), "posterior": type(fit.posterior).from_dict({"posterior": posterior})})
    at = {name: float(posterior[name].squeeze()) for name in posterior if posterior[name].size == 1}
    rng, n = np.random.default_rng(1), 400_000
    h, k, other_h, other_k = (sd * rng.normal(size=n) for sd in [at["sd_h__Intercept"], at["sd_k__Intercept"]] * 2)
    first = draw(rng, at["Intercept"] + h + k, at).astype(float)
    found = bm.icc(fit, scale="response")["mean"]
    for name, eta in (("h", h + other_k), ("k", other_h + k), ("(all)", h + k)):
        second = draw(rng, at["Intercept"] + eta, at).astype(float)
        assert found[name, "adjusted"] == pytest.approx(np.corrcoef(first, second)[0, 1], abs=4 / np.sqrt(n) * 2)


def test_a_gaussian_response_is_on_both_scales(data):
    fit = invented("x ~ count + (1 + count | h) + (1 | k)", data)
    columns = ["mean", "sd", "lower"]
    pd.testing.assert_frame_equal(
        bm.icc(fit, scale="response").loc[:, columns], bm.icc(fit).loc[:, columns], check_exact=False, rtol=1e-6
    )


def test_what_has_no_share_is_one_line(data):
    zeros = invented(["count ~ x + (1 | h)", "zi ~ 1 + (1 | h)"], data, "zero_inflated_poisson")
    with pytest.raises(ArgumentError, match=r'groups have effects on zi, too, and scale="response" takes'):
        bm.icc(zeros, scale="response")
    with pytest.raises(ArgumentError, match=r'icc\(fit, scale="response"\) and r2\(fit\)'):
        bm.icc(invented("part ~ x + (1 | h)", data, "beta"))
    with pytest.raises(ArgumentError, match="on the scale of its linear predictor; leave"):
        bm.icc(bm.reml("x ~ count + (1 | h)", data), scale="response")
    with pytest.raises(ArgumentError, match=r"scale='respons' is not known\. Did you mean 'response'"):
        bm.icc(zeros, scale="respons")
    rows = data.assign(row=np.arange(len(data)))
    with pytest.raises(ArgumentError, match="a level for each row"):
        bm.icc(bm.laplace("count ~ x + (1 | h) + (1 | row)", rows, "poisson"), "row", scale="response")
