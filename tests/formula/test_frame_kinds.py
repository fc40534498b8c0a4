"""One table in the frames of every library: the same design to the last bit, and given back as it came."""

import copy
import datetime
import pickle
from decimal import Decimal

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import bayesmix as bm
from bayesmix.errors import DataError
from bayesmix.formula.matrices import build_design, new_rows
from bayesmix.formula.parse import parse

N = 48
RNG = np.random.default_rng(11)
LEVELS = ["low", "mid", "high"]


def some(choices: object, missing: int | None = None, value: object = None) -> list:
    """A value a row, drawn from `choices`, and `value` in the row that is `missing`."""
    drawn = [choices[place] for place in RNG.integers(len(choices), size=N)]
    return [value if row == missing else one for row, one in enumerate(drawn)]


COLUMNS = {
    "y": RNG.normal(10, 2, N).tolist(),
    "x": some(RNG.normal(size=20).astype(np.float32).tolist(), 7),
    "nan": some(RNG.normal(size=20).tolist(), 9, float("nan")),
    "k": some(range(9), 8),
    "id": some(range(2**53 + 1, 2**53 + 5), 11),
    "b": some([True, False], 13),
    "money": some([Decimal("0.25"), Decimal("1.10"), Decimal("-2.00")]),
    "day": some([datetime.date(2024, 5, day) for day in range(1, 5)]),
    "time": some([datetime.datetime(2024, 5, day, 12) for day in range(1, 5)]),
    "g": some([f"g{number}" for number in range(8)], 15),
    "dose": some(LEVELS),
    "site": some(["a", "Z", "b"]),
}
ARROW = {
    "y": pa.float64(), "x": pa.float32(), "nan": pa.float64(), "k": pa.int8(), "id": pa.int64(), "b": pa.bool_(),
    "money": pa.decimal128(12, 2), "day": pa.date32(), "time": pa.timestamp("us"), "g": pa.string(),
    "site": pa.string(),
}  # fmt: skip
FORMULA = "y ~ x + nan + k + b + money + dose + site + (1 | g) + (1 | day) + (1 | time) + (1 | id)"


def dose_of_arrow() -> pa.Array:
    codes = pa.array([LEVELS.index(value) for value in COLUMNS["dose"]], pa.int8())
    return pa.DictionaryArray.from_arrays(codes, LEVELS, ordered=True)


def of_arrow() -> pa.Table:
    arrays = {
        name: pa.array(values, ARROW[name], from_pandas=False) for name, values in COLUMNS.items() if name in ARROW
    }
    return pa.table(arrays | {"dose": dose_of_arrow()}).select(list(COLUMNS))


def of_pandas(**types: object) -> pd.DataFrame:
    columns = {name: pd.Series(values, dtype=types.get(name, object)) for name, values in COLUMNS.items()}
    return pd.DataFrame(columns | {"dose": pd.Categorical(COLUMNS["dose"], LEVELS, ordered=True)})


def of_polars() -> pl.DataFrame:
    data = pl.DataFrame(COLUMNS, schema_overrides={"x": pl.Float32, "money": pl.Decimal(12, 2)})
    return data.with_columns(pl.col("dose").cast(pl.Enum(LEVELS)), pl.col("site").cast(pl.Categorical))


def of_columns(**others: object) -> dict[str, object]:
    return COLUMNS | {"dose": pd.Categorical(COLUMNS["dose"], LEVELS)} | others


NUMPY = {"y": "f8", "x": "f4", "nan": "f8", "k": "f8", "id": "Int64", "time": "datetime64[us]", "g": "str"}
NULLABLE = {**NUMPY, "y": "Float64", "x": "Float32", "nan": "Float64", "k": "UInt8", "b": "boolean", "g": "string"}
OF_ARROW = {name: pd.ArrowDtype(kind) for name, kind in ARROW.items()}
KINDS = {
    "pandas with NumPy's types": lambda: of_pandas(**NUMPY, site="category"),
    "pandas with nullable types": lambda: of_pandas(**NULLABLE, site="string"),
    "pandas with Arrow's types": lambda: of_arrow().to_pandas(types_mapper=pd.ArrowDtype),
    "pandas with objects": of_pandas,
    "polars": of_polars,
    "polars, wrapped by narwhals": lambda: nw.from_native(of_polars()),
    "an Arrow table": of_arrow,
    "an Arrow table in pieces": lambda: pa.concat_tables([of_arrow().slice(0, 20), of_arrow().slice(20)]),
    "a batch of Arrow": lambda: of_arrow().combine_chunks().to_batches()[0],
    "a dict of lists": of_columns,
    "a dict of arrays": lambda: of_columns(y=np.array(COLUMNS["y"]), g=pd.array(COLUMNS["g"], dtype="string")),
    "a dict of columns of polars": lambda: {name: of_polars()[name] for name in COLUMNS},
    "a dict of columns of Arrow": lambda: {name: of_arrow()[name] for name in COLUMNS},
    "a dict of Series": lambda: {name: of_pandas(**NUMPY)[name] for name in COLUMNS},
}


MISSING = {"x": 7, "nan": 9, "k": 8, "id": 11, "b": 13, "g": 15}
KEPT = {
    name: [value for row, value in enumerate(values) if row not in MISSING.values()] for name, values in COLUMNS.items()
}


@pytest.fixture(scope="module", params=KINDS)
def data(request):
    return KINDS[request.param]()


def test_every_kind_of_frame_makes_the_design_of_its_cells(data):
    """What is expected is made of plain lists; some kinds know that doses have an order."""
    design = build_design(parse(FORMULA), data, contrasts={"dose": "treatment"})
    assert design.missing == dict.fromkeys(MISSING, 1)
    columns = {
        "Intercept": [1] * design.n_obs,
        **{name: [float(value) for value in KEPT[name]] for name in ("x", "nan", "k")},
        "b[True]": KEPT["b"],
        "money": [float(value) for value in KEPT["money"]],
        "dose[mid]": [value == "mid" for value in KEPT["dose"]],
        "dose[high]": [value == "high" for value in KEPT["dose"]],
        "site[a]": [value == "a" for value in KEPT["site"]],
        "site[b]": [value == "b" for value in KEPT["site"]],
    }
    assert design.fixed.names == tuple(columns)
    np.testing.assert_array_equal(design.fixed.matrix, np.array(list(columns.values()), dtype=float).T)
    np.testing.assert_array_equal(design.response.values, KEPT["y"])
    for term in design.random:
        texts = [str(value) for value in KEPT[term.group]]
        assert list(term.levels) == sorted(set(texts))
        assert [term.levels[place] for place in term.index] == texts
    assert isinstance(design.data, pd.DataFrame)


def fits_of(rows):
    formula = "y ~ x + I(b * k) + C(dose, Treatment) + (1 | id)"
    restricted, least = bm.reml(formula, rows), bm.lm("y ~ x + dose", rows)
    return restricted.criterion, least.sigma, bm.laplace("b ~ x + (1 | site)", rows, "bernoulli").loglik


@pytest.fixture(scope="module")
def of_numpy():
    return fits_of(of_pandas(**NUMPY))


def test_every_kind_of_frame_gives_the_same_fit(data, of_numpy):
    assert fits_of(data) == of_numpy
    assert bm.separation("b ~ x + dose", data, "bernoulli").found.empty


def test_new_rows_come_in_every_kind_of_frame(data):
    design = build_design(parse("y ~ scale(money) + dose + site + (1 | day)"), of_pandas(**NUMPY))
    rows = new_rows(design, data)
    np.testing.assert_array_equal(rows.fixed, design.fixed.matrix)
    np.testing.assert_array_equal(rows.random[0].index, design.random[0].index)


LIBRARIES = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "an Arrow": pa.Table,
    "a batch": pd.DataFrame,
    "a dict": dict,
}


@pytest.mark.parametrize("kind", KINDS)
def test_augment_gives_rows_back_as_they_came(kind):
    data = KINDS[kind]()
    fit = bm.lm("y ~ x + dose", data)
    found = bm.augment(fit)
    if kind == "polars, wrapped by narwhals":
        assert isinstance(found, nw.DataFrame)
        found, data = found.to_native(), data.to_native()
    assert isinstance(found, next(library for name, library in LIBRARIES.items() if kind.startswith(name)))
    names = list(found) if isinstance(found, dict) else nw.from_native(found).columns
    assert names == [*COLUMNS, ".fitted", ".resid", ".fixed"]
    np.testing.assert_array_equal(np.asarray(found[".fitted"]), fit.fitted)
    assert len(found["y"]) == fit.design.n_obs == N - 1
    if not isinstance(found, dict | pd.DataFrame):
        types = nw.from_native(found).schema
        assert {name: types[name] for name in COLUMNS} == dict(nw.from_native(data).schema)
    if isinstance(found, pl.DataFrame):
        kept = data.filter(pl.col("x").is_not_null())
        assert found.select(list(COLUMNS)).drop("nan").equals(kept.drop("nan"))


def test_augment_of_a_stored_fit_and_of_copies(tmp_path):
    fit = bm.reml("y ~ x + dose + (1 | day)", of_polars())
    for again in (copy.deepcopy(fit), pickle.loads(pickle.dumps(fit))):
        assert bm.augment(again).equals(bm.augment(fit))
    posterior = bm.fit("y ~ x + dose + (1 | day)", of_polars(), draws=20, chains=2, seed=1, progress=False)
    assert isinstance(bm.augment(posterior), pl.DataFrame)
    bm.save(posterior, tmp_path / "fit.nc")
    assert isinstance(bm.augment(bm.load(tmp_path / "fit.nc")), pd.DataFrame)


class Query:
    """A relation of another library, which can turn itself into a frame of pandas."""

    def to_pandas(self):
        return of_pandas()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            of_polars().lazy(),
            "a lazy frame, a LazyFrame of polars, whose rows are not there yet; write data.collect().",
        ),
        (nw.from_native(of_polars().lazy()), "a lazy frame, a LazyFrame of narwhals, "),
        (of_polars()["y"], "got Series: write data.to_frame()."),
        (Query(), "or a dict of columns; got Query: write data.to_pandas()."),
        ({"y": [1, 2], "x": [1, 2, 3]}, "The columns of data differ in their numbers of rows: 'y' 2, 'x' 3."),
        ({"y": [1, 2], "x": 1}, "Column 'x' of data is of type int; each value of a dict is a column, a list"),
        ({"y": [1, 2], "x": {0: 1, 1: 2}}, "Column 'x' of data is of type dict"),
        ({"y": [1, 2], "x": "ab"}, "Column 'x' of data is of type str"),
        ({"y": [1, 2], "x": np.zeros((2, 2))}, "Column 'x' of data is an array of shape (2, 2)"),
        ({"y": pd.Series([1, 2]), "x": pd.Series([1, 2], [1, 0])}, "Series with different indexes; write pandas.Data"),
        ({"y": [1, 2], "x": [[1], [2]]}, "Column 'x' holds a value of type list in row 0"),
        ({}, "The data are empty: 0 rows, 0 columns."),
        (pl.DataFrame({"y": [1.0, 2], "x": [[1], [2]]}), "Column 'x' holds a value of type ndarray in row 0"),
        (pl.DataFrame({"y": [1.0, 2], "x": [{"a": 1}, {"a": 2}]}), "Column 'x' holds a value of type dict in row 0"),
        (pl.DataFrame({"y": [1.0, 2], "x": [b"a", b"b"]}), "decode('utf-8')"),
        (pl.DataFrame({"y": [], "x": []}), "The data are empty: 0 rows, 2 columns."),
        (pl.DataFrame({"y": [1.0, 2]}), "'x' is no column of the data. Columns: y."),
        (pa.table([[1], [2], [3]], names=["y", "x", "x"]), "columns of one name; rename all but one"),
        (pa.table({"y": [1, 2], "x": [[1], [2]]}), "Column 'x' holds a value of type ndarray in row 0"),
        (pa.array([1, 2]), "got Int64Array"),
        (pa.chunked_array([[1, 2]]), "got ChunkedArray"),
    ],
)
def test_what_is_no_frame_or_has_odd_columns_gets_one_line(data, said):
    for fitted in (bm.lm, bm.reml):
        with pytest.raises(DataError) as caught:
            fitted("y ~ x", data)
        assert said in str(caught.value)
        assert str(caught.value).isprintable()


def test_an_index_that_pandas_noted_in_an_arrow_table_is_a_column():
    table = pa.Table.from_pandas(of_pandas(**NUMPY).set_index("g"))
    assert build_design(parse("y ~ x + (1 | g)"), table).random[0].n_levels == 8


def test_rows_of_a_dict_are_matched_by_their_order():
    rows = pd.Index([f"row {row}" for row in range(N)])
    columns = {
        "y": COLUMNS["y"],
        "k": pd.Series(COLUMNS["y"], rows),
        "z": np.arange(N),
        "e": pd.Series(COLUMNS["y"], rows),
    }
    design = build_design(parse("y ~ k"), columns)
    assert design.n_dropped == 0
    np.testing.assert_array_equal(design.fixed.matrix[:, 1], COLUMNS["y"])
    assert design.data.index.equals(rows)
    assert design.data["z"].tolist() == list(range(N))


def test_the_order_of_levels_is_that_of_an_enum_and_no_accident_of_rows():
    """A polars Categorical has no order: its levels are sorted as texts, whatever row comes first."""
    data = of_polars()
    backwards = data.reverse()
    for frame in (data, backwards):
        names = build_design(parse("y ~ 0 + dose + site"), frame).fixed.names
        assert names == ("dose[low]", "dose[mid]", "dose[high]", "site[a]", "site[b]")
        assert build_design(parse("y ~ dose"), frame).fixed.names == ("Intercept", "dose[.L]", "dose[.Q]")


def test_the_callers_frame_is_left_as_it_is():
    data = of_arrow().to_pandas(types_mapper=pd.ArrowDtype)
    before = data.copy(deep=True)
    build_design(parse(FORMULA), data)
    pd.testing.assert_frame_equal(data, before)
    assert build_design(parse("y ~ x"), data).data["dose"].dtype == "category"
