"""The tables of means that a card asks for: checked before sampling, then asked of the posterior and of estimates."""

from dataclasses import dataclass
from functools import singledispatch

import pandas as pd

from bayesmix.errors import BayesmixError, CardError, shown
from bayesmix.estimates.least_squares.lm import least_squares
from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.inference.means.averaging import WEIGHTS
from bayesmix.inference.means.build import means_of, with_outer
from bayesmix.inference.means.contrast_draws import equivalence_bounds
from bayesmix.inference.means.contrast_rows import contrast_rows
from bayesmix.inference.means.contrasts import contrasts
from bayesmix.inference.means.emmeans import TYPES, emmeans
from bayesmix.inference.means.group_policy import GROUPS
from bayesmix.inference.means.letters import letters
from bayesmix.inference.means.reference_grid import reference_grid
from bayesmix.inference.means.specs import read_specs
from bayesmix.inference.means.table import MeansTable
from bayesmix.inference.pooling.compare_reml import estimated_beside
from bayesmix.inference.shared.arguments import a_switch, one_of
from bayesmix.inference.tables.ddf_method import DDF
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit
from bayesmix.numerics.multiplicity import ADJUSTMENTS
from bayesmix.report.analysis.card_tables import MeansPart

_CHOICES = {"type": TYPES, "weights": WEIGHTS, "groups": GROUPS, "ddf": DDF}
_CALLED: dict[type, str] = {
    Fit: "posterior",
    RemlFit: "REML",
    LaplaceFit: "Laplace's approximation",
    LmFit: "least squares",
}


@dataclass(frozen=True, eq=False)
class Answer:
    """Means of a fit that is `called` so, the same as they are `seen`, maybe with letters, and contrasts among them."""

    called: str
    means: MeansTable
    seen: MeansTable
    contrasts: MeansTable | None


@dataclass(frozen=True, eq=False)
class CardMeans:
    """A card's means by `name`: those of the `posterior`, and of the estimates `beside` it, where there are any.

    `letters` says whether rows have letters. `lack` says why there are no estimates.
    """

    name: str
    letters: bool
    posterior: Answer
    beside: Answer | None
    lack: str = ""

    @property
    def answers(self) -> tuple[Answer, ...]:
        return (self.posterior,) if self.beside is None else (self.posterior, self.beside)

    @property
    def text(self) -> str:
        """The means, then the contrasts, each by the posterior and by estimates."""
        parts = [f"Means {self.name}, {answer.called}:\n{answer.seen}" for answer in self.answers]
        compared = [answer for answer in self.answers if answer.contrasts is not None]
        parts += [f"Contrasts of {self.name}, {answer.called}:\n{answer.contrasts}" for answer in compared]
        return "\n\n".join([*parts, *([f"No estimates beside it: {self.lack}"] if self.lack else [])])

    def tables(self, name: str) -> dict[str, pd.DataFrame]:
        """The tables by file name, in which these means are called `name`."""
        prefixes = dict(zip(self.answers, ("", "estimated_"), strict=False))
        tables = {f"{prefix}means_{name}": pd.DataFrame(answer.seen) for answer, prefix in prefixes.items()}
        return tables | {
            f"{prefix}contrasts_{name}": pd.DataFrame(answer.contrasts)
            for answer, prefix in prefixes.items()
            if answer.contrasts is not None
        }


def check_means(name: str, part: MeansPart, design: Design, family: Family) -> None:
    """Refuse what could not be answered after sampling: unknown variables, levels, methods, and choices."""
    try:
        a_switch(part.letters, argument="letters")
        for argument, choices in _CHOICES.items():
            one_of(getattr(part, argument), choices, argument=argument)
        if part.adjust is not None:
            one_of(part.adjust, ADJUSTMENTS, argument="adjust")
        grid = reference_grid(design, part.at, None)
        known = [variable.name for variable in grid.variables if variable.shown]
        specs = with_outer(grid.nesting, read_specs(design, known, part.specs, part.by))
        labels = means_of(grid, specs, part.weights).labels
        if part.contrasts is not None:
            contrast_rows(labels, specs.by, part.contrasts, ref=part.ref)
        if part.letters:
            contrast_rows(labels, specs.by, "pairwise")
        _check_settings(part, design, family)
    except BayesmixError as error:
        raise CardError(f"[means.{name}]: {error}") from error


def _check_settings(part: MeansPart, design: Design, family: Family) -> None:
    """Settings of contrasts and of estimates, where there are none."""
    for argument in ("ref", "rope") if part.contrasts is None else ():
        if getattr(part, argument) is not None:
            raise CardError(f'{argument} is of contrasts, which are not asked for; write contrasts = "pairwise".')
    if part.adjust is not None and part.contrasts is None and not part.letters:
        raise CardError('adjust is of contrasts, which are not asked for; write contrasts = "pairwise".')
    if part.ddf != DDF[0] and not (family.is_gaussian_identity and design.random):
        raise CardError(f"ddf={shown(part.ddf)} is of REML, which this model has not; leave it out.")
    if family.is_gaussian_identity or part.type != "response":
        equivalence_bounds(part.rope, ratio=False)


def estimates_of(fit: Fit) -> RemlFit | LaplaceFit | LmFit:
    """The estimates beside a posterior: REML, of counts Laplace's, and without random terms least squares.

    Raises
    ------
    ArgumentError
        The model has no such fit.
    """
    if fit.design.random or fit.design.own_formulas or not fit.family.is_gaussian_identity:
        return estimated_beside(fit)
    return least_squares(fit.design)


def means_of_card(name: str, part: MeansPart, fit: Fit, *, prob: float) -> CardMeans:
    """The means that a card asks for, of its fit and of the estimates beside it."""
    posterior = _answer(fit, part, prob)
    try:
        return CardMeans(name, part.letters, posterior, _answer(estimates_of(fit), part, prob))
    except BayesmixError as error:
        return CardMeans(name, part.letters, posterior, None, str(error))


def _answer(fit: Fit | RemlFit | LaplaceFit | LmFit, part: MeansPart, prob: float) -> Answer:
    own = _own_settings(fit, part)
    means = emmeans(
        fit,
        part.specs,
        part.by,
        part.at or None,
        type=part.type,
        weights=part.weights,
        groups=part.groups,
        prob=prob,
        ddf=own.ddf,
    )
    seen = letters(means, adjust=own.adjust) if part.letters else means
    compared = None
    if part.contrasts is not None:
        compared = contrasts(means, part.contrasts, ref=part.ref, adjust=own.adjust, rope=own.rope)
    return Answer(_CALLED[type(fit)], means, seen, compared)


@dataclass(frozen=True)
class _Own:
    """Settings that one kind of fit takes; the others have their defaults."""

    ddf: str = DDF[0]
    adjust: str | None = None
    rope: float | tuple[float, float] | None = None


@singledispatch
def _own_settings(_: object, part: MeansPart) -> _Own:
    return _Own(adjust=part.adjust)


@_own_settings.register
def _of_reml(_: RemlFit, part: MeansPart) -> _Own:
    return _Own(ddf=part.ddf, adjust=part.adjust)


@_own_settings.register
def _of_posterior(_: Fit, part: MeansPart) -> _Own:
    return _Own(rope=part.rope)
