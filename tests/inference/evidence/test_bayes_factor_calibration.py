"""Calibration: with models drawn at even odds, posterior probabilities are the shares with which they are right."""

import numpy as np
import pandas as pd
import pytest

from bayesmix.families.family import read_family
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.modelling.exact.log_marginal import log_marginal_of
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.priors.default_priors import column_sds, default_priors
from bayesmix.priors.settled import settle_priors

PRIORS = {"Intercept": "Normal(1, 2)", "sigma": "HalfNormal(1)"}
G = np.repeat(np.arange(6), 4)


def probability_of_groups(y, prior):
    """Posterior probability of `y ~ 1 + (1 | g)` against `y ~ 1`, under the priors that the data were drawn from."""
    data = pd.DataFrame({"y": y, "g": G})
    given, values = PRIORS | {"sd_g__Intercept": prior}, []
    for formula in ("y ~ 1 + (1 | g)", "y ~ 1"):
        design = build_design(parse(formula), data)
        defaults = default_priors(design, read_family("gaussian"))
        own = {name: text for name, text in given.items() if name in defaults}
        priors = settle_priors(defaults, own, column_sds(design, read_family("gaussian")))
        values.append(log_marginal_of(MixedModel(design, read_family("gaussian"), priors), seed=1, cores=1).value)
    return 1 / (1 + np.exp(values[1] - values[0]))


@pytest.mark.slow
@pytest.mark.parametrize("prior", ["HalfNormal(1)", "ScaleFree(0.5)"])
def test_probabilities_are_shares(prior):
    """300 data sets: the mean of (truth - probability) is 0, overall and where the probability is low, middling, high.

    With the sd's prior three times as wide in the fit as in the simulation the overall z score is 8.
    """
    rng = np.random.default_rng(11)
    truth = rng.random(300) < 0.5
    found = []
    for with_groups in truth:
        sigma, sd = np.abs(rng.normal(size=2))
        sd = sd if prior == "HalfNormal(1)" else 0.5 * sigma * np.abs(rng.standard_cauchy())
        effects = rng.normal(0, sd, 6) if with_groups else np.zeros(6)
        found.append(probability_of_groups(rng.normal(1, 2) + effects[G] + rng.normal(0, sigma, 24), prior))
    probability = np.array(found)
    assert abs(z_score(truth, probability)) < 3
    for low, high in ((0, 0.35), (0.35, 0.7), (0.7, 1.001)):
        own = (probability >= low) & (probability < high)
        assert own.sum() > 20
        assert abs(z_score(truth[own], probability[own])) < 3.3


def z_score(truth, probability):
    """Of the sum of truth - probability, whose variance is that of independent coins."""
    return np.sum(truth - probability) / np.sqrt(np.sum(probability * (1 - probability)))
