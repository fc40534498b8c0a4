"""A whole analysis: from a card to fits, and from fits to a folder of tables, pictures and the stored fit."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter

import pandas as pd

from bayesmix import modelling
from bayesmix.errors import CardError
from bayesmix.formula.design import Design
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design
from bayesmix.inference.arguments import probability
from bayesmix.inference.posterior import rand as of_posterior
from bayesmix.inference.rand_table import RandTable
from bayesmix.modelling.default_priors import column_sds, default_priors
from bayesmix.modelling.families import Family, read_family
from bayesmix.modelling.fit import check_arguments, fit
from bayesmix.modelling.priors import settle_priors
from bayesmix.modelling.record import Fit
from bayesmix.report.card import Card, read_card
from bayesmix.report.card_data import card_data
from bayesmix.report.card_text import to_toml
from bayesmix.report.compare_files import write_comparison
from bayesmix.report.evidence_files import write_evidence
from bayesmix.report.pictures import Setting, chosen_pictures, refuse_layers, telling_pictures, write_pictures
from bayesmix.report.results_folder import SESSION, refuse_foreign, whole_folder
from bayesmix.report.session import write_session
from bayesmix.report.summary import summary
from bayesmix.report.tables import write_tables

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """A card whose data, formulas and priors were found good: what `analyse` needs before it loads the samplers.

    `priors` of each layer are those of the card that the layer has a parameter for.
    """

    card: Card
    data: pd.DataFrame
    family: Family
    design: Design
    pictures: tuple[str, ...]
    layer_priors: dict[str, dict[str, str]]


@dataclass(frozen=True)
class Analysis:
    """A card with its fit, the fits of its layers by name, and the seconds that fitting took.

    `random_terms`: the Bayes factors of the random terms where the card asks for them.
    """

    plan: Plan
    fit: Fit
    layers: dict[str, Fit]
    seconds: float
    random_terms: RandTable | None = None

    @property
    def card(self) -> Card:
        return self.plan.card


@dataclass(frozen=True)
class Written:
    """Where results lie: the folder and the names of its files."""

    folder: Path
    files: tuple[str, ...]


def run_card(
    card: Card | str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    *,
    seed: int | None = None,
    progress: bool = True,
    command: Sequence[str] = (),
    show: Say = print,
    note: Say = lambda _: None,
) -> Written:
    """Do the analysis of a card and leave a folder of results.

    Parameters
    ----------
    card
        An analysis card or its file.
    out
        The folder; by default ``results/<name of the card>`` in the current directory. One of an earlier run is
        replaced as a whole when all is done; any other is refused.
    seed
        In place of the card's.
    progress
        Show the samplers' progress bars, where there is a terminal.
    command
        The command line, for the record in ``session.json``.
    show, note
        Take the printed summary, and lines that say what is being done.

    Returns
    -------
    Written
        The folder holds the tables as CSV, the pictures as PNG (150 dots an inch), ``summary.txt``, the fit as
        ``fit.nc``, the card as ``card.toml``, and ``session.json`` (versions, seed, seconds, command).

    Raises
    ------
    CardError, DataError, FormulaError, DesignError, FamilyError, PriorError, ArgumentError
        One line that says what is wrong; found before anything heavy loads, and nothing was written.
    OutputError
        The folder is not an earlier run's, or cannot be written.
    """
    card = card if isinstance(card, Card) else read_card(card)
    if seed is not None:
        card = replace(card, sampler=replace(card.sampler, seed=seed))
    folder = Path("results") / card.name if out is None else Path(out).expanduser()
    refuse_foreign(folder)
    analysis = analyse(card, progress=progress, note=note)
    show(analysis_text(analysis))
    note("Writing tables and pictures")
    return write_analysis(analysis, folder, command=command)


_CHECKED = ("draws", "tune", "chains", "cores", "seed", "target_accept", "method")


def plan_card(card: Card) -> Plan:
    """Read the data and check formulas, priors, sampler and pictures; takes no heavy library."""
    probability(card.report.probability)
    sampler = asdict(card.sampler).items()
    check_arguments(**{key: value for key, value in sampler if value is not None and key in _CHECKED})
    data, family = card_data(card), read_family(card.model.family)
    design = _design(card.model.formula, card, data, family)
    settle_priors(default_priors(design, family), card.priors, column_sds(design, family))
    layer_priors = {}
    for name, formula in card.report.layers.items():
        layer = _design(formula, card, data, family)
        refuse_layers(name, layer, design)
        own = default_priors(layer, family)
        layer_priors[name] = {parameter: text for parameter, text in card.priors.items() if parameter in own}
    if card.questions.rand and not design.random:
        raise CardError("[questions] rand tests random terms, of which the formula has none; leave it out.")
    setting = Setting(design, family, chains=4 if card.sampler.chains is None else card.sampler.chains)
    pictures = chosen_pictures(card.report.pictures, setting)
    if layer_priors and "lines" not in pictures:
        raise CardError(
            "[report.layers] are drawn in the picture 'lines', which is not among the pictures; leave one out."
        )
    return Plan(card, data, family, design, pictures, layer_priors)


def analyse(card: Card, *, progress: bool = True, note: Say = lambda _: None) -> Analysis:
    """Fit the model of a card and its layers.

    A layer with the formula of the card is the card's own fit; all layers are sampled with its seed.
    """
    plan = plan_card(card)
    started = perf_counter()
    note(f"Fitting {card.model.formula}")
    main = _fit(plan, card.model.formula, card.priors, seed=card.sampler.seed, progress=progress)
    layers = {}
    for name, formula in card.report.layers.items():
        if formula.split() == card.model.formula.split():
            layers[name] = main
        else:
            note(f"Fitting {formula} ({name})")
            seed = main.sampling.seed
            layers[name] = _fit(plan, formula, plan.layer_priors[name], seed=seed, progress=progress)
    found = None
    if card.questions.rand:
        note("Testing the random terms")
        found = of_posterior.rand(main)
    return Analysis(plan, main, layers, perf_counter() - started, found)


def analysis_text(analysis: Analysis) -> str:
    """What is printed and kept as ``summary.txt``: title and description of the card, and the fit's summary."""
    card = analysis.card
    text = str(summary(analysis.fit, prob=card.report.probability))
    head = [part.strip() for part in (card.title, card.description) if part.strip()]
    evidence = [] if analysis.random_terms is None else [str(analysis.random_terms)]
    return "\n\n".join([*head, text, *evidence])


def write_analysis(analysis: Analysis, out: Path, *, command: Sequence[str] = ()) -> Written:
    """Write the folder of results: whole, or after an error or an interrupt not at all."""
    report = analysis.card.report
    with whole_folder(out) as folder:
        (folder / "summary.txt").write_text(analysis_text(analysis) + "\n", encoding="utf-8")
        (folder / "card.toml").write_text(to_toml(analysis.card, folder=out), encoding="utf-8")
        write_tables(analysis.fit, folder, prob=report.probability)
        if analysis.fit.design.random:
            write_comparison(analysis.fit, folder, prob=report.probability)
        pictures = analysis.plan.pictures
        if report.pictures is None:
            pictures = telling_pictures(pictures, analysis.fit)
        write_pictures(pictures, analysis.fit, analysis.layers, folder)
        if analysis.random_terms is not None:
            write_evidence(analysis.random_terms, analysis.fit, folder)
        modelling.storage.save(analysis.fit, folder / "fit.nc")
        files = sorted([*(file.name for file in folder.iterdir()), SESSION])
        write_session(
            folder / SESSION,
            card=analysis.card,
            fit=analysis.fit,
            seconds=analysis.seconds,
            command=command,
            files=files,
        )
    return Written(out, tuple(files))


def _design(formula: str, card: Card, data: pd.DataFrame, family: Family) -> Design:
    formulas = parse_formulas(_all_formulas(formula, card), auxiliary=family.auxiliary)
    return build_design(
        formulas.mean,
        data,
        response=family.response,
        weights=card.data.weights,
        na=card.data.na,
        parts=formulas.parts,
        auxiliary=family.auxiliary,
    )


def _all_formulas(formula: str, card: Card) -> list[str]:
    """With those of further parameters, which layers share."""
    return [formula, *(card.model.auxiliary or ())]


def _fit(plan: Plan, formula: str, priors: Mapping[str, str], *, seed: int | None, progress: bool) -> Fit:
    given = {key: value for key, value in asdict(plan.card.sampler).items() if value is not None}
    given |= {"sampler": given.pop("name")} if "name" in given else {}
    given |= {"seed": seed} if seed is not None else {}
    data = plan.card.data
    return fit(
        _all_formulas(formula, plan.card),
        plan.data,
        plan.family,
        priors=priors,
        weights=data.weights,
        na=data.na,
        progress=progress,
        **given,
    )
