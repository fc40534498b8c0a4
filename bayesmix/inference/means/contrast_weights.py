"""Weights of contrasts among n means, by the name of their set."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import gcd, lcm
from numbers import Real
from typing import Any

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, did_you_mean, listing, shown
from bayesmix.inference.shared.arguments import items_of

_MOST_WEIGHTS = 10**8
_LARGEST = 1e100
_DEGREES = ("linear", "quadratic", "cubic", "quartic", "degree 5", "degree 6")


@dataclass(frozen=True)
class ContrastWeights:
    """k contrasts among n means: `names` (k,), `weights` (k, n).

    `adjustment`: that of p values if none is asked for. `is_pairwise`: whether they are all differences of two means,
    for which Tukey's method is made.
    """

    names: tuple[str, ...]
    weights: Floats
    adjustment: str = "none"
    is_pairwise: bool = False


@dataclass(frozen=True)
class Level:
    """One of the means: what names of contrasts call it, and its `plain` text, which arguments may have."""

    name: str
    plain: str


@dataclass(frozen=True)
class _Request:
    """The `levels` of the n means, positions of the `control` among them, and whether signs are `reversed`."""

    levels: tuple[str, ...]
    control: tuple[int, ...]
    reversed: bool

    @property
    def n(self) -> int:
        return len(self.levels)


def _stacked(rows: Mapping[str, Floats], n: int) -> tuple[tuple[str, ...], Floats]:
    return tuple(rows), np.array(list(rows.values()), dtype=float).reshape(-1, n)


def _pairwise(request: _Request) -> ContrastWeights:
    unit, rows = np.eye(request.n), {}
    # Reversed, each later level is compared with those before it, as emmeans's revpairwise has it.
    pairs = combinations(range(request.n), 2)
    ordered = sorted(((j, i) for i, j in pairs)) if request.reversed else pairs
    for first, second in ordered:
        rows[f"{request.levels[first]} - {request.levels[second]}"] = unit[first] - unit[second]
    return ContrastWeights(*_stacked(rows, request.n), adjustment="tukey", is_pairwise=True)


def _against_control(request: _Request) -> ContrastWeights:
    unit, control = np.eye(request.n), list(request.control)
    names = [request.levels[place] for place in control]
    against = names[0] if len(names) == 1 else f"avg({','.join(names)})"
    base, rows = unit[control].mean(axis=0), {}
    for place in range(request.n):
        if place not in control:
            level, row = request.levels[place], unit[place] - base
            name = f"{against} - {level}" if request.reversed else f"{level} - {against}"
            rows[name] = -row if request.reversed else row
    return ContrastWeights(*_stacked(rows, request.n), adjustment="dunnettx")


def _consecutive(request: _Request) -> ContrastWeights:
    unit, rows = np.eye(request.n), {}
    for place in range(request.n - 1):
        before, after = request.levels[place], request.levels[place + 1]
        row = unit[place + 1] - unit[place]
        rows[f"{before} - {after}" if request.reversed else f"{after} - {before}"] = -row if request.reversed else row
    return ContrastWeights(*_stacked(rows, request.n), adjustment="mvt")


def _changes_of_mean(request: _Request) -> ContrastWeights:
    rows, sign = {}, -1.0 if request.reversed else 1.0
    for place in range(1, request.n):
        shares = [np.full(place, -1 / place), np.full(request.n - place, 1 / (request.n - place))]
        rows[f"{request.levels[place - 1]}|{request.levels[place]}"] = sign * np.concatenate(shares)
    return ContrastWeights(*_stacked(rows, request.n), adjustment="mvt")


def _effects(request: _Request) -> ContrastWeights:
    weights = np.eye(request.n) - 1 / request.n
    return ContrastWeights(tuple(f"{level} effect" for level in request.levels), weights, adjustment="fdr")


def _effects_against_others(request: _Request) -> ContrastWeights:
    effects = _effects(request)
    return ContrastWeights(effects.names, effects.weights * request.n / max(request.n - 1, 1), adjustment="fdr")


def _polynomials(request: _Request) -> ContrastWeights:
    """Orthogonal polynomials of the levels' numbers, as the smallest whole numbers."""
    points = [Fraction(2 * place - request.n + 1) for place in range(request.n)]
    basis: list[list[Fraction]] = []
    for degree in range(min(len(_DEGREES), request.n - 1) + 1):
        column = [point**degree for point in points]
        for other in basis:
            share = _inner(column, other) / _inner(other, other)
            column = [a - share * b for a, b in zip(column, other, strict=True)]
        basis.append(column)
    rows = {name: np.array(_whole(column)) for name, column in zip(_DEGREES, basis[1:], strict=False)}
    return ContrastWeights(*_stacked(rows, request.n))


def _inner(first: list[Fraction], second: list[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(first, second, strict=True)), Fraction(0))


def _whole(column: list[Fraction]) -> list[float]:
    factor = lcm(*(value.denominator for value in column))
    numbers = [int(value * factor) for value in column]
    return [number / gcd(*numbers) for number in numbers]


def _each(request: _Request) -> ContrastWeights:
    return ContrastWeights(request.levels, np.eye(request.n))


@dataclass(frozen=True)
class _Set:
    """A set of contrasts; which means are the `control` if none is named, None where there is none."""

    make: Callable[[_Request], ContrastWeights]
    control: int | None = None
    reversed: bool = False


_SETS: Mapping[str, _Set] = {
    "pairwise": _Set(_pairwise),
    "revpairwise": _Set(_pairwise, reversed=True),
    "trt.vs.ctrl": _Set(_against_control, control=0),
    "trt.vs.ctrlk": _Set(_against_control, control=-1),
    "poly": _Set(_polynomials),
    "consec": _Set(_consecutive),
    "eff": _Set(_effects),
    "del.eff": _Set(_effects_against_others),
    "mean_chg": _Set(_changes_of_mean),
    "identity": _Set(_each),
}
_ALSO = {"tukey": "pairwise", "dunnett": "trt.vs.ctrl", "trt.vs.ctrl1": "trt.vs.ctrl"}
METHODS = tuple(_SETS)

type Method = str | Mapping[str, Any]


def contrast_weights(
    method: Method, levels: Sequence[Level], *, ref: object = None, reverse: bool = False
) -> ContrastWeights:
    """The contrasts of a set, or those that are given by name, among means with these `levels`.

    Raises
    ------
    ArgumentError
        The set is not known; weights are no numbers, or not one for each mean; `ref` is no level, or the set has none.
    """
    if isinstance(method, Mapping):
        _refuse_settings(ref, reverse)
        return _given(method, levels)
    name = _ALSO.get(method, method) if isinstance(method, str) else method
    if not isinstance(name, str) or name not in _SETS:
        hint = did_you_mean(name, METHODS) if isinstance(name, str) else ""
        raise ArgumentError(
            f"method={shown(method)} is not known.{hint} Known: {listing(METHODS)}, or weights by name, "
            f"{_example(levels)}."
        )
    chosen, n = _SETS[name], len(levels)
    n_contrasts = n * (n - 1) // 2 if chosen.make is _pairwise else n
    if n_contrasts * n > _MOST_WEIGHTS:
        raise ArgumentError(
            f"method={shown(method)} of {n:,} means are {n_contrasts:,} contrasts, more than memory allows; take "
            '"trt.vs.ctrl", weights by name, or bm.ranks of a posterior.'
        )
    if ref is not None and chosen.control is None:
        raise ArgumentError(f'ref is the control of "trt.vs.ctrl"; method={shown(method)} has none: leave it out.')
    control = _control(ref, levels, chosen.control)
    return chosen.make(_Request(tuple(level.name for level in levels), control, reverse is not chosen.reversed))


def _refuse_settings(ref: object, reverse: bool) -> None:
    if ref is not None or reverse:
        raise ArgumentError('ref and reverse are of sets such as "trt.vs.ctrl"; weights by name need neither.')


def _place_of(level: object, levels: Sequence[Level], *, argument: str) -> int:
    """The position of a level, by its plain text or by what names of contrasts call it."""
    known = {level.name: place for place, level in enumerate(levels)}
    known |= {level.plain: place for place, level in enumerate(levels)}
    if str(level) not in known:
        plain = [level.plain for level in levels]
        raise ArgumentError(
            f"{argument} {shown(level)}, which is none of the levels.{did_you_mean(str(level), plain)} "
            f"Levels: {listing(plain)}."
        )
    return known[str(level)]


def _control(ref: object, levels: Sequence[Level], default: int | None) -> tuple[int, ...]:
    if ref is None:
        return () if default is None else (default % len(levels),)
    named = [ref] if isinstance(ref, str) else (items_of(ref) or [ref])
    places = tuple(dict.fromkeys(_place_of(level, levels, argument="ref names") for level in named))
    if len(places) == len(levels):
        raise ArgumentError(f"ref={shown(ref)} names all levels, so that none is left to compare with them.")
    return places


def _given(method: Mapping[str, Any], levels: Sequence[Level]) -> ContrastWeights:
    if not method:
        raise ArgumentError(f"method has no contrasts; write weights by name, {_example(levels)}.")
    rows = {str(name): _given_row(str(name), given, levels) for name, given in method.items()}
    return ContrastWeights(*_stacked(rows, len(levels)))


def _given_row(name: str, given: object, levels: Sequence[Level]) -> Floats:
    values: list[Any] | None
    if isinstance(given, Mapping):
        values = [0.0] * len(levels)
        for level, weight in given.items():
            values[_place_of(level, levels, argument=f"Contrast {shown(name)} names")] = weight
    else:
        values = items_of(given)
    if values is None or not all(_is_finite(value) for value in values):
        raise ArgumentError(
            f"Contrast {shown(name)} is {shown(given)}; it must be one number for each mean, {_example(levels)}."
        )
    if len(values) != len(levels):
        raise ArgumentError(
            f"Contrast {shown(name)} has {len(values)} weights, and there are {len(levels)} means: "
            f"{listing(level.plain for level in levels)}."
        )
    if not any(values):
        raise ArgumentError(f"Contrast {shown(name)} has weights of 0 alone: it compares nothing.")
    return np.array(values, dtype=float)


def _is_finite(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and bool(abs(value) <= _LARGEST)  # type: ignore[operator]


def _example(levels: Sequence[Level]) -> str:
    weights = [1, *[0] * (len(levels) - 2), -1] if len(levels) > 1 else [1]
    return f'{{"first - last": {weights}}}' if len(levels) <= 6 else '{"first - last": [1, 0, ..., -1]}'
