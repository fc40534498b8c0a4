"""Priors of sd / sigma: Bayes factors against integrals worked out otherwise, and free of all units."""

from math import log

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import integrate
from scipy.stats import halfcauchy, norm, t

import bayesmix as bm
from bayesmix.errors import PriorError
from bayesmix.modelling.joint.bridge import by_bridge

SETTINGS = {"seed": 1, "progress": False, "draws": 500}
N_GROUPS, N_EACH = 6, 4


def one_way(sd=0.7, seed=5):
    rng = np.random.default_rng(seed)
    y = 5 + sd * rng.normal(size=N_GROUPS)[:, None] + rng.normal(size=(N_GROUPS, N_EACH))
    return pd.DataFrame({"y": y.ravel(), "g": np.repeat(np.arange(N_GROUPS), N_EACH)})


def sums_of_squares(data):
    y = data["y"].to_numpy().reshape(N_GROUPS, N_EACH)
    means = y.mean(axis=1)
    return ((y - means[:, None]) ** 2).sum(), ((means - means.mean()) ** 2).sum(), means.mean()


def log_likelihood(data, ratio, sigma, mean, spread):
    """Means of groups and deviations from them are independent normals; the intercept ~ Normal(mean, spread)."""
    within, between, centre = sums_of_squares(data)
    variance = sigma**2 * (ratio**2 + 1 / N_EACH)
    found = -0.5 * (N_GROUPS * (N_EACH - 1) * np.log(2 * np.pi * sigma**2) + within / sigma**2)
    found = found - 0.5 * ((N_GROUPS - 1) * np.log(2 * np.pi * variance) + between / variance)
    found = found - 0.5 * (N_GROUPS * np.log(N_EACH) + np.log(N_GROUPS))
    return found + norm.logpdf(centre, mean, np.sqrt(variance / N_GROUPS + spread**2))


def by_brute_force(data, r):
    """log marginal likelihood by 400 x 400 Gauss-Legendre points over ratio and sigma, each u / (1 - u)."""
    scale, centre = data["y"].std(ddof=1), data["y"].mean()
    nodes, weights = np.polynomial.legendre.leggauss(400)
    share = (nodes + 1) / 2
    value, jacobian = 0.5 * share / (1 - share), weights / 2 * 0.5 / (1 - share) ** 2
    values = log_likelihood(data, value[:, None], value[None, :], centre, 2.5 * scale)
    of_ratio = halfcauchy.pdf(value, 0, r) * jacobian
    of_sigma = 2 * t.pdf(value, 3, 0, scale) * jacobian
    return values.max() + log(of_ratio @ np.exp(values - values.max()) @ of_sigma)


@pytest.mark.parametrize("r", [0.25, 0.5, 1.0, 0.07])
def test_balanced_one_way_layout_by_brute_force(r):
    data = one_way()
    fit = bm.fit("y ~ 1 + (1 | g)", data, priors={"sd_g__Intercept": f"ScaleFree({r})"}, **SETTINGS)
    assert str(fit.priors["sd_g__Intercept"]) == f"HalfCauchy({r:g}) * sigma"
    assert bm.log_marginal(fit).value == pytest.approx(by_brute_force(data, r), abs=2e-6)


@pytest.mark.parametrize("sd", [0.0, 0.7])
@pytest.mark.parametrize("r", [0.25, 1.0])
def test_with_vague_mean_and_sigma_it_is_the_bayes_factor_of_random_effects_anova(sd, r):
    """Mean and sigma with Jeffreys' prior integrate out by hand, and one integral over the ratio is left:

        BF = int p(ratio) (1 + n ratio^2)^(-(J - 1) / 2) [(W + B / (1 + n ratio^2)) / (W + B)]^(-(N - 1) / 2) d ratio

    with W and B the sums of squares within and between J groups of n, N = J n. Here the priors of both are so wide
    that they are flat where the likelihood is.
    """
    data = one_way(sd)
    within, between, _ = sums_of_squares(data)
    between, n = N_EACH * between, N_GROUPS * N_EACH

    def integrand(share):
        ratio = share / (1 - share)
        shrunk = 1 + N_EACH * ratio**2
        power = ((within + between / shrunk) / (within + between)) ** (-(n - 1) / 2)
        return halfcauchy.pdf(ratio, 0, r) * shrunk ** (-(N_GROUPS - 1) / 2) * power / (1 - share) ** 2

    exact = integrate.quad(integrand, 0, 1, limit=200)[0]
    priors = {
        "Intercept": "Normal(5, 1e5)",
        "sigma": "LogNormal(0, 100)",
        "sd_g__Intercept": f"HalfCauchy({r}) * sigma",
    }
    fit = bm.fit("y ~ 1 + (1 | g)", data, priors=priors, **SETTINGS)
    alone = bm.fit("y ~ 1", data, priors={name: priors[name] for name in ("Intercept", "sigma")}, **SETTINGS)
    assert bm.bayes_factor(fit, alone).log10_bf == pytest.approx(np.log10(exact), abs=2e-4)


def test_evidence_does_not_depend_on_units():
    """Reaction in s and days in hours: the Bayes factor of the slope stays, as it does not with a fixed scale."""
    days = bm.load_data("sleepstudy")
    other = days.assign(Reaction=days["Reaction"] / 1000, Days=days["Days"] * 24)
    formula = "Reaction ~ Days + (Days || Subject)"

    def evidence(data, prior):
        priors = {"sd_Subject__Days": prior, "sd_Subject__Intercept": "ScaleFree(1)"}
        return bm.bayes_factor(bm.fit(formula, data, priors=priors, **SETTINGS), drop="0 + Days | Subject")

    one, two = (evidence(data, "ScaleFree(0.5)") for data in (days, other))
    assert one.priors == f"sd_Subject__Days ~ HalfCauchy({0.5 / days['Days'].std():.4g}) * sigma"
    assert abs(one.log10_bf - two.log10_bf) < 4 * np.hypot(one.mcse, two.mcse) < 0.03
    fixed = [evidence(data, "HalfCauchy(5)").log10_bf for data in (days, other)]
    assert abs(fixed[0] - fixed[1]) > 1


@pytest.mark.slow
def test_both_paths_agree_and_the_prior_is_weighted_anew():
    """Correlated slopes by bridge sampling over all parameters of the PyMC model, and the curve over r by new fits."""
    data = bm.load_data("sleepstudy")
    priors = {"sd_Subject__Days": "ScaleFree(0.5)", "sd_Subject__Intercept": "HalfCauchy(0.5) * sigma"}
    fit = bm.fit("Reaction ~ Days + (Days | Subject)", data, priors=priors, seed=2, progress=False)
    joint = bm.fit(fit.formula, data, priors=priors, method="joint", seed=3, progress=False)
    bridged = by_bridge(joint.pymc_model, joint.posterior, seed=1)
    exact = bm.log_marginal(fit)
    assert abs(bridged.value - exact.value) < 4 * np.hypot(bridged.error, exact.error) < 0.5
    curve = bm.prior_sensitivity(fit, drop="Days | Subject", multipliers=[0.2, 3.0])
    for multiplier, row in curve.iterrows():
        other = bm.fit(fit.formula, data, priors=priors | {"sd_Subject__Days": row["prior"]}, seed=7, progress=False)
        anew = bm.bayes_factor(other, drop="Days | Subject")
        assert f"{fit.priors['sd_Subject__Days'].args[0] * multiplier:.4g}" in row["prior"]
        assert abs(anew.log10_bf - row["log10_bf"]) < 4 * np.hypot(anew.mcse, row["mcse"]) + 1e-4


def test_it_is_stored_and_drawn(tmp_path):
    fit = bm.fit("y ~ 1 + (1 | g)", one_way(), priors={"sd_g__Intercept": "ScaleFree(0.5)"}, **SETTINGS)
    assert "sd_g__Intercept  HalfCauchy(0.5) * sigma" in str(fit)
    again = bm.load(bm.save(fit, tmp_path / "fit.nc"))
    assert again.priors == fit.priors
    assert bm.log_marginal(again) == bm.log_marginal(fit)
    figure = bm.plot_sd(fit)
    curve = next(line for line in figure.axes[0].lines if line.get_label() == "prior")
    sd, density = curve.get_data()
    plt.close(figure)
    rng = np.random.default_rng(4)
    scale = fit.priors["sigma"].args[1]
    drawn = halfcauchy.rvs(scale=0.5, size=400_000, random_state=rng) * scale * np.abs(rng.standard_t(3, 400_000))
    share = np.mean(drawn < sd[-1])
    assert integrate.trapezoid(density[1:], sd[1:]) + density[1] * sd[1] == pytest.approx(share, abs=0.01)


def test_sigma_on_another_scale_is_no_unit():
    data = one_way()
    with pytest.raises(PriorError, match="identity link alone"):
        bm.fit("y ~ 1 + (1 | g)", data, "gaussian(log)", priors={"sd_g__Intercept": "ScaleFree(0.5)"}, **SETTINGS)
    counts = data.assign(y=data["y"].round().astype(int))
    with pytest.raises(PriorError, match="identity link alone"):
        bm.fit("y ~ 1 + (1 | g)", counts, "poisson", priors={"sd_g__Intercept": "HalfNormal(1) * sigma"}, **SETTINGS)
