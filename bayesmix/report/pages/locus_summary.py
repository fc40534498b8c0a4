"""What `print` shows of one locus: its status, its posterior, its cells and its data."""

import pandas as pd

from bayesmix.loci.locus import LocusResult
from bayesmix.report.pages.frame_text import TitledFrame
from bayesmix.report.pages.numbers import aligned, decimals_for, number
from bayesmix.report.pages.page import Block, Part, blocks_of


@blocks_of.register
def _locus(found: LocusResult) -> tuple[Part, ...]:
    place = ", ".join(f"{name} {value}" for name, value in found.place.items())
    head = [f"Locus {found.locus}{f' ({place})' if place else ''}: {found.status}"]
    if found.sampling:
        head.append("Sampling: " + ", ".join(f"{name} {_figure(value)}" for name, value in found.sampling.items()))
    parts: list[Part] = [Block("", lines=tuple(head))]
    if len(found.posterior):
        parts.append(TitledFrame(f"Posterior ({100 * found.prob:g} % intervals)", _posterior(found.posterior)))
    cells = found.cells.set_index(found.cells.columns[0])
    parts.append(TitledFrame("Cells", _with_three_decimals(cells)))
    parts.append(TitledFrame("Data", _with_three_decimals(found.data.set_index(found.data.columns[0]))))
    return tuple(parts)


def _figure(value: object) -> str:
    return (
        f"{value:.3g}"
        if isinstance(value, float) and value != int(value)
        else f"{value:g}"
        if isinstance(value, int | float)
        else str(value)
    )


def _posterior(table: pd.DataFrame) -> pd.DataFrame:
    """Numbers with as many decimals as the sd of their row asks for."""
    decimals = [decimals_for(value) for value in table["sd"]]
    cells = {
        name: aligned([number(value, places) for value, places in zip(table[name], decimals, strict=True)])
        for name in ("mean", "sd", "lower", "median", "upper")
    }
    below = aligned(["" if pd.isna(value) else f"{value:.3f}" for value in table["p_below"]])
    return pd.DataFrame({**cells, "P(< 0)": below}, index=table.index)


def _with_three_decimals(table: pd.DataFrame) -> pd.DataFrame:
    shown = table.copy()
    for name in table.columns:
        if pd.api.types.is_float_dtype(table[name]):
            shown[name] = aligned(["-" if pd.isna(value) else f"{value:.3f}" for value in table[name]])
    return shown
