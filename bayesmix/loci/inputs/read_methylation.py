"""`read_methylation`: the files of methylation callers, one for each sample."""

import os
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayesmix.errors import ArgumentError, DataError, listing, shown
from bayesmix.hints import with_hints
from bayesmix.loci.inputs.caller_file import CallerFile, Reading, caller_file
from bayesmix.loci.inputs.caller_formats import named_format
from bayesmix.loci.inputs.file_scan import FileScan, chromosome_order, scanned
from bayesmix.loci.inputs.filter_settings import FilterSettings, checked_filter
from bayesmix.loci.inputs.filtered_counts import FilteredCounts
from bayesmix.loci.inputs.merged_sites import merged_sites
from bayesmix.loci.inputs.sample_sheet import column, read_sheet


@with_hints
def read_methylation(
    sheet: Any,
    *,
    files: str = "file",
    sample: str = "sample",
    format: str | None = None,
    context: str | None = "CG",
    code: str = "m",
    collapse_strands: bool = False,
    least_reads: int = 1,
    most_quantile: float | None = None,
    least_samples: int = 1,
    least_per_group: int = 0,
    group: str | None = None,
) -> FilteredCounts:
    """Read the files that methylation callers write, one for each sample, as loci to be fitted.

    Files are read in pieces and merged by place, so that memory does not grow with the number of loci. They may be
    compressed by gzip or bgzip, and are told apart by their content:

    ==================  ======================================================  ==================
    format              columns                                                 positions from
    ==================  ======================================================  ==================
    ``bismark-cov``     chr start end percent methylated unmethylated           1
    ``bismark-report``  chr pos strand methylated unmethylated context bases    1
    ``methyldackel``    track line; chr start end percent methylated            0
                        unmethylated
    ``modkit``          bedMethyl of 18 columns                                 0
    ``dss``             header chr pos N X                                      1
    ``allc``            chr pos strand context methylated total tested          1
    ==================  ======================================================  ==================

    Parameters
    ----------
    sheet
        A row for each sample: a frame, or the path of a file that `read_table` reads.
    files
        The column of the sheet with the paths of the files; relative ones start at the folder of the sheet's file, or
        where Python runs.
    sample
        The column of the sheet with the names of samples.
    format
        The format of all files; recognised by their content unless given.
    context
        The bases from the C on that are kept, of formats that tell them (reports and allc); None keeps all.
    code
        The modification of bedMethyl that counts as methylated, ``"m"`` (5mC) or ``"h"`` (5hmC). All other valid calls
        count as unmethylated, as in the percentage of the file; ``"m+h"`` counts both as methylated.
    collapse_strands
        Whether the C of both strands of a CpG are one locus, at the place of the C on the forward strand; of formats
        that tell strands (reports, allc, bedMethyl).
    least_reads
        Counts of a sample with fewer reads are left out.
    most_quantile
        Counts of a sample above this quantile of its reads are left out: 0.999 is usual against duplicates.
    least_samples
        Loci with fewer samples are left out.
    least_per_group, group
        Loci with fewer samples in any of the groups, a column of the sheet, are left out.

    Returns
    -------
    FilteredCounts
        Loci named ``chr:pos``, with ``methylated`` and ``unmethylated`` reads, in the order of the files; positions
        count from 1. It is shown as a table of all that was left out; `fit_loci` takes it as data.

    Raises
    ------
    DataError
        A file is not there, damaged, of no known format, not sorted, or has a row that cannot be: the message names
        file and line.
    ArgumentError
        An argument means nothing, or names a column that the sheet does not have.

    References
    ----------
    The formats are documented by their tools: Bismark,
    https://felixkrueger.github.io/Bismark/options/methylation_extraction/; MethylDackel,
    https://github.com/dpryan79/MethylDackel; modkit, https://nanoporetech.github.io/modkit/intro_pileup.html; DSS,
    https://bioconductor.org/packages/DSS; allc of methylpy and ALLCools,
    https://hq-1.gitbook.io/mc/tech-background/file-formats
    """
    frame, folder = read_sheet(sheet, sample)
    settings = checked_filter(FilterSettings(least_reads, most_quantile, least_samples, least_per_group, group), frame)
    reading = _reading(context, code, collapse_strands)
    asked = None if format is None else named_format(format)
    opened = [caller_file(path, asked, reading, len(frame)) for path in _paths(frame, files, sample, folder)]
    scans = [scanned(file) for file in opened]
    order = chromosome_order([scan.chromosomes for scan in scans], [str(file.path) for file in opened])
    ranks = {name: number for number, name in enumerate(order)}
    most = np.full(len(opened), np.inf)
    if most_quantile is not None:
        most = np.array([scan.quantile(most_quantile) for scan in scans])
    return FilteredCounts(
        partial(merged_sites, opened, ranks),
        sheet=frame,
        names=frame[sample].astype(str),
        chosen=settings.filter(frame, most),
        digest=_digest(opened, frame, settings),
        places=("chr", "pos"),
        origin=_origin(opened),
        before=_before(scans, frame[sample].astype(str)),
    )


def _reading(context: Any, code: Any, collapse: Any) -> Reading:
    if context is not None and (not isinstance(context, str) or not context.startswith("C")):
        raise ArgumentError(f'context is the bases from the C on, such as "CG", or None; got {shown(context)}.')
    if not isinstance(code, str) or not code:
        raise ArgumentError(f'code is a modification of bedMethyl, such as "m", "h" or "m+h"; got {shown(code)}.')
    if not isinstance(collapse, bool):
        raise ArgumentError(f"collapse_strands is True or False; got {shown(collapse)}.")
    if collapse and context != "CG":
        raise ArgumentError(
            f'collapse_strands=True is for context="CG", whose strands lie side by side; got context={shown(context)}.'
        )
    return Reading(context, code, collapse)


def _paths(frame: pd.DataFrame, files: Any, sample: str, folder: Path) -> list[Path]:
    texts = column(frame, files, "files")
    for name, text in zip(frame[sample], texts, strict=True):
        if not isinstance(text, str | Path) or not str(text):
            raise DataError(f"The sample sheet has no file for {name!r} in column {files!r}.")
    paths = [folder / Path(text).expanduser() for text in texts]
    missing = [str(path) for path in paths if not os.path.isfile(path)]
    if missing:
        raise DataError(f"There is no file {listing(map(repr, missing), 4)}, which the sample sheet names.")
    twice = texts[texts.duplicated()]
    if len(twice):
        raise DataError(f"The sample sheet names {str(twice.iloc[0])!r} for two samples.")
    return paths


def _digest(opened: list[CallerFile], frame: pd.DataFrame, settings: FilterSettings) -> str:
    texts = [frame.to_csv(index=False), repr(settings), *(repr(file.reading) for file in opened)]
    texts += [file.layout.form.name + file.digest() for file in opened]
    return blake2b("\x1f".join(texts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _origin(opened: list[CallerFile]) -> str:
    forms = {file.layout.form.name: file.layout.form for file in opened}
    told = [f"{form.tool} (positions from {form.counted_from})" for form in forms.values()]
    return f"files of {listing(told)}; positions are told from 1"


def _before(scans: list[FileScan], names: pd.Series) -> pd.DataFrame:
    rows = [
        (what, name, getattr(scan, attribute))
        for what, attribute in (("rows", "n_rows"), ("rows of other contexts", "n_context"),
                                ("rows of other codes", "n_code"), ("sites", "n_sites"))
        for name, scan in zip(names, scans, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["what", "sample", "n"])
