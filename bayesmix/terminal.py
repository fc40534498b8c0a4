"""What is said to somebody who is looking, and whether somebody is."""

import sys

from rich.console import Console


def can_show(console: Console) -> bool:
    """Whether somebody is looking: a terminal or a notebook, not a file or a pipe."""
    return console.is_terminal or console.is_jupyter


def at_a_prompt() -> bool:
    """Whether somebody types at Python, IPython or in a notebook; not a script."""
    return hasattr(sys, "ps1")


def tell(line: str, *, shown: bool) -> None:
    """A line beside the bar, on standard error, in a file or a pipe too, unless progress is not to be `shown`."""
    if shown:
        Console(stderr=True).print(line[:1].upper() + line[1:], markup=False, highlight=False)
