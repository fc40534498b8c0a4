"""Log densities, draws and quantile residuals of a row, family by family, against SciPy's distributions."""

from dataclasses import dataclass, field
from time import process_time

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logsumexp
from scipy.special import gamma as gamma_function

from bayesmix.families.table import FAMILIES
from bayesmix.numerics.links import LINKS
from bayesmix.numerics.row_distribution.beta_binomial_tails import beta_binomial_tails
from bayesmix.numerics.row_distribution.parts import Predicted, quantile_residual

N_ROWS, N_DRAWS = 7, 5
RNG = np.random.default_rng(1)
ETA = RNG.normal(size=(N_ROWS, N_DRAWS))
TRIALS = np.array([1.0, 2, 5, 9, 0, 12, 3])[:, None]
WEIGHTS = RNG.uniform(0.5, 2, size=(N_ROWS, 1))
OTHER = {
    "weights": np.ones((N_ROWS, 1)),
    "trials": np.ones((N_ROWS, 1)),
    "sigma": RNG.uniform(0.5, 2, size=N_DRAWS),
    "nu": RNG.uniform(3, 9, size=N_DRAWS),
    "shape": RNG.uniform(0.7, 3, size=N_DRAWS),
    "phi": RNG.uniform(2, 8, size=N_DRAWS),
    "zi": RNG.uniform(0.1, 0.4, size=N_DRAWS),
    "hu": RNG.uniform(0.1, 0.4, size=N_DRAWS),
    "zoi": RNG.uniform(0.1, 0.4, size=N_DRAWS),
    "coi": RNG.uniform(0.1, 0.9, size=N_DRAWS),
    "cutzero": RNG.uniform(-2, 0, size=N_DRAWS),
    "cutwidth": RNG.uniform(0.5, 3, size=N_DRAWS),
    "alpha": RNG.uniform(-4, 4, size=N_DRAWS),
    "beta": RNG.uniform(0.5, 2, size=N_DRAWS),
    "ndt": RNG.uniform(0.0, 0.009, size=N_DRAWS),
    "lam": RNG.uniform(0.5, 4, size=N_DRAWS),
    "dispersion": RNG.uniform(0.5, 3, size=N_DRAWS),
    "power": RNG.uniform(1.1, 1.9, size=N_DRAWS),
}
SUCCESSES = np.array([0.0, 2, 3, 9, 0, 0, 1])[:, None]
COUNTS = np.array([0.0, 1, 2, 3, 0, 8, 20])[:, None]
NUMBERS = np.array([-1.0, 0.3, 2, 5, 0.1, -4, 1])[:, None]
POSITIVE = np.array([0.01, 0.3, 2, 5, 0.1, 9, 1])[:, None]
SHARES = np.array([0.01, 0.3, 0.2, 0.5, 0.1, 0.9, 0.99])[:, None]
WITH_ENDS = np.where(np.arange(N_ROWS)[:, None] % 3 == 0, np.arange(N_ROWS)[:, None] // 3 % 2, SHARES)
WITH_ZEROS = np.where(np.arange(N_ROWS)[:, None] % 3 == 0, 0.0, POSITIVE)
PHI, SHAPE, SIGMA, HU, ZI = (OTHER[name] for name in ("phi", "shape", "sigma", "hu", "zi"))


def mean(link):
    return LINKS[link].inverse(ETA)


def nb(shape=SHAPE):
    return stats.nbinom(shape, shape / (shape + np.exp(ETA)))


def skew_normal():
    """From the direct parameters of SciPy's, whose mean and sd are ETA and SIGMA."""
    unit = stats.skewnorm(OTHER["alpha"])
    scale = SIGMA / unit.std()
    return stats.skewnorm(OTHER["alpha"], ETA - scale * unit.mean(), scale)


class WithEnds:
    """A beta distribution with probabilities of 0 and 1, as far as the tests ask for it."""

    dist = stats.beta

    def __init__(self, zero, one):
        self.zero, self.one = np.broadcast_arrays(zero, one + 0 * ETA)
        self.between = stats.beta(mean("logit") * PHI, (1 - mean("logit")) * PHI)

    def logpdf(self, y):
        inside = np.log(1 - self.zero - self.one) + self.between.logpdf(np.where((y > 0) & (y < 1), y, 0.5))
        return np.where(y == 0, np.log(self.zero), np.where(y == 1, np.log(self.one), inside))

    def cdf(self, y):
        below = self.zero + (1 - self.zero - self.one) * self.between.cdf(y)
        return np.where(y < 0, 0, np.where(y >= 1, 1, below))


def inflated_ends():
    return WithEnds(OTHER["zoi"] * (1 - OTHER["coi"]), OTHER["zoi"] * OTHER["coi"])


def ordered_ends():
    low, high = OTHER["cutzero"], OTHER["cutzero"] + OTHER["cutwidth"]
    return WithEnds(expit(low - ETA), expit(ETA - high))


class AboveZero:
    """A count of SciPy's given that it is not 0."""

    def __init__(self, base):
        self.base, self.dist = base, base.dist
        self.log_share = np.log1p(-base.pmf(0))

    def logpmf(self, y):
        return self.base.logpmf(y) - self.log_share

    def cdf(self, y):
        return np.where(y < 1, 0, (self.base.cdf(y) - self.base.pmf(0)) * np.exp(-self.log_share))


class Compound:
    """A Poisson number of gamma distributed amounts, every number up to 400 by itself."""

    dist = stats.gamma

    def __init__(self, mu, dispersion, power):
        self.rate = mu ** (2 - power) / (dispersion * (2 - power))
        number = np.arange(1, 401)[:, None, None]
        self.log_mass = stats.poisson(self.rate).logpmf(number)
        shape = number * (2 - power) / (power - 1)
        self.amounts = stats.gamma(shape, scale=dispersion * (power - 1) * mu ** (power - 1))

    def logpdf(self, y):
        above = logsumexp(self.log_mass + self.amounts.logpdf(np.where(y > 0, y, 1.0)), axis=0)
        return np.where(y > 0, above, -self.rate)

    def cdf(self, y):
        return np.exp(-self.rate) + np.sum(np.exp(self.log_mass) * self.amounts.cdf(y), axis=0)


def tweedie():
    return Compound(np.exp(ETA), OTHER["dispersion"], OTHER["power"])


def gamma():
    return stats.gamma(SHAPE, scale=np.exp(ETA) / SHAPE)


@dataclass(frozen=True)
class Case:
    """`reference`, a frozen distribution of SciPy's; `zero` and `kind` of the zeros that are added to it."""

    family: str
    link: str
    y: np.ndarray
    reference: object
    kind: str = ""
    other: dict = field(default_factory=dict)

    @property
    def predicted(self):
        return Predicted(ETA, self.link, OTHER | self.other)

    def drawn(self, rng, n):
        """`n` draws (n, rows, draws of the parameters) in one call, the rows repeated."""
        other = {
            name: np.tile(value, (n, 1)) if value.ndim == 2 else value for name, value in self.predicted.other.items()
        }
        draw = FAMILIES[self.family].distribution.draw
        return draw(rng, Predicted(np.tile(ETA, (n, 1)), self.link, other)).reshape(n, N_ROWS, N_DRAWS)

    @property
    def discrete(self):
        return not isinstance(self.reference.dist, stats.rv_continuous)

    def log_of(self, y):
        if self.discrete:
            base = self.reference.logpmf(y)
        else:
            base = self.reference.logpdf(np.where(y > 0, y, 1) if self.kind == "hu" else y)
        if self.kind == "zi":
            return np.where(
                y == 0, logsumexp([np.log(ZI) + 0 * base, np.log1p(-ZI) + base], axis=0), np.log1p(-ZI) + base
            )
        if self.kind == "hu":
            past = np.log1p(-HU) + base - (np.log1p(-self.reference.pmf(0)) if self.discrete else 0)
            return np.where(y == 0, np.log(HU) + 0 * base, past)
        return base

    def cdf(self, y):
        base = self.reference.cdf(y)
        if self.kind == "zi":
            return np.where(y < 0, 0, ZI + (1 - ZI) * base)
        if self.kind == "hu":
            zero = self.reference.pmf(0) if self.discrete else 0
            return np.where(y < 0, 0, HU + (1 - HU) * (base - zero) / (1 - zero))
        return base


OUT_OF = {"trials": TRIALS}
WHOLE = TRIALS.astype(int)
CASES = {
    "gaussian": Case(
        "gaussian", "identity", NUMBERS, stats.norm(ETA, SIGMA / np.sqrt(WEIGHTS)), other={"weights": WEIGHTS}
    ),
    "gaussian log": Case("gaussian", "log", NUMBERS, stats.norm(np.exp(ETA), SIGMA)),
    "student_t": Case(
        "student_t",
        "identity",
        NUMBERS,
        stats.t(OTHER["nu"], ETA, SIGMA / np.sqrt(WEIGHTS)),
        other={"weights": WEIGHTS},
    ),
    "lognormal": Case("lognormal", "identity", POSITIVE, stats.lognorm(SIGMA, scale=np.exp(ETA))),
    "gamma": Case("gamma", "log", POSITIVE, gamma()),
    "exponential": Case("exponential", "log", POSITIVE, stats.expon(scale=np.exp(ETA))),
    "weibull": Case(
        "weibull", "log", POSITIVE, stats.weibull_min(SHAPE, scale=np.exp(ETA) / gamma_function(1 + 1 / SHAPE))
    ),
    "inverse_gaussian": Case(
        "inverse_gaussian", "log", POSITIVE, stats.invgauss(np.exp(ETA) / OTHER["lam"], scale=OTHER["lam"])
    ),
    "tweedie": Case("tweedie", "log", WITH_ZEROS, tweedie(), "zero"),
    "shifted_lognormal": Case(
        "shifted_lognormal", "identity", POSITIVE, stats.lognorm(SIGMA, OTHER["ndt"], np.exp(ETA))
    ),
    "skew_normal": Case("skew_normal", "identity", NUMBERS, skew_normal()),
    "exgaussian": Case(
        "exgaussian",
        "identity",
        NUMBERS,
        stats.exponnorm(OTHER["beta"] / SIGMA, ETA - OTHER["beta"], SIGMA),
    ),
    "ordered_beta": Case("ordered_beta", "logit", WITH_ENDS, ordered_ends(), "ends"),
    "zero_one_inflated_beta": Case("zero_one_inflated_beta", "logit", WITH_ENDS, inflated_ends(), "ends"),
    "truncated_poisson": Case("truncated_poisson", "log", COUNTS + 1, AboveZero(stats.poisson(np.exp(ETA)))),
    "truncated_negative_binomial": Case("truncated_negative_binomial", "log", COUNTS + 1, AboveZero(nb())),
    "beta": Case("beta", "logit", SHARES, stats.beta(mean("logit") * PHI, (1 - mean("logit")) * PHI)),
    "bernoulli": Case("bernoulli", "logit", (SUCCESSES > 0).astype(float), stats.binom(1, mean("logit"))),
    **{
        f"binomial {link}": Case("binomial", link, SUCCESSES, stats.binom(WHOLE, mean(link)), other=OUT_OF)
        for link in ("logit", "probit", "cloglog")
    },
    "beta_binomial": Case(
        "beta_binomial",
        "logit",
        SUCCESSES,
        stats.betabinom(WHOLE, mean("logit") * PHI, (1 - mean("logit")) * PHI),
        other=OUT_OF,
    ),
    "poisson": Case("poisson", "log", COUNTS, stats.poisson(np.exp(ETA))),
    "negative_binomial": Case("negative_binomial", "log", COUNTS, nb()),
    "zero_inflated_binomial": Case(
        "zero_inflated_binomial", "logit", SUCCESSES, stats.binom(WHOLE, mean("logit")), "zi", OUT_OF
    ),
    "zero_inflated_poisson": Case("zero_inflated_poisson", "log", COUNTS, stats.poisson(np.exp(ETA)), "zi"),
    "zero_inflated_negative_binomial": Case("zero_inflated_negative_binomial", "log", COUNTS, nb(), "zi"),
    "hurdle_poisson": Case("hurdle_poisson", "log", COUNTS, stats.poisson(np.exp(ETA)), "hu"),
    "hurdle_negative_binomial": Case("hurdle_negative_binomial", "log", COUNTS, nb(), "hu"),
    "hurdle_gamma": Case("hurdle_gamma", "log", WITH_ZEROS, gamma(), "hu"),
    "hurdle_lognormal": Case("hurdle_lognormal", "identity", WITH_ZEROS, stats.lognorm(SIGMA, scale=np.exp(ETA)), "hu"),
}


def test_every_family_is_here():
    categories = {"cumulative", "stopping_ratio", "adjacent_category", "categorical"}  # which have tests of their own
    assert set(FAMILIES) == categories | {case.family for case in CASES.values()}


@pytest.mark.parametrize("name", CASES)
def test_log_density_is_that_of_scipy(name):
    case = CASES[name]
    found = FAMILIES[case.family].distribution.log_density(case.y, case.predicted)
    np.testing.assert_allclose(found, case.log_of(case.y), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", CASES)
def test_quantile_residuals_are_those_of_the_distribution_function(name):
    case = CASES[name]
    u = np.random.default_rng(2).uniform(size=(N_ROWS, 1))
    found = quantile_residual(FAMILIES[case.family].distribution, case.y, case.predicted, u)
    ends = {"hu": case.y == 0, "zero": case.y == 0, "ends": (case.y == 0) | (case.y == 1)}
    jumps = case.discrete | ends.get(case.kind, np.zeros(case.y.shape, dtype=bool))
    at = np.where(jumps, np.exp(case.log_of(case.y)), 0.0)
    share = case.cdf(case.y) - (1 - u) * at
    inside = (share > 1e-9) & (share < 1 - 1e-9)  # nearer to 0 or 1 the differences have no digits left
    assert inside.mean() > 0.8
    np.testing.assert_allclose(found[inside], stats.norm.ppf(share)[inside], rtol=1e-5, atol=1e-6)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("name", CASES)
def test_draws_have_the_mean_and_variance_of_the_family(name):
    case, n = CASES[name], 4000
    rng, other = np.random.default_rng(3), OTHER | case.other
    drawn = case.drawn(rng, n)
    tried = np.broadcast_to(other["trials"] > 0, ETA.shape)
    values = (drawn / np.maximum(other["trials"], 1))[:, tried]
    parameters = {"mu": mean(case.link)} | other | {"trials": np.where(other["trials"] > 0, other["trials"], np.nan)}
    expected, variance = (
        np.broadcast_to(moment(parameters), ETA.shape)[tried]
        for moment in (FAMILIES[case.family].distribution.mean, FAMILIES[case.family].distribution.variance)
    )
    assert (np.abs(values.mean(axis=0) - expected) < 5 * np.sqrt(variance / n)).all()
    if case.family not in (
        "student_t",
        "lognormal",
        "hurdle_lognormal",
        "shifted_lognormal",
    ):  # whose fourth moment is too large to tell
        fourth = ((values - values.mean(axis=0)) ** 4).mean(axis=0)
        spread = np.sqrt((fourth - values.var(axis=0) ** 2) / n)
        assert (np.abs(values.var(axis=0) - variance) < 6 * spread).all()


@pytest.mark.parametrize(
    "name",
    [
        "hurdle_poisson",
        "hurdle_negative_binomial",
        "beta_binomial",
        "student_t",
        "lognormal",
        "exgaussian",
        "skew_normal",
        "ordered_beta",
    ],
)
def test_draws_have_the_distribution_function(name):
    case, rng = CASES[name], np.random.default_rng(5)
    drawn = case.drawn(rng, 3000)
    for y in np.unique(case.y):
        at = np.full_like(case.y, y)
        expected = np.clip(np.broadcast_to(case.cdf(at), ETA.shape), 0, 1)
        error = np.sqrt(expected * (1 - expected) / 3000)
        assert (
            np.abs((drawn <= y).mean(axis=0) - expected) < 4.5 * error + 2 / 3000
        ).all()  # single draws in a far tail


def test_far_out_a_probability_near_one_keeps_its_distance_from_one():
    q = Predicted(np.array([[45.0, -45.0]]), "logit", {"trials": np.array([[4.0]])})
    found = FAMILIES["binomial"].distribution.log_density(np.array([[3.0]]), q)
    np.testing.assert_allclose(found, [[np.log(4) - 45, np.log(4) - 135]], rtol=1e-12)


def test_a_row_without_trials_says_nothing():
    q = Predicted(ETA[:1], "logit", {"trials": np.zeros((1, 1))})
    found = FAMILIES["binomial"].distribution.log_density(np.zeros((1, 1)), q)
    np.testing.assert_array_equal(found, np.zeros((1, N_DRAWS)))


def test_in_the_upper_tail_a_residual_has_digits_that_one_minus_the_tail_has_not():
    q = Predicted(np.array([[0.0]]), "log", {})
    found = quantile_residual(FAMILIES["poisson"].distribution, np.array([[60.0]]), q, np.array([[0.5]]))
    tail = stats.poisson.sf(60, 1.0) + 0.5 * stats.poisson.pmf(60, 1.0)
    np.testing.assert_allclose(found, stats.norm.isf(tail), rtol=1e-10)


@pytest.mark.parametrize("n", [1, 63, 64, 500, 4000, 40_000])
@pytest.mark.parametrize(("a", "b"), [(0.3, 0.2), (0.01, 3.0), (2.5, 40.0), (700.0, 500.0), (1e7, 3e6), (1.0, 1.0)])
def test_tails_of_the_beta_binomial_against_sums_of_all_probabilities(n, a, b):
    """From both ends to the middle of the distribution and beyond; probabilities by their ratios, not by gammas."""
    k = np.arange(1.0, n + 1)
    ratios = np.log((n - k + 1) * (a + k - 1)) - np.log(k * (b + n - k))
    log_p = np.concatenate([[0.0], np.cumsum(ratios)])
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    at = np.unique(np.clip(np.searchsorted(np.cumsum(p), [1e-9, 0.01, 0.3, 0.5, 0.9, 0.9999]), 0, n))
    y = np.unique(np.concatenate([at, [0, 1, n // 3, n - 1, n]])).astype(float)
    y = y[p[y.astype(int)] > 1e-250]
    below, above = beta_binomial_tails(y, np.float64(n), np.float64(a), np.float64(b), p[y.astype(int)])
    np.testing.assert_allclose(below, [p[: int(own)].sum() for own in y], rtol=2e-9, atol=0)
    np.testing.assert_allclose(above, [p[int(own) + 1 :].sum() for own in y], rtol=2e-9, atol=0)


def test_tails_of_the_beta_binomial_against_scipy_for_a_million_trials():
    """SciPy adds all probabilities up: a few values. Such tails took as many passes as there are trials."""
    n, rng = 1_000_000, np.random.default_rng(8)
    eta = rng.normal(size=(1, 3))
    q = Predicted(eta, "logit", {"phi": np.array([[2.0, 30.0, 5000.0]]), "trials": np.array([[float(n)]])})
    up = 1 / (1 + np.exp(-eta))
    theirs = stats.betabinom(n, up * q["phi"], (1 - up) * q["phi"])
    y = np.floor(n * up * np.array([[0.97]]))
    found = FAMILIES["beta_binomial"].distribution.tails(y, q)
    np.testing.assert_allclose(found.below, theirs.cdf(y - 1), rtol=1e-6)
    many = Predicted(np.repeat(eta, 3000, axis=1), "logit", {"phi": 20.0, "trials": q["trials"]})
    start = process_time()
    FAMILIES["beta_binomial"].distribution.tails(y[:, :1], many)
    assert process_time() - start < 5


@pytest.mark.parametrize("shape", [1e6, 1e10, 1e13, 1e15])
def test_counts_without_overdispersion_tend_to_those_of_their_limits(shape):
    """Negative binomial to Poisson, beta-binomial to binomial, by a share of y^2 / shape."""
    eta, y = np.array([[1.5, 0.2]]), np.array([[0.0], [3], [7], [12]])
    other = {"shape": shape, "phi": shape, "trials": np.array([[40.0]])}
    q = Predicted(eta, "log", other)
    limit = stats.poisson(np.exp(eta)).logpmf(y)
    found = FAMILIES["negative_binomial"].distribution.log_density(y, q)
    np.testing.assert_allclose(found, limit, rtol=0, atol=1e-13 + 200 / shape)
    q = Predicted(eta, "logit", other)
    limit = stats.binom(40, 1 / (1 + np.exp(-eta))).logpmf(y)
    found = FAMILIES["beta_binomial"].distribution.log_density(y, q)
    np.testing.assert_allclose(found, limit, rtol=0, atol=1e-11 + 5000 / shape)
