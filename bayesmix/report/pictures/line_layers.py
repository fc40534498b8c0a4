"""What the panels of fitted lines show: levels in their order, and a layer for each fit or each level of a factor."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesmix.errors import ArgumentError
from bayesmix.formula.columns import level_texts
from bayesmix.formula.design import Design
from bayesmix.formula.syntax import columns_in
from bayesmix.inference.shared.arguments import a_column
from bayesmix.modelling.kinds import family_of
from bayesmix.modelling.record import Fit
from bayesmix.report.pictures.line_data import Points, points_at, separate_lines
from bayesmix.report.pictures.line_expectations import expected_lines, height_of_others, lines_at_mean, values_of_a_row
from bayesmix.report.pictures.line_grid import Axis, group_levels, is_factor
from bayesmix.report.pictures.line_panels import Layer, Panels, layer_look
from bayesmix.report.pictures.line_rows import Rows, rows_for
from bayesmix.report.pictures.plot_arguments import AnyFit

PROB = 0.95
_DIGITS = 9


def panel_levels(
    by_label: Mapping[str, AnyFit], group: str, axis: Axis, max_panels: int
) -> tuple[NDArray[np.intp], int]:
    """The levels that are drawn, in the order of their panels, and the number of all levels."""
    fits = list(by_label.values())
    last = fits[-1]
    every = np.unique(group_levels(last.design, group).index)
    rise = varies_by_group(last, group, axis)
    ends = np.tile(axis.grid[[0, -1]] if rise or axis.texts == () else axis.grid, (len(every), 1))
    x = None if axis.steady and not axis.texts else ends
    lines = lines_at_mean(last, rows_of_fits(fits, group, axis, every, x=x, at_once=30), group)
    height = lines[:, -1] - lines[:, 0] if rise else lines.mean(axis=1)
    # Rounded, so that levels with the same line stay in their own order.
    order = np.argsort(np.round(height / (np.nanmax(np.abs(height), initial=0.0) or 1.0), _DIGITS), kind="stable")
    return every[order[evenly_spaced(len(order), max_panels)]], len(every)


def rows_of_fits(
    fits: list[AnyFit], group: str, axis: Axis, levels: NDArray[np.intp], *, at_once: int | None = None, **more: Any
) -> Rows:
    """Rows to predict for, with the data of the last fit, spread evenly over the other predictors' contribution."""
    height = height_of_others(fits[-1], axis)
    at_once = values_of_a_row(fits) if at_once is None else at_once
    return rows_for([fit.design for fit in fits], group, axis, levels, at_once=at_once, height=height, **more)


def layers_of_fits(
    by_label: Mapping[str, AnyFit], group: str, axis: Axis, levels: NDArray[np.intp]
) -> tuple[Panels, Rows]:
    """A layer for each fit; that of the last has a band."""
    fits = list(by_label.values())
    last = fits[-1]
    rows = rows_of_fits(fits, group, axis, levels)
    layers = []
    for number, (label, fit) in enumerate(by_label.items()):
        colour, dash, marker = layer_look(number, len(fits))
        with_band = fit is last and isinstance(fit, Fit)
        lines = expected_lines(fit, rows, group, PROB)
        layers.append(Layer(label, lines, rows, colour, dash, marker, with_band))
    points = _points(last, group, axis, levels)
    shown = Panels(
        axis=axis,
        layers=tuple(layers),
        points=points,
        separate=separate_lines(last, rows, group, axis, levels),
        population=expected_lines(last, rows, None, PROB).mean if has_group(last, group) else None,
        greatest=max(float(p.size.max(initial=1.0)) for p in points),
    )
    return shown, rows


def layers_of_factor(
    by_label: Mapping[str, AnyFit], group: str, axis: Axis, levels: NDArray[np.intp], by: str
) -> tuple[Panels, Rows]:
    """A layer for each level of the factor `by`, with points in its colour."""
    if len(by_label) > 1:
        raise ArgumentError(f"by= colours the lines of one fit; got {len(by_label)} fits.")
    (fit,) = by_label.values()
    column = fit.design.data[by]
    values, texts = level_texts(column)
    layers, rows = [], None
    for number, (value, text) in enumerate(zip(values, texts, strict=True)):
        only = (column == value).to_numpy(dtype=bool)
        rows = rows_of_fits([fit], group, axis, levels, only=only)
        colour, dash, marker = layer_look(len(values) - 1 - number, len(values))
        lines, points = expected_lines(fit, rows, group, PROB), _points(fit, group, axis, levels, only)
        layers.append(Layer(f"{by} = {text}", lines, rows, colour, dash, marker, isinstance(fit, Fit), tuple(points)))
    every = _points(fit, group, axis, levels)
    greatest = max(float(p.size.max(initial=1.0)) for p in every)
    shown = Panels(axis, tuple(layers), every, separate=None, population=None, greatest=greatest)
    if rows is None:
        raise ArgumentError(f"by={by!r} has no levels.")
    return shown, rows


def _points(
    fit: AnyFit, group: str, axis: Axis, levels: NDArray[np.intp], only: NDArray[np.bool_] | None = None
) -> list[Points]:
    index = group_levels(fit.design, group).index
    kept = np.ones(len(index), dtype=bool) if only is None else only
    return [points_at(fit.design, axis, (index == level) & kept, binary=is_binary(fit)) for level in levels]


def has_group(fit: AnyFit, group: str) -> bool:
    """Whether the levels of the group have effects of their own."""
    return any(term.group == group for term in fit.design.random)


def is_binary(fit: AnyFit) -> bool:
    return family_of(fit).response == "binary"


def a_factor(design: Design, by: str, axis: Axis, group: str) -> str:
    by = a_column(design.data, by, argument="by")
    if by == axis.name or by in group.split(":") or not is_factor(design, by) or design.data[by].isna().any():
        raise ArgumentError(
            f"by={by!r} must be a factor without missing values that is neither the group nor on the axis; each of its "
            "levels gets a colour."
        )
    return by


def evenly_spaced(n: int, at_most: int) -> NDArray[np.intp]:
    """At most `at_most` of the positions 0 to n - 1, evenly spaced, both ends among them."""
    if n <= at_most:
        return np.arange(n)
    return np.round(np.linspace(0, n - 1, at_most)).astype(np.intp) if at_most > 1 else np.array([n // 2])


def varies_by_group(fit: AnyFit, group: str, axis: Axis) -> bool:
    of_group = [term for term in fit.design.formula.random if term.group_label == group]
    nodes = [variable for random in of_group for term in random.terms for variable in term.variables]
    return axis.name in {name.name for node in nodes for name in columns_in(node)}
