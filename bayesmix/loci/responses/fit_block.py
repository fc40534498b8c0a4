"""`fit_responses`: a row of results for every response of a block, whatever happens to it."""

from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
import pyarrow as pa

from bayesmix.arrays import Flags, Floats, Integers
from bayesmix.errors import BayesmixError, one_line
from bayesmix.loci.block import LociBlock
from bayesmix.loci.engine.fit_block import FittedBlock
from bayesmix.loci.responses.engine import PatternEngine, Weighing, patterns_of, trusted
from bayesmix.loci.responses.model import ManyModel
from bayesmix.loci.responses.single import SingleFit, single_fit
from bayesmix.loci.responses.source import COLUMN
from bayesmix.loci.responses.standard import Standardised, standardised
from bayesmix.loci.responses.told import Evidence, Told, kept_draws, told_of
from bayesmix.numerics.responses.draws import draw
from bayesmix.parallel import one_blas_thread

OK, FAILED = "ok", "failed: "
SHARED, SINGLE = "shared", "fit"


@dataclass
class _Rows:
    """Rows of a block by position, and the draws that are kept."""

    rows: dict[int, dict[str, Any]]
    draws: dict[int, pa.Table]


def fit_responses(model: ManyModel, block: LociBlock) -> FittedBlock:
    """Fit `model` to every response of `block`, in this process and on one core."""
    n = len(model.sheet)
    values = block.columns[COLUMN].reshape(len(block), n)
    present = ~np.isnan(values) & model.complete
    found = _Rows({}, {})
    with one_blas_thread():
        patterns, of_pattern = np.unique(present, axis=0, return_inverse=True)
        for number, pattern in enumerate(patterns):
            members = np.flatnonzero(of_pattern.ravel() == number)
            _fit_pattern(model, block, values, pattern, members, found)
    rows = [found.rows[number] for number in range(len(block))]
    table = pa.Table.from_pylist(rows, schema=model.schema)
    draws = [found.draws[number] for number in sorted(found.draws)]
    return FittedBlock(table, pa.concat_tables(draws) if draws else None)


def _fit_pattern(
    model: ManyModel, block: LociBlock, values: Floats, present: Flags, members: Integers, found: _Rows
) -> None:
    """Fit the `members` of a block, which have values at the same samples."""
    for number in members:
        found.rows[number] = {"response": block.names[number], "n_samples": int(present.sum())}
    try:
        if not present.any():
            raise BayesmixError("no sample has a value and is complete in the columns of the formula")
        engine = patterns_of(model).engine(present)
    except BayesmixError as error:
        for number in members:
            found.rows[number]["status"] = FAILED + _line_of(error)
        return
    scaled = standardised(values[np.ix_(members, np.flatnonzero(present))].T)
    for number in members[~scaled.usable]:
        bad = not np.isfinite(values[number, present]).all()
        found.rows[number]["status"] = FAILED + ("it has infinite values" if bad else "it is constant")
    _fit_usable(engine, block, scaled, members, found)


def _fit_usable(engine: PatternEngine, block: LociBlock, scaled: Standardised, members: Integers, found: _Rows) -> None:
    usable = np.flatnonzero(scaled.usable)
    if not len(usable):
        return
    responses = scaled.values[:, usable]
    smaller = [_evidence(weighing, responses) for weighing in engine.weighings[1:]]
    doubtful = np.zeros(len(usable), dtype=bool)
    for one in smaller:
        doubtful |= ~one.trusted
    settings = engine.model.settings
    for part, weighed in engine.weighings[0].weighed(responses):
        here = np.flatnonzero(part >= 0)
        if not len(here):
            continue
        good = trusted(weighed)
        drawn = draw(engine.weighings[0].shared.space, weighed, engine.numbers, here)
        told = told_of(engine.model, drawn, scaled, usable[part[here]])
        for place, column in enumerate(here):
            position = usable[part[column]]
            number = members[position]
            row = found.rows[number]
            ok = bool(good[column]) and not doubtful[part[column]]
            if len(weighed.weights) > 1:
                row |= {"effective": float(weighed.effective[column]), "pareto_k": _number(weighed.pareto_k[column])}
            if not ok:
                _fit_alone(engine, block, scaled, position, number, found)
                continue
            whole = Evidence(weighed.log_marginal[column], weighed.error[column])
            others = [one.of(part[column]) for one in smaller]
            row |= told.row(place) | _evidences(engine.model, whole, others, scaled, position)
            row |= {"status": OK, "sampler": SHARED}
            if settings.keeps(block.names[number]):
                found.draws[number] = kept_draws(engine.model, block.names[number], told, place)


@dataclass(frozen=True)
class _Evidences:
    """Log marginal likelihoods (R,) with their errors, and whether they can be trusted."""

    values: Floats
    errors: Floats
    trusted: Flags

    def of(self, position: int) -> Evidence:
        return Evidence(self.values[position], self.errors[position])


def _evidence(weighing: Weighing, responses: Floats) -> _Evidences:
    """The evidence of a smaller model for each response."""
    R = responses.shape[1]
    values, errors, good = np.empty(R), np.empty(R), np.zeros(R, dtype=bool)
    for part, weighed in weighing.weighed(responses):
        here = np.flatnonzero(part >= 0)
        values[part[here]] = weighed.log_marginal[here]
        errors[part[here]] = weighed.error[here]
        good[part[here]] = trusted(weighed)[here]
    return _Evidences(values, errors, good)


def _evidences(
    model: ManyModel, whole: Evidence, smaller: list[Evidence], scaled: Standardised, position: int
) -> dict[str, float]:
    """Log marginal likelihood on the scale of the response, and Bayes factors of the random terms."""
    n_samples = scaled.values.shape[0]
    told = {
        "log_marginal": float(whole.value - n_samples * log(scaled.sd[position])),
        "log_marginal_mcse": float(whole.error),
    }
    for label, one in zip(model.tested, smaller, strict=True):
        told[f"{label}_log10_bf"] = float((whole.value - one.value) / log(10))
        told[f"{label}_log10_bf_mcse"] = float(np.hypot(whole.error, one.error) / log(10))
    return told


def _fit_alone(
    engine: PatternEngine, block: LociBlock, scaled: Standardised, position: int, number: int, found: _Rows
) -> None:
    """The single fit of a response whose shared weights cannot be trusted."""
    row, name, settings = found.rows[number], block.names[number], engine.model.settings
    try:
        single: SingleFit = single_fit(engine, name, scaled.values[:, position])
        told: Told = told_of(engine.model, single.drawn, scaled, np.array([position]))
    except BayesmixError as error:
        row["status"] = FAILED + _line_of(error)
        return
    except Exception as error:
        row["status"] = f"{FAILED}{type(error).__name__}: {_line_of(error)}"
        return
    row |= told.row(0) | _evidences(engine.model, single.evidence, single.smaller, scaled, position)
    row |= {"status": single.status, "sampler": SINGLE}
    if settings.keeps(name):
        found.draws[number] = kept_draws(engine.model, name, told, 0)


def _line_of(error: Exception) -> str:
    return one_line(" ".join(str(error).split()))


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
