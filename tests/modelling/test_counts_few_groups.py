"""Counts of two or three groups with thousands of reads: the sd lies near 0 or anywhere up to where its prior ends."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal, norm

import bayesmix as bm

READS = 20_000


def limits(successes):
    """2.5 % and 97.5 % limits of the sd: thousands of reads make a logit normal about its estimate, to 1 %."""
    share = successes / READS
    logits, errors = np.log(share / (1 - share)), 1 / (READS * share * (1 - share))
    log_sd = np.linspace(-14, 2, 4000)
    sd = np.exp(log_sd)
    together = 2.5**2 * np.ones((len(successes), len(successes)))  # the intercept's prior
    log_p = [multivariate_normal(cov=together + np.diag(errors + s**2)).logpdf(logits) for s in sd]
    below = np.cumsum(np.exp(np.array(log_p) - np.max(log_p)) * norm.pdf(sd) * sd)
    return np.exp(np.interp((0.025, 0.975), below / below[-1], log_sd))


@pytest.mark.parametrize("successes", [[6015, 5970], [6015, 5970, 6008], [6100, 5300], [2000, 9000]])
def test_limits_are_those_of_a_grid_without_nuts(successes):
    data = pd.DataFrame({"k": successes, "n": READS, "g": np.arange(len(successes))})
    low, high = limits(np.array(successes))
    for seed in range(3):
        fit = bm.fit("cbind(k, n - k) ~ 1 + (1 | g)", data, "binomial", seed=seed, progress=False)
        assert fit.diagnostics.importance.pareto_k < 0.5
        assert fit.diagnostics.parameters.loc["sd_g__Intercept", ["ess_bulk", "ess_tail"]].min() > 2000
        draws = fit.posterior["posterior"]["sd_g__Intercept"].to_numpy()
        for share in ((draws < low).mean(), (draws > high).mean()):
            assert abs(share - 0.025) < 4 * np.sqrt(0.025 * 0.975 / 2500)


def test_more_values_come_before_nuts(simulated_loci):
    """A locus whose first 4,000 values do not hold the lower limit of the sd: they become 12,000 and hold it."""
    data = simulated_loci[simulated_loci["locus"] == 104]
    found = bm.fit("cbind(m, u) ~ treatment * time + (1 | tank)", data, "binomial", seed=104, draws=500, progress=False)
    assert found.sampling.sampler == "importance"
    assert found.posterior["importance"].sizes["value"] == 12_000
    assert found.diagnostics.importance.pareto_k < 0.7
    exact = bm.fit(
        "cbind(m, u) ~ treatment * time + (1 | tank)", data, "binomial", seed=1, sampler="nutpie", progress=False
    )
    sds = [one.posterior["posterior"]["sd_tank__Intercept"].to_numpy().ravel() for one in (found, exact)]
    below = np.quantile(sds[1], 0.025)
    assert abs(np.mean(sds[0] < below) - 0.025) < 0.012
