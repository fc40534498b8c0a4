"""What the cells of a file become: kept as they stand, but for numbers and truth values that lose nothing.

R 4.2.2, read.csv: None, null and n/a are texts, NA is missing; an empty cell is missing among numbers alone, here
among texts too, since pandas writes missing values so. R would make numbers of 007 and of whole numbers of any length.
"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bayesmix.data import read_table

LOST = "96172134698012345"  # float("96172134698012345") is 96172134698012352
BIG = "36893488147419103232"


def column(tmp_path, cells, separator=","):
    file = tmp_path / ("t.csv" if separator == "," else "t.tsv")
    lines = [separator.join(["row", "c"]), *[separator.join([str(row), cell]) for row, cell in enumerate(cells)]]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_table(file)["c"]


TEXTS = {
    "words for nothing": ["None", "null", "nan", "n/a", "N/A", "NULL", "NaN", "a"],
    "only words for nothing": ["None", "null"],
    "only NaN": ["NaN", "nan"],
    "blanks": [" ", "a", " a"],
    "zeros in front": ["007", "7", "12"],
    "some zeros in front": ["1", "2", "03"],
    "zeros in front among decimals": ["1.5", "007"],
    "beyond 64 bits": ["1", BIG, f"-{BIG}"],
    "beyond the largest number": ["1", "1e400"],
    "one number in two ways": ["1E5", "10E4", "2E5"],
    "plates": ["1A05", "2E10", "3E11"],
    "hexadecimal": ["0x1F", "0x2A"],
    "separators of thousands": ['"1,234"', '"2,345"'],
    "decimal commas": ['"1,5"', '"2,5"'],
    "underscores": ["1_000", "2_000"],
    "percent": ["5%", "10%"],
    "dates": ["2024-01-31", "2024-02-01"],
    "times": ["01:30", "12:45"],
    "T and F": ["T", "F", "F"],
    "yes and no": ["yes", "no"],
    "marks for missing": ["1.5", ".", "2.5"],
    "question marks": ["1", "?", "3"],
    "signs alone": ["+", "-", "1"],
    "a truth value among texts": ["True", "maybe"],
}


@pytest.mark.parametrize("case", TEXTS)
def test_texts_stay_as_they_are_written(tmp_path, case):
    cells = TEXTS[case]
    found = column(tmp_path, cells)
    assert pd.api.types.is_string_dtype(found.dtype)
    assert found.tolist() == [cell.strip('"') for cell in cells]


def test_na_and_empty_cells_are_missing_among_texts(tmp_path):
    found = column(tmp_path, ["a", "NA", "", "na", "None"])
    assert found.isna().tolist() == [False, True, True, False, False]
    assert found.dropna().tolist() == ["a", "na", "None"]


NUMBERS = {
    "whole": (["1", "-2", "+3", "0"], [1, -2, 3, 0], "int64"),
    "whole with missing ones": (["1", "NA", "", "4"], [1, np.nan, np.nan, 4], "float64"),
    "missing ones with blanks": (["1", " NA", " ", " 4 "], [1, np.nan, np.nan, 4], "float64"),
    "17 digits": ([LOST, "1"], [int(LOST), 1], "int64"),
    "17 digits with a missing one": ([LOST, "NA", str(int(LOST) + 1)], [int(LOST), pd.NA, int(LOST) + 1], "Int64"),
    "the lowest of 64 bits with a missing one": ([str(-(2**63)), "NA"], [-(2**63), pd.NA], "Int64"),
    "the ends of 64 bits": ([str(2**63 - 1), str(-(2**63))], [2**63 - 1, -(2**63)], "int64"),
    "decimals": (["1.5", ".5", "2.", "-0.25", "00.5"], [1.5, 0.5, 2, -0.25, 0.5], "float64"),
    "many digits": (["0.12345678901234567890", "1"], [0.12345678901234567890, 1], "float64"),
    "exponents": (["1e5", "2E-3", "1.5e+3"], [1e5, 2e-3, 1.5e3], "float64"),
    "equal numbers with a point": (["1.0", "1.00", "1"], [1, 1, 1], "float64"),
    "not finite": (["1.5", "inf", "-Inf", "NaN", "nan"], [1.5, np.inf, -np.inf, np.nan, np.nan], "float64"),
    "nothing": (["NA", "", "NA"], [np.nan] * 3, "float64"),
    "truth values": (["TRUE", "False", "true"], [True, False, True], "bool"),
    "truth values with a missing one": (["TRUE", "NA", "FALSE"], [True, np.nan, False], "object"),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers_and_truth_values(tmp_path, case):
    cells, values, kind = NUMBERS[case]
    found = column(tmp_path, cells)
    assert str(found.dtype) == kind
    pd.testing.assert_series_equal(found, pd.Series(values, dtype=kind, name="c"))


@pytest.mark.parametrize("value", [0.1, 1 / 3, 2**0.5, 1e-308, 5e-324, 1.7976931348623157e308, 123456789.12345679])
def test_numbers_come_back_to_the_last_bit(tmp_path, value):
    assert column(tmp_path, [repr(value), "1.5"]).tolist() == [value, 1.5]


def test_every_kind_comes_back_as_it_was_written(tmp_path):
    rng = np.random.default_rng(4)
    data = pd.DataFrame(
        {
            "number": rng.normal(size=50),
            "count": rng.integers(0, 10**12, 50),
            "text": rng.choice(["None", "a b", "007", "é", "nan"], 50),
            "truth": rng.random(50) < 0.5,
        }
    )
    data.to_csv(tmp_path / "t.csv", index=False)
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.csv"), data)


def test_whole_numbers_of_parquet_stay_whole_beside_missing_values(tmp_path):
    values = [int(LOST), None, int(LOST) + 1]
    table = pa.table({"id": pa.array(values, pa.int64()), "small": pa.array([1, None, 3]), "x": [1.5, None, 2.5]})
    pq.write_table(table, tmp_path / "t.parquet")
    data = read_table(tmp_path / "t.parquet")
    assert data["id"].dropna().tolist() == [int(LOST), int(LOST) + 1]
    assert data["id"].isna().tolist() == [False, True, False]
    assert [str(data[name].dtype) for name in ("small", "x")] == ["float64", "float64"]
