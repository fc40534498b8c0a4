"""A folder for results is tried before anything is fitted, and a disk that refuses at the end costs no fit."""

import errno
import json
import os
import re
from pathlib import Path

import pytest

from bayesmix import modelling
from bayesmix.cli.main import main
from bayesmix.errors import ArgumentError, OutputError, SamplingError, StoredFitError
from bayesmix.modelling.storage import storage
from bayesmix.modelling.storage.storage import load
from bayesmix.report.analysis import results_folder
from bayesmix.report.analysis.analysis import run_card
from bayesmix.report.analysis.card import Card, DataPart, ModelPart, ReportPart
from bayesmix.report.analysis.result_files import file_names, is_result

from ..conftest import paths_in, silent

CARD = Card(
    "sleep", DataPart(source="sleepstudy"), ModelPart("Reaction ~ Days + (1 | Subject)"), report=ReportPart(pictures=())
)


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
    before = paths_in(tmp_path)
    with pytest.raises(kind, match=words) as caught:
        run_card(CARD, out, show=silent)
    assert "\n" not in str(caught.value)
    assert sampled == []
    assert paths_in(tmp_path) == before


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG, errno.EROFS, errno.EDQUOT])
def test_a_full_disk_is_found_before_sampling(sampled, tmp_path: Path, monkeypatch, number):
    def refuse(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OutputError, match=os.strerror(number)):
        run_card(CARD, "new/out", show=silent)
    assert sampled == []
    assert paths_in(tmp_path) == []


@pytest.mark.usefixtures("sampled", "few_tables")
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
        monkeypatch.setattr("bayesmix.report.analysis.analysis.write_tables", refuse)
    else:
        monkeypatch.setattr(results_folder, "_take_place", refuse)
    with pytest.raises(OutputError, match=os.strerror(number)) as caught:
        run_card(CARD, "out", show=silent)
    assert "\n" not in str(caught.value)
    kept = re.search(r"kept in '(.+)' \(fit\.nc\): read it with bm\.load", str(caught.value))
    assert kept is not None
    assert load(Path(kept[1]) / "fit.nc").formula == CARD.model.formula
    assert [path.name for path in tmp_path.iterdir()] == ["tmp"]


@pytest.mark.usefixtures("sampled", "few_tables")
def test_a_fit_that_can_be_kept_nowhere(tmp_path: Path, monkeypatch):
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))

    def refuse(*_):
        raise StoredFitError("'fit.nc' cannot be written: No space left on device.") from OSError(
            errno.ENOSPC, "No space left on device"
        )

    monkeypatch.setattr(storage, "save", refuse)
    with pytest.raises(OutputError, match=r"No space left on device\..*The fit could not be kept"):
        run_card(CARD, "out", show=silent)
    assert paths_in(tmp_path) == ["tmp"]


@pytest.mark.usefixtures("sampled", "few_tables")
def test_a_layer_or_a_question_that_fails_costs_no_fit(tmp_path: Path, monkeypatch, capsys):
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))

    def fail(_):
        raise SamplingError("A term could not be tested.")

    monkeypatch.setattr("bayesmix.report.analysis.analysis.bayes_factors", fail)
    text = '[data]\nsource = "sleepstudy"\n[model]\nformula = "Reaction ~ Days + (Days | Subject)"\n'
    text += '[questions]\nrand = true\n[report.layers]\n"a b" = "Reaction ~ Days + (1 | Subject)"\n'
    (tmp_path / "c.toml").write_text(text)
    assert main(["run", "c.toml", "--quiet"]) == 2
    err = capsys.readouterr().err
    assert re.fullmatch(r"bayesmix: A term .* The fit is kept in '.*' \(fit\.nc, layer_1\.nc\): read .*\n", err)
    assert len(list((tmp_path / "tmp").rglob("*.nc"))) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"c.toml", "tmp"}


@pytest.mark.usefixtures("few_tables")
def test_the_data_may_go_while_a_model_is_fitted(sampled, tmp_path: Path, monkeypatch):
    from_disk = tmp_path / "d.csv"
    from_disk.write_bytes((Path(modelling.__file__).parents[1] / "data" / "files" / "sleepstudy.csv").read_bytes())
    analyse = run_card.__globals__["analyse"]

    def remove_then_analyse(*arguments, **settings):
        from_disk.unlink()
        return analyse(*arguments, **settings)

    monkeypatch.setitem(run_card.__globals__, "analyse", remove_then_analyse)
    card = Card("c", DataPart(path=from_disk), CARD.model, report=CARD.report)
    folder = run_card(card, show=silent).folder
    assert len(json.loads((folder / "session.json").read_text())["data"]["sha256"]) == 64
    assert len(sampled) == 1


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
