"""Where a picture is drawn: axes that are given, or a figure that keeps its order when its size changes.

A picture is a figure of pyplot like any other, so that `plt.show()` shows it and a notebook draws it at the end of its
cell. A notebook that draws a figure as the value of its cell too would show it twice: the picture then leaves pyplot.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmix.errors import ArgumentError
from bayesmix.report.pictures.plot_look import look

_FLUSHES = ("inline",)  # names of backends that draw all figures of pyplot at the end of a cell


class Picture(Figure):
    """A figure whose captions, common labels and legend are placed anew when its size changes."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._placings: list[Callable[[], None]] = []

    def follow_size(self, place: Callable[[], None]) -> None:
        """Call `place` now, and whenever the figure gets another size."""
        self._placings.append(place)
        place()

    def set_size_inches(self, w: Any, h: float | None = None, forward: bool = True) -> None:
        """Set the size as any figure's, in inches.

        Matplotlib sets the same size again whenever the dots an inch change, also while an extent is measured.
        """
        before = tuple(self.get_size_inches())
        super().set_size_inches(w, h, forward=forward)
        if tuple(self.get_size_inches()) != before:
            for place in self._placings:
                place()

    def __getstate__(self) -> dict[str, Any]:
        """A stored picture stays as it was placed last."""
        state: dict[str, Any] = dict(super().__getstate__())  # type: ignore[call-overload]
        return state | {"_placings": []}

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """What a notebook asks of a value that it is about to show: nothing is added to what it does with figures."""
        if any(name in mpl.get_backend() for name in _FLUSHES):
            plt.close(self)
        return {}


@dataclass(frozen=True)
class Canvas:
    """Given axes (None: a new figure), the size of a new one in inches (None: by content), and captions or not."""

    ax: Axes | None = None
    figsize: tuple[float, float] | None = None
    caption: bool = True

    def size(self, width: float, height: float, *, panels: int = 1) -> tuple[float, float]:
        """The size of a new figure whose content would take `width` x `height` inches.

        The size that was asked for; else matplotlib's setting where the user changed it, of several panels its width
        alone, as their number decides the height; with larger letters that grows.
        """
        if self.figsize is not None:
            return self.figsize
        usual, own = mpl.rcParamsDefault["figure.figsize"], mpl.rcParams["figure.figsize"]
        if panels > 1:
            height *= look().scale
        if list(own) == list(usual):
            return width, height
        return float(own[0]), float(own[1]) if panels == 1 else height

    def one_of(self, n_panels: int, how: str) -> Axes | None:
        """The given axes, where the picture has a single panel.

        Raises
        ------
        ArgumentError
            Axes were given to a picture of several panels; `how` says how to choose one.
        """
        if self.ax is not None and n_panels != 1:
            raise ArgumentError(f"ax takes one panel, and the picture has {n_panels}; {how}, or leave ax out.")
        return self.ax


def new_figure(size: tuple[float, float]) -> Picture:
    """An empty picture of `size` inches, with constrained layout."""
    return cast(Picture, plt.figure(figsize=size, layout="constrained", FigureClass=Picture))


def follow_size(figure: Any, place: Callable[[], None]) -> None:
    """Call `place` now, and of a picture of ours whenever its size changes; other figures are their owner's."""
    if isinstance(figure, Picture):
        figure.follow_size(place)
    else:
        place()
