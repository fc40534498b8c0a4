"""docs/model_in_words.md prints what it says it prints."""

import re
from contextlib import redirect_stdout
from importlib.metadata import version
from io import StringIO
from pathlib import Path

PAGE = (Path(__file__).parents[3] / "docs" / "model_in_words.md").read_text(encoding="utf-8")


def test_the_page_runs_as_a_whole():
    names = {}
    blocks = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == PAGE.count("```python")
    for code, printed in blocks:
        with redirect_stdout(StringIO()) as shown:
            exec(code, names)
        assert shown.getvalue() == printed.replace("bayesmix 0.1.0", f"bayesmix {version('bayesmix')}")
