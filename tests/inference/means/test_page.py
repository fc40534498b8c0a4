"""docs/means.md prints what it says it prints; tables as pages."""

import contextlib
import io
import re

import pytest

import bayesmix as bm

from ...conftest import REFERENCES

PAGE = (REFERENCES.parents[1] / "docs" / "means.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", PAGE, re.DOTALL)


def told(code: str, names: dict) -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(code, names)
    return said.getvalue()


@pytest.mark.slow
def test_the_page_of_means_is_true():
    names: dict = {}
    assert len(BLOCKS) == 6
    for code, printed in BLOCKS:
        assert told(code, names) == printed


def test_families_stand_under_headings():
    fit = bm.lm("yield ~ irrigation * variety", bm.load_data("irrigation"))
    found = bm.emmeans(fit, "irrigation", by="variety")
    lines = str(found).splitlines()
    assert lines[0] == "variety = v1:"
    assert lines[1].split()[:3] == ["irrigation", "emmean", "se"]
    assert lines[2].split()[:2] == ["i1", "38.5"]
    assert "variety = v2:" in lines
    assert lines[-1] == "Intervals: 95 %, t."
    assert max(map(len, lines)) <= 80
    page = found._repr_html_()
    assert "variety = v1" in page
    assert "Intervals: 95 %, t." in page
    assert not str(found.iloc[:2]).startswith("variety")


def test_a_long_table_shows_its_ends():
    fit = bm.lm("Reaction ~ Days", bm.load_data("sleepstudy"))
    found = bm.emmeans(fit, "Days", at={"Days": list(range(200))})
    assert "[200 rows x" in str(found)
