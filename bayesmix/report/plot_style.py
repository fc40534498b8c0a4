"""How the pictures look: colours that colour-blind readers can tell apart, sizes, thin axes, captions.

Everything is set on the artists themselves; matplotlib's global settings stay as they are.
"""

from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray

from bayesmix.report.plot_text import CHARACTERS_PER_INCH, LABEL_WIDTH, literal

INK, GREY, LIGHT = "#333333", "#7A7A7A", "#D9D9D9"
BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"  # Okabe & Ito
CYCLE = (BLUE, VERMILION, GREEN, PURPLE, "#56B4E9", "#E69F00", INK)

TITLE_SIZE, TEXT_SIZE, SMALL_SIZE = 10, 9, 8
POINT_SIZE = 12.0

_LINE_HEIGHT = 0.16  # inches
_LABEL_HEIGHT = 0.22


def dress(ax: Axes) -> Axes:
    """Thin spines on two sides, small ticks, text in one ink."""
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_linewidth(0.6)
        spine.set_color(GREY)
    ax.tick_params(labelsize=SMALL_SIZE, width=0.6, length=2.5, color=GREY, labelcolor=INK)
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set_fontsize(TEXT_SIZE)
        label.set_color(INK)
    return ax


def label_axes(ax: Axes, x: str, y: str) -> None:
    """Write what the axes show; an empty text leaves one without."""
    ax.set_xlabel(literal(x, inches=LABEL_WIDTH), fontsize=TEXT_SIZE, color=INK)
    ax.set_ylabel(literal(y, inches=LABEL_WIDTH), fontsize=TEXT_SIZE, color=INK)


def one_axes(ax: Axes | None, *, width: float = 5.2, height: float = 4.0) -> Axes:
    """`ax`, or the axes of a new figure of `width` x `height` inches."""
    if ax is None:
        _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    return dress(ax)


def head(ax: Axes, title: str, note: str) -> None:
    """A title and below it a note that says what is drawn, both above the axes."""
    position = ax.get_position()
    width = position.width * ax.get_figure(root=True).get_figwidth()  # type: ignore[union-attr]
    wrapped = fill(literal(note), max(30, int(width * CHARACTERS_PER_INCH)))
    ax.set_title(wrapped, loc="left", fontsize=SMALL_SIZE, color=GREY)
    lines = wrapped.count("\n") + 1
    ax.annotate(
        literal(title, inches=0.95 * width),
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 8 + lines * SMALL_SIZE * 1.25),
        textcoords="offset points",
        fontsize=TITLE_SIZE,
        color=INK,
        va="bottom",
    )


def caption(figure: Figure, text: str) -> str:
    """`text` in lines as wide as the figure."""
    return fill(literal(text), int((figure.get_figwidth() - 0.2) * CHARACTERS_PER_INCH))


def frame(figure: Figure, *, text: str, x_label: str = "", y_label: str = "", top: float = 0.0) -> None:
    """Write caption and common axis labels along the edges, and keep the panels clear of them.

    Parameters
    ----------
    figure
        A figure with constrained layout.
    text
        The caption; wrapped.
    x_label, y_label
        Labels that all panels share; empty: none.
    top
        Inches kept free above the panels, for a legend.
    """
    width, height = figure.get_size_inches()
    wrapped = caption(figure, text)
    below = _LINE_HEIGHT * (wrapped.count("\n") + 1) + 0.08
    bottom = below + (_LABEL_HEIGHT if x_label else 0.0)
    left = 0.28 if y_label else 0.0
    figure.text(0.1 / width, 0.06 / height, wrapped, fontsize=SMALL_SIZE, color=GREY, va="bottom")
    middle_x = (left + (width - left) / 2) / width
    middle_y = (bottom + (height - bottom - top) / 2) / height
    if x_label:
        figure.text(
            middle_x,
            (below + 0.04) / height,
            literal(x_label, inches=LABEL_WIDTH),
            fontsize=TEXT_SIZE,
            color=INK,
            ha="center",
        )
    if y_label:
        shown = literal(y_label, inches=LABEL_WIDTH)
        figure.text(0.08 / width, middle_y, shown, fontsize=TEXT_SIZE, color=INK, rotation=90, va="center")
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        rest = (left / width, bottom / height, 1 - left / width, 1 - (bottom + top) / height)
        engine.set(rect=rest, w_pad=0.04, h_pad=0.04)


def panels(
    n_panels: int,
    *,
    n_columns: int,
    width: float,
    height: float,
    margin: float = 0.9,
    share: bool = False,
) -> tuple[Figure, NDArray[np.object_]]:
    """A figure of `n_panels` axes of `width` x `height` inches in rows of `n_columns`; unused places are blank.

    Parameters
    ----------
    margin
        Inches added to the height for caption, labels and legend.
    share
        Common axes, labelled on the outer panels only.
    """
    n_columns = min(n_columns, n_panels)
    n_rows = -(-n_panels // n_columns)
    figure, grid = plt.subplots(
        n_rows,
        n_columns,
        figsize=(n_columns * width + 0.3, n_rows * height + margin),
        sharex=share,
        sharey=share,
        squeeze=False,
        layout="constrained",
    )
    axes = grid.ravel()
    for ax in axes[n_panels:]:
        ax.set_visible(False)
    if share:
        for above in axes[:n_panels][: max(0, n_panels - n_columns)]:
            above.tick_params(labelbottom=False)
        for lowest in axes[max(0, n_panels - n_columns) : n_panels]:
            lowest.tick_params(labelbottom=True)
    for ax in axes[:n_panels]:
        dress(ax)
    return figure, axes[:n_panels]
