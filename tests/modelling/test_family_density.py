"""The log density of whole models of every family against one written by hand with SciPy, at random points."""

# ruff: noqa: ARG005  (each case takes all that any of them needs)

import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from scipy import stats
from scipy.special import expit, logit, logsumexp, softmax
from scipy.special import gamma as gamma_function
from scipy.stats import norm

from bayesmix.families.family import read_family
from bayesmix.families.table import AUXILIARY, FAMILIES
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design
from bayesmix.modelling.pymc_model.bambi_bridge import build_model
from bayesmix.priors.default_priors import default_priors

from ..in_python import IN_PYTHON

N, LEVELS = 40, 5
INVERSE = {
    "identity": lambda eta: eta,
    "log": np.exp,
    "logit": expit,
    "probit": norm.cdf,
    "cloglog": lambda eta: -np.expm1(-np.exp(eta)),
}


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    count = np.where(rng.random(N) < 0.3, 0, rng.negative_binomial(2, 0.3, N))
    amount = rng.gamma(2, 1.5, N)
    return pd.DataFrame(
        {
            "y": rng.normal(3, 2, N),
            "x": rng.normal(2, 1, N),
            "g": np.arange(N) % LEVELS,
            "w": rng.uniform(0.5, 3, N),
            "o": rng.normal(scale=0.3, size=N),
            "count": count,
            "k": np.where(rng.random(N) < 0.3, 0, rng.integers(0, 5, N)),
            "n": rng.integers(5, 9, N),
            "amount": amount,
            "some": np.where(count == 0, 0.0, amount),
            "share": rng.beta(2, 3, N),
            "cover": np.where(np.arange(N) % 4 == 0, np.arange(N) % 8 // 4, rng.beta(2, 3, N)),
            "some_count": 1 + rng.negative_binomial(2, 0.4, N),
            "yes": rng.integers(0, 2, N),
            "mode": np.array(["a", "b", "c"])[np.arange(N) // 2 % 3],
            "rating": pd.Categorical.from_codes(np.arange(N) % 4, list("abcd"), ordered=True),
        }
    )


RESPONSES = {
    "real": "y",
    "binary": "yes",
    "proportion": "cbind(k, n - k)",
    "trials": "p(k, n)",
    "trials_with_zeros": "k | trials(n)",
    "count": "count",
    "count_with_zeros": "count",
    "positive": "amount",
    "positive_with_zeros": "some",
    "not_negative": "some",
    "share": "share",
    "number": "y",
    "share_with_ends": "cover",
    "count_without_zeros": "some_count",
    "ordinal": "rating",
    "nominal": "mode",
}


def nb(mu, q):
    return stats.nbinom(q["shape"], q["shape"] / (q["shape"] + mu))


def zeros(y, zero, log_density, log_above=0.0):
    """A hurdle: what is 0 has probability `zero`, all else the density of `log_density` without its zeros."""
    with np.errstate(invalid="ignore"):
        return np.where(y == 0, np.log(zero), np.log1p(-zero) + log_density - log_above)


def inflated(y, zero, log_mass):
    return np.where(y == 0, np.log(zero + (1 - zero) * np.exp(log_mass)), np.log1p(-zero) + log_mass)


def gamma(y, mu, q):
    with np.errstate(divide="ignore"):
        return stats.gamma.logpdf(y, q["shape"], scale=mu / q["shape"])


def lognormal(y, mu, q):
    return stats.lognorm.logpdf(np.where(y > 0, y, 1.0), q["sigma"], scale=np.exp(mu))


def poisson_above(mu):
    return np.log1p(-np.exp(-mu))


def nb_above(mu, q):
    return np.log1p(-nb(mu, q).pmf(0))


def skew_normal(y, mu, q):
    unit = stats.skewnorm(q["alpha"])
    scale = q["sigma"] / unit.std()
    return stats.skewnorm.logpdf(y, q["alpha"], mu - scale * unit.mean(), scale)


def tweedie(y, mu, q):
    """Every number of amounts up to 300 by itself."""
    power, number = q["power"], np.arange(1, 301)[:, None]
    rate, shape = mu ** (2 - power) / (q["dispersion"] * (2 - power)), (2 - power) / (power - 1)
    amounts = stats.gamma(number * shape, scale=q["dispersion"] * (power - 1) * mu ** (power - 1))
    above = logsumexp(stats.poisson(rate).logpmf(number) + amounts.logpdf(np.where(y > 0, y, 1.0)), axis=0)
    return np.where(y > 0, above, -rate)


def weibull(y, mu, q):
    return stats.weibull_min.logpdf(y, q["shape"], scale=mu / gamma_function(1 + 1 / q["shape"]))


def cover(y, mu, q, zero, one):
    inside = np.where((y > 0) & (y < 1), y, 0.5)
    between = np.log(1 - zero - one) + stats.beta.logpdf(inside, mu * q["phi"], (1 - mu) * q["phi"])
    return np.where(y == 0, np.log(zero), np.where(y == 1, np.log(one), between))


def ordered(d, mu, q):
    zero, one = expit(q["cutzero"] - logit(mu)), expit(logit(mu) - q["cutzero"] - q["cutwidth"])
    return cover(d["cover"], mu, q, zero, one)


def inflated_ends(d, mu, q):
    return cover(d["cover"], mu, q, q["zoi"] * (1 - q["coi"]), q["zoi"] * q["coi"])


LOG_DENSITY = {
    "skew_normal": lambda d, mu, q: skew_normal(d["y"], mu, q),
    "exgaussian": lambda d, mu, q: stats.exponnorm.logpdf(d["y"], q["beta"] / q["sigma"], mu - q["beta"], q["sigma"]),
    "shifted_lognormal": lambda d, mu, q: lognormal(d["amount"] - q["ndt"], mu, q),
    "inverse_gaussian": lambda d, mu, q: stats.invgauss.logpdf(d["amount"], mu / q["lam"], scale=q["lam"]),
    "tweedie": lambda d, mu, q: tweedie(d["some"].to_numpy(), mu, q),
    "weibull": lambda d, mu, q: weibull(d["amount"], mu, q),
    "exponential": lambda d, mu, q: stats.expon.logpdf(d["amount"], scale=mu),
    "ordered_beta": ordered,
    "zero_one_inflated_beta": inflated_ends,
    "truncated_poisson": lambda d, mu, q: stats.poisson.logpmf(d["some_count"], mu) - poisson_above(mu),
    "truncated_negative_binomial": lambda d, mu, q: nb(mu, q).logpmf(d["some_count"]) - nb_above(mu, q),
    "gaussian": lambda d, mu, q: norm.logpdf(d["y"], mu, q["sigma"] / np.sqrt(d["w"])),
    "student_t": lambda d, mu, q: stats.t.logpdf(d["y"], q["nu"], mu, q["sigma"] / np.sqrt(d["w"])),
    "lognormal": lambda d, mu, q: lognormal(d["amount"], mu, q),
    "gamma": lambda d, mu, q: gamma(d["amount"], mu, q),
    "beta": lambda d, mu, q: stats.beta.logpdf(d["share"], mu * q["phi"], (1 - mu) * q["phi"]),
    "bernoulli": lambda d, mu, q: stats.bernoulli.logpmf(d["yes"], mu),
    "binomial": lambda d, mu, q: stats.binom.logpmf(d["k"], d["n"], mu),
    "beta_binomial": lambda d, mu, q: stats.betabinom.logpmf(d["k"], d["n"], mu * q["phi"], (1 - mu) * q["phi"]),
    "poisson": lambda d, mu, q: stats.poisson.logpmf(d["count"], mu),
    "negative_binomial": lambda d, mu, q: nb(mu, q).logpmf(d["count"]),
    "zero_inflated_binomial": lambda d, mu, q: inflated(d["k"], q["zi"], stats.binom.logpmf(d["k"], d["n"], mu)),
    "zero_inflated_poisson": lambda d, mu, q: inflated(d["count"], q["zi"], stats.poisson.logpmf(d["count"], mu)),
    "zero_inflated_negative_binomial": lambda d, mu, q: inflated(d["count"], q["zi"], nb(mu, q).logpmf(d["count"])),
    "hurdle_poisson": lambda d, mu, q: zeros(
        d["count"], q["hu"], stats.poisson.logpmf(d["count"], mu), poisson_above(mu)
    ),
    "hurdle_negative_binomial": lambda d, mu, q: zeros(
        d["count"], q["hu"], nb(mu, q).logpmf(d["count"]), nb_above(mu, q)
    ),
    "hurdle_gamma": lambda d, mu, q: zeros(d["some"], q["hu"], gamma(d["some"], mu, q)),
    "hurdle_lognormal": lambda d, mu, q: zeros(d["some"], q["hu"], lognormal(d["some"], mu, q)),
}

LOG_PRIOR = {
    "Normal": lambda v, mu, sd: norm.logpdf(v, mu, sd),
    "HalfNormal": lambda v, sd: stats.halfnorm.logpdf(v, scale=sd),
    "HalfStudentT": lambda v, nu, s: np.log(2) + stats.t.logpdf(v, nu, 0, s),
    "HalfCauchy": lambda v, s: stats.halfcauchy.logpdf(v, scale=s),
    "Gamma": lambda v, a, b: stats.gamma.logpdf(v, a, scale=1 / b),
    "InverseGamma": lambda v, a, b: stats.invgamma.logpdf(v, a, scale=b),
    "Beta": lambda v, a, b: stats.beta.logpdf(v, a, b),
    "Uniform": lambda v, lower, upper: stats.uniform.logpdf(v, lower, upper - lower),
    "Dirichlet": lambda v, a: stats.dirichlet.logpdf(v, np.full(len(v), a)),
}
LINK = {"logit": logit, "probit": norm.ppf, "cloglog": lambda p: np.log(-np.log1p(-p))}


def category_mass(family, link, y, eta, shares):
    """Log probabilities of categories whose probabilities at eta 0 are `shares`."""
    below = np.cumsum(shares)[:-1]
    if family == "cumulative":
        borders = LINK[link](below)
        edges = [np.zeros_like(eta), *(INVERSE[link](border - eta) for border in borders), np.ones_like(eta)]
        return np.log(np.choose(y, [above - lower for lower, above in pairwise(edges)]))
    if family == "adjacent_category":
        borders = LINK[link](shares[:-1] / (shares[:-1] + shares[1:]))
        mass = [np.ones_like(eta)]
        for border in borders:
            share = INVERSE[link](border - eta)
            mass.append(mass[-1] * (1 - share) / share)
        return np.log(np.choose(y, mass) / np.sum(mass, axis=0))
    borders = LINK[link](shares[:-1] / np.concatenate([[1.0], 1 - below[:-1]]))
    stops = [INVERSE[link](border - eta) for border in borders]
    passed = np.ones_like(eta)
    mass = []
    for stop in stops:
        mass.append(passed * stop)
        passed = passed * (1 - stop)
    return np.log(np.choose(y, [*mass, passed]))


def softmax_mass(data, values):
    """Log probability of all categories; that of the first has the odds 1."""
    x = data["x"].to_numpy()
    odds = [np.ones(N)]
    for category in ("b", "c"):
        eta = values[f"mu{category}_Intercept_at_means"] + values[f"mu{category}_x"] * (x - x.mean())
        effects = values[f"sd_g__mu{category}_Intercept"] * values[f"mu{category}_1|g_offset"]
        odds.append(np.exp(eta + data["o"].to_numpy() + effects[data["g"]]))
    own = np.choose(data["mode"].map({"a": 0, "b": 1, "c": 2}), odds)
    return float(np.log(own / np.sum(odds, axis=0)).sum())


def prior_of_categories(values, priors):
    at_means = {name: values.get(f"{name}_at_means", values.get(name)) for name in priors}
    effects = [norm.logpdf(values[f"mu{category}_1|g_offset"]).sum() for category in ("b", "c")]
    return float(
        sum(LOG_PRIOR[prior.name](at_means[name], *prior.args) for name, prior in priors.items()) + sum(effects)
    )


LINKS = [f"{name}({link})" for name, entry in FAMILIES.items() for link in entry.links]
USUAL = {f"{name}({entry.links[0]})" for name, entry in FAMILIES.items()}


def a_model(text, data, *, parts=()):
    family = read_family(text)
    weights = {"weights": "w"} if family.response == "real" else {}
    formula = f"{RESPONSES[family.response]} ~ x + offset(o) + (1 | g)"
    formulas = parse_formulas([formula, *parts], auxiliary=family.auxiliary)
    design = build_design(formulas.mean, data, response=family.response, parts=formulas.parts, **weights)
    priors = default_priors(design, family)
    return family, design, priors, build_model(design, family, priors)


def random_point(start, rng, priors):
    """A point on the whole line of the shape of `start`, and the parameters that it stands for."""
    point = {name: rng.normal(scale=0.4, size=np.shape(v)) for name, v in start.items()}
    undo = {
        "_log__": np.exp,
        "_logodds__": expit,
        "_interval__": expit,
        "_simplex__": lambda v: softmax([*v, -v.sum()]),
    }
    values = {}
    for name, value in point.items():
        ending = next((ending for ending in undo if name.endswith(ending)), "")
        parameter = name.removesuffix(ending) if ending else name
        values[parameter] = undo[ending](value) if ending else value
        if ending == "_interval__":
            lower, upper = priors[parameter].args
            values[parameter] = lower + (upper - lower) * values[parameter]
    return point, values


@pytest.mark.parametrize(
    "text", [pytest.param(text, marks=() if text in USUAL else pytest.mark.slow) for text in LINKS]
)
def test_log_density_by_hand(text, data):
    family, design, priors, built = a_model(text, data)
    log_density = built.model.compile_logp(jacobian=False, mode=IN_PYTHON)
    rng, start = np.random.default_rng(3), built.model.initial_point()
    x = data["x"].to_numpy()
    for _ in range(4):
        point, values = random_point(start, rng, priors)
        if family.response == "nominal":
            density = softmax_mass(data, values) + prior_of_categories(values, priors)
            assert log_density(point) == pytest.approx(density, rel=1e-7)
            continue
        eta = values.get("Intercept_at_means", 0.0) + values["x"] * (x - x.mean()) + data["o"].to_numpy()
        eta = eta + values["sd_g__Intercept"] * values["1|g_offset"][design.random[0].index]
        if family.response == "ordinal":
            y, shares = data["rating"].cat.codes.to_numpy(), values["probability_at_means"]
            likelihood = category_mass(family.name, family.link, y, eta, shares).sum()
            named = values | {"threshold": shares}
        else:
            likelihood = LOG_DENSITY[family.name](data, INVERSE[family.link](eta), values).sum()
            named = values | {"Intercept": values["Intercept_at_means"]}
        prior = sum(LOG_PRIOR[prior.name](named[name], *prior.args) for name, prior in priors.items())
        prior += norm.logpdf(values["1|g_offset"]).sum()
        assert log_density(point) == pytest.approx(float(likelihood + prior), rel=1e-7)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in ("gaussian", "negative_binomial", "hurdle_gamma") else pytest.mark.slow)
        for name, entry in FAMILIES.items()
        if any(parameter.centre for parameter in entry.auxiliary)
    ],
)
def test_log_density_with_a_formula_for_every_parameter(name, data):
    further = read_family(name).modelled
    family, design, priors, built = a_model(name, data, parts=[f"{one} ~ x + offset(o) + (1 | g)" for one in further])
    log_density = built.model.compile_logp(jacobian=False, mode=IN_PYTHON)
    rng, start = np.random.default_rng(3), built.model.initial_point()
    x, o, level = data["x"].to_numpy(), data["o"].to_numpy(), design.random[0].index
    for _ in range(3):
        point, values = random_point(start, rng, priors)

        def predictor(of, values=values):
            fixed = values[f"{of}Intercept_at_means"] + values[f"{of}x"] * (x - x.mean()) + o
            return fixed + values[f"sd_g__{of}Intercept"] * values[f"{of}1|g_offset"][level]

        q = values | {one: INVERSE[AUXILIARY[one].link](predictor(f"{one}_")) for one in further}
        likelihood = LOG_DENSITY[name](data, INVERSE[family.link](predictor("")), q).sum()
        named = {key.removesuffix("_at_means"): value for key, value in values.items()}
        prior = sum(LOG_PRIOR[prior.name](named[name], *prior.args) for name, prior in priors.items())
        prior += sum(norm.logpdf(value).sum() for key, value in values.items() if key.endswith("_offset"))
        assert log_density(point) == pytest.approx(float(likelihood + prior), rel=1e-7)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name, marks=() if name in ("student_t", "binomial", "cumulative", "hurdle_poisson") else pytest.mark.slow
        )
        for name in FAMILIES
    ],
)
def test_draws_from_the_prior(name, data):
    family, _, _, built = a_model(name, data)
    with warnings.catch_warnings(), built.model:
        warnings.filterwarnings("ignore", "Numba will use object mode")  # PyMC's draws of a beta-binomial
        drawn = pm.sample_prior_predictive(20, random_seed=1, compile_kwargs={"mode": IN_PYTHON})
    response = next(iter(drawn["prior_predictive"].data_vars))
    replicated = drawn["prior_predictive"][response].to_numpy()
    assert replicated.shape == (1, 20, N)
    if family.response in ("binary", "share", "share_with_ends"):
        assert ((replicated >= 0) & (replicated <= 1)).all()
    from_zero = ("count", "count_with_zeros", "count_without_zeros", "positive", "positive_with_zeros", "not_negative")
    if family.response in from_zero:
        assert (replicated >= 0).all()
