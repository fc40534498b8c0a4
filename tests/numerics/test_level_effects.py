"""Exact draws of group effects of counts: against their distribution functions by a fine grid, with SciPy alone."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logsumexp

from bayesmix.families.table import FAMILIES as RECORDS
from bayesmix.numerics.level_quadrature.draws import draw_effects
from bayesmix.numerics.level_quadrature.posterior import COEFFICIENT, FOLDED, POSITIVE, Parameters, pack_counts
from bayesmix.numerics.level_quadrature.rows import count_rows
from bayesmix.numerics.prior_codes import EXPONENTIAL, HALF_NORMAL, NORMAL

PROBABILITY = {"logit": expit, "probit": stats.norm.cdf, "cloglog": lambda eta: -np.expm1(-np.exp(eta))}
FAMILIES = [
    *[(family, link) for family in ("binomial", "beta_binomial") for link in PROBABILITY],
    ("poisson", "log"),
    ("negative_binomial", "log"),
]
OWN, SLOPE = 3.0, -0.6
N_DRAWS = 20_000
Z = np.array([0.3, -0.8, 1.1, 0.2, -0.4, 0.0])
LEVEL = np.array([1, 0, 0, 1, 0, 1])


def log_pmf(family, link, eta, y, trials):
    """By the frozen distributions of SciPy."""
    if link == "log":
        mu = np.exp(eta)
        return (stats.poisson(mu) if family == "poisson" else stats.nbinom(OWN, OWN / (OWN + mu))).logpmf(y)
    p = np.clip(PROBABILITY[link](eta), 1e-14, 1 - 1e-14)
    return (stats.binom(trials, p) if family == "binomial" else stats.betabinom(trials, p * OWN, (1 - p) * OWN)).logpmf(
        y
    )


def buffer_of(family, link, y, trials):
    has_own = family in ("negative_binomial", "beta_binomial")
    rows = count_rows(
        code=RECORDS[family].row_codes[link],
        y=y,
        trials=None if link == "log" else trials,
        X=Z[:, None],
        offset=np.zeros(len(Z)),
        index=LEVEL,
        n_levels=2,
    )
    parameters = Parameters(
        np.array([COEFFICIENT, FOLDED, POSITIVE][: 2 + has_own]),
        np.array([NORMAL, HALF_NORMAL, EXPONENTIAL][: 2 + has_own]),
        np.array([(0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (1.0, 0.0, 0.0)][: 2 + has_own]),
        np.ones(2 + has_own),
    )
    n = parameters.n
    return pack_counts(rows, parameters, centre=np.zeros(n), scale=np.eye(n), fineness=1.0), n


def thetas_of(n, sd, n_draws):
    return np.repeat(np.array([[SLOPE, sd, np.log(OWN)][:n]]), n_draws, axis=0)


def uniforms(family, link, sd, y, trials, level, drawn):
    """The distribution function of a level's effect at the draws."""
    own = level == LEVEL
    grid = np.linspace(-9, 9, 8_001)
    heights = -0.5 * grid**2
    for z, k, n in zip(Z[own], y[own], trials[own], strict=True):
        with np.errstate(divide="ignore"):
            heights = heights + log_pmf(family, link, SLOPE * z + sd * grid, k, n)
    weights = np.exp(heights - logsumexp(heights))
    return np.interp(drawn / sd, grid + (grid[1] - grid[0]) / 2, np.cumsum(weights))


@pytest.mark.parametrize(("family", "link"), FAMILIES)
@pytest.mark.parametrize(
    ("sd", "trials", "share"),
    [
        (0.8, 8, 0.5),
        pytest.param(2.5, 15, 0.0, marks=pytest.mark.slow),
        pytest.param(6.0, 1, 1.0, marks=pytest.mark.slow),
        pytest.param(0.05, 30, 0.3, marks=pytest.mark.slow),
    ],
)
def test_effects_are_drawn_from_their_conditional_distribution(family, link, sd, trials, share):
    """Kolmogorov and Smirnov's test, a false alarm once in 10,000 samples."""
    n = np.full(len(Z), trials)
    y = np.floor(share * n)
    buffer, n_parameters = buffer_of(family, link, y, n.astype(float))
    effects = np.empty((N_DRAWS, 2))
    draw_effects(buffer, thetas_of(n_parameters, sd, N_DRAWS), 0, np.array([1, 0]), 11, effects)
    for level, drawn in zip((1, 0), effects.T, strict=True):
        found = uniforms(family, link, sd, y, n, level, drawn)
        assert stats.kstest(found, "uniform").pvalue > 1e-4
    assert abs(np.corrcoef(effects.T)[0, 1]) < 4 / np.sqrt(N_DRAWS)
    assert abs(np.corrcoef(effects[1:, 0], effects[:-1, 0])[0, 1]) < 4 / np.sqrt(N_DRAWS)


def test_a_level_without_spread_has_no_effect():
    buffer, n = buffer_of("poisson", "log", np.arange(6.0), np.ones(6))
    effects = np.empty((10, 2))
    draw_effects(buffer, thetas_of(n, 0.0, 10), 0, np.arange(2), 1, effects)
    assert (effects == 0).all()


def test_draws_depend_on_seed_level_and_place_alone():
    buffer, n = buffer_of("poisson", "log", np.arange(6.0), np.ones(6))
    thetas = thetas_of(n, 0.8, 50)
    whole, part, other = np.empty((50, 2)), np.empty((20, 1)), np.empty((50, 2))
    draw_effects(buffer, thetas, 0, np.arange(2), 1, whole)
    draw_effects(buffer, thetas[30:], 30, np.array([1]), 1, part)
    draw_effects(buffer, thetas, 0, np.arange(2), 2, other)
    assert (part[:, 0] == whole[30:, 1]).all()
    assert (whole != other).all()
    assert len(np.unique(whole)) == whole.size
