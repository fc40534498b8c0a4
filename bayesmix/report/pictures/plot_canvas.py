"""Where a picture is drawn: axes that are given, or a figure that keeps its order when its size changes.

A picture is a figure of pyplot like any other, so that `plt.show()` shows it and a notebook draws it at the end of its
cell. A notebook that also draws the value of its cell would show the figure twice, so the picture then leaves pyplot.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmix.errors import ArgumentError
from bayesmix.report.pictures.plot_look import look

_FLUSHES = ("inline",)  # names of backends that draw all figures of pyplot at the end of a cell


class Picture(Figure):
    """A figure that places captions, common labels and its legend again when its size changes."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.placings: list[Callable[[], None]] = []

    def set_size_inches(self, w: Any, h: float | None = None, forward: bool = True) -> None:
        """Set the size in inches, as for any figure.

        Matplotlib sets the same size again whenever the resolution changes, also while it measures an extent.
        """
        before = tuple(self.get_size_inches())
        super().set_size_inches(w, h, forward=forward)
        if tuple(self.get_size_inches()) != before:
            for place in self.placings:
                place()

    def __getstate__(self) -> dict[str, Any]:
        """The state without the placings: a stored picture stays as it was placed last."""
        state: dict[str, Any] = dict(super().__getstate__())  # type: ignore[call-overload]
        return state | {"placings": []}

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """What a notebook shows for the value of a cell: no more than it does with any figure."""
        if any(name in mpl.get_backend() for name in _FLUSHES):
            plt.close(self)
        return {}


@dataclass(frozen=True)
class Canvas:
    """Given axes (None: a new figure), the size of a new figure in inches (None: by content), and whether captions."""

    ax: Axes | None = None
    figsize: tuple[float, float] | None = None
    caption: bool = True

    def size(self, width: float, height: float, *, panels: int = 1) -> tuple[float, float]:
        """The size of a new figure whose content would take `width` x `height` inches.

        This is the size that was asked for, or else matplotlib's setting where the user changed it. The height of
        several panels depends on their number and on the size of letters, not on that setting.
        """
        if self.figsize is not None:
            return self.figsize
        default, setting = mpl.rcParamsDefault["figure.figsize"], mpl.rcParams["figure.figsize"]
        if panels > 1:
            height *= look().scale
        if list(setting) == list(default):
            return width, height
        return float(setting[0]), float(setting[1]) if panels == 1 else height

    def given_panel(self, n_panels: int, advice: str) -> Axes | None:
        """The given axes, which a picture with a single panel takes; `advice` says how to choose a single panel."""
        if self.ax is not None and n_panels != 1:
            raise ArgumentError(f"ax takes one panel, and the picture has {n_panels}; {advice}, or leave ax out.")
        return self.ax


def new_figure(size: tuple[float, float]) -> Picture:
    """An empty picture of `size` inches, with constrained layout."""
    return cast(Picture, plt.figure(figsize=size, layout="constrained", FigureClass=Picture))


def follow_size(figure: Any, place: Callable[[], Sequence[Artist]]) -> None:
    """Call `place` now, and again whenever the size of a picture changes; what it returned before is removed first.

    Figures that are not ours are left to their owner.
    """
    written: list[Artist] = []

    def place_again() -> None:
        for artist in written:
            artist.remove()
        written[:] = place()

    if isinstance(figure, Picture):
        figure.placings.append(place_again)
    place_again()
