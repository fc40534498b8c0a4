"""What `print(bm.separation(...))` shows: where data are separated, which coefficients diverge, and their posterior."""

import pandas as pd

from bayesmix.errors import counted
from bayesmix.inference.checks.separation import Separation
from bayesmix.inference.checks.separation_checks import separation_line
from bayesmix.modelling.record import Fit
from bayesmix.report.pages.numbers import aligned_rows, number, row
from bayesmix.report.pages.page import Block, Table, blocks_of, ending_in_words
from bayesmix.separated_data.categories import unseen_categories, unseen_line
from bayesmix.separated_data.find import can_separate, separation_of
from bayesmix.separated_data.words import count, levels_line, place, runaways


@blocks_of.register
def _blocks(separation: Separation) -> tuple[Block, ...]:
    triage, family, names = separation.triage, separation.family, separation.design.fixed.names
    head = f"Separation in {separation.design.formula.text}, {family}, {separation.design.n_obs} observations"
    parts = [Block("", lines=(head, _verdict(separation)))]
    if triage.found:
        rows = [[place(cell), count(cell, family), str(cell.n_rows), runaways(names, cell)] for cell in triage.found]
        table = ending_in_words(["where", "observed", "rows", "coefficients"], rows)
        parts.append(Block("Found", table=table))
    if triage.levels:
        lines = tuple(f"  {levels_line(pure, family)}" for pure in triage.levels)
        parts.append(Block("Group levels with one outcome, whose effects rest on the other levels", lines=lines))
    if len(separation.coefficients) and separation.prob is not None:
        heading = f"Posterior of what runs away ({100 * separation.prob:g} % equal-tailed intervals)"
        parts.append(Block(heading, table=_posterior_table(separation.coefficients)))
        parts.append(Block("For a report", lines=tuple(separation.coefficients["sentence"])))
    return tuple(parts)


def _verdict(separation: Separation) -> str:
    triage = separation.triage
    if not triage.found:
        return "None: maximum likelihood estimates of the fixed effects are finite."
    if not any(cell.separates for cell in triage.found):
        return "None, but the data say nothing of some coefficients."
    kind = "Complete" if separation.complete else "Quasi-complete"
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
    header = ["", "runs", "mean", "sd", "lower", "upper", "P(direction)", "sd / prior sd", "prior below", "prior"]
    return ending_in_words(header, aligned_rows(rows, slice(2, 9)), labels=2)


def separation_block(fit: Fit) -> Block | None:
    """What `print(fit)` says of separation; None where data are not separated."""
    unseen = [f"  {unseen_line(cell)}, bounded by the priors" for cell in unseen_categories(fit.design)]
    if unseen:
        return Block("Separation", lines=tuple(unseen))
    if not can_separate(fit.family):
        return None
    triage = separation_of(fit.design, fit.family)
    lines = [f"  {separation_line(fit, cell)}" for cell in triage.found]
    # Where each level has one row, as for overdispersion, one outcome says nothing.
    lines += [f"  {levels_line(pure, fit.family)}" for pure in triage.levels if (pure.n_rows > 1).any()]
    heading = "Separation (bm.separation says more)" if triage.found else "Group levels with one outcome"
    return Block(heading, lines=tuple(lines)) if lines else None
