"""The files that methylation callers write: which column holds what, and how a file is recognised by its content."""

from collections.abc import Sequence
from dataclasses import dataclass

from bayesmix.errors import ArgumentError, DataError, counted, did_you_mean, shown


@dataclass(frozen=True)
class CallerFormat:
    """A format: `columns` by name in their order, of which ``chr``, ``pos``, ``methylated`` and, for the other count,
    ``unmethylated`` or ``total`` are read, and where it has them ``strand``, ``context`` and ``code``.

    `zero_based`: positions count from 0, as in BED, and are told from 1; `sites`: what a file of it lists.
    """

    name: str
    tool: str
    columns: tuple[str, ...]
    source: str
    zero_based: bool = False

    @property
    def counted_from(self) -> int:
        """The position of the first base of a chromosome in the file."""
        return 0 if self.zero_based else 1


_COVERAGE = ("chr", "pos", "end", "percent", "methylated", "unmethylated")
_BEDMETHYL = (
    *("chr", "pos", "end", "code", "score", "strand", "thick_start", "thick_end", "colour"),
    *("total", "percent", "methylated", "canonical", "other", "deleted", "failed", "different", "no_call"),
)
FORMATS = {
    form.name: form
    for form in (
        CallerFormat(
            "bismark-cov",
            "Bismark, .bismark.cov",
            _COVERAGE,
            "https://felixkrueger.github.io/Bismark/options/methylation_extraction/",
        ),
        CallerFormat(
            "bismark-report",
            "Bismark, CpG or CX report",
            ("chr", "pos", "strand", "methylated", "unmethylated", "context", "bases"),
            "https://felixkrueger.github.io/Bismark/options/methylation_extraction/",
        ),
        CallerFormat(
            "methyldackel",
            "MethylDackel, bedGraph",
            _COVERAGE,
            "https://github.com/dpryan79/MethylDackel",
            zero_based=True,
        ),
        CallerFormat(
            "modkit",
            "modkit, bedMethyl",
            _BEDMETHYL,
            "https://nanoporetech.github.io/modkit/intro_pileup.html",
            zero_based=True,
        ),
        CallerFormat(
            "dss",
            "DSS, text",
            ("chr", "pos", "total", "methylated"),
            "https://bioconductor.org/packages/DSS",
        ),
        CallerFormat(
            "allc",
            "methylpy or ALLCools, allc",
            ("chr", "pos", "strand", "context", "methylated", "total", "tested"),
            "https://hq-1.gitbook.io/mc/tech-background/file-formats",
        ),
    )
}
"""By name. The ends of cov and bedGraph files are not read, so that merged CpG of either keep the place of their C."""


@dataclass(frozen=True)
class Layout:
    """How one file is written: its format, lines before the first row, and the mark between fields.

    `mixed`: fields from the tenth on are separated by blanks, as older versions of modkit write them.
    """

    form: CallerFormat
    header: int
    separator: str
    mixed: bool = False


def named_format(name: object) -> CallerFormat:
    """The format that a user names."""
    if not isinstance(name, str) or name not in FORMATS:
        hint = did_you_mean(name, FORMATS) if isinstance(name, str) else ""
        raise ArgumentError(f"format={shown(name)} is not known.{hint} Formats: {', '.join(FORMATS)}.")
    return FORMATS[name]


def recognised(file: str, lines: Sequence[str], asked: CallerFormat | None) -> Layout:
    """The layout of a file by its first `lines`.

    Raises
    ------
    DataError
        The file is empty or of no known format, or not of the one that was asked for.
    """
    header = 0
    while header < len(lines) and _is_header(lines[header]):
        header += 1
    rows = [line for line in lines[header:] if line.strip()]
    if not rows:
        raise DataError(f"{file!r} has no rows: it is empty or holds a header alone.")
    separator = "\t" if "\t" in rows[0] else " "
    fields = rows[0].rstrip("\r\n").split(separator)
    mixed = len(fields) == 10 and len(fields[9].split(" ")) == 9
    if mixed:
        fields = [*fields[:9], *fields[9].split(" ")]
    form = asked or _by_content(file, fields, lines[:header])
    if len(fields) != len(form.columns):
        raise DataError(
            f"{file!r}, line {header + 1}: {counted(len(fields), 'field')}, where {form.name} ({form.tool}) has "
            f"{len(form.columns)}."
        )
    return Layout(form, header, separator, mixed)


def _is_header(line: str) -> bool:
    first, *others = line.lower().split() or [""]
    names = first.startswith(("#", "track", "browser"))
    return names or (first in ("chr", "chrom", "chromosome") and any(not text.isdigit() for text in others[:1]))


def _by_content(file: str, fields: list[str], header: Sequence[str]) -> CallerFormat:
    if len(fields) == 18:
        return FORMATS["modkit"]
    if len(fields) == 7 and fields[2] in ("+", "-"):
        return FORMATS["bismark-report" if fields[3].isdigit() else "allc"]
    if len(fields) == 6:
        if any(line.startswith("track") for line in header):
            return FORMATS["methyldackel"]
        if fields[1] == fields[2]:
            return FORMATS["bismark-cov"]
        raise DataError(
            f"{file!r} may be of MethylDackel without its track line, with positions from 0, or merged CpG of Bismark, "
            f'from 1: give format="methyldackel" or format="bismark-cov".'
        )
    if len(fields) == 4:
        names = [name.lower() for name in header[-1].split()] if header else []
        if names[2:] == ["n", "x"]:
            return FORMATS["dss"]
        raise DataError(
            f"{file!r} has 4 fields and no header chr pos N X: a bedGraph of percentages alone has no counts; give the "
            'file with counts (.cov of Bismark), or format="dss".'
        )
    raise DataError(
        f"{file!r} is of no known format: its first row has {counted(len(fields), 'field')}. Give format=, one of "
        f"{', '.join(FORMATS)}."
    )
