"""The hypotheses of types 1, 2 and 3 of a design's fixed terms."""

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError
from bayesmix.formula.design import Dependence, Design
from bayesmix.formula.every_level import every_level
from bayesmix.numerics.ddf import LeftOut, free_of_other_terms, term_contrasts


def term_hypotheses(design: Design, kind: int, *, rows: Floats | None = None) -> dict[str, Floats]:
    """Hypothesis matrices (q, p) of every fixed term but the intercept, by label.

    Parameters
    ----------
    design
        One without columns that depend on others.
    kind
        The type, 1, 2 or 3.
    rows
        Of types 1 and 2, which adjust terms for one another: any (m, p) whose cross-product is what the data tell of
        the coefficients. By default the fixed part itself, each row of which counts alike.

    Raises
    ------
    ArgumentError
        The terms have no hypotheses of this type.
    """
    X = design.fixed.matrix if rows is None or kind == 3 else rows
    terms = every_level(design)
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
