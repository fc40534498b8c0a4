"""A whole study: from a card to a store of loci, and a report beside their table."""

import json
import os
import platform
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from bayesmix.disk import write_whole
from bayesmix.errors import ArgumentError, DataError, UnknownTermError
from bayesmix.loci.arguments import checked_workers
from bayesmix.loci.audit_loci import audit_loci
from bayesmix.loci.cluster import workers_of
from bayesmix.loci.plan import fit_planned
from bayesmix.loci.record import Loci
from bayesmix.loci.store.audits import NAME as AUDITS
from bayesmix.loci.store.manifest import NAME as MANIFEST
from bayesmix.loci.store.manifest import read_manifest
from bayesmix.loci.store.store import DRAWS, FINAL, Store
from bayesmix.report.analysis.analysis import Written
from bayesmix.report.analysis.results_folder import WRITTEN_BY, disk_refusals, results_path
from bayesmix.report.analysis.session import version_of
from bayesmix.study.card import StudyCard, read_study
from bayesmix.study.plan import plan_study, selection_arguments
from bayesmix.study.report import PARTS, SESSION, Studied, study_text

type Say = Callable[[str], None]
_PACKAGES = ("bayesmix", "numba", "numpy", "nutpie", "pandas", "pyarrow", "pymc", "scipy")
_SELECTED = re.compile(r"significant_[\w.-]+\.csv|report_[\w.-]+\.html")


def run_study(
    card: StudyCard | str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    *,
    seed: int | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    progress: bool = True,
    command: Sequence[str] = (),
    show: Say = print,
    note: Say = lambda _: None,
) -> Written:
    """Do the study of a card, or what is left of it, and leave a folder with all rows and a report.

    Parameters
    ----------
    card
        A card of a study or its file.
    out
        The folder, by default the card's store, or else ``results/<name of the card>`` in the current directory. It is
        the store of the run: rows are added to it while the run goes on, and the same call goes on where an earlier one
        stopped.
    seed, workers, cluster
        In place of the card's.
    progress
        Whether progress is shown.
    command
        The command line, for the record in ``session.json``.
    show, note
        Functions that take the printed summary, and lines that say what is being done.

    Returns
    -------
    Written
        The folder has ``loci.parquet`` with a row for each locus, ``draws.parquet`` if draws are kept,
        ``status.csv``, ``filters.csv``, ``significant_NAME.csv`` for each selection of the card, ``summary.txt``,
        ``card.toml`` and ``session.json``. A selection that cannot be made is reported in `failures`.

    Raises
    ------
    CardError, DataError, FormulaError, DesignError, FamilyError, PriorError, ArgumentError, UnknownTermError
        One line says what is wrong; no locus was fitted.
    OutputError
        The folder is of another study, another process is writing there, or it cannot be written.
    SamplingError
        There are no workers any more; what was done is kept.
    """
    begun = perf_counter()
    if not isinstance(card, StudyCard):
        card = read_study(card)
    if seed is not None:
        card = replace(card, sampler={**card.sampler, "seed": seed})
    folder = folder_of(card, out)
    n_workers = checked_workers(card.run.workers if workers is None else workers)
    address = card.run.cluster if cluster is None else cluster
    if Store(folder).finished:  # a report needs no cluster
        address = None
    with workers_of(address, progress=progress) as chosen:
        note("Reading the data")
        plan = plan_study(card)
        note(f"Fitting {' '.join(card.model.formula.split())}")
        loci = fit_planned(plan.loci, folder, workers=n_workers, executor=chosen, progress=progress)
    loci = _audited(card, loci, workers=n_workers, progress=progress, note=note)
    note("Writing the report")
    studied = Studied(card, loci)
    text = study_text(studied)
    files = _write(studied, seconds=perf_counter() - begun, command=command)
    show(text)
    return Written(folder, files, studied.failures)


def _audited(card: StudyCard, loci: Loci, *, workers: int, progress: bool, note: Say) -> Loci:
    """The results, with the loci that the card selects fitted by NUTS where they were screened alone."""
    if loci.model.settings.sampler != "importance":
        return loci
    for name, part in card.significant.items():
        note(f"Auditing the selection {name}")
        with suppress(ArgumentError, DataError, UnknownTermError):  # a selection that cannot be made: see the report
            loci = audit_loci(loci, part.effect, **selection_arguments(part), workers=workers, progress=progress)
    return loci


def folder_of(card: StudyCard, out: str | os.PathLike[str] | None) -> Path:
    """The folder of the results of a card: `out`, or the card's store, or one that has the name of the card."""
    if out is not None:
        return results_path(out)
    return Path("results") / card.name if card.run.store is None else card.run.store


def _write(studied: Studied, *, seconds: float, command: Sequence[str]) -> tuple[str, ...]:
    """Write the report, each file as a whole; the record of the run comes last. The names of all files."""
    folder = studied.loci.store
    contents: dict[str, bytes] = {}
    for part in PARTS:
        contents |= part(studied)
    with disk_refusals(folder):
        for name, content in contents.items():
            write_whole(folder / name, content)
        for name in os.listdir(folder):
            if _SELECTED.fullmatch(name) and name not in contents:  # of an earlier wording of the card
                with suppress(FileNotFoundError):
                    (folder / name).unlink()
        stored = [name for name in (FINAL, DRAWS, MANIFEST, AUDITS) if (folder / name).exists()]
        files = sorted([*contents, *stored, SESSION])
        record = _session(studied, seconds=seconds, command=command, files=files)
        text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
        write_whole(folder / SESSION, text.encode("utf-8", "backslashreplace"))
    return tuple(files)


def _session(studied: Studied, *, seconds: float, command: Sequence[str], files: Sequence[str]) -> Mapping[str, Any]:
    manifest = read_manifest(studied.loci.store)
    status = studied.status.groupby("status", sort=False)["loci"].sum()
    return {
        WRITTEN_BY[0]: WRITTEN_BY[1],
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(command),
        "card": studied.card.name,
        "run": ({} if manifest is None else dict(manifest.facts)) | {"contrasts": dict(studied.card.contrasts)},
        "status": {str(word): int(n) for word, n in status.items()},
        "selected": {name: len(one.table) for name, one in studied.selected.items() if not one.failure},
        "seconds": round(seconds, 3),
        "versions": {"python": platform.python_version(), **{name: version_of(name) for name in _PACKAGES}},
        "platform": platform.platform(),
        "files": list(files),
        "failures": list(studied.failures),
    }
