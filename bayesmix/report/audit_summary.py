"""What `print(bm.audit(fit))` shows: the sentence, NUTS' own figures, and fit and NUTS side by side."""

from textwrap import wrap

import pandas as pd

from bayesmix.inference.audit_record import Audit
from bayesmix.report import page
from bayesmix.report.numbers import aligned, number, row, whole
from bayesmix.report.page import Block, Table
from bayesmix.visible import visible

WIDTH = 80
"""Columns of a printed audit."""

_MOST_NAME = 28
_HEADER = ("", "", "fit", "NUTS", "difference", "MC error", "z")


def as_text(audit: Audit) -> str:
    """What `print(audit)` shows."""
    return page.as_text(blocks(audit))


def as_html(audit: Audit) -> str:
    """What a notebook shows for `audit`."""
    return page.as_html(blocks(audit))


def blocks(audit: Audit) -> tuple[Block, ...]:
    how = audit.sampling
    kept = f", every {how.thin}th kept" if how.thin > 1 else ""
    figures = (
        f"NUTS: {how.chains} chains of {how.draws} draws{kept} after {how.tune} steps, seed {audit.seed}, "
        f"{how.seconds:.1f} s; R-hat at most {audit.max_rhat:.3f}, ESS at least {whole(audit.min_ess)}, "
        f"{audit.n_divergent} divergences. Beyond {audit.limit:.1f} Monte Carlo errors is more than chance (*)."
    )
    return (
        Block("", lines=wrapped(audit.sentence)),
        Block("", lines=wrapped(figures)),
        Block("", table=_table(audit.table, audit.limit)),
    )


def wrapped(text: str) -> tuple[str, ...]:
    """`text` in lines of at most `WIDTH` columns."""
    return tuple(wrap(visible(text), WIDTH, break_on_hyphens=False))


def _table(table: pd.DataFrame, limit: float) -> Table:
    labels, cells = [], []
    for name, rows in table.groupby(level="parameter", sort=False):
        spread = float(rows["fit"].get((name, "sd"), float("nan")))
        for place, ((_, statistic), values) in enumerate(rows.iterrows()):
            labels.append([_short(str(name)) if place == 0 else "", str(statistic)])
            mark = "*" if abs(values["z"]) > limit else ""
            numbers = row([values["fit"], values["nuts"], values["difference"], values["mcse"]], spread / 10)
            cells.append([*numbers, f"{number(round(values['z'], 1) + 0.0, 1)}{mark}"])
    shown = [aligned(list(column)) for column in zip(*cells, strict=True)]
    return Table(
        _HEADER, [[*label, *own] for label, own in zip(labels, zip(*shown, strict=True), strict=True)], labels=2
    )


def _short(name: str) -> str:
    return name if len(name) <= _MOST_NAME else f"{name[: _MOST_NAME - 1]}…"
