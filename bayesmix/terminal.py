"""Whether somebody is watching the output, and lines for that person."""

import sys

from rich.console import Console


def can_show(console: Console) -> bool:
    """Whether the output goes to a terminal or a notebook, not to a file or a pipe."""
    return console.is_terminal or console.is_jupyter


def at_a_prompt() -> bool:
    """Whether somebody types in Python, IPython or a notebook, so that no script is running."""
    return hasattr(sys, "ps1")


def tell(line: str, *, shown: bool) -> None:
    """Write a line beside the progress bar, on standard error; a file or a pipe gets it too if progress is `shown`."""
    if shown:
        Console(stderr=True).print(line[:1].upper() + line[1:], markup=False, highlight=False)
