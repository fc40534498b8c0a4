"""The columns of the table of results, and their types."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bayesmix.loci.engine.settings import LociSettings

FIGURES = ("mean", "sd", "lower", "median", "upper")
"""What is told of every parameter and contrast; `p_below`, the share of draws below 0, of those that have a sign."""

_DIAGNOSTICS = {
    "rhat": pa.float64(),
    "ess_bulk": pa.float64(),
    "ess_tail": pa.float64(),
    "divergences": pa.int64(),
    "pareto_k": pa.float64(),
    "audit_z": pa.float64(),
    "sampler": pa.string(),
    "log_marginal": pa.float64(),
    "seed": pa.int64(),
    "attempts": pa.int64(),
}
_TYPES = {
    "string": pa.string(),
    "int64": pa.int64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
}


def place_types(places: Mapping[str, NDArray[Any]]) -> tuple[tuple[str, str], ...]:
    """Name and type of each column that says where a locus is."""
    return tuple((name, _type_of(np.asarray(values))) for name, values in places.items())


def _type_of(values: NDArray[Any]) -> str:
    return {"b": "bool", "i": "int64", "u": "int64", "f": "double"}.get(values.dtype.kind, "string")


def result_schema(
    places: tuple[tuple[str, str], ...],
    signed: Mapping[str, bool],
    settings: LociSettings,
) -> pa.Schema:
    """The schema: locus, places, status, sizes, the figures of everything in `signed`, diagnostics."""
    fields = [
        pa.field("locus", pa.string(), nullable=False),
        *(pa.field(name, _TYPES[kind]) for name, kind in places),
    ]
    fields += [
        pa.field("status", pa.string(), nullable=False),
        pa.field("n_samples", pa.int64()),
    ]
    fields.append(pa.field("n_reads", pa.int64()))
    for name, has_sign in signed.items():
        fields += [pa.field(f"{name}_{figure}", pa.float64()) for figure in FIGURES]
        if has_sign:
            fields.append(pa.field(f"{name}_p_below", pa.float64()))
    fields += [pa.field(name, kind) for name, kind in _DIAGNOSTICS.items()]
    facts = {
        "prob": repr(settings.prob),
        "n_draws": str(settings.n_draws),
        "sampler": settings.sampler,
    }
    return pa.schema(fields, metadata=facts)


def draws_schema(names: tuple[str, ...]) -> pa.Schema:
    """The columns of the draws that are kept: a row for each draw."""
    fields = [
        pa.field("locus", pa.string()),
        pa.field("chain", pa.int32()),
        pa.field("draw", pa.int32()),
    ]
    return pa.schema([*fields, *(pa.field(name, pa.float64()) for name in names)])
