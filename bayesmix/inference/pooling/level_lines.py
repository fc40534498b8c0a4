"""The coefficients of each level of a group at the predictors' means: without pooling, by REML, and in every draw.

Shapes: k columns vary by the group, the intercept first if it does. For a row z (k,) of them a level expects
z'coefficients, or without an intercept that much more than all levels share.
"""

from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.errors import ArgumentError, listing
from bayesmix.estimates.estimability import with_left_out_columns
from bayesmix.estimates.reml.fit_design import fit_reml
from bayesmix.estimates.reml.no_pooling import NoPooling, no_pooling
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.inference.shared.arguments import one_group, one_term
from bayesmix.inference.shared.draws import fixed, group_effects, joined
from bayesmix.inference.tables.level_coefficients import terms_around
from bayesmix.modelling.kinds import Fit, RemlFit, no_answer


@dataclass(frozen=True)
class LevelLines:
    """Every level of a group without pooling and with it, by the REML fit of the model.

    `alone` has the levels' own coefficients, `overall` (n_levels, k) the fixed part, `pooled` (n_levels, k) the fixed
    part with conditional modes (BLUP), and `levels` the names.
    """

    reml: RemlFit
    levels: tuple[str, ...]
    alone: NoPooling
    overall: Floats
    pooled: Floats


def level_lines(fit: Fit | RemlFit, group: str) -> LevelLines:
    """Coefficients of the levels of `group`; for a posterior those of the REML fit to the same rows.

    Raises
    ------
    UnknownTermError
        `group` is no grouping factor of the model.
    ArgumentError
        The model's family has no REML fit.
    """
    reml = _reml_of(fit, group)
    levels = next(term.levels for term in reml.design.random if term.group == group)
    alone = no_pooling(reml, group)
    overall = alone.fixed_rows @ reml.beta
    if has_intercept(alone):
        overall[:, 0] += alone.offset
    pooled = overall.copy()
    around = terms_around(reml.design, group)
    for term, modes in zip(reml.design.random, reml.effects, strict=True):
        if term in around:
            pooled += modes[_level_of(reml.design, group, term)] @ _weights(term, alone)
    return LevelLines(reml, levels, alone, overall, pooled)


@singledispatch
def _reml_of(fit: object, group: str) -> RemlFit:
    raise no_answer(_reml_of, fit, question="shrinkage")


@_reml_of.register
def _refitted(fit: Fit, group: str) -> RemlFit:
    if not fit.family.is_gaussian_identity:
        raise ArgumentError(
            f"Shrinkage is shown where BLUE and BLUP are linear, and the model is {fit.family}; see compare_reml, "
            "which sets the posterior beside a Laplace fit."
        )
    if fit.design.response.censoring is not None:
        raise ArgumentError(
            f"Shrinkage is shown where BLUE and BLUP are linear; the response {fit.design.formula.response.text} is "
            "censored."
        )
    one_group(fit.design, group)  # before anything is fitted
    return fit_reml(fit.design)


@_reml_of.register
def _as_it_is(fit: RemlFit, group: str) -> RemlFit:
    one_group(fit.design, group)
    return fit


def has_intercept(alone: NoPooling) -> bool:
    """Whether the intercept varies by the group."""
    return alone.names[0] == "Intercept"


def compared_term(design: Design, group: str, term: str | None) -> str | None:
    """The coefficient whose shrinkage is shown, by default the only slope; None for the mean at the predictors' means.

    Raises
    ------
    UnknownTermError
        `term` does not vary by `group`.
    ArgumentError
        Several slopes vary by `group`, but no intercept, and none of them is named.
    """
    names = [name for random in design.random if random.group == group for name in random.names]
    if term is not None:
        return one_term(term, names, group)
    if "Intercept" in names:
        return None
    if len(names) > 1:
        raise ArgumentError(
            f"The levels of {group!r} have several slopes and no random intercept, so no mean that is shrunk; say "
            f"which slope, term={names[0]!r}. There are {listing(names)}."
        )
    return names[0]


def row_compared(alone: NoPooling, term: str | None) -> Floats:
    """The row z (k,) whose product with the coefficients is compared: the columns' means, or 1 for `term` alone."""
    if term is None:
        return np.array([1.0, *alone.means[1:]])
    return np.eye(len(alone.names))[alone.names.index(term)]


def coefficient_draws(fit: Fit, alone: NoPooling, levels: slice) -> Floats:
    """The coefficients of a stretch of levels in every draw, shape (n_levels, k, n_draws)."""
    rows, dependence = alone.fixed_rows[levels], fit.design.fixed.dependence
    draws = (rows if dependence is None else with_left_out_columns(dependence, rows)) @ joined(fixed(fit))
    if has_intercept(alone):
        draws[:, 0] += alone.offset
    for term in terms_around(fit.design, alone.group):
        places, local = np.unique(_level_of(fit.design, alone.group, term)[levels], return_inverse=True)
        draws += np.einsum("jtd,tk->jkd", group_effects(fit, term, places)[local], _weights(term, alone))
    return draws


def _level_of(design: Design, group: str, term: GroupTerm) -> Positions:
    """The level of `term` in which each level of `group` lies, (n_levels,)."""
    inner = next(random for random in design.random if random.group == group)
    places = np.zeros(inner.n_levels, dtype=np.intp)
    places[inner.index] = term.index
    return places


def _weights(term: GroupTerm, alone: NoPooling) -> Floats:
    """The matrix (k of the term, k) that maps a row z of the group's columns to a row of the term's.

    Columns of a surrounding factor that the levels themselves do not have are held at their mean.
    """
    weights = np.zeros((term.k, len(alone.names)))
    for row, name in enumerate(term.names):
        if name in alone.names:
            weights[row, alone.names.index(name)] = 1.0
        elif has_intercept(alone):
            weights[row, 0] = term.columns[:, row].mean()
    return weights
