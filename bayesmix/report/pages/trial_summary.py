"""What `print` shows of a trial: heritabilities, differences, connections of environments, and the table of entries."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bayesmix.inference.shared.readable_table import ReadableTable
from bayesmix.inference.trials.trial_report import TrialReport
from bayesmix.report.pages.frame_text import TitledFrame
from bayesmix.report.pages.numbers import decimals_for, number
from bayesmix.report.pages.page import Block, Part, blocks_of, wrapped

_WIDTH = 80
_MOST_ENVIRONMENTS = 8


@blocks_of.register
def _report(report: TrialReport) -> tuple[Part, ...]:
    entries = report.entries
    head = f"Trial of {len(entries)} levels of {report.group}"
    notes = tuple(line for note in _notes(report) for line in wrapped(note, _WIDTH))
    return (
        Block("", lines=(head, f"Model: {report.formula}", f"BLUEs: {report.formula_fixed}")),
        Block("", lines=tuple(_figures(report))),
        TitledFrame("Heritability in the broad sense", ReadableTable(report.heritability)),
        *_connections(report.connectivity),
        TitledFrame("Entries, the best first", _entries(report)),
        Block("", lines=notes),
    )


def _entries(report: TrialReport) -> pd.DataFrame:
    """The table as texts: means with as many decimals as the smallest of their errors calls for."""
    table = report.entries
    decimals = decimals_for(float(table[["blue_se", "blup_se"]].min(axis=None)))
    cells = {"n": [f"{value:g}" for value in table["n_plots"]]}
    for name in ("blue", "blue_se", "blup", "blup_se"):
        cells[name] = ["-" if np.isnan(value) else number(value, decimals) for value in table[name]]
    cells["reliab."] = [f"{value:.3f}" for value in table["reliability"]]
    cells["rank"] = [f"{value:.1f}" for value in table["rank"]]
    ends = zip(table["rank_lower"], table["rank_upper"], strict=True)
    cells[f"{100 * report.prob:g} %"] = [f"{lower:.0f} to {upper:.0f}" for lower, upper in ends]
    return pd.DataFrame({name: _to_the_right(texts) for name, texts in cells.items()}, index=table.index)


def _to_the_right(texts: list[str]) -> list[str]:
    width = max(map(len, texts))
    return [text.rjust(width) for text in texts]


def _figures(report: TrialReport) -> Iterator[str]:
    yield f"CV {report.cv:.3g} % (residual sd / mean)"
    yield f"Differences of BLUEs: SED {report.sed:.4g}, LSD (5 %, {report.df:.3g} df) {report.lsd:.4g}"


def _connections(common: pd.DataFrame | None) -> Iterator[Part]:
    if common is None or len(common) < 2:
        return
    name = common.index.name
    if len(common) <= _MOST_ENVIRONMENTS:
        yield TitledFrame(f"Entries in common of {name}, on the diagonal those of each", common)
        return
    between = common.to_numpy()[~np.eye(len(common), dtype=bool)]
    yield Block("", lines=(f"Two levels of {name} have {between.min()} to {between.max()} entries in common.",))


def _notes(report: TrialReport) -> Iterator[str]:
    n_missing = int(report.entries["blue"].isna().sum())
    if n_missing:
        yield f"{n_missing} entries have no BLUE: a cell of the fixed factors that it averages over is empty."
    yield "blup: mean over all and the effect of the entry; blup_se is of the effect's prediction."
    yield "report.entries has the weights for a second stage and the deregressed effects, too."
