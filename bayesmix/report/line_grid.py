"""Along which values lines are drawn, and what a fit expects there, level by level of a group."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.errors import ArgumentError, DataError
from bayesmix.formula.columns import is_categorical, level_texts, unknown_column
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.formula.functions import FACTOR_FUNCTIONS
from bayesmix.formula.matrices import new_rows
from bayesmix.formula.syntax import Call, columns_in
from bayesmix.formula.terms import Formula
from bayesmix.inference.draws import group_effects, n_draws_of
from bayesmix.inference.expectation import expected_response
from bayesmix.inference.level_coefficients import terms_around
from bayesmix.inference.summarise import Summary, summarise_in_parts
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.record import Fit

Floats = NDArray[np.float64]

N_POINTS = 60

_VALUES_AT_ONCE = 2**22


@dataclass(frozen=True)
class Axis:
    """What runs along a picture's horizontal axis: the column `name`.

    `data` (n_obs,) where each observation stands and `grid` (n_points,) where lines are worked out, in numbers;
    `values` (n_points,) are the column's own values there. `texts` are a factor's levels, empty for a number.
    """

    name: str
    data: Floats
    grid: Floats
    values: pd.Index
    texts: tuple[str, ...] = ()


def choose_axis(design: Design, group: str, x: str | None) -> Axis:
    """The axis for column `x`; by default the first predictor that varies within levels of `group`.

    Numbers go before factors, and what varies within a level before what does not.

    Raises
    ------
    UnknownColumnError
        `x` is no column of the data.
    ArgumentError
        `x` is the group or the response, or there is no predictor to choose.
    """
    if x is None:
        x = _default_axis(design, group)
    if x not in design.data.columns:
        raise unknown_column(str(x), design.data)
    in_group, in_response = group.split(":"), {name.name for name in _response_columns(design.formula)}
    if x in in_group or x in in_response:
        what = f"the grouping factor {group!r}" if x in in_group else "the response"
        raise ArgumentError(f"x={x!r} belongs to {what}; give a predictor to draw the lines along.")
    column = design.data[x]
    if column.isna().any():
        raise DataError(
            f"x={x!r} is missing in {int(column.isna().sum())} of {len(column)} rows; fill it or drop them."
        )
    if _is_factor(design, x):
        values, texts = level_texts(column)
        places = np.arange(len(values), dtype=float)
        return Axis(x, values.get_indexer(pd.Index(column)).astype(float), places, values, tuple(texts))
    data = column.to_numpy(dtype=float)
    grid = np.linspace(data.min(), data.max(), N_POINTS)
    return Axis(x, data, grid, pd.Index(grid))


def _default_axis(design: Design, group: str) -> str:
    formula = design.formula
    terms = [*formula.fixed, *(term for random in formula.random for term in random.terms)]
    nodes = [variable for term in terms for variable in term.variables]
    names = dict.fromkeys(name.name for node in nodes for name in columns_in(node))
    candidates = [name for name in names if name not in group.split(":")]
    if not candidates:
        raise ArgumentError(
            f"The model {formula.text} has no predictor to draw lines along; give x, or see the effects of "
            f"{group!r} with plot_ranef."
        )
    steady = set(steady_columns(design, group, candidates))
    return min(candidates, key=lambda name: (name in steady, _is_factor(design, name)))


def _is_factor(design: Design, name: str) -> bool:
    """Whether a column is a factor by its type or because the formula makes it one, as in factor(x)."""
    formula = design.formula
    terms = [*formula.fixed, *(term for random in formula.random for term in random.terms)]
    calls = [node for term in terms for node in term.variables if isinstance(node, Call)]
    made = {c.name for call in calls if call.function in FACTOR_FUNCTIONS for c in columns_in(call)}
    return name in made or is_categorical(design.data[name])


def _response_columns(formula: Formula) -> tuple:
    predictors = {name.name for name in formula.predictor_columns}
    return tuple(name for name in formula.columns if name.name not in predictors)


def steady_columns(design: Design, group: str, names: Iterable[str]) -> list[str]:
    """Those of the columns that never vary within a level of the group."""
    index = group_term(design, group).index
    return [name for name in names if design.data[name].groupby(index).nunique().max() == 1]


def group_term(design: Design, group: str) -> GroupTerm:
    return next(term for term in design.random if term.group == group)


@dataclass(frozen=True)
class Rows:
    """Rows to predict for, level by level along the axis: `data` (n_levels * n_points rows).

    `held` says in words at what the other predictors are held.
    """

    data: pd.DataFrame
    n_levels: int
    held: tuple[str, ...]


def rows_for(designs: Iterable[Design], group: str, axis: Axis, levels: NDArray[np.intp]) -> Rows:
    """Rows along `axis` for `levels` (positions), with the other predictors held.

    A predictor that never varies within a level, such as the sex of a subject, stays as it is in each level;
    other numbers are at their mean and other factors at their first level.
    """
    designs = list(designs)
    design = designs[-1]
    designs = [part for one in designs for part in one.predictors]
    names = dict.fromkeys(name.name for one in designs for name in one.formula.predictor_columns)
    index = group_term(design, group).index
    first_row = np.full(index.max() + 1, -1)
    first_row[index[::-1]] = np.arange(len(index))[::-1]
    n_points = len(axis.grid)
    data = design.data[list(names)].iloc[np.repeat(first_row[levels], n_points)].reset_index(drop=True)
    others = [name for name in names if name != axis.name]
    steady = set(steady_columns(design, group, others))
    grouping = {part for one in designs for term in one.random for part in term.group.split(":")}
    held = []
    for name in others:
        column = design.data[name]
        if name in steady:
            if name not in grouping:
                held.append(f"{name} as in each level")
        elif any(_is_factor(one, name) for one in designs) or name in grouping:
            values, texts = level_texts(column)
            data[name] = pd.Series([values[0]] * len(data), dtype=column.dtype)
            if any(name in _fixed_columns(one) for one in designs):
                held.append(f"{name} = {texts[0]}")
        else:
            data[name] = float(column.mean())
            held.append(f"{name} at its mean, {column.mean():.4g}")
    if axis.name in names:
        data[axis.name] = pd.Series(np.tile(axis.values.to_numpy(), len(levels)), dtype=axis.values.dtype)
    return Rows(data, len(levels), tuple(held))


def _fixed_columns(design: Design) -> set[str]:
    nodes = [variable for term in design.formula.fixed for variable in term.variables]
    return {name.name for node in nodes for name in columns_in(node)}


def expected_lines(fit: Fit, rows: Rows, group: str | None, prob: float) -> Summary:
    """What `fit` expects in `rows`, response scale; every field has shape (n_levels, n_points).

    With a `group` its effects count, and those of groups in which its levels lie (the batch of a cask); all
    other effects are 0. Without one all effects are 0.
    """

    def effects(term: GroupTerm, levels: NDArray[np.intp]) -> Floats:
        return group_effects(fit, _fitted_term(fit, term), levels)

    expected = expected_response(_at(fit, rows, group), groups="fitted", effects=effects)
    n_rows = len(rows.data)
    summary = summarise_in_parts(expected, shape=(n_rows,), n_draws=n_draws_of(fit), prob=prob)
    shape = (rows.n_levels, n_rows // rows.n_levels)
    fields = ("mean", "median", "sd", "lower", "upper")
    return Summary(**{name: getattr(summary, name).reshape(shape) for name in fields})


def lines_at_posterior_mean(fit: Fit, rows: Rows, group: str) -> Floats:
    """Lines with every parameter at its posterior mean, shape (n_levels, n_points); cheap for many levels."""
    posterior = fit.posterior.children["posterior"].to_dataset()
    mean = posterior.mean(("chain", "draw")).expand_dims(chain=1, draw=1)
    tree = type(fit.posterior).from_dict({"posterior": mean})

    def effects(term: GroupTerm, levels: NDArray[np.intp]) -> Floats:
        return _mean_effects(fit, _fitted_term(fit, term), levels)

    at_mean = _at(replace(fit, posterior=tree), rows, group)
    expected = expected_response(at_mean, groups="fitted", effects=effects)
    return expected(slice(0, len(rows.data)))[:, 0].reshape(rows.n_levels, -1)


def _fitted_term(fit: Fit, term: GroupTerm) -> GroupTerm:
    """The term of `fit` that `term` is at other rows: effects that are drawn again rest on the rows of the fit."""
    same = (term.parameter, term.label)
    return next(own for own in fit.design.all_random if (own.parameter, own.label) == same)


def _mean_effects(fit: Fit, term: GroupTerm, levels: NDArray[np.intp]) -> Floats:
    """Posterior means of effects, shape (len(levels), k, 1)."""
    parts = stretches(len(levels), _VALUES_AT_ONCE // (n_draws_of(fit) * term.k))
    return np.concatenate([group_effects(fit, term, levels[part]).mean(axis=-1, keepdims=True) for part in parts])


def _at(fit: Fit, rows: Rows, group: str | None) -> Fit:
    """`fit` with its matrices replaced by those of `rows`."""
    design = fit.design
    at_rows = _predictor_at(design, rows, group)
    parts = {name: _predictor_at(part, rows, group) for name, part in design.parts.items()}
    # What is not of the predictors stands for a row like any other: one trial, weight 1.
    response = replace(design.response, values=np.zeros(len(rows.data)), trials=None)
    return replace(fit, design=replace(at_rows, parts=parts, response=response, weights=None))


def _predictor_at(design: Design, rows: Rows, group: str | None) -> Design:
    new = new_rows(design, rows.data)
    has_group = any(term.group == group for term in design.random)
    around = [] if not has_group or group is None else terms_around(design, group)
    kept = tuple(
        replace(term, label=old.label, names=old.names, terms=old.terms, parameter=old.parameter)
        for term, old in zip(new.random, design.random, strict=True)
        if any(old is other for other in around)
    )
    return replace(design, fixed=replace(design.fixed, matrix=new.fixed), random=kept, offset=new.offset)
