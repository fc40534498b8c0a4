"""What `print` shows of statements about parameters, by `bm.hypothesis`."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bayesmix.inference.shared.readable_table import HypothesisTable
from bayesmix.report.pages.frame_text import Frame
from bayesmix.report.pages.numbers import aligned, decimals_for, number, p_value
from bayesmix.report.pages.page import Block, Part, blocks_of, wrapped

_WIDTH = 80
_OF_DRAWS = (
    "P: share of draws in which it holds, with its Monte Carlo error; prior P: under the priors.",
    "odds: P / (1 - P); a bound where the draws tell no more. BF: these odds over the prior's, > 1 for the hypothesis.",
)
_OF_POINTS = ("Of a point (=): BF is for the point against anywhere; P and odds are with prior odds 1:1.",)
_OF_TESTS = ("p: of the null hypothesis. A small p speaks against a text with =, and for one with < or >.",)


@blocks_of.register
def _hypothesis(table: HypothesisTable) -> tuple[Part, ...]:
    head = f"Hypotheses about {table.attrs.get('formula', 'the model')}"
    of_draws = "probability" in table.columns
    shown = _posterior(table) if of_draws else _estimates(table)
    foot = _OF_TESTS
    if of_draws:
        points = table["method"] != "share of draws"
        foot = (*(_OF_DRAWS if not points.all() else _OF_DRAWS[1:]), *(_OF_POINTS if points.any() else ()))
    lines = [line for text in (*_about(table), *foot) for line in wrapped(text, _WIDTH)]
    return Block("", lines=(head,)), Frame(shown), Block("", lines=tuple(lines))


def _about(table: pd.DataFrame) -> Iterator[str]:
    """How each point came about, and the notes; one that all rows share stands once."""
    shared = len(table) > 1 and table["note"].nunique() == 1 and table["note"].iloc[0]
    if shared:
        yield str(table["note"].iloc[0])
    for label, row in table.iterrows():
        method = row.get("method", "")
        words = [f"by {method}." if method not in ("", "share of draws") else "", "" if shared else str(row["note"])]
        if any(words):
            yield f"{label}: {' '.join(word for word in words if word)}"


def _in_units(table: pd.DataFrame, names: tuple[str, ...], spread: str) -> dict[str, list[str]]:
    decimals = [decimals_for(value) for value in table[spread]]
    return {name: aligned([number(v, d) for v, d in zip(table[name], decimals, strict=True)]) for name in names}


def _posterior(table: pd.DataFrame) -> pd.DataFrame:
    cells = _in_units(table, ("mean", "sd", "lower", "upper"), "sd")
    limits = zip(table["limit"], table["evidence_ratio"], table["bayes_factor"], strict=True)
    odds = [(_bounded(limit, ratio), _bounded(limit, factor)) for limit, ratio, factor in limits]
    cells |= {
        "P": [
            _share(*cells) for cells in zip(table["limit"], table["probability"], table["evidence_ratio"], strict=True)
        ],
        "error": aligned(["-" if np.isnan(value) else f"{value:.1g}" for value in table["mcse"]]),
        "prior P": aligned([_probability(value) for value in table["prior"]]),
        "odds": [ratio for ratio, _ in odds],
        "BF": [factor for _, factor in odds],
    }
    return pd.DataFrame(cells, index=table.index)


def _estimates(table: pd.DataFrame) -> pd.DataFrame:
    cells = _in_units(table, ("estimate", "se"), "se")
    for name in ("df", "t", "z"):
        if name in table.columns:
            cells[name] = aligned(
                ["-" if np.isnan(value) else f"{value:.{1 + (name != 'df')}f}" for value in table[name]]
            )
    cells["p"] = aligned([p_value(value) for value in table["p"]])
    cells |= _in_units(table, ("lower", "upper"), "se")
    return pd.DataFrame({**cells, "null": list(table["null"])}, index=table.index)


def _probability(value: float) -> str:
    """With four decimals, a small one with two digits."""
    if np.isnan(value):
        return "-"
    return f"{value:.4f}" if value in (0, 1) or 1e-3 <= value < 0.99995 else f"{value:.2g}"


def _share(limit: str, value: float, odds: float) -> str:
    """A probability that the draws cannot tell from 0 or 1 is a bound."""
    bound = odds / (1 + odds)
    return (
        f"{limit} {_probability(np.floor(bound * 1e4) / 1e4 if limit == '>' else bound)}"
        if limit
        else _probability(value)
    )


def _bounded(limit: str, value: float) -> str:
    if np.isnan(value):
        return "-"
    digits = f"{value:.0f}" if 100 <= value < 1e6 else f"{value:.3g}"
    return f"{limit} {digits}" if limit else digits
