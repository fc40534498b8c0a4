"""From formula and data to a `Design`; and the same matrices on new data."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.errors import DataError, DesignError, Span
from bayesmix.formula.checks import (
    refuse_group_term,
    refuse_no_parameters,
    refuse_response_among_predictors,
    refuse_saturation,
)
from bayesmix.formula.coding import code_terms
from bayesmix.formula.collisions import refuse_equal_coefficients, refuse_equal_names
from bayesmix.formula.contrasts import Contrasts, read_contrasts, refuse_unused
from bayesmix.formula.dependent_columns import column_dependence, without_intercept
from bayesmix.formula.design import Design, FixedEffects, GroupTerm
from bayesmix.formula.distributional import for_parameter
from bayesmix.formula.extremes import refuse_extremes
from bayesmix.formula.frame import Frame, checked_frame
from bayesmix.formula.frame_kinds import frame_kind
from bayesmix.formula.missing import complete_rows
from bayesmix.formula.nominal_response import category_formulas, without_predictor
from bayesmix.formula.response import CONTINUOUS, read_response
from bayesmix.formula.syntax import Name
from bayesmix.formula.terms import Formula, RandomTerm, label_of
from bayesmix.formula.variables import Variables
from bayesmix.formula.words import with_constants, words_in


def build_design(
    formula: Formula,
    data: Frame,
    *,
    response: str = "real",
    weights: str | None = None,
    na: str = "drop",
    functions: Mapping[str, Callable[..., Any]] | None = None,
    parts: Mapping[str, Formula] | None = None,
    auxiliary: Collection[str] | None = None,
    contrasts: Contrasts | None = None,
) -> Design:
    """The arrays of a mixed model.

    Parameters
    ----------
    formula
        As `parse` reads it.
    data
        One row an observation. Text, Categorical and true/false columns are factors; a Categorical (or a dictionary
        column of Arrow) keeps the order of its levels, and the first level is the reference. Cells of the columns
        that are used are numbers up to 1e150 in size, texts, truth values or dates.
    response
        What the family expects, one of `response.RESPONSE_KINDS`.
    weights
        A column of positive numbers: the residual variance of a row is sigma^2 / weight; with a share of successes as
        response, the trials.
    na
        ``"drop"`` leaves out rows with a missing value in a column of the formula and counts them, ``"error"``
        refuses them.
    functions
        The caller's own functions by name, of one or more columns, each giving one number a row.
    parts
        The formulas of further parameters, by parameter.
    auxiliary
        Names of the family's further parameters, where there will be a posterior: predictors must not be called as it
        calls something else. None: there will be estimates alone, and only coefficients must not share a name.
    contrasts
        Codings of factors by name, as `read_contrasts` takes them; every one must be of a factor among the terms.

    Returns
    -------
    Design
        Of the rows that are complete for all formulas.

    Raises
    ------
    UnknownColumnError, DataError, DesignError, FormulaError
        See `bayesmix.errors`; the message names the column or term and what to do.
    """
    if functions is not None and not isinstance(functions, Mapping):
        raise DataError(f'functions is a mapping, such as {{"half": half}}; got {type(functions).__name__}.')
    for name, function in (functions or {}).items():
        if not isinstance(name, str) or not callable(function):
            raise DataError(f"functions has {name!r}, which names no function; write it as {{'half': half}}.")
    parts, functions, coded = dict(parts or {}), dict(functions or {}), read_contrasts(contrasts)
    given = data
    if any(words_in(one) for one in (formula, *parts.values())):
        data = checked_frame(data, ())
        formula = with_constants(formula, data.columns)
        parts = {name: with_constants(part, data.columns) for name, part in parts.items()}
    refuse_response_among_predictors(formula)
    rows, n_dropped, missing = complete_rows((formula, *parts.values()), data, weights=weights, na=na)
    variables = Variables(formula.text, rows, functions, contrasts=coded)
    weight_values = None if weights is None else _weights(weights, variables)
    y = read_response(formula, variables, kind=response, weights=weight_values)
    shared = None
    if response == "nominal":
        shared, parts, formula = formula, category_formulas(formula, y, parts), without_predictor(formula)
    fixed = _fixed_part(formula, variables)
    random = tuple(_group_term(term, variables) for term in formula.random)
    if response not in ("ordinal", "nominal"):
        refuse_no_parameters(fixed, random, len(rows), has_sigma=response in CONTINUOUS)
    refuse_saturation(fixed)
    for term in random:
        refuse_group_term(term, n_obs=len(rows), needs_replication=response in CONTINUOUS)
    design = Design(
        formula=formula,
        response=y,
        fixed=_with_thresholds(fixed) if response == "ordinal" else fixed,
        random=random,
        offset=_offset(formula, variables),
        weights=weight_values if response == "real" else None,
        weights_column=weights,
        data=rows,
        kind=frame_kind(given),
        n_dropped=n_dropped,
        missing=missing,
        learnt=variables.learnt,
        functions=functions,
        contrasts=coded,
        shared=shared,
    )
    design = replace(design, parts={name: _part(name, part, design) for name, part in parts.items()})
    refuse_unused(design)
    if auxiliary is None:
        refuse_equal_coefficients(design)
    else:
        refuse_equal_names(design, kind=response, auxiliary=auxiliary)
    return design


def _fixed_part(formula: Formula, variables: Variables) -> FixedEffects:
    """All columns that the formula asks for, and which of them depend on others."""
    fixed = FixedEffects(*code_terms(formula.fixed, variables))
    return replace(fixed, dependence=column_dependence(fixed, formula.fixed, variables))


def _with_thresholds(fixed: FixedEffects) -> FixedEffects:
    """Thresholds take the place of the intercept, whose column goes."""
    if not fixed.has_intercept:
        raise DesignError("The thresholds of an ordinal response are its intercepts; leave out '0 +' or '- 1'.")
    terms = tuple(
        replace(term, columns=tuple(column - 1 for column in term.columns))
        for term in fixed.terms
        if term.kind != "intercept"
    )
    dependence = None if fixed.dependence is None else without_intercept(fixed.dependence)
    return FixedEffects(fixed.matrix[:, 1:], fixed.names[1:], terms, has_thresholds=True, dependence=dependence)


def _part(parameter: str, formula: Formula, design: Design) -> Design:
    """The predictor of a further parameter on the rows of `design`."""
    response = design.formula.response
    refuse_response_among_predictors(replace(formula, response=response))
    variables = Variables(formula.text, design.data, design.functions, contrasts=design.contrasts)
    fixed = _fixed_part(formula, variables)
    random = tuple(_group_term(term, variables) for term in formula.random)
    try:
        if not fixed.names and not random:
            name = label_of(formula.response.values)
            raise DesignError(f"there are neither coefficients nor random terms; write {name} ~ 1.")
        refuse_saturation(fixed)
        for term in random:
            refuse_group_term(term, n_obs=design.n_obs, needs_replication=True)
    except DesignError as error:
        if formula is design.shared:
            raise
        raise DesignError(f"In the formula of {parameter}: {error}") from None
    fixed, random = for_parameter(fixed, random, parameter)
    return replace(
        design,
        formula=formula,
        fixed=fixed,
        random=random,
        offset=_offset(formula, variables),
        weights=None,
        weights_column=None,
        learnt=variables.learnt,
        parameter=parameter,
        shared=None,
    )


@dataclass(frozen=True)
class NewRows:
    """The predictors of new rows: `fixed` (n_new, p), `offset` (n_new,), and `random`, the terms of the design
    with the index and columns of the new rows (index -1 where the level is new).

    `every_column` (n_new, p and more): `fixed` with the columns that have been left out of the design.
    """

    fixed: Floats
    random: tuple[GroupTerm, ...]
    offset: Floats
    every_column: Floats


def new_rows(design: Design, data: Frame) -> NewRows:
    """The matrices of `design` for other rows, with the levels, means and polynomials of the fit.

    Raises
    ------
    UnknownColumnError
        A predictor is not in `data` (the response need not be).
    DataError
        A fixed factor has a level that the fit has not seen, or a value is missing.
    """
    predictors = sorted({name.name for name in design.formula.predictor_columns})
    data = checked_frame(data, predictors)
    variables = Variables(design.formula.text, data, design.functions, dict(design.learnt), new=True)
    for name in predictors:
        if data[name].isna().any():
            raise DataError(f"'{name}' is missing in {int(data[name].isna().sum())} of {len(data)} new rows; fill it.")
    matrix, _, _ = code_terms(design.formula.fixed, variables)
    if design.fixed.has_thresholds:
        matrix = matrix[:, 1:]
    random = tuple(_group_term(term, variables) for term in design.formula.random)
    dependence = design.fixed.dependence if design.fixed.reduced else None
    kept = matrix if dependence is None else matrix[:, list(dependence.kept)]
    return NewRows(kept, random, _offset(design.formula, variables), every_column=matrix)


def _group_term(term: RandomTerm, variables: Variables) -> GroupTerm:
    codes, levels = group_levels(term, variables)
    columns, names, owners = code_terms(term.terms, variables)
    return GroupTerm(term.label, term.group_label, levels, codes, columns, names, owners)


def group_levels(term: RandomTerm, variables: Variables) -> tuple[Positions, tuple[str, ...]]:
    """The levels of a product of factors are the combinations that occur, in the order of the factors."""
    factors = [variables.factor(part) for part in term.group]
    if len(factors) == 1:
        return factors[0].codes, factors[0].levels
    key = f"combinations of {term.group_label}"
    code = np.zeros(len(variables.data), dtype=np.int64)
    unseen = np.zeros(len(variables.data), dtype=bool)
    for factor in factors:
        code = code * len(factor.levels) + factor.codes
        unseen |= factor.codes < 0
    code[unseen] = -1
    if not variables.new:
        variables.learnt[key] = np.unique(code)
    present = variables.learnt[key]
    place = np.clip(np.searchsorted(present, code), 0, len(present) - 1)
    index = np.where(present[place] == code, place, -1).astype(np.intp)
    parts = np.unravel_index(present, [len(factor.levels) for factor in factors])
    texts = [[factor.levels[i] for i in part] for factor, part in zip(factors, parts, strict=True)]
    levels = tuple(":".join(level) for level in zip(*texts, strict=True))
    if len(set(levels)) < len(levels):
        same = next(level for level in levels if levels.count(level) > 1)
        raise DataError(
            f"Two levels of {term.group_label} are both written {same!r}; take the ':' out of its factors' levels."
        )
    return index, levels


def _offset(formula: Formula, variables: Variables) -> Floats:
    total = np.zeros(len(variables.data))
    for node in formula.offsets:
        label = f"offset({label_of(node)})"
        values = variables.numbers(node, label)
        if values.ndim > 1:
            raise DataError(f"{label} has {values.shape[1]} columns; an offset is one number a row.")
        total += values
    if len(formula.offsets) > 1:
        refuse_extremes("The sum of the offsets", total, [], variables.data)
    return total


def _weights(column: str, variables: Variables) -> Floats:
    values = variables.numbers(Name(column, Span(0, len(variables.text))))
    bad = values <= 0
    if bad.any():
        kind = "negative" if (values < 0).any() else "zero"
        raise DataError(
            f"Weights '{column}' are {kind} in {int(bad.sum())} of {len(values)} rows (smallest {values.min():g}); "
            "weights are positive. Leave out rows that should not count."
        )
    return values
