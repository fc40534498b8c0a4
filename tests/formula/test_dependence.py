"""Rank-deficient fixed parts are refused with why they are, in the words of the design."""

import numpy as np
import pandas as pd
import pytest

from bayesmix.errors import DesignError
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse


@pytest.fixture(scope="module")
def trial() -> pd.DataFrame:
    """Two years with two blocks each; 10 entries, of which three were sown in one year alone."""
    cells = [
        (entry, year) for entry in range(10) for year in (24, 25) if (entry, year) not in ((1, 24), (4, 25), (7, 25))
    ]
    rows = [(f"E{entry}", f"Y{year}", f"{year}-{block}") for entry, year in cells for block in (1, 2)]
    data = pd.DataFrame(rows, columns=["entry", "year", "rep"])
    rng = np.random.default_rng(3)
    data["x"] = rng.normal(size=len(data))
    return data.assign(
        y=rng.normal(size=len(data)),
        z=rng.normal(size=len(data)),
        dose=data["entry"].str[1:].astype(float) ** 2,
        fahrenheit=32 + 1.8 * data["x"],
        site="S" + data["year"],
        code=data["entry"].str.lower(),
    )


@pytest.mark.parametrize(
    ("fixed", "reasons"),
    [
        ("year + rep", ["rep is nested in year"]),
        ("rep + year", ["rep is nested in year"]),
        ("year + rep + entry + entry:year", ["rep is nested in year", "3 of 20 cells of entry:year are empty"]),
        ("entry * year", ["3 of 20 cells of entry:year are empty"]),
        ("year / rep", ["rep is nested in year"]),
        ("entry + code", ["code and entry group the rows in the same way"]),
        ("year + site", ["site and year group the rows in the same way"]),
        ("entry + dose", ["dose is the same in all rows of each level of entry"]),
        ("x + fahrenheit", ["fahrenheit is a linear function of x"]),
        ("x + I(2 * x) + I(x + 1)", ["I(2 * x) is a linear function of x", "I(x + 1) is a linear function of x"]),
        ("z + x + I(x + z)", []),
    ],
)
def test_the_reasons_are_those_of_the_design(fixed, reasons, trial):
    with pytest.raises(DesignError) as caught:
        build_design(parse(f"y ~ {fixed}"), trial)
    said = str(caught.value)
    columns, _, rest = said.removesuffix(
        " Leave a term out, merge levels, make one factor of the cells that occur, or make a factor random."
    ).partition(" on those before")
    assert columns.startswith("The fixed part is rank-deficient: of its ")
    found = rest.removeprefix(": ").removesuffix(".").split("; ") if rest != "." else []
    assert [words.partition(", each of")[0] for words in found] == reasons


def test_many_columns_are_counted(trial):
    many = trial.assign(other=trial["entry"] + "x")
    with pytest.raises(
        DesignError, match=r"of its 19 columns other\[E1x\], other\[E2x\], other\[E3x\] and 6 more depend"
    ):
        build_design(parse("y ~ entry + other"), many)


def test_a_single_empty_cell_in_the_formula_of_sigma(trial):
    rows = trial[~((trial["entry"] == "E0") & (trial["year"] == "Y24"))]
    rows = rows[rows["entry"].isin(["E0", "E2", "E3"])]
    mean, sigma = parse("y ~ x"), parse("sigma ~ entry * year")
    with pytest.raises(DesignError, match=r"In the formula of sigma: .* 1 of 6 cells of entry:year is empty"):
        build_design(mean, rows, parts={"sigma": sigma})
