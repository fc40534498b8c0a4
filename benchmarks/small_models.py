"""Small models with fixed seeds, one or more for every route, sampler, family and kind of random term."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

import bayesmix as bm

SETTINGS: dict[str, Any] = {"chains": 2, "draws": 200, "cores": 1, "seed": 12, "progress": False}
NUTS = {"tune": 200, "remedies": False}
OF_POSTERIOR = ("fixef", "varcorr", "ranef", "tidy", "glance", "diagnose", "fitted", "residuals", "augment", "coef")
OF_ESTIMATES = ("fixef", "varcorr", "ranef", "rand", "tidy", "glance", "fitted", "residuals", "augment", "coef", "vcov")
OF_LM = ("fixef", "anova", "tidy", "glance", "fitted", "residuals", "augment", "vcov")


@dataclass(frozen=True)
class Model:
    """A model by name: `fit` makes it, `questions` of `same_numbers` are asked of it, some with an argument."""

    name: str
    fit: Callable[[], Any]
    questions: tuple[str, ...] = ()


@cache
def made_up() -> pd.DataFrame:
    """60 rows with predictors x, z, f, levels g (6), h (5), k (3 in each g), and a response for every family."""
    rng = np.random.default_rng(2026)
    n = 60
    data = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n), "f": rng.choice(list("abc"), n)})
    data = data.assign(g=np.arange(n) % 6, h=rng.integers(0, 5, n), w=rng.uniform(0.5, 2, n), o=rng.uniform(0, 1, n))
    data["k"] = [f"{g}.{i}" for g, i in zip(data["g"], rng.integers(0, 3, n), strict=True)]
    eta = 0.6 * data["x"] + rng.normal(size=6)[data["g"]] * 0.7 + rng.normal(size=6)[data["g"]] * 0.4 * data["x"]
    data["y"] = 3 + eta + 0.6 * rng.normal(size=n)
    data["positive"], data["share"] = np.exp(0.3 * data["y"]), 1 / (1 + np.exp(-(data["y"] - 3)))
    data["count"] = rng.poisson(np.exp(0.5 + 0.5 * eta))
    data["zeros"], data["hurdle"] = data["count"] * (rng.random(n) < 0.7), data["positive"] * (rng.random(n) < 0.7)
    data["trials"] = rng.integers(4, 12, n)
    data["hits"] = rng.binomial(data["trials"], 1 / (1 + np.exp(-eta)))
    data["few"], data["yes"] = data["hits"] * (rng.random(n) < 0.7), (data["hits"] > data["trials"] / 2).astype(int)
    data["grade"] = pd.cut(eta + rng.normal(size=n), [-np.inf, -0.5, 0.7, np.inf], labels=["low", "mid", "high"])
    return data


def posterior(name: str, formula: Any, data: str | None, family: str, questions: str = "", **given: Any) -> Model:
    """A model by `bm.fit`; `data` names a bundled set, or is None for `made_up`; questions stand between semicolons."""
    settings = SETTINGS | {"priors": given.pop("priors", None)} | given
    return Model(name, lambda: bm.fit(formula, of(data), family, **settings), OF_POSTERIOR + asked(questions))


def asked(questions: str) -> tuple[str, ...]:
    return tuple(question.strip() for question in questions.split(";") if question.strip())


def of(data: str | None) -> pd.DataFrame:
    return made_up() if data is None else bm.load_data(data)


def estimates(name: str, formula: str, data: str | None, questions: str = "", **given: Any) -> Model:
    return Model(name, lambda: bm.reml(formula, of(data), **given), OF_ESTIMATES + asked(questions))


def modes(name: str, formula: str, data: str | None, family: str, questions: str = "") -> Model:
    return Model(name, lambda: bm.laplace(formula, of(data), family), OF_ESTIMATES + asked(questions))


def least_squares(name: str, formula: str, data: str | None, **given: Any) -> Model:
    return Model(name, lambda: bm.lm(formula, of(data), **given), OF_LM)


SLEEP, SLEEP_APART = "Reaction ~ Days + (Days | Subject)", "Reaction ~ Days + (Days || Subject)"
CBPP, HITS = "cbind(incidence, size - incidence) ~ period + (1 | herd)", "cbind(hits, trials - hits)"
RATIO = {"sd_g__Intercept": "HalfCauchy(0.5) * sigma", "sd_g__x": "ScaleFree(0.5)"}
PROPER = {"x": "StudentT(3, 0, 2)", "sd_g__Intercept": "Exponential(1)", "sd_h__Intercept": "Uniform(0, 4)"}
FLAT = {"Intercept": "Flat()", "x": "Flat()", "sigma": "HalfCauchy(2)"}
BY_NUTS: dict[str, Any] = {"sampler": "nutpie", **NUTS}
OF_SLEEP = (
    "rand; loo; loo Subject; ppc; power; audit; drop Days; predict; reml; shrinkage Subject; evidence; likelihood; "
    "vcov; overview; equivalence"
)
OF_CBPP = (
    "rand; loo; loo herd; drop (1 | herd); evidence; power; predict; audit; reml; overdispersion; likelihood; ppc; "
    "separation"
)

GAUSSIAN = (
    posterior("sleepstudy", SLEEP, "sleepstudy", "gaussian", OF_SLEEP),
    posterior("sleepstudy by nutpie", SLEEP, "sleepstudy", "gaussian", "drop Days | Subject", **BY_NUTS),
    posterior("slopes apart", SLEEP_APART, "sleepstudy", "gaussian", "rand; evidence; scales (1 | Subject)"),
    posterior("variance of 0", "Yield ~ 1 + (1 | Batch)", "Dyestuff2", "gaussian", "rand; power; reml; inclusion"),
    posterior("crossed", "diameter ~ 1 + (1 | plate) + (1 | sample)", "Penicillin", "gaussian", "loo plate; rand",
              keep_effects=False),
    posterior("nested", "strength ~ 1 + (1 | batch/cask)", "Pastes", "gaussian", "rand; power; reml"),
    posterior("weights and offset", "y ~ x * f + offset(o) + (1 | g)", None, "gaussian", "loo; predict", weights="w"),
    posterior("flat", "y ~ x + (x | g)", None, "gaussian", "power", priors=FLAT),
    posterior("relative to sigma", "y ~ x + (x || g)", None, "gaussian", "rand; power", priors=RATIO),
    posterior("many variances", "y ~ x + f + (x + z | g) + (0 + f | h)", None, "gaussian", "loo g; inclusion"),
    posterior("effects not kept", "y ~ poly(x, 2) + (x | k)", None, "gaussian", "loo", keep_effects=False, **BY_NUTS),
    posterior("no groups", "y ~ x + f", None, "gaussian", "evidence; loo; ppc; power"),
)  # fmt: skip
COUNTS = (
    posterior("cbpp", CBPP, "cbpp", "binomial", OF_CBPP),
    posterior("cbpp by nutpie", CBPP, "cbpp", "binomial", "evidence", **BY_NUTS),
    posterior("binomial probit", f"{HITS} ~ x + (1 | g)", None, "binomial(probit)", priors={"x": "Cauchy(0, 1)"}),
    posterior("beta-binomial", CBPP, "cbpp", "beta_binomial", "drop (1 | herd); loo herd", keep_effects=False),
    posterior("poisson", "count ~ x + offset(o) + (1 | g)", None, "poisson", "rand; scales (1 | g); overdispersion"),
    posterior("negative binomial", "TICKS ~ YEAR + cHEIGHT + (1 | BROOD)", "grouseticks", "negative_binomial", "loo"),
    posterior("negative binomial by nutpie", "count ~ x + (1 | g)", None, "negative_binomial", **BY_NUTS),
    posterior("cloglog", "yes ~ x + (1 | g)", None, "bernoulli(cloglog)", "rand"),
    posterior("counts without groups", "count ~ x + f", None, "poisson", "evidence; power; loo"),
)  # fmt: skip
BY_KERNEL = (
    posterior("crossed counts", "count ~ x + (1 | g) + (1 | h)", None, "poisson", "rand; loo h; evidence; audit",
              priors=PROPER, method="joint", tune=300),
    posterior("slopes of a binomial", f"{HITS} ~ x + (x | g)", None, "binomial", "power; reml; drop (x | g)", **NUTS),
    posterior("bernoulli", "yes ~ x + (1 | g/k)", None, "bernoulli", "predict; separation", **NUTS),
    posterior("remedies", "few ~ 1 + (1 | k) + (1 | h)", None, "poisson", tune=60),
)  # fmt: skip
BY_PYMC_MODEL = (
    posterior("student t", "y ~ x + (x | g)", None, "student_t", "loo; power; auxiliary", **NUTS),
    posterior("formula for sigma", ["y ~ x + (1 | g)", "sigma ~ z + (1 | h)"], None, "gaussian", "predict", **NUTS),
    posterior("gaussian by pymc", "y ~ x + (1 | g)", None, "gaussian", "evidence", sampler="pymc", **NUTS),
    posterior("gamma by numpyro", "positive ~ x + (1 | g)", None, "gamma", sampler="numpyro", **NUTS),
    posterior("gaussian log", "positive ~ x + (1 | g)", None, "gaussian(log)", sampler="pymc", **NUTS),
    posterior("lognormal", "positive ~ x + (1 | g)", None, "lognormal", "loo", **NUTS),
    posterior("beta", "share ~ x + (1 | g)", None, "beta", "ppc", sampler="pymc", **NUTS),
    posterior("cumulative", "grade ~ x + (1 | g)", None, "cumulative", "loo; predict", sampler="pymc", **NUTS),
    posterior("stopping ratio", "grade ~ x + (1 | g)", None, "stopping_ratio", sampler="pymc", **NUTS),
    posterior("zero-inflated poisson", "zeros ~ x + (1 | g)", None, "zero_inflated_poisson", "loo", **NUTS),
    *(
        posterior(family, f"{response} ~ x + (1 | g)", None, family, "loo", sampler="pymc", **NUTS)
        for family, response in {
            "zero_inflated_binomial": "cbind(few, trials - few)",
            "zero_inflated_negative_binomial": "zeros",
            "hurdle_poisson": "zeros",
            "hurdle_negative_binomial": "zeros",
            "hurdle_gamma": "hurdle",
            "hurdle_lognormal": "hurdle",
        }.items()
    ),
)
ESTIMATES = (
    estimates(
        "REML sleepstudy", SLEEP, "sleepstudy", "anova; anova kenward-roger; fixef kenward-roger; shrinkage Subject"
    ),
    estimates("REML slopes apart", SLEEP_APART, "sleepstudy", "anova; lrt Reaction ~ Days + (1 | Subject)"),
    estimates("ML", SLEEP, "sleepstudy", reml=False),
    estimates("REML variance of 0", "Yield ~ 1 + (1 | Batch)", "Dyestuff2"),
    estimates("REML crossed", "diameter ~ 1 + (1 | plate) + (1 | sample)", "Penicillin"),
    estimates("REML nested", "strength ~ 1 + (1 | batch/cask)", "Pastes"),
    estimates(
        "REML cake", "angle ~ recipe * temperature + (1 | recipe:replicate)", "cake", "anova; anova kenward-roger"
    ),
    estimates("REML many variances", "y ~ x + f + (x + z | g) + (0 + f | h)", None, "anova", weights="w"),
    modes("Laplace cbpp", CBPP, "cbpp", "binomial", "lrt cbind(incidence, size - incidence) ~ 1 + (1 | herd)"),
    modes("Laplace probit slopes", f"{HITS} ~ x + (x | g)", None, "binomial(probit)"),
    modes("Laplace crossed", "TICKS ~ YEAR + cHEIGHT + (1 | BROOD) + (1 | LOCATION)", "grouseticks", "poisson"),
    modes("Laplace cloglog", "yes ~ x + (1 | g)", None, "bernoulli(cloglog)"),
    modes("Laplace variance of 0", "few ~ 1 + (1 | k) + (z | h)", None, "poisson"),
    least_squares("LM", "yield ~ gen + loc", "cochran_bib"),
    least_squares("LM with weights", "y ~ x * f + offset(o)", None, weights="w"),
)
MODELS: tuple[Model, ...] = (*GAUSSIAN, *COUNTS, *BY_KERNEL, *BY_PYMC_MODEL, *ESTIMATES)
