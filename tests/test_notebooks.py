"""Notebooks come in pairs: the `.py` is the source, the `.ipynb` the same cells with what they gave."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
import pytest

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
SOURCES = sorted(NOTEBOOKS.glob("*.py"))
GREATEST_SIZE = 1_500_000  # bytes; pictures are stored in the file

# A notebook keeps all that its cells print, and with it what installers and warnings tell of the machine.
UNWANTED = {
    "a path of a machine": r"(?<![\w.])/(?:home|root|Users|tmp|work|var|opt|usr)/|[A-Z]:\\+Users|site-packages",
    "an address other than a DOI": r"https?://(?!doi\.org/)|index-url",
    "a warning": r"\w*Warning\b",
}


def executed(source: Path) -> Any:
    return jupytext.read(source.with_suffix(".ipynb"))


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def texts_of(output: Any) -> Iterator[str]:
    """Everything readable in an output; pictures are left out."""
    if output.output_type == "stream":
        yield output.text
    elif output.output_type == "error":
        yield "\n".join(output.traceback)
    else:
        yield from (str(text) for kind, text in output.data.items() if not kind.startswith("image/"))


def everything_readable(notebook: Any) -> str:
    parts = [str(notebook.metadata)]
    for cell in notebook.cells:
        parts += [cell.source, str(cell.metadata)]
        for output in cell.get("outputs", []):
            parts += texts_of(output)
    return "\n".join(parts)


def test_there_are_notebooks():
    assert SOURCES


def test_no_notebook_is_without_its_source():
    assert {file.stem for file in NOTEBOOKS.glob("*.ipynb")} == {file.stem for file in SOURCES}


@pytest.mark.parametrize("source", SOURCES, ids=lambda file: file.stem)
class TestPair:
    def test_has_the_cells_of_its_source_in_their_order(self, source):
        wanted = [(cell.cell_type, cell.source) for cell in jupytext.read(source).cells]
        assert [(cell.cell_type, cell.source) for cell in executed(source).cells] == wanted

    def test_was_executed_once_from_top_to_bottom(self, source):
        counts = [cell.execution_count for cell in code_cells(executed(source))]
        assert counts == list(range(1, len(counts) + 1))

    def test_shows_results_and_no_errors(self, source):
        outputs = [output for cell in code_cells(executed(source)) for output in cell.outputs]
        kinds = {output.output_type for output in outputs}
        assert kinds & {"execute_result", "display_data"}
        assert "error" not in kinds
        assert not [output.text for output in outputs if output.get("name") == "stderr"]

    @pytest.mark.parametrize("what", UNWANTED)
    def test_tells_nothing_of_the_machine_it_ran_on(self, source, what):
        assert not re.findall(UNWANTED[what], everything_readable(executed(source)))

    def test_stays_the_same_when_executed_again(self, source):
        notebook = executed(source)
        assert notebook.metadata.kernelspec.name == "python3"
        assert not [cell.metadata for cell in notebook.cells if "execution" in cell.metadata]

    def test_is_small_enough_to_be_kept(self, source):
        assert source.with_suffix(".ipynb").stat().st_size < GREATEST_SIZE


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES, ids=lambda file: file.stem)
def test_source_runs_and_leaves_nothing_behind(source, tmp_path):
    shutil.copy(source, tmp_path)
    run = subprocess.run(
        [sys.executable, source.name],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "Agg", "PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert [file.name for file in tmp_path.iterdir()] == [source.name]
