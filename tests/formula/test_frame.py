"""What a data frame may hold: each cell of a used column a number or a text, and one line where it is neither."""

import datetime
import enum
import uuid
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from bayesmix.errors import ArgumentError, BayesmixError, DataError, UnknownColumnError
from bayesmix.formula.frame import checked_frame
from bayesmix.formula.matrices import build_design, new_rows
from bayesmix.formula.parse import parse

N = 40
DATA = pd.DataFrame(
    {
        "y": np.random.default_rng(1).normal(10, 2, N),
        "x": np.random.default_rng(2).normal(size=N),
        "g": np.repeat(list("abcd"), N // 4),
    }
)
USES = ("y ~ c + (1 | g)", "y ~ x + (1 | c)", "c ~ x + (1 | g)", "y ~ x + (0 + c | g)", "y ~ factor(c)", "y ~ I(c + 1)")


class Odd:
    """Nothing can be done with it."""

    def __eq__(self, other):
        raise RuntimeError

    def __hash__(self):
        raise RuntimeError

    def __str__(self):
        raise RuntimeError

    __repr__ = __str__


class OddText(str):
    __slots__ = ()

    def __str__(self):
        raise RuntimeError


def objects(*values) -> pd.Series:
    """The values in turn, as they are; the first in rows 0 and 1."""
    cells = np.empty(N, dtype=object)
    for row in range(N):
        cells[row] = values[0] if row == 0 else values[(row - 1) % len(values)]
    return pd.Series(cells, dtype=object)


def arrow(kind: pa.DataType, *values) -> pd.Series:
    return pd.Series([*values] * (N // len(values)), dtype=pd.ArrowDtype(kind))


class Colour(enum.Enum):
    RED = 1


NO_CELLS = {
    "lists": (objects([1, 2]), "list in row 0"),
    "a list among texts": (objects("a", "b", [1]), "list in row 3"),
    "tuples": (objects((1, 2)), "tuple in row 0"),
    "dicts": (objects({"a": 1}), "dict in row 0"),
    "sets": (objects({1}), "set in row 0"),
    "arrays": (objects(np.zeros(2)), "ndarray in row 0"),
    "frames": (objects(pd.DataFrame()), "DataFrame in row 0"),
    "odd objects": (objects(Odd()), "Odd in row 0"),
    "odd texts": (objects(OddText("a")), "OddText in row 0"),
    "functions": (objects(len), "builtin_function_or_method in row 0"),
    "paths": (objects(Path("a")), "astype(str)"),
    "uuids": (objects(uuid.UUID(int=1)), "astype(str)"),
    "enums": (objects(Colour.RED), "astype(str)"),
    "bytes": (objects(b"a", b"b"), "decode('utf-8')"),
    "fractions": (objects(Fraction(1, 3)), "astype(float)"),
    "complex": (objects(1j, 2j), "complex in row 0"),
    "complex128": (pd.Series(np.arange(N) % 3 * 1j), "complex in row 0"),
    "huge whole numbers": (objects(1, 10**400), "1329 binary digits in row 2"),
    "whole numbers that Python does not print": (objects(10**5000), "binary digits in row 0"),
    "signaling NaN": (objects(Decimal(1), Decimal("sNaN")), "signaling NaN in row 2"),
    "half a surrogate pair": (objects("a", "b\ud800"), r"'b\ud800' in row 2"),
    "levels that are tuples": (pd.Series(pd.Categorical(objects((1, 2)))), "tuple as level number 0"),
    "Arrow lists": (arrow(pa.list_(pa.int64()), [1]), "list in row 0"),
    "Arrow structs": (arrow(pa.struct([("a", pa.int64())]), {"a": 1}), "dict in row 0"),
    "Arrow bytes": (arrow(pa.binary(), b"a"), "decode('utf-8')"),
}


@pytest.mark.parametrize("case", NO_CELLS)
@pytest.mark.parametrize("formula", USES)
def test_cells_that_are_neither_number_nor_text_get_one_line(formula, case):
    column, said = NO_CELLS[case]
    with pytest.raises(DataError) as caught:
        build_design(parse(formula), DATA.assign(c=column))
    message = str(caught.value)
    assert "'c'" in message
    assert said in message
    assert message.isprintable()
    assert len(message) < 250
    design = build_design(parse("y ~ c + (1 | g)"), DATA.assign(c=DATA["x"]))
    with pytest.raises(DataError):
        new_rows(design, DATA.assign(c=column))


@pytest.mark.parametrize("case", NO_CELLS)
def test_cells_of_unused_columns_are_not_looked_at(case):
    column, _ = NO_CELLS[case]
    assert build_design(parse("y ~ x + (1 | g)"), DATA.assign(c=column)).n_obs == N


CELLS = {
    "texts and numbers": (objects("a", 1, 2.5), ("1", "2.5", "a")),
    "dates": (objects(datetime.date(2020, 1, 2), datetime.date(2019, 1, 2)), ("2019-01-02", "2020-01-02")),
    "decimals": (objects(Decimal("2.5"), Decimal(1)), ("1", "2.5")),
    "halves": (pd.Series(np.arange(N) % 3 / 2, dtype=np.float16), ("0", "0.5", "1")),
    "long doubles": (pd.Series(np.arange(N) % 3 / 2, dtype=np.longdouble), ("0", "0.5", "1")),
    "intervals": (pd.Series(pd.cut(np.arange(N), [-1, 9, N])), ("(-1, 9]", "(9, 40]")),
    "control characters": (objects("a\nb", "a\x1b"), ("a\nb", "a\x1b")),
    "Arrow texts": (arrow(pa.string(), "b", "a"), ("a", "b")),
    "Arrow whole numbers": (arrow(pa.int64(), 10, 9), ("9", "10")),
    "Arrow dictionary": (arrow(pa.dictionary(pa.int32(), pa.string()), "lo", "hi"), ("lo", "hi")),
}


@pytest.mark.parametrize("case", CELLS)
def test_levels_of_cells_that_are_taken(case):
    column, levels = CELLS[case]
    data = DATA.assign(c=column)
    design = build_design(parse("y ~ x + (1 | c)"), data)
    assert design.random[0].levels == levels
    assert (new_rows(design, data).random[0].index == design.random[0].index).all()


@pytest.mark.parametrize("formula", ["y ~ c", "y ~ x + (1 | c)", "y ~ factor(c)"])
@pytest.mark.parametrize("kind", [str, "category", object])
def test_a_level_with_a_null_character_is_refused(formula, kind):
    with pytest.raises(DataError, match=r"'c' has a level 'a\\x00' with a null character"):
        build_design(parse(formula), DATA.assign(c=pd.Series(["a\0", "b"] * (N // 2), dtype=kind)))


def test_dictionary_columns_of_arrow_are_categoricals():
    kind = pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))
    values = pa.DictionaryArray.from_arrays(np.arange(N, dtype=np.int32) % 3, ["mid", "low", "high"])
    data = DATA.assign(f=pd.Series(values, dtype=kind), unused=pd.Series(values, dtype=kind))
    data.attrs["units"] = {"y": "kg"}
    plain = DATA.assign(f=pd.Categorical.from_codes(np.arange(N) % 3, ["mid", "low", "high"]))
    design = build_design(parse("y ~ f + (1 | g)"), data)
    assert design.fixed.names == ("Intercept", "f[low]", "f[high]")
    np.testing.assert_array_equal(design.fixed.matrix, build_design(parse("y ~ f + (1 | g)"), plain).fixed.matrix)
    # Kept as what every reader of a stored fit knows, with its attributes, and the caller's frame is untouched.
    assert [str(design.data[name].dtype) for name in ("f", "unused")] == ["category", "category"]
    assert design.data.attrs == data.attrs
    assert data["f"].dtype == kind
    np.testing.assert_array_equal(new_rows(design, data).fixed, design.fixed.matrix)


def test_a_dictionary_column_beside_columns_of_one_name():
    twice = pd.DataFrame(np.zeros((N, 2)), columns=["q", "q"])
    column = arrow(pa.dictionary(pa.int32(), pa.string()), "lo", "hi")
    design = build_design(parse("y ~ c"), pd.concat([DATA.assign(c=column), twice], axis=1))
    assert design.fixed.names == ("Intercept", "c[hi]")


@pytest.mark.parametrize("formula", ["y ~ x + (1 | c)", "y ~ factor(c)"])
@pytest.mark.parametrize("kind", ["float64", "Float64"])
def test_identifiers_that_lost_their_digits_are_no_levels(formula, kind):
    identifiers = 96172134698012340 + np.arange(N) % 6
    with pytest.raises(DataError, match=r"such as 96172134698012336 as levels, beyond 2\^53"):
        build_design(parse(formula), DATA.assign(c=pd.Series(identifiers.astype(float), dtype=kind)))
    assert build_design(parse("y ~ x + (1 | c)"), DATA.assign(c=identifiers)).random[0].n_levels == 6


def test_long_names_are_not_compared_letter_by_letter():
    data = DATA.rename(columns={"x": "ab" * 30_000})
    with pytest.raises(UnknownColumnError, match="characters more"):
        build_design(parse(f"y ~ {'ab' * 30_000}c"), data)


class StreamOfArrow:
    def __arrow_c_stream__(self, requested_schema=None):
        return pa.Table.from_pandas(DATA).__arrow_c_stream__(requested_schema)


class FailingStream:
    def __arrow_c_stream__(self, requested_schema=None):
        raise ModuleNotFoundError("pyarrow is missing")


def test_a_stream_of_arrow_is_taken():
    design, plain = (build_design(parse("y ~ x + (1 | g)"), frame) for frame in (StreamOfArrow(), DATA))
    np.testing.assert_array_equal(design.fixed.matrix, plain.fixed.matrix)
    assert design.random[0].levels == plain.random[0].levels
    assert isinstance(design.data, pd.DataFrame)
    np.testing.assert_array_equal(new_rows(plain, StreamOfArrow()).fixed, plain.fixed.matrix)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"y": [1]}, "'x' is no column of the data. Columns: y."),
        ([[1]], "got list: write pandas.DataFrame(data)"),
        (None, "got NoneType: the data stand after the formula"),
        (DATA["y"], "got Series: write data.to_frame()"),
        (DATA.to_numpy(), "got ndarray: write pandas.DataFrame(data, columns=[...])"),
        (pa.table({"y": [1]}), "'x' is no column of the data"),
        (
            FailingStream(),
            "data, a FailingStream of tests, cannot be made a pandas DataFrame: pyarrow is missing.",
        ),
        ("sleepstudy", "got str: the name of a set is for load_data"),
        (Path("x.csv"), "read the file with read_table"),
        (3, "got int."),
        (pd.DataFrame(), "0 rows, 0 columns"),
        (DATA.iloc[:0], "0 rows, 3 columns"),
        (DATA.set_axis(pd.MultiIndex.from_tuples([("y", 1), ("x", 1), ("g", 1)]), axis=1), "have 2 levels"),
        (pd.concat([DATA, DATA[["x"]]], axis=1), "2 columns named 'x'; rename all but one"),
        (pd.concat([DATA, DATA[["x"]]], axis=1).where(DATA["y"] > 9), "2 columns named 'x'; rename all but one"),
    ],
)
def test_what_is_no_frame_with_each_column_once_gets_one_line(data, said):
    with pytest.raises(DataError) as caught:
        build_design(parse("y ~ x + (1 | g)"), data)
    assert said in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("names", "formula", "said"),
    [
        ([0, 1, 2], "`0` ~ `1`", "'0' is a text in the formula, but of type int in the data"),
        ([("y", "a"), "x", "g"], "y ~ x", "Columns: ('y', 'a'), x, g"),
        (["y", "x", None], "y ~ g", "Columns: y, x, None"),
        (["y", "x", "a\x1bb"], "y ~ g", r"Columns: y, x, a\x1bb"),
        (["y", "a`b", "g"], "y ~ x", "Columns: y, a`b, g"),
    ],
)
def test_names_that_are_no_plain_text(names, formula, said):
    with pytest.raises(UnknownColumnError) as caught:
        build_design(parse(formula), DATA.set_axis(pd.Index(names, dtype=object, tupleize_cols=False), axis=1))
    assert said in str(caught.value)


def test_a_level_of_the_index_is_no_column():
    for data in (DATA.set_index("x"), DATA.set_index(["g", "x"]), DATA[["x"]].set_index("x")):
        with pytest.raises(
            UnknownColumnError, match=r"'x' is no column of the data but in their index; write data.res"
        ):
            build_design(parse("x ~ 1"), data)


def test_a_frame_without_columns():
    with pytest.raises(UnknownColumnError, match="which have no columns"):
        build_design(parse("y ~ x"), DATA[[]])


@pytest.mark.parametrize("index", [[0] * N, [None] * N, pd.MultiIndex.from_arrays([[1] * N, range(N)])])
def test_any_row_names_will_do(index):
    assert build_design(parse("y ~ x + (1 | g)"), DATA.set_axis(index)).n_obs == N


@pytest.mark.parametrize("weights", [3, DATA["y"], ["x"]])
def test_weights_are_the_name_of_a_column(weights):
    with pytest.raises(ArgumentError, match="weights is the name of a column"):
        build_design(parse("y ~ x + (1 | g)"), DATA, weights=weights)


def test_a_name_of_weights_that_no_table_prints():
    with pytest.raises(DataError, match=r"'w\\n' has a control character"):
        build_design(parse("y ~ x"), DATA.assign(**{"w\n": 1.0}), weights="w\n")


@pytest.mark.parametrize("na", [DATA, None, ["drop"]])
def test_na_is_a_text(na):
    with pytest.raises(BayesmixError, match="is not known"):
        build_design(parse("y ~ x + (1 | g)"), DATA, na=na)


def test_a_frame_without_fault_is_handed_on_as_it_is():
    assert checked_frame(DATA, ["y", "g"]) is DATA
