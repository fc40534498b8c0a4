"""What stands for group effects in means: 0, those of the levels in the data, or their distribution."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from bayesmix.arrays import Floats, Positions
from bayesmix.formula.design import GroupTerm
from bayesmix.inference.means.variables import GridVariable

GROUPS = ("typical", "fitted", "new")
"""Effects at 0; averaged over the levels in the data; integrated over their distribution."""


@dataclass(frozen=True, eq=False)
class Combinations:
    """The combinations of levels, one of each random term, that occur in the data, each once.

    `levels` (n_combinations, n_terms); `strata` (n_combinations,): combinations in one stratum occur at the same levels
    of the grid's factors, of `variables` by number, in which every combination has one level alone. `keys`: the number
    of the stratum by the levels of `variables`, as one number of `shape`.
    """

    levels: Positions
    strata: Positions
    variables: tuple[int, ...]
    shape: tuple[int, ...]
    keys: Positions

    @property
    def n_strata(self) -> int:
        return len(self.keys)

    def strata_of(self, places: Sequence[Positions]) -> Positions:
        """The stratum of each cell, -1 where the data have none; `places` are its levels by variable of the grid."""
        n = len(places[0]) if places else 1
        if not self.variables:
            return np.zeros(n, dtype=np.intp)
        code = np.ravel_multi_index([places[axis] for axis in self.variables], self.shape)
        found = np.clip(np.searchsorted(self.keys, code), 0, len(self.keys) - 1)
        return np.where(self.keys[found] == code, found, -1).astype(np.intp)

    def shares(self, term: int, n_levels: int) -> csr_array:
        """How often each level of a term is among the combinations of a stratum, (n_strata, n_levels), in shares."""
        sizes = np.bincount(self.strata, minlength=self.n_strata)
        weights = 1.0 / sizes[self.strata]
        return csr_array((weights, (self.strata, self.levels[:, term])), shape=(self.n_strata, n_levels))


def combinations(terms: Sequence[GroupTerm], variables: Sequence[GridVariable]) -> Combinations:
    """The combinations of levels of random terms."""
    index = np.stack([term.index for term in terms], axis=1)
    levels, first, of_rows = np.unique(index, axis=0, return_index=True, return_inverse=True)
    of_rows = of_rows.ravel()
    within = [
        axis
        for axis, variable in enumerate(variables)
        if variable.codes is not None and variable.size > 1 and _lies_in(of_rows, variable.codes, first)
    ]
    shape = tuple(variables[axis].size for axis in within)
    if not within:
        return Combinations(levels, np.zeros(len(levels), dtype=np.intp), (), (), np.zeros(1, dtype=np.intp))
    codes = [_codes(variables[axis])[first] for axis in within]
    there = np.all([code >= 0 for code in codes], axis=0)
    key = np.ravel_multi_index([code[there] for code in codes], shape)
    keys, strata = np.unique(key, return_inverse=True)
    return Combinations(levels[there], strata.ravel(), tuple(within), shape, keys)


def _codes(variable: GridVariable) -> Positions:
    return np.empty(0, dtype=np.intp) if variable.codes is None else variable.codes


def _lies_in(inner: Positions, outer: Positions, first: Positions) -> bool:
    """Whether all rows of one combination have the level that its first row has."""
    return bool(np.all(outer[first][inner] == outer))


@dataclass(frozen=True, eq=False)
class GroupWeights:
    """For the m means: `strata` (m, n_strata), weights of the strata in each, and the `combinations` in them."""

    strata: Floats
    combinations: Combinations
