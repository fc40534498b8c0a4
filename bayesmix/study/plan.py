"""A study is checked before any locus is fitted: data, model, contrasts, sampler, and the effects to be selected by."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bayesmix.data.catalogue import load_data
from bayesmix.errors import BayesmixError, CardError, listing
from bayesmix.loci.arguments import kept_loci, kept_parameters
from bayesmix.loci.engine.settings import LociSettings, checked_settings
from bayesmix.loci.inputs.count_matrices import count_matrices
from bayesmix.loci.inputs.read_methylation import read_methylation
from bayesmix.loci.multiplicity.result_table import require_effect
from bayesmix.loci.multiplicity.significant import check_selection
from bayesmix.loci.plan import LociPlan, plan_loci
from bayesmix.study.card import Selection, StudyCard
from bayesmix.study.keys import CALLERS, MATRICES

_EVERY_CONTEXT = "all"


@dataclass(frozen=True, eq=False)
class StudyPlan:
    """A card whose data and model were found to suit each other, and whose effects there are."""

    card: StudyCard
    loci: LociPlan


def plan_study(card: StudyCard) -> StudyPlan:
    """Open the data of a card, and check all that it says.

    Raises
    ------
    CardError, DataError, FormulaError, DesignError, FamilyError, PriorError, ArgumentError, UnknownTermError
        One line that says what is wrong.
    """
    settings = _settings(card)
    for name, part in card.significant.items():
        with _within(name):
            check_selection(**selection_arguments(part))
    data = card.data
    plan = plan_loci(
        card.model.formulas,
        _loci(card),
        card.model.family,
        settings=settings,
        by=data.given.get("by", "locus"),
        priors=card.priors or None,
        weights=card.model.weights,
        codings=card.model.codings or None,
        contrasts=card.contrasts or None,
        places=data.given.get("places"),
    )
    for name, part in card.significant.items():
        with _within(name):
            require_effect(plan.model.schema.names, part.effect)
    unknown = [name for name in card.keep_parameters or () if name not in plan.model.names]
    if unknown:
        raise CardError(
            f"[keep] parameters has {listing(map(repr, unknown))}; the model has {listing(plan.model.names)}."
        )
    return StudyPlan(card, plan)


def selection_arguments(part: Selection) -> dict[str, Any]:
    """The arguments of `significant` that a card gives, without the effect."""
    given = {"q": part.q, "method": part.method, "prior_sd": part.prior_sd}
    return {name: value for name, value in given.items() if value is not None}


@contextmanager
def _within(name: str) -> Iterator[None]:
    """Say of which table of the card an error speaks."""
    try:
        yield
    except BayesmixError as error:
        raise type(error)(f"[significant.{name}] {error}") from None


def _settings(card: StudyCard) -> LociSettings:
    sampler = dict(card.sampler)
    if "name" in sampler:
        sampler["sampler"] = sampler.pop("name")
    return checked_settings(
        LociSettings(
            **sampler,
            **card.coverage,
            prob=card.probability,
            keep=kept_loci(card.keep_loci),
            kept=kept_parameters(card.keep_parameters),
        )
    )


def _loci(card: StudyCard) -> Any:
    """What `fit_loci` takes as data."""
    data, given = card.data, dict(card.data.given)
    if data.kind == CALLERS:
        sheet = given.pop("sheet")
        if given.get("context") == _EVERY_CONTEXT:
            given["context"] = None
        return read_methylation(sheet, **given, **data.filter)
    if data.kind == MATRICES:
        return count_matrices(given.pop("methylated"), **given, **data.filter)
    return given["path"] if "path" in given else load_data(given["source"])
