"""A whole analysis: from a card to fits, and from fits to a folder with tables, pictures and the stored fit."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from time import perf_counter

from bayesmix.errors import ArgumentError, OutputError, StoredFitError
from bayesmix.inference.evidence.rand import bayes_factors
from bayesmix.inference.shared.readable_table import RandTable
from bayesmix.modelling.fit import fit
from bayesmix.modelling.record import Fit
from bayesmix.modelling.storage import storage
from bayesmix.report.analysis.card import Card, read_card
from bayesmix.report.analysis.card_answers import Answers, answers_of, write_answers
from bayesmix.report.analysis.card_audit import CardAudit, audit_of
from bayesmix.report.analysis.card_plan import Plan, all_formulas, contrasts_within, plan_card
from bayesmix.report.analysis.card_text import to_toml
from bayesmix.report.analysis.kept_fits import keep_elsewhere
from bayesmix.report.analysis.picture_choice import telling_pictures
from bayesmix.report.analysis.result_files import CARD, FIT, SESSION, SUMMARY
from bayesmix.report.analysis.results_folder import disk_refusals, results_path, whole_folder
from bayesmix.report.analysis.session import write_session
from bayesmix.report.analysis.tables import write_comparison, write_table, write_tables
from bayesmix.report.pages.summary import summary
from bayesmix.visible import visible

Say = Callable[[str], None]


@dataclass(frozen=True)
class Analysis:
    """A card with its fit, the fits of its layers by name, and the seconds that fitting took.

    The Bayes factors of the `random_terms` are there if the card asks for them, and the `audit` of the fit by NUTS
    unless the card leaves it out. The `answers` are means and a trial, if the card asks for them.
    """

    plan: Plan
    fit: Fit
    layers: dict[str, Fit]
    seconds: float
    random_terms: RandTable | None = None
    audit: CardAudit | None = None
    answers: Answers = field(default_factory=Answers)

    @property
    def card(self) -> Card:
        return self.plan.card


@dataclass(frozen=True)
class Written:
    """Where results are: the folder, the names of its files, and for each part that failed a line that says why."""

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
        The folder, by default ``results/<name of the card>`` in the current directory. A folder of an earlier run is
        replaced as a whole at the end; any other folder is refused, and so is a link.
    seed
        A seed in place of the card's.
    progress
        Whether the samplers show their progress, where there is a terminal.
    command
        The command line, for the record in ``session.json``.
    show, note
        Functions that take the printed summary, and lines that say what is being done.

    Returns
    -------
    Written
        The folder holds the tables as CSV, the pictures as PNG (150 dots per inch) or in the card's `formats`,
        ``summary.txt``, the fit as ``fit.nc``, the card as ``card.toml``, and ``session.json`` (versions, seed,
        seconds, command). A picture that cannot be drawn and an audit that fails are left out and reported in
        `failures`, ``summary.txt`` and ``session.json``.

    Raises
    ------
    CardError, DataError, FormulaError, DesignError, FamilyError, PriorError, ArgumentError
        One line says what is wrong. The card is checked before any heavy library loads, and nothing was written.
    OutputError
        The folder is not an earlier run's, another run is writing there, or it cannot be written, which is tried
        before anything is fitted.

    Notes
    -----
    Ctrl-C during the audit ends the audit alone, and results are written without it. At any other time it ends the run,
    and nothing is written. No fit is lost if something fails later, such as a disk that is full by then: the fits are
    stored in the system's temporary folder, and the error says where.
    """
    if not isinstance(card, Card):
        if not isinstance(card, str | os.PathLike):
            raise ArgumentError(f"run_card takes an analysis card or the path of one; got {type(card).__name__}.")
        card = read_card(card)
    if seed is not None:
        card = replace(card, sampler=replace(card.sampler, seed=seed))
    folder = Path("results") / card.name if out is None else results_path(out)
    plan = plan_card(card)
    fits: list[Fit] = []
    try:
        with whole_folder(folder) as unfinished:
            analysis = analyse(plan, progress=progress, note=note, fitted=fits.append)
            show(analysis_text(analysis))
            note("Writing tables and pictures")
            return _filled(analysis, unfinished, folder, command)
    except Exception as error:
        if not fits:
            raise
        place = keep_elsewhere(fits)
        if isinstance(error, OutputError):
            raise OutputError(f"{error} {place}") from error
        error.add_note(place)
        raise


def analyse(
    plan: Plan,
    *,
    progress: bool = True,
    note: Say = lambda _: None,
    fitted: Callable[[Fit], None] = lambda _: None,
) -> Analysis:
    """Fit the model of a card that `plan_card` has checked, and its layers; `fitted` takes each fit when it is done.

    A layer with the formula of the card is the card's own fit; all layers are sampled with its seed.
    """
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
    random_terms = None
    if card.questions.rand:
        note("Testing the random terms")
        random_terms = bayes_factors(main)
    answers = Answers()
    if card.means or card.trial is not None:
        note("Asking for means" if card.trial is None else "Asking for means and the trial")
        answers = answers_of(card, main)
    seconds, audited = perf_counter() - started, None
    if card.questions.audit is not False:
        note("Auditing by NUTS")
        audited = audit_of(main, progress=progress)
    return Analysis(plan, main, layers, seconds, random_terms, audited, answers)


def analysis_text(analysis: Analysis) -> str:
    """The text of ``summary.txt``: the card's title and description, the summary of the fit, and further answers."""
    card = analysis.card
    text = str(summary(analysis.fit, prob=card.report.probability))
    head = [visible(part.strip(), keep="\n") for part in (card.title, card.description) if part.strip()]
    evidence = [] if analysis.random_terms is None else [str(analysis.random_terms)]
    audited = [] if analysis.audit is None else [analysis.audit.text]
    return "\n\n".join([*head, text, *analysis.answers.texts, *analysis.answers.failures, *evidence, *audited])


def _filled(analysis: Analysis, folder: Path, out: Path, command: Sequence[str]) -> Written:
    """Write all files into `folder`, which will be `out`: the fit and the tables first, as pictures may fail."""
    from bayesmix.report.analysis.drawings import write_evidence_pictures, write_means_pictures, write_pictures

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
            write_table(analysis.random_terms.reset_index(), folder, "rand")
            failures |= write_evidence_pictures(analysis.random_terms, analysis.fit, folder, formats=formats)
        write_answers(analysis.answers, folder)
        failures |= write_means_pictures(analysis.answers.named, folder, formats=formats)
        reports = [f"The picture {name!r} could not be drawn: {reason}" for name, reason in failures.items()]
        text = "\n\n".join([analysis_text(analysis), *(["\n".join(reports)] if reports else [])])
        if analysis.audit is not None:
            if analysis.audit.result:
                write_table(analysis.audit.result.table.reset_index(), folder, "audit")
            if analysis.audit.failure:
                reports.append(f"Audit: {analysis.audit.failure}")
        reports += analysis.answers.failures
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
    return Written(out, tuple(files), tuple(reports))


def _store(fit: Fit, path: Path) -> None:
    """Store a fit; where the disk refuses, the message is to name the folder, not a hidden file in it."""
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
        contrasts=contrasts_within(formula, plan.card, plan.family),
        progress=progress,
        **given,
    )
