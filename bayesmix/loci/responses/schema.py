"""The columns of the table of results, and their types."""

import pyarrow as pa

from bayesmix.loci.engine.parameters import Parameter
from bayesmix.loci.engine.schema import FIGURES
from bayesmix.loci.responses.settings import ManySettings

RESIDUAL, FIXED = "residual", "fixed"


def share_names(terms: tuple[str, ...]) -> tuple[str, ...]:
    """The parts of the variance: the fixed part, each random term, the residual."""
    return tuple(f"share_{part}" for part in (FIXED, *terms, RESIDUAL))


def many_schema(
    parameters: tuple[Parameter, ...], terms: tuple[str, ...], tested: tuple[str, ...], settings: ManySettings
) -> pa.Schema:
    """Response, status, number of samples, the figures of every parameter and share, Bayes factors, diagnostics."""
    fields = [
        pa.field("response", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("n_samples", pa.int64()),
    ]
    for parameter in parameters:
        fields += [pa.field(f"{parameter.name}_{figure}", pa.float64()) for figure in FIGURES]
        if parameter.signed:
            fields.append(pa.field(f"{parameter.name}_p_below", pa.float64()))
    if settings.shares:
        fields += [pa.field(f"{name}_{figure}", pa.float64()) for name in share_names(terms) for figure in FIGURES]
    for label in tested:
        fields += [pa.field(f"{label}_log10_bf", pa.float64()), pa.field(f"{label}_log10_bf_mcse", pa.float64())]
    fields += [pa.field(name, pa.float64()) for name in ("log_marginal", "log_marginal_mcse", "effective", "pareto_k")]
    fields.append(pa.field("sampler", pa.string()))
    return pa.schema(fields, metadata={"prob": repr(settings.prob), "n_draws": str(settings.draws)})


def many_draws_schema(parameters: tuple[Parameter, ...]) -> pa.Schema:
    """The columns of the draws that are kept: a row for each."""
    names = [parameter.name for parameter in parameters]
    fields = [pa.field("response", pa.string()), pa.field("draw", pa.int32())]
    return pa.schema([*fields, *(pa.field(name, pa.float64()) for name in names)])
