"""Chains of NUTS for counts: trajectories lead back, and draws are those of a posterior summed on a grid by SciPy."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from bayesmix.numerics.level_quadrature.posterior import COEFFICIENT, FOLDED, Parameters, log_posterior_at, pack_counts
from bayesmix.numerics.level_quadrature.rows import count_rows
from bayesmix.numerics.loci.chains import DIVERGENCES, LEAVES, STEP, sample_chains
from bayesmix.numerics.loci.convergence import chains_figures
from bayesmix.numerics.loci.trajectory import GRADIENT, MOMENTUM, POINT, closes_a_turn, kinetic_energy, leapfrog, turns
from bayesmix.numerics.prior_codes import HALF_NORMAL, NORMAL
from bayesmix.numerics.row_codes import BINOMIAL_LOGIT

TRIALS = np.array([12, 9, 15, 8, 11, 14, 7, 10])
SUCCESSES = np.array([3, 4, 9, 1, 5, 6, 0, 8])
LEVEL = np.arange(8) // 2
OF_INTERCEPT, OF_SD = stats.norm(0, 2), stats.halfnorm(scale=1)


@pytest.fixture(scope="module")
def buffer():
    """An intercept and the sd of four groups of two rows each."""
    rows = count_rows(
        code=BINOMIAL_LOGIT,
        y=SUCCESSES.astype(float),
        trials=TRIALS.astype(float),
        X=np.ones((8, 1)),
        offset=np.zeros(8),
        index=LEVEL,
        n_levels=4,
    )
    parameters = Parameters(
        np.array([COEFFICIENT, FOLDED]),
        np.array([NORMAL, HALF_NORMAL]),
        np.array([(0.0, 2.0, 0.0), (1.0, 0.0, 0.0)]),
        np.ones(2),
    )
    return pack_counts(
        rows, parameters, centre=np.array([-0.3, 0.4]), scale=np.array([[0.4, 0.0], [0.1, 0.5]]), fineness=1.0
    )


@pytest.fixture(scope="module")
def grid():
    """The posterior of intercept and sd, summed over effects, intercepts and sds: SciPy alone."""
    intercepts, sds = np.linspace(-3.5, 2.5, 121), (np.arange(250) + 0.5) / 50
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / np.sqrt(2 * np.pi)
    log_likelihood = np.zeros((len(intercepts), len(sds)))
    shares = expit(intercepts[:, None, None] + sds[None, :, None] * nodes)
    for level in range(4):
        product = np.ones(shares.shape)
        for row in np.flatnonzero(level == LEVEL):
            product *= stats.binom.pmf(SUCCESSES[row], TRIALS[row], shares)
        log_likelihood += np.log(product @ weights)
    density = np.exp(
        log_likelihood - log_likelihood.max() + OF_INTERCEPT.logpdf(intercepts)[:, None] + OF_SD.logpdf(sds)
    )
    return intercepts, sds, density / density.sum()


def test_a_step_back_leads_back(buffer):
    state, before = np.zeros((3, 2)), np.zeros((3, 2))
    state[POINT], state[MOMENTUM] = [0.3, -0.8], [1.1, 0.4]
    log_posterior_at(buffer, state[POINT], state[GRADIENT])
    before[:] = state
    variances = np.array([0.7, 1.6])
    for _ in range(5):
        leapfrog(buffer, variances, 0.3, state)
    for _ in range(5):
        leapfrog(buffer, variances, -0.3, state)
    np.testing.assert_allclose(state, before, rtol=1e-10)


def test_the_error_of_the_energy_is_of_second_order(buffer):
    variances, errors = np.ones(2), []
    for n_steps in (10, 20, 40):
        state = np.zeros((3, 2))
        state[POINT], state[MOMENTUM] = [0.3, -0.8], [1.1, 0.4]
        before = kinetic_energy(variances, state[MOMENTUM]) - log_posterior_at(buffer, state[POINT], state[GRADIENT])
        for _ in range(n_steps):
            value = leapfrog(buffer, variances, 2.0 / n_steps, state)
        errors.append(kinetic_energy(variances, state[MOMENTUM]) - value - before)
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(4, rel=0.05)


def test_a_trajectory_turns_where_it_points_back():
    ones = np.ones(2)
    ahead, back = np.array([1.0, 0.0]), np.array([-1.0, 0.1])
    assert not turns(ones, ahead, ahead, 3 * ahead)
    assert turns(ones, ahead, back, ahead + np.array([0.0, 1.0]) + back)


def test_every_balanced_subtree_is_asked_whether_it_turns():
    """Leaf by leaf, against all subtrees of 2, 4, 8 and 16 leaves that end there."""
    rng, variances, seen = np.random.default_rng(4), np.array([0.5, 2.0]), set()
    for _ in range(200):
        momenta = np.array([1.0, 0.2]) + rng.normal(size=(16, 2)) * rng.uniform(0.1, 1.5)
        firsts = np.full((16, 2), np.nan)
        for leaf in range(16):
            sizes = [size for size in (2, 4, 8, 16) if (leaf + 1) % size == 0]
            subtrees = [momenta[leaf + 1 - size : leaf + 1] for size in sizes]
            expected = any(turns(variances, part[0], part[-1], part.sum(axis=0)) for part in subtrees)
            total = momenta[: leaf + 1].sum(axis=0)
            assert closes_a_turn(variances, leaf, momenta[leaf], total, firsts) == expected
            seen.add((leaf, expected))
    assert {(leaf, True) for leaf in range(1, 16, 2)} | {(leaf, False) for leaf in range(16)} <= seen


def test_draws_are_those_of_the_posterior_on_a_grid(buffer, grid):
    """Means, limits and small sds, over several seeds, within Monte Carlo error."""
    intercepts, sds, density = grid
    by_intercept, by_sd = density.sum(axis=1), density.sum(axis=0)
    edges, below = np.append(0.0, sds + 0.01), np.append(0.0, np.cumsum(by_sd))
    draws, figures, scores = np.empty((4, 1000, 2)), np.empty((4, 4)), []
    for seed in range(4):
        assert sample_chains(buffer, seed, 150, 20, 0.8, 1.0, draws, figures)
        assert figures[:, DIVERGENCES].sum() == 0
        theta = np.array([-0.3, 0.4]) + draws @ np.array([[0.4, 0.0], [0.1, 0.5]]).T
        intercept, sd = theta[..., 0], np.abs(theta[..., 1])
        events = [(intercept, intercepts @ by_intercept), (sd, sds @ by_sd)]
        for share in (0.025, 0.5, 0.975):
            limit = np.interp(share, np.cumsum(by_intercept), intercepts + 0.025)
            events.append(((intercept <= limit).astype(float), share))
            limit = np.interp(share, below, edges)
            events.append(((sd <= limit).astype(float), share))
        events.append(((sd <= 0.1).astype(float), np.interp(0.1, edges, below)))
        values = np.array([values for values, _ in events])
        _, sizes, _ = chains_figures(values)
        errors = values.std(axis=(1, 2)) / np.sqrt(sizes)
        scores.append((values.mean(axis=(1, 2)) - [exact for _, exact in events]) / errors)
    assert np.abs(scores).max() < 4
    assert np.abs(np.mean(scores, axis=0)).max() < 3.5 / np.sqrt(4)


def test_draws_depend_on_the_seed_alone_and_chains_on_their_number(buffer):
    first, again, more = np.empty((2, 30, 2)), np.empty((2, 30, 2)), np.empty((3, 30, 2))
    figures = np.empty((3, 4))
    sample_chains(buffer, 5, 60, 5, 0.8, 1.0, first, figures[:2])
    sample_chains(buffer, 5, 60, 5, 0.8, 1.0, again, figures[:2])
    sample_chains(buffer, 5, 60, 5, 0.8, 1.0, more, figures)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, more[:2])
    sample_chains(buffer, 6, 60, 5, 0.8, 1.0, again, figures[:2])
    assert not np.any(first[0] == again[0])
    assert np.all(figures[:, STEP] > 0.1)
    assert np.all(figures[:, LEAVES] >= 30)


def test_no_place_to_start_is_told(buffer):
    nowhere = buffer.copy()
    nowhere[1 + 4 * 15 :][nowhere[1 + 4 * 15 :] == -0.3] = np.nan
    assert not sample_chains(nowhere, 1, 10, 5, 0.8, 1.0, np.empty((1, 10, 2)), np.empty((1, 4)))
