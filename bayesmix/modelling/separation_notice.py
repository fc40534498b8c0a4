"""What is said of separation before sampling begins, to whoever watches."""

from rich.console import Console

from bayesmix.formula.design import Design
from bayesmix.modelling.families import Family
from bayesmix.modelling.progress import can_show
from bayesmix.modelling.separation import can_separate, separation_of
from bayesmix.modelling.separation_text import count, place, runaways


def tell_of_separation(design: Design, family: Family, *, shown: bool) -> None:
    """A line for each cell or combination that separates, in a terminal or a notebook; `print(fit)` has them too."""
    console = Console(stderr=True)
    if shown and can_show(console) and can_separate(family):
        for found in separation_of(design, family).found:
            what = f"{place(found)}: {count(found, family)}; {runaways(design.fixed.names, found)}"
            line = f"Separation: {what}. How far it goes is bounded by the prior."
            console.print(line, markup=False, highlight=False)
