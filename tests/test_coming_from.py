"""docs/coming_from.md tells people from R and Bambi what to type; every line of its third column is run here."""

import os
import re
from pathlib import Path

import arviz_stats
import pytest

import bayesmix as bm

PAGE = (Path(__file__).parents[1] / "docs" / "coming_from.md").read_text(encoding="utf-8")


def lines(heading: str) -> list[str]:
    section = PAGE.split(f"## From {heading}")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]
    cells = [row.replace("\\|", "\0").strip("|").split("|")[-1] for row in rows]
    return [cell.strip().strip("`").replace("\0", "|") for cell in cells]


@pytest.mark.parametrize("heading", ["R: lme4", pytest.param("brms", marks=pytest.mark.slow), "Bambi"])
def test_each_line_runs(heading, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seen = {"bm": bm, "arviz_stats": arviz_stats}
    seen |= {name: bm.load_data(name) for name in ("sleepstudy", "cbpp")}
    run = lines(heading)
    assert len(run) > 6
    for line in run:
        if re.match(r"\w+ = ", line):
            exec(line, seen)
        else:
            answer = eval(line, seen)
            assert answer is not None or line.startswith(("print", "bm.save"))
    assert os.listdir(tmp_path) == (["fit.nc"] if heading == "brms" else [])
