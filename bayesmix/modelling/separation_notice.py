"""What is said of separation before sampling begins: to whoever watches, and to priors that would not bound it."""

from collections.abc import Mapping

from rich.console import Console

from bayesmix.errors import PriorError, listing
from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.modelling.samplers.progress import can_show
from bayesmix.modelling.separation import can_separate, separation_of
from bayesmix.modelling.separation_text import count, place, runaways
from bayesmix.priors.prior import FLAT, Prior


def tell_of_separation(design: Design, family: Family, *, shown: bool) -> None:
    """A line for each cell or combination that separates, in a terminal or a notebook; `print(fit)` has them too."""
    console = Console(stderr=True)
    if shown and can_show(console) and can_separate(family):
        for found in separation_of(design, family).found:
            what = f"{place(found)}: {count(found, family)}; {runaways(design.fixed.names, found)}"
            line = f"Separation: {what}. How far it goes is bounded by the prior."
            console.print(line, markup=False, highlight=False)


def require_bounded(design: Design, family: Family, priors: Mapping[str, Prior]) -> None:
    """Refuse flat priors where the data separate: where neither bounds it the posterior has no integral."""
    flat = [name for name in design.fixed.names if not priors[name].distribution.proper]
    if flat and can_separate(family):
        for found in separation_of(design, family).found:
            what = f"{place(found)}: {count(found, family)}; {runaways(design.fixed.names, found)}"
            raise PriorError(
                f"The data separate ({what}), and the prior of {listing(flat)} is {FLAT}(): nothing bounds the "
                "posterior. Give a proper prior, such as Normal(0, 2.5)."
            )
