"""Means and trial of a card together: asked after the fit, which is not lost if they fail, printed, and written."""

from dataclasses import dataclass
from pathlib import Path

from bayesmix.errors import BayesmixError
from bayesmix.modelling.record import Fit
from bayesmix.report.analysis.card import Card
from bayesmix.report.analysis.card_means import CardMeans, means_of_card
from bayesmix.report.analysis.card_trial import CardTrial, trial_of_card
from bayesmix.report.analysis.result_files import file_names
from bayesmix.report.analysis.tables import write_table


@dataclass(frozen=True, eq=False)
class Answers:
    """The `means` of a card, its `trial`, and for each that was refused a line in `failures`."""

    means: tuple[CardMeans, ...] = ()
    trial: CardTrial | None = None
    failures: tuple[str, ...] = ()

    @property
    def texts(self) -> list[str]:
        """What the summary shows of each."""
        trial = [] if self.trial is None else [self.trial.text]
        return [*(one.text for one in self.means), *trial]

    @property
    def named(self) -> dict[str, CardMeans]:
        """The means by what the names of their files end in."""
        names = file_names(one.name for one in self.means)
        return {names[one.name]: one for one in self.means}


def answers_of(card: Card, fit: Fit) -> Answers:
    """Ask the card's fit for means and for a trial."""
    prob, failures, means, trial = card.report.probability, list[str](), list[CardMeans](), None
    for name, part in card.means.items():
        try:
            means.append(means_of_card(name, part, fit, prob=prob))
        except BayesmixError as error:
            failures.append(f"[means.{name}] was refused: {error}")
    if card.trial is not None:
        try:
            trial = trial_of_card(card.trial, fit, prob=prob)
        except BayesmixError as error:
            failures.append(f"[trial] was refused: {error}")
    return Answers(tuple(means), trial, tuple(failures))


def write_answers(answers: Answers, folder: Path) -> None:
    """Write every table as CSV."""
    tables = {} if answers.trial is None else answers.trial.tables
    for name, means in answers.named.items():
        tables = tables | means.tables(name)
    for name, table in tables.items():
        write_table(table, folder, name)
