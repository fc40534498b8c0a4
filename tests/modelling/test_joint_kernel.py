"""The compiled joint density is that of the PyMC model, to the last term, and its draws get the same names and dims."""

import numpy as np
import pandas as pd
import pymc as pm
import pytest

from bayesmix.families.family import read_family
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.modelling.joint.bridge import log_density_of
from bayesmix.modelling.joint.coordinates import centred_terms, rough_fit_of
from bayesmix.modelling.joint.density import effect_starts, has_kernel, kernel_buffer
from bayesmix.modelling.joint.draws import n_parameters, parameters_of
from bayesmix.modelling.joint.ladder import labels
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.parameters import fixed_columns
from bayesmix.modelling.pymc_model.bambi_bridge import build_model
from bayesmix.numerics.joint.affine_map import point_at, slopes_at
from bayesmix.numerics.joint.density import joint_density
from bayesmix.priors.default_priors import default_priors
from bayesmix.priors.settled import settle_priors


def data(seed: int = 5, n_obs: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": rng.normal(size=n_obs), "w": rng.normal(3, 2, n_obs), "n": rng.integers(1, 9, n_obs)})
    frame["f"] = rng.choice(["a", "b", "c"], n_obs)
    frame["g"], frame["h"] = rng.integers(0, 9, n_obs).astype(str), rng.choice(list("pqrs"), n_obs)
    frame["k"] = rng.binomial(frame["n"], 0.4)
    frame["count"] = rng.poisson(3, n_obs)
    frame["yes"] = frame["k"] > 1
    frame["log_w"] = np.log1p(frame["w"].abs())
    return frame


MODELS = {
    "bernoulli, crossed": ("yes ~ x + f + (1 | g) + (1 | h)", "bernoulli", {}),
    "binomial, correlated slopes": (
        "cbind(k, n - k) ~ x + w + (x + w | g) + (1 | h)",
        "binomial",
        {"x": "StudentT(4, 0.5, 2)", "w": "Laplace(0, 1)", "sd_g__x": "Uniform(0.1, 3)", "corr_g": "LKJ(3)"},
    ),
    "poisson, offset, factor slopes": (
        "count ~ f * x + offset(log_w) + (0 + f | g)",
        "poisson",
        {"x": "Cauchy(0, 1)", "sd_g__f[a]": "Gamma(2, 3)", "sd_g__f[b]": "HalfCauchy(1)"},
    ),
    "no intercept, independent slopes": ("count ~ 0 + f + (x || g)", "poisson", {"sd_g__x": "InverseGamma(3, 2)"}),
    "intercept alone": ("k | trials(n) ~ 1 + (1 | g)", "binomial", {"sd_g__Intercept": "LogNormal(0, 0.5)"}),
}


def prepared(name: str):
    formula, family, priors = MODELS[name]
    family = read_family(family)
    design = build_design(parse(formula), data(), response=family.response)
    settled = settle_priors(default_priors(design, family), priors)
    assert has_kernel(MixedModel(design, family, settled))
    return design, family, settled, rough_fit_of(MixedModel(design, family, settled))


@pytest.mark.parametrize(
    ("name", "centred"),
    # Every model in one of the two ways, by turns; then in the other.
    [pytest.param(name, number % 2 == turn, marks=pytest.mark.slow if turn else (), id=f"{name}, {turn}")
     for turn in (0, 1) for number, name in enumerate(MODELS)],
)  # fmt: skip
def test_density_and_gradient(name, centred):
    design, family, priors, rough = prepared(name)
    which = (centred,) * len(design.random)
    buffer = kernel_buffer(MixedModel(design, family, priors), centred=which, rough=rough)
    n = n_parameters(design, fixed_columns(design))
    rng = np.random.default_rng(6)
    model = build_model(design, family, priors, centred=labels(design, which)).model
    points = np.array([point_at(buffer, rng.normal(size=n)) for _ in range(3)])
    own = [joint_density(buffer, q, np.empty(n)) for q in points]
    theirs = log_density_of(model)(points)
    # PyMC has constants, sqrt(2 / pi) and 1 / beta among them, in single precision.
    np.testing.assert_allclose(own, theirs, rtol=0, atol=2e-7)
    x, by_q, by_x = rng.normal(size=n), np.empty(n), np.empty(n)
    joint_density(buffer, point_at(buffer, x), by_q)
    slopes_at(buffer, by_q, by_x)

    def at(z):
        return joint_density(buffer, point_at(buffer, z), np.empty(n))

    numeric = [(at(x + step) - at(x - step)) / 2e-5 for step in 1e-5 * np.eye(n)]
    np.testing.assert_allclose(by_x, numeric, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["binomial, correlated slopes", "poisson, offset, factor slopes"])
def test_draws_are_named_as_those_of_the_pymc_model(name):
    design, family, priors, rough = prepared(name)
    which = centred_terms(rough, len(design.random))
    fixed = fixed_columns(design)
    buffer = kernel_buffer(MixedModel(design, family, priors), centred=which, rough=rough)
    n = n_parameters(design, fixed)
    points = np.random.default_rng(7).normal(0, 0.5, (1, 2, n))
    own = parameters_of(points, buffer, design, fixed)
    built = build_model(design, family, priors, centred=labels(design, which))
    model = built.model
    expand = pm.pytensorf.compile(
        model.value_vars, model.replace_rvs_by_values([model[name] for name in built.kept]), on_unused_input="ignore"
    )
    assert set(own.data_vars) == set(built.kept)
    start = model.initial_point()
    for draw in range(2):
        at, values = 0, []
        for variable in model.value_vars:
            shape = start[variable.name].shape
            size = int(np.prod(shape))
            values.append(points[0, draw, at : at + size].reshape(shape))
            at += size
        for variable, theirs in zip(built.kept, expand(*values), strict=True):
            np.testing.assert_allclose(own[variable].to_numpy()[0, draw], theirs, rtol=1e-9, atol=1e-12)
            assert own[variable].dims[2:] == model.named_vars_to_dims.get(variable, ())
            for dim in own[variable].dims[2:]:
                assert list(own.coords[dim].to_numpy()) == list(model.coords[dim])


def test_rows_that_are_the_same_are_counted_once():
    """A few cells seen a thousand times are as quick as seen once, and tell what all rows tell."""
    frame = data(n_obs=40).drop(columns=["w", "log_w"])
    frame["x"] = frame["x"].round()
    design, family = {}, read_family("poisson")
    for times in (1, 50):
        repeated = pd.concat([frame] * times, ignore_index=True)
        design[times] = build_design(parse("count ~ x + (1 | g)"), repeated, response="count")
    priors = default_priors(design[1], family)
    fixed = fixed_columns(design[1])
    n = n_parameters(design[1], fixed)
    q = np.random.default_rng(8).normal(0, 0.3, n)
    buffers = {t: kernel_buffer(MixedModel(design[t], family, priors), centred=(False,), rough=None) for t in (1, 50)}
    assert buffers[50].size == buffers[1].size
    values, slopes = {}, {t: np.empty(n) for t in (1, 50)}
    for times in (1, 50):
        values[times] = joint_density(buffers[times], q, slopes[times])
    model = build_model(design[50], family, priors).model
    assert values[50] == pytest.approx(log_density_of(model)(q[None])[0], rel=1e-10)


def test_what_it_does_not_cover():
    frame = data()
    for formula, family in [("count ~ x + (1 | g)", "negative_binomial"), ("yes ~ x + (1 | g)", "bernoulli(probit)")]:
        family = read_family(family)
        design = build_design(parse(formula), frame, response=family.response)
        assert not has_kernel(MixedModel(design, family, default_priors(design, family)))


@pytest.mark.parametrize("formula", ["count ~ x + (1 | g)", "count ~ x + f + (x | g) + (1 | h)"])
@pytest.mark.parametrize("centred", [False, True], ids=["non-centred", "centred"])
def test_coefficients_and_effects_are_untied(formula, centred):
    """Where chains begin, the curvature by coefficients and effects is the identity, at the sds of the rough fit."""
    family = read_family("poisson")
    design = build_design(parse(formula), data(n_obs=400), response="count")
    priors = default_priors(design, family)
    which = (centred,) * len(design.random)
    model = MixedModel(design, family, priors)
    buffer = kernel_buffer(model, centred=which, rough=rough_fit_of(model))
    p = len(design.fixed.names)
    starts, n = effect_starts(design, p)
    free = list(range(p))
    for term, start in zip(design.random, starts, strict=True):
        free += range(start, start + term.k * term.n_levels)

    def slopes(x):
        by_q, by_x = np.empty(n), np.empty(n)
        joint_density(buffer, point_at(buffer, x), by_q)
        slopes_at(buffer, by_q, by_x)
        return by_x

    curvature = np.array([(slopes(-step) - slopes(step)) / 2e-5 for step in 1e-5 * np.eye(n)])
    np.testing.assert_allclose(curvature[np.ix_(free, free)], np.eye(len(free)), atol=1e-6)
    np.testing.assert_allclose(slopes(np.zeros(n))[free], 0, atol=1e-6)
