"""`open_loci`: whatever holds loci as a source of blocks, the one door of those who fit them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bayesmix.errors import ArgumentError, DataError, listing, shown
from bayesmix.families.family import read_family
from bayesmix.formula.distributional import parse_formulas
from bayesmix.inference.shared.arguments import items_of
from bayesmix.loci.inputs.chunked_table import chunked_table
from bayesmix.loci.inputs.long_table import LongTable, place_columns
from bayesmix.loci.inputs.source import LociSource


def open_loci(
    data: Any,
    formula: str | Sequence[str],
    *,
    by: str = "locus",
    family: str = "gaussian",
    weights: str | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    places: Sequence[str] | None = None,
) -> LociSource:
    """The loci of `data` for a model.

    Parameters
    ----------
    data
        A source that `read_methylation` or `count_matrices` made; or a long table with a row for each locus and sample:
        a frame, or the path of a CSV, TSV (each also with ``.gz``) or Parquet file, which is read in pieces.
    formula, family, weights, functions
        The model, as `bm.fit` takes it: its response and weights differ by locus, all other columns make the sheet of
        samples.
    by
        The column of a long table with the names of loci.
    places
        Columns of a long table that are handed on to the results; by default those called ``chr``, ``pos``, ``start``,
        ``end``, ``strand`` and the like that the model does not use.

    Raises
    ------
    DataError, UnknownColumnError
        The table cannot be read, or lacks a column.
    FormulaError, FamilyError, ArgumentError
        The model cannot be read; `by` or `places` are no names of columns.
    """
    if isinstance(data, LociSource):
        return data
    if not isinstance(by, str):
        raise ArgumentError(f"by is the name of the column of loci; got {shown(by)}.")
    responses, covariates = model_columns(formula, family, weights, functions)
    table = chunked_table(data, "The table of loci")
    table = table.checked([by, *responses, *covariates])
    if by in (*responses, *covariates):
        raise DataError(f"{by!r} names the loci, of which each has a fit of its own; take it out of the formula.")
    used = (by, *responses, *covariates)
    chosen = place_columns(table, used) if places is None else _checked_places(places, used)
    table = table.checked([by, *responses, *covariates, *chosen])
    return LongTable(table, by=by, covariates=covariates, responses=responses, places=chosen)


def _checked_places(places: Any, used: Sequence[str]) -> tuple[str, ...]:
    names = items_of(places)
    if names is None or not all(isinstance(name, str) for name in names):
        raise ArgumentError(f'places are names of columns, such as ["chr", "pos"]; got {shown(places)}.')
    twice = [name for name in names if name in used]
    if twice:
        raise ArgumentError(f"places has {listing(map(repr, twice))}, which the model uses; leave it out.")
    return tuple(names)


def model_columns(
    formula: str | Sequence[str], family: str, weights: str | None, functions: Mapping[str, Any] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns that a model reads: those of response and weights, and all others."""
    read = read_family(family)
    parsed = parse_formulas(formula, functions or (), auxiliary=read.modelled)
    predictors = [name.name for name in parsed.mean.predictor_columns]
    predictors += [name.name for part in parsed.parts.values() for name in part.predictor_columns]
    covariates = tuple(dict.fromkeys(predictors))
    every = [name.name for name in parsed.mean.columns] + ([] if weights is None else [weights])
    return tuple(dict.fromkeys(name for name in every if name not in covariates)), covariates
