"""Simulation-based calibration of counts with one random intercept (Talts et al. 2018, arXiv:1804.06788).

Parameters from the priors, data from the parameters by NumPy, a fit with the same priors: the truth is one more draw
from the posterior, and its rank among independent draws is uniform.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import chi2

from bayesmix.families.family import read_family
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.quadrature.integrated import integrated_counts
from bayesmix.modelling.samplers.draw import sample_integrated
from bayesmix.modelling.settings import SamplerSettings
from bayesmix.priors.default_priors import default_priors
from bayesmix.priors.settled import settle_priors

pytestmark = pytest.mark.slow

N_SETS, N_BINS, N_RANKED, THIN = 200, 20, 99, 4
SETTINGS = {"draws": 198, "chains": 2, "cores": 1, "progress": False}
TEXTS = {"Intercept": "Normal(-0.5, 1)", "x": "Normal(0, 1)", "sd_g__Intercept": "HalfNormal(1)"}
FALSE_ALARM = 0.01 / 9


@pytest.mark.parametrize("family", ["binomial", "negative_binomial"])
def test_the_truth_is_one_more_draw(family):
    rng = np.random.default_rng(12)
    n_obs, n_levels = 24, 8
    rows = pd.DataFrame({"g": np.arange(n_obs) % n_levels, "x": rng.normal(2, 1, n_obs), "n": 5})
    read = read_family(family)
    ranks = []
    for seed in range(N_SETS):
        truth = {"Intercept": rng.normal(-0.5, 1), "x": rng.normal(), "sd_g__Intercept": abs(rng.normal())}
        effects = truth["sd_g__Intercept"] * rng.normal(size=n_levels)
        eta = truth["Intercept"] + truth["x"] * (rows["x"] - rows["x"].mean()) + effects[rows["g"]]
        truth["Intercept"] -= truth["x"] * rows["x"].mean()  # the prior is for x at its mean
        texts = dict(TEXTS)
        if family == "binomial":
            rows["k"] = rng.binomial(rows["n"], expit(eta))
        else:
            truth["shape"], texts["shape"] = rng.gamma(3, 1), "Gamma(3, 1)"
            rows["k"] = rng.poisson(np.exp(eta) * rng.gamma(truth["shape"], 1 / truth["shape"], n_obs))
        response = "cbind(k, n - k)" if family == "binomial" else "k"
        if family != "binomial" and rows["k"].nunique() == 1:
            continue  # a choice by the data alone, which leaves ranks uniform
        design = build_design(parse(f"{response} ~ x + (1 | g)"), rows, response=read.response)
        priors = settle_priors(default_priors(design, read), texts)
        model = integrated_counts(MixedModel(design, read, priors))
        tree, _ = sample_integrated(lambda model=model: model, SamplerSettings("importance", seed=seed, **SETTINGS))
        drawn = tree["posterior"].to_dataset()
        flat = {name: drawn[name].to_numpy().ravel()[::THIN][:N_RANKED] for name in truth}
        flat["first level"] = drawn["1|g"].to_numpy().reshape(-1, n_levels)[::THIN][:N_RANKED, 0]
        truth["first level"] = effects[0]
        ranks.append({name: int((flat[name] < value).sum()) for name, value in truth.items()})
    table = pd.DataFrame(ranks)
    assert len(table) > 0.9 * N_SETS
    for name in table:
        counts = np.bincount(table[name] * N_BINS // (N_RANKED + 1), minlength=N_BINS)
        expected = len(table) / N_BINS
        p = chi2.sf(((counts - expected) ** 2 / expected).sum(), N_BINS - 1)
        assert p > FALSE_ALARM, f"{name}: p = {p:.1g}"
