"""What `print` shows of marginal means and slopes: families of rows, and below them what to know of the numbers."""

from collections.abc import Iterator

import pandas as pd

from bayesmix.inference.means.linear_functions import LinearFunctions
from bayesmix.inference.means.table import MeansTable
from bayesmix.report.pages.frame_text import Frame, TitledFrame
from bayesmix.report.pages.page import Block, Part, blocks_of, wrapped

_WIDTH = 80


@blocks_of.register
def _means(table: MeansTable) -> tuple[Part, ...]:
    linear = table.linear
    if linear is None:
        return (Frame(table),)
    lines = tuple(line for note in linear.notes for line in wrapped(note, _WIDTH))
    return (*_families(table, linear), Block("", lines=lines))


def _families(table: MeansTable, linear: LinearFunctions) -> Iterator[Part]:
    """The rows of every combination of the variables in `by` under a heading; of many rows the first and last alone."""
    plain = pd.DataFrame(table)
    by = [name for name in linear.by if name in plain]
    names = [str(name) for name in linear.labels.columns if name in plain and name not in by]
    if not by or not names or len(plain) > (pd.get_option("display.max_rows") or len(plain)):
        yield Frame(_labelled(plain, [*names, *by]))
        return
    for levels, rows in plain.groupby(by, sort=False):
        head = ", ".join(f"{name} = {level}" for name, level in zip(by, levels, strict=True))
        yield TitledFrame(head, _labelled(rows.drop(columns=by), names))


def _labelled(rows: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return rows.set_index(names) if names else rows
