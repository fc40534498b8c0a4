"""What is said of a fit whose response is censored: densities by SciPy, residuals, and what is refused in one line."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import bayesmix as bm
from bayesmix.errors import ArgumentError
from bayesmix.families.family import read_family
from bayesmix.formula.parse import parse
from bayesmix.inference.prediction.held_out_groups import group_log_likelihoods
from bayesmix.inference.shared.row_model import row_model
from bayesmix.report.pages.data_lines import data_lines

CENSORING = np.arange(60) % 3 - 1


@pytest.fixture(scope="module")
def censored(make, design):
    formula = parse("y | cens(c) ~ x + f + (x | g) + (1 | h) + (0 + f | h)")
    response = replace(design.response, censoring=CENSORING)
    return make(read_family("gaussian"), replace(design, formula=formula, response=response))


def by_side(below, at, above):
    return np.where(CENSORING[:, None] > 0, above, np.where(CENSORING[:, None] < 0, below, at))


def test_log_likelihood_of_a_censored_row_is_that_of_its_tail(censored):
    fit, sigma = censored.fit, censored.draws["sigma"]
    model = row_model(fit)
    everything = slice(0, 60)
    normal, y = stats.norm(model.predictor(everything), sigma), fit.design.response.values[:, None]
    by_scipy = by_side(normal.logcdf(y), normal.logpdf(y), normal.logsf(y))
    found = bm.log_likelihood(fit).to_numpy().reshape(-1, 60).T
    np.testing.assert_allclose(found, by_scipy, rtol=1e-10)


def test_a_group_is_left_out_with_its_effects_integrated_over_tails(censored):
    """By a grid over both effects of a level of g, in a few draws."""
    fit, draws = censored.fit, censored.draws
    term, positions = fit.design.random[0], np.array([0, 7, 2500])
    rows = np.flatnonzero(term.index == 2)
    found = group_log_likelihoods(fit, term.index, positions)(rows)
    nodes = np.linspace(-9, 9, 301)
    log_weights = stats.norm.logpdf(nodes) + np.log(nodes[1] - nodes[0])
    y = fit.design.response.values[rows, None, None]
    side = CENSORING[rows, None, None]
    eta = row_model(fit).predictor(rows)
    for number, draw in enumerate(positions):
        own = draws["1|g"][2, draw] + draws["x|g"][2, draw] * term.columns[rows, 1]
        sds, r = (draws["sd_g__Intercept"][draw], draws["sd_g__x"][draw]), draws["corr_g"][0, draw]
        first = sds[0] * nodes[:, None]
        second = sds[1] * (r * nodes[:, None] + np.sqrt(1 - r**2) * nodes[None, :])
        at = (eta[:, draw] - own)[:, None, None] + first + second * term.columns[rows, 1][:, None, None]
        normal = stats.norm(at, draws["sigma"][draw])
        each = np.where(side > 0, normal.logsf(y), np.where(side < 0, normal.logcdf(y), normal.logpdf(y)))
        joint = each.sum(axis=0) + log_weights[:, None] + log_weights[None, :]
        assert found[number] == pytest.approx(np.logaddexp.reduce(joint, axis=None), abs=0.02)


def test_residuals_of_a_censored_row_are_not_known_but_their_quantiles_are(censored):
    fit = censored.fit
    for kind in ("response", "pearson"):
        assert (bm.residuals(fit, kind=kind)["mean"].isna() == (CENSORING != 0)).all()
    assert (bm.augment(fit)[".resid"].isna() == (CENSORING != 0)).all()
    model, everything = row_model(fit), slice(0, 60)
    eta, y = model.predictor(everything), fit.design.response.values[:, None]
    normal, u = stats.norm(eta, censored.draws["sigma"]), np.random.default_rng(5).uniform(size=(60, 1))
    below, above = normal.cdf(y), normal.sf(y)
    by_scipy = stats.norm.ppf(by_side(u * below, below, below + u * above))
    moderate = (below > 1e-8) & (above > 1e-8)
    assert moderate.mean() > 0.3
    found = model.quantile_residual(everything, eta, u)
    np.testing.assert_allclose(found[moderate], by_scipy[moderate], atol=1e-6)
    np.testing.assert_allclose(bm.residuals(fit, kind="quantile", seed=5)["mean"], found.mean(axis=1), rtol=1e-9)


def test_fitted_values_do_not_depend_on_what_is_censored(censored, make, design):
    whole = make(read_family("gaussian"), design)
    np.testing.assert_array_equal(bm.fitted(censored.fit), bm.fitted(whole.fit))
    one, two = (bm.posterior_predict(made.fit, seed=1, draws=50) for made in (censored, whole))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    ("question", "says"),
    [
        (bm.ppc, "censored in 40 of 60 rows"),
        (bm.plot_ppc, "censored in 40 of 60 rows"),
        (bm.compare_reml, "neither a REML nor a Laplace fit of a censored response"),
        (lambda fit: bm.shrinkage(fit, group="g"), "is censored"),
    ],
)
def test_questions_that_a_bound_does_not_answer(question, says, censored):
    with pytest.raises(ArgumentError, match=says) as caught:
        question(censored.fit)
    assert len(str(caught.value).splitlines()) == 1


def test_models_with_other_censoring_are_not_compared(censored, make, design):
    whole = make(read_family("gaussian"), design).fit
    with pytest.raises(ArgumentError, match="same response"):
        bm.compare(censored.fit, whole)
    with pytest.raises(ArgumentError, match="different responses"):
        bm.bayes_factor(censored.fit, whole)


def test_the_page_says_how_many_rows_are_censored(censored):
    lines = data_lines(censored.fit.design)
    assert any(line.endswith("y: censored in 40 of 60 rows (20 right, 20 left)") for line in lines)
    assert ".response.censoring" in str(censored.fit.design)
