"""Effects of levels that were never seen, drawn from the distribution of the group in each draw of the posterior."""

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.formula.design import GroupTerm
from bayesmix.inference.shared.draws import correlations, joined, standard_deviations
from bayesmix.inference.shared.expectation import Effects
from bayesmix.modelling.record import Fit


def covariances(fit: Fit, term: GroupTerm) -> Floats:
    """Covariance matrix of a term's effects in each draw, shape (n_draws, k, k)."""
    sds = joined(standard_deviations(fit, term))
    matrices = np.einsum("id,jd->dij", sds, sds)
    if term.k > 1:
        # Pairs (1,2), (1,3), (2,3), ...: the lower triangle row by row.
        row, column = np.tril_indices(term.k, -1)
        values = joined(correlations(fit, term)).T
        matrices[:, row, column] *= values
        matrices[:, column, row] *= values
    return matrices


def new_effects(fit: Fit, *, draws: Positions, seed: int) -> Effects:
    """A function that draws effects of new levels; a level has the same ones however often it is asked for."""
    roots = {id(term): symmetric_root(covariances(fit, term)[draws]) for term in fit.design.all_random}
    numbers = {id(term): number for number, term in enumerate(fit.design.all_random)}

    def effects(term: GroupTerm, levels: Positions) -> Floats:
        normals = np.empty((len(levels), term.k, len(draws)))
        for row, level in zip(normals, levels, strict=True):
            np.random.default_rng([seed, numbers[id(term)], int(level)]).standard_normal(out=row)
        return np.einsum("dij,ljd->lid", roots[id(term)], normals)

    return effects


def symmetric_root(matrices: Floats) -> Floats:
    """Square roots of covariance matrices (n, k, k), of singular ones too: a correlation may be 1 in every digit."""
    values, vectors = np.linalg.eigh(matrices)
    return np.einsum("dij,dj,dkj->dik", vectors, np.sqrt(np.maximum(values, 0.0)), vectors)
