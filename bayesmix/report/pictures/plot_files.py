"""Pictures as the bytes of PNG, PDF or SVG files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmix.errors import BayesmixError
from bayesmix.visible import visible

DOTS_PER_INCH = 150
_UNDATED = {"png": {}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}
_MOST_TOLD = 300  # characters of a reason


@dataclass(frozen=True)
class InMemory:
    """Pictures by file name, ending included, and in one line why there are no more: empty, when all were drawn."""

    files: Mapping[str, bytes]
    failure: str


def drawn_in_memory(
    drawn: Iterator[tuple[str, Axes | Figure]], *, formats: Sequence[str] = ("png",), dpi: float = DOTS_PER_INCH
) -> InMemory:
    """Draw and close each figure; an error ends the drawing and is told, as a picture is not worth a fit.

    Parameters
    ----------
    drawn
        Figures by name.
    formats
        Some of `result_files.FORMATS`: a file of each.
    dpi
        Dots an inch of PNG files. The same figure gives the same bytes: files have no date.
    """
    before = set(plt.get_fignums())
    files: dict[str, bytes] = {}
    try:
        for name, one in drawn:
            figure = _figure_of(one)
            files |= {f"{name}.{ending}": _as_bytes(figure, ending, dpi) for ending in formats}
            plt.close(figure)
    except Exception as error:
        return InMemory(files, _told(error))
    finally:
        for number in set(plt.get_fignums()) - before:
            plt.close(number)
    return InMemory(files, "")


def _figure_of(drawn: Axes | Figure) -> Figure:
    figure = drawn.get_figure(root=True) if isinstance(drawn, Axes) else drawn
    if figure is None:
        raise ValueError("The axes lie in no figure.")
    return figure


def _as_bytes(figure: Figure, ending: str, dpi: float) -> bytes:
    content = BytesIO()
    figure.savefig(content, format=ending, dpi=dpi, metadata=_UNDATED[ending])
    return content.getvalue()


def _told(error: Exception) -> str:
    text = " ".join(str(error).split())
    reason = text if isinstance(error, BayesmixError) else f"{type(error).__name__}: {text}"
    return visible(reason if len(reason) <= _MOST_TOLD else f"{reason[:_MOST_TOLD]}…")
