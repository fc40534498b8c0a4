"""`audit_loci`: NUTS for every locus that is called significant and was only screened."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from shutil import rmtree
from typing import Any

import pandas as pd

from bayesmix.errors import ArgumentError, OutputError, shown
from bayesmix.hints import with_hints
from bayesmix.loci.arguments import checked_workers
from bayesmix.loci.block import LociBlock
from bayesmix.loci.coordinator import Coordinator
from bayesmix.loci.engine.fit_block import FittedBlock, fit_block
from bayesmix.loci.engine.model import LociModel
from bayesmix.loci.inputs.chosen import ChosenLoci
from bayesmix.loci.multiplicity.significant import Method, significant
from bayesmix.loci.progress import LociProgress
from bayesmix.loci.record import Loci
from bayesmix.loci.store.audits import AuditRecord, keep_audit
from bayesmix.loci.store.lock import sole_writer
from bayesmix.loci.store.manifest import Manifest, manifest_of
from bayesmix.loci.store.replace_rows import replace_rows
from bayesmix.loci.store.store import Store

_GREATEST_K = 0.7
_BEGINS = ".audit-"


@with_hints
def audit_loci(
    loci: Loci,
    effect: str,
    *,
    q: float = 0.05,
    method: Method = "two_groups",
    prior_sd: float | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> Loci:
    """Fit again, by NUTS, the loci that are called significant and have been screened by importance sampling alone.

    Their rows, and their draws where these were kept, take the place of those of the screening, in the same store, and
    `audit_z` says how far that was off. Since rows change, so may the selection: this goes on until NUTS fitted every
    locus that is selected. Screened loci with a Pareto k above 0.7 are fitted again with them; the random share that
    ``audit=`` of `fit_loci` asks for was fitted by NUTS in the first pass.

    Parameters
    ----------
    loci
        The results of `fit_loci`, of which all loci are done.
    effect, q, method, prior_sd
        How loci are selected, as `bm.significant` takes them.
    workers
        Processes of one core each; by default as many as there are cores.
    progress
        Whether a bar is shown.

    Returns
    -------
    Loci
        The results with the rows of NUTS; those that were given keep the rows they had. It prints what was audited.

    Raises
    ------
    UnknownTermError
        There is no such effect; the message lists those there are.
    ArgumentError
        An argument means nothing.
    OutputError
        The store is not complete, is being written by another process, or cannot be written.

    Notes
    -----
    A row depends on the data of the locus, its name and the settings alone, as all rows do. What was done when a call
    is interrupted, in whatever way, is kept, and the same call goes on there; after a finished one it fits nothing.

    Examples
    --------
    >>> counts = bm.load_data("methylation_simulated")
    >>> formula = "cbind(methylated, unmethylated) ~ treatment + (1 | tank)"
    >>> screened = bm.fit_loci(formula, counts, "binomial", sampler="importance", workers=1)
    >>> audited = bm.audit_loci(screened, "treatment[trt]", q=0.2, workers=1)
    >>> selected = bm.significant(audited, "treatment[trt]", q=0.2)["selected"]
    >>> set(audited.table.loc[selected, "sampler"])
    {'nuts'}
    """
    if not isinstance(loci, Loci):
        raise ArgumentError(f"loci is what bm.fit_loci returned, which has data and model; got {type(loci).__name__}.")
    n_workers = checked_workers(workers)
    if not isinstance(progress, bool):
        raise ArgumentError(f"progress is True or False; got {shown(progress)}.")
    store = Store(loci.store)
    asked: dict[str, Any] = {"q": q, "method": method, "prior_sd": prior_sd}
    with sole_writer(loci.store):
        if not store.finished:
            raise OutputError(
                f"The store {str(loci.store)!r} has not all loci yet; the same call of bm.fit_loci goes on with it."
            )
        now = replace(loci)  # a record keeps the rows that it read
        while names := frozenset(_doubtful(now, effect, asked)):
            _fit_again(now, names, workers=n_workers, progress=progress)
            now = replace(now)
        keep_audit(loci.store, _record(now, effect, asked))
        _remove_rounds(loci.store)
    return now


def audited_block(model: LociModel, block: LociBlock) -> FittedBlock:
    """All loci of a block by NUTS, after their screening."""
    return fit_block(model, block, audit=frozenset(block.names))


def _selected(loci: Loci, effect: str, asked: dict[str, Any]) -> pd.Series:
    answer = significant(loci.table, effect, n_draws=loci.model.settings.n_draws, **asked)
    return pd.Series(answer["selected"].to_numpy(), index=loci.table.index)


def _doubtful(loci: Loci, effect: str, asked: dict[str, Any]) -> Iterator[str]:
    """The loci that NUTS has to fit."""
    selected = _selected(loci, effect, asked)
    screened = loci.table["sampler"] == "importance"
    wanted = screened & (selected | (loci.table["pareto_k"] > _GREATEST_K))
    return iter(loci.table.loc[wanted, "locus"])


def _fit_again(loci: Loci, names: frozenset[str], *, workers: int, progress: bool) -> None:
    """Fit these loci in a store of their own, within that of all, and put their rows there when all are done."""
    text = "\x1f".join(sorted(names))
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    apart = Store(loci.store / f"{_BEGINS}{digest}")
    of_all = manifest_of(loci.model, loci.source.digest)
    apart.begin(Manifest({**of_all.facts, "audited": digest}))
    done = sum(last - first for first, last in apart.done())
    source = ChosenLoci(loci.source, names)
    with LociProgress(len(names), done, shown=progress) as bar:
        Coordinator(source, loci.model, audited_block, apart, workers=workers, advance=bar.advance).run()
    rows = apart.table()
    if rows is not None:
        replace_rows(Store(loci.store), rows, apart.draws())


def _record(loci: Loci, effect: str, asked: dict[str, Any]) -> AuditRecord:
    of_selected = loci.table.loc[_selected(loci, effect, asked), "audit_z"]
    z = of_selected.dropna()
    return AuditRecord(
        effect=effect,
        n_selected=len(of_selected),
        n_again=len(z),
        greatest_z=float(z.max()) if len(z) else None,
        **asked,
    )


def _remove_rounds(folder: Path) -> None:
    for path in folder.glob(f"{_BEGINS}*"):
        rmtree(path, ignore_errors=True)
