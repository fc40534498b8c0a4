"""Bad inputs of all families: an answer or one line each, in time; see `__main__.py` here for how to run one alone."""

import json
import os
import subprocess
import sys
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
def fast(request, tmp_path_factory) -> dict[str, list[dict]]:
    """The fast sample, of the families that are tested in this session, in one run."""
    asked = {item.callspec.params["family"] for item in request.session.items if item.originalname == _OF_FAMILY}
    chosen, out = [one for one in FAMILIES if one in asked], tmp_path_factory.mktemp("bad") / "fast.jsonl"
    results, _ = run(chosen, out, "--workers", "1")  # a worker takes longer to start than to serve the sample
    return {family: [one for one in results if one["family"] == family] for family in FAMILIES}


_OF_FAMILY = "test_an_answer_or_one_line"


@pytest.mark.parametrize("family", FAMILIES)
def test_an_answer_or_one_line(fast, family):
    results = fast[family]
    assert results
    assert not told(results), told(results)
    # A family that never gets an answer, or never a refusal, would be aimed beside the doors.
    outcomes = {one["outcome"] for one in results}
    assert "refused" in outcomes


def told(results: list[dict]) -> str:
    """Faults as lines, each with the input that can be pasted."""
    faults = [one for one in results if one["is_fault"]]
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
