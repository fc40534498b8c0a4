"""What a card asks of a trial: checked before sampling, then heritabilities, the table of entries, and promotion."""

from dataclasses import dataclass

import pandas as pd

from bayesmix.errors import BayesmixError, CardError
from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.inference.means.letters import BEST
from bayesmix.inference.shared.arguments import a_count, one_of
from bayesmix.inference.trials.connectivity import entries_in_common
from bayesmix.inference.trials.genetic_terms import genetic_terms
from bayesmix.inference.trials.selection import selection
from bayesmix.inference.trials.trial_report import TrialReport, trial_report
from bayesmix.modelling.record import Fit
from bayesmix.report.analysis.card_tables import TrialPart

TOP = 5


@dataclass(frozen=True, eq=False)
class CardTrial:
    """The `report` of a trial, and the table by which the `top` entries are promoted."""

    report: TrialReport
    promoted: pd.DataFrame
    top: int

    @property
    def text(self) -> str:
        """The report, then those who are promoted."""
        title = f"To promote, {self.top} of {len(self.promoted)}:"
        return "\n".join([str(self.report), "", title, str(self.promoted.head(self.top))])

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by file name."""
        tables = {
            "heritability": self.report.heritability.reset_index(),
            "entries": self.report.entries.reset_index(),
            "selection": self.promoted.reset_index(),
        }
        common = self.report.connectivity
        return tables if common is None else tables | {"connectivity": common.reset_index()}


def check_trial(part: TrialPart, design: Design, family: Family) -> None:
    """Refuse what could not be answered after sampling."""
    try:
        terms = genetic_terms(design, part.entry, question="trial_report")
        m = terms.genotype.n_levels
        if _top(part, m) > m:
            raise CardError(f"top={part.top} exceeds the number of levels of {part.entry!r}, {m}.")
        one_of(part.best or BEST[0], BEST, argument="best")
        entries_in_common(design, terms, part.environment)
        if not family.is_gaussian_identity or "sigma" in design.parts:
            raise CardError("heritabilities are of Gaussian models with identity link and one residual sd.")
    except BayesmixError as error:
        raise CardError(f"[trial]: {error}") from error


def _top(part: TrialPart, m: int) -> int:
    return min(TOP, m) if part.top is None else a_count(part.top, argument="top")


def trial_of_card(part: TrialPart, fit: Fit, *, prob: float) -> CardTrial:
    """The answers to a card that asks for a trial."""
    best = part.best or BEST[0]
    report = trial_report(fit, part.entry, environment=part.environment, best=best, prob=prob)
    top = _top(part, len(report.entries))
    return CardTrial(report, selection(fit, part.entry, top=top, best=best, prob=prob), top)
