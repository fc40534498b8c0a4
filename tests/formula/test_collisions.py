"""Columns that are called as something else of the model is."""

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import BayesmixError, DesignError
from bayesmix.families.family import read_family
from bayesmix.formula import collisions
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.modelling.pymc_model.bambi_bridge import build_model
from bayesmix.posterior import layout
from bayesmix.priors.default_priors import column_sds, default_priors
from bayesmix.priors.settled import settle_priors

N = 80
OWN = ("p", "mu", "sigma", "chain", "draw", "None", "phi", "Intercept_at_means", "__obs__", "threshold")


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    columns = {
        "y": rng.normal(10, 2, N),
        "x": rng.normal(size=N),
        "z": rng.normal(size=N),
        "f": np.tile(list("pq"), N // 2),
        "g": np.repeat(list("abcdefgh"), N // 8),
    }
    for name in (
        "x:z",
        "f[q]",
        "I(x^2)",
        "log(z)",
        "corr_g",
        "sd_g__Intercept",
        "1|g",
        "x|g",
        "g__factor_dim",
        "f_dim",
    ):
        columns[name] = rng.normal(size=N)
    for name in OWN:
        columns[name] = columns["x"]
    columns["k"] = rng.poisson(2, N)
    columns["g:f"] = rng.choice(list("stuv"), N)
    columns["g__h"] = columns["g"]
    return pd.DataFrame(columns)


SHORT = {"draws": 20, "chains": 2, "seed": 1, "progress": False}


@pytest.fixture(scope="module")
def plain(data):
    """Means of the coefficients under a name that is nothing else's, by family."""
    return {
        family: bm.fixef(bm.fit(f"{response} ~ x + (1 | g)", data, family, **SHORT))["mean"]
        for response, family in (("y", "gaussian"), ("k", "poisson"))
    }


def design_of(formula, data):
    formulas = parse_formulas(formula, auxiliary=("sigma",))
    return build_design(formulas.mean, data, parts=formulas.parts, auxiliary=("sigma",))


@pytest.mark.parametrize(
    ("formula", "name"),
    [
        ("y ~ x * z + `x:z` + (1 | g)", "x:z"),
        ("y ~ `x:z` + x * z", "x:z"),
        ("y ~ f + `f[q]` + (1 | g)", "f[q]"),
        ("y ~ I(x^2) + `I(x^2)`", "I(x^2)"),
        ("y ~ x + `I(x^2)` + (0 + I(x^2) | g)", "I(x^2)"),
        ("y ~ (`I(x^2)` + I(x^2) | g)", "I(x^2)"),
        ("y ~ x + (1 | g:f) + (1 | `g:f`)", "g:f"),
        ("y ~ `corr_g` + (x | g)", "corr_g"),
        ("y ~ `sd_g__Intercept` + (1 | g)", "sd_g__Intercept"),
        ("y ~ `1|g` + (1 | g)", "1|g"),
        ("y ~ `x|g` + (x | g)", "x|g"),
        ("y ~ `g__factor_dim` + (1 | g)", "g__factor_dim"),
        ("y ~ f + f_dim", "f_dim"),
        ("`1|g` ~ x + (1 | g)", "1|g"),
        ("sd_g__Intercept ~ x + (1 | g)", "sd_g__Intercept"),
    ],
)
def test_a_name_for_two_things_is_refused_in_one_line(formula, name, data):
    with pytest.raises(BayesmixError) as caught:
        design_of(formula, data)
    said = str(caught.value).splitlines()[0]
    assert name in said
    assert "ename the column" in said


@pytest.mark.parametrize(
    "name", ["x:z", "f[q]", "I(x^2)", "log(z)", "corr_g", "sd_g__Intercept", "1|g", "g__factor_dim"]
)
def test_such_a_column_alone_is_a_predictor(name, data):
    assert design_of(f"y ~ `{name}`", data).fixed.names == ("Intercept", name)


@pytest.mark.parametrize("name", ["mub", "mub_x", "mub_Intercept_at_means", "sd_g__muc_Intercept", "mub_1|g"])
def test_a_response_is_not_called_as_something_of_a_category_is(name, data):
    rows = data[["x", "g"]].assign(**{name: np.tile(list("abcd"), N // 4)})
    with pytest.raises(DesignError) as caught:
        bm.fit(f"`{name}` ~ x + (1 | g)", rows, "categorical")
    assert f"'{name}'" in str(caught.value)
    design = build_design(parse("mu ~ x"), rows.rename(columns={name: "mu"}), response="nominal", auxiliary=())
    assert design.response.name == "mu"


@pytest.mark.parametrize("name", OWN)
def test_estimates_without_a_posterior_take_any_name(name, data):
    """bm.lm, bm.reml and bm.laplace have no parameter or dimension that a column could be mistaken for."""
    formula = f"y ~ `{name}` + (1 | g)"
    least, restricted = bm.lm(f"y ~ `{name}`", data), bm.reml(formula, data)
    counts = bm.laplace(f"k ~ `{name}` + (`{name}` | g)", data, "poisson")
    for fit in (least, restricted, counts):
        assert name in bm.fixef(fit).index
        assert str(fit)
    assert bm.reml(f"`{name}` ~ y + (1 | g)", data).design.response.name == name


@pytest.mark.parametrize(
    ("name", "family", "what"),
    [
        ("mu", "gaussian", "the mean of each row in the PyMC model"),
        ("mu", "poisson", "the mean of each row"),
        ("p", "bernoulli", "the mean of each row"),
        ("p", "cumulative", "the mean of each row"),
        ("threshold", "cumulative", "the thresholds"),
        ("sigma", "gaussian", "the family's parameter sigma"),
        ("phi", "beta", "the family's parameter phi"),
        ("chain", "gaussian", "the dimension of the chains"),
        ("draw", "poisson", "the dimension of the draws"),
        ("Intercept_at_means", "gaussian", "the intercept at the predictors' means"),
        ("Intercept", "gaussian", "coefficients"),
        ("Intercept", "poisson", "coefficients"),
    ],
)
def test_a_fit_says_what_a_name_stands_for_already(name, family, what, data):
    intercept = data["f"] if family == "poisson" else data["x"]
    rows = data.assign(
        Intercept=intercept, k=np.arange(N) % (2 if family == "bernoulli" else 4), s=0.5 + data["x"] / 99
    )
    response = {"gaussian": "y", "beta": "s"}.get(family, "k")
    with pytest.raises(DesignError) as caught:
        bm.fit(f"{response} ~ `{name}` + (1 | g)", rows, family)
    assert f"'{name}'" in str(caught.value)
    assert what in str(caught.value)
    assert "rename the column" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "response", "family"),
    [("p", "y", "gaussian"), ("None", "y", "gaussian"), ("sigma", "k", "poisson"), ("threshold", "k", "poisson")],
)
def test_a_fit_takes_names_that_its_posterior_does_not_have(name, response, family, data, plain, tmp_path):
    named = bm.fit(f"{response} ~ `{name}` + (1 | g)", data, family, **SHORT)
    np.testing.assert_allclose(bm.fixef(named)["mean"], plain[family], rtol=1e-10)
    assert name in named.pymc_model.named_vars
    assert str(bm.load(bm.save(named, tmp_path / "fit.nc"))) == str(named)


@pytest.mark.parametrize(
    ("formula", "name"),
    [
        ("y ~ x + (x | g)", "gaussian"),
        ("I(k > 2) ~ x + (1 | g)", "bernoulli"),
        ("p(k, n) ~ x + (1 | g)", "zero_inflated_binomial"),
        ("o ~ f + x + (x | g)", "cumulative"),
    ],
)
def test_the_names_of_the_pymc_model_are_known(formula, name, data):
    family, rows = read_family(name), data.assign(n=9, o=np.arange(N) % 4)
    design = build_design(parse(formula), rows, response=family.response, auxiliary=family.auxiliary)
    priors = settle_priors(default_priors(design, family), None, column_sds(design, family))
    model = build_model(design, family, priors).model
    known = {
        name
        for name, _ in (
            *collisions._own_names(family.response, family.auxiliary),
            *collisions._coefficients(design),
            *collisions._random_names(design),
        )
    }
    written = {name for name in model.named_vars if not name.endswith(("_offset", "_partial", "_z"))}
    assert written - {design.response.name} <= known


def test_further_parameters_take_any_name(data):
    """Their coefficients are called sigma_mu, sigma_chain: what the mean's may not be called is free there."""
    names = ("mu", "sigma", "p", "chain", "draw", "phi")
    rows = data.assign(**{name: np.random.default_rng(i).normal(size=N) for i, name in enumerate(names)})
    design = design_of(["y ~ x + (1 | g)", f"sigma ~ {' + '.join(names)} + (mu | g)"], rows)
    assert design.parts["sigma"].fixed.names == ("sigma_Intercept", *(f"sigma_{name}" for name in names))


@pytest.mark.parametrize(
    ("mean", "name", "what"),
    [
        ("y ~ mu", "mu", "the mean of each row"),
        ("y ~ sigma", "sigma", "the family's parameter sigma"),
        ("y ~ sigma_x", "sigma_x", "coefficients"),
        ("mu ~ z", "mu", "the response"),
    ],
)
def test_beside_a_formula_of_sigma_the_mean_has_its_names(mean, name, what, data):
    with pytest.raises(DesignError, match=f"'{name}'") as caught:
        design_of([mean, "sigma ~ x"], data.assign(sigma_x=data["x"]))
    assert what in str(caught.value)


def test_groups_whose_names_run_together(data):
    # sd_g__h__Intercept: of the slope h__Intercept by g, or of the intercept by g__h.
    with pytest.raises(DesignError, match="'sd_g__h__Intercept'"):
        design_of("y ~ x + (0 + h__Intercept | g) + (1 | g__h)", data.assign(h__Intercept=data["x"]))


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ x + (x | g)",
        "y ~ x * f + (f | g) + (0 + z | g) + (1 | g:f)",
        "y ~ f + (0 + f | g) + (x + z | f:g)",
        "y ~ x + (f || g)",
        ["y ~ x + (x | g)", "sigma ~ f + (z | g)"],
    ],
)
def test_the_names_are_those_of_the_layout(formula, data):
    """Two rooms know them: this holds the one that refuses to the one that writes the posterior."""
    design = design_of(formula, data)
    random = design.all_random
    written = {layout.fixed_variable(term) for part in design.predictors for term in part.fixed.terms}
    for term in random:
        written |= {*layout.sd_names(term), *(layout.group_variable(owner, term) for owner in term.terms)}
    correlated = ((term, part) for part in design.predictors for term in part.random if term.k > 1)
    written |= {layout.corr_name(term, part.random) for term, part in correlated}
    dims = {layout.fixed_dim(term) for part in design.predictors for term in part.fixed.terms if layout.is_vector(term)}
    dims |= {dim for term in random for owner in term.terms for dim in layout.group_dims(owner, term)}
    known = {name for name, _ in (*collisions._coefficients(design), *collisions._random_names(design))}
    assert written <= known
    assert dims <= {name for name, _ in collisions._dims(design)}
