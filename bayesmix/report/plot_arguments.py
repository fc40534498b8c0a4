"""Arguments of the pictures, checked once: each function returns the value that can be trusted."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from bayesmix.errors import ArgumentError, UnknownTermError, did_you_mean, listing, shown
from bayesmix.formula.design import Design
from bayesmix.inference.arguments import a_text, groups_of, items_of
from bayesmix.modelling.record import Fit


def a_fit(fit: Any) -> Fit:
    """`fit`, when it is one."""
    if not isinstance(fit, Fit):
        raise ArgumentError(f"A picture is drawn of a fit, as bm.fit returns it; got {type(fit).__name__}.")
    return fit


def an_axes(ax: Any) -> Axes | None:
    """`ax`, when it is a matplotlib Axes or None."""
    if ax is not None and not isinstance(ax, Axes):
        raise ArgumentError(f"ax is one matplotlib Axes, such as plt.gca(), or None; got {type(ax).__name__}.")
    return ax


def a_text_or_none(value: Any, *, argument: str) -> str | None:
    """A text, or None where that is the default."""
    return None if value is None else a_text(value, argument=argument, meaning="a text")


def one_group(design: Design, group: str | None) -> str:
    """`group`, or the first grouping factor of the formula.

    Raises
    ------
    UnknownTermError
        `group` is no grouping factor of the model, or the model has none.
    """
    known = groups_of(design, group)
    if not known:
        raise UnknownTermError("The model has no random terms, so there is no group to draw; add one, as in (1 | g).")
    return known[0]


def one_term(term: str, names: Sequence[str], group: str) -> str:
    """`term`, when it is among the columns `names` that vary by `group`."""
    if not isinstance(term, str) or term not in names:
        hint = did_you_mean(term, names) if isinstance(term, str) else ""
        raise UnknownTermError(f"{shown(term)} does not vary by {group!r}.{hint} What does: {listing(names)}.")
    return term


def some_parameters(parameters: str | Sequence[str] | None, known: Sequence[str]) -> tuple[str, ...]:
    """`parameters` in the order asked for, or all of `known`."""
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


def labelled_fits(fits: Any, group: str | None) -> tuple[dict[str, Fit], str]:
    """The fits by legend label and the grouping factor that all of them have.

    Raises
    ------
    ArgumentError
        `fits` is no fit and no mapping of labels to fits, or the fits are not of the same data.
    UnknownTermError
        A fit does not have the group.
    """
    if not isinstance(fits, Mapping):
        fit = a_fit(fits)
        group = one_group(fit.design, group)
        own = " + ".join(f"({term.label})" for term in fit.design.random if term.group == group)
        return {f"partial pooling {own}": fit}, group
    if not fits:
        raise ArgumentError('fits is empty; give a fit, or fits by label as in {"random slopes": fit}.')
    by_label = {str(label): a_fit(fit) for label, fit in fits.items()}
    group = one_group(list(by_label.values())[-1].design, group)
    first_label, first = next(iter(by_label.items()))
    for label, fit in by_label.items():
        if group not in {term.group for term in fit.design.random}:
            raise UnknownTermError(f"The fit {label!r} has no group {group!r}, whose levels are the panels.")
        if not _same_data(first.design, fit.design, group):
            raise ArgumentError(
                f"Fits drawn together are of the same data: {first_label!r} has {first.design.n_obs} observations of "
                f"{first.design.response.name}, {label!r} has {fit.design.n_obs} of {fit.design.response.name}"
                + ("." if first.design.n_obs != fit.design.n_obs else ", with other values or levels.")
            )
    return by_label, group


def _same_data(first: Design, second: Design, group: str) -> bool:
    levels = [next(t.levels for t in design.random if t.group == group) for design in (first, second)]
    same_response = np.array_equal(first.response.values, second.response.values)
    return same_response and first.response.name == second.response.name and levels[0] == levels[1]
