"""Averages of group effects over levels that occur in the data."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array

from bayesmix.arrays import Floats
from bayesmix.formula.design import Design
from bayesmix.inference.shared.draws import group_effects, posterior_of
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.record import Fit

_VALUES_AT_ONCE = 2**23


@dataclass(frozen=True, eq=False)
class MeanEffects:
    """Averages of the effects of one random term: `term`, its position in `design.random`, and `shares`.

    `shares` (n_averages, n_levels), sparse: weights of the levels. As columns of linear functions the averages stand
    one after the other, the k effects of each together, or that of `column` alone.
    """

    term: int
    shares: csr_array
    column: int | None = None

    def columns(self, k: int) -> range:
        """The columns of the effects that are averaged, of all k."""
        return range(k) if self.column is None else range(self.column, self.column + 1)


def level_rows(rows: Floats, averages: tuple[MeanEffects, ...], design: Design) -> tuple[csr_array, ...]:
    """Rows (m, q) over averages as rows over the effects of every random term, (m, n_levels k), level after level."""
    found = [csr_array((len(rows), term.n_levels * term.k)) for term in design.random]
    start = 0
    for average in averages:
        term = design.random[average.term]
        columns = average.columns(term.k)
        stop = start + average.shares.shape[0] * len(columns)
        own = np.nan_to_num(rows[:, start:stop]).reshape(len(rows), -1, len(columns))
        parts = [coo_array(csr_array(own[:, :, i]) @ average.shares) for i in range(len(columns))]
        places = np.concatenate([part.col * term.k + column for column, part in zip(columns, parts, strict=True)])
        values, owners = np.concatenate([part.data for part in parts]), np.concatenate([part.row for part in parts])
        found[average.term] += csr_array((values, (owners, places)), shape=(len(rows), term.n_levels * term.k))
        start = stop
    return tuple(found)


def draws_of_means(fit: Fit, averages: tuple[MeanEffects, ...]) -> Floats:
    """Draws of the averages, (q, n_chains, n_draws), a stretch of levels at a time."""
    sizes = posterior_of(fit).sizes
    n_all = sizes["chain"] * sizes["draw"]
    means = []
    for average in averages:
        term = fit.design.random[average.term]
        columns = average.columns(term.k)
        total = np.zeros((average.shares.shape[0], len(columns) * n_all))
        by_level = average.shares.tocsc()
        for levels in stretches(term.n_levels, max(1, _VALUES_AT_ONCE // (term.k * n_all))):
            effects = group_effects(fit, term, levels)[:, columns]
            total += by_level[:, levels] @ effects.reshape(len(effects), -1)
        means.append(total.reshape(-1, n_all))
    whole = np.concatenate(means) if means else np.empty((0, n_all))
    return whole.reshape(len(whole), sizes["chain"], sizes["draw"])
