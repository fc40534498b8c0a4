"""What `print(bm.audit(fit))` shows: the verdict in a sentence, how NUTS ran, and fit and NUTS side by side."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from bayesmix.errors import counted
from bayesmix.inference.checks.audit_record import Audit
from bayesmix.report.pages.numbers import aligned_rows, number, row, whole
from bayesmix.report.pages.page import Block, Table, blocks_of, wrapped
from bayesmix.visible import visible

WIDTH = 80
"""Columns of a printed audit."""

_SHORTEST_NAME = 16
_HEADER = ("", "", "fit", "NUTS", "difference", "error", "z")


@blocks_of.register
def _blocks(audit: Audit) -> tuple[Block, ...]:
    nuts = audit.sampling
    kept = f" (thinned by {nuts.thin})" if nuts.thin > 1 else ""
    figures = (
        f"NUTS: {counted(nuts.chains, 'chain')} of {nuts.draws} draws{kept} after {nuts.tune} warm-up steps, seed "
        f"{audit.seed}, {nuts.seconds:.1f} s; R-hat at most {audit.max_rhat:.3f}, ESS at least {whole(audit.min_ess)}, "
        f"{counted(audit.n_divergent, 'divergence')}. * |z| > {audit.limit:.1f}: larger than expected by chance "
        "(probability 0.01 for all numbers together)."
    )
    return (
        Block("", lines=wrapped(audit.sentence, WIDTH)),
        Block("", lines=wrapped(figures, WIDTH)),
        Block("", table=_table(audit.table, audit.limit)),
    )


def _table(table: pd.DataFrame, limit: float) -> Table:
    rows = _rows(table, limit, numbers_of=row)
    if _room_for_names(rows) < _SHORTEST_NAME:
        rows = _rows(table, limit, numbers_of=lambda values, _: [f"{value:.4g}" for value in values])
    room = _room_for_names(rows)
    parameters = table.index.get_level_values("parameter")
    shown = [visible(str(name)) for name in parameters]
    shown = [name if len(name) <= room else f"{name[: room - 1]}…" for name in shown]
    names = np.where(parameters.duplicated(), "", shown)
    return Table(_HEADER, [[str(name), *cells] for name, cells in zip(names, rows, strict=True)], labels=2)


def _rows(
    table: pd.DataFrame, limit: float, *, numbers_of: Callable[[list[float], float], list[str]]
) -> list[list[str]]:
    """Statistics and numbers; those of a parameter have as many decimals as a tenth of its sd calls for."""
    rows = []
    for (name, statistic), values in table.iterrows():
        spread = float(table["fit"].get((name, "sd"), float("nan")))
        numbers = numbers_of([values["fit"], values["nuts"], values["difference"], values["mcse"]], spread / 10)
        mark = "*" if abs(values["z"]) > limit else ""
        rows.append([str(statistic), *numbers, f"{number(round(values['z'], 1) + 0.0, 1)}{mark}"])
    return aligned_rows(rows, slice(1, None))


def _room_for_names(rows: list[list[str]]) -> int:
    """The columns of the terminal that are left for the names of parameters."""
    return WIDTH - 2 - sum(2 + max(map(len, column)) for column in zip(_HEADER[1:], *rows, strict=True))
