"""One set of counts, written as each methylation caller writes it."""

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Site:
    """A C of a CpG: `pos` counts from 1."""

    chr: str
    pos: int
    strand: str
    methylated: int
    unmethylated: int


def simulated_sites(seed: int, n: int = 60, n_samples: int = 4) -> list[list[Site]]:
    """CpG on both strands of two chromosomes, with gaps in each sample."""
    rng = np.random.default_rng(seed)
    samples = []
    positions = {name: np.sort(rng.choice(2000, n, replace=False)) * 5 + 11 for name in ("chr2", "chr10")}
    for _ in range(n_samples):
        sites = []
        for name, starts in positions.items():
            for start in starts.tolist():
                for shift, strand in enumerate("+-"):
                    reads = int(rng.poisson(8))
                    if rng.random() < 0.8 and reads:
                        methylated = int(rng.binomial(reads, 0.3))
                        sites.append(Site(name, start + shift, strand, methylated, reads - methylated))
        samples.append(sites)
    return samples


def _cov(site: Site, first: int, width: int) -> str:
    total = site.methylated + site.unmethylated
    share = round(100 * site.methylated / max(total, 1))
    return f"{site.chr}\t{first}\t{first + width}\t{share}\t{site.methylated}\t{site.unmethylated}"


def _bedmethyl(site: Site, code: str, methylated: int, separator: str = "\t") -> str:
    start, total = site.pos - 1, site.methylated + site.unmethylated
    other = 0 if code == "m" else site.methylated
    head = [site.chr, start, start + 1, code, total, site.strand, start, start + 1, "255,0,0"]
    tail = [total, 100 * methylated / max(total, 1), methylated, site.unmethylated, other, 1, 2, 3, 4]
    return "\t".join(map(str, head)) + "\t" + separator.join(map(str, tail))


WRITERS = {
    "bismark-cov": lambda sites: [_cov(site, site.pos, 0) for site in sites],
    "bismark-report": lambda sites: [
        line
        for site in sites
        for line in (
            f"{site.chr}\t{site.pos}\t{site.strand}\t{site.methylated}\t{site.unmethylated}\tCG\tCGA",
            f"{site.chr}\t{site.pos + 2}\t{site.strand}\t7\t1\tCHH\tCTA",
        )
    ],
    "methyldackel": lambda sites: [
        'track type="bedGraph" description="a CpG methylation levels"',
        *(_cov(site, site.pos - 1, 1) for site in sites),
    ],
    "modkit": lambda sites: [
        line for site in sites for line in (_bedmethyl(site, "h", 0), _bedmethyl(site, "m", site.methylated))
    ],
    "dss": lambda sites: [
        "chr\tpos\tN\tX",
        *(f"{s.chr}\t{s.pos}\t{s.methylated + s.unmethylated}\t{s.methylated}" for s in sites),
    ],
    "allc": lambda sites: [
        f"{s.chr}\t{s.pos}\t{s.strand}\tCGT\t{s.methylated}\t{s.methylated + s.unmethylated}\t1" for s in sites
    ],
}


def mixed_bedmethyl(sites: list[Site]) -> list[str]:
    """Lines of older versions of modkit, with blanks between the last fields."""
    return [_bedmethyl(site, "m", site.methylated, " ") for site in sites]


def write(folder: Path, name: str, lines: list[str], *, packed: bool = False, pieces: int = 3) -> Path:
    """A file of lines; `packed` as bgzip does it, in several members."""
    path = folder / (name + (".gz" if packed else ""))
    texts = ["".join(f"{line}\n" for line in part) for part in np.array_split(np.array(lines, dtype=object), pieces)]
    path.write_bytes(b"".join(gzip.compress(text.encode()) if packed else text.encode() for text in texts))
    return path


def written_sheet(folder: Path, samples: list[list[Site]], form: str, *, packed: bool = False) -> pd.DataFrame:
    """A sheet of samples with the files of one format."""
    paths = [
        write(folder, f"{form}-{number}.txt", WRITERS[form](sites), packed=packed)
        for number, sites in enumerate(samples)
    ]
    names = [f"s{number}" for number in range(len(samples))]
    treatment = ["ctl" if number % 2 else "trt" for number in range(len(samples))]
    return pd.DataFrame({"sample": names, "file": list(map(str, paths)), "treatment": treatment})


def expected(samples: list[list[Site]]) -> pd.DataFrame:
    """A row for each sample and place, by brute force."""
    rows = [
        (site.chr, site.pos, number, site.methylated, site.unmethylated)
        for number, sites in enumerate(samples)
        for site in sites
    ]
    frame = pd.DataFrame(rows, columns=["chr", "pos", "sample", "methylated", "unmethylated"])
    rank = frame["chr"].map({"chr2": 0, "chr10": 1})
    return frame.assign(rank=rank).sort_values(["rank", "pos", "sample"], ignore_index=True).drop(columns="rank")


def read_back(source, size: int = 1000) -> pd.DataFrame:
    """The rows of all blocks of a source."""
    frames = []
    for block in source.blocks(size):
        locus = np.repeat(np.arange(len(block)), np.diff(block.starts))
        places = {name: values[locus] for name, values in block.places.items()}
        frames.append(pd.DataFrame({**places, "sample": block.samples, **block.columns}))
    return pd.concat(frames, ignore_index=True)
