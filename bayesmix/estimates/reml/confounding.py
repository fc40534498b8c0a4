"""Random effects that the fixed part explains already: the data cannot tell the two apart.

REML has nothing to estimate their variance from, and is refused; a posterior has proper priors to tell them apart by.
"""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import DesignError, listing
from bayesmix.formula.design import Design, GroupTerm

_NOTHING = 1e-10  # share of a column's sum of squares that is left of it across the fixed part


@dataclass(frozen=True)
class Confounded:
    """A random term with the names of those of its effects that the fixed part can express, level by level."""

    term: GroupTerm
    names: tuple[str, ...]


def refuse_confounding(design: Design) -> None:
    """A random effect whose columns, one a level, all lie in the span of the fixed columns.

    The restricted likelihood is that of what the fixed part leaves of y, and such an effect leaves nothing: the
    criterion is the same for every variance. (The likelihood is not: by ML the variance is 0.)

    Raises
    ------
    DesignError
        One line with the term, its effect and what to leave out.
    """
    for tied in confounded(design)[:1]:
        raise DesignError(
            f"In ({tied.term.label}) the effects of {listing(tied.names)} cannot be told from the fixed part, which "
            f"has a coefficient for each of the {tied.term.n_levels} levels of '{tied.term.group}': REML has no "
            "estimate of their sd. Leave them out of the random part, or the levels out of the fixed part."
        )


def confounded(design: Design) -> tuple[Confounded, ...]:
    """Every random term with an effect whose columns, one a level, all lie in the span of the fixed columns."""
    X = design.fixed.matrix
    # J columns of J levels are independent: fewer fixed columns cannot span them.
    terms = [term for term in design.random if term.n_levels <= X.shape[1]]
    if not terms:
        return ()
    lengths = np.linalg.norm(X, axis=0)
    axes = np.linalg.qr(X / np.where(lengths > 0, lengths, 1.0))[0]
    tied = []
    for term in terms:
        names = [name for name, column in zip(term.names, term.columns.T, strict=True) if _spanned(term, column, axes)]
        if names:
            tied.append(Confounded(term, tuple(names)))
    return tuple(tied)


def _spanned(term: GroupTerm, column: Floats, axes: Floats) -> bool:
    """Whether a column's parts, one a level, lie in the span of the orthonormal `axes` (n_obs, p)."""
    squares = np.bincount(term.index, column**2, minlength=term.n_levels)
    along = [np.bincount(term.index, column * axis, minlength=term.n_levels) for axis in axes.T]
    left = squares - np.sum(np.square(along), axis=0)
    return bool(np.all(left <= _NOTHING * squares))
