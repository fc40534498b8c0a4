"""What a new machine needs to know stands in pyproject.toml."""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

TOP = Path(__file__).parents[1]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]


# Every version of these that pyproject allows needs Python 3.12.
NEED_3_12 = {"arviz-base", "arviz-stats", "arviz-plots", "bambi", "nutpie", "pymc"}


def test_what_an_old_interpreter_lacks_is_marked():
    """Else pip reports the first dependency that it cannot find, and not the interpreter."""
    requirements = {requirement.name: requirement for requirement in map(Requirement, PROJECT["dependencies"])}
    for name in NEED_3_12:
        marker = requirements[name].marker
        assert marker is not None, f"{name} needs the marker python_version >= '3.12'"
        assert not marker.evaluate({"python_version": "3.11"})


def test_the_interpreter_that_a_machine_should_take_is_new_enough():
    assert SpecifierSet(PROJECT["requires-python"]).contains((TOP / ".python-version").read_text().strip())


def test_the_readme_begins_with_the_two_commands():
    blocks = (TOP / "README.md").read_text().split("```")[1::2]
    assert blocks[0].rstrip().endswith("bayesmix run models/sleepstudy.toml")
    assert "-m pytest " in blocks[1]
    assert blocks[1].rstrip().endswith("-m 'not slow'")
    assert all("python3 -m venv" in block for block in blocks[:2])
