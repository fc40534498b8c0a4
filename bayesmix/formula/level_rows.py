"""The row of the fixed part at which a level of a group is looked at: its own treatment, all else at the mean."""

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.formula.coding import columns_of, first_factor_without_intercept
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.formula.variables import Variables


def level_rows(design: Design, group: GroupTerm) -> Floats:
    """Rows (n_levels, p): variables that never vary within a level of `group` as in the level, others at their mean.

    A column is the product of its variables' columns; of those that vary within levels the mean over all rows is
    taken, so that with balanced data a row is the mean of the level's own rows.
    """
    terms = design.formula.fixed
    variables = Variables(design.formula.text, design.data, design.functions, dict(design.learnt), new=True)
    all_levels_term = first_factor_without_intercept(terms, variables)
    first = np.zeros(group.n_levels, dtype=np.intp)
    first[group.index[::-1]] = np.arange(len(group.index))[::-1]
    blocks = [np.empty((group.n_levels, 0))]
    for term in terms:
        steady, varying = np.ones((group.n_levels, 1)), np.ones((design.n_obs, 1))
        for variable in term.variables:
            columns, _, _ = columns_of(variable, term, terms, variables, term is all_levels_term)
            at_levels = columns[first]
            if (columns == at_levels[group.index]).all():
                steady, varying = _times(steady, at_levels), _times(varying, np.ones((1, columns.shape[1])))
            else:
                ones = np.ones((1, columns.shape[1]))
                steady, varying = _times(steady, ones), _times(varying, columns)
        blocks.append(steady * varying.mean(axis=0))
    return np.concatenate(blocks, axis=1)


def _times(block: Floats, columns: Floats) -> Floats:
    """Products of the columns of both, those of `block` varying fastest, as a term's columns stand in the design."""
    return np.concatenate([block * columns[:, [j]] for j in range(columns.shape[1])], axis=1)
