"""Loci on a Dask cluster: the table of a serial run to the byte, and one line for what a cluster can die of."""

import os
import signal
import sys
import threading
from concurrent.futures import Future
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError, SamplingError
from bayesmix.loci.cluster import Cluster
from bayesmix.loci.coordinator import DIED
from bayesmix.loci.store.store import Store
from bayesmix.loci.tasks import Rate, Task

dask = pytest.importorskip("dask", reason="Dask is an extra, bayesmix[cluster]")
distributed = pytest.importorskip("distributed", reason="Dask is an extra, bayesmix[cluster]")
scheduler = pytest.importorskip("distributed.scheduler")
HERE = Path(__file__).parent
FORMULA = "cbind(methylated, unmethylated) ~ treatment * time + (1 | tank)"


@pytest.fixture(scope="module")
def arithmetic():
    """The engine that adds numbers, by a name under which workers find it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(HERE / "store")
        yield import_module("arithmetic")


@pytest.fixture(scope="module")
def whole(tmp_path_factory, arithmetic):
    """The tables of a serial run."""
    return arithmetic.run(tmp_path_factory.mktemp("whole") / "store", arithmetic.Model())


def local(**settings):
    return distributed.LocalCluster(dashboard_address=":0", silence_logs="CRITICAL", **settings)


@pytest.fixture(scope="module")
def client():
    """A cluster of two threads in this process."""
    with local(n_workers=1, threads_per_worker=2, processes=False) as cluster, distributed.Client(cluster) as client:
        yield client


@pytest.fixture
def processes():
    """A cluster of two processes, which are started again when they die."""
    with local(n_workers=2, threads_per_worker=1) as cluster, distributed.Client(cluster) as client:
        yield client


def test_a_cluster_writes_the_tables_of_a_serial_run(tmp_path, client, arithmetic, whole):
    kept = []
    tables = arithmetic.run(tmp_path / "store", arithmetic.Model(), executor=Cluster(client), advance=kept.append)
    assert tables == whole
    assert len(kept) > 1
    assert sum(table.num_rows for table in kept) == 60


def test_fit_loci_takes_a_client_or_the_address_of_its_scheduler(client):
    counts = bm.load_data("methylation_simulated")
    asked = {"draws": 50, "chains": 2, "seed": 3, "progress": False}
    serial = bm.fit_loci(FORMULA, counts, "binomial", workers=1, **asked)
    for executor in (client, client.scheduler.address):
        apart = bm.fit_loci(FORMULA, counts, "binomial", executor=executor, **asked)
        pd.testing.assert_frame_equal(apart.table, serial.table, check_exact=True)
    assert client.status == "running"


def test_a_cluster_that_is_closed_is_told_and_what_was_done_is_kept(tmp_path, arithmetic, whole):
    with local(n_workers=1, threads_per_worker=1, processes=False) as cluster, distributed.Client(cluster) as client:
        rows = []

        def closed(table):
            rows.append(table.num_rows)
            if len(rows) == 3:
                client.close()

        with pytest.raises(SamplingError, match=r"was closed before all loci were done\. What was done is kept"):
            arithmetic.run(tmp_path / "store", arithmetic.Model(seconds=0.02), executor=Cluster(client), advance=closed)
        with pytest.raises(SamplingError, match="was closed"):
            Cluster(client)
    assert sum(last - first for first, last in Store(tmp_path / "store").done()) == sum(rows)
    assert arithmetic.run(tmp_path / "store", arithmetic.Model()) == whole


def test_a_cluster_without_workers_is_left_after_a_while(tmp_path, client, arithmetic, monkeypatch):
    cluster = Cluster(client)
    monkeypatch.setattr(client, "nthreads", dict)
    monkeypatch.setattr("bayesmix.loci.cluster._LOOK", 0.0)
    monkeypatch.setattr("bayesmix.loci.coordinator._ATTENTION", 0.01)
    with (
        dask.config.set({"distributed.scheduler.no-workers-timeout": "0.1s"}),
        pytest.raises(SamplingError, match=r"All workers of the Dask cluster are gone, and none came in 0 seconds"),
    ):
        arithmetic.run(tmp_path / "store", arithmetic.Model(seconds=0.2), executor=cluster)


def test_what_is_no_cluster_gets_one_line(client, monkeypatch):
    counts = bm.load_data("methylation_simulated")
    for executor, said in [
        (4, r"executor is a Dask client, the address of a Dask scheduler, or an executor .*; got 4"),
        (client.cluster, r"is a Dask cluster; give its client, executor=Client\(cluster\)"),
        ("10.0.0.5:8786", r"'10.0.0.5:8786' is no address of a Dask scheduler, such as 'tcp://10\.0\.0\.5:8786'"),
        ("", "'' is no address of a Dask scheduler"),
        ("nowhere://x:1", "No Dask scheduler answers at 'nowhere://x:1'"),
    ]:
        with pytest.raises(ArgumentError, match=said) as caught:
            bm.fit_loci(FORMULA, counts, "binomial", executor=executor)
        assert "\n" not in str(caught.value)
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    with pytest.raises(ArgumentError, match=r'reached through Dask; run pip install "bayesmix\[cluster\]"'):
        bm.fit_loci(FORMULA, counts, "binomial", executor="tcp://10.0.0.5:8786")


def test_tasks_take_longer_the_more_workers_there_are(arithmetic):
    rate = Rate()
    rate.add(1.0, 20)
    assert rate.size == 40
    rate.workers = 100
    assert rate.size == 80
    (block,) = arithmetic.Source(7).blocks()
    first, second = Task(40, block).halves
    assert (first.first, first.block.names) == (40, ("l0", "l1", "l2"))
    assert (second.first, second.block.names) == (43, ("l3", "l4", "l5", "l6"))


def worker_pids(client) -> list[int]:
    return sorted(client.run(os.getpid).values())


@pytest.mark.slow
def test_a_worker_that_is_killed_in_the_middle_costs_nothing(tmp_path, processes, arithmetic, whole):
    log, first = tmp_path / "log", worker_pids(processes)
    killed = []

    def advance(_):
        if not killed:
            killed.append(first[0])
            os.kill(first[0], signal.SIGKILL)

    tables = arithmetic.run(
        tmp_path / "store",
        arithmetic.Model(log=str(log), seconds=0.05),
        executor=Cluster(processes),
        advance=advance,
    )
    assert tables == whole
    assert killed
    assert first[0] not in worker_pids(processes)
    assert len(log.read_text().split()) >= 60


@pytest.mark.slow
def test_fit_loci_with_a_killed_worker_gives_the_table_of_a_serial_run(tmp_path, processes):
    counts = bm.load_data("methylation_simulated")
    many = pd.concat([counts.assign(locus=f"{number}-" + counts["locus"].astype(str)) for number in range(12)])
    asked = {"draws": 100, "seed": 5, "keep": ["3-145"], "progress": False}
    bm.fit_loci(FORMULA, many, "binomial", workers=1, store=tmp_path / "serial", **asked)
    folder = tmp_path / "apart"
    pids = worker_pids(processes)
    ended = threading.Event()

    def kill_after_the_first_rows():
        while not ended.wait(0.02):
            if folder.exists() and Store(folder).done():
                os.kill(pids[0], signal.SIGKILL)
                return

    killer = threading.Thread(target=kill_after_the_first_rows)
    killer.start()
    try:
        bm.fit_loci(FORMULA, many, "binomial", executor=processes, store=folder, **asked)
    finally:
        ended.set()
        killer.join()
    assert pids[0] not in worker_pids(processes)
    for name in ("loci.parquet", "draws.parquet"):
        assert (folder / name).read_bytes() == (tmp_path / "serial" / name).read_bytes()


@pytest.mark.slow
def test_a_locus_that_kills_workers_has_a_row_and_the_others_are_kept(tmp_path, arithmetic):
    deadly = arithmetic.Model(deadly=("l7",), seconds=0.001)
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        local(n_workers=2, threads_per_worker=1) as cluster,
        distributed.Client(cluster) as client,
    ):
        arithmetic.run(tmp_path / "store", deadly, executor=Cluster(client))
    table = pd.read_parquet(tmp_path / "store" / "loci.parquet")
    assert list(table.loc[table["status"] == DIED, "locus"]) == ["l7"]
    assert (table["status"] == "ok").sum() == 59
    assert table.loc[7, "pos"] == 70


@pytest.mark.slow
def test_a_cluster_that_loses_all_workers_is_told_and_another_one_goes_on(tmp_path, client, arithmetic, whole):
    with local(n_workers=1, threads_per_worker=1) as cluster, distributed.Client(cluster) as lost:

        def retired(_):
            if cluster.workers:
                cluster.scale(0)

        with (
            dask.config.set({"distributed.scheduler.no-workers-timeout": "1s"}),
            pytest.raises(SamplingError, match="All workers of the Dask cluster are gone, and none came in 1 seconds"),
        ):
            arithmetic.run(tmp_path / "store", arithmetic.Model(seconds=0.1), executor=Cluster(lost), advance=retired)
    assert 0 < sum(last - first for first, last in Store(tmp_path / "store").done()) < 60
    assert arithmetic.run(tmp_path / "store", arithmetic.Model(), executor=Cluster(client)) == whole


class Perishing(Cluster):
    """A cluster whose workers die of tasks with one of the `deadly` loci, and of no others."""

    n_threads, at_most = 2, 4

    def __init__(self, client, deadly):
        super().__init__(client)
        self.deadly, self.loci, self.together = (ZeroDivisionError,), set(deadly), []

    def submit(self, work, fit_block, model, block):
        self.together.append(len(block))
        future = Future()
        if self.loci & set(block.names):
            future.set_exception(ZeroDivisionError())
        else:
            future.set_result(work(fit_block, model, block))
        return future

    def attend(self):
        pass


def test_what_workers_die_of_is_halved_down_to_the_loci(tmp_path, client, arithmetic):
    cluster = Perishing(client, ["l7", "l33"])
    arithmetic.run(tmp_path / "store", arithmetic.Model(), executor=cluster)
    table = pd.read_parquet(tmp_path / "store" / "loci.parquet")
    assert list(table["locus"]) == [f"l{i}" for i in range(60)]
    assert list(table.loc[table["status"] == DIED, "locus"]) == ["l7", "l33"]
    assert list(table.loc[table["status"] == DIED, "pos"]) == [70, 330]
    assert cluster.together.count(1) >= 4  # each of them twice, alone


def test_no_locus_is_blamed_where_no_task_comes_back(tmp_path, client, arithmetic):
    with pytest.raises(SamplingError, match=r"died of each of \d+ tasks and none came back: they may have too little"):
        arithmetic.run(tmp_path / "store", arithmetic.Model(), executor=Perishing(client, [f"l{i}" for i in range(60)]))
    assert not Store(tmp_path / "store").done()


def test_workers_with_another_version_are_refused(tmp_path, client, arithmetic, monkeypatch):
    monkeypatch.setattr("bayesmix.loci.coordinator.own_version", lambda: "9.9")
    with pytest.raises(SamplingError, match=r"A worker has bayesmix .*, this process 9\.9, and rows would differ"):
        arithmetic.run(tmp_path / "store", arithmetic.Model(), executor=Cluster(client))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ModuleNotFoundError("No module named 'mine'"), r"lacks what this process has \(No module named 'mine'\)"),
        (scheduler.NoWorkerError("timed-1", 3.0), "All workers of the Dask cluster are gone"),
        (RuntimeError("Error during deserialization of the task graph."), r"lacks what this process has \(its graph\)"),
    ],
)
def test_what_dask_says_of_a_cluster_is_told_in_one_line(client, error, said):
    future = Future()
    future.set_exception(error)
    with pytest.raises(SamplingError, match=said):
        Cluster(client).result(future)
