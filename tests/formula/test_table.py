"""docs/formulas.md defines what formulas mean; every row of its tables is checked here."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayesmix.errors import FormulaError
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.posterior import layout

PAGE = (Path(__file__).parents[2] / "docs" / "formulas.md").read_text()


def table(heading: str) -> list[tuple[str, ...]]:
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    cells = [line.replace("\\|", "\0").strip("|").split("|") for line in lines]
    return [tuple(cell.strip().strip("`").replace("\0", "|") for cell in row) for row in cells]


MEANINGS = table("What a formula means")
REFUSALS = table("What is refused, and what to write instead")


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(20)
    n = 480
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "x": rng.normal(1, 1, n),
            "z": rng.normal(size=n),
            "t": rng.uniform(1, 9, n),
            "f": rng.choice(["a", "b", "c"], n),
            "h": pd.Categorical(rng.choice(["u", "v"], n)),
            "o": pd.Categorical(rng.choice(["low", "mid", "high"], n), ["low", "mid", "high"], ordered=True),
            "g": rng.integers(1, 9, n),
            "s": rng.choice(list("pqrst"), n),
            "outer": rng.choice(["A", "B", "C"], n),
            "inner": rng.integers(1, 4, n),
            "k": rng.integers(0, 4, n),
            "n": 5,
            "w": 1.0,
        }
    )


def listed(cell: str) -> list[str]:
    """The names of a cell; a comma inside parentheses does not separate."""
    names, depth, current = [], 0, ""
    for character in cell:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            names.append(current.strip())
            current = ""
        else:
            current += character
    return [*names, current.strip()] if current.strip() else names


def test_the_page_has_its_tables():
    assert len(MEANINGS) > 40
    assert len(REFUSALS) > 25


@pytest.mark.parametrize(("formula", "coefficients", "sds", "correlated"), MEANINGS)
def test_meaning(formula, coefficients, sds, correlated, data):
    counts = any(formula.startswith(start) for start in ("p(", "cbind(", "k |"))
    design = build_design(parse(formula), data, response="proportion" if counts else "real")
    assert list(design.fixed.names) == listed(coefficients)
    assert [name for term in design.random for name in layout.sd_names(term)] == listed(sds)
    blocks = [layout.corr_name(term, design.random) for term in design.random if term.k > 1]
    assert blocks == listed(correlated)


@pytest.mark.parametrize(("formula", "marked", "says"), REFUSALS)
def test_refusal(formula, marked, says, data):
    with pytest.raises(FormulaError) as caught:
        build_design(parse(formula), data, response="proportion" if "cbind" in formula else "real")
    error = caught.value
    assert formula[error.span.start : error.span.end] == marked
    assert says in error.reason
    assert "\n" not in error.reason
    _, second, third = str(error).splitlines()
    assert second == f"  {formula}"
    assert third.strip() == "^" * len(marked)
    assert third.index("^") == 2 + error.span.start
