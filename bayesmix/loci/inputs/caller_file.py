"""One file of a methylation caller, read in pieces that fit into memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from bayesmix.arrays import Flags, Integers
from bayesmix.errors import DataError
from bayesmix.loci.inputs.caller_formats import CallerFormat, Layout, recognised
from bayesmix.loci.inputs.caller_rows import (
    COUNTS,
    DAMAGES,
    damage_told,
    is_gzip,
    opened_lines,
    reason_of,
    refuse_row,
)

_BLOCK, _LEAST_BLOCK = 2**22, 2**16  # bytes that are read at once, of all files together and of each
_LINES_LOOKED_AT = 100


@dataclass(frozen=True)
class Reading:
    """What is read of a file.

    `context`: the bases after a C as ``"CG"``, where the format tells them; None for all. `code`: the modification, of
    bedMethyl; with ``"+"`` in it, as ``"m+h"``, all modifications in the rows of the first code are counted together.
    `collapse`: the two strands of a CpG are counted as one site, at the position of the C on the forward strand.
    """

    context: str | None = "CG"
    code: str = "m"
    collapse: bool = False


@dataclass(frozen=True)
class Sites:
    """Sites in the order of the file: `codes` point to `chromosomes`, `positions` count from 1; all (n_sites,).

    `reverse`: the C is on the reverse strand, where strands are put together; `rows` are numbers of rows, from 0.
    `n_rows` of the file were read for them, of which `n_context` were of another context and `n_code` of another code.
    """

    chromosomes: tuple[str, ...]
    codes: Integers
    positions: Integers
    reverse: Flags
    methylated: Integers
    total: Integers
    rows: Integers
    n_rows: int = 0
    n_context: int = 0
    n_code: int = 0


@dataclass(frozen=True)
class CallerFile:
    """A file whose format is known, one of `n_files` that are read side by side."""

    path: Path
    layout: Layout
    reading: Reading
    n_files: int = 1

    def sites(self) -> Iterator[Sites]:
        """All sites, in pieces.

        Raises
        ------
        DataError
            The file is damaged, or has a row that is none of its format; the message names the line.
        """
        before = 0
        with damage_told(self.path, self.layout):
            for batch in self._batches():
                n_rows, sites = batch.num_rows, self._sites(batch, before)
                before += n_rows
                yield sites

    def _batches(self) -> Iterator[pa.RecordBatch]:
        layout, columns = self.layout, self.layout.form.columns
        names = [*columns[:9], "rest"] if layout.mixed else list(columns)
        wanted = [name for name in names if name in _WANTED or name == "rest"]
        types = {name: pa.string() if name in _TEXTS or name == "rest" else pa.int64() for name in wanted}
        compressed = "gzip" if is_gzip(self.path) else None
        with pa.input_stream(str(self.path), compression=compressed) as stream:
            yield from pyarrow.csv.open_csv(
                stream,
                read_options=pyarrow.csv.ReadOptions(
                    column_names=names,
                    skip_rows=layout.header,
                    use_threads=False,
                    block_size=max(_BLOCK // self.n_files, min(_BLOCK, _LEAST_BLOCK)),
                ),
                parse_options=pyarrow.csv.ParseOptions(delimiter=layout.separator, quote_char=False),
                convert_options=pyarrow.csv.ConvertOptions(
                    include_columns=wanted, column_types=types, null_values=[], strings_can_be_null=False
                ),
            )

    def _sites(self, batch: pa.RecordBatch, before: int) -> Sites:
        numbers = _numbers(batch, self.layout)
        chromosome = batch.column("chr").dictionary_encode()
        codes = chromosome.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        position = numbers["pos"] + 1 - self.layout.form.counted_from
        methylated = numbers["methylated"]
        total = numbers["total"] if "total" in numbers else methylated + numbers["unmethylated"]
        if "+" in self.reading.code and "canonical" in numbers:
            methylated = total - numbers["canonical"]
        wrong = (methylated < 0) | (total < methylated) | (position < 1)
        if wrong.any():
            refuse_row(self.path, self.layout, before + int(np.argmax(wrong)))
        kept, n_context, n_code = self._kept(batch)
        reverse = np.zeros(batch.num_rows, dtype=bool)
        if self.reading.collapse:
            reverse = _equal(batch.column("strand"), "-")
            position = position - reverse
        rows = np.arange(before, before + batch.num_rows)
        return Sites(
            tuple(chromosome.dictionary.to_pylist()),
            codes[kept],
            position[kept],
            reverse[kept],
            methylated[kept],
            total[kept],
            rows[kept],
            batch.num_rows,
            n_context,
            n_code,
        )

    def _kept(self, batch: pa.RecordBatch) -> tuple[Flags, int, int]:
        kept = np.ones(batch.num_rows, dtype=bool)
        n_context = n_code = 0
        if "context" in batch.schema.names and self.reading.context is not None:
            kept = pc.starts_with(batch.column("context"), self.reading.context).to_numpy(zero_copy_only=False)
            n_context = int((~kept).sum())
        if "code" in batch.schema.names:
            first = self.reading.code.partition("+")[0]
            codes = batch.column("code")
            of_code = _equal(codes, first) | pc.starts_with(codes, first + ",").to_numpy(zero_copy_only=False)
            n_code = int((~of_code).sum())
            kept = kept & of_code
        return kept, n_context, n_code

    def digest(self) -> str:
        """What tells the content of the file from others."""
        found = blake2b(digest_size=16)
        with self.path.open("rb") as opened:
            while piece := opened.read(2**20):
                found.update(piece)
        return found.hexdigest()


_TEXTS = ("chr", "strand", "context", "code")
_WANTED = (*_TEXTS, "pos", *COUNTS)


def caller_file(path: Path, asked: CallerFormat | None, reading: Reading, n_files: int = 1) -> CallerFile:
    """A file with its format, by its content unless one is asked for."""
    name = str(path)
    try:
        with opened_lines(path) as lines:
            first = [line.decode("utf-8") for line in islice(lines, _LINES_LOOKED_AT)]
    except UnicodeDecodeError:
        raise DataError(f"{name!r} is no text file of a methylation caller.") from None
    except DAMAGES as error:
        raise DataError(f"{name!r} cannot be read: {reason_of(error)}.") from error
    layout = recognised(name, first, asked)
    if reading.collapse and "strand" not in layout.form.columns:
        raise DataError(
            f"{name!r} ({layout.form.name}) does not tell strands, so that the two of a CpG cannot be put together; "
            "give the CpG report of Bismark, or have the caller merge them."
        )
    return CallerFile(path, layout, reading, n_files)


def _equal(column: pa.Array, text: str) -> Flags:
    return pc.equal(column, text).to_numpy(zero_copy_only=False)


def _numbers(batch: pa.RecordBatch, layout: Layout) -> dict[str, Integers]:
    """The columns of whole numbers."""
    found = {
        name: batch.column(name).to_numpy(zero_copy_only=False)
        for name in ("pos", *COUNTS)
        if name in batch.schema.names
    }
    if layout.mixed:
        parts = pc.split_pattern(batch.column("rest"), " ")
        names = layout.form.columns[9:]
        if not pc.all(pc.equal(pc.list_value_length(parts), len(names))).as_py():
            raise pa.ArrowInvalid("fields")
        for place, name in enumerate(names):
            if name in COUNTS:
                values = pc.cast(pc.list_element(parts, place), pa.int64())
                found[name] = values.to_numpy(zero_copy_only=False)
    return found
