"""Separation before sampling begins: a notice to the user, and the refusal of priors that do not bound it."""

from collections.abc import Iterator, Mapping

from rich.console import Console

from bayesmix.errors import PriorError, listing
from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.priors.prior import FLAT, Prior
from bayesmix.separated_data.categories import unseen_categories, unseen_line
from bayesmix.separated_data.find import can_separate, separation_of
from bayesmix.separated_data.words import count, place, runaways
from bayesmix.terminal import can_show


def tell_of_separation(design: Design, family: Family, *, shown: bool) -> None:
    """Print a line for each cell or combination that separates, in a terminal or a notebook, as `print(fit)` does."""
    console = Console(stderr=True)
    if shown and can_show(console):
        for sentence in _separations(design, family):
            line = f"Separation: {sentence}. How far it goes is bounded by the prior."
            console.print(line, markup=False, highlight=False)


def require_bounded(design: Design, family: Family, priors: Mapping[str, Prior]) -> None:
    """Refuse flat priors if the data separate: where neither bounds the posterior, it has no integral."""
    names = [name for part in design.of_response for name in part.fixed.names]
    flat = [name for name in names if not priors[name].distribution.proper]
    for sentence in _separations(design, family) if flat else ():
        raise PriorError(
            f"The data separate ({sentence}), and the prior of {listing(flat)} is {FLAT}(): nothing bounds the "
            "posterior. Give a proper prior, such as Normal(0, 2.5)."
        )


def _separations(design: Design, family: Family) -> Iterator[str]:
    """Where the data separate: cell, counts, and the coefficients that run away."""
    if can_separate(family):
        for cell in separation_of(design, family).found:
            yield f"{place(cell)}: {count(cell, family)}; {runaways(design.fixed.names, cell)}"
    yield from map(unseen_line, unseen_categories(design))
