"""The catalogue describes the files that are there, and `load_data` gives what it describes."""

import csv
import re
from dataclasses import FrozenInstanceError, replace
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest

from bayesmix.data import catalogue as room
from bayesmix.data import datasets, describe, load_data
from bayesmix.data.catalogue import catalogue
from bayesmix.errors import DataError
from bayesmix.families.family import read_family

FILES = Path(room.__file__).parent / "files"
NAMES = [
    "sleepstudy",
    "Dyestuff",
    "Dyestuff2",
    "Penicillin",
    "Pastes",
    "cake",
    "cbpp",
    "grouseticks",
    "VerbAgg",
    "irrigation",
    "kfert",
    "cochran_bib",
    "dragons_simulated",
    "methylation_simulated",
    "clover_simulated",
]


def lines_of(name: str) -> list[list[str]]:
    with open(FILES / f"{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_every_set_is_there_and_every_file_is_catalogued():
    assert list(catalogue()) == NAMES
    assert {path.stem for path in FILES.glob("*.csv")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_file_is_the_catalogued_one(name):
    assert sha256((FILES / f"{name}.csv").read_bytes()).hexdigest() == catalogue()[name].sha256


@pytest.mark.parametrize("name", NAMES)
def test_columns_and_rows_are_those_of_the_file(name):
    header, *rows = lines_of(name)
    data_set = catalogue()[name]
    assert [column.name for column in data_set.columns] == header
    assert all(re.fullmatch(r"[A-Za-z]\w*", column) for column in header)  # named, and no row numbers
    assert data_set.rows == len(rows)
    assert load_data(name).shape == (len(rows), len(header))


@pytest.mark.parametrize("name", NAMES)
def test_values_are_those_of_the_file(name):
    header, *rows = lines_of(name)
    data = load_data(name)
    assert list(data.columns) == header
    for position, column in enumerate(catalogue()[name].columns):
        written = [row[position] for row in rows]
        values = data[column.name]
        if column.kind == "factor":
            assert values.astype(str).tolist() == written
        else:
            assert values.tolist() == [float(text) for text in written]
        if column.kind == "count":
            assert values.dtype == "int64"
            assert values.min() >= 0


@pytest.mark.parametrize("name", NAMES)
def test_factors_are_unordered_texts_all_of_whose_levels_occur(name):
    data = load_data(name)
    assert not data.isna().any(axis=None)
    assert data.attrs == {"units": {column.name: column.unit for column in catalogue()[name].columns if column.unit}}
    for column in catalogue()[name].columns:
        if column.kind != "factor":
            assert pd.api.types.is_numeric_dtype(data[column.name])
            assert column.levels is None
            continue
        categories = data[column.name].cat.categories
        assert not data[column.name].cat.ordered
        assert all(type(level) is str for level in categories)
        assert set(categories) == set(data[column.name])
        if column.levels != "sorted":
            assert categories.tolist() == list(column.levels)


@pytest.mark.parametrize(
    ("name", "column", "first_levels"),
    [
        ("sleepstudy", "Subject", ["308", "309", "310", "330"]),
        ("Penicillin", "plate", ["a", "b", "c"]),
        ("Pastes", "sample", ["A:a", "A:b", "A:c", "B:a"]),
        ("cake", "replicate", ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]),
        ("cake", "temperature", ["175", "185", "195", "205", "215", "225"]),
        ("cbpp", "herd", ["1", "2", "3"]),
        ("cbpp", "period", ["1", "2", "3", "4"]),
        ("grouseticks", "YEAR", ["95", "96", "97"]),
        ("grouseticks", "LOCATION", ["1", "2", "3"]),
        ("VerbAgg", "Gender", ["F", "M"]),
        ("VerbAgg", "mode", ["want", "do"]),
        ("VerbAgg", "id", ["1", "2", "3"]),
        ("kfert", "K2O_lbac", ["36", "54", "72", "108", "144"]),
        ("cochran_bib", "gen", ["G01", "G02", "G03"]),
        ("dragons_simulated", "mountain", ["Ash", "Crag", "Fell", "Gorge"]),
        ("dragons_simulated", "scales", ["chromatic", "metallic"]),
        ("methylation_simulated", "locus", ["20", "72", "128", "145"]),
        ("methylation_simulated", "time", ["t1", "t2"]),
    ],
)
def test_levels_stand_in_order(name, column, first_levels):
    levels = load_data(name)[column].cat.categories.tolist()
    assert levels[: len(first_levels)] == first_levels


@pytest.mark.parametrize("name", NAMES)
def test_catalogue_says_everything(name):
    data_set = catalogue()[name]
    for text in (data_set.title, data_set.source, data_set.licence, data_set.note):
        assert len(text) > 10
        assert "\n" not in text
    assert data_set.doi is None or re.fullmatch(r"10\.\d{4,}/\S+", data_set.doi)
    assert len({column.name for column in data_set.columns}) == len(data_set.columns)
    for column in data_set.columns:
        assert column.meaning
        assert column.kind in ("number", "count", "factor")
        assert (column.levels is not None) == (column.kind == "factor")
        assert column.unit is None or column.unit.strip()


@pytest.mark.parametrize("name", NAMES)
def test_example_names_columns_that_exist_and_a_family_that_is_known(name):
    data_set = catalogue()[name]
    words = set(re.findall(r"[A-Za-z]\w*", data_set.formula)) - {"cbind"}
    columns = {column.name: column for column in data_set.columns}
    assert words <= set(columns)
    for group in re.findall(r"\|\s*([^)]+)\)", data_set.formula):
        assert all(columns[part].kind == "factor" for part in re.findall(r"\w+", group))
    read_family(data_set.family)


def test_datasets_is_a_row_a_set():
    table = datasets()
    assert table.columns.tolist() == ["name", "rows", "columns", "title", "formula", "family", "licence", "source"]
    assert table["name"].tolist() == NAMES
    sleepstudy = table.set_index("name").loc["sleepstudy"]
    assert (sleepstudy["rows"], sleepstudy["columns"], sleepstudy["family"]) == (180, 3, "gaussian")
    assert sleepstudy["source"].endswith("doi:10.1046/j.1365-2869.2003.00337.x")


def test_describe_is_a_row_a_column():
    table = describe("cbpp")
    assert table.columns.tolist() == ["column", "kind", "unit", "meaning", "levels"]
    assert table["column"].tolist() == ["herd", "incidence", "size", "period"]
    assert table["kind"].tolist() == ["factor", "count", "count", "factor"]
    assert table["unit"].tolist() == ["", "animals", "animals", ""]
    assert table["levels"].tolist()[1:] == ["", "", "1, 2, 3, 4"]
    assert table["levels"][0].endswith("11, 12 and 3 more")


def test_each_call_gives_a_frame_of_its_own():
    data = load_data("Dyestuff")
    data.loc[0, "Yield"] = -1
    assert load_data("Dyestuff").loc[0, "Yield"] == 1545


def test_catalogue_cannot_be_changed():
    with pytest.raises(TypeError):
        catalogue()["mine"] = catalogue()["cake"]
    with pytest.raises(FrozenInstanceError):
        catalogue()["cake"].rows = 3


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sleepstdy", "Did you mean 'sleepstudy'?"),
        ("dyestuff", "'Dyestuff'"),
        ("", "Data sets: sleepstudy, Dyestuff"),
        ("../catalogue", "There is no bundled data set"),
        (None, "There is no bundled data set None."),
        (["cake"], "There is no bundled data set"),
    ],
)
@pytest.mark.parametrize("question", [load_data, describe])
def test_unknown_name_gets_near_matches_in_one_line(question, name, said):
    with pytest.raises(DataError) as caught:
        question(name)
    assert said in str(caught.value)
    assert "cochran_bib" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_changed_file_is_refused_with_both_hashes(monkeypatch):
    true = catalogue()["Dyestuff"]
    changed = (FILES / "Dyestuff.csv").read_bytes().replace(b"1545", b"1546")
    with pytest.raises(DataError) as caught:
        room._as_frame(true, changed)
    assert true.sha256[:12] in str(caught.value)
    assert sha256(changed).hexdigest()[:12] in str(caught.value)
    assert true.sha256 not in str(caught.value)

    monkeypatch.setattr(room, "catalogue", lambda: {"Dyestuff": replace(true, sha256="0" * 64)})
    with pytest.raises(DataError, match="'Dyestuff' was changed"):
        load_data("Dyestuff")


def test_missing_file_is_one_line(monkeypatch):
    moved = {"Dyestuf": replace(catalogue()["Dyestuff"], name="gone")}
    monkeypatch.setattr(room, "catalogue", lambda: moved)
    with pytest.raises(DataError, match=r"gone\.csv' is missing from this installation"):
        load_data("Dyestuf")
