"""Screening against the integral over a grid of both parameters, which shares no sampling with it."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp

from bayesmix.families.family import read_family
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.loci.engine.screening import screening_values
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.quadrature.model import integrate_effects
from bayesmix.numerics.importance import weigh
from bayesmix.numerics.level_quadrature.posterior import evaluate_counts, log_posterior_at
from bayesmix.numerics.loci.conditional_fits import fit_conditionals
from bayesmix.priors.default_priors import default_priors
from bayesmix.priors.settled import settle_priors

TANKS = pd.DataFrame(
    {
        "k": [3, 9, 5, 12, 2, 7, 11, 6, 4, 8],
        "n": [20, 18, 22, 25, 19, 16, 30, 21, 20, 24],
        "tank": np.repeat(list("abcde"), 2),
        "x": [0, 1] * 5,
    }
)


def counts_of(formula: str, data=TANKS, priors=None):
    family = read_family("binomial")
    design = build_design(parse(formula), data, response=family.response)
    return integrate_effects(MixedModel(design, family, settle_priors(default_priors(design, family), priors)))


@pytest.fixture(scope="module", params=["HalfNormal(1)", "HalfCauchy(1)", "Exponential(1)"])
def toy(request):
    return counts_of("cbind(k, n - k) ~ 1 + (1 | tank)", priors={"sd_tank__Intercept": request.param})


def grid_of(model):
    """theta (n_points, 2) on a fine grid with the log densities and the log area of a cell."""
    low, high = (0.0, 8.0) if model.folded is not None else (-12.0, 5.0)
    beta, sd = np.linspace(-3, 2, 101), np.linspace(low, high, 301)
    theta = np.ascontiguousarray(np.stack(np.meshgrid(beta, sd, indexing="ij"), axis=-1).reshape(-1, 2))
    values = np.empty(len(theta))
    evaluate_counts(model.plain_buffer(1.0), theta, values)
    ends = np.isin(theta[:, 1], (low, high))  # the trapezoidal rule: half at the ends
    return theta, values - np.log(2.0) * ends, np.log((beta[1] - beta[0]) * (sd[1] - sd[0]))


def test_evidence_means_and_limits_are_those_of_the_integral(toy):
    theta, log_densities, log_cell = grid_of(toy)
    evidence = logsumexp(log_densities) + log_cell
    weights = np.exp(log_densities - logsumexp(log_densities))
    found, means, below = [], [], []
    limits = [value_at(theta[:, column], weights, share) for column in (0, 1) for share in (0.2, 0.5, 0.975)]
    shares = [share_below(theta[:, at // 3], weights, limit) for at, limit in enumerate(limits)]
    for seed in range(24):
        values, log_weights = screening_values(toy, 1.0, np.random.default_rng(seed))
        weighted = weigh(log_weights)
        found.append(weighted.log_integral)
        means.append(weighted.weights @ values)
        below.append(
            [weighted.weights @ (values[:, column] <= limits[3 * column + at]) for column in (0, 1) for at in range(3)]
        )
    for values, expected in (
        (np.exp(np.array(found) - evidence)[:, None], [1.0]),
        (np.array(means), weights @ theta),
        (np.array(below), shares),
    ):
        error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
        assert (np.abs(values.mean(axis=0) - expected) < 4 * error + 2e-3).all()


def value_at(column, weights, share):
    order = np.argsort(column, kind="stable")
    return column[order][np.searchsorted(np.cumsum(weights[order]), share)]


def share_below(column, weights, limit):
    """A limit lies in the middle of its cells."""
    return weights[column < limit].sum() + weights[column == limit].sum() / 2


def test_a_fit_given_the_sd_is_the_mode_with_its_curvature():
    model = counts_of("cbind(k, n - k) ~ x + (1 | tank)")
    buffer = model.plain_buffer(1.0)
    fits = fit_conditionals(buffer, model.start, 2, 0.0)
    assert fits.at[fits.first] == 0.0
    assert fits.heights[fits.last] < fits.heights[fits.first : fits.last].max() - 10
    for node in range(fits.first, fits.last + 1):
        gradient = np.empty(3)

        def downhill(others, sd=fits.at[node], gradient=gradient):
            value = log_posterior_at(buffer, np.array([*others, sd]), gradient)
            return -value, -gradient[:2]

        best = minimize(downhill, np.zeros(2), jac=True, method="BFGS", options={"gtol": 1e-7})
        away = np.linalg.solve(fits.roots[node], fits.modes[node, :2] - best.x)
        assert np.abs(away).max() < 0.02
        steps = 1e-4 * np.eye(2)
        curvature = [(downhill(best.x + step)[1] - downhill(best.x - step)[1]) / 2e-4 for step in steps]
        covariance = fits.roots[node] @ fits.roots[node].T
        np.testing.assert_allclose(covariance @ np.array(curvature), np.eye(2), atol=0.05)


def test_a_sd_far_from_where_the_search_begins_is_reached():
    """The grid must not stop too early, which Pareto k would not see."""
    data = TANKS.assign(k=np.repeat([0, 300, 2, 299, 150], 2), n=300)
    model = counts_of("cbind(k, n - k) ~ 1 + (1 | tank)", data, {"sd_tank__Intercept": "HalfNormal(20)"})
    beta, sd = np.linspace(-30, 30, 151), np.linspace(0, 60, 201)
    theta = np.ascontiguousarray(np.stack(np.meshgrid(beta, sd, indexing="ij"), axis=-1).reshape(-1, 2))
    log_densities = np.empty(len(theta))
    evaluate_counts(model.plain_buffer(1.0), theta, log_densities)
    weights = np.exp(log_densities - logsumexp(log_densities))
    values, log_weights = screening_values(model, 1.0, np.random.default_rng(1))
    weighted = weigh(log_weights)
    spread = np.sqrt(weights @ (theta[:, 1] - weights @ theta[:, 1]) ** 2)
    assert abs(weighted.weights @ values[:, 1] - weights @ theta[:, 1]) < 4 * spread / np.sqrt(weighted.effective_size)
