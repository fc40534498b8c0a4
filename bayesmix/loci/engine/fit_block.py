"""`fit_block`: a row of results for every locus of a block, whatever happens to it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from bayesmix.arrays import Floats
from bayesmix.inference.hypotheses.expression import evaluate
from bayesmix.inference.shared.summarise import summarise
from bayesmix.loci.block import LociBlock
from bayesmix.loci.engine.drawn import Drawn
from bayesmix.loci.engine.fit_locus import FittedLocus, fit_locus
from bayesmix.loci.engine.locus import loci_of, require_block
from bayesmix.loci.engine.model import LociModel
from bayesmix.loci.engine.patterns import patterns_of
from bayesmix.loci.engine.schema import FIGURES, draws_schema
from bayesmix.parallel import one_blas_thread


@dataclass(frozen=True, eq=False)
class FittedBlock:
    """`table`: a row for each locus in the order of the block, with the columns of `LociModel.schema`.

    `draws`: a row for each draw of the loci whose draws are kept; None if there are none.
    """

    table: pa.Table
    draws: pa.Table | None


def fit_block(model: LociModel, block: LociBlock, *, audit: Collection[str] = ()) -> FittedBlock:
    """Fit `model` to every locus of `block`, in this process and on one core.

    Where loci are screened NUTS fits those named in `audit` too, such as all that will be called significant, and a
    random share of the others: their rows are those of NUTS, and `audit_z` says how far the screening was off.

    Raises
    ------
    DataError
        The block is none of this model's; nothing was fitted. What is wrong with one locus is said in its row.
    """
    require_block(model, block)
    patterns, rows, kept = patterns_of(model), [], []
    with one_blas_thread():
        for number, locus in enumerate(loci_of(model, block)):
            fitted = fit_locus(
                patterns,
                locus,
                audited=locus.name in audit or model.settings.audits(locus.name),
            )
            draws = {} if fitted.drawn is None else _draws_by_name(model, fitted.drawn)
            places = {name: _plain(block.places[name][number]) for name, _ in model.places}
            rows.append(
                {
                    "locus": locus.name,
                    **places,
                    **_told(fitted),
                    **_figures(model, draws),
                }
            )
            if draws and model.settings.keeps(locus.name):
                kept.append(_kept(model, locus.name, draws))
    table = pa.Table.from_pylist(rows, schema=model.schema)
    return FittedBlock(table, pa.concat_tables(kept) if kept else None)


def _draws_by_name(model: LociModel, drawn: Drawn) -> dict[str, Floats]:
    """Draws (n_chains, n_draws) of parameters and contrasts; without those of which this locus knows nothing."""
    draws = dict(zip(drawn.parameters.names, drawn.parameters.values, strict=True))
    for contrast in model.contrasts:
        if all(name in draws for name in contrast.names):
            draws[contrast.label] = evaluate(contrast.expression, draws)
    return draws


def _told(fitted: FittedLocus) -> dict[str, Any]:
    """Status, sizes and what the sampler tells; None for what is no number."""
    told: dict[str, Any] = {
        "status": fitted.status,
        "n_samples": fitted.coverage.n_samples,
        "n_reads": fitted.coverage.n_reads,
    }
    drawn = fitted.drawn
    if drawn is None:
        return told
    for name in ("rhat", "ess_bulk", "ess_tail", "pareto_k", "audit_z", "log_marginal"):
        value = getattr(drawn, name)
        told[name] = None if np.isnan(value) else value
    counts = {
        "divergences": drawn.divergences,
        "seed": drawn.seed,
        "attempts": drawn.attempts,
    }
    return told | counts | {"sampler": drawn.sampler}


def _figures(model: LociModel, draws: dict[str, Floats]) -> dict[str, float]:
    """Mean, sd and quantiles of parameters and contrasts, and how many draws of those that have a sign are below 0."""
    names = [name for name in model.names if name in draws]
    if not names:
        return {}
    values = np.stack([draws[name].ravel() for name in names])
    summary = summarise(values, model.settings.prob)
    below = (values < 0).mean(axis=1)
    told: dict[str, float] = {}
    for row, name in enumerate(names):
        told |= {f"{name}_{figure}": float(getattr(summary, figure)[row]) for figure in FIGURES}
        told[f"{name}_p_below"] = float(below[row])
    return told


def _kept(model: LociModel, locus: str, draws: dict[str, Floats]) -> pa.Table:
    """The draws of a locus, chain after chain."""
    chains, n_draws = model.settings.chains, model.settings.draws
    names = model.names if model.settings.kept is None else model.settings.kept
    missing = np.full((chains, n_draws), np.nan)
    columns: dict[str, Any] = {
        "locus": [locus] * (chains * n_draws),
        "chain": np.repeat(np.arange(chains), n_draws),
        "draw": np.tile(np.arange(n_draws), chains),
    }
    columns |= {name: draws.get(name, missing).ravel() for name in names}
    return pa.table(columns, schema=draws_schema(names))


def _plain(value: Any) -> Any:
    """A cell of an array as Python has it; None where it is missing."""
    plain = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and np.isnan(plain) else plain
