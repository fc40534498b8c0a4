"""Formulas of further parameters and ordinal responses: names, Bambi's predictions, every table and picture."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib import pyplot as plt

import bayesmix as bm
from bayesmix.families.family import read_family
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design, new_rows
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.pymc_model.bambi_bridge import build_bambi_model, build_model
from bayesmix.modelling.routes import why_not_integrated
from bayesmix.posterior import layout
from bayesmix.priors.default_priors import default_priors
from bayesmix.report.analysis.tables import TABLES as REPORTED

N = 120


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(6)
    return pd.DataFrame(
        {
            "y": rng.normal(size=N),
            "x": rng.normal(3, 2, N),
            "z": rng.uniform(1, 5, N),
            "f": pd.Categorical(rng.choice(["mid", "low", "high"], N), categories=["low", "mid", "high"]),
            "g": np.arange(N) % 8,
            "s": np.arange(N) % 5,
            "count": rng.poisson(2, N),
            "mode": np.array(["bus", "car", "train"])[np.arange(N) // 3 % 3],
            "rating": pd.Categorical.from_codes(np.arange(N) % 4, ["none", "low", "mid", "high"], ordered=True),
        }
    )


def a_design(formulas, data, family="gaussian"):
    family = read_family(family)
    parsed = parse_formulas(formulas, auxiliary=family.modelled)
    return build_design(parsed.mean, data, response=family.response, parts=parsed.parts), family


NAMES = [
    (["y ~ x", "sigma ~ 1"], "sigma", ["sigma_Intercept"], [], []),
    (["y ~ x", "sigma ~ x + (1 | g)"], "sigma", ["sigma_Intercept", "sigma_x"], ["sd_g__sigma_Intercept"], []),
    (
        ["y ~ x + (x | g)", "sigma ~ f + (x | g)"],
        "sigma",
        ["sigma_Intercept", "sigma_f[mid]", "sigma_f[high]"],
        ["sd_g__sigma_Intercept", "sd_g__sigma_x"],
        ["corr_g__sigma"],
    ),
    (
        ["y ~ x", "sigma ~ 0 + f + (0 + f | g)"],
        "sigma",
        ["sigma_f[low]", "sigma_f[mid]", "sigma_f[high]"],
        ["sd_g__sigma_f[low]", "sd_g__sigma_f[mid]", "sd_g__sigma_f[high]"],
        ["corr_g__sigma"],
    ),
]


@pytest.mark.parametrize(("formulas", "parameter", "coefficients", "sds", "correlated"), NAMES)
def test_names(formulas, parameter, coefficients, sds, correlated, data):
    design, family = a_design(formulas, data)
    part = design.parts[parameter]
    assert list(part.fixed.names) == coefficients
    assert [name for term in part.random for name in layout.sd_names(term)] == sds
    assert [layout.corr_name(term, part.random) for term in part.random if term.k > 1] == correlated
    priors = default_priors(design, family)
    assert {*coefficients, *sds, *correlated} <= set(priors)
    assert parameter not in priors


def test_a_formula_for_sigma_has_no_closed_form(data):
    design, family = a_design(["y ~ x + (1 | g)", "sigma ~ x"], data)
    assert (
        why_not_integrated(MixedModel(design, family, default_priors(design, family)))
        == "a formula for sigma has no closed form"
    )


def a_posterior(built):
    """Any values under the model's names and dims; thresholds in order."""
    rng = np.random.default_rng(8)
    variables = {}
    for name in built.kept:
        dims = built.model.named_vars_to_dims.get(name, ())
        shape = tuple(len(built.model.coords[dim]) for dim in dims)
        values = rng.uniform(0.1, 1, (2, 3, *shape))
        variables[name] = (("chain", "draw", *dims), np.sort(values) if name == "threshold" else values)
    used = {dim for dims, _ in variables.values() for dim in dims} - {"chain", "draw"}
    coords = {dim: list(built.model.coords[dim]) for dim in used} | {"chain": [0, 1], "draw": [0, 1, 2]}
    return xr.DataTree.from_dict({"posterior": xr.Dataset(variables, coords=coords)})


def predictor(design, posterior, data):
    draws, rows = posterior["posterior"].to_dataset(), new_rows(design, data)
    eta = layout.fixed_draws(draws, design) @ rows.fixed.T + rows.offset
    for term, own in zip(rows.random, design.random, strict=True):
        eta += (layout.group_draws(draws, own)[:, :, term.index] * term.columns).sum(axis=-1)
    return eta


@pytest.mark.parametrize(
    ("formulas", "family"),
    [
        (["y ~ x + (x | g)", "sigma ~ x * f + offset(log(z)) + (f | g)"], "gaussian"),
        (["count ~ f + (1 | g)", "shape ~ scale(z) + (1 | s)"], "negative_binomial"),
        (["count ~ f + (1 | g)", "shape ~ 0 + f", "hu ~ z + (z || s)"], "hurdle_negative_binomial"),
    ],
)
def test_predictions_of_bambi(formulas, family, data):
    design, family = a_design(formulas, data, family)
    priors = default_priors(design, family)
    posterior = a_posterior(build_model(design, family, priors))
    model = build_bambi_model(design, family, priors, for_prediction=True)
    inverse = {"sigma": np.exp, "shape": np.exp, "hu": lambda eta: 1 / (1 + np.exp(-eta))}
    new = data.sample(17, random_state=3)
    for given in (data, new):
        predicted = model.predict(posterior, data=None if given is data else given, inplace=False).posterior
        for name, part in design.parts.items():
            expected = inverse[name](predictor(part, posterior, given))
            np.testing.assert_allclose(predicted[name].transpose("chain", "draw", ...), expected, rtol=1e-8)


@pytest.mark.parametrize(
    "family", ["cumulative(logit)", "cumulative(probit)", "stopping_ratio(cloglog)", "adjacent_category(logit)"]
)
def test_predictions_of_bambi_for_ordered_categories(family, data):
    design, family = a_design("rating ~ x + f + (1 | g)", data, family)
    priors = default_priors(design, family)
    posterior = a_posterior(build_model(design, family, priors))
    model = build_bambi_model(design, family, priors, for_prediction=True)
    predicted = model.predict(posterior, inplace=False).posterior["p"].transpose("chain", "draw", ...)
    assert predicted.shape == (2, 3, N, 4)
    np.testing.assert_allclose(predicted.sum("rating_dim"), 1, rtol=1e-9)
    link = {"logit": lambda e: 1 / (1 + np.exp(-e)), "cloglog": lambda e: 1 - np.exp(-np.exp(e))}.get(family.link)
    if family.name == "adjacent_category":
        each = (
            posterior["posterior"]["threshold"].to_numpy()[:, :, None] - predictor(design, posterior, data)[..., None]
        )
        relative = np.exp(-np.concatenate([np.zeros((*each.shape[:-1], 1)), np.cumsum(each, axis=-1)], axis=-1))
        np.testing.assert_allclose(predicted, relative / relative.sum(axis=-1, keepdims=True), rtol=1e-8)
    elif link:
        first = posterior["posterior"]["threshold"].to_numpy()[..., :1] - predictor(design, posterior, data)
        np.testing.assert_allclose(predicted[..., 0], link(first), rtol=1e-8)


@pytest.mark.parametrize("formulas", ["mode ~ x * f + offset(log(z)) + (x | g)", ["mode ~ f", "mucar ~ x + (1 | s)"]])
def test_predictions_of_bambi_for_categories_without_an_order(formulas, data):
    design, family = a_design(formulas, data, "categorical")
    priors = default_priors(design, family)
    posterior = a_posterior(build_model(design, family, priors))
    model = build_bambi_model(design, family, priors, for_prediction=True)
    new = data.sample(17, random_state=3)
    for given in (data, new):
        predicted = model.predict(posterior, data=None if given is data else given, inplace=False).posterior
        for name, part in design.parts.items():
            expected = predictor(part, posterior, given)
            np.testing.assert_allclose(predicted[name].transpose("chain", "draw", ...), expected, rtol=1e-8)


TABLES = (
    bm.fixef,
    bm.varcorr,
    bm.ranef,
    bm.coef,
    bm.auxiliary,
    bm.fitted,
    bm.residuals,
    bm.augment,
    bm.tidy,
    bm.glance,
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("formulas", "family", "shown"),
    [
        (["y ~ x + (x | g)", "sigma ~ x + (x | g)"], "gaussian", "         sigma ~ x + (x | g)"),
        ("rating ~ x + (1 | g)", "cumulative", "threshold[none|low]"),
    ],
)
def test_every_table_and_picture(formulas, family, shown, data, tmp_path):
    fit = bm.fit(formulas, data, family, draws=60, tune=150, chains=2, seed=1, progress=False)
    assert shown in str(fit)
    again = bm.load(bm.save(fit, tmp_path / "fit.nc"))
    assert str(again) == str(fit)
    for question in TABLES:
        frame = question(fit)
        pd.testing.assert_frame_equal(question(again), frame)
        assert np.isfinite(frame.select_dtypes("number").drop(columns="sigma", errors="ignore").to_numpy()).all()
    if family == "cumulative":
        assert REPORTED["fitted"](fit, 0.95).columns[:2].tolist() == ["row", "category"]
        assert bm.fitted(fit)["mean"].groupby("row").sum().to_numpy() == pytest.approx(np.ones(N))
        assert bm.augment(fit)[".fitted"].between(1, 4).all()
    else:
        assert {"sigma_Intercept", "sigma_x"} <= set(bm.ranef(fit)["term"])
        assert bm.varcorr(fit).index.get_level_values("group").unique().tolist() == ["g"]
    for picture in (bm.plot_lines, bm.plot_ranef, bm.plot_sd, bm.plot_residuals, bm.plot_trace, bm.plot_rank):
        picture(fit)
        plt.close("all")
