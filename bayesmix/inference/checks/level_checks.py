"""Notes on levels that look like one level written in two ways."""

from collections.abc import Iterator

from bayesmix.errors import listing
from bayesmix.formula.design import Design
from bayesmix.formula.factors import twins_of
from bayesmix.inference.checks.findings import NOTE, Finding
from bayesmix.modelling.record import Fit

WRITTEN_TWICE = "levels"


def levels_written_twice(fit: Fit) -> Iterator[Finding]:
    """Levels of a factor that differ only by case or spaces; `value` is their number."""
    for name, found in twins_of(fit.design).items():
        yield Finding(WRITTEN_TWICE, NOTE, name, sum(map(len, found)), 0, twins_line(name, found))


def twin_lines(design: Design) -> tuple[str, ...]:
    """The same as lines of a page."""
    return tuple(f"Note: {twins_line(name, found)}" for name, found in twins_of(design).items())


def twins_line(name: str, found: tuple[tuple[str, ...], ...]) -> str:
    """`Levels of 'variety' differ only by case or spaces: 'Brigadier' and 'brigadier '. ...`"""
    alike = listing((" and ".join(map(repr, own)) for own in found), at_most=3)
    return (
        f"Levels of {name!r} differ only by case or spaces: {alike}. They are treated as different levels; recode "
        "them if they are the same."
    )
