"""The rows of one locus as they are fitted, and what is counted of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.arrays import Integers
from bayesmix.errors import BayesmixError, DataError, listing
from bayesmix.formula.terms import Formula
from bayesmix.formula.variables import Variables
from bayesmix.loci.block import LociBlock
from bayesmix.loci.engine.model import LociModel
from bayesmix.loci.engine.settings import LociSettings


@dataclass(frozen=True, eq=False)
class Locus:
    """The rows of a locus that miss nothing: their `samples` and what the formula reads of them, by column."""

    name: str
    samples: Integers
    columns: dict[str, NDArray[Any]]


def loci_of(model: LociModel, block: LociBlock) -> Iterator[Locus]:
    """The loci of a block, one after the other."""
    complete = np.zeros(len(model.sheet), dtype=bool)
    complete[model.complete] = True
    usable = complete[block.samples]
    for name in model.columns:
        usable &= ~pd.isna(block.columns[name])
    for number, name in enumerate(block.names):
        rows = block.rows(number)
        chosen = np.flatnonzero(usable[rows]) + rows.start
        columns = {column: _cells(block.columns[column][chosen]) for column in model.columns}
        yield Locus(name, np.ascontiguousarray(block.samples[chosen]), columns)


def _cells(values: NDArray[Any]) -> NDArray[Any]:
    """Cells of a locus: numbers that stand among texts of other loci are numbers."""
    return values if values.dtype != object else pd.Series(values).infer_objects().to_numpy()


def require_block(model: LociModel, block: LociBlock) -> None:
    """Refuse a block that is none of this model's.

    Raises
    ------
    DataError
        Its arrays do not belong together, a sample is not in the sheet, or a column is missing.
    """
    starts, n_rows = np.asarray(block.starts), len(block.samples)
    if len(starts) != len(block) + 1 or starts[0] != 0 or starts[-1] != n_rows or (np.diff(starts) < 0).any():
        raise DataError(
            f"A block of {len(block)} loci and {n_rows} rows does not say where each locus begins and ends."
        )
    if n_rows and not 0 <= block.samples.min() <= block.samples.max() < len(model.sheet):
        raise DataError(f"A block has samples beyond the {len(model.sheet)} rows of the sample sheet.")
    missing = [name for name in model.columns if name not in block.columns]
    if missing:
        raise DataError(
            f"A block has no {listing(missing)}, which the formula reads; it has {listing(block.columns) or 'nothing'}."
        )
    for name, values in {**block.columns, **block.places}.items():
        length = n_rows if name in block.columns else len(block)
        if len(values) != length:
            raise DataError(f"Column {name!r} of a block has {len(values)} values for {length} rows.")
    lacking = [name for name, _ in model.places if name not in block.places]
    if lacking:
        raise DataError(f"A block has no {listing(lacking)}, which the table of results has.")


@dataclass(frozen=True)
class Coverage:
    """The number of samples with reads, and of reads; None for a response that counts nothing."""

    n_samples: int
    n_reads: int | None

    def low(self, settings: LociSettings) -> bool:
        """Whether there is less than is asked for."""
        few_reads = self.n_reads is not None and self.n_reads < settings.least_reads
        return few_reads or self.n_samples < settings.least_samples


def coverage_of(locus: Locus, formula: Formula, frame: pd.DataFrame, *, counts: bool) -> Coverage:
    """What there is of a locus: reads are trials, or `counts`; where there are neither a row with a value counts.

    `frame` has the columns of the response. What is no number is told when the response is read.
    """
    spec, variables = formula.response, Variables(formula.text, frame, {})
    further = spec.failures if spec.failures is not None else spec.trials
    n_samples = len(np.unique(locus.samples))
    if not len(frame) or (further is None and not counts):
        return Coverage(n_samples, 0 if further is not None or counts else None)
    try:
        reads = variables.evaluate(spec.values if spec.trials is None else spec.trials)
        if spec.failures is not None:
            reads = reads + variables.evaluate(spec.failures)
    except BayesmixError:
        return Coverage(n_samples, None)
    if not np.isfinite(reads).all():
        return Coverage(n_samples, None)
    covered = locus.samples if further is None else locus.samples[reads > 0]
    return Coverage(len(np.unique(covered)), int(reads.sum()))
