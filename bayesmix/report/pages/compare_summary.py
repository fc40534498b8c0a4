"""What `print(bm.compare_reml(fit))` shows: estimates and posterior, side by side."""

from collections.abc import Sequence
from textwrap import wrap

import numpy as np
import pandas as pd

from bayesmix.estimates.reml.record import RemlFit
from bayesmix.inference.pooling.compare_reml import RemlComparison, estimated_by
from bayesmix.report.pages.numbers import aligned, number, row
from bayesmix.report.pages.page import Block, Table, blocks_of

_WIDTH = 110
_MOST_LEVELS = 5  # of a term, those that differ most
_NO_ESTIMATE = "runs away"


@blocks_of.register
def _blocks(comparison: RemlComparison) -> tuple[Block, ...]:
    by = estimated_by(comparison.reml)
    interval = f"{100 * comparison.prob:g} % equal-tailed interval"
    found = [
        Block(
            "", lines=(*_head(comparison), f"Posterior: {interval}; difference: (posterior mean - {by}) / posterior sd")
        )
    ]
    if len(comparison.variance):
        labels = [_variance_label(key) for key in comparison.variance.index]
        table = _table(comparison.variance, labels, {"reml": by, "mean": "mean", "median": "median"})
        found.append(Block("Standard deviations and correlations", table=table))
        found += _notes("At the boundary", labels, comparison.variance["note"])
    if len(comparison.fixed):
        labels = [str(name) for name in comparison.fixed.index]
        table = _table(comparison.fixed, labels, {"reml": by, "se": "se", "mean": "mean", "sd": "sd"})
        found.append(Block("Fixed effects", table=table))
        found += _notes("Run away", labels, comparison.fixed["note"])
    if len(comparison.groups):
        blup = "BLUP" if isinstance(comparison.reml, RemlFit) else "mode"
        found.append(Block("Group effects, those that differ most", table=_group_table(comparison.groups, blup)))
    return tuple(found)


def _notes(heading: str, labels: list[str], notes: pd.Series) -> list[Block]:
    lines = [f"  {label}: {note}" for label, note in zip(labels, notes, strict=True) if note]
    return [Block(heading, lines=tuple(lines))] if lines else []


def _head(comparison: RemlComparison) -> tuple[str, ...]:
    estimated = comparison.reml
    if isinstance(estimated, RemlFit):
        return (f"REML beside the posterior: {estimated.formula}",)
    head = f"Maximum likelihood (Laplace) beside the posterior: {estimated.formula}"
    trouble = [] if estimated.converged else wrap(f"No maximum: {estimated.reason}", _WIDTH, break_on_hyphens=False)
    return (head, *trouble)


def _variance_label(key: tuple[str, str, str]) -> str:
    group, first, second = key
    return group if not first else f"{group} {first}" if first == second else f"{group} corr({first}, {second})"


def _table(frame: pd.DataFrame, labels: list[str], columns: dict[str, str]) -> Table:
    """The `columns` with their headings, then interval and difference."""
    columns = {**columns, "lower": "lower", "upper": "upper"}
    cells = [
        [*row(values[list(columns)], values["sd"]), _difference(values["difference"])] for _, values in frame.iterrows()
    ]
    if "se" in columns:
        cells = [_runs_away(own) if note else own for own, note in zip(cells, frame["note"], strict=True)]
    shown = [_aligned(column) for column in zip(*cells, strict=True)]
    header = ["", *columns.values(), "difference"]
    return Table(header, [[label, *values] for label, *values in zip(labels, *shown, strict=True)], labels=1)


def _runs_away(cells: list[str]) -> list[str]:
    """Without the numbers at which the search happened to stop: they would be read as estimates."""
    return [_NO_ESTIMATE, "-", *cells[2:]]


def _aligned(column: Sequence[str]) -> list[str]:
    """Numbers by their decimal points, words at the right edge."""
    shown = aligned(["" if cell == _NO_ESTIMATE else _known(cell) for cell in column])
    return [own if own == _NO_ESTIMATE else cell for own, cell in zip(column, shown, strict=True)]


def _group_table(frame: pd.DataFrame, blup: str) -> Table:
    """Of every term the levels whose posterior mean is farthest from the BLUP, with as many decimals each."""
    rows = []
    for (group, term), levels in frame.groupby(["group", "term"], sort=False):
        most = levels.iloc[np.argsort(-levels["difference"].abs().to_numpy(), kind="stable")[:_MOST_LEVELS]]
        spread = float(most["sd"].min())
        for _, values in most.iterrows():
            numbers = row(values[["blup", "blup_sd", "mean", "sd", "lower", "upper"]], spread)
            rows.append([f"{group} {term}", str(values["level"]), *numbers, _difference(values["difference"])])
    columns = list(zip(*rows, strict=True))
    shown = [
        list(columns[0]),
        list(columns[1]),
        *(aligned([_known(cell) for cell in column]) for column in columns[2:]),
    ]
    header = ["", "level", blup, "sd", "mean", "sd", "lower", "upper", "difference"]
    return Table(header, [list(cells) for cells in zip(*shown, strict=True)], labels=2)


def _difference(value: float) -> str:
    return number(round(value, 2) + 0.0, 2)  # no -0.00


def _known(cell: str) -> str:
    return "-" if cell == "nan" else cell
