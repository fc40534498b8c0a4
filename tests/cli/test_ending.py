"""How runs end that are not let end well: signals, kills and full disks leave whole results and nothing else."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

CARD = """
[data]
source = "sleepstudy"
[model]
formula = "Reaction ~ Days + (1 | Subject)"
[sampler]
draws = 500
seed = 1
[report]
pictures = ["lines", "ranef", "sd"]
"""
# Sampling that lasts until it is ended.
ENDLESS = """
import signal, sys, time
from pathlib import Path
from bayesmix.cli.main import main
from bayesmix.report.analysis import analysis

def fit(*_, **__):
    Path("sampling").touch()
    time.sleep(60)

analysis.fit = fit
signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background ignores it
sys.exit(main(sys.argv[1:]))
"""
RUN = "import sys; from bayesmix.cli.main import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.toml").write_text(CARD)
    return tmp_path


def start(code: str, *arguments: str, **settings) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **settings
    )


def wait_for(path: Path, run: subprocess.Popen) -> None:
    while not path.exists():
        assert run.poll() is None, run.communicate()
        time.sleep(0.01)
    path.unlink()


def code_of(run: subprocess.Popen) -> int:
    run.communicate(timeout=600)
    return run.returncode


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [
        (signal.SIGTERM, 143, "Ended"),
        pytest.param(signal.SIGHUP, 129, "Ended", marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, 130, "Interrupted", marks=pytest.mark.slow),
    ],
)
def test_a_signal_ends_a_run_in_one_line(folder: Path, number, code, words):
    run = start(ENDLESS, "run", "c.toml", "--quiet")
    wait_for(folder / "sampling", run)
    assert any(name.startswith(".c.unfinished-") for name in names(folder / "results"))
    run.send_signal(number)
    out, err = run.communicate(timeout=30)
    assert (run.returncode, out, err) == (code, "", f"{words}; nothing was written.\n")
    assert names(folder) == ["c.toml"]


# The same with an audit that lasts.
AUDITED = """
import signal, sys, time
from pathlib import Path
from bayesmix.cli.main import main
from bayesmix.report.analysis import card_audit

def audit(*_, **__):
    Path("sampling").touch()
    time.sleep(60)

card_audit.audit = audit
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 1), (signal.SIGTERM, 143)])
def test_an_interrupt_ends_the_audit_alone_and_the_system_all(folder: Path, number, code):
    run = start(AUDITED, "run", "c.toml", "--out", "out")
    wait_for(folder / "sampling", run)
    run.send_signal(number)
    out, err = run.communicate(timeout=120)
    assert run.returncode == code
    if number == signal.SIGTERM:
        assert err.endswith("Ended; nothing was written.\n")
        assert names(folder) == ["c.toml"]
    else:
        assert "bayesmix: Audit: interrupted" in err
        assert "Audit: interrupted" in out
        assert {"fit.nc", "fixef.csv", "sd.png", "summary.txt"} < set(names(folder / "out"))
        assert "audit.csv" not in names(folder / "out")


@pytest.mark.slow
def test_a_signal_that_is_ignored_stays_ignored(folder: Path):
    run = start(
        f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{ENDLESS.replace('60', '1')}", "run", "c.toml"
    )
    wait_for(folder / "sampling", run)
    run.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    assert run.poll() is None
    run.terminate()
    assert code_of(run) == 143


@pytest.mark.slow
def test_a_second_run_at_the_same_folder_is_refused_before_sampling(folder: Path):
    first = start(ENDLESS, "run", "c.toml", "--out", "out")
    wait_for(folder / "sampling", first)
    second = subprocess.run(
        [sys.executable, "-c", ENDLESS, "run", "c.toml", "--out", "out"], capture_output=True, text=True, check=False
    )
    assert second.returncode == 2
    assert second.stderr.startswith("bayesmix: Another run is writing to 'out'")
    assert not (folder / "sampling").exists()
    first.kill()
    code_of(first)
    third = start(ENDLESS, "run", "c.toml", "--out", "out")
    wait_for(folder / "sampling", third)
    assert len([name for name in names(folder) if "unfinished" in name]) == 1  # the killed run's is gone
    third.terminate()
    assert code_of(third) == 143
    assert names(folder) == ["c.toml"]


def whole(results: Path) -> bool:
    return {"fit.nc", "session.json", "summary.txt", "fixef.csv", "lines.png"} < set(names(results))


MOMENTS = ("", "fit.nc", "fixef.csv", "tidy.csv", "lines.png", "sd.png", "session.json")  # a file that is there by then


def wait_for_moment(file: str, run: subprocess.Popen) -> None:
    """Until a run has made its hidden folder and in it a file, or has ended."""
    while run.poll() is None and not list(Path("out").glob(f".c.unfinished-*/{file}")):
        time.sleep(0.001)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "fresh"), [(signal.SIGKILL, MOMENTS[::2]), (signal.SIGTERM, MOMENTS[1::2])])
def test_a_run_ended_at_any_moment_leaves_whole_results(folder: Path, number, fresh):
    """At some moments where there are no results yet, at the others where there are those of an earlier run."""

    def run() -> subprocess.Popen:
        return start(RUN, "run", "c.toml", "--quiet", "--out", "out/c")

    ended, earlier = 0, False
    for file in sorted(MOMENTS, key=lambda moment: moment not in fresh):
        if file not in fresh and not earlier:
            assert code_of(run()) == 0
            earlier = True
        one = run()
        wait_for_moment(file, one)
        one.send_signal(number)
        _, err = one.communicate()
        # Python ignores what is raised while it collects garbage: that run goes on to its end.
        assert "Traceback" not in err or (err.startswith("Exception ignored in") and one.returncode == 0), err
        ended += one.returncode != 0
        results = folder / "out" / "c"
        assert not results.exists() or whole(results)
        assert results.exists() or not earlier
        if one.returncode == 143:
            assert err == "Ended; nothing was written.\n"
            assert not results.exists() or names(folder / "out") == ["c"]
            assert results.exists() or names(folder) == ["c.toml"]
    assert ended >= 4
    assert code_of(run()) == 0
    assert whole(folder / "out" / "c")
    assert names(folder / "out") == ["c"]


@pytest.fixture
def small_disk(tmp_path: Path):
    """A disk of 6 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6000k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="a small disk is mounted as Linux does it")
def test_a_full_disk(folder: Path, small_disk: Path):
    """From no room at all to room enough; where sampling was begun the fit is kept."""
    (folder / "tmp").mkdir()
    (folder / "c.toml").write_text(CARD.replace("draws = 500", "draws = 4000"))
    refused = kept = written = 0
    for free in (0, 500, 1100, 2000, 3000, 5900):
        (small_disk / "full").write_bytes(b"x" * 1024 * (5900 - free))
        run = start(RUN, "run", "c.toml", "--quiet", "--out", "disk/out", env={**os.environ, "TMPDIR": "tmp"})
        _, err = run.communicate()
        left = [name for name in names(small_disk) if name != "full"]
        if run.returncode == 0:
            written += 1
            assert whole(small_disk / "out")
            assert left == ["out"]
            shutil.rmtree(small_disk / "out")
            continue
        assert run.returncode == 2, (free, run.returncode, err)
        assert err.count("\n") == 1, err
        assert "No space left on device" in err
        assert left == []
        refused += "kept" not in err
        kept += "The fit is kept in" in err
    assert (refused, written) == (2, 1)
    assert kept == 3
    assert len(list((folder / "tmp").glob("bayesmix-*/fit.nc"))) == 3


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [10, 500])
def test_files_that_may_not_grow(folder: Path, kilobytes):
    run = start(
        RUN,
        *("run", "c.toml", "--quiet", "--out", "out"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024,) * 2),
        env={**os.environ, "TMPDIR": tempfile.gettempdir()},
    )
    _, err = run.communicate()
    assert run.returncode == 2
    assert err == "bayesmix: Results cannot be written to 'out': File too large.\n"
    assert names(folder) == ["c.toml"]
