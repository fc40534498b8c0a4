"""What `print(bm.audit(fit))` shows: the sentence, NUTS' own figures, and fit and NUTS side by side."""

from collections.abc import Callable
from textwrap import wrap

import pandas as pd

from bayesmix.errors import counted
from bayesmix.inference.checks.audit_record import Audit
from bayesmix.report.pages.numbers import aligned, number, row, whole
from bayesmix.report.pages.page import Block, Table, blocks_of
from bayesmix.visible import visible

WIDTH = 80
"""Columns of a printed audit."""

_SHORTEST_NAME = 16
_HEADER = ("", "", "fit", "NUTS", "difference", "error", "z")


@blocks_of.register
def _blocks(audit: Audit) -> tuple[Block, ...]:
    how = audit.sampling
    kept = f" (thinned by {how.thin})" if how.thin > 1 else ""
    figures = (
        f"NUTS: {counted(how.chains, 'chain')} of {how.draws} draws{kept} after {how.tune} warm-up steps, seed "
        f"{audit.seed}, {how.seconds:.1f} s; R-hat at most {audit.max_rhat:.3f}, ESS at least {whole(audit.min_ess)}, "
        f"{counted(audit.n_divergent, 'divergence')}. * |z| > {audit.limit:.1f}: larger than expected by chance "
        "(probability 0.01 for all numbers together)."
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
    columns = _columns(table, limit, of_row=row)
    if _room_beside(columns) < _SHORTEST_NAME:
        columns = _columns(table, limit, of_row=lambda values, _: [f"{value:.4g}" for value in values])
    room = _room_beside(columns)
    parameters = table.index.get_level_values("parameter")
    names = [_short(str(name), room) if new else "" for name, new in zip(parameters, _is_new(parameters), strict=True)]
    return Table(_HEADER, [list(cells) for cells in zip(names, *columns, strict=True)], labels=2)


def _columns(
    table: pd.DataFrame, limit: float, *, of_row: Callable[[list[float], float], list[str]]
) -> list[list[str]]:
    """Statistics and numbers, each of a parameter with the decimals that a tenth of its sd asks for."""
    cells = []
    for (name, statistic), values in table.iterrows():
        spread = float(table["fit"].get((name, "sd"), float("nan")))
        numbers = of_row([values["fit"], values["nuts"], values["difference"], values["mcse"]], spread / 10)
        mark = "*" if abs(values["z"]) > limit else ""
        cells.append([str(statistic), *numbers, f"{number(round(values['z'], 1) + 0.0, 1)}{mark}"])
    statistics, *shown = zip(*cells, strict=True)
    return [list(statistics), *(aligned(list(column)) for column in shown)]


def _is_new(parameters: pd.Index) -> list[bool]:
    return [place == 0 or parameters[place] != parameters[place - 1] for place in range(len(parameters))]


def _room_beside(columns: list[list[str]]) -> int:
    """For the names of parameters."""
    taken = sum(2 + max(map(len, (title, *column))) for title, column in zip(_HEADER[1:], columns, strict=True))
    return WIDTH - 2 - taken


def _short(name: str, room: int) -> str:
    name = visible(name)
    return name if len(name) <= room else f"{name[: room - 1]}…"
