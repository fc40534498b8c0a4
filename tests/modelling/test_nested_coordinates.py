"""Nested random intercepts: the density of what is sampled is that of the parameters with the Jacobian, and what is
sampled hardly depends on the sds, so that one attempt does."""

import numpy as np
import pandas as pd
import pytest

from bayesmix.data import load_data
from bayesmix.families.family import read_family
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.inference.checks.diagnose import diagnose
from bayesmix.modelling.fit import fit
from bayesmix.modelling.joint import density as joint_kernel
from bayesmix.modelling.joint.bridge import log_density_of
from bayesmix.modelling.joint.coordinates import nested_factors, rough_fit_of
from bayesmix.modelling.joint.density import effect_starts, kernel_buffer
from bayesmix.modelling.joint.draws import n_parameters
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.parameters import fixed_columns
from bayesmix.numerics.joint.affine_map import point_at, slopes_at
from bayesmix.numerics.joint.density import joint_density
from bayesmix.numerics.joint.nested_effects import nested_point, nested_slopes
from bayesmix.priors.default_priors import default_priors
from bayesmix.priors.settled import settle_priors


def data(seed: int = 5, n_obs: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": rng.normal(size=n_obs), "n": rng.integers(1, 9, n_obs)})
    frame["site"], frame["plot"] = rng.integers(0, 4, n_obs).astype(str), rng.choice(list("pqr"), n_obs)
    frame["row"] = np.arange(n_obs).astype(str)
    frame["k"], frame["count"] = rng.binomial(frame["n"], 0.4), rng.poisson(3, n_obs)
    return frame


MODELS = {
    "two": ("cbind(k, n - k) ~ x + (1 | site / plot)", "binomial", {}),
    "three": ("count ~ x + (1 | row) + (1 | site / plot)", "poisson", {"sd_site__Intercept": "Uniform(0.1, 2)"}),
    "no coefficients": ("count ~ 0 + (1 | site / plot)", "poisson", {"sd_site__Intercept": "InverseGamma(3, 2)"}),
}  # fmt: skip


def prepared(name: str):
    formula, family, priors = MODELS[name]
    family = read_family(family)
    design = build_design(parse(formula), data(), response=family.response)
    settled = settle_priors(default_priors(design, family), priors)
    none = (False,) * len(design.random)
    rough = rough_fit_of(MixedModel(design, family, settled))
    buffer = kernel_buffer(MixedModel(design, family, settled), centred=none, rough=rough)
    return design, buffer, n_parameters(design, fixed_columns(design))


def parameters_at(buffer, x):
    q = point_at(buffer, x)
    return q, nested_point(buffer, q)


@pytest.mark.parametrize("beyond", [False, True], ids=["sds above 0", "factors below 0"])
@pytest.mark.parametrize("name", MODELS)
def test_the_jacobian_and_the_gradient(name, beyond):
    """Both against differences; a factor below 0 stands for its absolute value."""
    design, buffer, n = prepared(name)
    x = np.random.default_rng(6).normal(size=n)
    for start in effect_starts(design, len(design.fixed.names))[0]:
        x[start - 1] = -6.0 if beyond else 0.5
    steps = 1e-5 * np.eye(n)
    moved = np.array(
        [(parameters_at(buffer, x + step)[0] - parameters_at(buffer, x - step)[0]) / 2e-5 for step in steps]
    )
    # A part of the map is linear; its constant is left out, and stands at the other point too.
    other = np.random.default_rng(7).normal(size=n)
    there = np.array(
        [(parameters_at(buffer, other + step)[0] - parameters_at(buffer, other - step)[0]) / 2e-5 for step in steps]
    )
    difference = np.linalg.slogdet(moved)[1] - np.linalg.slogdet(there)[1]
    assert parameters_at(buffer, x)[1] - parameters_at(buffer, other)[1] == pytest.approx(difference, abs=1e-5)

    def density(z):
        q, jacobian = parameters_at(buffer, z)
        return joint_density(buffer, q, np.empty(n)) + jacobian

    by_q, by_x = np.empty(n), np.empty(n)
    before = point_at(buffer, x)
    joint_density(buffer, parameters_at(buffer, x)[0], by_q)
    nested_slopes(buffer, before, by_q)
    slopes_at(buffer, by_q, by_x)
    numeric = [(density(x + step) - density(x - step)) / 2e-5 for step in steps]
    np.testing.assert_allclose(by_x, numeric, rtol=1e-5, atol=1e-5)


def test_which_factors_are_nested():
    frame = data()
    frame["b"] = frame["site"].map({"0": "u", "1": "u", "2": "v", "3": "v"})

    def found(formula):
        return nested_factors(build_design(parse(formula), frame, response="count"))

    chain = found("count ~ x + (1 | site) + (1 | row) + (1 | b)")
    assert chain.terms == (2, 0, 1)
    assert chain.parents[0].tolist() == [0, 0, 1, 1]
    for formula in ("(1 | site)", "(1 | site) + (1 | plot)", "(x | site) + (1 | row)", "(0 + x | b) + (1 | site)"):
        assert found(f"count ~ x + {formula}") is None


TICKS = "TICKS ~ YEAR + cHEIGHT + (1 | BROOD) + (1 | LOCATION)"


@pytest.fixture(scope="module")
def ticks():
    return fit(TICKS, load_data("grouseticks"), "poisson", seed=1, progress=False)


@pytest.mark.slow
def test_one_attempt_does_where_broods_all_but_stand_for_locations(ticks):
    """Sampled in fixed coordinates the sd of locations had 77 effective draws, and a tail that began at 0.1."""
    assert len(ticks.diagnostics.ladder) == 1
    assert ticks.diagnostics.parameters[["ess_bulk", "ess_tail"]].min(axis=None) > 1000
    assert "problem" not in set(diagnose(ticks)["severity"])
    points = ticks.posterior["unconstrained_posterior"]["point"].to_numpy()[:, -1]
    lp = ticks.posterior["sample_stats"]["lp"].to_numpy()[:, -1]
    np.testing.assert_allclose(log_density_of(ticks.pymc_model)(points), lp, rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_every_seed_with_an_effect_for_every_row(seed):
    formula = f"{TICKS} + (1 | INDEX)"
    found = fit(formula, load_data("grouseticks"), "poisson", seed=seed, progress=False)
    assert len(found.diagnostics.ladder) == 1
    assert found.diagnostics.parameters[["ess_bulk", "ess_tail"]].min(axis=None) > 1000


@pytest.mark.slow
def test_the_posterior_is_that_of_fixed_coordinates(ticks, monkeypatch):
    """Quantiles of both sds, tails among them, as 5 times as many draws in coordinates that do not follow the sds."""
    monkeypatch.setattr(joint_kernel, "nested_factors", lambda _: None)
    how = {"draws": 5_000, "remedies": False, "progress": False}
    other = fit(TICKS, load_data("grouseticks"), "poisson", seed=5, **how)
    for name in ("sd_BROOD__Intercept", "sd_LOCATION__Intercept"):
        near, far = (each.posterior["posterior"][name].to_numpy() for each in (ticks, other))
        for at in np.quantile(far, [0.025, 0.1, 0.5, 0.9, 0.975]):
            shares = [(each < at).mean() for each in (near, far)]
            effective = [
                each.diagnostics.parameters.loc[name, ["ess_bulk", "ess_tail"]].min() for each in (ticks, other)
            ]
            error = np.sqrt(shares[1] * (1 - shares[1]) * sum(1 / size for size in effective))
            assert abs(shares[0] - shares[1]) < 4 * error, (name, at)
