"""Matrices of counts: files, frames and arrays give the same loci; samples and counts that do not fit are named."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayesmix.errors import ArgumentError, DataError
from bayesmix.loci.inputs import chunked_table
from bayesmix.loci.inputs.count_matrices import count_matrices

sys.path.insert(0, str(Path(__file__).parent))
from written import read_back

SAMPLES = ["b", "a", "c"]


@pytest.fixture(scope="module")
def counts():
    rng = np.random.default_rng(4)
    return rng.poisson(4, (50, 3)), rng.poisson(6, (50, 3)) + 1


@pytest.fixture(scope="module")
def sheet():
    return pd.DataFrame({"sample": SAMPLES, "treatment": ["ctl", "trt", "trt"]})


def frame_of(values, order=SAMPLES):
    frame = pd.DataFrame(values, columns=SAMPLES)[order]
    return frame.assign(locus=[f"cg{n}" for n in range(len(values))], chr="chr1", pos=range(5, 5 + len(values)))


def expected(methylated, unmethylated):
    n = len(methylated)
    return pd.DataFrame(
        {"sample": np.tile(np.arange(3), n), "methylated": methylated.ravel(), "unmethylated": unmethylated.ravel()}
    )


def _write(frame, path):
    if path.suffix == ".parquet":
        frame.to_parquet(path, row_group_size=7)
    else:
        frame.to_csv(path, index=False, sep="\t" if ".tsv" in path.name else ",")
    return path


@pytest.mark.parametrize("kind", ["frame", "a.csv", "a.tsv.gz", "a.parquet"])
def test_kinds_of_matrices(kind, counts, sheet, tmp_path, monkeypatch):
    monkeypatch.setattr(chunked_table, "_ROWS", 11)
    first, second = frame_of(counts[0]), frame_of(counts[1], ["c", "b", "a"])
    if kind != "frame":
        first, second = _write(first, tmp_path / kind), _write(second, tmp_path / f"2{kind}")
    source = count_matrices(first, second, sheet=sheet)
    read = read_back(source, 9)
    pd.testing.assert_frame_equal(read.drop(columns=["chr", "pos"]), expected(*counts), check_dtype=False)
    assert read["pos"].tolist() == np.repeat(np.arange(5, 55), 3).tolist()
    assert source.places == ("chr", "pos")
    assert next(source.blocks()).names[:2] == ("cg0", "cg1")


def test_totals_and_arrays(counts, sheet):
    methylated, unmethylated = counts
    source = count_matrices(methylated, total=methylated + unmethylated, sheet=sheet)
    pd.testing.assert_frame_equal(read_back(source), expected(*counts), check_dtype=False)
    assert next(source.blocks()).names[:2] == ("1", "2")


def test_missing_counts_are_samples_without_reads(counts, sheet):
    methylated = counts[0].astype(float)
    methylated[3, 1] = np.nan
    both = [frame_of(methylated), frame_of(np.where(np.isnan(methylated), np.nan, counts[1]))]
    source = count_matrices(*both, sheet=sheet, least_samples=3)
    assert source.n_loci == 49
    assert source.report.query("what == 'counts without reads'")["n"].tolist() == [0, 1, 0]


def _with(values, row, column, value):
    changed = values.astype(object)
    changed[row, column] = value
    return changed


def _refused(counts):
    methylated, unmethylated = counts
    first, second = frame_of(methylated), frame_of(unmethylated)
    return {
        "negative": (frame_of(_with(methylated, 7, 1, -1)), second, "Locus 'cg7', sample 'a': .* -1"),
        "a part": (first, frame_of(_with(unmethylated, 7, 1, 0.5)), "Locus 'cg7', sample 'a': the unmethylated .* 0.5"),
        "a text": (first, frame_of(_with(unmethylated, 7, 2, "x")), "Locus 'cg7', sample 'c': .* 'x'"),
        "infinite": (first, frame_of(_with(unmethylated, 7, 2, np.inf)), "Locus 'cg7', sample 'c': .* inf"),
        "fewer loci": (first, second.iloc[:40], "has fewer loci than the methylated reads"),
        "other loci": (first, second.iloc[::-1], "different loci in the same row, 'cg0' and 'cg49'"),
        "misspelt": (first.rename(columns={"a": "aa"}), second, "no column 'a', which .* Did you mean 'aa'"),
        "further": (first.assign(d=1), second, "has columns 'd' that are no samples"),
        "twice": (pd.concat([first, first]), pd.concat([second, second]), "has locus 'cg0' twice"),
        "shape": (methylated[:, :2], unmethylated, r"shape \(50, 2\); the sheet has 3 samples"),
        "no by": (first.rename(columns={"locus": "cpg"}), second, "locus"),
    }  # fmt: skip


@pytest.mark.parametrize("case", _refused((np.ones((50, 3)), np.ones((50, 3)))))
def test_refusals_name_what_is_wrong(case, counts, sheet):
    first, second, message = _refused(counts)[case]
    with pytest.raises(DataError, match=message):
        count_matrices(first, second, sheet=sheet)


def test_more_methylated_than_all(counts, sheet):
    with pytest.raises(DataError, match=r"Locus '1', sample 'b': .* reads are methylated, of 0 in all"):
        count_matrices(counts[0] + 1, total=counts[0] * 0, sheet=sheet)
    with pytest.raises(ArgumentError, match="either unmethylated= or total="):
        count_matrices(counts[0], sheet=sheet)
