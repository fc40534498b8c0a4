"""What `print` shows of Bayes factors: by `bm.rand` and `bm.inclusion` for each random term, by `bm.bayes_factor`."""

from math import isfinite

import numpy as np
import pandas as pd

from bayesmix.inference.evidence.comparison import BayesFactor
from bayesmix.inference.shared.readable_table import InclusionTable, RandTable
from bayesmix.report.pages.numbers import aligned_rows, number, p_value
from bayesmix.report.pages.page import Block, Table, blocks_of, ending_in_words

_HEADER = ("term", "log10 BF", "error", "over prior scales", "P(term)", "LRT p", "at the boundary")
_FOOT = (
    "log10 BF > 0 favours the term; labels after Kass & Raftery (1995), at both ends where they change with the prior.",
    "P(term): posterior probability with prior odds 1:1. Over prior scales: range of log10 BF with the prior scales",
    "multiplied by 0.1 to 10.",
)
_UNREACHED = (
    "-: the draws do not reach all of these priors; bm.prior_sensitivity(fit, drop=...) has those that they do.",
)

_PRIORS = {
    "fit": "Priors of what is tested, those of the fit:",
    "cauchy": 'Prior of what is tested, made for tests (prior="fit" has that of the fit):',
}

_MOST_MODELS = 8  # shown, the most probable


@blocks_of.register
def _rand(table: RandTable) -> tuple[Block, ...]:
    head = f"Bayes factors of the random terms of {table.attrs.get('formula', 'the model')}"
    if not len(table):
        return (Block("", lines=(f"{head}: it has none.",)),)
    rows = aligned_rows([[str(term), *_cells(row)] for term, row in table.iterrows()], slice(1, 3))
    unknown = table["reliable"] & ~np.isfinite(table["low"])
    return (
        Block("", lines=(head,)),
        Block("", table=Table(_HEADER, rows)),
        *(Block("", lines=_about_term(str(term), row)) for term, row in table.iterrows()),
        Block("", lines=(*_FOOT, *(_UNREACHED if unknown.any() else ()))),
    )


def _cells(row: pd.Series) -> list[str]:
    p_values = p_value(row["p"]), p_value(row["p_boundary"])
    if not row["reliable"]:
        return ["-", "-", "-", "-", *p_values]
    spread = f"{number(row['low'], 2)} to {number(row['high'], 2)}" if isfinite(row["low"]) else "-"
    return [number(row["log10_bf"], 3), _error(row["mcse"]), spread, _probability(row["probability"]), *p_values]


def _error(value: float) -> str:
    """A Monte Carlo error with three decimals, never as 0."""
    return number(value, 3) if value >= 5e-4 else "< 0.001"


def _probability(value: float) -> str:
    """A probability with three decimals, never as 0 or 1."""
    if np.isnan(value):
        return "-"
    return "< 0.001" if value < 0.0005 else "> 0.999" if value > 0.9995 else f"{value:.3f}"


def _about_term(term: str, row: pd.Series) -> tuple[str, ...]:
    verdict = row["label"] if row["reliable"] else f"no number: {row['reason']}"
    return (
        f"  {term}: {verdict}",
        f"    {_against(str(row['dropped']))}, by {row['method']}",
        *(f"    {line}" for line in _priors_by_line(str(row["prior"]))),
    )


def _against(dropped: str) -> str:
    """The model of the comparison in words: a part of the full model always stays in it."""
    before, arrow, after = dropped.partition(" -> ")
    if arrow:
        return f"against {after} in the place of {before}"
    return f"against the model without {dropped.removesuffix(' left out')}"


def _priors_by_line(text: str) -> list[str]:
    """A line for each tested parameter; commas outside of brackets separate them."""
    lines, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            lines.append(text[start:place].strip())
            start = place + 1
    return [line for line in (*lines, text[start:].strip()) if line]


@blocks_of.register
def _inclusion(table: InclusionTable) -> tuple[Block, ...]:
    head = f"Inclusion Bayes factors of the random terms of {table.attrs.get('formula', 'the model')}"
    if not len(table):
        return (Block("", lines=(f"{head}: it has none.",)),)
    if not table["reliable"].all():
        return (Block("", lines=(head, f"No numbers: {table['reason'].iloc[0]}")),)
    cells = [
        [str(term), number(row["log10_bf"], 3), _error(row["mcse"]), _probability(row["probability"]), row["label"]]
        for term, row in table.iterrows()
    ]
    terms = ending_in_words(["term", "log10 BF", "error", "P(term)", ""], aligned_rows(cells, slice(1, 3)))
    parts = [Block("", lines=(head,)), Block("", table=terms)]
    models, shares = table.attrs.get("models", []), np.array(table.attrs.get("shares", []))
    order = np.argsort(-shares, kind="stable")[:_MOST_MODELS]
    if len(order):
        n_left_out = len(models) - len(order)
        left_out = f"; {n_left_out} less probable ones left out" if n_left_out else ""
        heading = f"Models, all {len(models)} equally probable before{left_out}"
        rows = [[models[place], _probability(shares[place])] for place in order]
        parts.append(Block(heading, table=Table(["", ""], rows)))
    return tuple(parts)


@blocks_of.register
def _bayes_factor(factor: BayesFactor) -> tuple[Block, ...]:
    lines = [f"{factor.larger}", f"  against {factor.smaller}"]
    if factor.reason:
        return (Block("", lines=(*lines, f"No Bayes factor, by {factor.method}: {factor.reason}")),)
    lines += [
        f"log10 BF {number(factor.log10_bf, 3)}, error {_error(factor.mcse)}, by {factor.method}: {factor.label}",
        f"Posterior probability of the first {_probability(factor.probability)} with prior odds 1:1",
    ]
    if isfinite(factor.low):
        low, high = number(factor.low, 2), number(factor.high, 2)
        least, greatest = (f"{value:g}" for value in factor.multiplied)
        lines.append(f"log10 BF {low} to {high} with the prior scales multiplied by {least} to {greatest}")
    priors = _priors_by_line(factor.priors)
    if priors:
        lines += [_PRIORS[factor.prior], *(f"  {line}" for line in priors)]
    if factor.note:
        lines.append(factor.note)
    return (Block("", lines=tuple(lines)),)
