"""Arguments of the pictures, checked once: each function returns a value that can be trusted."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from bayesmix.errors import ArgumentError, UnknownColumnError, UnknownTermError, did_you_mean, listing, shown
from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.formula.design import Design
from bayesmix.inference.shared.arguments import a_text, groups_of, items_of, near_matches
from bayesmix.modelling.kinds import LINEAR
from bayesmix.modelling.record import Fit
from bayesmix.report.pictures.plot_canvas import Canvas

AnyFit = Fit | RemlFit | LaplaceFit | LmFit

_WITHOUT_GROUP: dict[type, str] = {LmFit: "least squares"}
_LEAST_INCHES, _MOST_INCHES = 1.0, 100.0


def a_fit(fit: Any) -> Fit:
    """`fit`, if it is a posterior."""
    if not isinstance(fit, Fit):
        raise ArgumentError(f"This picture shows a posterior, as bm.fit returns it; got {type(fit).__name__}.")
    return fit


def any_fit(fit: Any) -> AnyFit:
    """`fit`, if it is a fit of any kind."""
    if not isinstance(fit, LINEAR):
        raise ArgumentError(
            f"A picture shows a fit, as bm.fit, bm.reml, bm.laplace or bm.lm returns it; got {type(fit).__name__}."
        )
    return fit


def a_canvas(*, ax: Any = None, figsize: Any = None, caption: Any = True) -> Canvas:
    """Where to draw, how large, and whether with captions; refuses what is no Axes, size or truth value."""
    if ax is not None and not isinstance(ax, Axes):
        raise ArgumentError(f"ax is one matplotlib Axes, such as plt.gca(), or None; got {type(ax).__name__}.")
    size = _a_size(figsize)
    if ax is not None and size is not None:
        raise ArgumentError("figsize is for a new figure, and ax lies in one that has its size; leave one of them out.")
    if not isinstance(caption, bool | np.bool_):
        raise ArgumentError(f"caption is True or False; got {shown(caption)}.")
    return Canvas(ax, size, bool(caption))


def _a_size(figsize: Any) -> tuple[float, float] | None:
    if figsize is None:
        return None
    try:
        width, height = (float(side) for side in items_of(figsize) or ())
    except (TypeError, ValueError, OverflowError):
        width = height = float("nan")
    if not (_LEAST_INCHES <= width <= _MOST_INCHES and _LEAST_INCHES <= height <= _MOST_INCHES):
        raise ArgumentError(
            f"figsize is width and height in inches, each from {_LEAST_INCHES:g} to {_MOST_INCHES:g}, such as "
            f"(6, 4); got {shown(figsize)}."
        )
    return width, height


def a_text_or_none(value: Any, *, argument: str) -> str | None:
    """A text, or None where that is the default."""
    return None if value is None else a_text(value, argument=argument, meaning="a text")


def one_group(design: Design, group: str | None) -> str:
    """`group`, or by default the first grouping factor of the formula; refuses a model without any."""
    known = groups_of(design, group)
    if not known:
        raise UnknownTermError("The model has no random terms, so there is no group to draw; add one, as in (1 | g).")
    return known[0]


def some_parameters(parameters: str | Sequence[str] | None, known: Sequence[str]) -> tuple[str, ...]:
    """`parameters` in the order in which they were asked for, by default all that are `known`."""
    if parameters is None:
        return tuple(known)
    chosen = [parameters] if isinstance(parameters, str) else items_of(parameters)
    if chosen is None:
        raise ArgumentError(f"parameters are texts, such as a list of them; got {shown(parameters)}.")
    if not chosen:
        raise ArgumentError(f"parameters is empty; name some of {listing(known)}, or leave it out for all.")
    for name in chosen:
        if not isinstance(name, str) or name not in known:
            hint = did_you_mean(name, known) if isinstance(name, str) else ""
            raise UnknownTermError(f"{shown(name)} is no parameter of the model.{hint} Parameters: {listing(known)}.")
    return tuple(dict.fromkeys(chosen))


def labelled_fits(fits: Any, group: str | None) -> tuple[dict[str, AnyFit], str]:
    """The fits by legend label and a grouping factor of the last fit; refuses fits of different data."""
    if not isinstance(fits, Mapping):
        fit = any_fit(fits)
        group = _panel_group(fit.design, group, ())
        terms = " + ".join(f"({term.label})" for term in fit.design.random if term.group == group)
        label = f"partial pooling {terms}" if terms else _WITHOUT_GROUP.get(type(fit), "expected response")
        return {label: fit}, group
    if not fits:
        raise ArgumentError('fits is empty; give a fit, or fits by label as in {"random slopes": fit}.')
    by_label = {str(label): any_fit(fit) for label, fit in fits.items()}
    *_, last_label = by_label
    last = by_label[last_label]
    group = _panel_group(last.design, group, [fit.design for fit in by_label.values()])
    for label, fit in by_label.items():
        if not _same_data(last.design, fit.design, group):
            raise ArgumentError(
                f"Fits drawn together are of the same data: {label!r} has {fit.design.n_obs} observations of "
                f"{fit.design.response.name}, {last_label!r} has {last.design.n_obs} of {last.design.response.name}"
                + ("." if last.design.n_obs != fit.design.n_obs else ", with other values or levels.")
            )
    return by_label, group


def _panel_group(design: Design, group: Any, others: Sequence[Design]) -> str:
    """The group whose levels are drawn: a grouping factor of the model, or a column of its data.

    By default it is the first factor of the model, or of `others` whose levels are a column here.
    """
    if isinstance(group, str) and group not in groups_of(design, None) and group in design.data.columns:
        return group
    if group is not None or design.random:
        known = groups_of(design, None)
        if known or group is None:
            return one_group(design, group)
        raise UnknownColumnError(
            f"group={shown(group)} is neither a grouping factor of the model nor a column of the data."
            f"{near_matches(group, design.data.columns)}"
        )
    elsewhere = [term.group for other in others for term in other.random if term.group in design.data.columns]
    if not elsewhere:
        raise UnknownTermError(
            "The model has no random terms that say whose lines are drawn; name a column of the data, such as "
            'group="site", or draw the expected response by plot_effects.'
        )
    return elsewhere[-1]


def _same_data(first: Design, second: Design, group: str) -> bool:
    levels = [next((t.levels for t in design.random if t.group == group), None) for design in (first, second)]
    same_levels = None in levels or levels[0] == levels[1]
    same_response = np.array_equal(first.response.values, second.response.values)
    return same_response and first.response.name == second.response.name and same_levels
