"""Columns that are called as something else of the model is."""

import numpy as np
import pandas as pd
import pytest

from bayesmix.errors import BayesmixError, DesignError
from bayesmix.formula import collisions
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design
from bayesmix.modelling import layout

N = 80


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
    columns["g:f"] = rng.choice(list("stuv"), N)
    columns["g__h"] = columns["g"]
    return pd.DataFrame(columns)


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
