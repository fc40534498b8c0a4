"""Codings of factors and functions of formulas against R's `model.matrix`: names and values, and values of new rows.

The numbers are in `references/model_matrix.json`, which `references/make_model_matrix.R` makes; so are fits of `lmer`
in which coded factors vary by group.
"""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.formula.matrices import build_design, new_rows
from bayesmix.formula.parse import parse

R = json.loads((Path(__file__).parents[1] / "references" / "model_matrix.json").read_text())
ROWS = R["coded"] + R["functions"]
STEPS = ["lo", "mid", "hi", "top"]
NEAR = {"rtol": 1e-12, "atol": 1e-12}


def typed(columns: dict, steps: list[str] = STEPS) -> pd.DataFrame:
    data = pd.DataFrame(columns)
    return data.assign(o=pd.Categorical(data["o"], steps, ordered=True))


DATA, NEW = typed(R["data"]), typed(R["new"])


def design_of(row: dict):
    return build_design(parse(f"y ~ {row['formula']}"), DATA, contrasts=row.get("contrasts"))


def identifier(row: dict) -> str:
    return f"{row['formula']} {row.get('contrasts', '')}".strip()


@pytest.mark.parametrize("row", ROWS, ids=identifier)
def test_columns_and_values_and_those_of_new_rows_are_those_of_r(row):
    design = design_of(row)
    np.testing.assert_allclose(design.fixed.matrix, row["values"], **NEAR)
    names = design.fixed.names
    assert len(names) == len(row["columns"])
    for ours, theirs in zip(names, row["columns"], strict=True):
        assert is_name_of_r(ours, theirs, design.learnt), (ours, theirs)
    if "new" in row:
        np.testing.assert_allclose(new_rows(design, NEW).fixed, row["new"], **NEAR)


def is_name_of_r(ours: str, theirs: str, learnt: dict) -> bool:
    """Whether a name is R's: that has no brackets, numbers where a coding has no names of its own, and C(f, coding)."""
    if ours == "Intercept":
        return theirs == "(Intercept)"
    mine, other = products(ours), products(theirs)
    return len(mine) == len(other) and all(
        any(plain(one) == plain(part) for part in possible(own, learnt)) for own, one in zip(mine, other, strict=True)
    )


def possible(part: str, learnt: dict) -> list[str]:
    """How R may write one variable of a column's name."""
    label, column = re.fullmatch(r"(.*?(?:\(.*\))?)(?:\[([^\[]*|.*[\[(].*)\])?", part).groups()
    if column is None:
        return [label]
    levels = learnt.get(f"levels of {label}", ())
    numbers = {level: str(number) for number, level in enumerate(levels, start=1)}
    numbered = {
        **numbers,
        **{f"S.{level}": number for level, number in numbers.items()},
        **{f"H.{level}": str(int(number) - 1) for level, number in numbers.items()},
        **{f"{a}-{b}": f"{numbers[a]}-{numbers[b]}" for a in levels for b in levels},
    }
    return [
        label + text for text in (column, column.upper(), numbered.get(column, column), "" if column == "1" else column)
    ]


def products(name: str) -> list[str]:
    """The variables of a product: a colon inside of parentheses or brackets is no sign of one."""
    parts, depth = [""], 0
    for character in name:
        depth += (character in "([") - (character in ")]")
        if character == ":" and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def plain(name: str) -> str:
    """A name without blanks, TRUE for T, and C(f, coding) as C(f)."""
    name = name.replace(" ", "").replace("TRUE", "T").replace("FALSE", "F")
    if not name.startswith("C("):
        return name
    depth, comma = 0, None
    for place, character in enumerate(name):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 1 and comma is None:
            comma = place
        if character == ")" and depth == 0:
            return name[: comma or place] + name[place:]
    return name


@pytest.mark.parametrize("number", range(len(R["fits"])))
def test_reml_with_coded_random_slopes_is_lmers(number):
    theirs = R["fits"][number]
    fit = bm.reml(theirs["formula"], typed(R["many"], STEPS[:3]))
    assert fit.criterion == pytest.approx(theirs["criterion"], abs=1e-6)
    table = bm.fixef(fit)
    np.testing.assert_allclose(table["estimate"], theirs["beta"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(table["se"], theirs["se"], rtol=1e-4)
    sds = [value for (_, one, other), value in bm.varcorr(fit)["estimate"].items() if one == other]
    np.testing.assert_allclose(sds, theirs["sds"], rtol=1e-3)
