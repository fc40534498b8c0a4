"""What is in memory does not grow with the number of loci."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

PROGRAM = """
import sys
from pathlib import Path
import pandas as pd
from bayesmix.loci.inputs.open_loci import open_loci
from bayesmix.loci.inputs.read_methylation import read_methylation
kind, path = sys.argv[1:]
if kind == "files":
    source = read_methylation(pd.read_csv(path), least_reads=2)
else:
    source = open_loci(path, "cbind(m, u) ~ t + (1 | tank)", family="binomial")
n = sum(len(block.samples) for block in source.blocks())
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(n, source.n_loci, int(peak.split()[1]) / 1024)
"""


def _long(folder: Path, n_loci: int, *, shuffled: bool) -> Path:
    rng = np.random.default_rng(1)
    locus = np.repeat(np.arange(n_loci), 4)
    sample = np.tile(np.arange(4), n_loci)
    frame = pd.DataFrame({"locus": locus, "t": sample % 2, "tank": sample // 2})
    frame = frame.assign(m=rng.poisson(5, len(frame)), u=rng.poisson(5, len(frame)))
    path = folder / f"{n_loci}.csv"
    (frame.sample(frac=1, random_state=1) if shuffled else frame).to_csv(path, index=False)
    return path


def _files(folder: Path, n_loci: int) -> Path:
    rng = np.random.default_rng(1)
    paths = []
    for number in range(4):
        frame = pd.DataFrame({"chr": "chr1", "pos": np.arange(n_loci) * 3 + 1, "N": rng.poisson(8, n_loci)})
        path = folder / f"{n_loci}-{number}.txt.gz"
        frame.assign(X=rng.binomial(frame["N"], 0.4)).to_csv(path, index=False, sep="\t", compression="gzip")
        paths.append(path)
    sheet = pd.DataFrame({"sample": range(4), "file": paths})
    sheet.to_csv(folder / f"{n_loci}.csv", index=False)
    return folder / f"{n_loci}.csv"


MAKERS = {
    "long": lambda folder, n: _long(folder, n, shuffled=False),
    "shuffled": lambda folder, n: _long(folder, n, shuffled=True),
    "files": _files,
}


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks of memory are read from Linux")
@pytest.mark.parametrize("kind", MAKERS)
def test_a_million_rows_take_the_memory_of_a_third(kind, tmp_path):
    peaks = []
    for n_loci in (80_000, 250_000):
        path = MAKERS[kind](tmp_path, n_loci)
        call = [sys.executable, "-c", PROGRAM, kind, str(path)]
        done = subprocess.run(call, capture_output=True, text=True, check=True)
        n_rows, found, peak = map(float, done.stdout.split())
        assert found == n_loci
        assert n_rows > 3 * n_loci
        peaks.append(peak)
    # The 680,000 rows more take some 200 MiB as cells of a frame; allocators keep what they gave back for a while.
    assert peaks[1] < peaks[0] + 60, peaks
