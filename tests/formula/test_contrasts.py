"""Contrasts in the formula and by `contrasts=`: what coefficients estimate, against means of cells, and refusals."""

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError, BayesmixError, DesignError, FormulaError
from bayesmix.formula.codings import CODINGS
from bayesmix.formula.contrasts import coding_of, read_contrasts
from bayesmix.formula.matrices import build_design, new_rows
from bayesmix.formula.parse import parse

LEVELS = ("a", "b", "c", "d")


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    """Rows of every cell of f and h, of d the fewest; `o` has an order."""
    rng = np.random.default_rng(3)
    f = np.repeat(LEVELS, (30, 20, 12, 6))
    frame = pd.DataFrame({"f": f, "h": np.resize(["u", "v", "v"], len(f)), "x": rng.normal(size=len(f))})
    frame["o"] = pd.Categorical(frame["f"], LEVELS[::-1], ordered=True)
    frame["g"] = np.resize(np.arange(7), len(f))
    return frame.assign(y=rng.normal(size=len(f)) + frame["f"].map({"a": 1, "b": 4, "c": -2, "d": 0.5}))


def estimates(formula: str, data: pd.DataFrame, **given) -> dict[str, float]:
    return bm.fixef(bm.lm(formula, data, **given))["estimate"].to_dict()


COMPARISONS = {
    "b-a": "b - a",
    "c-ab": "c - (a + b) / 2",
    "d against all": "3*d/3 ~ (a + b + c) / 3",
}


def compared(m: dict[str, float]) -> dict[str, float]:
    """The comparisons of level means, by hand."""
    return {
        "f[b-a]": m["b"] - m["a"],
        "f[c-ab]": m["c"] - (m["a"] + m["b"]) / 2,
        "f[d against all]": m["d"] - (m["a"] + m["b"] + m["c"]) / 3,
    }


def test_coefficients_are_the_comparisons_that_were_written(data):
    found = estimates("y ~ f", data, contrasts={"f": COMPARISONS})
    m = data.groupby("f")["y"].mean()
    expected = {"Intercept": m.mean()} | compared(m)
    assert found == pytest.approx(expected, rel=1e-12)


def test_in_an_interaction_they_are_compared_at_the_mean_of_the_other_factor(data):
    found = estimates("y ~ f * h", data, contrasts={"f": COMPARISONS, "h": "sum"})
    cells = data.groupby(["h", "f"])["y"].mean()
    u, v = cells["u"], cells["v"]
    mean, half = (u + v) / 2, (u - v) / 2
    expected = {"Intercept": mean.mean(), "h[S.u]": half.mean()} | compared(mean)
    expected |= {f"{name}:h[S.u]": value for name, value in compared(half).items()}
    assert found == pytest.approx(expected, rel=1e-10)


def test_what_the_named_codings_estimate(data):
    m = data.groupby("f")["y"].mean()
    expected = {
        "treatment": {f"f[{one}]": m[one] - m["a"] for one in "bcd"},
        "treatment('c')": {f"f[{one}]": m[one] - m["c"] for one in "abd"},
        "sum": {f"f[S.{one}]": m[one] - m.mean() for one in "abc"},
        "helmert": {f"f[H.{one}]": (m[one] - m[:one].iloc[:-1].mean()) / (i + 2) for i, one in enumerate("bcd")},
        "sdif": {"f[b-a]": m["b"] - m["a"], "f[c-b]": m["c"] - m["b"], "f[d-c]": m["d"] - m["c"]},
    }
    for name, coefficients in expected.items():
        first = {"treatment": m["a"], "treatment('c')": m["c"]}.get(name, m.mean())
        found = estimates("y ~ f", data, contrasts={"f": name})
        assert found == pytest.approx({"Intercept": first} | coefficients, rel=1e-10)


def test_polynomials_are_orthonormal_and_their_powers_grow_one_by_one():
    for n in (2, 3, 7, 60, 95):
        weights = CODINGS["poly"].code([str(i) for i in range(n)]).weights
        np.testing.assert_allclose(weights.T @ weights, np.eye(n - 1), atol=1e-10)
        np.testing.assert_allclose(weights.sum(axis=0), 0, atol=1e-10)
        assert (weights[-1, :6] > 0).all()
        # Power k is the shortest polynomial of degree k: its correlation with the k-th power of the number alone.
        powers = np.vander(np.linspace(-1, 1, n), min(n, 6), increasing=True)
        triangle = weights[:, : min(n, 6) - 1].T @ powers
        np.testing.assert_allclose(np.tril(triangle, 0)[:, : triangle.shape[0]], 0, atol=1e-9)


def test_a_matrix_with_names_in_any_order_of_its_rows(data):
    matrix = np.array([[-1.0, 0], [0, -1], [0, 1], [1, 0]])
    frame = pd.DataFrame(matrix, index=list(LEVELS), columns=["outer", "inner"])
    forms = [
        frame,
        frame.iloc[::-1],
        frame.to_dict(),
        {"outer": [-1, 0, 0, 1], "inner": (0, -1, 1, 0)},
        {"outer": frame["outer"].sample(frac=1, random_state=1).to_dict(), "inner": frame["inner"].to_dict()},
    ]
    expected = matrix[data["f"].map(dict(zip(LEVELS, range(4), strict=True)))]
    for form in forms:
        design = build_design(parse("y ~ f + (f | g)"), data, contrasts={"f": form})
        assert design.fixed.names == ("Intercept", "f[outer]", "f[inner]")
        assert design.random[0].names == ("Intercept", "f[outer]", "f[inner]")
        np.testing.assert_array_equal(design.fixed.matrix[:, 1:], expected)
    plain = build_design(parse("y ~ f"), data, contrasts={"f": matrix})
    assert plain.fixed.names == ("Intercept", "f[1]", "f[2]")
    np.testing.assert_array_equal(plain.fixed.matrix[:, 1:], expected)
    one = build_design(parse("y ~ f"), data, contrasts={"f": [-1, -1, 1, 1]})
    assert one.fixed.names == ("Intercept", "f[1]")


def test_levels_that_are_numbers(data):
    doses = data.assign(f=data["f"].map(dict(zip(LEVELS, (0, 10, 20, 40), strict=True))))
    frame = pd.DataFrame({"any": [-3, 1, 1, 1]}, index=[0, 10, 20, 40])
    for given in ({"f": frame}, {"factor(f)": frame}, {"f": {"any": '(`10` + "20" + `40`) / 3 - "0"'}}):
        design = build_design(parse("y ~ factor(f)"), doses, contrasts=given)
        assert design.fixed.names == ("Intercept", "factor(f)[any]")
        column = design.fixed.matrix[:, 1]
        assert np.ptp(column[doses["f"] > 0]) < 1e-12
        assert column[doses["f"] == 0][0] == pytest.approx(-3 * column[doses["f"] > 0][0])


def test_an_order_of_levels_makes_polynomials_unless_contrasts_say_otherwise(data):
    assert build_design(parse("y ~ o"), data).fixed.names == ("Intercept", "o[.L]", "o[.Q]", "o[.C]")
    treated = build_design(parse("y ~ o + (1 | o)"), data, contrasts={"o": "treatment"})
    assert treated.fixed.names == ("Intercept", "o[c]", "o[b]", "o[a]")
    assert treated.random[0].levels == LEVELS[::-1]
    assert build_design(parse("y ~ x + (1 | o)"), data).random[0].names == ("Intercept",)
    plain = data.assign(o=data["o"].cat.as_unordered())
    assert build_design(parse("y ~ o"), plain).fixed.names == treated.fixed.names
    # The fit is the same in other columns.
    one, other = bm.lm("y ~ o * x", data), bm.lm("y ~ o * x", plain)
    np.testing.assert_allclose(bm.fitted(one).iloc[:, 0], bm.fitted(other).iloc[:, 0], rtol=1e-10)


def test_further_parameters_have_the_contrasts_too(data):
    formulas = parse("y ~ x"), parse("sigma ~ f")
    design = build_design(formulas[0], data, parts={"sigma": formulas[1]}, contrasts={"f": "sum"})
    assert design.parts["sigma"].fixed.names == ("sigma_Intercept", "sigma_f[S.a]", "sigma_f[S.b]", "sigma_f[S.c]")


def test_new_rows_have_the_matrix_of_the_fit(data):
    design = build_design(parse("y ~ f * x + C(h, Sum)"), data, contrasts={"f": COMPARISONS})
    rows = np.array([3, 40, 55, 67])
    np.testing.assert_array_equal(new_rows(design, data.iloc[rows]).fixed, design.fixed.matrix[rows])
    with pytest.raises(BayesmixError, match="not seen"):
        new_rows(design, data.iloc[rows].assign(f="e"))


REFUSED = [
    ("sum", ArgumentError, "contrasts is a mapping by factor"),
    ({1: "sum"}, ArgumentError, "by the name of a factor"),
    ({"ff": "sum"}, ArgumentError, "'ff', which is no factor among the terms. Did you mean 'f'?"),
    ({"g": "sum"}, ArgumentError, "'g', which is no factor among the terms"),
    ({"x": "sum"}, ArgumentError, "a number becomes one by factor(x)"),
    ({"f": "summ"}, DesignError, "contrasts of 'f': there is no coding 'summ'. Did you mean 'sum'?"),
    ({"f": "sum(2"}, DesignError, "contrasts of 'f': This '(' is never closed"),
    ({"f": "3"}, DesignError, "3 is no coding"),
    ({"f": 3}, ArgumentError, "got 3"),
    ({"f": None}, ArgumentError, "got None"),
    ({"f": {}}, ArgumentError, "are empty"),
    ({"f": {"n": "b - a", "m": [1, 2, 3, 4]}}, ArgumentError, "all are comparisons"),
    ({"f": {2: "b - a"}}, ArgumentError, "a column called 2"),
    ({"f": {"n\n": "b - a"}}, ArgumentError, "a column called"),
    ({"f": {"n": ["p", 2, 3, 4]}}, ArgumentError, "no number"),
    ({"f": 'treatment("e")'}, DesignError, "'e' is none of its levels. Levels: a, b, c, d"),
    ({"f": "treatment(base = 5)"}, DesignError, "base = 5 is no number of a level: there are 4"),
    ({"f": "sum(2)"}, DesignError, "takes no arguments"),
    ({"f": "contr.sum(3)"}, DesignError, "3 levels, and there are 4"),
    ({"f": np.eye(3)}, DesignError, "contrasts of 'f': its matrix has 3 rows, and there are 4 levels (a, b, c, d)"),
    ({"f": np.eye(4)}, DesignError, "has 4 columns, and beside the intercept 4 levels have 3 at most"),
    ({"f": [[1, 2], [1, 2], [1, 2], [1, 2]]}, DesignError, "have rank 1, not 3"),
    ({"f": [[1, 2], [0, 0], [-1, -2], [0, 0]]}, DesignError, "have rank 2, not 3"),
    ({"f": [np.nan, 1, 2, 3]}, DesignError, "not finite"),
    ({"f": [1e308, 0, 0, -1e308]}, DesignError, "of the size 1e+308 to 1e+308, whose squares"),
    ({"f": [1e-200, 0, 0, -1e-200]}, DesignError, "of the size 1e-200 to 1e-200, whose squares"),
    ({"f": pd.DataFrame({"n": [1, 0, 0, 0]}, index=list("abce"))}, DesignError, "'e' is none of its levels"),
    ({"f": pd.DataFrame({"n": [1, 0, 0]}, index=list("abc"))}, DesignError, "no row for 'd'"),
    ({"f": pd.DataFrame({"n": [1, 0, 0, 0]}, index=list("aabc"))}, ArgumentError, "a level twice"),
    ({"f": {"n": "b"}}, DesignError, "sum to 1; of what is compared they sum to 0"),
    ({"f": {"n": "b - a + 1"}}, DesignError, "the number 1 that no level is multiplied by"),
    ({"f": {"n": "b - e"}}, DesignError, "'e' is none of its levels"),
    ({"f": {"n": "b * a"}}, DesignError, "no sum of levels times numbers"),
    ({"f": {"n": "b / a"}}, DesignError, "no sum of levels times numbers"),
    ({"f": {"n": "b / 0 - a"}}, DesignError, "no sum of levels times numbers"),
    ({"f": {"n": "b - b"}}, DesignError, "compares nothing"),
    ({"f": {"n": "log(b) - a"}}, DesignError, "log(b) is no level"),
    ({"f": {"n": "b - "}}, DesignError, "comparison 'n', 'b - '"),
    ({"f": {"n": "b - a", "m": "a - b"}}, DesignError, "of its 2 comparisons 1 are independent"),
]


@pytest.mark.parametrize(("contrasts", "kind", "says"), REFUSED, ids=[says for _, _, says in REFUSED])
def test_what_is_no_contrast_gets_one_line(contrasts, kind, says, data):
    with pytest.raises(kind) as caught:
        bm.lm("y ~ f + x", data, contrasts=contrasts)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_codings_of_one_factor(data):
    with pytest.raises(ArgumentError, match=r"C\(f, Sum\) stands in the formula"):
        bm.lm("y ~ C(f, Sum)", data, contrasts={"f": "helmert"})
    with pytest.raises(FormulaError, match="one coding of a factor"):
        bm.reml("y ~ C(f, Sum) + (C(f, Helmert) | g)", data)
    many = pd.DataFrame({"o": pd.Categorical(np.arange(96), ordered=True), "y": np.arange(96.0)})
    with pytest.raises(DesignError, match="95 levels at most, and it has 96"):
        bm.lm("y ~ o", many)


def test_what_is_read_can_be_read_again():
    """The plain form is what cards and stored fits hold."""
    given = {"f": "sum", "h": np.eye(3)[:, :2], "o": {"n": "b - a"}, "p": pd.DataFrame({"n": [1, 2]}, index=[3, 4])}
    plain = read_contrasts(given)
    assert plain == {
        "f": "sum",
        "h": {"1": [1, 0, 0], "2": [0, 1, 0]},
        "o": {"n": "b - a"},
        "p": {"n": {"3": 1, "4": 2}},
    }
    assert read_contrasts(plain) == plain
    assert coding_of(plain["p"], ("4", "3")).weights.tolist() == [[2], [1]]
