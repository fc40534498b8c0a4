"""What the documents for people who change the package say is there is there, and examples in docstrings run.

Paths in backticks exist, tables of rooms name the rooms of `test_rooms.py`, the picture of imports has its floors, and
every example that is not marked as slow gives what stands below it.
"""

import doctest
import importlib
import re
import runpy
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

import bayesmix as bm

TOP = Path(__file__).parents[1]
PACKAGE = TOP / "bayesmix"
GUIDES = ("CONTRIBUTING.md", "docs/architecture.md", "tests/README.md")
WRITTEN = re.compile(r"`((?:\.?\w)[\w./-]+)`")
ENDINGS = {".py", ".pyi", ".md", ".toml", ".png", ".cff", ".ipynb"}
RULES = runpy.run_path(str(TOP / "tests/test_rooms.py"))
FLOORS, INNER_FLOORS = RULES["FLOORS"], RULES["INNER_FLOORS"]
PICTURE = runpy.run_path(str(TOP / "docs/draw_architecture.py"))
WITH_EXAMPLES = sorted(path for path in PACKAGE.rglob("*.py") if ">>>" in path.read_text())


@pytest.mark.parametrize("guide", GUIDES)
def test_paths_exist(guide):
    text = (TOP / guide).read_text()
    paths = [path for path in WRITTEN.findall(text) if "/" in path or Path(path).suffix in ENDINGS]
    assert len(paths) > 10
    bases = (TOP, PACKAGE, TOP / "tests")
    assert [path for path in paths if not any((base / path).exists() for base in bases)] == []
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not (TOP / guide).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_tables_of_rooms_name_the_rooms(document):
    _, table = re.split(r"\n\| room \|.*\n\|[-|]+\n", (TOP / document).read_text())
    first_cells = [row.split("|")[1] for row in table.split("\n\n")[0].splitlines()]
    named = {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders <= named <= set(FLOORS)


def test_rooms_within_rooms_that_the_architecture_names_exist():
    text = (TOP / "docs/architecture.md").read_text()
    for room in INNER_FLOORS:
        row = next(line for line in text.splitlines() if line.startswith(f"| `{room}` | ") and "/" not in line)
        folders = {path.parent.name for path in (PACKAGE / room).glob("*/__init__.py")}
        assert set(re.findall(r"`(\w+)`", row.split("|")[2])) - {"Fit"} == folders


def test_the_picture_has_the_floors_of_the_test():
    rooms, ground = PICTURE["ROOMS"], PICTURE["GROUND"]
    assert {*rooms, *ground, "__main__"} == set(FLOORS)
    for one in rooms:
        assert FLOORS[one] > max(FLOORS[name] for name in ground)
        for other in rooms:
            higher = rooms[one].floor > rooms[other].floor
            assert higher == (FLOORS[one] > FLOORS[other]), f"{one} and {other} do not stand on their floors"


def test_the_picture_has_the_floors_within_rooms():
    for name, room in PICTURE["ROOMS"].items():
        floors = [[INNER_FLOORS[name][inner] for inner in row] for row in room.within]
        assert all(min(upper) >= max(lower) for upper, lower in pairwise(floors))


def test_every_arrow_of_the_picture_goes_down():
    imports = PICTURE["imports_between_rooms"]()
    assert imports["inference", "modelling"] > 20
    assert all(FLOORS[above] > FLOORS[below] for above, below in imports if above != "__init__")


def test_the_picture_can_be_drawn(tmp_path):
    PICTURE["draw"](tmp_path / "architecture.png")
    assert (tmp_path / "architecture.png").read_bytes().startswith(b"\x89PNG")


def test_the_citation_agrees_with_the_package():
    citation = dict(re.findall(r"^([a-z-]+): *(.*)$", (TOP / "CITATION.cff").read_text(), re.MULTILINE))
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])


@pytest.fixture(scope="module")
def fit():
    return bm.fit("Reaction ~ Days + (Days | Subject)", bm.load_data("sleepstudy"), seed=1, progress=False)


def examples(path: Path, names: dict) -> list[doctest.DocTest]:
    """Those of the functions and classes of a file."""
    module = importlib.import_module(".".join(path.relative_to(TOP).with_suffix("").parts))
    own = {name: value for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__}
    finder = doctest.DocTestFinder(recurse=False, exclude_empty=True)
    globs = {**vars(module), **names}
    found = [test for name, value in own.items() for test in finder.find(value, name, module=False, globs=globs)]
    return [test for test in found if test.examples]


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_examples_in_docstrings_run(path, fit):
    tests = examples(path, {"bm": bm, "fit": fit})
    assert sum(len(test.examples) for test in tests) == path.read_text().count(">>>")
    said: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    for test in tests:
        runner.run(test, out=said.append, clear_globs=False)
    assert not said, "".join(said)
