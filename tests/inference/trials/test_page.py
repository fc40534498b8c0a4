"""docs/trials.md prints what it says it prints."""

import contextlib
import io
import re

import pytest

from ...conftest import REFERENCES

PAGE = (REFERENCES.parents[1] / "docs" / "trials.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.slow
def test_the_page_of_trials_is_true():
    names: dict = {}
    assert len(BLOCKS) == 5
    for code, printed in BLOCKS:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(code, names)
        assert said.getvalue() == printed
