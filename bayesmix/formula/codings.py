"""Codings of factors: the numbers that each level has in the columns of a factor, under R's names for them.

A coding with m columns says which m comparisons of the levels the coefficients are. The room for names in brackets says
which: ``f[b]`` the difference of b from the first level, ``f[S.a]`` that of a from the mean of all levels.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.errors import DesignError, did_you_mean, listing
from bayesmix.formula.extremes import LARGEST, SMALLEST

MOST_LEVELS_OF_POLYNOMIALS = 95
"""Levels of a factor with polynomial coding at most, as in R: beyond, a power of the level's number means nothing."""


@dataclass(frozen=True)
class Coding:
    """How levels become columns: `names` (m,) stand in brackets, `weights` (n_levels, m) are the numbers of each level.

    Where every column is 1 in one level and 0 elsewhere these levels stand in `indicated` (m,), and `weights` is None:
    of thousands of levels the matrix would be large.
    """

    names: tuple[str, ...]
    weights: Floats | None = None
    indicated: Positions | None = None


def coded_rows(codes: Positions, coding: Coding) -> Floats:
    """The columns (n_obs, m) of a factor with the levels `codes` (n_obs,)."""
    if coding.weights is not None:
        return coding.weights[codes]
    return (codes[:, None] == coding.indicated).astype(float)


def reach_of_columns(coding: Coding) -> Floats:
    """How far apart the levels are in each column, (m,): 1 of a column of 0 and 1."""
    return np.ones(len(coding.names)) if coding.weights is None else np.ptp(coding.weights, axis=0)


def every_level(levels: Sequence[str]) -> Coding:
    """A column for each level."""
    return Coding(tuple(levels), indicated=np.arange(len(levels)))


def treatment(levels: Sequence[str], *, reference: Any = None, base: Any = None) -> Coding:
    """Each level against one, the first by default: `reference` is its text, `base` its number from 1, as R has it."""
    place = 0
    if reference is not None:
        text = f"{reference:.15g}" if isinstance(reference, float) else str(reference)
        place = position_of(text, levels)
    elif base is not None:
        if isinstance(base, str):
            return treatment(levels, reference=base)
        if not (float(base).is_integer() and 1 <= base <= len(levels)):
            raise DesignError(
                f"base = {base:g} is no number of a level: there are {len(levels)}; a level by its name is "
                f'Treatment("{levels[0]}")'
            )
        place = int(base) - 1
    shown = [number for number in range(len(levels)) if number != place]
    return Coding(tuple(levels[number] for number in shown), indicated=np.array(shown, dtype=np.intp))


def _last_as_reference(levels: Sequence[str]) -> Coding:
    return treatment(levels, base=len(levels))


def _sum(levels: Sequence[str]) -> Coding:
    """Each level but the last against the mean of all."""
    n = len(levels)
    weights = np.vstack([np.eye(n - 1), -np.ones(n - 1)])
    return Coding(tuple(f"S.{level}" for level in levels[:-1]), weights)


def _helmert(levels: Sequence[str]) -> Coding:
    """Each level but the first against the mean of those before it; level j + 1 has j, those before -1."""
    n = len(levels)
    weights = np.vstack([np.zeros(n - 1), np.diag(np.arange(1.0, n))]) - np.triu(np.ones((n, n - 1)))
    return Coding(tuple(f"H.{level}" for level in levels[1:]), weights)


def _differences(levels: Sequence[str]) -> Coding:
    """Each level but the first against the one before it, as MASS's contr.sdif."""
    n = len(levels)
    after = np.arange(n)[:, None] > np.arange(n - 1)
    weights = after - np.arange(n - 1, 0, -1) / n
    return Coding(tuple(f"{later}-{earlier}" for earlier, later in pairwise(levels)), weights)


def _polynomials(levels: Sequence[str], *, scores: Any = None) -> Coding:
    """Orthonormal polynomials of the levels' numbers, or of their `scores`: linear, quadratic, cubic, and so on.

    Each power is the last one times the score, less its part along all before it (twice, since the first time rounding
    leaves some); Gram and Schmidt's way keeps the sign with which R prints them.
    """
    n = len(levels)
    if n > MOST_LEVELS_OF_POLYNOMIALS:
        raise DesignError(
            f"polynomials are of {MOST_LEVELS_OF_POLYNOMIALS} levels at most, and it has {n}; each level against the "
            'first is "treatment"'
        )
    given = scores if isinstance(scores, list) else [scores]
    numbers = all(isinstance(value, float) for value in given)
    places = np.array(given) if numbers else np.arange(1.0, n + 1)
    if (
        not (numbers or scores is None)
        or places.shape != (n,)
        or len(np.unique(places)) < n
        or not np.isfinite(places).all()
    ):
        raise DesignError(f"scores are {n} different numbers, one for each level")
    places = places - places.mean()
    columns = [np.full(n, n**-0.5)]
    for _ in range(1, n):
        power = columns[-1] * places
        for _ in range(2):
            power = power - np.column_stack(columns) @ (np.column_stack(columns).T @ power)
        columns.append(power / np.linalg.norm(power))
    return Coding((".L", ".Q", ".C", *(f"^{power}" for power in range(4, n)))[: n - 1], np.column_stack(columns[1:]))


@dataclass(frozen=True)
class NamedCoding:
    """A coding that a name asks for: `code` makes it of the levels, and of constants by the names of `keywords`."""

    code: Callable[..., Coding]
    keywords: tuple[str, ...] = ()


CODINGS = {
    "treatment": NamedCoding(treatment, ("reference", "base")),
    "sum": NamedCoding(_sum),
    "helmert": NamedCoding(_helmert),
    "poly": NamedCoding(_polynomials, ("scores",)),
    "sdif": NamedCoding(_differences),
    "SAS": NamedCoding(_last_as_reference),
}
"""By R's name without ``contr.``; `Sum`, `Helmert`, `Poly`, `Treatment` and `Diff` are patsy's names."""

_ALSO = {"diff": "sdif", "difference": "sdif", "repeated": "sdif", "polynomial": "poly", "sas": "SAS"}


def coding_named(name: str) -> NamedCoding:
    """The coding of a name, as R, patsy or a person writes it.

    Raises
    ------
    DesignError
        There is none of this name; with the near matches.
    """
    plain = name.removeprefix("contr.").lower()
    coding = CODINGS.get(_ALSO.get(plain, plain))
    if coding is None:
        raise DesignError(
            f"there is no coding {name!r}.{did_you_mean(plain, [*CODINGS, *_ALSO])} Codings: {listing(CODINGS)}, and "
            "matrices and comparisons of levels by contrasts="
        )
    return coding


def position_of(level: str, levels: Sequence[str]) -> int:
    """Where a level stands among `levels`; one that does not occur is refused with the near matches."""
    if level not in levels:
        raise DesignError(f"{level!r} is none of its levels.{did_you_mean(level, levels)} Levels: {listing(levels)}")
    return tuple(levels).index(level)


def refuse_dependent(coding: Coding) -> None:
    """Refuse columns that depend on each other or on the intercept, more of them than there can be, or not finite.

    Raises
    ------
    DesignError
        One line with both numbers.
    """
    weights = coding.weights
    if weights is None:
        return
    n_levels, m = weights.shape
    if not np.isfinite(weights).all():
        raise DesignError("its matrix has values that are not finite")
    sizes = np.abs(weights).max(axis=0)
    if (sizes > LARGEST).any() or ((sizes > 0) & (sizes < SMALLEST)).any():
        raise DesignError(
            f"its matrix has columns of the size {sizes.min():.3g} to {sizes.max():.3g}, whose squares are beyond the "
            "numbers of a computer; divide or multiply them"
        )
    if m > n_levels - 1:
        raise DesignError(
            f"its matrix has {m} columns, and beside the intercept {n_levels} levels have {n_levels - 1} at most"
        )
    rank = int(np.linalg.matrix_rank(np.column_stack([np.ones(n_levels), weights / np.where(sizes > 0, sizes, 1)])))
    if rank < m + 1:
        raise DesignError(
            f"its {m} columns and the intercept have rank {rank}, not {m + 1}: one is constant or depends on the others"
        )
