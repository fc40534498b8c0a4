"""What `print(bm.rand(fit))` shows of a posterior: for each random term the evidence, and what it hangs on."""

from math import isfinite

import numpy as np
import pandas as pd

from bayesmix.inference.shared.readable_table import RandTable
from bayesmix.report.pages.numbers import aligned, number, p_value
from bayesmix.report.pages.page import Block, Table, blocks_of

_HEADER = ("term", "log10 BF", "error", "over prior scales", "P(term)", "LRT p", "at the boundary")
_FOOT = (
    "log10 BF > 0 favours the term; labels after Kass & Raftery (1995), at both ends where they change with the prior.",
    "P(term): posterior probability with prior odds 1:1. Over prior scales: range of log10 BF with the prior scales",
    "multiplied by 0.1 to 10.",
)
_UNREACHED = (
    "-: the draws do not reach all of these priors; bm.prior_sensitivity(fit, drop=...) has those that they do.",
)


@blocks_of.register
def _blocks(table: RandTable) -> tuple[Block, ...]:
    head = f"Bayes factors of the random terms of {table.attrs.get('formula', 'the model')}"
    if not len(table):
        return (Block("", lines=(f"{head}: it has none.",)),)
    columns = list(zip(*(_cells(row) for _, row in table.iterrows()), strict=True))
    shown = [aligned(column) if place < 2 else list(column) for place, column in enumerate(columns)]
    rows = [[str(term), *cells] for term, *cells in zip(table.index, *shown, strict=True)]
    found = [Block("", lines=(head,)), Block("", table=Table(_HEADER, rows, labels=1))]
    for term, row in table.iterrows():
        found.append(Block("", lines=_about(str(term), row)))
    unknown = table["reliable"] & ~np.isfinite(table["low"])
    return (*found, Block("", lines=(*_FOOT, *(_UNREACHED if unknown.any() else ()))))


def _cells(row: pd.Series) -> list[str]:
    if not row["reliable"]:
        return ["-", "-", "-", "-", p_value(row["p"]), p_value(row["p_boundary"])]
    spread = f"{number(row['low'], 2)} to {number(row['high'], 2)}" if isfinite(row["low"]) else "-"
    return [
        number(row["log10_bf"], 3),
        error(row["mcse"]),
        spread,
        probability(row["probability"]),
        p_value(row["p"]),
        p_value(row["p_boundary"]),
    ]


def error(value: float) -> str:
    """With three decimals, never as 0."""
    return number(value, 3) if value >= 5e-4 else "< 0.001"


def probability(value: float) -> str:
    """With three decimals, never as 0 or 1."""
    if np.isnan(value):
        return "-"
    return "< 0.001" if value < 0.0005 else "> 0.999" if value > 0.9995 else f"{value:.3f}"


def _about(term: str, row: pd.Series) -> tuple[str, ...]:
    verdict = row["label"] if row["reliable"] else f"no number: {row['reason']}"
    return (
        f"  {term}: {verdict}",
        f"    {_against(str(row['dropped']))}, by {row['method']}",
        *(f"    {line}" for line in priors_by_line(str(row["prior"]))),
    )


def _against(dropped: str) -> str:
    """In words what the model is compared with: something of it always stays."""
    before, arrow, after = dropped.partition(" -> ")
    if arrow:
        return f"against {after} in the place of {before}"
    return f"against the model without {dropped.removesuffix(' left out')}"


def priors_by_line(text: str) -> list[str]:
    """A line for each tested parameter; the commas between them are those outside of brackets."""
    lines, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            lines.append(text[start:place].strip())
            start = place + 1
    return [line for line in (*lines, text[start:].strip()) if line]
