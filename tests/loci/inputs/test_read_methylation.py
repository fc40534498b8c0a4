"""Files of methylation callers: one set of counts read from every format, places by hand, filters, refusals."""

import gzip
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayesmix.errors import ArgumentError, BayesmixError, DataError
from bayesmix.loci.inputs import caller_file
from bayesmix.loci.inputs.file_scan import FileScan, chromosome_order
from bayesmix.loci.inputs.read_methylation import read_methylation

sys.path.insert(0, str(Path(__file__).parent))
from written import WRITERS, Site, expected, mixed_bedmethyl, read_back, simulated_sites, write, written_sheet

FORMATS = list(WRITERS)


@pytest.fixture(scope="module")
def samples():
    return simulated_sites(3, n=30)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "bgzip"])
def test_every_format_gives_the_same_blocks(samples, form, packed, tmp_path):
    source = read_methylation(written_sheet(tmp_path, samples, form, packed=packed))
    pd.testing.assert_frame_equal(read_back(source), expected(samples), check_dtype=False)
    assert source.n_loci == expected(samples)[["chr", "pos"]].drop_duplicates().shape[0]


@pytest.mark.parametrize("form", FORMATS)
def test_pieces_of_files_of_any_size_give_the_same(samples, form, tmp_path, monkeypatch):
    monkeypatch.setattr(caller_file, "_BLOCK", 700)
    source = read_methylation(written_sheet(tmp_path, samples, form))
    pd.testing.assert_frame_equal(read_back(source, 7), expected(samples), check_dtype=False)
    assert {len(block) for block in list(source.blocks(7))[:-1]} == {7}


# A C at position 101 of chr1, counted from 1, as each tool writes it.
BY_HAND = {
    "bismark-cov": "chr1\t101\t101\t60.0\t3\t2",
    "bismark-report": "chr1\t101\t+\t3\t2\tCG\tCGG",
    "methyldackel": 'track type="bedGraph" description="x"\nchr1\t100\t101\t60\t3\t2',
    "modkit": "chr1\t100\t101\tm\t5\t+\t100\t101\t255,0,0\t5\t60.00\t3\t2\t0\t0\t1\t0\t0",
    "dss": "chr\tpos\tN\tX\nchr1\t101\t5\t3",
    "allc": "chr1\t101\t+\tCGG\t3\t5\t1",
}


@pytest.mark.parametrize("form", FORMATS)
def test_a_row_by_hand(form, tmp_path):
    source = one_file(tmp_path, BY_HAND[form])
    block = next(source.blocks())
    assert block.names == ("chr1:101",)
    assert [block.columns[name].tolist() for name in ("methylated", "unmethylated")] == [[3], [2]]
    counted_from = 0 if form in ("methyldackel", "modkit") else 1
    assert f"(positions from {counted_from}); positions are told from 1" in repr(source)


def one_file(folder: Path, text: str, **settings):
    path = folder / "one.txt"
    path.write_text(text + "\n")
    return read_methylation(pd.DataFrame({"sample": ["a"], "file": [path]}), **settings)


def test_modifications_of_bedmethyl(tmp_path):
    row = "chr1\t100\t101\t{code}\t10\t+\t100\t101\t255,0,0\t10\t30\t{n}\t5\t{other}\t0\t0\t0\t0"
    text = row.format(code="h", n=2, other=3) + "\n" + row.format(code="m", n=3, other=2)
    counts = {code: read_back(one_file(tmp_path, text, code=code)).iloc[0] for code in ("m", "h", "m+h")}
    assert {code: (row["methylated"], row["unmethylated"]) for code, row in counts.items()} == {
        "m": (3, 7),
        "h": (2, 8),
        "m+h": (5, 5),
    }
    with pytest.raises(DataError, match="2 rows, and none of code 'a'"):
        one_file(tmp_path, text, code="a")
    motif = one_file(tmp_path, row.format(code="m,CG,0", n=3, other=2))
    assert motif.n_loci == 1


def test_older_bedmethyl_with_blanks(samples, tmp_path):
    paths = [write(tmp_path, f"{number}.bed", mixed_bedmethyl(sites)) for number, sites in enumerate(samples)]
    source = read_methylation(pd.DataFrame({"sample": list("abcd"), "file": paths}))
    pd.testing.assert_frame_equal(read_back(source), expected(samples), check_dtype=False)


@pytest.mark.parametrize("form", ["bismark-report", "modkit", "allc"])
@pytest.mark.parametrize("piece", [600, 2**20])
def test_strands_together(samples, form, piece, tmp_path, monkeypatch):
    monkeypatch.setattr(caller_file, "_BLOCK", piece)
    source = read_methylation(written_sheet(tmp_path, samples, form), collapse_strands=True)
    frame = expected([[Site(s.chr, s.pos - (s.strand == "-"), "+", s.methylated, s.unmethylated) for s in sites]
                      for sites in samples])  # fmt: skip
    together = frame.groupby(["chr", "pos", "sample"], sort=False, as_index=False).sum()
    pd.testing.assert_frame_equal(read_back(source), together, check_dtype=False)


def test_filters_are_those_of_brute_force_and_counted(samples, tmp_path):
    sheet = written_sheet(tmp_path, samples, "dss")
    settings = {"least_reads": 5, "most_quantile": 0.95, "least_samples": 3, "group": "treatment", "least_per_group": 1}
    source = read_methylation(sheet, **settings)
    frame = expected(samples)
    reads = frame["methylated"] + frame["unmethylated"]
    most = reads.groupby(frame["sample"]).quantile(0.95)
    few, many = reads < 5, reads > frame["sample"].map(most)
    left = frame[~few & ~many]
    by_site = left.groupby(["chr", "pos"])["sample"]
    enough = by_site.transform("size") >= 3
    both = by_site.transform(lambda samples: len({number % 2 for number in samples}) == 2)
    pd.testing.assert_frame_equal(read_back(source), left[enough & both].reset_index(drop=True), check_dtype=False)
    report = source.report.groupby("what")["n"].sum()
    assert (report["counts of too few reads"], report["counts of too many reads"]) == (few.sum(), many.sum())
    assert report["counts kept"] == len(left)
    total = frame[["chr", "pos"]].drop_duplicates().shape[0]
    assert report[report.index.str.startswith("loci")].sum() == total
    assert source.digest != read_methylation(sheet).digest == read_methylation(sheet).digest


def test_quantiles_are_those_of_numpy():
    rng = np.random.default_rng(1)
    values = rng.poisson(9, 500) + 1
    numbers, counts = np.unique(values, return_counts=True)
    scan = FileScan((), dict(zip(numbers.tolist(), counts.tolist(), strict=True)), 0, 0, 0, 0)
    for share in (0.001, 0.5, 0.95, 0.999, 1.0):
        assert scan.quantile(share) == pytest.approx(np.quantile(values, share))


def test_chromosomes_follow_every_file():
    assert chromosome_order([["1", "3"], ["1", "2", "3"], ["X"]], ["a", "b", "c"]) == ("1", "2", "3", "X")
    with pytest.raises(DataError, match=r"'a' and 'b' have their chromosomes in different orders \(1, 2; 2, 1\)"):
        chromosome_order([["1", "2"], ["2", "1"]], ["a", "b"])


COV = "chr1\t5\t5\t50\t1\t1\n"
REFUSED = {
    "below 0": (COV + "chr1\t6\t6\t50\t-1\t1", r"line 2: the count of methylated reads is -1, below 0"),
    "no number": (COV * 0 + COV + "chr1\t6\t6\t50\tx\t1", r"line 2: the count of methylated reads is 'x', which is no"),
    "a part": (COV + "chr1\t6\t6\t50\t1.5\t1", r"line 2: the count of methylated reads is '1.5'"),
    "missing": (COV + "chr1\t6\t6\t50\tNA\t1", r"line 2: the count of methylated reads is 'NA'"),
    "too large": (
        COV + f"chr1\t6\t6\t50\t{10**30}\t1",
        r"line 2: the count of methylated reads is 1000000000.* beyond",
    ),
    "few fields": (COV + "chr1\t6\t6\t50\t1", r"line 2: 5 fields, where bismark-cov has 6"),
    "many fields": (COV + "chr1\t6\t6\t50\t1\t1\t1", r"line 2: 7 fields, where bismark-cov has 6"),
    "twice": (COV + COV, r"line 2: chr1 5 is there twice"),
    "not sorted": (COV + "chr1\t4\t4\t50\t1\t1", r"line 2: chr1 4 comes after a later place; sort the file"),
    "a chromosome again": (COV + "chr2\t4\t4\t0\t0\t1\nchr1\t9\t9\t0\t0\t1", r"line 3: chr1 9 comes after a later"),
    "empty": ("", "has no rows: it is empty"),
    "a header alone": ("chr\tpos\tN\tX", "has no rows"),
    "above the total": ("chr\tpos\tN\tX\nchr1\t5\t2\t3", "line 2: 3 reads are methylated, of 2 in all"),
    "from 0": ("chr1\t0\t0\t50\t1\t1", "line 1: position 0, where bismark-cov counts from 1"),
    "no counts": ('track type="bedGraph"\nchr1\t4\t5\t50', "a bedGraph of percentages alone has no counts"),
    "ambiguous": ("chr1\t4\t5\t50\t1\t1", 'give format="methyldackel" or format="bismark-cov"'),
    "unknown": ("chr1\t4", "is of no known format: its first row has 2 fields"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_names_file_and_line(case, tmp_path):
    text, message = REFUSED[case]
    with pytest.raises(DataError, match=message) as refused:
        one_file(tmp_path, text)
    assert "one.txt" in str(refused.value)


def test_a_file_that_was_cut_short(samples, tmp_path):
    sheet = written_sheet(tmp_path, samples, "dss", packed=True)
    path = Path(sheet["file"][1])
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match=r"dss-1\.txt\.gz' cannot be read"):
        read_methylation(sheet)


def test_a_million_reads_are_a_count(tmp_path):
    assert read_back(one_file(tmp_path, "chr1\t5\t5\t50\t1000000\t7"))["methylated"].tolist() == [1000000]


def test_a_locus_without_reads_is_counted(tmp_path):
    report = one_file(tmp_path, COV + "chr1\t6\t6\t0\t0\t0").report.set_index("what")["n"]
    assert (report["loci without any count"], report["loci kept"]) == (1, 1)


BAD_SHEETS = {
    "no file": (lambda sheet: sheet.assign(file="nowhere.txt"), {}, "There is no file 'nowhere.txt'"),
    "sample twice": (lambda sheet: sheet.assign(sample="a"), {}, "has a twice in 'sample'"),
    "file twice": (lambda sheet: sheet.assign(file=sheet["file"][0]), {}, "for two samples"),
    "no column": (lambda sheet: sheet, {"files": "fle"}, "files='fle' is no column of the sample sheet. Did you mean"),
    "format": (lambda sheet: sheet, {"format": "dsss"}, "format='dsss' is not known. Did you mean 'dss'"),
    "another": (lambda sheet: sheet, {"format": "allc"}, "line 2: 4 fields, where allc"),
    "least": (lambda sheet: sheet, {"least_reads": -1}, "least_reads is a whole number from 0; got -1"),
    "quantile": (lambda sheet: sheet, {"most_quantile": 99.9}, "most_quantile is a share"),
    "many samples": (lambda sheet: sheet, {"least_samples": 9}, "least_samples=9, but the sheet has 4 samples"),
    "group": (lambda sheet: sheet, {"group": "treatment"}, "group= and least_per_group= go together"),
    "strands": (lambda sheet: sheet, {"collapse_strands": True}, "does not tell strands"),
    "context": (
        lambda sheet: sheet,
        {"context": None, "collapse_strands": True},
        "collapse_strands=True is for context",
    ),
}


@pytest.mark.parametrize("case", BAD_SHEETS)
def test_a_sheet_or_argument_that_means_nothing(case, samples, tmp_path):
    change, settings, message = BAD_SHEETS[case]
    sheet = change(written_sheet(tmp_path, samples, "dss"))
    with pytest.raises((DataError, ArgumentError), match=message):
        read_methylation(sheet, **settings)


def test_paths_are_relative_to_the_file_of_the_sheet(samples, tmp_path):
    sheet = written_sheet(tmp_path, samples, "dss")
    sheet.assign(file=[Path(path).name for path in sheet["file"]]).to_csv(tmp_path / "sheet.csv", index=False)
    source = read_methylation(tmp_path / "sheet.csv")
    pd.testing.assert_frame_equal(read_back(source), expected(samples), check_dtype=False)


@pytest.mark.parametrize("form", FORMATS)
def test_damaged_files_are_read_or_refused_in_one_line(form, samples, tmp_path):
    """Bytes are changed at random: nothing but bayesmix's own errors comes out."""
    rng = np.random.default_rng(5)
    lines = WRITERS[form](samples[0])[:12]
    clean = ("\n".join(lines) + "\n").encode()
    refused = []
    for trial in range(25):
        data = bytearray(clean)
        for place in rng.integers(0, len(data), 3):
            data[place] = rng.choice(list(b'\t\n0-9.xX \x00\xff"#'))
        path = tmp_path / "damaged.txt"
        path.write_bytes(gzip.compress(bytes(data))[: None if trial % 5 else -9])
        try:
            read_back(read_methylation(pd.DataFrame({"sample": ["a"], "file": [path]})))
        except BayesmixError as error:
            refused.append(str(error))
    assert len(refused) > 8
    assert all("\n" not in text and "damaged.txt" in text for text in refused)
