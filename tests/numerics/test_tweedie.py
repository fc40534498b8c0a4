"""The series of the Tweedie distribution: against R's, against sums of all terms, and in PyMC."""

import json
from pathlib import Path

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy import stats
from scipy.special import gammaln, logsumexp

from bayesmix.modelling.pymc_model import tweedie_density
from bayesmix.numerics.row_distribution.parts import Predicted
from bayesmix.numerics.row_distribution.tweedie import TWEEDIE

from ..in_python import IN_PYTHON

OF_R = json.loads((Path(__file__).parents[1] / "references" / "tweedie.json").read_text())["grid"]


@pytest.fixture(scope="module")
def wide():
    """Values, means, dispersions and powers of every size, with up to 20,000 amounts."""
    rng, n = np.random.default_rng(4), 400
    power, mu = rng.uniform(1.01, 1.99, n), np.exp(rng.normal(0, 2, n))
    y = mu * np.exp(rng.normal(0, 1, n))
    number = np.exp(rng.uniform(-3, np.log(20_000), n))
    return y, mu, y ** (2 - power) / (number * (2 - power)), power


def log_density(y, mu, dispersion, power):
    q = Predicted(np.log(mu)[:, None], "log", {"dispersion": dispersion[:, None], "power": power[:, None]})
    return TWEEDIE.log_density(y[:, None], q)[:, 0]


def every_term(y, mu, dispersion, power):
    """Numbers of amounts that matter, their log probabilities, and the distribution of the sum of each."""
    rate, shape = mu ** (2 - power) / (dispersion * (2 - power)), (2 - power) / (power - 1)
    most = max(rate, y ** (2 - power) / (dispersion * (2 - power)))
    number = np.arange(1.0, np.ceil(most + 14 * np.sqrt(most) + 60))
    scale = dispersion * (power - 1) * mu ** (power - 1)
    return number * np.log(rate) - rate - gammaln(number + 1), stats.gamma(number * shape, scale=scale), np.exp(-rate)


def test_log_density_is_that_of_mgcv():
    y, mu, dispersion, power, expected = (np.array(column, dtype=float) for column in OF_R.values())
    np.testing.assert_allclose(log_density(y, mu, dispersion, power), expected, rtol=1e-6, atol=1e-6)


def test_log_density_is_the_sum_of_all_terms(wide):
    expected = []
    for row in zip(*wide, strict=True):
        log_mass, amounts, _ = every_term(*row)
        expected.append(logsumexp(log_mass + amounts.logpdf(row[0])))
    np.testing.assert_allclose(log_density(*wide), expected, rtol=1e-8, atol=1e-8)


def test_tails_are_the_sums_of_all_terms(wide):
    y, mu, dispersion, power = (column[::4] for column in wide)
    q = Predicted(np.log(mu)[:, None], "log", {"dispersion": dispersion[:, None], "power": power[:, None]})
    tails = TWEEDIE.tails(y[:, None], q)
    for i, row in enumerate(zip(y, mu, dispersion, power, strict=True)):
        log_mass, amounts, zero = every_term(*row)
        below, above = zero + np.exp(log_mass) @ amounts.cdf(row[0]), np.exp(log_mass) @ amounts.sf(row[0])
        np.testing.assert_allclose([tails.below[i, 0], tails.above[i, 0]], [below, above], atol=1e-7)
        if min(below, above) > 1e-250:
            smaller = min(tails.below[i, 0], tails.above[i, 0])
            assert np.log(smaller) == pytest.approx(np.log(min(below, above)), abs=1e-5)


def test_pymc_has_the_same_density_and_its_gradient(wide):
    """Which terms are taken depends on the parameters; the gradient must not notice."""
    y, mu, dispersion, power = wide
    arguments = [pt.dvector(name) for name in ("mu", "dispersion", "power")]
    density = tweedie_density.log_density(pt.as_tensor(y), *arguments)
    gradient = pytensor.grad(density.sum(), arguments)
    value, *slopes = pytensor.function(arguments, [density, *gradient], mode=IN_PYTHON)(mu, dispersion, power)
    np.testing.assert_allclose(value, log_density(*wide), rtol=1e-9, atol=1e-9)
    for i, slope in enumerate(slopes):
        size = 1e-4 * (np.minimum(power - 1, 2 - power) if i == 2 else wide[i + 1])
        up, down = (
            log_density(y, *(column + sign * size * (j == i) for j, column in enumerate(wide[1:]))) for sign in (1, -1)
        )
        by_differences = (up - down) / 2
        np.testing.assert_allclose(slope * size, by_differences, rtol=1e-4, atol=1e-6)
