"""A results folder is whole, of one run, and tried before anything is fitted; what killed runs leave goes away."""

import errno
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bayesmix import modelling
from bayesmix.cli.main import main
from bayesmix.errors import ArgumentError, OutputError, SamplingError, StoredFitError
from bayesmix.modelling.storage import storage
from bayesmix.modelling.storage.storage import load
from bayesmix.report import results_folder
from bayesmix.report.analysis import run_card
from bayesmix.report.card import Card, DataPart, ModelPart, ReportPart
from bayesmix.report.result_files import file_names, is_result
from bayesmix.report.results_folder import whole_folder

CARD = Card(
    "sleep", DataPart(source="sleepstudy"), ModelPart("Reaction ~ Days + (1 | Subject)"), report=ReportPart(pictures=())
)
SESSION = '{"written_by": "bayesmix", "files": ["session.json", "fit.nc"]}'


def silent(_: str) -> None:
    pass


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def write(target: Path, content: str = "old") -> None:
    with whole_folder(target) as folder:
        (folder / "fit.nc").write_text(content)
        (folder / "session.json").write_text(SESSION)


def link(there: str):
    def make(folder: Path) -> str:
        (folder / "there").mkdir()
        (folder / "out").symlink_to(folder / there)
        return "out"

    return make


REFUSED = {
    "no folder can be made there": (lambda _: "/proc/x", OutputError, "No such file"),
    "in a file": (lambda _: "/dev/null/x", OutputError, "Not a directory"),
    "deep in a file": (lambda _: "/dev/null/x/y", OutputError, "Not a directory"),
    "a device": (lambda _: "/dev/null", OutputError, "is a file"),
    "too long a name": (lambda _: "x" * 300, OutputError, "too long"),
    "a NUL": (lambda _: "a\0b", OutputError, "NUL"),
    "nobody's home": (lambda _: "~nosuchuser/x", OutputError, "home"),
    "a link": (link("there"), OutputError, "is a link"),
    "a link to nowhere": (link("nowhere"), OutputError, "is a link"),
    "the current directory": (lambda _: "", OutputError, "current directory"),
    "a number": (lambda _: 1, ArgumentError, "got int"),
    "bytes": (lambda _: b"x", ArgumentError, "got bytes"),
}


@pytest.mark.parametrize(("make", "kind", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_a_place_that_takes_no_results_is_found_before_sampling(sampled, tmp_path: Path, make, kind, words):
    out = make(tmp_path)
    before = everything(tmp_path)
    with pytest.raises(kind, match=words) as caught:
        run_card(CARD, out, show=silent)
    assert "\n" not in str(caught.value)
    assert sampled == []
    assert everything(tmp_path) == before


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG, errno.EROFS, errno.EDQUOT])
def test_a_full_disk_is_found_before_sampling(sampled, tmp_path: Path, monkeypatch, number):
    def refuse(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OutputError, match=os.strerror(number)):
        run_card(CARD, "new/out", show=silent)
    assert sampled == []
    assert everything(tmp_path) == []


@pytest.mark.usefixtures("sampled")
@pytest.mark.parametrize("moment", ["saving", "tables", "replacing"])
@pytest.mark.parametrize(
    "number",
    [
        errno.ENOSPC,
        errno.ENOTEMPTY,
        *(pytest.param(one, marks=pytest.mark.slow) for one in (errno.ENOENT, errno.EEXIST, errno.EFBIG)),
    ],
)
def test_a_disk_that_refuses_at_the_end_costs_no_fit(tmp_path: Path, monkeypatch, number, moment):
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    refusal = OSError(number, os.strerror(number))
    save = storage.save

    def refuse(*_, **__):
        raise refusal

    def refuse_here(fit, path):
        if "out" in str(path):
            raise StoredFitError(f"'fit.nc' cannot be written: {os.strerror(number)}.") from refusal
        return save(fit, path)

    if moment == "saving":
        monkeypatch.setattr(storage, "save", refuse_here)
    elif moment == "tables":
        monkeypatch.setattr("bayesmix.report.analysis.write_tables", refuse)
    else:
        monkeypatch.setattr(results_folder, "_take_place", refuse)
    with pytest.raises(OutputError, match=os.strerror(number)) as caught:
        run_card(CARD, "out", show=silent)
    assert "\n" not in str(caught.value)
    kept = re.search(r"kept in '(.+)' \(fit\.nc\): read it with bm\.load", str(caught.value))
    assert kept is not None
    assert load(Path(kept[1]) / "fit.nc").formula == CARD.model.formula
    assert [path.name for path in tmp_path.iterdir()] == ["tmp"]


@pytest.mark.usefixtures("sampled")
def test_a_fit_that_can_be_kept_nowhere(tmp_path: Path, monkeypatch):
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))

    def refuse(*_):
        raise StoredFitError("'fit.nc' cannot be written: No space left on device.") from OSError(
            errno.ENOSPC, "No space left on device"
        )

    monkeypatch.setattr(storage, "save", refuse)
    with pytest.raises(OutputError, match=r"No space left on device\..*Neither could the fit be kept"):
        run_card(CARD, "out", show=silent)
    assert everything(tmp_path) == ["tmp"]


@pytest.mark.usefixtures("sampled")
def test_a_layer_or_a_question_that_fails_costs_no_fit(tmp_path: Path, monkeypatch, capsys):
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))

    def fail(_):
        raise SamplingError("A term could not be tested.")

    monkeypatch.setattr("bayesmix.report.analysis.bayes_factors", fail)
    text = '[data]\nsource = "sleepstudy"\n[model]\nformula = "Reaction ~ Days + (Days | Subject)"\n'
    text += '[questions]\nrand = true\n[report.layers]\n"a b" = "Reaction ~ Days + (1 | Subject)"\n'
    (tmp_path / "c.toml").write_text(text)
    assert main(["run", "c.toml", "--quiet"]) == 2
    err = capsys.readouterr().err
    assert re.fullmatch(r"bayesmix: A term .* The fit is kept in '.*' \(fit\.nc, layer_1\.nc\): read .*\n", err)
    assert len(list((tmp_path / "tmp").rglob("*.nc"))) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"c.toml", "tmp"}


def test_the_data_may_go_while_a_model_is_fitted(sampled, tmp_path: Path, monkeypatch):
    from_disk = tmp_path / "d.csv"
    from_disk.write_bytes((Path(modelling.__file__).parents[1] / "data" / "files" / "sleepstudy.csv").read_bytes())
    analyse = run_card.__globals__["analyse_plan"]

    def remove_then_analyse(*arguments, **settings):
        from_disk.unlink()
        return analyse(*arguments, **settings)

    monkeypatch.setitem(run_card.__globals__, "analyse_plan", remove_then_analyse)
    card = Card("c", DataPart(path=from_disk), CARD.model, report=CARD.report)
    folder = run_card(card, show=silent).folder
    assert len(json.loads((folder / "session.json").read_text())["data"]["sha256"]) == 64
    assert len(sampled) == 1


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
        before = everything(tmp_path)
        if "/" in name:
            write(out)  # such a name is no file's, and nothing outside the folder goes
            assert (precious / "thesis").exists()
        else:
            with pytest.raises(OutputError, match="1 files that bayesmix did not write"):
                write(out)
            assert everything(tmp_path) == before
        subprocess.run(["rm", "-r", str(out)], check=True)


def test_results_that_someone_added_to_while_a_model_was_fitted_stay(tmp_path: Path):
    write(tmp_path / "out")

    def run() -> None:
        with whole_folder(tmp_path / "out") as folder:
            (folder / "fit.nc").write_text("new")
            (tmp_path / "out" / "notes.md").write_text("x")

    with pytest.raises(OutputError, match=r"notes\.md"):
        run()
    assert everything(tmp_path) == ["out", "out/fit.nc", "out/notes.md", "out/session.json"]
    assert (tmp_path / "out" / "fit.nc").read_text() == "old"


def test_one_run_at_a_time(tmp_path: Path):
    target = tmp_path / "out"
    with whole_folder(target) as folder:
        (folder / "fit.nc").write_text("first")
        with pytest.raises(OutputError, match=r"Another run is writing to '.*out'; wait"), whole_folder(target):
            pass
        (folder / "session.json").write_text(SESSION)
    assert everything(tmp_path) == ["out", "out/fit.nc", "out/session.json"]
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
    assert everything(tmp_path / "out") == ["fit.nc"]
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"out", *others, ".out.unfinished-abcdefg4"}


def test_without_locks_what_is_older_than_a_day_is_cleared(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("bayesmix.report.sole_writer.fcntl", None)
    for name, age in ((".out.unfinished-abcdefgh", 25 * 3600), (".out.unfinished-abcdefg2", 3600)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    write(tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"out", ".out.unfinished-abcdefg2"}


def test_a_name_that_leaves_no_room_for_a_hidden_one(tmp_path: Path):
    for content in ("old", "new"):
        write(tmp_path / ("é" * 127), content)
        assert everything(tmp_path) == ["é" * 127, f"{'é' * 127}/fit.nc", f"{'é' * 127}/session.json"]
    assert (tmp_path / ("é" * 127) / "fit.nc").read_text() == "new"


DYING = """
import os, sys
from pathlib import Path
from bayesmix.report.results_folder import whole_folder

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
from bayesmix.report.results_folder import whole_folder

target, name, seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
done = refused = 0
end = time.monotonic() + seconds
while time.monotonic() < end:
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


def race(parent: Path, seconds: float) -> None:
    target = parent / "results" / "out"
    runs = [python(RACING, str(target), name, str(seconds)) for name in ("first", "second")]
    said = [run.communicate(timeout=60 + seconds) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert [path.name for path in target.parent.iterdir()] == ["out"]
    assert len({(target / file).read_text() for file in ("fit.nc", "fixef.csv", "lines.png")}) == 1
    assert len(list(target.iterdir())) == 4
    assert all(int(out.split()[0]) > 0 for out, _ in said)


def test_two_runs_at_one_folder(tmp_path: Path):
    race(tmp_path, 1.0)


@pytest.mark.slow
def test_two_runs_at_one_folder_for_long(tmp_path: Path):
    race(tmp_path, 10.0)


def test_names_of_files_are_distinct_and_names_of_results():
    names = file_names(["a b", "a-b", "A B", "a-b-2", "g" * 400, "g" * 401, "日" * 200, "", "a/../b", "x\0y", "\ud800"])
    as_on_disk = {name.casefold() for name in names.values()}
    assert len(as_on_disk) == len(names)
    assert names["a b"] == "a-b"
    for name in names.values():
        assert all(is_result(f"ranef_{name}.{ending}") for ending in ("png", "pdf", "svg"))
        assert len(f"ranef_{name}.png".encode()) < 200
        assert not set(name) & set("/\\:\0")


@pytest.mark.parametrize(
    "name", ["precious", "fit.nc.bak", "x.csv", "fixef.csv\n", "ranef_/x.png", "ranef_.png", "sd.jpg", ""]
)
def test_what_no_run_writes_is_no_result(name: str):
    assert not is_result(name)
