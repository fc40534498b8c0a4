"""Files that R itself wrote (`references/make_r_files.R`): types, factors with their levels, and one line otherwise."""

import builtins
import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import DataError

FILES = Path(__file__).parents[1] / "references" / "r_files"
TYPES = ("types", "types_xz", "types_bzip2", "types_plain", "types_ascii", "types_version2", "tibble")


@pytest.fixture(autouse=True)
def _rdata():
    pytest.importorskip("rdata")


@pytest.mark.parametrize("name", TYPES)
def test_every_way_in_which_r_stores_a_frame_gives_its_columns(name):
    data = bm.read_table(FILES / f"{name}.rds")
    assert data["y"].tolist() == pytest.approx([1.5, np.nan, 3, 4], nan_ok=True)
    assert data["n"].tolist() == pytest.approx([1, np.nan, 3, 4], nan_ok=True)
    assert data["whole"].tolist() == [1, 2, 3, 4]
    assert data["s"].isna().tolist() == [False, True, False, False]
    assert data["s"].dropna().tolist() == ["x", "é", "NA"]
    assert data["b"].isna().tolist() == [False, True, False, False]
    assert data["b"].dropna().tolist() == [True, False, True]
    days = [datetime.date(2024, 1, 2), None, datetime.date(2024, 3, 1), datetime.date(1960, 1, 1)]
    assert data["day"].tolist() == days
    assert str(data["time"].iloc[0]) == "2024-07-01 10:00:00+02:00"
    assert data["time"].isna().tolist() == [False, True, False, False]
    assert data["took"].tolist() == pytest.approx([1, 2, 3, np.nan], nan_ok=True)
    assert data["z"].tolist() == pytest.approx([-2 / 14**0.5 * 3**0.5, -((3 / 14) ** 0.5), 0, 3 * (3 / 14) ** 0.5])
    assert data["long"].tolist()[0] == 2**53 + 1
    assert data["long"].isna().tolist() == [False, True, False, False]
    assert data["long"].dropna().tolist() == [2**53 + 1, 9, 7]
    assert data.index.tolist() == [0, 1, 2, 3]
    assert data.attrs["units"] == {"took": "hours"}


@pytest.mark.parametrize("name", TYPES)
def test_factors_keep_their_levels_in_order(name):
    data = bm.read_table(FILES / f"{name}.rds")
    assert data["f"].cat.categories.tolist() == ["lo", "mid", "hi", "never"]
    assert data["f"].isna().tolist() == [False, False, True, False]
    assert not data["f"].cat.ordered
    assert data["o"].cat.categories.tolist() == ["b", "a"]
    assert data["o"].cat.ordered
    assert bm.lm("y ~ o", data).design.fixed.names == ("Intercept", "o[.L]")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("one.rda", {}),
        ("one_frame.RData", {}),
        ("two_frames.RData", {"object": "small"}),
        ("one.rda", {"encoding": "latin-1"}),
    ],
)
def test_the_data_frame_among_what_was_saved_is_read(name, arguments):
    expected = pd.DataFrame({"y": [1.0, 2.0], "g": pd.Categorical(["b", "a"], categories=["b", "a"])})
    pd.testing.assert_frame_equal(bm.read_table(FILES / name, **arguments), expected)


def test_row_names_that_are_texts_are_the_index():
    assert bm.read_table(FILES / "named_rows.rds").index.tolist() == ["first", "second"]


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        (
            "two_frames.RData",
            {},
            'has 2 data frames (small, named); name one: object="small" (at a shell: --object small)',
        ),
        (
            "two_frames.RData",
            {"object": "smal"},
            "has no object 'smal'. Did you mean 'small'? Objects: small, named, an",
        ),
        ("two_frames.RData", {"object": "answer"}, "has no data frame but a vector; save a data frame."),
        ("no_frame.RData", {}, "has no data frame; it holds answer, a vector."),
        ("number.rds", {}, "has no data frame but a vector; save a data frame."),
        ("matrix.rds", {}, "has no data frame but a matrix; save as.data.frame(x)."),
        ("list.rds", {}, "has no data frame but a list; save a data frame of it, x$first."),
        ("matrix_column.rds", {}, "column 'm' is a matrix of 2 columns; in R do.call(data.frame, x)"),
        ("doubled.rds", {}, "has more than one column called 'y'."),
        ("types.rds", {"object": "small"}, "object= says nothing of an .rds file"),
        ("types.rds", {"sep": ";"}, "sep= says nothing of a file of R, which holds its types; leave it out."),
        ("types.rds", {"object": 3}, "object is the name of a data frame in an .RData file, a text; got 3."),
    ],
)
def test_what_is_no_data_frame_gets_one_line(name, arguments, said):
    with pytest.raises(DataError) as caught:
        bm.read_table(FILES / name, **arguments)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.rds", b"", "'empty.rds' is empty."),
        ("text.rds", b"y,g\n1,a\n", "'text.rds' cannot be read as .rds: "),
        ("cut.rds", (FILES / "types_plain.rds").read_bytes()[:200], "'cut.rds' cannot be read as .rds: "),
        ("cut.RData", (FILES / "one.rda").read_bytes()[:60], "'cut.RData' cannot be read as .rdata: "),
        ("saved.RData", (FILES / "types.rds").read_bytes(), "'saved.RData' "),
        ("saved.rds", (FILES / "one.rda").read_bytes(), "'saved.rds' "),
    ],
)
def test_a_damaged_file_gets_one_line(tmp_path, monkeypatch, name, content, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        bm.read_table(name)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_rdata_the_extra_is_named(monkeypatch):
    known = builtins.__import__

    def without(name, *arguments, **keywords):
        if name == "rdata":
            raise ImportError(name)
        return known(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DataError, match=r'run pip install "bayesmix\[r\]", or write it in R by write.csv\('):
        bm.read_table(FILES / "types.rds")
