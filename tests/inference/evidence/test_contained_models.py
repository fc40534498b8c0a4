"""Smaller models are worked out once for a fit, side by side, with the numbers that one after the other has."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import halfnorm

import bayesmix as bm
from bayesmix.errors import ArgumentError
from bayesmix.formula.parse import parse
from bayesmix.formula.reduce import reductions
from bayesmix.inference.evidence import inclusion as inclusion_file
from bayesmix.inference.evidence.log_marginal import log_marginals
from bayesmix.modelling import evidence
from bayesmix.modelling.evidence import of_smaller_models
from bayesmix.modelling.reduced import reduced_model
from bayesmix.numerics.monte_carlo import mean_ratio

# A prior of a coefficient that is not Normal: nothing integrates out.
PRIORS = {"x": "StudentT(3, 0, 2)"}
SETTINGS = {"seed": 4, "draws": 800, "tune": 500, "progress": False}


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(3)
    found = pd.DataFrame({"g": np.arange(96) % 12, "h": np.arange(96) // 12, "x": rng.normal(size=96)})
    mean = 0.2 + 1.0 * rng.normal(size=12)[found["g"]] + 0.3 * found["x"]
    return found.assign(k=mean + rng.normal(size=96))


@pytest.fixture(scope="module")
def fitted(rows):
    return bm.fit("k ~ x + (1 | g) + (1 | h)", rows, priors=PRIORS, **SETTINGS)


@pytest.mark.slow
def test_side_by_side_they_have_the_numbers_that_each_has_alone(fitted):
    models = [reduced_model(fitted, part.formula) for part in reductions(fitted.design.formula)]
    together = of_smaller_models(fitted, models)
    assert not any(one.reason for one in together)
    for found, text in zip(together, ("k ~ x + (1 | h)", "k ~ x + (1 | g)"), strict=True):
        assert found == bm.log_marginal(bm.fit(text, fitted.data, priors=PRIORS, **SETTINGS))


@pytest.mark.slow
def test_each_is_sampled_once(fitted, monkeypatch):
    sampled = []
    sample = evidence._sampled
    monkeypatch.setattr(evidence, "_sampled", lambda *model, **how: sampled.append(model) or sample(*model, **how))
    table = bm.rand(fitted)
    assert len(sampled) == 2
    one = bm.bayes_factor(fitted, drop="(1 | g)")
    assert one.log10_bf == table.loc["(1 | g)", "log10_bf"]
    bm.prior_sensitivity(fitted, drop="1 | h")
    assert len(sampled) == 2
    averaged = bm.inclusion(fitted)
    assert len(sampled) == 3  # the model without both
    assert averaged["models"].tolist() == [4, 4]
    formulas = [parse(f"k ~ x{text}") for text in (" + (1 | g) + (1 | h)", " + (1 | g)", " + (1 | h)", "")]
    both, g, h, none = (found.value for found in log_marginals(fitted, formulas))
    assert len(sampled) == 3
    expected = np.logaddexp(both, g) - np.logaddexp(h, none)
    assert averaged.loc["(1 | g)", "log10_bf"] == pytest.approx(expected / np.log(10), abs=1e-9)
    assert averaged.loc["(1 | g)", "mcse"] < 0.05


@pytest.fixture(scope="module")
def crossed(rows):
    """Counts in crossed groups, which are sampled without a closed form as well; few draws."""
    counts = rows.assign(k=np.arange(96) % 5)
    return bm.fit("k ~ x + (1 | g) + (1 | h)", counts, "poisson", seed=1, draws=20, tune=200, progress=False)


def test_too_many_models_to_sample_are_refused(crossed, monkeypatch):
    monkeypatch.setattr(inclusion_file, "_MOST_SAMPLED", 3)
    with pytest.raises(ArgumentError, match=r"More than 3 models .* each to be sampled .* rand"):
        bm.inclusion(crossed)


def test_no_number_of_one_model_is_no_number_of_their_average(crossed):
    table = bm.inclusion(crossed)
    assert np.isnan(table["log10_bf"]).all()
    assert not table["reliable"].any()
    assert "at least" in table["reason"].iloc[0]
    assert "No numbers: k ~ x" in str(table)


@pytest.mark.slow
def test_sensitivity_without_a_closed_form(fitted):
    """Against fits with the other prior; a prior that the draws do not reach has a reason and no number."""
    curve = bm.prior_sensitivity(fitted, drop="1 | h", multipliers=[0.5, 3.0])
    assert (curve["reason"] == "").all()
    for _, row in curve.iterrows():
        other = bm.fit(
            fitted.formula,
            fitted.data,
            priors=PRIORS | {"sd_h__Intercept": row["prior"]},
            **SETTINGS,
        )
        anew = bm.bayes_factor(other, drop="1 | h")
        assert abs(anew.log10_bf - row["log10_bf"]) < 4 * np.hypot(anew.mcse, row["mcse"])
    far = bm.prior_sensitivity(fitted, drop="1 | g", multipliers=[0.02]).iloc[0]
    assert np.isnan(far["log10_bf"])
    assert "fewer than 100" in far["reason"]


def test_weighted_anew_draws_give_the_ratio_of_the_integrals():
    """Half-normal draws: q / p integrates to 1 whatever q; the error covers."""
    rng = np.random.default_rng(5)
    scores = []
    for _ in range(100):
        draws = np.abs(rng.normal(size=(4, 500)))
        log_ratios = halfnorm.logpdf(draws, 0, 0.7) - halfnorm.logpdf(draws)
        found = mean_ratio(log_ratios)
        scores.append(found.log_mean / found.error)
    assert 0.7 < np.std(scores) < 1.3
    assert abs(np.mean(scores)) < 0.4
