"""Models of censored responses: their density by SciPy, R's survreg, and a closed form."""

# ruff: noqa: ARG005  (each distribution takes all that any of them needs)

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
import pytest
from scipy import stats
from scipy.special import gamma

import bayesmix as bm
from bayesmix.errors import FamilyError
from bayesmix.families.censoring import CENSORABLE
from bayesmix.families.family import read_family
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.pymc_model.bambi_bridge import build_model
from bayesmix.modelling.routes import why_not_integrated
from bayesmix.modelling.storage.description import agree, design_sums
from bayesmix.numerics.row_distribution.censored import censored_log_density
from bayesmix.numerics.row_distribution.parts import Predicted
from bayesmix.priors.default_priors import default_priors
from bayesmix.priors.prior import FLAT, Prior

from ..in_python import IN_PYTHON

N, LEVELS = 40, 5
FAST = ("gaussian", "weibull")
"""Families whose tails the others share."""


def weibull(mu, q):
    return stats.weibull_min(q["shape"], scale=mu / gamma(1 + 1 / q["shape"]))


DISTRIBUTION = {
    "gaussian": lambda eta, q: stats.norm(eta, q["sigma"]),
    "lognormal": lambda eta, q: stats.lognorm(q["sigma"], scale=np.exp(eta)),
    "weibull": lambda eta, q: weibull(np.exp(eta), q),
    "exponential": lambda eta, q: stats.expon(scale=np.exp(eta)),
}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "time": rng.gamma(2, 1.5, N),
            "c": np.arange(N) % 4 % 3 - (np.arange(N) % 8 == 2) * 3,
            "x": rng.normal(2, 1, N),
            "g": np.arange(N) % LEVELS,
            "w": rng.uniform(0.5, 3, N),
        }
    )


def a_model(family, data, formula="time | cens(c) ~ x + (1 | g)", weights=None):
    family = read_family(family)
    data = data.assign(c=np.clip(data["c"], -1, 1))
    design = build_design(parse(formula), data, response=family.response, weights=weights)
    return MixedModel(design, family, default_priors(design, family))


@pytest.mark.parametrize(
    "family", [pytest.param(name, marks=() if name in FAST else pytest.mark.slow) for name in CENSORABLE]
)
def test_log_likelihood_and_its_gradient_by_scipy(family, data):
    """Observed, right and left censored rows, at random points and where bounds lie some 60 sds from the mean."""
    model = a_model(family, data, weights="w" if family == "gaussian" else None)
    design = model.design
    assert set(design.response.censoring) == {-1, 0, 1}
    built = build_model(design, model.family, model.priors).model
    (response,) = built.observed_RVs
    compiled = built.compile_logp(vars=[response], sum=True, jacobian=False, mode=IN_PYTHON)
    gradient = built.compile_dlogp(jacobian=False, mode=IN_PYTHON)
    rng, x, y = np.random.default_rng(3), data["x"].to_numpy(), data["time"].to_numpy()
    sides = np.choose(design.response.censoring + 1, [0, 1, 2])
    start = built.initial_point()
    for far in (0.0, 0.0, 60.0, -60.0):
        point = {name: rng.normal(scale=0.4, size=np.shape(v)) for name, v in start.items()}
        further = {name.removesuffix("_log__"): np.exp(v) for name, v in point.items() if name.endswith("_log__")}
        if family in ("gaussian", "lognormal"):
            point["Intercept_at_means"] = point["Intercept_at_means"] + far
        eta = point["Intercept_at_means"] + point["x"] * (x - x.mean())
        eta = eta + further["sd_g__Intercept"] * point["1|g_offset"][design.random[0].index]
        if family == "gaussian":
            further["sigma"] = further["sigma"] / np.sqrt(data["w"].to_numpy())
        own = DISTRIBUTION[family](eta, further)
        by_scipy = np.choose(sides, [own.logcdf(y), own.logpdf(y), own.logsf(y)]).sum()
        assert compiled(point) == pytest.approx(by_scipy, rel=1e-9)
        assert np.isfinite(gradient(point)).all()


@pytest.mark.parametrize("family", CENSORABLE)
def test_log_likelihood_is_that_of_survreg(family, survreg):
    """At R's maximum the log likelihood is R's, row by row from `numerics`, and the PyMC model's gradient is 0."""
    rows, fit = pd.DataFrame(survreg["rows"]), survreg["fits"][family]
    x = np.column_stack([np.ones(len(rows)), rows["x"], rows["treated"]])
    coefficients, scale = np.array(fit["coef"]), fit["scale"]
    if family == "weibull":  # survreg's predictor is the log of the scale, here it is that of the mean
        coefficients = coefficients + np.array([np.log(gamma(1 + scale)), 0, 0])
    eta = (x @ coefficients)[:, None]
    own = {"sigma": np.array([scale]), "shape": np.array([1 / scale]), "weights": np.ones((len(rows), 1))}
    distribution = read_family(family).record.distribution
    y, censoring = rows["time"].to_numpy()[:, None], rows["censored"].to_numpy()[:, None]
    predicted = Predicted(eta, read_family(family).link, own)
    assert censored_log_density(distribution, y, predicted, censoring).sum() == pytest.approx(fit["loglik"], abs=1e-8)

    model = a_model(family, rows.rename(columns={"censored": "c"}), "time | cens(c) ~ x + treated")
    built = build_model(model.design, model.family, model.priors).model
    means = x[:, 1:].mean(axis=0)
    point = {"Intercept_at_means": coefficients[0] + means @ coefficients[1:], "x": coefficients[1]}
    point |= {"treated": coefficients[2], "sigma_log__": np.log(scale), "shape_log__": -np.log(scale)}
    point = {value.name: np.asarray(point[value.name]) for value in built.value_vars}
    (response,) = built.observed_RVs
    likelihood = built.logp(vars=[response], sum=True, jacobian=False)
    slope = built.compile_fn(_gradient(likelihood, built), inputs=built.value_vars, mode=IN_PYTHON)(point)
    units = {"x": fit["se"][1], "treated": fit["se"][2], "Intercept_at_means": fit["se"][0]}
    in_ses = np.array([units.get(name, 0.07) for name in point]) * slope
    np.testing.assert_allclose(in_ses, 0, atol=2e-3)


def _gradient(likelihood, built):
    return pt.stack([pt.grad(likelihood, value) for value in built.value_vars])


def test_only_the_joint_route_takes_a_censored_response(data):
    for family in CENSORABLE:
        assert why_not_integrated(a_model(family, data)) is not None
    assert why_not_integrated(a_model("gaussian", data, "time ~ x + (1 | g)")) is None
    assert "a censored response" in why_not_integrated(a_model("gaussian", data))
    assert "a censored response" in why_not_integrated(a_model("lognormal", data))


def test_designs_with_other_censoring_are_told_apart(data):
    one, other = (a_model("weibull", rows).design for rows in (data, data.assign(c=-data["c"])))
    assert agree(design_sums(one), design_sums(one))
    assert not agree(design_sums(one), design_sums(other))


@pytest.mark.parametrize("family", ["gamma", "student_t", "poisson", "cumulative", "shifted_lognormal"])
def test_other_families_are_refused(family, data):
    with pytest.raises(FamilyError, match="families that can: gaussian, lognormal, weibull, exponential") as caught:
        bm.fit("time | cens(c) ~ x + (1 | g)", data, family)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(("question", "more"), [("reml", {}), ("lm", {}), ("laplace", {"family": "poisson"})])
def test_estimates_refuse_a_censored_response(question, more, data):
    formula = "time | cens(c) ~ x" + (" + (1 | g)" if question != "lm" else "")
    with pytest.raises(FamilyError, match=f"bm.{question} takes no censored response") as caught:
        getattr(bm, question)(formula, data, **more)
    assert len(str(caught.value).splitlines()) == 1


def test_draws_of_the_model_are_of_the_response_itself(data):
    """Nothing keeps a replicate from being observed: its mean is that of the whole distribution."""
    model = a_model("exponential", data)
    built = build_model(model.design, model.family, model.priors).model
    fixed = pm.do(built, {"Intercept_at_means": 1.0, "x": 0.0, "sd_g__Intercept": 1e-9})
    drawn = pm.draw(fixed[model.design.response.name], draws=400, random_seed=1, mode=IN_PYTHON)
    assert drawn.shape == (400, N)
    assert drawn.mean() == pytest.approx(np.e, abs=4 * np.e / np.sqrt(400 * N))


@pytest.mark.slow
def test_bambi_predicts_and_files_keep_a_censored_model(data, tmp_path):
    formula = "time | cens(c) ~ x + (1 | g)"
    fit = bm.fit(formula, data.assign(c=np.clip(data["c"], -1, 1)), "weibull", seed=1, progress=False, draws=200)
    bambi_model = bm.bambi_model(fit)
    (ours,) = bm.to_datatree(fit, log_likelihood=True)["log_likelihood"].data_vars.values()
    (theirs,) = bambi_model.compute_log_likelihood(fit.posterior, inplace=False)["log_likelihood"].data_vars.values()
    np.testing.assert_allclose(ours, theirs, atol=1e-10)
    new = bambi_model.predict(fit.posterior, kind="response", data=data.head(7), inplace=False)
    assert new["posterior_predictive"]["time"].shape == (4, 200, 7)
    bm.save(fit, tmp_path / "fit.nc")
    again = bm.load(tmp_path / "fit.nc")
    assert str(again) == str(fit)
    np.testing.assert_array_equal(again.design.response.censoring, fit.design.response.censoring)
    np.testing.assert_array_equal(bm.log_likelihood(again), bm.log_likelihood(fit))


# --- sampled ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_exponential_without_predictors_by_quadrature():
    """The likelihood is d log(lambda) - lambda T, with d events in a time T in all; its posterior by a fine grid."""
    rng = np.random.default_rng(2)
    event, end = rng.exponential(3, 60), rng.exponential(4, 60)
    data = pd.DataFrame({"time": np.minimum(event, end), "censored": event > end})
    fit = bm.fit("time | cens(censored) ~ 1", data, "exponential", seed=1, progress=False, draws=2000)
    prior = fit.priors["Intercept"]
    a = np.linspace(-2, 5, 20001)
    log_posterior = -(~data["censored"]).sum() * a - data["time"].sum() * np.exp(-a) + stats.norm.logpdf(a, *prior.args)
    weights = np.exp(log_posterior - log_posterior.max())
    mean = np.average(a, weights=weights)
    sd = np.sqrt(np.average((a - mean) ** 2, weights=weights))
    found = bm.fixef(fit).loc["Intercept"]
    assert abs(found["mean"] - mean) < 4 * sd / np.sqrt(found["ess_bulk"])
    assert found["sd"] == pytest.approx(sd, rel=0.06)
    assert bm.loo(fit).elpd == pytest.approx(_left_out(data, prior, a), abs=0.05)


def _left_out(data, prior, a):
    """Expected log predictive density of each row left out, by the grid; of a censored row that it is beyond."""
    events, total = (~data["censored"]).sum(), data["time"].sum()
    elpd = 0.0
    for time, censored in zip(data["time"], data["censored"], strict=True):
        rest = -(events - (not censored)) * a - (total - time) * np.exp(-a) + stats.norm.logpdf(a, *prior.args)
        own = -time * np.exp(-a) - (0 if censored else 1) * a
        elpd += np.log(np.average(np.exp(own), weights=np.exp(rest - rest.max())))
    return elpd


@pytest.mark.slow
@pytest.mark.parametrize("family", ["weibull", "gaussian"])
def test_posterior_is_centred_where_survreg_has_its_maximum(family, survreg):
    """Under flat priors of the coefficients 150 rows leave the means within 0.3 standard errors of the maximum."""
    rows, fitted = pd.DataFrame(survreg["rows"]), survreg["fits"][family]
    flat = {name: Prior(FLAT, ()) for name in ("Intercept", "x", "treated")}
    fit = bm.fit("time | cens(censored) ~ x + treated", rows, family, priors=flat, seed=1, progress=False)
    found = bm.fixef(fit)
    se = np.array(fitted["se"][:3])
    shift = np.log(gamma(1 + fitted["scale"])) if family == "weibull" else 0.0
    distance = (found["mean"].to_numpy() - np.array(fitted["coef"]) - np.array([shift, 0, 0])) / se
    assert np.abs(distance).max() < 0.3, distance
    np.testing.assert_allclose(found["sd"].to_numpy(), se, rtol=0.2)
    scale = bm.auxiliary(fit)["mean"].iloc[0]
    assert (1 / scale if family == "weibull" else scale) == pytest.approx(fitted["scale"], rel=0.06)
