"""Groups of means that are not told apart: as few letters as the insert-and-absorb algorithm needs."""

from itertools import combinations_with_replacement
from string import ascii_letters

import numpy as np

from bayesmix.arrays import Flags


def letter_groups(differ: Flags) -> Flags:
    """Groups of means so that two means share a group if and only if they do not differ.

    Parameters
    ----------
    differ
        Shape (n, n), symmetric: whether two means are told apart.

    Returns
    -------
    array of bool
        Shape (n, n_groups): which means are in each group; groups in the order of their first means.

    Notes
    -----
    From one group of all means; each pair that differs splits the groups that hold both into one without the first and
    one without the second, and a group within another is left out; in the end so are groups whose pairs all share
    another. Single letters that are not needed stay, unlike in the paper: ``abc`` between ``ab`` and ``bc`` is easier
    to read than ``ac``.

    References
    ----------
    Piepho (2004), doi:10.1198/1061860043515
    """
    n = len(differ)
    groups = [frozenset(range(n))]
    for first, second in zip(*np.nonzero(np.triu(differ, 1)), strict=True):
        groups = _absorbed(_inserted(groups, int(first), int(second)))
    ordered = sorted(_needed(groups), key=lambda group: sorted(group))
    return np.array([[mean in group for group in ordered] for mean in range(n)], dtype=bool).reshape(n, -1)


def letters_of(groups: Flags) -> list[str]:
    """The letters of each mean, ``"ab"``, given its groups (n, n_groups)."""
    names = [ascii_letters[number % 52] + "'" * (number // 52) for number in range(groups.shape[1])]
    return ["".join(name for name, inside in zip(names, row, strict=True) if inside) for row in groups]


def _inserted(groups: list[frozenset[int]], first: int, second: int) -> list[frozenset[int]]:
    split = []
    for group in groups:
        split += [group - {first}, group - {second}] if {first, second} <= group else [group]
    return split


def _absorbed(groups: list[frozenset[int]]) -> list[frozenset[int]]:
    unique = list(dict.fromkeys(groups))
    return [group for group in unique if not any(group < other for other in unique)]


def _needed(groups: list[frozenset[int]]) -> list[frozenset[int]]:
    """The groups without those whose pairs all share another group."""
    kept = sorted(groups, key=lambda group: (-len(group), sorted(group)))
    for group in reversed(list(kept)):
        others = [other for other in kept if other is not group]
        if all(any({*pair} <= other for other in others) for pair in combinations_with_replacement(group, 2)):
            kept = others
    return kept
