"""Pictures as the bytes of PNG files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmix.errors import BayesmixError
from bayesmix.visible import visible

DOTS_PER_INCH = 150
_MOST_TOLD = 300  # characters of a reason


@dataclass(frozen=True)
class InMemory:
    """PNGs by file name, and in one line why there are no more of them: empty, when all were drawn."""

    files: Mapping[str, bytes]
    failure: str


def drawn_in_memory(drawn: Iterator[tuple[str, Axes | Figure]]) -> InMemory:
    """Draw and close each figure; an error ends the drawing and is told, as a picture is not worth a fit."""
    before = set(plt.get_fignums())
    files: dict[str, bytes] = {}
    try:
        for name, one in drawn:
            files[name] = _as_png(one)
    except Exception as error:
        return InMemory(files, _told(error))
    finally:
        for number in set(plt.get_fignums()) - before:
            plt.close(number)
    return InMemory(files, "")


def _as_png(drawn: Axes | Figure) -> bytes:
    figure = drawn.get_figure(root=True) if isinstance(drawn, Axes) else drawn
    if figure is None:
        raise ValueError("The axes lie in no figure.")
    content = BytesIO()
    figure.savefig(content, format="png", dpi=DOTS_PER_INCH)
    plt.close(figure)
    return content.getvalue()


def _told(error: Exception) -> str:
    text = " ".join(str(error).split())
    reason = text if isinstance(error, BayesmixError) else f"{type(error).__name__}: {text}"
    return visible(reason if len(reason) <= _MOST_TOLD else f"{reason[:_MOST_TOLD]}…")
