"""Draws of priors by name beside those of PyMC's model, and points on a route that has no closed form (slow)."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmix as bm
from bayesmix.families.family import read_family
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.inference.hypotheses.parameters import Effect
from bayesmix.inference.hypotheses.prior import PriorDraws
from bayesmix.modelling.prior_draws import prior_draws
from bayesmix.priors.default_priors import column_sds, default_priors
from bayesmix.priors.settled import settle_priors


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(3)
    g, x = np.repeat(np.arange(12), 6), rng.normal(1, 1, 72)
    counts = rng.poisson(np.exp(0.9 + 0.12 * x + 0.5 * rng.normal(size=12)[g]))
    stages = pd.Categorical.from_codes(rng.integers(0, 3, 72), ["low", "mid", "high"], ordered=True)
    return pd.DataFrame(
        {"x": x, "z": rng.normal(size=72), "g": g.astype(str), "y": rng.normal(size=72), "k": counts, "o": stages}
    )


def unfitted(make, formula, data, family, priors):
    """A record with design and priors of a model, and draws of another one."""
    read = read_family(family)
    design = build_design(parse(formula), data, response=read.response)
    settled = settle_priors(default_priors(design, read), priors, column_sds(design, read))
    return replace(make(read_family("gaussian")).fit, design=design, family=read, priors=settled)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("formula", "family", "priors"),
    [
        ("y ~ x + (x + z | g)", "gaussian", {"sd_g__x": "HalfNormal(0.5) * sigma", "x": "StudentT(4, 1, 2)"}),
        ("o ~ x + z + (1 | g)", "stopping_ratio", {"x": "Normal(1, 0.3)"}),
    ],
)
def test_draws_of_priors_are_those_of_pymc(make, data, formula, family, priors):
    """Two samples of each parameter by Kolmogorov and Smirnov, each of the two at the 1e-4 level."""
    fit = unfitted(make, formula, data, family, priors)
    drawn = prior_draws(fit, draws=4000, seed=5)["prior"]
    effect = Effect(fit.design.random[0], 3, fit.design.random[0].k - 1)
    ours = PriorDraws(fit, {"ranef": effect}, n=20_000)
    by_name = {}
    for name, values in drawn.items():
        flat = values.to_numpy().reshape(4000, -1).T
        if name == "threshold":
            by_name |= dict(
                zip((f"threshold[{border}]" for border in fit.design.response.thresholds), flat, strict=True)
            )
        elif str(name).startswith("corr_"):
            by_name |= {
                f"{name}[{pair}]": one for pair, one in zip(values.coords[f"{name}_dim"].to_numpy(), flat, strict=True)
            }
        elif "|" in str(name):
            if str(name).split("|")[0] == (fit.design.random[0].names[-1]).replace("Intercept", "1"):
                by_name["ranef"] = flat[3]
        elif len(flat) == 1:
            by_name[str(name)] = flat[0]
    assert {"ranef", "x", "sd_g__Intercept"} <= set(by_name)
    assert len(by_name) == (10 if family == "gaussian" else 6)
    for name, values in by_name.items():
        assert stats.ks_2samp(ours.of(name), values).pvalue > 1e-4, name


@pytest.mark.slow
def test_a_point_of_counts_is_what_bayes_factor_drops(data):
    """A route without a closed form for coefficients: the density of draws against marginal likelihoods."""
    fit = bm.fit("k ~ x + z + (1 | g)", data, "poisson", seed=1, progress=False)
    for name in ("x", "z"):
        row, factor = bm.hypothesis(fit, f"{name} = 0").iloc[0], bm.bayes_factor(fit, drop=name)
        assert row["method"] == "Savage-Dickey, density of the draws"
        assert row["log10_bf_mcse"] < 0.15
        assert row["log10_bf"] == pytest.approx(-factor.log10_bf, abs=3.5 * np.hypot(row["log10_bf_mcse"], factor.mcse))
