"""What `print(bm.compare_reml(fit))` shows: estimates and posterior, side by side."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayesmix.estimates.reml.record import RemlFit
from bayesmix.inference.pooling.compare_reml import RemlComparison, estimated_by
from bayesmix.report.pages.numbers import aligned, aligned_rows, number, row
from bayesmix.report.pages.page import Block, Table, blocks_of, wrapped

_WIDTH = 110
_MOST_LEVELS = 5  # of a term, those that differ most
_NO_ESTIMATE = "runs away"


@blocks_of.register
def _blocks(comparison: RemlComparison) -> tuple[Block, ...]:
    by = estimated_by(comparison.reml)
    columns = f"{100 * comparison.prob:g} % equal-tailed interval; difference: (posterior mean - {by}) / posterior sd"
    parts = [Block("", lines=(*_head(comparison), f"Posterior: {columns}"))]
    if len(comparison.variance):
        labels = [_variance_label(key) for key in comparison.variance.index]
        table = _table(comparison.variance, labels, {"reml": by, "mean": "mean", "median": "median"})
        parts.append(Block("Standard deviations and correlations", table=table))
        parts += _notes("At the boundary", labels, comparison.variance["note"])
    if len(comparison.fixed):
        labels = [str(name) for name in comparison.fixed.index]
        table = _table(comparison.fixed, labels, {"reml": by, "se": "se", "mean": "mean", "sd": "sd"})
        parts.append(Block("Fixed effects", table=table))
        parts += _notes("Run away", labels, comparison.fixed["note"])
    if len(comparison.groups):
        blup = "BLUP" if isinstance(comparison.reml, RemlFit) else "mode"
        parts.append(Block("Group effects, those that differ most", table=_group_table(comparison.groups, blup)))
    return tuple(parts)


def _notes(heading: str, labels: list[str], notes: pd.Series) -> list[Block]:
    lines = [f"  {label}: {note}" for label, note in zip(labels, notes, strict=True) if note]
    return [Block(heading, lines=tuple(lines))] if lines else []


def _head(comparison: RemlComparison) -> tuple[str, ...]:
    estimated = comparison.reml
    if isinstance(estimated, RemlFit):
        return (f"REML beside the posterior: {estimated.formula}",)
    head = f"Maximum likelihood (Laplace) beside the posterior: {estimated.formula}"
    return (head, *(() if estimated.converged else wrapped(f"No maximum: {estimated.reason}", _WIDTH)))


def _variance_label(key: tuple[str, str, str]) -> str:
    group, first, second = key
    return group if not first else f"{group} {first}" if first == second else f"{group} corr({first}, {second})"


def _table(frame: pd.DataFrame, labels: list[str], columns: dict[str, str]) -> Table:
    """The `columns` under their headings, then the interval and the difference."""
    columns = {**columns, "lower": "lower", "upper": "upper"}
    cells = [
        [*row(values[list(columns)], values["sd"]), _difference(values["difference"])] for _, values in frame.iterrows()
    ]
    if "se" in columns:
        # The numbers at which the search happened to stop would be read as estimates.
        diverges = [bool(note) for note in frame["note"]]
        cells = [[_NO_ESTIMATE, "-", *row[2:]] if no else row for row, no in zip(cells, diverges, strict=True)]
    shown = [_aligned(column) for column in zip(*cells, strict=True)]
    return Table(["", *columns.values(), "difference"], list(zip(labels, *shown, strict=True)))


def _aligned(column: Sequence[str]) -> list[str]:
    """Numbers by their decimal points, words at the right edge."""
    shown = aligned(["" if cell == _NO_ESTIMATE else _known(cell) for cell in column])
    return [cell if cell == _NO_ESTIMATE else text for cell, text in zip(column, shown, strict=True)]


def _group_table(frame: pd.DataFrame, blup: str) -> Table:
    """The levels of each term whose posterior mean is farthest from the BLUP; a term's numbers have equal decimals."""
    rows = []
    for (group, term), levels in frame.groupby(["group", "term"], sort=False):
        most = levels.iloc[np.argsort(-levels["difference"].abs().to_numpy(), kind="stable")[:_MOST_LEVELS]]
        spread = float(most["sd"].min())
        for _, values in most.iterrows():
            numbers = row(values[["blup", "blup_sd", "mean", "sd", "lower", "upper"]], spread)
            numbers = [_known(cell) for cell in (*numbers, _difference(values["difference"]))]
            rows.append([f"{group} {term}", str(values["level"]), *numbers])
    header = ["", "level", blup, "sd", "mean", "sd", "lower", "upper", "difference"]
    return Table(header, aligned_rows(rows, slice(2, None)), labels=2)


def _difference(value: float) -> str:
    return number(round(value, 2) + 0.0, 2)  # no -0.00


def _known(cell: str) -> str:
    return "-" if cell == "nan" else cell
