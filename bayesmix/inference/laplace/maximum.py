"""A fit without a maximum has no likelihood to compare."""

from bayesmix.errors import ArgumentError
from bayesmix.modelling.laplace_record import LaplaceFit


def require_maximum(fit: LaplaceFit, *, question: str) -> None:
    """Refuse a fit whose search found no finite maximum, with its reason.

    Raises
    ------
    ArgumentError
        `fit.converged` is False.
    """
    if not fit.converged:
        raise ArgumentError(f"{question} compares maxima of the likelihood, and {fit.formula} has none. {fit.reason}")
