"""What `print(bm.separation(...))` shows: where, how many, which coefficients run away, and what the posterior says."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.errors import counted
from bayesmix.inference.checks.separation import Separation
from bayesmix.inference.checks.separation_checks import separation_line
from bayesmix.modelling.record import Fit
from bayesmix.report.pages.numbers import aligned, number, row
from bayesmix.report.pages.page import Block, Table, blocks_of, ending_in_words
from bayesmix.separated_data.find import can_separate, separation_of
from bayesmix.separated_data.words import count, levels_line, place, runaways


@blocks_of.register
def _blocks(found: Separation) -> tuple[Block, ...]:
    triage, names = found.triage, found.design.fixed.names
    head = f"Separation in {found.design.formula.text}, {found.family}, {found.design.n_obs} observations"
    parts = [Block("", lines=(head, _verdict(found)))]
    if triage.found:
        rows = [[place(one), count(one, found.family), str(one.n_rows), runaways(names, one)] for one in triage.found]
        table = ending_in_words(["where", "observed", "rows", "coefficients"], rows)
        parts.append(Block("Found", table=table))
    if triage.levels:
        lines = tuple(f"  {levels_line(pure, found.family)}" for pure in triage.levels)
        parts.append(Block("Group levels with one outcome, whose effects rest on the other levels", lines=lines))
    if len(found.coefficients) and found.prob is not None:
        parts.append(
            Block(
                f"Posterior of what runs away ({100 * found.prob:g} % equal-tailed intervals)",
                table=_posterior_table(found.coefficients),
            )
        )
        parts.append(Block("For a report", lines=tuple(found.coefficients["sentence"])))
    return tuple(parts)


def _verdict(found: Separation) -> str:
    triage = found.triage
    if not triage.found:
        return "None: maximum likelihood estimates of the fixed effects are finite."
    if not any(one.separates for one in triage.found):
        return "None, but the data say nothing of some coefficients."
    kind = "Complete" if found.complete else "Quasi-complete"
    return (
        f"{kind} separation: the likelihood keeps increasing as the coefficients below diverge; they have no finite ML "
        f"estimate ({counted(triage.n_rows, 'row')})."
    )


def _posterior_table(frame: pd.DataFrame) -> Table:
    rows = [
        [
            str(name),
            values["direction"],
            *row(values[["mean", "sd", "lower", "upper"]], values["sd"]),
            number(values["p_direction"], 3),
            number(values["sd_ratio"], 2).replace("nan", "-"),
            number(values["prior_below"], 3),
            str(values["prior"]),
        ]
        for name, values in frame.iterrows()
    ]
    columns = list(zip(*rows, strict=True))
    shown = [list(columns[0]), list(columns[1]), *(aligned(column) for column in columns[2:9]), list(columns[9])]
    header = ["", "runs", "mean", "sd", "lower", "upper", "P(direction)", "sd / prior sd", "prior below", "prior"]
    return ending_in_words(header, [list(cells) for cells in zip(*shown, strict=True)], labels=2)


def separation_block(fit: Fit) -> Block | None:
    """The lines of `print(fit)`; None where all is well."""
    if not can_separate(fit.family):
        return None
    triage = separation_of(fit.design, fit.family)
    lines = [f"  {separation_line(fit, found)}" for found in triage.found]
    lines += [f"  {levels_line(pure, fit.family)}" for pure in triage.levels if not _one_row_each(pure.n_rows)]
    heading = "Separation (bm.separation says more)" if triage.found else "Group levels with one outcome"
    return Block(heading, lines=tuple(lines)) if lines else None


def _one_row_each(n_rows: NDArray[np.intp]) -> bool:
    """A level a row, as for overdispersion: that such a row has one outcome says nothing."""
    return bool((n_rows <= 1).all())
