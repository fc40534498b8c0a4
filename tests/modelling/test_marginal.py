"""The exact Gaussian path against the PyMC model that it stands for."""

import arviz_stats
import numpy as np
import pandas as pd
import pytest

from bayesmix.data import load_data
from bayesmix.errors import ArgumentError
from bayesmix.families.family import read_family
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.modelling.exact.model import marginalise
from bayesmix.modelling.fit import fit
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.pymc_model.bambi_bridge import build_model
from bayesmix.modelling.route import Request
from bayesmix.modelling.routes import choose_route
from bayesmix.numerics.variance_posterior import log_posterior_at
from bayesmix.priors.default_priors import column_sds, default_priors
from bayesmix.priors.settled import settle_priors

from ..in_python import IN_PYTHON

GAUSSIAN = read_family("gaussian")


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(12)
    n = 50
    return pd.DataFrame(
        {
            "y": rng.normal(300, 20, n),
            "x": rng.normal(5, 2, n),
            "z": rng.normal(size=n),
            "f": rng.choice(list("abc"), n),
            "g": rng.integers(0, 5, n),
            "h": rng.choice(list("pqr"), n),
            "w": rng.uniform(0.5, 2, n),
        }
    )


PRIORS = {
    "sd_g__Intercept": "Gamma(2, 0.1)",
    "sd_g__x": "LogNormal(0, 1)",
    "sd_h__Intercept": "Uniform(0.5, 40)",
    "sigma": "HalfCauchy(9)",
    "corr_g": "LKJ(1.5)",
}
RELATIVE = {
    "sd_g__Intercept": "HalfCauchy(0.5) * sigma",
    "sd_g__x": "ScaleFree(0.5)",
    "sd_h__Intercept": "HalfStudentT(4, 0.3) * sigma",
    "sigma": "Uniform(2, 90)",
}
GIVEN = {"own priors": PRIORS, "relative to sigma": RELATIVE}
CROSSED, LARGE = "y ~ x + f + (1 | g) + (1 | h)", "y ~ x + offset(z) + (x + z | g) + (1 | h)"
MODELS = {
    "y ~ x + (x | g)": {},
    CROSSED: {"weights": "w"},
    LARGE: {},
    "y ~ 0 + f + (x || g)": {},
    "y ~ 1": {},
}


def integrated_out(model, variances: dict[str, float]) -> float:
    """log of the integral of the PyMC model's density over all but the variance parameters.

    The exponent is quadratic in them: its value, gradient and Hessian at one point are all that is needed.
    """
    kept = [variable for variable in model.value_vars if variable.name in variances]
    free = [variable for variable in model.value_vars if variable.name not in variances]
    asked = [model.values_to_rvs[variable] for variable in free]
    outputs = [model.logp(jacobian=True), model.dlogp(asked, jacobian=True)]
    both = model.compile_fn(outputs, inputs=model.value_vars, mode=IN_PYTHON)
    start = model.initial_point()
    shapes = {variable.name: start[variable.name].shape for variable in free}
    n = sum(int(np.prod(shape)) for shape in shapes.values())

    def at(values):
        point = {variable.name: np.asarray(variances[variable.name]) for variable in kept}
        place = 0
        for name, shape in shapes.items():
            size = int(np.prod(shape))
            point[name] = values[place : place + size].reshape(shape)
            place += size
        return {name: point[name] for name in start}

    zero = both(at(np.zeros(n)))[1]
    hessian = np.array([both(at(row))[1] - zero for row in np.eye(n)])
    mode = np.linalg.solve(-hessian, zero)
    return both(at(mode))[0] + 0.5 * n * np.log(2 * np.pi) - 0.5 * np.linalg.slogdet(-hessian)[1]


USUAL = {CROSSED: ["relative to sigma"], LARGE: ["own priors"], "y ~ 1": list(GIVEN)}


@pytest.mark.parametrize(
    ("formula", "given"),
    [
        pytest.param(formula, given, marks=() if given in USUAL.get(formula, []) else pytest.mark.slow)
        for formula in MODELS
        for given in GIVEN
    ],
)
def test_density_is_that_of_the_pymc_model_with_the_rest_integrated_out(formula, given, data):
    design = build_design(parse(formula), data, **MODELS[formula])
    defaults = default_priors(design, GAUSSIAN)
    chosen = {name: text for name, text in GIVEN[given].items() if name in defaults}
    priors = settle_priors(defaults, chosen, column_sds(design, GAUSSIAN))
    model = build_model(design, GAUSSIAN, priors).model
    marginal = marginalise(MixedModel(design, read_family("gaussian"), priors))
    n = len(marginal.start)
    buffer = marginal.buffer(np.zeros(n), np.eye(n))
    names = value_names(design, model)
    rng = np.random.default_rng(3)
    for _ in range(3):
        theta = marginal.start + rng.normal(scale=0.4, size=n)
        values: dict[str, np.ndarray] = {}
        for name, number in zip(names, theta, strict=True):
            values.setdefault(name, []).append(number)
        shaped = {name: np.array(v) if "partial" in name else np.array(v[0]) for name, v in values.items()}
        found = log_posterior_at(buffer, theta, np.empty(n))
        np.testing.assert_allclose(found, integrated_out(model, shaped), rtol=1e-8)


def value_names(design, model):
    """PyMC's unconstrained variables in the order of theta."""
    values = {variable.name for variable in model.value_vars}
    names = []
    for term in design.random:
        names += [next(v for v in values if v.startswith(f"sd_{term.group}__{column}_")) for column in term.names]
        partial = [v for v in values if v.startswith(f"corr_{term.group}_partial")]
        names += partial * (term.k * (term.k - 1) // 2)
    return [*names, next(v for v in values if v.startswith("sigma"))]


SETS = {
    "slopes": ("sleepstudy", "Reaction ~ Days + (0 + Days | Subject)"),
    "correlated": ("sleepstudy", "Reaction ~ Days + (Days | Subject)"),
    "independent": ("sleepstudy", "Reaction ~ Days + (Days || Subject)"),
    "Dyestuff2": ("Dyestuff2", "Yield ~ 1 + (1 | Batch)"),
    "Penicillin": ("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)"),
    "Pastes": ("Pastes", "strength ~ 1 + (1 | batch/cask)"),
    "cake": ("cake", "angle ~ recipe * temperature + (1 | recipe:replicate)"),
}


SUMMARIES = {
    "mean": (lambda draws: draws.mean(("chain", "draw")), {"method": "mean"}),
    "sd": (lambda draws: draws.std(("chain", "draw"), ddof=1), {"method": "sd"}),
    "lower": (lambda draws: draws.quantile(0.025, ("chain", "draw")), {"method": "quantile", "prob": 0.025}),
    "upper": (lambda draws: draws.quantile(0.975, ("chain", "draw")), {"method": "quantile", "prob": 0.975}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_both_paths_give_the_same_posterior(name):
    """Parameters and group effects, from both samplers of the exact path, within Monte Carlo error of the joint fit.

    4.5 errors, for some thousand comparisons in all. Copies that importance sampling makes of a value stand side by
    side: their autocorrelation, and with it the error, counts the values.
    """
    source, formula = SETS[name]
    rows = load_data(source)
    joint = fit(formula, rows, method="joint", draws=2500, seed=6, target_accept=0.97, progress=False)
    sampled = joint.posterior["posterior"].to_dataset()
    for sampler in ("importance", "nutpie"):
        marginal = fit(formula, rows, method="exact", sampler=sampler, draws=1500, seed=5, progress=False)
        exact = marginal.posterior["posterior"].to_dataset()
        assert set(exact.data_vars) == set(sampled.data_vars)
        for variable in exact.data_vars:
            for what, (summary, options) in SUMMARIES.items():
                ours, theirs = (summary(posterior[variable]) for posterior in (exact, sampled))
                errors = [arviz_stats.mcse(posterior[variable], **options) for posterior in (exact, sampled)]
                z = (ours - theirs) / np.sqrt(errors[0] ** 2 + errors[1] ** 2)
                assert float(np.abs(z).max()) < 4.5, f"{what} of {variable} by {sampler}"
        assert marginal.diagnostics.n_divergent == 0
        assert marginal.diagnostics.parameters["ess_bulk"].min() > 1500


def test_the_same_seed_gives_the_same_draws():
    rows = load_data("Dyestuff")
    settings = {"draws": 50, "chains": 2, "progress": False}
    first, again, other = (
        fit("Yield ~ 1 + (1 | Batch)", rows, seed=seed, **settings).posterior["posterior"].to_dataset()
        for seed in (4, 4, 5)
    )
    assert first.identical(again)
    assert not first.identical(other)


def chosen(formula, data, method="auto", family="gaussian", sampler="nutpie", priors=None):
    family = read_family(family)
    design = build_design(parse(formula), data, response=family.response)
    settled = settle_priors(default_priors(design, family), priors)
    return choose_route(MixedModel(design, family, settled), Request(method, sampler))


def test_auto_takes_the_exact_path_where_it_applies(data):
    assert chosen("y ~ x + (x | g)", data).route == "exact"
    for arguments, words in [
        ({"priors": {"x": "StudentT(3, 0, 1)"}}, "StudentT(3, 0, 1) of x"),
        ({"sampler": "pymc"}, "sampler pymc"),
        ({"family": "gaussian(log)"}, "gaussian (log)"),
    ]:
        choice = chosen("y ~ x + (x | g)", data, **arguments)
        assert choice.route == "joint"
        assert words in choice.reason
        with pytest.raises(ArgumentError, match="does not apply") as caught:
            chosen("y ~ x + (x | g)", data, method="exact", **arguments)
        assert words in str(caught.value)
        with pytest.raises(ArgumentError, match="does not apply") as caught:
            chosen("y ~ x + (x | g)", data, method="marginal", **arguments)
        assert words in str(caught.value)
    assert chosen("y ~ x + (x | g)", data, method="joint").route == "joint"


def test_many_levels_in_a_second_factor_take_the_joint_path():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"y": rng.normal(size=3000), "a": np.arange(3000) % 600, "b": np.arange(3000) % 499})
    choice = chosen("y ~ 1 + (1 | a) + (1 | b)", data)
    assert choice.route == "joint"
    assert "499 effects" in choice.reason
