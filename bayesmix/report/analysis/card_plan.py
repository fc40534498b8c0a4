"""A card is checked before anything is fitted: data, formulas, priors, sampler, pictures and layers."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from bayesmix.errors import CardError
from bayesmix.families.censoring import require_censorable
from bayesmix.families.family import Family, read_family
from bayesmix.formula.contrasts import contrasts_named
from bayesmix.formula.design import Design
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design
from bayesmix.inference.shared.arguments import a_switch, probability
from bayesmix.modelling.fit import check_arguments
from bayesmix.priors.default_priors import column_sds, default_priors
from bayesmix.priors.settled import settle_priors
from bayesmix.report.analysis.card import Card
from bayesmix.report.analysis.card_data import card_data
from bayesmix.report.analysis.card_means import check_means
from bayesmix.report.analysis.card_text import require_writable_texts
from bayesmix.report.analysis.card_trial import check_trial
from bayesmix.report.analysis.picture_choice import Setting, chosen_formats, chosen_pictures, refuse_layers
from bayesmix.report.analysis.session import data_record

_CHECKED = ("draws", "tune", "chains", "cores", "seed", "target_accept", "method")


@dataclass(frozen=True)
class Plan:
    """A card whose data, formulas and priors were checked: what `analyse` needs before it loads the samplers.

    The `layer_priors` are, for each layer, the card's priors of parameters that the layer has. The `data_record` for
    ``session.json`` says which data were read.
    """

    card: Card
    data: pd.DataFrame
    family: Family
    design: Design
    pictures: tuple[str, ...]
    formats: tuple[str, ...]
    layer_priors: dict[str, dict[str, str]]
    data_record: dict[str, str]


def plan_card(card: Card) -> Plan:
    """Read the data and check formulas, priors, sampler and pictures; this loads no heavy library."""
    require_writable_texts(card)
    probability(card.report.probability)
    sampler = asdict(card.sampler).items()
    check_arguments(**{key: value for key, value in sampler if value is not None and key in _CHECKED})
    for name, value in asdict(card.questions).items():
        if value is not None:
            a_switch(value, argument=f"[questions] {name}")
    data, family = card_data(card), read_family(card.model.family)
    design = _design(card.model.formula, card, data, family)
    settle_priors(default_priors(design, family), card.priors, column_sds(design, family))
    layer_priors = {}
    for name, formula in card.report.layers.items():
        layer = _design(formula, card, data, family)
        refuse_layers(name, layer, design)
        known = default_priors(layer, family)
        layer_priors[name] = {parameter: text for parameter, text in card.priors.items() if parameter in known}
    if card.questions.rand and not design.written.random:
        raise CardError("[questions] rand tests random terms, of which the formula has none; leave it out.")
    for name, part in card.means.items():
        check_means(name, part, design, family)
    if card.trial is not None:
        check_trial(card.trial, design, family)
    setting = Setting(design, family, chains=4 if card.sampler.chains is None else card.sampler.chains)
    pictures = chosen_pictures(card.report.pictures, setting)
    formats = chosen_formats(card.report.formats)
    if layer_priors and "lines" not in pictures:
        raise CardError(
            "[report.layers] are drawn in the picture 'lines', which is not among the pictures; leave one out."
        )
    return Plan(card, data, family, design, pictures, formats, layer_priors, data_record(card.data))


def _design(formula: str, card: Card, data: pd.DataFrame, family: Family) -> Design:
    formulas = parse_formulas(all_formulas(formula, card), auxiliary=family.modelled)
    require_censorable(formulas.mean, family)
    return build_design(
        formulas.mean,
        data,
        response=family.response,
        weights=card.data.weights,
        na=card.data.na,
        parts=formulas.parts,
        auxiliary=family.auxiliary,
        contrasts=contrasts_within(formula, card, family),
    )


def contrasts_within(formula: str, card: Card, family: Family) -> Mapping[str, Any]:
    """The card's contrasts; in a layer those of factors that it has."""
    contrasts = card.model.contrasts
    if formula == card.model.formula or not contrasts:
        return contrasts
    formulas = parse_formulas(all_formulas(formula, card), auxiliary=family.modelled)
    return contrasts_named(contrasts, [formulas.mean, *formulas.parts.values()])


def all_formulas(formula: str, card: Card) -> list[str]:
    """The formula of a model and those of further parameters, which layers share."""
    return [formula, *(card.model.auxiliary or ())]
