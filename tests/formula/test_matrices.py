"""Design matrices against formulae's own, against R's numbers, and against plain NumPy."""

from decimal import Decimal

import formulae
import numpy as np
import pandas as pd
import pytest

from bayesmix.data import load_data
from bayesmix.errors import DataError, FormulaError, UnknownColumnError
from bayesmix.formula.matrices import build_design, new_rows
from bayesmix.formula.parse import parse

from ..conftest import LME4_SETS

# Where temperature has polynomial contrasts, coefficients are others.
FITS = [name for name in LME4_SETS if name != "cake"]
RESPONSES = {"cbpp": "proportion", "VerbAgg": "binary", "grouseticks": "count"}


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    n = 90
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "x": rng.normal(3, 2, n),
            "z": rng.uniform(1, 5, n),
            "f": pd.Categorical(rng.choice(["mid", "low", "high"], n), categories=["low", "mid", "high"]),
            "h": rng.choice(["u", "v"], n),
            "g": rng.integers(1, 6, n),
            "s": rng.choice(list("pq"), n),
        }
    )


def design_of(formula, data, **keywords):
    return build_design(parse(formula), data, **keywords)


@pytest.mark.parametrize(
    "formula",
    ["y ~ x", "y ~ f", "y ~ f * x", "y ~ f * h", "y ~ 0 + f + h", "y ~ 0 + f:h", "y ~ x:f", "y ~ f + h + f:h:x"],
)
def test_fixed_matrix_is_that_of_formulae(formula, data):
    ours = design_of(formula, data).fixed
    theirs = formulae.design_matrices(formula, data.assign(f=data["f"].cat.as_ordered())).common.as_dataframe()
    assert set(ours.names) == set(theirs.columns)
    np.testing.assert_allclose(ours.matrix, theirs[list(ours.names)].to_numpy())


def test_every_fit_of_r_is_compared(lme4):
    assert set(lme4) == set(LME4_SETS)


def as_r_writes(name: str) -> str:
    return name.replace("Intercept", "(Intercept)").replace("[", "").replace("]", "")


@pytest.mark.parametrize("name", FITS)
def test_coefficients_groups_and_levels_are_those_of_r(name, lme4):
    fit = lme4[name]
    source = LME4_SETS[name]
    formula = fit["formula"].replace("((1 | Subject) + (0 + Days | Subject))", "(Days || Subject)")
    design = design_of(formula, load_data(source), response=RESPONSES.get(source, "real"))
    assert design.n_obs == fit["nobs"]
    assert [as_r_writes(coefficient) for coefficient in design.fixed.names] == list(fit["fixef"])
    groups = {":".join(sorted(group.split(":"))): count for group, count in fit["n_groups"].items()}
    assert {":".join(sorted(term.group.split(":"))): term.n_levels for term in design.random} == groups


@pytest.mark.parametrize("name", FITS)
def test_x_beta_plus_z_b_are_the_fitted_values_of_r(name, lme4):
    """R's fixed effects and conditional modes through our matrices give R's fitted values."""
    fit = lme4[name]
    source = LME4_SETS[name]
    formula = fit["formula"].replace("((1 | Subject) + (0 + Days | Subject))", "(Days || Subject)")
    design = design_of(formula, load_data(source), response=RESPONSES.get(source, "real"))
    eta = design.fixed.matrix @ np.array(list(fit["fixef"].values()))
    for term in design.random:
        modes = fit["ranef"][term.group if term.group in fit["ranef"] else ":".join(term.group.split(":")[::-1])]
        level_of = {":".join(sorted(level.split(":"))): i for i, level in enumerate(modes["levels"])}
        rows = [level_of[":".join(sorted(level.split(":")))] for level in term.levels]
        of_r = list(np.atleast_1d(modes["terms"]))
        at = [of_r.index(as_r_writes(column)) for column in term.names]
        values = np.array(modes["mode"], dtype=float).reshape(len(modes["levels"]), -1)[np.ix_(rows, at)]
        eta += (term.columns * values[term.index]).sum(axis=1)
    link = {"proportion": lambda e: 1 / (1 + np.exp(-e)), "binary": lambda e: 1 / (1 + np.exp(-e)), "count": np.exp}
    mean = link.get(RESPONSES.get(source, ""), lambda e: e)(eta)
    np.testing.assert_allclose(mean, fit["fitted"], rtol=1e-6, atol=1e-8)


def test_z_is_index_and_columns(data):
    design = design_of("y ~ x + (x * f | g) + (1 | h/s)", data)
    term = design.random[0]
    dense = np.zeros((len(data), term.n_levels * term.k))
    for row, level in enumerate(term.index):
        dense[row, level * term.k : (level + 1) * term.k] = term.columns[row]
    expected = np.zeros_like(dense)
    levels = sorted(data["g"].unique())
    for row in range(len(data)):
        mid, high = data["f"][row] == "mid", data["f"][row] == "high"
        x = data["x"][row]
        at = levels.index(data["g"][row]) * term.k
        expected[row, at : at + term.k] = [1, x, mid, high, x * mid, x * high]
    np.testing.assert_array_equal(dense, expected)
    nested = design.random[2]
    assert nested.group == "h:s"
    assert [nested.levels[i] for i in nested.index] == [f"{h}:{s}" for h, s in zip(data["h"], data["s"], strict=True)]


def test_only_combinations_that_occur_are_levels():
    data = pd.DataFrame({"y": range(8), "a": list("ppppqqqq"), "b": list("11222333")}).astype({"y": float})
    assert design_of("y ~ (1 | a:b)", data).random[0].levels == ("p:1", "p:2", "q:2", "q:3")


def test_scale_divides_by_the_sd_of_r(data):
    column = design_of("y ~ scale(x)", data).fixed.matrix[:, 1]
    np.testing.assert_allclose(column, (data["x"] - data["x"].mean()) / data["x"].std(ddof=1))


def test_poly_is_orthonormal_and_spans_the_powers(data):
    columns = design_of("y ~ poly(x, 4)", data).fixed.matrix[:, 1:]
    np.testing.assert_allclose(columns.T @ columns, np.eye(4), atol=1e-10)
    np.testing.assert_allclose(columns.sum(axis=0), 0, atol=1e-10)
    powers = np.vander(data["x"], 5)
    residual = columns - powers @ np.linalg.lstsq(powers, columns, rcond=None)[0]
    assert np.abs(residual).max() < 1e-9
    assert (columns[np.argmax(data["x"])] > 0).all()  # as in R, each rises at the right end


def test_new_rows_use_what_the_fit_learnt(data):
    design = design_of("y ~ poly(x, 3) + scale(z) * f + offset(log(z)) + (scale(x) | g)", data)
    some = data.iloc[[3, 40, 77]].drop(columns="y")
    rows = new_rows(design, some)
    np.testing.assert_allclose(rows.fixed, design.fixed.matrix[[3, 40, 77]], atol=1e-12)
    np.testing.assert_allclose(rows.offset, np.log(some["z"]))
    np.testing.assert_array_equal(rows.random[0].index, design.random[0].index[[3, 40, 77]])
    np.testing.assert_allclose(rows.random[0].columns, design.random[0].columns[[3, 40, 77]])


def test_new_rows_mark_levels_not_seen(data):
    design = design_of("y ~ x + (1 | g) + (1 | h:s)", data)
    new = pd.DataFrame({"x": [1.0, 2.0], "g": [99, 1], "h": ["u", "u"], "s": ["p", "never"]})
    rows = new_rows(design, new)
    assert rows.random[0].index.tolist() == [-1, 0]
    assert rows.random[1].index.tolist() == [0, -1]


def test_new_rows_refuse_a_factor_level_not_seen_and_a_missing_column(data):
    design = design_of("y ~ f", data)
    with pytest.raises(DataError, match="'f' has 1 value that the fit has not seen"):
        new_rows(design, pd.DataFrame({"f": ["low", "new"]}))
    with pytest.raises(UnknownColumnError, match="'f' is no column"):
        new_rows(design, pd.DataFrame({"x": [1.0]}))


def test_missing_rows_are_dropped_and_counted(data):
    holes = data.copy()
    holes.loc[[2, 5], "x"] = np.nan
    holes.loc[[5, 9], "g"] = pd.NA
    holes["unused"] = np.nan
    design = design_of("y ~ x + (1 | g)", holes)
    assert (design.n_obs, design.n_dropped, design.missing) == (87, 3, {"x": 2, "g": 2})
    assert design.random[0].levels == ("1", "2", "3", "4", "5")


def test_a_categorical_keeps_its_order_and_unused_levels_are_dropped(data):
    some = data[data["f"] != "mid"]
    assert design_of("y ~ f", some).fixed.names == ("Intercept", "f[high]")


@pytest.mark.parametrize("kind", ["object", "string", "category", "Int64", "float64"])
def test_grouping_columns_of_every_type_give_the_same_levels(data, kind):
    text = data["g"].astype(str) if kind in ("object", "string", "category") else data["g"]
    design = design_of("y ~ (1 | g)", data.assign(g=text.astype(kind)))
    assert design.random[0].levels == ("1", "2", "3", "4", "5")
    np.testing.assert_array_equal(design.random[0].index, data["g"] - 1)


def test_numbers_as_groups_keep_their_order():
    data = pd.DataFrame({"y": np.arange(9.0), "g": [10, 9, 2] * 3})
    assert design_of("y ~ (1 | g)", data).random[0].levels == ("2", "9", "10")


def test_rows_in_another_order_give_the_same_model(data):
    shuffled = data.sample(frac=1, random_state=1)
    a = design_of("y ~ f * x + (x | g)", data)
    b = design_of("y ~ f * x + (x | g)", shuffled)
    assert a.fixed.names == b.fixed.names
    assert a.random[0].levels == b.random[0].levels
    np.testing.assert_array_equal(b.fixed.matrix, a.fixed.matrix[shuffled.index])


def test_own_functions_by_name(data):
    design = design_of_own("y ~ half(x) + (1 | g)", data)
    np.testing.assert_array_equal(design.fixed.matrix[:, 1], data["x"] / 2)


def design_of_own(formula, data):
    functions = {"half": lambda x: x / 2}
    return build_design(parse(formula, functions), data, functions=functions)


def test_binomial_in_its_three_ways_is_one_response():
    data = pd.DataFrame({"k": [1, 2, 0, 4, 3], "n": [4, 5, 3, 4, 6], "x": np.arange(5.0)})
    data["share"] = data["k"] / data["n"]
    for formula, weights in [
        ("p(k, n) ~ x", None),
        ("cbind(k, n - k) ~ x", None),
        ("k | trials(n) ~ x", None),
        ("share ~ x", "n"),
    ]:
        response = design_of(formula, data, response="proportion", weights=weights).response
        np.testing.assert_array_equal(response.values, data["k"])
        np.testing.assert_array_equal(response.trials, data["n"])


def test_numbers_kept_as_objects_are_numbers(data):
    objects = data.assign(x=data["x"].astype(object), z=[Decimal(str(round(value, 3))) for value in data["z"]])
    design = design_of("y ~ x + z", objects)
    assert design.fixed.names == ("Intercept", "x", "z")
    np.testing.assert_allclose(design.fixed.matrix[:, 1], data["x"])


def test_constants_in_later_places(data):
    np.testing.assert_allclose(
        design_of("y ~ scale(x, TRUE, FALSE)", data).fixed.matrix[:, 1], data["x"] - data["x"].mean()
    )
    with pytest.raises(FormulaError, match="raw by name"):  # R: arguments must have the same length
        design_of("y ~ poly(x, 2, TRUE)", data)


def test_a_high_power_stops_at_the_product_of_all():
    assert [term.label for term in parse("y ~ (a + b)^1000000").fixed] == ["1", "a", "b", "a:b"]


def test_new_rows_have_the_types_of_the_fit():
    """A factor whose levels look like numbers may be given as numbers; a number is no text."""
    data = pd.DataFrame(
        {"y": [1.0, 2.0, 3.0, 4.0, 5.0], "f": ["a", "b", "a", "2", "2"], "x": [1.0, 2.0, 4.0, 3.0, 1.0]}
    )
    design = design_of("y ~ f + x", data)
    rows = new_rows(design, pd.DataFrame({"f": [2, 2], "x": [True, False]}))
    np.testing.assert_array_equal(rows.fixed, [[1, 0, 0, 1], [1, 0, 0, 0]])
    with pytest.raises(DataError, match="'x' is text in the new rows, and in the fit it is a number"):
        new_rows(design, pd.DataFrame({"f": ["a"], "x": ["3"]}))
