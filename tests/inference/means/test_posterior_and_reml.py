"""Posterior means under wide priors beside REML's, and simulated truth that the intervals of both cover."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import bayesmix as bm


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "formula", "specs"),
    [
        ("kfert", "yield ~ K2O_lbac + (1 | rep)", "K2O_lbac"),
        ("irrigation", "yield ~ irrigation * variety + (1 | field)", ["irrigation", "variety"]),
    ],
)
def test_under_wide_priors_the_means_are_those_of_reml(name, formula, specs):
    """In balanced data they do not depend on the variances, so that only Monte Carlo error is left."""
    data = bm.load_data(name)
    reml = bm.reml(formula, data)
    priors = dict.fromkeys(reml.design.fixed.names, "Normal(0, 10000)")
    fit = bm.fit(formula, data, priors=priors, seed=3, progress=False)
    theirs, ours = bm.emmeans(reml, specs), bm.emmeans(fit, specs)
    # Draws of coefficients given theta are independent.
    np.testing.assert_array_less(np.abs(ours["emmean"] - theirs["emmean"]), 5 * ours["sd"] / np.sqrt(4000 / 4))
    # The posterior knows that the variances are estimates.
    assert (ours["sd"] > theirs["se"]).all()
    assert (ours["sd"] < 3 * theirs["se"]).all()


@pytest.mark.slow
def test_policies_are_what_simulation_says():
    """Intervals over 60 simulated trials: "typical" covers the middle group, "new" the mean of all groups to come."""
    rng, covered = np.random.default_rng(11), {"typical": 0, "new": 0}
    beta, sd, n_trials = np.array([-1.0, 0.3]), 1.5, 60
    effects = sd * rng.standard_normal(200_000)
    truth = {"typical": expit(beta[0]), "new": expit(beta[0] + effects).mean()}
    assert truth["new"] - truth["typical"] > 0.05
    for _ in range(n_trials):
        group = np.repeat(np.arange(40), 2)
        treated = np.tile([0, 1], 40)
        eta = beta[0] + beta[1] * treated + (sd * rng.standard_normal(40))[group]
        data = pd.DataFrame({"g": group, "f": np.where(treated, "b", "a"), "k": rng.binomial(12, expit(eta)), "n": 12})
        fit = bm.laplace("cbind(k, n - k) ~ f + (1 | g)", data, "binomial")
        for groups, value in truth.items():
            row = bm.emmeans(fit, "f", type="response", groups=groups).iloc[0]
            covered[groups] += row["lower"] < value < row["upper"]
    for groups, count in covered.items():
        assert count >= 0.85 * n_trials, (groups, count)
