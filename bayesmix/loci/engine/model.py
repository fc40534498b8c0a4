"""`LociModel`: one model for every locus, with what its table of results holds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pickle import PicklingError, dumps
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from bayesmix.arrays import Integers
from bayesmix.errors import ArgumentError, DataError, listing
from bayesmix.families.family import Family, read_family
from bayesmix.formula.design import Design
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design
from bayesmix.loci.block import LociBlock
from bayesmix.loci.engine.contrasts import Asked, Contrast, read_contrasts
from bayesmix.loci.engine.factors import SheetFactor, sheet_factors
from bayesmix.loci.engine.parameters import Parameter, parameters_of
from bayesmix.loci.engine.schema import place_types, result_schema
from bayesmix.loci.engine.settings import LociSettings, checked_settings
from bayesmix.loci.pooled import PooledPriors
from bayesmix.modelling.arguments import check_weights
from bayesmix.priors.default_priors import column_sds, default_priors
from bayesmix.priors.given import Given, by_parameter
from bayesmix.priors.prior import Prior
from bayesmix.priors.settled import settle_priors

_MOST_ROWS = 5000  # of the example, for the names of parameters


@dataclass(frozen=True, eq=False)
class LociModel:
    """A model for every locus, made by `loci_model`.

    `formula` and `family` as `bm.fit` takes them; `sheet` has a row for each sample. `priors` are those given, by
    parameter; `weights`, `functions` and `codings` (`contrasts` of `bm.fit`) as there. `parameters` and `contrasts`
    are what the table tells of every locus, `places` (name, type) what is handed on from the blocks. `columns` are
    those of the blocks that the formula reads, `predictors` those of them that predict. `complete` are the samples that
    miss nothing that the formula needs; `factors` are what coefficients compare. `pooled`: which of `priors` come from
    all loci together, and how.
    """

    formula: str | tuple[str, ...]
    family: str
    sheet: pd.DataFrame
    parameters: tuple[Parameter, ...]
    contrasts: tuple[Contrast, ...]
    places: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    predictors: tuple[str, ...]
    complete: Integers
    factors: tuple[SheetFactor, ...]
    settings: LociSettings = field(default_factory=LociSettings)
    priors: Mapping[str, str | Prior] = field(default_factory=dict)
    weights: str | None = None
    functions: Mapping[str, Callable[..., Any]] | None = None
    codings: Mapping[str, Any] | None = None
    pooled: PooledPriors | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What the table has columns of: parameters, then contrasts."""
        return (*(parameter.name for parameter in self.parameters), *(contrast.label for contrast in self.contrasts))

    @property
    def schema(self) -> pa.Schema:
        """The columns of the table of results, of which `docs/loci.md` has the meaning."""
        signed = {parameter.name: parameter.signed for parameter in self.parameters}
        signed |= {contrast.label: True for contrast in self.contrasts}
        return result_schema(self.places, signed, self.settings)

    @cached_property
    def digest(self) -> str:
        """What tells this model from others within a process."""
        return sha256(dumps(self)).hexdigest()


def loci_model(
    formula: str | Sequence[str],
    sheet: pd.DataFrame,
    *,
    example: LociBlock,
    family: str = "gaussian",
    priors: Given = None,
    weights: str | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    codings: Mapping[str, Any] | None = None,
    contrasts: Asked = None,
    settings: LociSettings | None = None,
    pooled: PooledPriors | None = None,
) -> LociModel:
    """The model of every locus, with all that is wrong with it said before any locus is fitted.

    Parameters
    ----------
    formula, family, priors, weights, functions, codings
        As `bm.fit` takes them, where `codings` are called `contrasts`.
    sheet
        One row for each sample.
    example
        Some loci, such as the first block of a source: the columns that differ by locus, and with the sheet the
        parameters. A parameter that only other loci have makes their status ``failed``.
    contrasts
        Expressions of parameters of which every locus is asked, as `contrasts.read_contrasts` takes them.
    settings
        How loci are sampled.
    pooled
        Priors of some parameters from all loci together, beside `priors` of others.

    Raises
    ------
    FormulaError, DataError, DesignError, FamilyError, PriorError, ArgumentError
        One line that says what is wrong and what to do.
    """
    settings = checked_settings(settings or LociSettings())
    read = read_family(family)
    check_weights(weights, read)
    parsed = parse_formulas(formula, functions or (), auxiliary=read.modelled)
    both = [name for name in example.columns if name in sheet.columns]
    if both:
        raise DataError(f"The sample sheet and the loci both have {listing(both)}; rename it in one of them.")
    if not len(example) or not len(example.samples):
        raise DataError("The loci have no rows; there is nothing to fit.")
    every = [*parsed.mean.columns, *(name for part in parsed.parts.values() for name in part.predictor_columns)]
    predictors = [
        *parsed.mean.predictor_columns,
        *(n for part in parsed.parts.values() for n in part.predictor_columns),
    ]
    used = list(dict.fromkeys([*(name.name for name in every), *([] if weights is None else [weights])]))
    complete = np.flatnonzero(sheet[[name for name in used if name in sheet.columns]].notna().all(axis=1)).astype(
        np.int64
    )
    design = build_design(
        parsed.mean,
        _of_example(sheet, example, used),
        response=read.response,
        weights=weights,
        functions=functions,
        contrasts=codings,
        parts=parsed.parts,
        auxiliary=read.auxiliary,
    )
    given = _given_priors(design, read, priors, pooled)
    parameters = parameters_of(design, read)
    model = LociModel(
        formula=formula if isinstance(formula, str) else tuple(formula),
        family=str(read),
        sheet=sheet.reset_index(drop=True),
        parameters=parameters,
        contrasts=read_contrasts(contrasts, [parameter.name for parameter in parameters]),
        places=place_types(example.places),
        columns=tuple(name for name in used if name in example.columns),
        predictors=tuple(dict.fromkeys(name.name for name in predictors if name.name in example.columns)),
        complete=complete,
        factors=sheet_factors(design, sheet, complete),
        settings=settings,
        priors=given,
        weights=weights,
        functions=functions,
        codings=codings,
        pooled=pooled,
    )
    _require_sendable(model)
    return model


def _require_sendable(model: LociModel) -> None:
    """Refuse functions that no other process could call."""
    try:
        dumps(model)
    except (PicklingError, AttributeError, TypeError) as error:
        raise ArgumentError(
            f"functions has one that cannot be sent to other processes ({error}): define it in a module, by def."
        ) from None


def _given_priors(design: Design, family: Family, priors: Given, pooled: PooledPriors | None) -> dict[str, str | Prior]:
    """The priors that are given and those that are pooled, by parameter, after they have been tried on all samples."""
    defaults = default_priors(design, family)
    settle_priors(defaults, priors, column_sds(design, family))
    given = by_parameter(priors, defaults)
    if pooled is None:
        return given
    both = [name for name in pooled.priors if name in given]
    if both:
        raise ArgumentError(
            f"{both[0]!r} has a prior in priors, {given[both[0]]}, and one in pooled, {pooled.priors[both[0]]}; leave "
            "one of them out."
        )
    settle_priors(defaults, pooled.priors, column_sds(design, family))
    return given | dict(pooled.priors)


def _of_example(sheet: pd.DataFrame, example: LociBlock, used: Sequence[str]) -> pd.DataFrame:
    """Rows of several loci together, and one of every sample that they lack, with what was measured of another one."""
    rows = np.arange(min(len(example.samples), _MOST_ROWS))
    absent = np.setdiff1d(np.arange(len(sheet)), example.samples[rows])
    samples = np.concatenate([example.samples[rows], absent])
    measured = np.concatenate([rows, np.resize(rows, len(absent))])
    frame = sheet.iloc[samples].reset_index(drop=True)
    for name, values in example.columns.items():
        if name in used:
            frame[name] = pd.Series(values[measured]).infer_objects()
    return frame
