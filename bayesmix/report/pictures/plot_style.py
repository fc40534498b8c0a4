"""How pictures are laid out: panels, thin axes, titles with notes, captions, common labels and legends."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Annotation
from numpy.typing import NDArray

from bayesmix.report.pictures.plot_canvas import Canvas, Picture, follow_size, new_figure
from bayesmix.report.pictures.plot_look import LABEL_WIDTH, Look, literal, look, shortened, wrapped
from bayesmix.report.pictures.plot_ticks import whole_numbers

Handle = Line2D | Patch

_POINTS = 72  # an inch
_LINE = 1.25  # of the size of letters: from one line to the next
_KEYS = 1.8  # of the size of letters: a legend in one line
_PAD = 0.06  # inches
_LEGEND = 0.96  # of the width of a figure: letters are wider at other resolutions
_TITLE_LINES = 1.9  # that a title may fill
_LEAST_WIDTH = 4.6  # inches of a figure with a legend and a caption


def dress(ax: Axes) -> Axes:
    """Give axes thin spines on two sides, small ticks, and texts in one ink."""
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
    """Label the axes; an empty text is no label."""
    style = look()
    ax.set_xlabel(literal(x, inches=LABEL_WIDTH), fontsize=style.text, color=style.ink)
    ax.set_ylabel(literal(y, inches=LABEL_WIDTH), fontsize=style.text, color=style.ink)


def panel_title(ax: Axes, title: str, *, inches: float, above: float = 0.0) -> None:
    """Write the title of one panel among several, at most `inches` long and `above` points higher than usual."""
    style, pad = look(), 6.0 + above
    ax.set_title(literal(title, inches=inches), loc="left", fontsize=style.title, color=style.ink, pad=pad)


def hide_heights(ax: Axes) -> None:
    """Leave out the vertical axis, where heights such as those of densities have no meaning of their own."""
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)


def write_beside(
    ax: Axes, text: str, place: tuple[float, float], offset: tuple[float, float], size: float, colour: str, **more: Any
) -> Annotation:
    """Write `text` at an `offset` in points from a `place`, by default one in the units of the data."""
    settings = {"textcoords": "offset points", "fontsize": size, "color": colour, **more}
    return ax.annotate(text, place, xytext=offset, **settings)


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
    """Write a title above the axes and below it, where captions are wanted, a note that says what is drawn.

    With `keys` there is room for a legend in one line between note and panel, where `legend_above` puts it.
    """
    style = look()
    pad = 6.0 + (_KEYS * style.small if keys else 0.0)

    def place() -> list[Artist]:
        width = ax.get_position().width * ax.get_figure(root=True).get_figwidth()  # type: ignore[union-attr]
        room = width * style.small / style.title  # as many letters of a title as of small text have this room
        shown = wrapped(shortened(title, _TITLE_LINES * room), room)
        if not (canvas.caption and note):
            ax.set_title(shown, loc="left", fontsize=style.title, color=style.ink, pad=pad)
            return []
        lines = wrapped(note, width)
        ax.set_title(lines, loc="left", fontsize=style.small, color=style.grey, pad=pad)
        above = 2 + pad + (lines.count("\n") + 1) * style.small * _LINE
        corner = {"xycoords": "axes fraction", "va": "bottom"}
        return [write_beside(ax, shown, (0, 1), (0, above), style.title, style.ink, **corner)]

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
    """Write the caption `text`, common axis labels and a legend along the edges, and keep the panels clear of them.

    The figure has constrained layout. Given axes have no caption, and their labels and legend are their own.
    """
    if canvas.ax is not None:
        label_axes(canvas.ax, x_label or canvas.ax.get_xlabel(), y_label or canvas.ax.get_ylabel())
        if handles:
            legend(canvas.ax, handles)
        return
    style = look()

    def place() -> list[Artist]:
        width, height = figure.get_size_inches()
        written: list[Artist] = _legend_above(figure, handles, style) if handles else []
        top, bottom = _inches_of(figure, written), 0.0
        if text and canvas.caption:
            at, lines = (0.1 / width, _PAD / height), wrapped(text, width - 0.2)
            caption = figure.text(*at, lines, fontsize=style.small, color=style.grey, va="bottom")
            written.append(caption)
            bottom = _inches_of(figure, [caption])
        line = style.text * _LINE / _POINTS + _PAD
        left = line if y_label else 0.0
        look_of_labels: dict[str, Any] = {"fontsize": style.text, "color": style.ink}
        if x_label:
            at = (left + (width - left) / 2) / width, (bottom + _PAD) / height
            label = literal(x_label, inches=LABEL_WIDTH)
            written.append(figure.text(*at, label, ha="center", **look_of_labels))
            bottom += line
        if y_label:
            at = _PAD / width, (bottom + (height - bottom - top) / 2) / height
            label = literal(y_label, inches=LABEL_WIDTH)
            written.append(figure.text(*at, label, rotation=90, va="center", **look_of_labels))
        engine = figure.get_layout_engine()
        if isinstance(engine, ConstrainedLayoutEngine):
            free = (left / width, bottom / height, 1 - left / width, 1 - (bottom + top) / height)
            engine.set(rect=free, w_pad=0.04, h_pad=0.04)
        return written

    follow_size(figure, place)


def _inches_of(figure: Figure, artists: Sequence[Artist]) -> float:
    """The height that texts or a legend take, with the space beside them."""
    return sum(float(artist.get_window_extent().height / figure.dpi) + _PAD for artist in artists)


def _legend_above(figure: Figure, handles: Sequence[Handle], style: Look) -> list[Artist]:
    """One legend above all panels in as many columns as have room."""
    settings = {"fontsize": style.small, "frameon": False, "labelcolor": style.ink, "borderaxespad": 0.2}
    n_columns = len(handles)
    while True:
        shown = figure.legend(handles=list(handles), loc="upper center", ncols=n_columns, **settings)
        if n_columns == 1 or shown.get_window_extent().width <= _LEGEND * figure.bbox.width:
            return [shown]
        shown.remove()
        n_columns -= 1


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
    advice: str = "choose one",
    ratios: Sequence[float] | None = None,
) -> tuple[Figure, NDArray[np.object_]]:
    """A figure of `n_panels` axes of about `width` x `height` inches in rows of `n_columns`; unused places are blank.

    The `margin` is added to the height, for caption, labels and legend. Shared axes are labelled on the outer panels
    alone. Given axes take a single panel, which the user can choose as the `advice` says. Columns are of one width, or
    have the `ratios`.
    """
    given = canvas.given_panel(n_panels, advice)
    if given is not None:
        return given.get_figure(root=True), np.array([dress(given)], dtype=object)  # type: ignore[return-value]
    n_columns = min(n_columns, n_panels)
    n_rows = -(-n_panels // n_columns)
    wished = max(_LEAST_WIDTH, n_columns * width + 0.3), n_rows * height + margin
    figure: Picture = new_figure(canvas.size(*wished, panels=n_panels))
    shared: dict[str, Any] = {"sharex": share_x, "sharey": share_y, "squeeze": False, "width_ratios": ratios}
    axes = figure.subplots(n_rows, n_columns, **shared).ravel()
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
