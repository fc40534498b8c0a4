"""Counts with one random intercept: which way is taken, and that it is the same posterior as that of the PyMC model."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp

import bayesmix as bm
from bayesmix.errors import ArgumentError, QuadratureError
from bayesmix.families.family import read_family
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.pymc_model.bambi_bridge import build_model
from bayesmix.modelling.quadrature import integrated
from bayesmix.modelling.quadrature.model import integrate_effects
from bayesmix.modelling.route import Request
from bayesmix.modelling.routes import choose_route
from bayesmix.numerics.level_quadrature.posterior import evaluate_counts
from bayesmix.priors.default_priors import default_priors
from bayesmix.priors.density import log_prior_density
from bayesmix.priors.settled import settle_priors

SETTINGS = {"seed": 1, "progress": False}
CBPP = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
RESPONSES = {
    "bernoulli(logit)": "yes",
    "binomial(logit)": "cbind(k, n - k)",
    "binomial(probit)": "p(k, n)",
    "binomial(cloglog)": "cbind(k, n - k)",
    "beta_binomial(logit)": "p(k, n)",
    "poisson(log)": "k",
    "negative_binomial(log)": "k",
}


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"x": rng.normal(3, 1, 14), "f": np.arange(14) % 3, "g": np.arange(14) % 2})
    data["f"] = data["f"].map({0: "a", 1: "b", 2: "c"})
    data["o"], data["n"] = rng.normal(scale=0.2, size=14), rng.integers(3, 9, 14)
    data["k"], data["yes"] = rng.binomial(data["n"], 0.4), rng.integers(0, 2, 14)
    return data


@pytest.fixture(scope="module")
def cbpp():
    return bm.load_data("cbpp")


@pytest.fixture(scope="module")
def fitted(cbpp):
    return bm.fit(CBPP, cbpp, "binomial", **SETTINGS)


def model_of(formula, data, family, priors=None):
    family = read_family(family)
    parsed = parse_formulas(formula, (), auxiliary=family.auxiliary)
    design = build_design(parsed.mean, data, response=family.response, parts=parsed.parts, auxiliary=family.auxiliary)
    settled = settle_priors(default_priors(design, family), priors)
    return design, family, settled


def own_density(counts, theta, fineness=0.3):
    found = np.empty(1)
    evaluate_counts(counts.plain_buffer(fineness), np.array([theta], dtype=float), found)
    return found[0]


@pytest.mark.parametrize(
    "family",
    [
        pytest.param(one, marks=() if one in ("beta_binomial(logit)", "poisson(log)") else pytest.mark.slow)
        for one in RESPONSES
    ],
)
def test_the_density_is_that_of_the_pymc_model_integrated_over_the_effects(family, rows):
    """By the trapezoidal rule over both effects; up to a constant, of which PyMC's normal density has 8 digits."""
    given = {"sd_g__Intercept": "HalfStudentT(4, 1)"}
    design, read, priors = model_of(f"{RESPONSES[family]} ~ x + f + offset(o) + (1 | g)", rows, family, given)
    log_density = build_model(design, read, priors).model.compile_logp()
    counts = integrate_effects(MixedModel(design, read, priors))
    units, grid = counts.parameters.units[:4], np.arange(-9, 9.01, 0.25)
    differences = []
    for sd, own, beta in ((0.7, 2.5, [-0.4, 0.2, 0.3, -0.5]), (0.3, 8.0, [0.2, -0.1, 0.0, 0.6])):
        point = {"Intercept_at_means": beta[0], "x": beta[1], "f": beta[2:], "sd_g__Intercept_log__": np.log(sd)}
        point |= {f"{name}_log__": np.log(own) for name in read.auxiliary}
        point = {name: np.asarray(value, dtype=float) for name, value in point.items()}
        found = [log_density(point | {"1|g_offset": np.array([u, v])}) for u in grid for v in grid]
        exact = logsumexp(found) + 2 * np.log(0.25) - np.log(sd)  # less the Jacobian of PyMC's log sd
        theta = [*(np.array(beta) / units), sd, *([np.log(own)] if read.auxiliary else [])]
        differences.append(own_density(counts, theta) - np.log(units).sum() - exact)
    assert abs(differences[0]) < 1e-6
    # Bambi's probit is 0.5 + 0.5 erf, which has no digits of its own far out, where the grid reaches.
    assert abs(differences[0] - differences[1]) < (1e-6 if "probit" in family else 1e-8)


@pytest.mark.parametrize(
    "priors",
    [
        {"x": "Normal(1, 0.3)", "f[b]": "StudentT(3, 0, 1)", "f[c]": "Laplace(0.2, 0.5)"},
        {"x": "Cauchy(0.5, 2)", "Intercept": "Uniform(-3, 4)"},
        *[
            {"sd_g__Intercept": text, "shape": text}
            for text in (
                "HalfNormal(0.7)",
                "HalfStudentT(4, 2)",
                "HalfCauchy(1.5)",
                "Exponential(2)",
                "Gamma(2, 3)",
                "InverseGamma(2, 1)",
                "LogNormal(0, 0.5)",
                "Uniform(0.1, 3)",
            )
        ],
    ],
)
def test_priors_of_every_kind(priors, rows):
    """Less the prior, the density of the counts does not depend on which it is."""
    found = []
    for given in ({}, priors):
        design, family, settled = model_of("k ~ x + f + (1 | g)", rows, "negative_binomial", given)
        counts = integrate_effects(MixedModel(design, family, settled))
        values = {"Intercept": 0.8, "x": 0.4, "f[b]": -0.3, "f[c]": 0.2, "sd_g__Intercept": 0.6, "shape": 1.4}
        theta, log_prior = [], 0.0
        for name, role, unit in zip(counts.names, counts.parameters.roles, counts.parameters.units, strict=True):
            value, prior = values[name], settled[name]
            log_prior += float(log_prior_density(prior, value))
            if prior.name == "Uniform":
                low, high = prior.args
                share = (value - low) / (high - low)
                theta.append(np.log(share / (1 - share)))
                log_prior += np.log((high - low) * share * (1 - share))
            elif role == 2:
                theta.append(np.log(value))
                log_prior += np.log(value)
            else:
                theta.append(value / unit)
                log_prior += np.log(unit)
        found.append(own_density(counts, theta) - log_prior)
    assert found[0] == pytest.approx(found[1], abs=1e-8)


def test_print_says_which_and_why(fitted):
    assert fitted.method == "quadrature"
    assert fitted.sampling.sampler == "importance"
    text = str(fitted)
    assert "importance sampling of 5 parameters, group effects drawn exactly" in text
    assert "(quadrature: one random intercept, integrated by quadrature, " in text
    assert " nodes a level, log density to " in text
    about = fitted.posterior["unconstrained_posterior"].attrs
    assert 12 < about["nodes_per_level"] < 40
    assert about["quadrature_error"] < integrated.TOLERANCE
    assert max(len(line) for line in text.splitlines()) <= 120


def choice_of(formula, data, family="binomial", method="auto", sampler="auto", of_nuts=(), priors=None):
    design, read, settled = model_of(formula, data, family, priors)
    return choose_route(MixedModel(design, read, settled), Request(method, sampler, tuple(of_nuts)))


@pytest.mark.parametrize(
    ("formula", "options", "method", "sampler", "reason"),
    [
        (CBPP, {}, "quadrature", "importance", "one random intercept"),
        (CBPP, {"priors": {"Intercept": "StudentT(3, 0, 2.5)"}}, "quadrature", "importance", "one random intercept"),
        (CBPP, {"sampler": "nutpie"}, "quadrature", "nutpie", "one random intercept"),
        (CBPP, {"of_nuts": ["tune"]}, "quadrature", "nutpie", "NUTS since tune= is given"),
        (CBPP, {"sampler": "pymc"}, "joint", "pymc", "takes all parameters"),
        (CBPP, {"method": "joint"}, "joint", "nutpie", "as asked"),
        ("p(incidence, size) ~ period", {}, "quadrature", "importance", "no group effects"),
        ("p(incidence, size) ~ 1 + (1 | herd) + (1 | period)", {}, "joint", "nutpie", "2 random terms"),
        (
            "p(incidence, size) ~ 1 + (1 | herd) + (1 | period)",
            {"priors": {"Intercept": "Flat()"}},
            "joint",
            "nutpie",
            "2 random terms",
        ),
        ("p(incidence, size) ~ size + (0 + size | herd)", {}, "joint", "nutpie", "(0 + size | herd)"),
        (
            ["size ~ period + (1 | herd)", "shape ~ period"],
            {"family": "negative_binomial"},
            "joint",
            "nutpie",
            "with a formula for shape",
        ),
        ("size ~ period + (1 | herd)", {"family": "gamma"}, "joint", "nutpie", "gamma (log) has no closed form"),
    ],
)
def test_which_way_is_taken(cbpp, formula, options, method, sampler, reason):
    choice = choice_of(formula, cbpp, **options)
    assert (choice.route, choice.sampler) == (method, sampler)
    assert reason in choice.reason


def test_what_does_not_apply_is_refused(cbpp):
    for method in ("marginal", "quadrature"):
        with pytest.raises(ArgumentError, match=rf'method="{method}" does not apply: .*2 random terms'):
            choice_of("p(incidence, size) ~ 1 + (1 | herd) + (1 | period)", cbpp, method=method)
    with pytest.raises(ArgumentError, match=r'method="exact" does not apply: binomial \(logit\) has no closed form'):
        choice_of(CBPP, cbpp, method="exact")
    with pytest.raises(ArgumentError, match=r'sampler="importance" does not apply: .*2 random terms'):
        choice_of("p(incidence, size) ~ 1 + (1 | herd) + (1 | period)", cbpp, sampler="importance")


def test_a_quadrature_that_is_not_precise_gives_way_to_all_parameters(cbpp, monkeypatch):
    monkeypatch.setattr(integrated, "TOLERANCE", -1.0)
    few = {"draws": 20, "tune": 20, "chains": 1, **SETTINGS}
    fit = bm.fit(CBPP, cbpp, "binomial", **few)
    assert (fit.method, fit.sampling.sampler) == ("joint", "nutpie")
    assert "nodes half as far apart change the log density" in fit.reason
    with pytest.raises(QuadratureError, match="not precise"):
        bm.fit(CBPP, cbpp, "binomial", method="marginal", **few)


def test_the_number_of_cores_and_keeping_do_not_matter(cbpp, fitted):
    one = bm.fit(CBPP, cbpp, "binomial", cores=1, **SETTINGS)
    assert one.posterior.identical(fitted.posterior)
    without = bm.fit(CBPP, cbpp, "binomial", keep_effects=False, **SETTINGS)
    assert "1|herd" not in without.posterior["posterior"]
    pd.testing.assert_frame_equal(bm.ranef(without), bm.ranef(fitted))
    draws = bm.ranef_draws(without, "herd", levels=["3"]).to_numpy().ravel()
    assert np.array_equal(draws, fitted.posterior["posterior"]["1|herd"].sel(herd__factor_dim="3").to_numpy().ravel())


def test_a_stored_fit_is_the_same(fitted, tmp_path):
    again = bm.load(bm.save(fitted, tmp_path / "cbpp.nc"))
    assert str(again) == str(fitted)
    assert bm.log_marginal(again) == bm.log_marginal(fitted)
    assert again.posterior.children.keys() == fitted.posterior.children.keys()


def test_rows_in_another_order_give_the_same_posterior(cbpp, fitted):
    turned = bm.fit(CBPP, cbpp.iloc[::-1], "binomial", **SETTINGS)
    one, two = fitted.diagnostics.importance, turned.diagnostics.importance
    assert abs(one.log_marginal - two.log_marginal) < 4 * np.hypot(one.log_marginal_error, two.log_marginal_error)


def assert_same_posterior(one, two):
    """Means of all parameters and effects within 4 Monte Carlo errors of their difference, sds within 10 %."""
    tables = [pd.concat([bm.fixef(fit), bm.varcorr(fit).reset_index(drop=True)]) for fit in (one, two)]
    for first, second in [tables]:
        first, second = first.reset_index(drop=True), second.reset_index(drop=True)
        error = np.hypot(first["sd"] / np.sqrt(first["ess_bulk"]), second["sd"] / np.sqrt(second["ess_bulk"]))
        assert (np.abs(first["mean"] - second["mean"]) < 4 * error).all()
        assert (np.abs(np.log(first["sd"] / second["sd"])) < 0.1).all()
    effects = [bm.ranef(fit) for fit in (one, two)]
    error = np.hypot(*(table["sd"] / np.sqrt(1000) for table in effects))
    assert (np.abs(effects[0]["mean"] - effects[1]["mean"]) < 4 * error).all()


@pytest.mark.slow
def test_cbpp_is_that_of_the_joint_path_by_both_samplers(cbpp, fitted):
    joint = bm.fit(CBPP, cbpp, "binomial", method="joint", draws=2000, **SETTINGS)
    assert_same_posterior(fitted, joint)
    nuts = bm.fit(CBPP, cbpp, "binomial", sampler="nutpie", draws=2000, **SETTINGS)
    assert nuts.diagnostics.n_divergent == 0
    assert_same_posterior(nuts, joint)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["poisson", "negative_binomial"])
def test_grouseticks_is_that_of_the_joint_path(family):
    data = bm.load_data("grouseticks")
    formula = "TICKS ~ YEAR + scale(HEIGHT) + (1 | BROOD)"
    own = bm.fit(formula, data, family, **SETTINGS)
    assert own.method == "quadrature"
    assert_same_posterior(own, bm.fit(formula, data, family, method="joint", draws=2000, **SETTINGS))


@pytest.mark.slow
def test_overdispersed_cbpp_is_that_of_the_joint_path(cbpp):
    own = bm.fit(CBPP, cbpp, "beta_binomial", **SETTINGS)
    assert own.method == "quadrature"
    assert_same_posterior(own, bm.fit(CBPP, cbpp, "beta_binomial", method="joint", draws=2000, **SETTINGS))


def test_counts_without_overdispersion_leave_shape_unbounded():
    """Fewer extreme counts than a Poisson has: shape reaches 1e9 and more, where log gammas have no digits left."""
    rng = np.random.default_rng(12)
    data = pd.DataFrame({"x": rng.normal(size=80), "g": np.repeat(list("abcdefgh"), 10)})
    data["k"] = rng.binomial(10, 1 / (1 + np.exp(-0.4 - 0.3 * data["x"])))
    found = bm.fit("k ~ x + (1 | g)", data, "negative_binomial", **SETTINGS)
    assert found.sampling.sampler == "importance"
    assert found.diagnostics.importance.pareto_k < 0.5
    assert str(found).splitlines()[-1].startswith("Sampling: no problems")
    shape = bm.auxiliary(found).loc["shape"]
    assert shape["upper"] > 1e4
    assert shape["rhat"] < 1.01
    # The mean of such draws is that of their greatest; printed is the median.
    printed = str(found).split("Family")[1].splitlines()
    assert printed[1].split()[:3] == ["median", "lower", "upper"]
    assert float(printed[2].split()[1]) == pytest.approx(shape["median"], rel=0.01)
    limit = bm.fit("k ~ x + (1 | g)", data, "poisson", **SETTINGS)
    assert bm.fixef(found)["mean"].to_list() == pytest.approx(bm.fixef(limit)["mean"].to_list(), abs=0.01)


@pytest.mark.parametrize("family", ["poisson", "binomial"])
def test_cell_means_of_rare_events_are_those_of_the_model_with_an_intercept(family):
    """Far from a rate of 1 the group effects took the level over: a sd ten times too large."""
    rng = np.random.default_rng(6)
    data = pd.DataFrame({"f": np.tile(list("abcde"), 7), "g": np.repeat(list("pqrstuv"), 5), "n": 2_000_000})
    rate = 2e-4 * np.exp(0.3 * rng.normal(size=7)[np.repeat(np.arange(7), 5)] + np.tile([0.0, 0.5, -0.4, 0.2, 0.1], 7))
    data["k"] = rng.poisson(data["n"] * rate)
    left, offset = {"poisson": ("k", " + offset(log(n))"), "binomial": ("p(k, n)", "")}[family]
    cells, contrasts = (
        bm.fit(f"{left} ~ {fixed}{offset} + (1 | g)", data, family, **SETTINGS) for fixed in ("0 + f", "f")
    )
    for found in (cells, contrasts):
        assert bm.varcorr(found)["mean"].iloc[0] < 0.8
    assert bm.fixef(cells)["mean"].iloc[0] == pytest.approx(bm.fixef(contrasts)["mean"].iloc[0], abs=0.1)


def test_nodes_that_lie_too_far_apart_are_seen(monkeypatch):
    """A level of successes alone, whose effect has hardly a curvature beside a large sd; four times the nodes tell."""
    data = pd.DataFrame({"k": [3, 5, 9, 1, 40, 40], "n": [10, 10, 40, 10, 40, 40], "g": list("aabbcc")})
    priors = {"sd_g__Intercept": "HalfNormal(20)"}
    model = integrate_effects(MixedModel(*model_of("cbind(k, n - k) ~ 1 + (1 | g)", data, "binomial", priors)))
    thetas = np.array([[0.5, 1.5], [0.5, 20.0], [-1.0, 8.0]])

    def log_densities(fineness):
        found = np.empty(len(thetas))
        evaluate_counts(model.plain_buffer(fineness), thetas, found)
        return found

    for fineness in (3.0, 1.0):
        error = np.abs(log_densities(fineness) - log_densities(fineness / 4)).max()
        assert integrated.disagreement(model, thetas, fineness)[0] == pytest.approx(error, rel=0.01)
        assert (error > 1000 * integrated.TOLERANCE) == (fineness == 3.0)

    usual = bm.fit("cbind(k, n - k) ~ 1 + (1 | g)", data, "binomial", priors=priors, **SETTINGS)
    monkeypatch.setattr(integrated, "_FINENESS", (3.0, 1.0))
    found = bm.fit("cbind(k, n - k) ~ 1 + (1 | g)", data, "binomial", priors=priors, **SETTINGS)
    about = found.posterior["unconstrained_posterior"].attrs
    assert about == usual.posterior["unconstrained_posterior"].attrs
    assert 0 < about["quadrature_error"] < integrated.TOLERANCE
