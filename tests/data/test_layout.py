"""Tables that are not written as R and pandas write them: separators, decimal commas, encodings, marks for missing."""

import datetime
import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from bayesmix.data import read_table
from bayesmix.errors import DataError

TRIAL = pd.DataFrame({"yield": [9.25, np.nan, 7.5, np.nan], "site": ["Köln", "Łódź", "A; B", "-x"]})


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(
    ("sep", "decimal", "encoding", "mark"),
    [
        (";", ",", "latin-1", "-"),
        (";", ",", "cp1252", "*"),
        ("\t", ".", "utf-16", "."),
        (" ", ",", "utf-8", "missing"),
        ("|", ".", "utf-8", "-99"),
    ],
)
def test_a_table_written_in_any_layout_is_the_same_table(folder, sep, decimal, encoding, mark, zipped):
    table = TRIAL if encoding.startswith("utf") else TRIAL.assign(site=["Köln", "Malmö", "A; B", "-x"])
    content = table.to_csv(index=False, sep=sep, decimal=decimal, na_rep=mark).encode(encoding)
    name = "t.txt.gz" if zipped else "t.csv"
    (folder / name).write_bytes(gzip.compress(content) if zipped else content)
    data = read_table(name, sep=sep, decimal=decimal, encoding=encoding, na_values=mark)
    pd.testing.assert_frame_equal(data, table)


def test_marks_of_missing_values_in_columns_of_every_kind(folder):
    (folder / "t.csv").write_text("n,x,g,t\n1,-99.0,a,TRUE\n., 2.5,.,.\n-99,-99,-99,FALSE\n4,1,b,TRUE\n")
    data = read_table("t.csv", na_values=[".", -99])
    assert data.to_dict("list") == {
        "n": [1, pytest.approx(np.nan, nan_ok=True), pytest.approx(np.nan, nan_ok=True), 4],
        "x": [pytest.approx(np.nan, nan_ok=True), 2.5, pytest.approx(np.nan, nan_ok=True), 1],
        "g": ["a", pytest.approx(np.nan, nan_ok=True), pytest.approx(np.nan, nan_ok=True), "b"],
        "t": [True, pytest.approx(np.nan, nan_ok=True), False, True],
    }


def test_with_a_decimal_comma_a_point_makes_no_number(folder):
    (folder / "t.csv").write_text("a;b;c;d\n1,5;1.5;1.234,5;7\n2,5;2,5;2,5;8\n")
    data = read_table("t.csv", sep=";", decimal=",")
    assert data["a"].tolist() == [1.5, 2.5]
    assert data["b"].tolist() == ["1.5", "2,5"]
    assert data["c"].tolist() == ["1.234,5", "2,5"]
    assert data["d"].dtype == np.int64


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"sep": ";;"}, "sep is the one character between two fields"),
        ({"sep": 3}, "got 3"),
        ({"decimal": ";"}, 'decimal is the mark before the decimals, "." or ","'),
        ({"decimal": ","}, "cannot both be marked by ','"),
        ({"encoding": "latin-9000"}, "encoding='latin-9000' is not known"),
        ({"encoding": "hex"}, "encoding='hex' is not known"),
        ({"encoding": 8}, "encoding=8 is not known"),
        ({"encoding": "ascii"}, "is not ascii text; give another encoding="),
        ({"encoding": "utf-16"}, "is not utf-16 text"),
        ({"na_values": None}, "na_values are texts"),
        ({"na_values": {"y": "."}}, "na_values are texts"),
        ({"na_values": [True]}, "na_values are texts"),
        ({"sheet": "a"}, "sheet= says nothing of a text file"),
        ({"sheet": 0}, "sheet is the name of a sheet"),
    ],
)
def test_a_layout_that_is_none_gets_one_line(folder, arguments, said):
    (folder / "t.csv").write_text("y,g\n1,é\n2,b\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_table("t.csv", **arguments)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["t.parquet", "t.feather"])
@pytest.mark.parametrize("arguments", [{"sep": ";"}, {"na_values": "."}, {"decimal": ","}, {"encoding": "utf-8"}])
def test_files_that_hold_their_types_have_no_layout(name, arguments):
    (TRIAL.to_parquet if name == "t.parquet" else TRIAL.to_feather)(name)
    with pytest.raises(DataError, match=f"{next(iter(arguments))}= says nothing of a .* file, which holds its types"):
        read_table(name, **arguments)


@pytest.mark.parametrize("kind", ["Int64", "UInt32"])
def test_whole_numbers_of_feather_stay_whole_beside_missing_values(kind):
    largest = 2**53 + 1 if kind == "Int64" else 2**32 - 1
    pd.DataFrame({"id": pd.array([largest, None, 1], dtype=kind)}).to_feather("t.feather")
    assert read_table("t.feather")["id"].dropna().tolist() == [largest, 1]


def book(**sheets):
    openpyxl = pytest.importorskip("openpyxl")
    written = openpyxl.Workbook()
    written.remove(written.active)
    for name, rows in sheets.items():
        sheet = written.create_sheet(name)
        for row in rows:
            sheet.append(row)
    written.save("t.xlsx")


def test_cells_of_a_workbook_are_what_those_of_a_text_would_be():
    day = datetime.datetime(2024, 1, 31)
    rows = [
        ["y", "x", "g", "id", "day", "flag", None],
        [1, 1.5, "a", "007", day, True, 3],
        [2, ".", "NA", "7", day, False, 4],
        [None] * 7,
        [3, 2, None, "8", day, True, None],
    ]
    book(trial=rows, empty=[])
    data = read_table("t.xlsx", na_values=".")
    assert data.columns.tolist() == ["y", "x", "g", "id", "day", "flag", "Unnamed: 6"]
    assert data["y"].tolist() == [1, 2, 3]
    assert data["y"].dtype == np.int64
    assert data["x"].dropna().tolist() == [1.5, 2]
    assert data["g"].isna().tolist() == [False, True, True]
    assert data["id"].tolist() == ["007", "7", "8"]
    assert data["day"].tolist() == ["2024-01-31"] * 3
    assert data["flag"].dtype == bool
    assert data["Unnamed: 6"].dropna().tolist() == [3, 4]


@pytest.mark.parametrize(
    ("sheets", "arguments", "said"),
    [
        ({"a": [["y"], [1]], "b": [["y"], [2]]}, {}, 'has 2 sheets (a, b); name one: sheet="a"'),
        ({"trial": [["y"], [1]]}, {"sheet": "trail"}, "has no sheet 'trail'. Did you mean 'trial'?"),
        ({"a": [["y"], [1]], "b": []}, {"sheet": "b"}, "sheet 'b', is empty"),
        ({"a": []}, {}, "is empty"),
        ({"a": [["Trial of 2024", None], ["y", "g"], [1, "a"]]}, {}, "the first row has 'Trial of 2024' alone"),
        ({"a": [["y", "y"], [1, 2]]}, {}, "more than one column called 'y'"),
        ({"a": [["y", "g"]]}, {}, "has 2 columns and no rows"),
        ({"a": [["y"], [1]]}, {"sep": ";"}, "sep= says nothing of a workbook"),
    ],
)
def test_a_workbook_that_is_no_table_gets_one_line(sheets, arguments, said):
    book(**sheets)
    with pytest.raises(DataError) as caught:
        read_table("t.xlsx", **arguments)
    assert said in str(caught.value)


def test_a_sheet_is_read_by_its_name():
    book(a=[["y"], [1]], b=[["y"], [2]])
    assert read_table("t.xlsx", sheet="b")["y"].tolist() == [2]


def test_without_openpyxl_the_extra_is_named(folder, monkeypatch):
    def failing(*_args, **_kwargs):
        raise ImportError("Missing optional dependency 'openpyxl'.")

    monkeypatch.setattr(pd, "read_excel", failing)
    (folder / "t.xlsx").write_bytes(b"PK")
    with pytest.raises(DataError, match=r'run pip install "bayesmix\[excel\]", or save the sheet as CSV'):
        read_table("t.xlsx")


def test_a_file_that_is_no_workbook_gets_one_line(folder):
    pytest.importorskip("openpyxl")
    (folder / "t.xlsx").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"'t\.xlsx' cannot be read as a workbook"):
        read_table("t.xlsx")


def test_a_feather_file_with_a_name_twice_gets_one_line(folder):
    table = pa.table([pa.array([1, 2]), pa.array([3, 4])], names=["x", "x"])
    with pa.OSFile(str(folder / "twice.feather"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(DataError, match="more than one column called 'x'"):
        read_table(folder / "twice.feather")


def test_a_field_that_is_too_long_to_split_is_read_or_refused_in_one_line(folder):
    (folder / "long.csv").write_text("x\n" + "1" * 200_000 + "\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_table(folder / "long.csv")
    assert "\n" not in str(caught.value)


def test_numbers_of_a_workbook_stay_numbers_beside_decimal_commas(folder):
    pytest.importorskip("openpyxl")
    pd.DataFrame({"x": [1.5, 2.25], "y": ["2,5", "3,75"]}).to_excel(folder / "comma.xlsx", index=False)
    data = read_table(folder / "comma.xlsx", decimal=",")
    assert data["x"].tolist() == [1.5, 2.25]
    assert data["y"].tolist() == [2.5, 3.75]


def test_a_decimal_that_is_no_text_gets_one_line(folder):
    (folder / "some.csv").write_text("x\n1\n2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"decimal is the mark before the decimals.*got ndarray"):
        read_table(folder / "some.csv", decimal=np.array([1, 2]))
