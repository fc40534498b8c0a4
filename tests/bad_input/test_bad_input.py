"""Bad inputs of all families: an answer or one line each, in time; see `__main__.py` here for how to run one alone."""

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FAMILIES = (
    "formulas",
    "frames",
    "priors",
    "arguments",
    "questions",
    "cards",
    "studies",
    "shell",
    "tables",
    "paths",
    "names",
    "stored",
    "kinds",
)


def run(families: list[str], out: Path, *arguments: str) -> tuple[list[dict], str]:
    """The results of a run of the families, and what it printed of faults, by exception and place."""
    chosen = [part for family in families for part in ("--family", family)]
    done = subprocess.run(
        [sys.executable, str(HERE), *chosen, *arguments, "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1])},
    )
    assert done.returncode in (0, 1), done.stderr
    return [json.loads(line) for line in out.read_text().splitlines()], done.stdout


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[[str], list[dict]]]:
    """Serves the fast sample of a family in this process, as a worker would, which takes longer to start than to serve.

    An input that hangs, or that kills the process, ends the tests here; `python tests/bad_input` says which one it is.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(HERE)
        patch.setenv("MPLBACKEND", "agg")
        families, worker = import_module("families").FAMILIES, import_module("worker")

        def of_family(family: str) -> list[dict]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return [
                    worker.served(family, seed, names, limit=60.0, exits=True) | {"family": family, "seed": seed}
                    for seed in range(families[family].fast)
                ]

        with worker.little_memory():
            names = worker.warm()
            yield of_family


@pytest.mark.parametrize("family", FAMILIES)
def test_an_answer_or_one_line(serve, family):
    results = serve(family)
    assert results
    assert not told(results), told(results)
    # A family that never gets an answer, or never a refusal, would be aimed beside the doors.
    outcomes = {one["outcome"] for one in results}
    assert "refused" in outcomes


def told(results: list[dict]) -> str:
    """Faults as lines, each with the input that can be pasted."""
    faults = [one for one in results if one["outcome"] not in ("answer", "refused")]
    return "\n".join(
        f"{one['outcome']}: {one['exception']} in {one['place']}: {one['code']}   "
        f"(again: python tests/bad_input --family {one['family']} --seed {one['seed']})"
        for one in sorted(faults, key=lambda one: (one["exception"], one["place"]))
    )


@pytest.mark.slow
def test_thousands(tmp_path):
    results, said = run([], tmp_path / "slow.jsonl", "--size", "slow")
    assert len(results) >= 4000
    assert not told(results), said


@pytest.mark.slow
def test_every_argument_of_every_question(tmp_path):
    """One odd value at a time, all of the table; then some thousand pairs of them."""
    results, said = run(["questions"], tmp_path / "questions.jsonl", "--n", "6000")
    assert not told(results), said


@pytest.mark.slow
def test_every_argument_of_a_fit(tmp_path):
    """One odd value at a time, all of the table."""
    results, said = run(["arguments"], tmp_path / "arguments.jsonl", "--n", "1300")
    assert not told(results), said


@pytest.mark.slow
def test_the_pool_survives_what_hangs_and_what_dies(tmp_path):
    """The net itself: a hang, a death, a traceback, a message of two lines are found, and the next input is served."""
    results, _ = run(["net"], tmp_path / "net.jsonl", "--n", "6", "--limit", "3", "--workers", "1")
    found = {one["code"]: (one["outcome"], one["exception"]) for one in results}
    assert [outcome for outcome, _ in found.values()] == ["answer", "failed", "failed", "died", "refused", "hung"]
    assert found["1 / 0"] == ("failed", "ZeroDivisionError")
    assert found["os.abort()"] == ("died", "exit status -6")
