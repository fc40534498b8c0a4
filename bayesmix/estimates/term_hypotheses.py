"""The hypotheses of types 1, 2 and 3 of a design's fixed terms."""

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError
from bayesmix.formula.design import Dependence, Design
from bayesmix.formula.every_level import every_level
from bayesmix.numerics.ddf import LeftOut, free_of_other_terms, term_contrasts


def term_hypotheses(design: Design, kind: int, *, weighted: bool) -> dict[str, Floats]:
    """Hypothesis matrices (q, p) of every fixed term but the intercept, by label.

    Parameters
    ----------
    design
        One without columns that depend on others.
    kind
        The type, 1, 2 or 3.
    weighted
        Whether a row counts by its weight where it matters how many rows there are, in types 1 and 2.

    Raises
    ------
    ArgumentError
        The terms have no hypotheses of this type.
    """
    X, terms = design.fixed.matrix, every_level(design)
    if weighted and design.weights is not None and kind != 3:
        X = np.sqrt(design.weights)[:, None] * X
    try:
        contrasts = term_contrasts(X=X, terms=terms, kind=kind)
    except ValueError as error:
        raise ArgumentError(str(error)) from error
    dependence = design.fixed.dependence
    if kind == 1 or dependence is None:
        return contrasts
    return free_of_other_terms(contrasts, terms=terms, left_out=_left_out(dependence))


def _left_out(dependence: Dependence) -> LeftOut:
    kept, dependent = list(dependence.kept), dependence.dependent_places
    return LeftOut(
        shares=-dependence.null_space[kept],
        scale=dependence.scale[kept],
        own_scale=dependence.scale[dependent],
        owners=tuple(dependence.owners[place] for place in dependent),
    )
