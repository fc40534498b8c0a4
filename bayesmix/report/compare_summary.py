"""What `print(bm.compare_reml(fit))` shows: estimates and posterior, side by side."""

import numpy as np
import pandas as pd

from bayesmix.inference.compare_reml import RemlComparison
from bayesmix.modelling.reml_record import RemlFit
from bayesmix.report import page
from bayesmix.report.numbers import aligned, number, row
from bayesmix.report.page import Block, Table

_MOST_LEVELS = 5  # of a term, those that differ most


def as_text(comparison: RemlComparison) -> str:
    """What `print(comparison)` shows."""
    return page.as_text(blocks(comparison))


def as_html(comparison: RemlComparison) -> str:
    """What a notebook shows for `comparison`."""
    return page.as_html(blocks(comparison))


def blocks(comparison: RemlComparison) -> tuple[Block, ...]:
    interval = f"posterior mean and {100 * comparison.prob:g} % interval; difference in posterior sds"
    found = [Block("", lines=_head(comparison))]
    if len(comparison.variance):
        labels = [_variance_label(key) for key in comparison.variance.index]
        found.append(
            Block(f"Standard deviations and correlations ({interval})", table=_table(comparison.variance, labels))
        )
        found += _notes("At the boundary", labels, comparison.variance["note"])
    if len(comparison.fixed):
        found.append(
            Block("Fixed effects", table=_table(comparison.fixed, [str(name) for name in comparison.fixed.index]))
        )
        found += _notes("Run away", [str(name) for name in comparison.fixed.index], comparison.fixed["note"])
    if len(comparison.groups):
        found.append(Block("Group effects, those that differ most", table=_group_table(comparison.groups)))
    return tuple(found)


def _notes(heading: str, labels: list[str], notes: pd.Series) -> list[Block]:
    lines = [f"  {label}: {note}" for label, note in zip(labels, notes, strict=True) if note]
    return [Block(heading, lines=tuple(lines))] if lines else []


def _head(comparison: RemlComparison) -> tuple[str, ...]:
    estimated = comparison.reml
    if isinstance(estimated, RemlFit):
        return (f"REML beside the posterior: {estimated.formula}",)
    head = f"Maximum likelihood (Laplace) beside the posterior: {estimated.formula}"
    return (head, *([] if estimated.converged else [f"No estimates: {estimated.reason}"]))


def _variance_label(key: tuple[str, str, str]) -> str:
    group, first, second = key
    return group if not first else f"{group} {first}" if first == second else f"{group} corr({first}, {second})"


def _table(frame: pd.DataFrame, labels: list[str]) -> Table:
    cells = [
        [*row(values[["reml", "mean", "lower", "upper"]], values["sd"]), _difference(values["difference"])]
        for _, values in frame.iterrows()
    ]
    columns = [aligned([_known(cell) for cell in column]) for column in zip(*cells, strict=True)]
    header = ["", "estimate", "mean", "lower", "upper", "difference"]
    return Table(header, [[label, *values] for label, *values in zip(labels, *columns, strict=True)], labels=1)


def _group_table(frame: pd.DataFrame) -> Table:
    """Of every term the levels whose posterior mean is farthest from the BLUP."""
    rows = []
    for (group, term), levels in frame.groupby(["group", "term"], sort=False):
        most = levels.iloc[np.argsort(-levels["difference"].abs().to_numpy(), kind="stable")[:_MOST_LEVELS]]
        for _, values in most.iterrows():
            numbers = row(values[["blup", "mean", "lower", "upper"]], values["sd"])
            rows.append([f"{group} {term}", str(values["level"]), *numbers, _difference(values["difference"])])
    columns = list(zip(*rows, strict=True))
    shown = [
        list(columns[0]),
        list(columns[1]),
        *(aligned([_known(cell) for cell in column]) for column in columns[2:]),
    ]
    header = ["", "level", "BLUP", "mean", "lower", "upper", "difference"]
    return Table(header, [list(cells) for cells in zip(*shown, strict=True)], labels=2)


def _difference(value: float) -> str:
    return number(value, 2)


def _known(cell: str) -> str:
    return "-" if cell == "nan" else cell
