"""Nothing lost and nothing twice: stores of loci that are interrupted, killed, full, or of another run."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
import pytest

from bayesmix import disk
from bayesmix.errors import OutputError, SamplingError
from bayesmix.loci.coordinator import DIED
from bayesmix.loci.store.lock import sole_writer
from bayesmix.loci.store.manifest import Manifest, read_manifest
from bayesmix.loci.store.store import Store, missing

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def arithmetic():
    """The engine, by a name under which workers find it, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(HERE)
        yield import_module("arithmetic")


@pytest.fixture(scope="module")
def run(arithmetic):
    return arithmetic.run


@pytest.fixture(scope="module")
def Model(arithmetic):  # noqa: N802, the class
    return arithmetic.Model


@pytest.fixture(scope="module")
def whole(tmp_path_factory, run, Model):
    """The tables of a run that nothing disturbed."""
    return run(tmp_path_factory.mktemp("whole") / "store", Model())


def fitted(log: Path) -> Counter:
    return Counter(log.read_text().split()) if log.exists() else Counter()


@pytest.mark.parametrize(
    ("done", "left"),
    [
        ([], [(3, 9)]),
        ([(0, 3)], [(3, 9)]),
        ([(0, 4), (8, 12)], [(4, 8)]),
        ([(5, 6)], [(3, 5), (6, 9)]),
        ([(0, 20)], []),
        ([(3, 5), (5, 9)], []),
    ],
)
def test_what_is_missing_is_what_no_chunk_has(done, left):
    assert list(missing(done, 3, 9)) == left


def test_tables_do_not_depend_on_chunks_or_workers(tmp_path, whole, arithmetic, run, Model):
    with ThreadPoolExecutor(3) as executor:
        assert run(tmp_path / "threads", Model(seconds=0.001), executor=executor) == whole
    store = Store(tmp_path / "pieces")
    store.begin(Manifest({"formula": "y ~ x"}))
    for first, last in ((40, 60), (3, 17), (17, 18)):
        (block,) = arithmetic.Source().blocks()
        part = arithmetic.fit_block(Model(), block.part(first, last))
        store.add(first, part.table, part.draws)
    assert store.done() == [(3, 17), (17, 18), (40, 60)]
    assert list(store.table().to_pandas()["locus"]) == [f"l{i}" for i in (*range(3, 18), *range(40, 60))]
    log = tmp_path / "log"
    assert run(tmp_path / "pieces", Model(log=str(log))) == whole
    assert fitted(log) == Counter(f"l{i}" for i in (*range(3), *range(18, 40)))


def test_a_finished_store_is_recognised(tmp_path, whole, run, Model):
    run(tmp_path / "store", Model())
    assert run(tmp_path / "store", Model(log=str(tmp_path / "log"))) == whole
    assert fitted(tmp_path / "log") == Counter()
    assert sorted(os.listdir(tmp_path / "store")) == ["draws.parquet", "loci.parquet", "manifest.json"]
    table = pd.read_parquet(tmp_path / "store" / "loci.parquet")
    assert table["total"].iloc[1] == pytest.approx(sum(i**0.5 for i in (3, 4, 5)))


def test_an_interrupt_keeps_what_was_done(tmp_path, whole, run, Model):
    rows = []

    def interrupted(table):
        rows.append(table.num_rows)
        if len(rows) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "store", Model(), advance=interrupted)
    log = tmp_path / "log"
    assert run(tmp_path / "store", Model(log=str(log))) == whole
    assert sum(fitted(log).values()) == 60 - sum(rows)


def test_a_full_disk_is_told_and_what_was_done_is_kept(tmp_path, whole, monkeypatch, run, Model):
    written, write = [], disk.write_whole

    def full(path, content):
        if len(written) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(path)
        write(path, content)

    monkeypatch.setattr("bayesmix.loci.store.store.write_whole", full)
    with pytest.raises(OutputError, match=r"No space left on device\. What was done is kept"):
        run(tmp_path / "store", Model())
    monkeypatch.undo()
    assert 0 < sum(last - first for first, last in Store(tmp_path / "store").done()) < 60
    assert run(tmp_path / "store", Model()) == whole


def test_another_run_is_refused_with_what_differs(tmp_path, run, Model):
    run(tmp_path / "store", Model())
    with pytest.raises(OutputError, match="differs in the formula: y ~ x there, y ~ z here"):
        Store(tmp_path / "store").begin(Manifest({"formula": "y ~ z"}))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").touch()
    with pytest.raises(OutputError, match=r"no store of loci, but has 'thesis.tex'"):
        Store(tmp_path / "other").begin(Manifest({}))
    assert read_manifest(tmp_path / "nowhere") is None


def test_two_processes_do_not_write_to_one_store(tmp_path):
    with (
        sole_writer(tmp_path / "store"),
        pytest.raises(OutputError, match="Another process is writing"),
        sole_writer(tmp_path / "store"),
    ):
        pass
    with sole_writer(tmp_path / "store"):
        pass


@pytest.mark.slow
def test_a_locus_that_kills_its_worker_is_found_and_the_others_are_kept(tmp_path, run, Model):
    log = tmp_path / "log"
    run(tmp_path / "store", Model(log=str(log), deadly=("l7", "l33"), seconds=0.001), workers=2)
    table = pd.read_parquet(tmp_path / "store" / "loci.parquet")
    assert list(table["locus"]) == [f"l{i}" for i in range(60)]
    assert list(table.loc[table["status"] == DIED, "locus"]) == ["l7", "l33"]
    assert list(table.loc[[7, 33], "pos"]) == [70, 330]
    assert (table["status"] == "ok").sum() == 58
    assert fitted(log)["l7"] >= 3


@pytest.mark.slow
def test_a_worker_of_an_executor_that_dies_is_told_and_nothing_is_finished(tmp_path, whole, run, Model):
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor,
        pytest.raises(SamplingError, match="What was done is kept"),
    ):
        run(tmp_path / "store", Model(deadly=("l33",)), executor=executor)
    assert not Store(tmp_path / "store").finished
    assert run(tmp_path / "store", Model()) == whole


def started(folder: Path, log: Path, workers: int, seconds: float = 0.01) -> subprocess.Popen:
    """A run in a process group of its own."""
    command = [sys.executable, str(HERE / "arithmetic.py"), str(folder), str(log), str(seconds), str(workers)]
    return subprocess.Popen(command, start_new_session=True)


def killed(process: subprocess.Popen) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_was_killed_again_and_again_ends_as_one_that_was_not(tmp_path, whole, workers, run, Model):
    folder, log = tmp_path / "store", tmp_path / "log"
    for n_more in (3, 11, 9, 14):
        before = sum(fitted(log).values())
        process = started(folder, log, workers)
        while process.poll() is None and sum(fitted(log).values()) < before + n_more:
            time.sleep(0.005)
        killed(process)
        kept = sum(last - first for first, last in Store(folder).done()) if folder.exists() else 0
        assert kept <= sum(fitted(log).values())
    kept = sum(last - first for first, last in Store(folder).done())
    before = sum(fitted(log).values())
    assert run(folder, Model(log=str(log)), workers=1) == whole
    assert sum(fitted(log).values()) == before + 60 - kept


@pytest.mark.slow
def test_a_worker_that_is_killed_from_outside_costs_its_task(tmp_path, whole):
    folder, log = tmp_path / "store", tmp_path / "log"
    process = started(folder, log, 2, seconds=0.02)
    while process.poll() is None and sum(fitted(log).values()) < 10:
        time.sleep(0.005)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        killed(process)
        pytest.skip("the system does not list the children of a process")
    workers = [
        pid for pid in children.read_text().split() if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    os.kill(int(workers[0]), signal.SIGKILL)
    assert process.wait(60) == 0
    assert (folder / "loci.parquet").read_bytes() + (folder / "draws.parquet").read_bytes() == whole
