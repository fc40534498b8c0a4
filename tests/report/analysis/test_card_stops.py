"""What stops an analysis, or a part of it: nothing is left half done, and no fit is lost."""

import json
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from bayesmix.errors import EndedError, SamplingError
from bayesmix.report.analysis import card_audit
from bayesmix.report.analysis.analysis import run_card
from bayesmix.report.analysis.card import ReportPart
from bayesmix.report.analysis.results_folder import whole_folder
from bayesmix.report.pictures import plot_trace

from ..conftest import CARD, file_contents, silent


@pytest.mark.usefixtures("sampled", "few_tables")
def test_interrupted_while_drawing_leaves_nothing(tmp_path: Path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(plot_trace, "plot_trace", stop)
    with pytest.raises(KeyboardInterrupt):
        run_card(CARD, "new/deep/out", show=silent)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("sampled", "few_tables")
def test_a_picture_that_fails_costs_no_fit(tmp_path: Path, monkeypatch):
    def fail(*_, **__):
        plt.figure()
        raise RuntimeError("no ink,\nno \x1b[31mpaper")

    monkeypatch.setattr(plot_trace, "plot_trace", fail)
    written = run_card(replace(CARD, report=ReportPart(pictures=("lines", "trace", "rank"))), "out", show=silent)
    told = r"RuntimeError: no ink, no \x1b[31mpaper"
    assert written.failures == (f"The picture 'trace' could not be drawn: {told}",)
    assert {"lines.png", "rank.png", "fixef.csv", "fit.nc"} < set(written.files)
    assert "trace.png" not in written.files
    assert (tmp_path / "out" / "summary.txt").read_text().endswith(f"{written.failures[0]}\n")
    assert json.loads((tmp_path / "out" / "session.json").read_text())["pictures_failed"] == {"trace": told}
    assert not plt.get_fignums()


STOPS = {
    "Ctrl-C": (KeyboardInterrupt(), 'interrupted; bm.audit(bm.load("fit.nc")) does it.'),
    "a refusal": (SamplingError("Sampling could not start."), "not done: Sampling could not start."),
    "a fault": (ValueError("no\nway"), r"not done: ValueError: no\nway"),
}


@pytest.mark.usefixtures("sampled", "few_tables")
@pytest.mark.parametrize(("stop", "told"), STOPS.values(), ids=STOPS.keys())
def test_an_audit_that_stops_costs_no_results(tmp_path: Path, monkeypatch, stop, told: str):
    def ended(*_, **__):
        raise stop

    monkeypatch.setattr(card_audit, "audit", ended)
    written = run_card(CARD, "out", show=silent)
    assert written.failures == (f"Audit: {told}",)
    assert "audit.csv" not in written.files
    assert {"fixef.csv", "fit.nc", "lines.png"} < set(written.files)
    assert (written.folder / "summary.txt").read_text().endswith(f"Audit: {told}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.usefixtures("sampled", "few_tables")
def test_a_system_that_ends_a_run_ends_its_audit_too(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(card_audit, "audit", lambda *_, **__: (_ for _ in ()).throw(EndedError))
    with pytest.raises(EndedError):
        run_card(CARD, "out", show=silent)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("sampled", "few_tables")
def test_stopped_run_leaves_the_earlier_results(tmp_path: Path, monkeypatch):
    run_card(CARD, "out", show=silent)
    before = file_contents(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(plot_trace, "plot_trace", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run_card(CARD, "out", seed=5, show=silent)
    assert file_contents(tmp_path) == before
    run_card(CARD, "out", seed=5, show=silent)
    assert json.loads((tmp_path / "out" / "session.json").read_text())["seed"] == 5
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_replacing_fails_half_way(tmp_path: Path, monkeypatch):
    target = tmp_path / "out"
    with whole_folder(target) as folder:
        (folder / "session.json").write_text('{"written_by": "bayesmix", "files": ["session.json"]}')
    before, rename = file_contents(tmp_path), Path.rename

    def interrupted(self: Path, to: Path):
        if "unfinished" in self.name:
            raise KeyboardInterrupt
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt), whole_folder(target) as folder:
        (folder / "new").write_text("x")
    assert file_contents(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
