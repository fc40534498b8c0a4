"""`count_matrices`: methylated and unmethylated reads as matrices, loci by samples."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats, Integers
from bayesmix.errors import ArgumentError, DataError, shown
from bayesmix.hints import with_hints
from bayesmix.loci.block import LociBlock
from bayesmix.loci.inputs.chunked_table import ChunkedTable, as_numbers, chunked_table
from bayesmix.loci.inputs.file_scan import FileScan
from bayesmix.loci.inputs.filter_settings import FilterSettings, checked_filter
from bayesmix.loci.inputs.filtered_counts import FilteredCounts
from bayesmix.loci.inputs.sample_sheet import read_sheet, require_same_samples

CHROMOSOMES = ("chr", "chrom", "chromosome", "strand")
"""Columns of places that are texts, whatever they look like."""
PLACES = (*CHROMOSOMES, "pos", "position", "start", "end")
"""Columns that say where a locus is."""


@with_hints
def count_matrices(
    methylated: Any,
    unmethylated: Any = None,
    *,
    sheet: Any,
    total: Any = None,
    by: str = "locus",
    sample: str = "sample",
    least_reads: int = 1,
    most_quantile: float | None = None,
    least_samples: int = 1,
    least_per_group: int = 0,
    group: str | None = None,
) -> FilteredCounts:
    """Take matrices of counts, with a row for each locus and a column for each sample, as loci to be fitted.

    Parameters
    ----------
    methylated
        Methylated reads: a frame, or the path of a CSV, TSV (each also with ``.gz``) or Parquet file, which is read in
        pieces; a NumPy array (n_loci, n_samples), whose columns are those of the sheet and whose loci are called by
        their number from 1.
    unmethylated, total
        Unmethylated reads, or those of both kinds; one of the two, with the same rows and samples.
    sheet
        A row for each sample: a frame, or the path of a file that `read_table` reads.
    by
        The column of the matrices with the names of loci; other columns that are no samples say where a locus is:
        ``chr``, ``chrom``, ``chromosome``, ``pos``, ``position``, ``start``, ``end``, ``strand``.
    sample
        The column of the sheet with the names of samples, which are the columns of the matrices in any order.
    least_reads, most_quantile, least_samples, least_per_group, group
        As `read_methylation` takes them.

    Returns
    -------
    FilteredCounts
        Loci with ``methylated`` and ``unmethylated`` reads; missing counts are samples without reads.

    Raises
    ------
    DataError
        The matrices or the sheet have not the same loci or samples, a locus is there twice, or a count is none, below
        0 or beyond the total; the message names locus and sample.
    ArgumentError
        An argument means nothing, or both or none of `unmethylated` and `total` are given.
    """
    if (unmethylated is None) == (total is None):
        raise ArgumentError("Give either unmethylated= or total= beside the methylated reads.")
    frame, _ = read_sheet(sheet, sample)
    settings = checked_filter(FilterSettings(least_reads, most_quantile, least_samples, least_per_group, group), frame)
    names = [str(name) for name in frame[sample]]
    other = "total" if unmethylated is None else "unmethylated"
    first = _matrix(methylated, names, by, "methylated")
    second = _matrix(total if unmethylated is None else unmethylated, names, by, other)
    places = tuple(name for name in PLACES if name in first.names and name not in names)
    pair = _Pair(first, second, tuple(names), by, places, other)
    scans = pair.scan()
    share = settings.most_quantile
    most = np.array([np.inf if share is None else scan.quantile(share) for scan in scans])
    texts = [frame.to_csv(index=False), repr(settings), other]
    texts += [table.digest([by, *places, *names]) for table in (first, second)]
    return FilteredCounts(
        pair.blocks,
        sheet=frame,
        names=frame[sample].astype(str),
        chosen=settings.filter(frame, most),
        digest=blake2b("\x1f".join(texts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest(),
        places=places,
        origin=f"matrices of methylated and {other} reads",
    )


def _matrix(data: Any, names: Sequence[str], by: str, what: str) -> ChunkedTable:
    if isinstance(data, np.ndarray):
        if data.ndim != 2 or data.shape[1] != len(names):
            raise DataError(
                f"The {what} reads have shape {data.shape}; the sheet has {len(names)} samples, a column each."
            )
        data = pd.DataFrame(data, columns=list(names))
        data.insert(0, by, np.arange(1, len(data) + 1).astype(str))
    table = chunked_table(data, f"The matrix of {what} reads")
    table.checked([by])
    others = [name for name in table.names if name != by and (name in names or name not in PLACES)]
    require_same_samples(names, others, f"The matrix of {what} reads")
    return table.checked([by, *names])


@dataclass(frozen=True)
class _Pair:
    """Two matrices whose rows belong together; `other` says what the second counts."""

    first: ChunkedTable
    second: ChunkedTable
    names: tuple[str, ...]
    by: str
    places: tuple[str, ...]
    other: str

    def blocks(self) -> Iterator[LociBlock]:
        """All loci, with all samples."""
        n_samples = len(self.names)
        for rows, loci, methylated, unmethylated in self._counts():
            n_loci = len(loci)
            yield LociBlock(
                tuple(loci),
                n_samples * np.arange(n_loci + 1, dtype=np.int64),
                np.tile(np.arange(n_samples, dtype=np.int64), n_loci),
                {"methylated": methylated.ravel(), "unmethylated": unmethylated.ravel()},
                {name: _place(rows[name]) for name in self.places},
            )

    def scan(self) -> list[FileScan]:
        """How many reads each sample has at how many loci, with all that is wrong told."""
        reads: list[Counter[int]] = [Counter() for _ in self.names]
        hashes, n_loci = [], 0
        for _, loci, methylated, unmethylated in self._counts():
            hashes.append(pd.util.hash_array(np.array(loci, dtype=object)))
            n_loci += len(loci)
            for number, column in enumerate((methylated + unmethylated).T):
                values, counts = np.unique(column, return_counts=True)
                reads[number].update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        self._require_once(np.concatenate(hashes) if hashes else np.empty(0))
        return [FileScan((), each, n_loci, 0, 0, n_loci) for each in reads]

    def _require_once(self, hashes: Any) -> None:
        values, counts = np.unique(hashes, return_counts=True)
        doubtful = set(values[counts > 1].tolist())
        if not len(hashes):
            raise DataError(f"{self.first.told} has no rows.")
        seen: set[str] = set()
        for _, loci, _, _ in self._counts() if doubtful else ():
            for name, found in zip(loci, pd.util.hash_array(np.array(loci, dtype=object)).tolist(), strict=True):
                if found in doubtful and name in seen:
                    raise DataError(f"{self.first.told} has locus {name!r} twice.")
                seen |= {name} if found in doubtful else set()

    def _counts(self) -> Iterator[tuple[pd.DataFrame, list[str], Integers, Integers]]:
        """Places and names of loci with both counts (n_loci, n_samples), in pieces."""
        columns = [self.by, *self.names]
        for rows, others in _side_by_side(
            self.first.chunks([*columns, *self.places]), self.second.chunks(columns), self.second.told
        ):
            loci = rows[self.by].astype(str).tolist()
            differs = np.flatnonzero(rows[self.by].astype(str).to_numpy() != others[self.by].astype(str).to_numpy())
            if rows[self.by].isna().any():
                raise DataError(f"{self.first.told} has a row without a name of its locus in {self.by!r}.")
            if len(differs):
                names = f"{loci[differs[0]]!r} and {str(others[self.by].iloc[differs[0]])!r}"
                raise DataError(f"The two matrices have different loci in the same row, {names}; sort them in one way.")
            first = self._whole(rows, loci, "methylated")
            second = self._whole(others, loci, self.other)
            if self.other == "total":
                second = second - first
                if (second < 0).any():
                    locus, number = np.argwhere(second < 0)[0]
                    raise DataError(
                        f"Locus {loci[locus]!r}, sample {self.names[number]!r}: {first[locus, number]} reads are "
                        f"methylated, of {first[locus, number] + second[locus, number]} in all."
                    )
            yield rows, loci, first, second

    def _whole(self, rows: pd.DataFrame, loci: list[str], what: str) -> Integers:
        found: Floats = np.empty((len(rows), len(self.names)))
        for number, name in enumerate(self.names):
            found[:, number], bad = as_numbers(rows[name])
            if bad is not None:
                row = int(np.flatnonzero(np.isnan(found[:, number]) & rows[name].notna().to_numpy())[0])
                raise DataError(
                    f"Locus {loci[row]!r}, sample {name!r}: the {what} reads are {bad}, which is no number."
                )
        found = np.nan_to_num(found, nan=0.0, posinf=np.inf, neginf=-np.inf)
        wrong = np.argwhere((found < 0) | (found != np.floor(found)) | (found >= 2**53))
        if len(wrong):
            row, number = wrong[0]
            value = found[row, number]
            raise DataError(
                f"Locus {loci[row]!r}, sample {self.names[number]!r}: the {what} reads are "
                f"{shown(float(value))}, which is no count."
            )
        return found.astype(np.int64)


def _place(values: pd.Series) -> Any:
    if pd.api.types.is_integer_dtype(values.dtype):
        return values.to_numpy(dtype=np.int64)
    texts = values.astype(str)
    whole = texts.str.fullmatch(r"\d{1,18}").all() and values.name not in CHROMOSOMES
    return texts.astype(object).astype(np.int64).to_numpy() if whole else texts.to_numpy(dtype=object)


def _side_by_side(
    first: Iterator[pd.DataFrame], second: Iterator[pd.DataFrame], told: str
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Pieces of two tables with the same rows in each."""
    left, right = next(first, None), next(second, None)
    while left is not None and right is not None:
        n = min(len(left), len(right))
        yield left.iloc[:n], right.iloc[:n]
        left = left.iloc[n:] if n < len(left) else next(first, None)
        right = right.iloc[n:] if n < len(right) else next(second, None)
    if left is not None or right is not None:
        raise DataError(f"{told} has {'fewer' if right is None else 'more'} loci than the methylated reads have.")
