"""What a study leaves beside its table of loci: how many have which status, what was filtered, which were selected."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bayesmix.errors import BayesmixError, counted
from bayesmix.inference.shared.readable_table import NOTES
from bayesmix.loci.multiplicity.significant import significant
from bayesmix.loci.record import Loci
from bayesmix.loci.store.store import FINAL
from bayesmix.report.analysis.loci_report import report_page
from bayesmix.report.analysis.result_files import file_names
from bayesmix.study.card import StudyCard
from bayesmix.study.plan import selection_arguments
from bayesmix.visible import visible

SUMMARY, CARD, SESSION = "summary.txt", "card.toml", "session.json"
_SHOWN = 10  # loci of a selection, and reasons of failures, that the summary shows


@dataclass(frozen=True)
class Selected:
    """The loci that were selected, by their rates, and what is said of them; or the `failure` to select."""

    table: pd.DataFrame
    notes: tuple[str, ...] = ()
    failure: str = ""


@dataclass(frozen=True, eq=False)
class Studied:
    """A card and the loci that were fitted; what is told of them reads no more columns than it needs."""

    card: StudyCard
    loci: Loci

    @property
    def table(self) -> Path:
        """The Parquet file with all rows."""
        return self.loci.store / FINAL

    @cached_property
    def status(self) -> pd.DataFrame:
        """How many loci have which ``status``, and for which ``reason`` they failed; the most frequent first."""
        counts = pc.value_counts(pq.read_table(self.table, columns=["status"])["status"]).to_pylist()
        rows = [(*one["values"].partition(": ")[::2], one["counts"]) for one in counts]
        table = pd.DataFrame(rows, columns=["status", "reason", "loci"])
        return table.sort_values("loci", ascending=False, kind="stable", ignore_index=True)

    @cached_property
    def selected(self) -> Mapping[str, Selected]:
        """By the name that the card gives: the loci that differ from 0 in an effect."""
        return {name: self._selected(name) for name in self.card.significant}

    def _selected(self, name: str) -> Selected:
        part = self.card.significant[name]
        try:
            judged = significant(self.table, part.effect, **selection_arguments(part))
        except BayesmixError as error:
            return Selected(pd.DataFrame(), failure=f"[significant.{name}]: {error}")
        chosen = judged[judged["selected"]].drop(columns="selected")
        order = pd.DataFrame(chosen).sort_values(["q", "locus"], kind="stable", ignore_index=True)
        return Selected(order, tuple(judged.attrs[NOTES]))

    @property
    def failures(self) -> tuple[str, ...]:
        """What could not be done, a line each."""
        return tuple(one.failure for one in self.selected.values() if one.failure)


def _csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, lineterminator="\n").encode("utf-8", "backslashreplace")


def _significant_files(studied: Studied) -> dict[str, bytes]:
    names = file_names(studied.selected)
    return {
        f"significant_{names[name]}.csv": _csv(one.table) for name, one in studied.selected.items() if not one.failure
    }


def _report_pages(studied: Studied) -> dict[str, bytes]:
    names = file_names(studied.selected)
    pages: dict[str, bytes] = {}
    for name, one in studied.selected.items():
        part = studied.card.significant[name]
        if part.report and not one.failure:
            page = report_page(studied.loci, part.effect, **selection_arguments(part))
            pages[f"report_{names[name]}.html"] = page.encode("utf-8", "backslashreplace")
    return pages


PARTS: tuple[Callable[[Studied], Mapping[str, bytes]], ...] = (
    lambda studied: {"status.csv": _csv(studied.status)},
    lambda studied: {"filters.csv": _csv(studied.loci.report)},
    _significant_files,
    _report_pages,
    lambda studied: {CARD: studied.card.text.encode("utf-8")},
    lambda studied: {SUMMARY: f"{study_text(studied)}\n".encode("utf-8", "backslashreplace")},
)
"""What is written, the name of a file with its content: a further part of the report is a further function."""


def study_text(studied: Studied) -> str:
    """The text of ``summary.txt``: what was read, how many loci have which status, and how many were selected."""
    card, model = studied.card, studied.loci.model
    head = [visible(part.strip(), keep="\n") for part in (card.title, card.description) if part.strip()]
    settings = model.settings
    formulas = card.model.formulas
    n_loci = counted(int(studied.status["loci"].sum()), "locus").replace("locuss", "loci")
    lines = [
        f"{n_loci}, {counted(len(model.sheet), 'sample')}, one model each, {model.family}",
        f"Formula: {formulas if isinstance(formulas, str) else '; '.join(formulas)}",
        f"Draws:   {settings.chains} x {settings.draws} a locus; seed {settings.seed}",
        f"Table:   {studied.table}",
    ]
    parts = [*head, "\n".join(visible(line) for line in lines), _status_text(studied.status), _filter_text(studied)]
    parts += [_selected_text(name, card.significant[name].effect, one) for name, one in studied.selected.items()]
    return "\n\n".join(part for part in parts if part)


def _status_text(status: pd.DataFrame) -> str:
    by_word = status.groupby("status", sort=False)["loci"].sum()
    lines = ["Status"] + [f"{n:>12,}  {visible(str(word))}" for word, n in by_word.items()]
    reasons = status[status["reason"] != ""]
    lines += [f"{row.loci:>12,}    failed: {visible(row.reason)}" for row in reasons.head(_SHOWN).itertuples()]
    if len(reasons) > _SHOWN:
        lines.append(f"{'':>12}    and for {len(reasons) - _SHOWN} more reasons, see status.csv")
    return "\n".join(lines)


def _filter_text(studied: Studied) -> str:
    report = studied.loci.report
    if not len(report):
        return ""
    totals = report.groupby("what", sort=False)["n"].sum()
    return "\n".join(["Data", *(f"{n:>12,}  {visible(str(what))}" for what, n in totals.items())])


def _selected_text(name: str, effect: str, one: Selected) -> str:
    if one.failure:
        return visible(one.failure)
    title = f"Significant, {name}: {effect}" if name != effect else f"Significant: {effect}"
    lines = [visible(title), *(f"  {note}" for note in one.notes)]
    if len(one.table):
        shown = one.table.head(_SHOWN).astype({"locus": str})
        lines += ["", shown.map(_told).to_string(index=False)]
        if len(one.table) > _SHOWN:
            lines.append(f"  and {len(one.table) - _SHOWN:,} more")
    return "\n".join(lines)


def _told(value: object) -> object:
    return f"{value:.3g}" if isinstance(value, float) else visible(str(value))
