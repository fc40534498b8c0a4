"""R-hat and effective sizes of many parameters are those of ArviZ, called plainly on each; of weighted values exact."""

import numpy as np
import pytest
from arviz_stats import ess, rhat
from scipy import stats

from bayesmix.modelling.convergence import convergence, normal_scores


def _autocorrelated(rng, shape, phi):
    draws = rng.normal(size=shape)
    for step in range(1, shape[-1]):
        draws[..., step] += phi * draws[..., step - 1]
    return draws


def _cases():
    rng = np.random.default_rng(20)
    yield "independent", rng.normal(size=(4, 500))
    yield "slow", _autocorrelated(rng, (4, 500), 0.97)
    yield "antithetic", _autocorrelated(rng, (4, 500), -0.6)
    yield "odd number of draws", rng.normal(size=(3, 501))
    yield "heavy tails", rng.standard_cauchy(size=(4, 400))
    yield "one wide chain", rng.normal(size=(4, 400)) * np.array([1, 1, 1, 5])[:, None]
    yield "one shifted chain", rng.normal(size=(4, 400)) + np.array([0, 0, 0, 2])[:, None]
    yield "repeated draws", np.repeat(rng.normal(size=(4, 100)), 5, axis=1)
    yield "few values", rng.integers(0, 3, size=(4, 300)).astype(float)
    yield "single chain", rng.normal(size=(1, 600))
    yield "eight draws", rng.normal(size=(2, 8))


@pytest.mark.parametrize("draws", [draws for _, draws in _cases()], ids=[name for name, _ in _cases()])
def test_same_as_arviz(draws):
    figures = convergence(np.stack([draws, draws[:, ::-1] * 3 - 1]))
    for row, values in enumerate([draws, draws[:, ::-1] * 3 - 1]):
        assert figures.rhat[row] == pytest.approx(float(rhat(values)), rel=1e-12, nan_ok=True)
        assert figures.ess_bulk[row] == pytest.approx(float(ess(values, method="bulk")), rel=1e-12)
        tail = float(ess(values, method="tail", prob=(0.05, 0.95)))
        assert figures.ess_tail[row] == pytest.approx(tail, rel=1e-12)


@pytest.mark.parametrize("draws", [draws for _, draws in _cases()], ids=[name for name, _ in _cases()])
def test_normal_scores_are_those_of_ranks_by_scipy(draws):
    both = np.stack([draws, -np.abs(draws)])
    ranks = np.stack([stats.rankdata(values, axis=None).reshape(values.shape) for values in both])
    np.testing.assert_array_equal(normal_scores(both), stats.norm.ppf((ranks - 3 / 8) / (draws.size + 1 / 4)))


def test_many_parameters_come_back_in_their_order():
    draws = np.random.default_rng(21).normal(size=(70, 4, 100))
    draws[40] = 1.5
    draws[50, 0, 0] = np.nan
    figures = convergence(draws)
    assert np.flatnonzero(np.isnan(figures.rhat)).tolist() == [40, 50]
    assert np.flatnonzero(np.isnan(figures.ess_tail)).tolist() == [40, 50]
    for row in (0, 31, 32, 69):
        assert figures.rhat[row] == pytest.approx(float(rhat(draws[row])), rel=1e-10)


def test_chains_that_stand_still_apart_have_infinite_rhat():
    draws = np.broadcast_to(np.array([0.0, 1.0])[:, None], (2, 50))[None]
    assert convergence(draws).rhat[0] == np.inf


def copied(rng, n_parameters=1):
    """4 x 500 draws of 500 values with one to seven copies each, and the value behind each draw."""
    source = np.repeat(np.arange(500), np.tile([1, 7, 3, 5], 125)).reshape(4, 500).astype(float)
    return rng.normal(size=(n_parameters, 500))[:, source.astype(int)], source


def test_a_value_counts_once_however_many_copies_it_has():
    """Sizes are those of a mean over 500 values with 1, 7, 3 or 5 of 2,000 parts each, bulk and tail alike."""
    rng = np.random.default_rng(22)
    draws, source = copied(rng, 200)
    figures = convergence(draws, source)
    exact = 2000**2 / (125 * (1 + 49 + 9 + 25))
    assert np.mean(figures.ess_bulk) == pytest.approx(exact, rel=0.02)
    # The less of two tails, each of 25 values: some 30 % by chance.
    assert 0.65 * exact < np.mean(figures.ess_tail) < exact
    again = convergence(np.exp(draws), source)
    np.testing.assert_allclose(again.ess_bulk, figures.ess_bulk)
    np.testing.assert_allclose(again.ess_tail, figures.ess_tail)


def test_what_is_drawn_anew_for_every_copy_counts_so_far_as_it_is_new():
    rng = np.random.default_rng(23)
    draws, source = copied(rng, 200)
    fresh = rng.normal(size=draws.shape)
    all_new = convergence(fresh, source)
    assert 1900 < np.mean(all_new.ess_bulk) <= 2000
    half = convergence((draws + fresh) / np.sqrt(2), source).ess_bulk
    # Variances of means add up: half from 500 uneven values, half from 2,000 draws.
    both = 1 / (0.5 * (125 * 84) / 2000**2 + 0.5 / 2000)
    assert np.mean(half) == pytest.approx(both, rel=0.03)


def test_values_of_their_own_are_as_many_as_draws():
    draws = np.random.default_rng(24).normal(size=(3, 4, 500))
    figures = convergence(draws, np.arange(2000.0).reshape(4, 500))
    np.testing.assert_allclose(figures.ess_bulk, 2000)
    np.testing.assert_allclose(figures.ess_tail, 2000)
