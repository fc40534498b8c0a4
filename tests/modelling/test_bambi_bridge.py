"""Bambi's model around ours: its predict goes on working, and each internal that we lean on is there."""

import warnings
from types import SimpleNamespace

import bambi
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from bambi.backend import model_components as backend
from bambi.backend.pymc import PyMCModel

from bayesmix.families.family import read_family
from bayesmix.formula.matrices import build_design, new_rows
from bayesmix.formula.parse import parse
from bayesmix.modelling.pymc_model.bambi_bridge import build_bambi_model, build_model
from bayesmix.posterior import layout
from bayesmix.priors.default_priors import default_priors

from ..in_python import IN_PYTHON

N = 90


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    return pd.DataFrame(
        {
            "y": rng.normal(size=N),
            "x": rng.normal(3, 2, N),
            "z": rng.uniform(1, 5, N),
            "f": pd.Categorical(rng.choice(["mid", "low", "high"], N), categories=["low", "mid", "high"]),
            "h": rng.choice(["u", "v", "w"], N),
            "g": rng.integers(1, 6, N),
            "s": rng.choice(list("pq"), N),
            "k": rng.integers(0, 4, N),
            "n": 5,
            "count": rng.poisson(3, N),
        }
    )


def model_of(formula, data, family="gaussian"):
    family = read_family(family)
    design = build_design(parse(formula), data, response=family.response)
    priors = default_priors(design, family)
    built = build_model(design, family, priors)
    bambi_model = build_bambi_model(design, family, priors, for_prediction=True)
    return design, SimpleNamespace(model=built.model, kept=built.kept, bambi=bambi_model)


def random_posterior(built) -> xr.DataTree:
    """Any values under the model's names and dims: predict must combine them as X beta + Z b."""
    rng = np.random.default_rng(8)
    model = built.model
    variables = {}
    for name in built.kept:
        dims = model.named_vars_to_dims.get(name, ())
        shape = tuple(len(model.coords[dim]) for dim in dims)
        variables[name] = (("chain", "draw", *dims), rng.uniform(0.1, 1, (2, 3, *shape)))
    used = {dim for dims, _ in variables.values() for dim in dims} - {"chain", "draw"}
    coords = {dim: list(model.coords[dim]) for dim in used} | {"chain": [0, 1], "draw": [0, 1, 2]}
    return xr.DataTree.from_dict({"posterior": xr.Dataset(variables, coords=coords)})


def linear_predictor(design, posterior, rows):
    draws = posterior["posterior"].to_dataset()
    eta = layout.fixed_draws(draws, design) @ rows.fixed.T + rows.offset
    for term, own in zip(rows.random, design.random, strict=True):
        effects = layout.group_draws(draws, own)
        eta += (effects[:, :, term.index] * term.columns).sum(axis=-1)
    return eta


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ x + (x | g)",
        "y ~ x * f + h + (1 | g) + (1 | s)",
        "y ~ f * h + (0 + f | g)",
        "y ~ f / h + (f | g)",
        "y ~ 0 + f:h + (x || g)",
        "y ~ scale(x) * f + poly(z, 3) + (1 | g:s)",
        "y ~ x + log(z) + offset(I(2 * z)) + (1 | h/s)",
        "y ~ g + (1 | g)",
        "y ~ x + (log(z) | g) + (I(x / 2) || s)",
        "y ~ C(f, Sum) * C(h, Helmert) + (C(f, Sum) | g)",
        "y ~ 0 + C(f, Treatment('mid')) + h + (0 + C(f, Treatment('mid')) + h | g)",
        "y ~ x * C(f, Poly) + h + (x * C(f, Poly) | g)",
        "y ~ relevel(f, ref = 'high') + cut(x, 3) + (1 | g)",
        "y ~ ns(x, 3) * f + I(z - mean(z)) + (as.ordered(f) | s)",
    ],
)
def test_predict_of_bambi_is_x_beta_plus_z_b(formula, data):
    design, built = model_of(formula, data)
    posterior = random_posterior(built)
    new = data.sample(17, random_state=3).drop(columns="y")
    for rows, given in ((new_rows(design, data), None), (new_rows(design, new), new)):
        predicted = built.bambi.predict(posterior, data=given, inplace=False).posterior["mu"]
        expected = linear_predictor(design, posterior, rows)
        np.testing.assert_allclose(predicted.transpose("chain", "draw", ...), expected, rtol=1e-10)


def test_predict_of_bambi_for_counts_and_trials(data):
    design, built = model_of("cbind(k, n - k) ~ x + (1 | g)", data, "binomial")
    posterior = random_posterior(built)
    predicted = built.bambi.predict(posterior, inplace=False).posterior["p"]
    eta = linear_predictor(design, posterior, new_rows(design, data))
    np.testing.assert_allclose(predicted.transpose("chain", "draw", ...), 1 / (1 + np.exp(-eta)), rtol=1e-10)


def test_predict_of_bambi_draws_new_groups(data):
    _, built = model_of("y ~ x + (x | g)", data)
    posterior = random_posterior(built)
    new = data.head(4).assign(g=99)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Bambi's and formulae's own, about pandas
        predicted = built.bambi.predict(posterior, data=new, inplace=False, sample_new_groups=True, random_seed=1)
    assert np.isfinite(predicted.posterior["mu"]).all()


def test_bambi_interprets_the_model(data):
    _, built = model_of("y ~ x * f + (1 | g)", data)
    posterior = random_posterior(built)
    table = bambi.interpret.predictions(built.bambi, posterior, conditional="f")
    assert len(table.summary) == 3


def test_the_linear_predictor_of_the_pymc_model_is_ours(data):
    design, built = model_of("y ~ f * x + offset(z) + (x | g) + (1 | h:s)", data)
    model = built.model
    drawn = pymc_draws(model, [*built.kept, "mu"])
    posterior = xr.DataTree.from_dict({"posterior": drawn})
    expected = linear_predictor(design, posterior, new_rows(design, data))
    np.testing.assert_allclose(drawn["mu"].transpose("chain", "draw", ...), expected, rtol=1e-8)


def pymc_draws(model, names) -> xr.Dataset:
    import pymc as pm  # noqa: PLC0415

    with model:
        return pm.sample_prior_predictive(5, var_names=names, random_seed=1, compile_kwargs={"mode": IN_PYTHON})[
            "prior"
        ].to_dataset()[names]


def test_internals_that_the_bridge_leans_on():
    assert issubclass(backend.DistributionalComponent, object)
    for step in ("build_intercept", "build_offsets", "build_common_terms", "build_group_specific_terms", "build"):
        assert callable(getattr(backend.DistributionalComponent, step))
    assert {"model", "components", "response_component", "spec"} <= vars(PyMCModel()).keys()
    model = bambi.Model("y ~ x + offset(z)", pd.DataFrame({"y": [1.0, 2, 3], "x": [1.0, 3, 2], "z": [1.0, 2, 4]}))
    for name in ("conditional_parameters", "marginal_parameters", "response_term", "backend", "built"):
        assert hasattr(model, name)
    common = model.conditional_parameters["mu"].design.common
    for name in ("design_matrix", "evaluate_new_data", "slices", "terms"):
        assert hasattr(common, name)
    assert hasattr(model.conditional_parameters["mu"].terms["x"], "alias")
    assert common.terms["offset(z)"].kind == "offset"


def test_the_sampled_model_is_that_of_the_predictions(data):
    """Bambi is told of the random terms for its predictions alone; the PyMC models are the same."""
    design, built = model_of("y ~ x + (x | g) + (1 | h)", data)
    with_groups = built.bambi.backend.model
    assert set(with_groups.named_vars) == set(built.model.named_vars)
    point = built.model.initial_point()
    rng = np.random.default_rng(2)
    moved = {name: value + rng.normal(size=value.shape) for name, value in point.items()}
    assert len(design.random) == 2
    np.testing.assert_allclose(
        built.model.compile_logp(mode=IN_PYTHON)(moved), with_groups.compile_logp(mode=IN_PYTHON)(moved), rtol=1e-12
    )
