"""`audit_loci`: whatever is called significant was fitted by NUTS, and an audit that is interrupted goes on."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError, BayesmixError, OutputError, UnknownTermError
from bayesmix.loci import audit_loci as module
from bayesmix.loci.engine.fit_block import fit_block
from bayesmix.loci.store.store import Store

FORMULA = "cbind(methylated, unmethylated) ~ treatment + (1 | tank)"
EFFECT = "treatment[trt]"
HOW = {"by": "locus", "workers": 1, "seed": 5, "progress": False, "sampler": "importance"}


def marked(n_loci, seed=2):
    """Loci with 20 reads in each of 12 samples of 6 tanks; every other one has an effect of 2."""
    rng = np.random.default_rng(seed)
    tank = np.repeat(np.arange(6), 2)
    effects = np.where(np.arange(n_loci) % 2, 0.0, 2.0)
    eta = rng.normal(0, 0.5, n_loci)[:, None] + effects[:, None] * (tank >= 3)
    eta = eta + 0.2 * rng.normal(size=(n_loci, 6))[:, tank]
    reads = rng.poisson(20, (n_loci, 12))
    methylated = rng.binomial(reads, 1 / (1 + np.exp(-eta)))
    return pd.DataFrame(
        {
            "locus": np.repeat([f"cg{number:04d}" for number in range(n_loci)], 12),
            "treatment": np.tile(np.where(tank >= 3, "trt", "ctl"), n_loci),
            "tank": np.tile([f"k{number}" for number in tank], n_loci),
            "methylated": methylated.ravel(),
            "unmethylated": (reads - methylated).ravel(),
        }
    )


@pytest.fixture(scope="module")
def screened(tmp_path_factory):
    store = tmp_path_factory.mktemp("screened") / "store"
    return bm.fit_loci(FORMULA, marked(12), "binomial", store=store, keep=["cg0000", "cg0001"], **HOW)


@pytest.fixture
def copied(screened, tmp_path):
    """The same results in a store of their own."""
    shutil.copytree(screened.store, tmp_path / "store")
    return replace(screened, store=tmp_path / "store")


@pytest.fixture(scope="module")
def audited(screened, tmp_path_factory):
    store = tmp_path_factory.mktemp("audited") / "store"
    shutil.copytree(screened.store, store)
    return bm.audit_loci(replace(screened, store=store), EFFECT, workers=1, progress=False)


def files(store):
    return {name: (store / name).read_bytes() for name in ("loci.parquet", "draws.parquet", "audits.json")}


def test_every_selected_locus_is_by_nuts_with_the_row_of_an_audit_and_no_other_row_changes(screened, audited):
    selected = bm.significant(audited, EFFECT)["selected"].to_numpy()
    again = (audited.table["sampler"] != screened.table["sampler"]).to_numpy()
    assert selected.sum() >= 6
    assert again.sum() >= 5
    assert set(audited.table["sampler"][selected]) == {"nuts"}
    assert (audited.table["audit_z"][again] < 5).all()
    pd.testing.assert_frame_equal(audited.table[~again], screened.table[~again])
    names = set(audited.table["locus"][again])
    (block,) = audited.source.blocks()
    expected = fit_block(audited.model, block, audit=names)
    pd.testing.assert_frame_equal(audited.table, expected.table.to_pandas())
    pd.testing.assert_frame_equal(audited.draws, expected.draws.to_pandas())
    assert Store(audited.store).table().schema.metadata == Store(screened.store).table().schema.metadata


def test_it_is_printed_and_found_again(screened, audited):
    (line,) = [line for line in str(audited).splitlines() if line.startswith("Audit:")]
    assert f"selected for {EFFECT} at q 0.05 (two_groups), of which NUTS fitted" in line
    assert "Monte Carlo errors apart" in line
    assert set(os.listdir(audited.store)) - set(os.listdir(screened.store)) == {"audits.json"}
    opened = bm.fit_loci(FORMULA, marked(12), "binomial", store=audited.store, keep=["cg0000", "cg0001"], **HOW)
    pd.testing.assert_frame_equal(opened.table, audited.table)
    assert opened.audits == audited.audits


def test_screened_loci_are_told_where_they_are_called_significant(screened, audited):
    (note,) = [note for note in bm.significant(screened, EFFECT).attrs["notes"] if "screened" in note]
    assert note.endswith("of these were only screened; bm.audit_loci fits them by NUTS.")
    assert not [note for note in bm.significant(audited.store, EFFECT).attrs["notes"] if "screened" in note]


def test_a_second_call_fits_nothing(audited, monkeypatch):
    before = files(audited.store)
    monkeypatch.setattr(module, "audited_block", None)
    bm.audit_loci(audited, EFFECT, workers=1, progress=False)
    assert files(audited.store) == before


def test_an_audit_that_is_interrupted_anywhere_ends_as_one_that_was_not(copied, audited, monkeypatch):
    write, fit = Store.write_together, module.audited_block
    fitted = []

    def stopping(model, block):
        if len(fitted) == 4:
            raise KeyboardInterrupt
        fitted.extend(block.names)
        return fit(model, block)

    def fails_at(name):
        def stopped(store, written, tables):
            write(store, written, tables)
            if written == name and not store.folder.name.startswith(".audit-"):
                raise KeyboardInterrupt

        return stopped

    monkeypatch.setattr(module, "audited_block", stopping)
    with pytest.raises(KeyboardInterrupt):
        bm.audit_loci(copied, EFFECT, workers=1, progress=False)
    assert len(fitted) == 4
    pd.testing.assert_frame_equal(replace(copied).table, copied.table)
    monkeypatch.setattr(module, "audited_block", lambda model, block: fitted.extend(block.names) or fit(model, block))
    for name in ("draws.parquet", "loci.parquet"):
        monkeypatch.setattr(Store, "write_together", fails_at(name))
        with pytest.raises(KeyboardInterrupt):
            bm.audit_loci(copied, EFFECT, workers=1, progress=False)
    monkeypatch.setattr(Store, "write_together", write)
    bm.audit_loci(copied, EFFECT, workers=1, progress=False)
    assert files(copied.store) == files(audited.store)
    assert len(fitted) == len(set(fitted))


def test_a_run_by_nuts_has_nothing_to_audit(tmp_path):
    loci = bm.fit_loci(FORMULA, marked(3), "binomial", store=tmp_path / "store", **(HOW | {"sampler": "nuts"}))
    table = bm.audit_loci(loci, EFFECT, workers=1, progress=False)
    pd.testing.assert_frame_equal(table.table, loci.table)
    assert table.audits[0].n_again == 0


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"effect": "treatment[tr]"}, UnknownTermError, r"Did you mean 'treatment\[trt\]'"),
        ({"loci": 3}, ArgumentError, "loci is what bm.fit_loci returned"),
        ({"q": 2}, ArgumentError, "q is a false discovery rate"),
        ({"method": "two"}, ArgumentError, "method='two' is not known"),
        ({"workers": 0}, ArgumentError, "workers is a whole number"),
        ({"progress": 1}, ArgumentError, "progress is True or False"),
    ],
)
def test_a_mistake_is_told_in_one_line(changed, error, said, copied):
    with pytest.raises(error, match=said) as caught:
        bm.audit_loci(**{"loci": copied, "effect": EFFECT, "workers": 1, "progress": False, **changed})
    assert isinstance(caught.value, BayesmixError)
    assert "\n" not in str(caught.value)


def test_a_store_that_is_not_complete_is_refused(copied):
    (copied.store / "loci.parquet").unlink()
    with pytest.raises(OutputError, match="has not all loci yet"):
        bm.audit_loci(copied, EFFECT, workers=1, progress=False)


SCRIPT = f"""
import sys
import bayesmix as bm
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_audit_loci import EFFECT, FORMULA, HOW, marked
loci = bm.fit_loci(FORMULA, marked(60), "binomial", store=sys.argv[1], **(HOW | {{"draws": 1000}}))
bm.audit_loci(loci, EFFECT, workers=1, progress=False)
"""


@pytest.mark.slow
def test_an_audit_that_was_killed_ends_as_one_that_was_not(tmp_path):
    whole, store = tmp_path / "whole", tmp_path / "store"
    subprocess.run([sys.executable, "-c", SCRIPT, str(whole)], check=True)
    for n_chunks in (1, 2):
        process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(store)])
        while process.poll() is None and len(list(store.glob(".audit-*/rows-*"))) < n_chunks:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert list(store.glob(".audit-*/rows-*"))
    subprocess.run([sys.executable, "-c", SCRIPT, str(store)], check=True)
    for name in ("loci.parquet", "audits.json"):
        assert (store / name).read_bytes() == (whole / name).read_bytes()
