"""How pictures are laid out: panels, thin axes, titles with notes, captions, common labels and legends."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from bayesmix.report.pictures.plot_canvas import Canvas, Picture, follow_size, new_figure
from bayesmix.report.pictures.plot_look import Look, look
from bayesmix.report.pictures.plot_text import LABEL_WIDTH, literal, wrapped
from bayesmix.report.pictures.plot_ticks import whole_numbers

Handle = Line2D | Patch

_POINTS = 72  # an inch
_LINE = 1.25  # of the size of letters: from one line to the next
_KEYS = 1.8  # of the size of letters: a legend in one line
_PAD = 0.06  # inches
_LEAST_WIDTH = 4.6  # inches of a figure with a legend and a caption


def dress(ax: Axes) -> Axes:
    """Thin spines on two sides, small ticks, text in one ink."""
    style = look()
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_linewidth(0.6)
        spine.set_color(style.grey)
    ax.tick_params(labelsize=style.small, width=0.6, length=2.5, color=style.grey, labelcolor=style.ink)
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set_fontsize(style.text)
        label.set_color(style.ink)
    whole_numbers(ax)
    return ax


def label_axes(ax: Axes, x: str, y: str) -> None:
    """Write what the axes show; an empty text leaves one without."""
    style = look()
    ax.set_xlabel(literal(x, inches=LABEL_WIDTH), fontsize=style.text, color=style.ink)
    ax.set_ylabel(literal(y, inches=LABEL_WIDTH), fontsize=style.text, color=style.ink)


def panel_title(ax: Axes, title: str, *, inches: float, above: float = 0.0) -> None:
    """Write the title of one panel among several, on the left, in `inches`, with points `above` a line below it."""
    style = look()
    pad = 6.0 + above
    ax.set_title(literal(title, inches=inches), loc="left", fontsize=style.title, color=style.ink, pad=pad)


def legend(ax: Axes, handles: Sequence[Artist] | None = None, **settings: Any) -> None:
    """A legend in the panel, without a frame."""
    style = look()
    given: dict[str, Any] = {} if handles is None else {"handles": list(handles)}
    ax.legend(**given, fontsize=style.small, frameon=False, labelcolor=style.ink, **settings)


def legend_above(ax: Axes) -> None:
    """A legend in one line above the panel, where nothing is drawn; `head` leaves room for it."""
    n_labels = len(ax.get_legend_handles_labels()[1])
    legend(ax, loc="lower left", bbox_to_anchor=(0, 1), ncols=n_labels, borderaxespad=0, borderpad=0.2)


def one_axes(canvas: Canvas, *, width: float = 5.2, height: float = 4.0) -> Axes:
    """The given axes, or those of a new figure of about `width` x `height` inches."""
    ax = canvas.ax
    if ax is None:
        ax = new_figure(canvas.size(width, height)).subplots()
    return dress(ax)


def head(ax: Axes, canvas: Canvas, title: str, note: str, *, keys: bool = False) -> None:
    """A title and below it, where captions are wanted, a note that says what is drawn, both above the axes.

    `keys`: whether a legend in one line stands between note and panel, as `legend_above` puts it there.
    """
    style, above = look(), "" if not canvas.caption else note
    pad = 6.0 + (_KEYS * style.small if keys else 0.0)
    written: list[Artist] = []

    def place() -> None:
        width = ax.get_position().width * ax.get_figure(root=True).get_figwidth()  # type: ignore[union-attr]
        for text in written:
            text.remove()
        written.clear()
        shown = literal(title, inches=0.95 * width)
        if not above:
            ax.set_title(shown, loc="left", fontsize=style.title, color=style.ink, pad=pad)
            return
        lines = wrapped(above, width)
        ax.set_title(lines, loc="left", fontsize=style.small, color=style.grey, pad=pad)
        height = (lines.count("\n") + 1) * style.small * _LINE
        written.append(
            ax.annotate(
                shown,
                (0, 1),
                xycoords="axes fraction",
                xytext=(0, 2 + pad + height),
                textcoords="offset points",
                fontsize=style.title,
                color=style.ink,
                va="bottom",
            )
        )

    follow_size(ax.get_figure(root=True), place)


def frame(
    figure: Figure,
    canvas: Canvas,
    *,
    text: str,
    x_label: str = "",
    y_label: str = "",
    handles: Sequence[Handle] = (),
) -> None:
    """Write caption, common axis labels and legend along the edges, and keep the panels clear of them.

    Parameters
    ----------
    figure
        A figure with constrained layout; given axes have neither caption nor common labels, their figure is the user's.
    text
        The caption; wrapped.
    x_label, y_label
        Labels that all panels share; empty: none.
    handles
        What the legend above the panels explains; none: no legend.
    """
    if canvas.ax is not None:
        label_axes(canvas.ax, x_label or canvas.ax.get_xlabel(), y_label or canvas.ax.get_ylabel())
        if handles:
            legend(canvas.ax, handles)
        return
    style = look()
    written: list[Artist] = []

    def place() -> None:
        for artist in written:
            artist.remove()
        written.clear()
        width, height = figure.get_size_inches()
        top = _legend_above(figure, handles, style, written)
        bottom = _caption_below(figure, text if canvas.caption else "", style, written)
        line = style.text * _LINE / _POINTS + _PAD
        left = line if y_label else 0.0
        if x_label:
            middle = (left + (width - left) / 2) / width
            written.append(_edge_text(figure, middle, (bottom + _PAD) / height, x_label, style, ha="center"))
            bottom += line
        if y_label:
            middle = (bottom + (height - bottom - top) / 2) / height
            written.append(_edge_text(figure, _PAD / width, middle, y_label, style, rotation=90, va="center"))
        engine = figure.get_layout_engine()
        if isinstance(engine, ConstrainedLayoutEngine):
            free = (left / width, bottom / height, 1 - left / width, 1 - (bottom + top) / height)
            engine.set(rect=free, w_pad=0.04, h_pad=0.04)

    follow_size(figure, place)


def _edge_text(figure: Figure, x: float, y: float, text: str, style: Look, **settings: object) -> Artist:
    shown = literal(text, inches=LABEL_WIDTH)
    return figure.text(x, y, shown, fontsize=style.text, color=style.ink, **settings)  # type: ignore[arg-type]


def _caption_below(figure: Figure, text: str, style: Look, written: list[Artist]) -> float:
    """The caption at the foot; gives the inches that it takes."""
    if not text:
        return 0.0
    width, height = figure.get_size_inches()
    lines = wrapped(text, width - 0.2)
    shown = figure.text(0.1 / width, _PAD / height, lines, fontsize=style.small, color=style.grey, va="bottom")
    written.append(shown)
    return float(shown.get_window_extent().height / figure.dpi) + _PAD


def _legend_above(figure: Figure, handles: Sequence[Handle], style: Look, written: list[Artist]) -> float:
    """One legend above all panels in as many columns as have room; gives the inches that it takes."""
    if not handles:
        return 0.0
    for n_columns in range(len(handles), 0, -1):
        made = _legend(figure, handles, style, n_columns)
        box = made.get_window_extent()
        if box.width <= figure.bbox.width or n_columns == 1:
            written.append(made)
            return float(box.height / figure.dpi) + _PAD
        made.remove()
    return 0.0


def _legend(figure: Figure, handles: Sequence[Handle], style: Look, n_columns: int) -> Legend:
    return figure.legend(
        handles=list(handles),
        loc="upper center",
        ncols=n_columns,
        fontsize=style.small,
        frameon=False,
        labelcolor=style.ink,
        borderaxespad=0.2,
    )


def panels(
    canvas: Canvas,
    n_panels: int,
    *,
    n_columns: int,
    width: float,
    height: float,
    margin: float = 0.9,
    share_x: bool = False,
    share_y: bool = False,
    how: str = "choose one",
) -> tuple[Figure, NDArray[np.object_]]:
    """A figure of `n_panels` axes of about `width` x `height` inches in rows of `n_columns`; unused places are blank.

    Parameters
    ----------
    margin
        Inches added to the height for caption, labels and legend.
    share_x, share_y
        Common axes, labelled on the outer panels only.
    how
        Of a picture with several panels: what chooses one of them for given axes.

    Raises
    ------
    ArgumentError
        Axes were given, and there are several panels.
    """
    given = canvas.one_of(n_panels, how)
    if given is not None:
        return given.get_figure(root=True), np.array([dress(given)], dtype=object)  # type: ignore[return-value]
    n_columns = min(n_columns, n_panels)
    n_rows = -(-n_panels // n_columns)
    wished = max(_LEAST_WIDTH, n_columns * width + 0.3), n_rows * height + margin
    figure: Picture = new_figure(canvas.size(*wished, panels=n_panels))
    axes = figure.subplots(n_rows, n_columns, sharex=share_x, sharey=share_y, squeeze=False).ravel()
    for ax in axes[n_panels:]:
        ax.set_visible(False)
    if share_x:
        lowest = max(0, n_panels - n_columns)
        for above in axes[:lowest]:
            above.tick_params(labelbottom=False)
        for below in axes[lowest:n_panels]:
            below.tick_params(labelbottom=True)
    for ax in axes[:n_panels]:
        dress(ax)
    return figure, axes[:n_panels]
