"""Refusing questions about numbers of a response that has none: categories without an order."""

from bayesmix.errors import ArgumentError
from bayesmix.formula.design import Design


def refuse_unordered(design: Design, *, question: str) -> None:
    """Refuse a response whose categories have no order: it has neither a mean nor residuals.

    Raises
    ------
    ArgumentError
        One line with what answers instead.
    """
    if design.response.unordered:
        raise ArgumentError(
            f"The categories of {design.response.name!r} have no order, so that {question} has no numbers to show; "
            "bm.fitted(fit) has the probability of each, and bm.plot_ppc(fit) compares how often each occurs."
        )
