"""Results are whole and of one run: what others put there stays, what killed runs left goes, one run is at work."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bayesmix.errors import OutputError
from bayesmix.report.analysis.results_folder import whole_folder

from ..conftest import paths_in

SESSION = '{"written_by": "bayesmix", "files": ["session.json", "fit.nc"]}'


def write(target: Path, content: str = "old") -> None:
    with whole_folder(target) as folder:
        (folder / "fit.nc").write_text(content)
        (folder / "session.json").write_text(SESSION)


def test_a_folder_of_results_cannot_name_what_is_deleted(tmp_path: Path):
    out, precious = tmp_path / "out", tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis").write_text("x")
    for name, make in {
        "precious": lambda path: (path.mkdir(), (path / "thesis").write_text("x")),
        "thesis.tex": lambda path: path.write_text("x"),
        "fit.nc": lambda path: path.mkdir(),
        "lines.png": lambda path: path.symlink_to(precious),
        "session.json.bak": lambda path: path.write_text("x"),
        "ranef_../x.png": lambda _: None,
        ".ipynb_checkpoints": lambda path: path.mkdir(),
    }.items():
        out.mkdir()
        make(out / name)
        (out / "session.json").write_text(json.dumps({"written_by": "bayesmix", "files": ["session.json", name]}))
        before = paths_in(tmp_path)
        if "/" in name:
            write(out)  # such a name is no file's, and nothing outside the folder goes
            assert (precious / "thesis").exists()
        else:
            with pytest.raises(OutputError, match="1 files that bayesmix did not write"):
                write(out)
            assert paths_in(tmp_path) == before
        subprocess.run(["rm", "-r", str(out)], check=True)


def test_results_that_someone_added_to_while_a_model_was_fitted_stay(tmp_path: Path):
    write(tmp_path / "out")

    def run() -> None:
        with whole_folder(tmp_path / "out") as folder:
            (folder / "fit.nc").write_text("new")
            (tmp_path / "out" / "notes.md").write_text("x")

    with pytest.raises(OutputError, match=r"notes\.md"):
        run()
    assert paths_in(tmp_path) == ["out", "out/fit.nc", "out/notes.md", "out/session.json"]
    assert (tmp_path / "out" / "fit.nc").read_text() == "old"


def test_one_run_at_a_time(tmp_path: Path):
    target = tmp_path / "out"
    with whole_folder(target) as folder:
        (folder / "fit.nc").write_text("first")
        with pytest.raises(OutputError, match=r"Another run is writing to '.*out'; wait"), whole_folder(target):
            pass
        (folder / "session.json").write_text(SESSION)
    assert paths_in(tmp_path) == ["out", "out/fit.nc", "out/session.json"]
    write(target, "second")
    assert (target / "fit.nc").read_text() == "second"


def test_what_killed_runs_left_is_cleared(tmp_path: Path):
    for name in (".out.unfinished-abcdefgh", ".out.unfinished-abcdefg2", ".out.replaced-abcdefgh"):
        (tmp_path / name).mkdir()
        for file in ("fit.nc", "session.json", *(("ranef_g.png", ".fit.nc.unfinished-x3_y") if "un" in name else ())):
            (tmp_path / name / file).write_text(SESSION if file == "session.json" else name)
    (tmp_path / ".out.lock").write_text("")
    others = (".out.unfinished-notes", ".other.unfinished-abcdefgh", ".out.unfinished-abcdefg3")
    for name in others:
        (tmp_path / name).mkdir()
    (tmp_path / ".out.unfinished-abcdefg3" / "precious").write_text("x")
    (tmp_path / ".out.unfinished-abcdefg4").symlink_to(tmp_path / others[1])
    with whole_folder(tmp_path / "out") as folder:
        # Moved aside, with nothing in its place: these results are back.
        assert (tmp_path / "out" / "fit.nc").read_text() == ".out.replaced-abcdefgh"
        (folder / "fit.nc").write_text("new")
    assert paths_in(tmp_path / "out") == ["fit.nc"]
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"out", *others, ".out.unfinished-abcdefg4"}


def test_without_locks_what_is_older_than_a_day_is_cleared(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("bayesmix.report.analysis.sole_writer.fcntl", None)
    for name, age in ((".out.unfinished-abcdefgh", 25 * 3600), (".out.unfinished-abcdefg2", 3600)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    write(tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"out", ".out.unfinished-abcdefg2"}


def test_a_name_that_leaves_no_room_for_a_hidden_one(tmp_path: Path):
    for content in ("old", "new"):
        write(tmp_path / ("é" * 127), content)
        assert paths_in(tmp_path) == ["é" * 127, f"{'é' * 127}/fit.nc", f"{'é' * 127}/session.json"]
    assert (tmp_path / ("é" * 127) / "fit.nc").read_text() == "new"


DYING = """
import os, sys
from pathlib import Path
from bayesmix.report.analysis.results_folder import whole_folder

STEPS = ("mkdir", "open", "rename", "unlink", "rmdir", "chmod", "fsync")
FILES = {"session.json": '{"written_by": "bayesmix", "files": ["session.json", "fit.nc"]}'}

def write(target, content):
    with whole_folder(target) as folder:
        for name, text in {**FILES, "fit.nc": content}.items():
            (folder / name).write_text(text)

def dying_at(last):
    left = [last]
    def step(do):
        def done(*arguments, **settings):
            result = do(*arguments, **settings)
            left[0] -= 1
            if left[0] == 0:
                os._exit(9)
            return result
        return done
    for name in STEPS:
        setattr(os, name, step(getattr(os, name)))

def whole(target):
    return {path.name for path in target.iterdir()} == {"session.json", "fit.nc"}

parent = Path(sys.argv[1])
died = gone = 0
for there in (False, True):
    for last in range(1, 100):
        target = parent / f"{there}{last}" / "out"
        target.parent.mkdir()
        if there:
            write(target, "old")
        child = os.fork()
        if not child:
            dying_at(last)
            write(target, "new")
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        died += code == 9
        assert not target.exists() or whole(target), (there, last)
        gone += there and not target.exists()
        kept = target.exists() or any(".replaced-" in path.name for path in target.parent.iterdir())
        assert kept or not there, last
        write(target, "next")
        assert whole(target) and (target / "fit.nc").read_text() == "next", (there, last)
        assert [path.name for path in target.parent.iterdir()] == ["out"], (there, last)
        if code == 0:
            break
print(died, gone)
"""


def python(code: str, *arguments: str, **settings) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **settings
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the runs are forked")
def test_a_run_killed_at_any_step_leaves_whole_results_and_the_next_clears(tmp_path: Path):
    run = python(DYING, str(tmp_path))
    out, err = run.communicate(timeout=60)
    assert run.returncode == 0, err
    died, gone = map(int, out.split())
    assert died > 25  # at this many steps: new results and replaced ones
    assert gone == 1  # between two renames, after which the next run brings the old results back


RACING = """
import sys, time
from pathlib import Path
from bayesmix.errors import OutputError
from bayesmix.report.analysis.results_folder import whole_folder

target, name, other, wanted = Path(sys.argv[1]), *sys.argv[2:4], int(sys.argv[4])
(target.parents[1] / name).touch()
while not (target.parents[1] / other).exists():
    time.sleep(0.001)
done = refused = 0
while done < wanted:
    try:
        with whole_folder(target) as folder:
            for file in ("fit.nc", "fixef.csv", "lines.png"):
                (folder / file).write_text(f"{name} {done}")
            (folder / "session.json").write_text(
                '{"written_by": "bayesmix", "files": ["fit.nc", "fixef.csv", "lines.png", "session.json"]}'
            )
        done += 1
    except OutputError as error:
        assert "Another run is writing" in str(error), error
        refused += 1
        time.sleep(0.001)
print(done, refused)
"""


def race(parent: Path, wanted: int) -> None:
    """Two processes begin together, and each writes results so many times."""
    target, names = parent / "results" / "out", ("first", "second")
    runs = [python(RACING, str(target), *pair, str(wanted)) for pair in (names, names[::-1])]
    said = [run.communicate(timeout=300) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert [path.name for path in target.parent.iterdir()] == ["out"]
    assert len({(target / file).read_text() for file in ("fit.nc", "fixef.csv", "lines.png")}) == 1
    assert len(list(target.iterdir())) == 4
    assert sum(int(out.split()[1]) for out, _ in said) > 0  # they did meet


def test_two_runs_at_one_folder(tmp_path: Path):
    race(tmp_path, 100)


@pytest.mark.slow
def test_two_runs_at_one_folder_many_times(tmp_path: Path):
    race(tmp_path, 400)
