"""A whole analysis: from a card to fits, and from fits to a folder of tables, pictures and the stored fit."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from bayesmix.errors import ArgumentError, OutputError, StoredFitError
from bayesmix.inference.evidence.rand import bayes_factors
from bayesmix.inference.shared.readable_table import RandTable
from bayesmix.modelling.fit import fit
from bayesmix.modelling.record import Fit
from bayesmix.modelling.storage import storage
from bayesmix.report.analysis.card import Card, read_card
from bayesmix.report.analysis.card_audit import CardAudit, audit_of, write_audit
from bayesmix.report.analysis.card_plan import Plan, all_formulas, plan_card
from bayesmix.report.analysis.card_text import to_toml
from bayesmix.report.analysis.compare_files import write_comparison
from bayesmix.report.analysis.kept_fits import keep_elsewhere
from bayesmix.report.analysis.result_files import CARD, FIT, SESSION, SUMMARY
from bayesmix.report.analysis.results_folder import disk_refusals, results_path, whole_folder
from bayesmix.report.analysis.session import write_session
from bayesmix.report.analysis.tables import write_tables
from bayesmix.report.analysis.which_pictures import telling_pictures
from bayesmix.report.pages.summary import summary
from bayesmix.visible import visible

Say = Callable[[str], None]


@dataclass(frozen=True)
class Analysis:
    """A card with its fit, the fits of its layers by name, and the seconds that fitting took.

    `random_terms`: the Bayes factors of the random terms where the card asks for them; `audit`: what NUTS says of the
    fit, unless the card leaves it out.
    """

    plan: Plan
    fit: Fit
    layers: dict[str, Fit]
    seconds: float
    random_terms: RandTable | None = None
    audit: CardAudit | None = None

    @property
    def card(self) -> Card:
        return self.plan.card


@dataclass(frozen=True)
class Written:
    """Where results lie: the folder, the names of its files, and for each part that failed a line that says why."""

    folder: Path
    files: tuple[str, ...]
    failures: tuple[str, ...] = ()


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
        replaced as a whole when all is done; any other is refused, and so is a link.
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
        The folder holds the tables as CSV, the pictures as PNG (150 dots an inch) or in the card's `formats`,
        ``summary.txt``, the fit as ``fit.nc``, the card as ``card.toml``, and ``session.json`` (versions, seed,
        seconds, command). A picture that cannot be drawn and an audit that fails are left out and told of, in
        `failures`, ``summary.txt`` and ``session.json``.

    Raises
    ------
    CardError, DataError, FormulaError, DesignError, FamilyError, PriorError, ArgumentError
        One line that says what is wrong; found before anything heavy loads, and nothing was written.
    OutputError
        The folder is not an earlier run's, another run is writing there, or it cannot be written: this is tried
        before anything is fitted.

    Notes
    -----
    Ctrl-C while the fit is audited ends the audit alone: the results are written without it. At any other time it ends
    the run, and nothing is written.

    What goes wrong when a model has been fitted, such as a disk that is full by then, costs no fit: the fits are
    stored in the system's temporary folder, and the error says where.
    """
    card = _a_card(card)
    if seed is not None:
        card = replace(card, sampler=replace(card.sampler, seed=seed))
    folder = Path("results") / card.name if out is None else results_path(out)
    plan = plan_card(card)
    fits: list[Fit] = []
    try:
        with whole_folder(folder) as unfinished:
            analysis = analyse_plan(plan, progress=progress, note=note, fitted=fits.append)
            show(analysis_text(analysis))
            note("Writing tables and pictures")
            return _filled(analysis, unfinished, folder, command)
    except Exception as error:
        if not fits:
            raise
        told = keep_elsewhere(fits)
        if isinstance(error, OutputError):
            raise OutputError(f"{error} {told}") from error
        error.add_note(told)
        raise


def _a_card(card: Any) -> Card:
    if isinstance(card, Card):
        return card
    if not isinstance(card, str | os.PathLike):
        raise ArgumentError(f"run_card takes an analysis card or the path of one; got {type(card).__name__}.")
    return read_card(card)


def analyse(card: Card, *, progress: bool = True, note: Say = lambda _: None) -> Analysis:
    """Fit the model of a card and its layers.

    A layer with the formula of the card is the card's own fit; all layers are sampled with its seed.
    """
    return analyse_plan(plan_card(card), progress=progress, note=note)


def analyse_plan(
    plan: Plan,
    *,
    progress: bool = True,
    note: Say = lambda _: None,
    fitted: Callable[[Fit], None] = lambda _: None,
) -> Analysis:
    """Fit what `plan_card` found good; `fitted` takes each fit when it is there."""
    card = plan.card
    started = perf_counter()
    note(f"Fitting {' '.join(card.model.formula.split())}")
    main = _fit(plan, card.model.formula, card.priors, seed=card.sampler.seed, progress=progress)
    fitted(main)
    layers = {}
    for name, formula in card.report.layers.items():
        if formula.split() == card.model.formula.split():
            layers[name] = main
        else:
            note(f"Fitting {' '.join(formula.split())} ({name})")
            seed = main.sampling.seed
            layers[name] = _fit(plan, formula, plan.layer_priors[name], seed=seed, progress=progress)
            fitted(layers[name])
    found = None
    if card.questions.rand:
        note("Testing the random terms")
        found = bayes_factors(main)
    seconds, audited = perf_counter() - started, None
    if card.questions.audit is not False:
        note("Auditing by NUTS")
        audited = audit_of(main, progress=progress)
    return Analysis(plan, main, layers, seconds, found, audited)


def analysis_text(analysis: Analysis) -> str:
    """What is printed and kept as ``summary.txt``: the card's title and description, the fit's summary, the answers."""
    card = analysis.card
    text = str(summary(analysis.fit, prob=card.report.probability))
    head = [visible(part.strip(), keep="\n") for part in (card.title, card.description) if part.strip()]
    evidence = [] if analysis.random_terms is None else [str(analysis.random_terms)]
    audited = [] if analysis.audit is None else [analysis.audit.text]
    return "\n\n".join([*head, text, *evidence, *audited])


def _filled(analysis: Analysis, folder: Path, out: Path, command: Sequence[str]) -> Written:
    """Write all files into `folder`, which will be `out`: the fit and the tables first, as pictures may fail."""
    from bayesmix.report.analysis.drawings import write_pictures
    from bayesmix.report.analysis.evidence_files import write_evidence, write_evidence_pictures

    report = analysis.card.report
    with disk_refusals(out):
        _store(analysis.fit, folder / FIT)
        (folder / CARD).write_text(to_toml(analysis.card, folder=out), encoding="utf-8")
        write_tables(analysis.fit, folder, prob=report.probability)
        if analysis.fit.design.random:
            write_comparison(analysis.fit, folder, prob=report.probability)
        pictures = analysis.plan.pictures
        if report.pictures is None:
            pictures = telling_pictures(pictures, analysis.fit)
        formats = analysis.plan.formats
        failures = write_pictures(pictures, analysis.fit, analysis.layers, folder, formats=formats)
        if analysis.random_terms is not None:
            write_evidence(analysis.random_terms, folder)
            failures |= write_evidence_pictures(analysis.random_terms, analysis.fit, folder, formats=formats)
        told = tuple(f"The picture {name!r} could not be drawn: {reason}" for name, reason in failures.items())
        text = "\n\n".join([analysis_text(analysis), *(["\n".join(told)] if told else [])])
        if analysis.audit is not None:
            write_audit(analysis.audit, folder)
            told = (*told, *([f"Audit: {analysis.audit.failure}"] if analysis.audit.failure else []))
        (folder / SUMMARY).write_text(text + "\n", encoding="utf-8")
        files = sorted([*(file.name for file in folder.iterdir()), SESSION])
        write_session(
            folder / SESSION,
            card=analysis.card,
            fit=analysis.fit,
            data=analysis.plan.data_record,
            seconds=analysis.seconds,
            audit=analysis.audit,
            command=command,
            files=files,
            failures=failures,
        )
    return Written(out, tuple(files), told)


def _store(fit: Fit, path: Path) -> None:
    """Store a fit; that the disk refuses is said of the folder, not of a file in it that is hidden."""
    try:
        storage.save(fit, path)
    except StoredFitError as error:
        if isinstance(error.__cause__, OSError):
            raise error.__cause__ from None
        raise


def _fit(plan: Plan, formula: str, priors: Mapping[str, str], *, seed: int | None, progress: bool) -> Fit:
    given = {key: value for key, value in asdict(plan.card.sampler).items() if value is not None}
    given |= {"sampler": given.pop("name")} if "name" in given else {}
    given |= {"seed": seed} if seed is not None else {}
    data = plan.card.data
    return fit(
        all_formulas(formula, plan.card),
        plan.data,
        plan.family,
        priors=priors,
        weights=data.weights,
        na=data.na,
        progress=progress,
        **given,
    )
