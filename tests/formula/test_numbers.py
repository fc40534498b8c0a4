"""Numbers that are none, or too extreme, and texts that were meant as numbers: one line with term, value and row."""

import numpy as np
import pandas as pd
import pytest

from bayesmix.errors import BayesmixError, DataError
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse

N = 40
RNG = np.random.default_rng(5)
DATA = pd.DataFrame(
    {"y": RNG.normal(10, 2, N), "x": RNG.uniform(1, 9, N), "k": np.arange(N) % 5, "g": np.repeat(list("abcd"), N // 4)}
)
DATA.loc[6, "x"] = 0.0
DATA.loc[8, "x"] = 12.5

EXTREMES = [
    ("y ~ log(x)", "log(x) is not finite in 1 of 40 rows (first in row 6: x = 0.0)"),
    ("y ~ I(1 / x)", "I(1 / x) is not finite in 1 of 40 rows (first in row 6: x = 0.0)"),
    ("y ~ exp(exp(x))", "exp(exp(x)) is not finite in "),
    ("y ~ I(x^1000)", "I(x^1000) is not finite in "),
    ("y ~ I(x^140)", "I(x^140) is beyond 1e+150 in size in 1 of 40 rows (first in row 8: x = 12.5)"),
    ("y ~ x + offset(1e308)", "offset(1e+308) is beyond 1e+150 in size in 40 of 40 rows (first in row 0: 1e+308)"),
    ("y ~ x + offset(I(1 / 0))", "offset(I(1 / 0)) is not finite in 40 of 40 rows (first in row 0: inf)"),
    ("y ~ x + offset(9e149) + offset(9e149)", "The sum of the offsets is beyond 1e+150 in size in 40 of 40 rows"),
    ("I(y * 1e160) ~ x", "I(y * 1e+160) is beyond 1e+150 in size in 40 of 40 rows (first in row 0: y = "),
    ("I(y / 1e160) ~ x", "and the square of a number below 1e-150 is lost; give it another unit"),
    ("y ~ x + (0 + I(x * 1e200) | g)", "I(x * 1e+200) is beyond 1e+150 in size"),
    ("y ~ scale(x, scale = 0)", "scale(x, scale = 0) is not finite in 40 of 40 rows (first in row 0: x = "),
    ("y ~ poly(I(x * 1e100), 3)", "is not finite"),
]


@pytest.mark.parametrize(("formula", "said"), EXTREMES)
def test_extremes_are_said_with_term_value_and_row(formula, said):
    with pytest.raises(DataError) as caught:
        build_design(parse(formula), DATA)
    assert said in str(caught.value)


@pytest.mark.parametrize("unit", [1e-140, 1e-20, 1e20, 1e140])
def test_any_unit_short_of_them_will_do(unit):
    design = build_design(parse(f"I(y * {unit!r}) ~ I(x * {unit!r}) + (1 | g)"), DATA)
    np.testing.assert_allclose(design.response.values, DATA["y"] * unit)


@pytest.mark.parametrize(("formula", "kind"), [("k ~ x", "count"), ("cbind(k, k) ~ x", "proportion")])
def test_counts_that_are_not_exact_are_refused(formula, kind):
    assert build_design(parse(formula), DATA.assign(k=DATA["k"] * 10**14), response=kind).n_obs == N
    with pytest.raises(DataError, match="cannot be told apart"):
        build_design(parse(formula), DATA.assign(k=DATA["k"] * 1e20), response=kind)


def with_mark(mark: str) -> list[str]:
    texts = [f"{value:.2f}" for value in DATA["y"]]
    texts[7] = texts[9] = mark
    return texts


@pytest.mark.parametrize("mark", [".", "?", "-", "", "*", "1,234.5"])
def test_marks_among_numbers_are_named(mark):
    data = DATA.assign(c=with_mark(mark))
    for formula in ("y ~ c", "c ~ x", "y ~ I(c + 1)", "y ~ x + (0 + c | g)"):
        with pytest.raises(BayesmixError) as caught:
            build_design(parse(formula), data)
        said = str(caught.value).splitlines()[0]
        assert f"38 of 40 values are numbers, 2 are not: {mark!r} (rows 7, 9). " in said
        cure = {"": "errors=", "1,234.5": 'str.replace(",", "")'}.get(mark, f'na_values=["{mark}"]')
        assert cure in said
    assert build_design(parse("y ~ x + factor(c)"), data.iloc[:20].assign(c=["1", mark] * 10)).n_obs == 20


def test_decimal_commas_are_named():
    data = DATA.assign(c=[f"{value:.2f}".replace(".", ",") for value in DATA["y"]])
    for formula in ("y ~ c", "c ~ x"):
        with pytest.raises(
            DataError, match=r"its numbers have decimal commas, '\d+,\d\d' in row 0. Read the file with decimal=\",\""
        ):
            build_design(parse(formula), data)


def test_a_response_with_words_names_the_cells_in_the_order_of_the_rows():
    """A field trial: 9 missing values in 8 spellings, of which those of pandas' own are missing already."""
    texts = [f"{value:.2f}" for value in DATA["y"]]
    for row, mark in {30: "*", 3: "lost", 12: ".", 4: "-", 5: "lost", 20: "missing", 21: "n/a"}.items():
        texts[row] = mark
    data = DATA.assign(**{"Yield (t/ha)": texts})
    data.loc[2, "Yield (t/ha)"] = None
    with pytest.raises(DataError) as caught:
        build_design(parse("`Yield (t/ha)` ~ x"), data)
    said = str(caught.value)
    assert "32 of 39 values are numbers, 7 are not: 'lost' (rows 3, 5), '-' (row 4), '.' (row 12)" in said
    assert "'missing' (row 20) and 2 more" in said
    assert 'na_values=["*", "-", ".", "lost", "missing", "n/a"]' in said
    assert "bernoulli" not in said


@pytest.mark.parametrize(("levels", "advice"), [(["a", "b"], True), (["a", "b", "c"], False)])
def test_a_factor_as_response_is_sent_where_it_is_fitted(levels, advice):
    with pytest.raises(DataError) as caught:
        build_design(parse("c ~ x"), DATA.assign(c=(levels * N)[:N]))
    assert ('family="bernoulli" (bm.fit or bm.laplace)' in str(caught.value)) is advice


@pytest.mark.parametrize("levels", [["1", "2", "None"], ["1", "2a"], ["007", "12"], ["N/A", "1"], [".", "a"]])
def test_words_beside_numbers_are_levels(levels):
    data = DATA.assign(c=(levels * N)[:N])
    assert len(build_design(parse("y ~ c"), data).fixed.names) == len(levels)


def test_a_response_of_identifiers_says_so():
    with pytest.raises(DataError, match="such as '000', which is kept as it stands"):
        build_design(parse("c ~ x"), DATA.assign(c=[f"{row:03}" for row in range(N)]))
