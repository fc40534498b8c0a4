"""The parameters of a model by the names that a hypothesis writes, and their draws."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, did_you_mean, listing, shown
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.inference.hypotheses.tokens import Names
from bayesmix.inference.shared.draws import (
    auxiliary,
    constant_parameters,
    correlations,
    fixed,
    group_effects,
    standard_deviations,
    thresholds,
)
from bayesmix.modelling.record import Fit
from bayesmix.posterior.layout import column_pairs, corr_name, sd_names, threshold_names

_DIVISION = "\N{DIVISION SLASH}"  # what the posterior writes for /


@dataclass(frozen=True)
class Spread:
    """A standard deviation (`pair` one column) or a correlation (two) of a random term, by position of its columns."""

    term: GroupTerm
    pair: tuple[int, ...]


@dataclass(frozen=True)
class Effect:
    """The effect of a level, by position, on a column of a random term."""

    term: GroupTerm
    level: int
    column: int


def spreads_of(design: Design) -> dict[str, Spread]:
    """Standard deviations and correlations by name.

    A correlation is ``corr_Subject[Intercept,Days]``, with two columns also ``corr_Subject``, which comes last.
    """
    found: dict[str, Spread] = {}
    for part in design.predictors:
        for term in part.random:
            found |= {name: Spread(term, (place,)) for place, name in enumerate(sd_names(term))}
            for pair in column_pairs(term):
                of_pair = Spread(term, tuple(term.names.index(name) for name in pair))
                whole = corr_name(term, part.random)
                found |= {f"{whole}[{','.join(order)}]": of_pair for order in (pair, pair[::-1])}
                if term.k == 2:
                    found[whole] = of_pair
    return found | {name.replace(_DIVISION, "/"): spread for name, spread in found.items() if _DIVISION in name}


def effect_named(design: Design, parts: tuple[str, ...]) -> tuple[str, Effect]:
    """The group effect ``ranef[group, level, column]`` and how it is called; the only column may be left out.

    Raises
    ------
    ArgumentError
        The model has no such group, level or column.
    """
    example = "a group effect is ranef[group, level, column]"
    if len(parts) not in (2, 3):
        raise ArgumentError(f"ranef has {len(parts)} part{'s' * (len(parts) != 1)}; {example}.")
    group, level, *columns = parts
    groups = dict.fromkeys(term.group for term in design.all_random)
    if group not in groups:
        have = f"Groups: {listing(groups)}." if groups else "The model has no random terms."
        raise ArgumentError(f"{shown(group)} is no grouping factor of the model.{did_you_mean(group, groups)} {have}")
    terms = [term for term in design.all_random if term.group == group]
    names = [name for term in terms for name in term.names]
    column = columns[0] if columns else names[0]
    if column not in names or (not columns and len(names) > 1):
        said = (
            f"{shown(column)} does not vary by {group!r}.{did_you_mean(column, names)}" if columns else "Which column?"
        )
        raise ArgumentError(f"{said} What does: {listing(names)}; {example}.")
    term = next(term for term in terms if column in term.names)
    if level not in term.levels:
        raise ArgumentError(f"Group {group!r} has no level {shown(level)}.{did_you_mean(level, term.levels)}")
    name = f"ranef[{group}, {level}, {column}]"
    return name, Effect(term, term.levels.index(level), term.names.index(column))


def names_of_draws(fit: Fit) -> Names:
    """Everything that a hypothesis about a posterior may name, but for group effects."""
    coefficients = [name for part in fit.design.predictors for name in part.fixed.names]
    spreads = {(id(spread.term), tuple(sorted(spread.pair))): name for name, spread in spreads_of(fit.design).items()}
    names = [*threshold_names(fit.design), *coefficients, *spreads.values(), *constant_parameters(fit)]
    return Names(names, spreads_of(fit.design))


def draws_of(fit: Fit, names: Iterable[str], effects: dict[str, Effect]) -> dict[str, Floats]:
    """Draws by chain, (n_chains, n_draws), of parameters and of `effects`, by name."""
    return {name: _drawn(fit, name, effects) for name in names}


def _drawn(fit: Fit, name: str, effects: dict[str, Effect]) -> Floats:
    if name in effects:
        return _of_effect(fit, effects[name])
    spreads = spreads_of(fit.design)
    if name in spreads:
        return _of_spread(fit, spreads[name])
    if name in constant_parameters(fit):
        return auxiliary(fit, name)
    if name in threshold_names(fit.design):
        return thresholds(fit)[threshold_names(fit.design).index(name)]
    part = next(part for part in fit.design.predictors if name in part.fixed.names)
    return fixed(fit, part)[part.fixed.names.index(name)]


def _of_spread(fit: Fit, spread: Spread) -> Floats:
    if len(spread.pair) == 1:
        return standard_deviations(fit, spread.term)[spread.pair[0]]
    first, second = sorted(spread.pair)
    # Pairs (1,2), (1,3), (2,3), ...
    return correlations(fit, spread.term)[second * (second - 1) // 2 + first]


def _of_effect(fit: Fit, effect: Effect) -> Floats:
    drawn = group_effects(fit, effect.term, np.array([effect.level]))[0, effect.column]
    sizes = fit.posterior["posterior"].sizes
    return drawn.reshape(sizes["chain"], sizes["draw"])


def effects_into(effects: dict[str, Effect], design: Design) -> Callable[[tuple[str, ...]], str]:
    """A reader of group effects, which are put into `effects` by name."""

    def read(parts: tuple[str, ...]) -> str:
        name, effect = effect_named(design, parts)
        effects[name] = effect
        return name

    return read
