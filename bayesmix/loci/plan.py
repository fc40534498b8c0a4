"""A run over loci in two steps: what is checked before any locus is fitted, and the run itself."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bayesmix.errors import DataError
from bayesmix.formula.contrasts import Contrasts
from bayesmix.loci.cluster import Cluster
from bayesmix.loci.coordinator import Coordinator
from bayesmix.loci.engine.contrasts import Asked
from bayesmix.loci.engine.fit_block import fit_block
from bayesmix.loci.engine.model import LociModel, loci_model
from bayesmix.loci.engine.settings import LociSettings
from bayesmix.loci.held_folder import HeldFolder
from bayesmix.loci.inputs.open_loci import open_loci
from bayesmix.loci.inputs.source import LociSource
from bayesmix.loci.pooled import PooledPriors
from bayesmix.loci.progress import LociProgress
from bayesmix.loci.record import Loci
from bayesmix.loci.store.lock import sole_writer
from bayesmix.loci.store.manifest import manifest_of
from bayesmix.loci.store.store import Store
from bayesmix.priors.given import Given

_EXAMPLE = 200  # loci that tell which parameters there are


@dataclass(frozen=True, eq=False)
class LociPlan:
    """Loci and their model, which were found to suit each other."""

    source: LociSource
    model: LociModel


def plan_loci(
    formula: str | Sequence[str],
    data: Any,
    family: str,
    *,
    settings: LociSettings,
    by: str = "locus",
    priors: Given = None,
    weights: str | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    codings: Contrasts | None = None,
    contrasts: Asked = None,
    places: Sequence[str] | None = None,
    pooled: PooledPriors | None = None,
) -> LociPlan:
    """Open the data, and make the model of every locus; arguments are those of `fit_loci`.

    Raises
    ------
    FormulaError, DataError, DesignError, FamilyError, PriorError, ArgumentError
        One line that says what is wrong.
    """
    source = open_loci(data, formula, by=by, family=family, weights=weights, functions=functions, places=places)
    example = next(iter(source.blocks(_EXAMPLE)), None)
    if example is None:
        raise DataError("The data have no loci.")
    model = loci_model(
        formula,
        source.sheet,
        example=example,
        family=family,
        priors=priors,
        weights=weights,
        functions=functions,
        codings=codings,
        contrasts=contrasts,
        settings=settings,
        pooled=pooled,
    )
    return LociPlan(source, model)


def fit_planned(
    plan: LociPlan, store: Path | None, *, workers: int, executor: Executor | Cluster | None, progress: bool
) -> Loci:
    """Fit what the store lacks; without a store, all.

    Raises
    ------
    OutputError
        The store is of another run, is being written by another process, or cannot be written.
    SamplingError
        There are no workers any more.
    """
    held, folder = _folder(store)
    source, model, results = plan.source, plan.model, Store(folder)
    with sole_writer(folder):
        results.begin(manifest_of(model, source.digest))
        done = sum(last - first for first, last in results.done())
        with LociProgress(source.n_loci, done, shown=progress) as bar:
            Coordinator(
                source, model, fit_block, results, workers=workers, executor=executor, advance=bar.advance
            ).run()
    return Loci(model, folder, source, held)


def _folder(store: Path | None) -> tuple[HeldFolder | None, Path]:
    if store is not None:
        return None, store
    held = HeldFolder()
    return held, held.path
