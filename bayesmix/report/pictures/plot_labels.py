"""Names beside points, placed so that none lies on another."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from scipy.optimize import isotonic_regression

from bayesmix.arrays import Floats
from bayesmix.report.pictures.plot_look import literal, look
from bayesmix.report.pictures.plot_style import write_beside

_WIDTH, _HEIGHT = 0.60, 1.15  # of a letter and a line, in font sizes
_MOST = 1.5  # inches of a name
_AWAY = 3.5  # points between a point and its name


def spread_apart(places: Floats, gap: float) -> Floats:
    """The places nearest to `places`, by least squares, that keep their order and a distance of `gap`."""
    order = np.argsort(places, kind="stable")
    steps = gap * np.arange(len(places))
    moved = np.empty(len(places))
    moved[order] = isotonic_regression(places[order] - steps).x + steps
    return moved


def label_points(ax: Axes, *, names: Sequence[str], points: Floats, others: Floats, most: int) -> list[str]:
    """Write up to `most` names, each beside its point where there is room for it, and return those written.

    The limits of `ax` are final. The most important of the `names` come first; their `points` (n, 2), and the `others`
    (m, 2) that names must not cover, are in data units.
    """
    figure = ax.get_figure(root=True)
    if not isinstance(figure, Figure):
        return []
    figure.draw_without_rendering()  # constrained layout settles where the axes are
    style, pixel = look(), figure.dpi / 72
    at = ax.transData.transform(points)
    taken = [
        Bbox.from_bounds(x - 3 * pixel, y - 3 * pixel, 6 * pixel, 6 * pixel) for x, y in ax.transData.transform(others)
    ]
    inside = ax.get_window_extent()
    written: list[str] = []
    for name, (x, y), point in zip(names, at, points, strict=True):
        shown = literal(name, inches=_MOST)
        if len(written) == most:
            break
        width, height = (_WIDTH * len(shown) * style.tiny * pixel, _HEIGHT * style.tiny * pixel)
        for side, up in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)):
            offset = np.array([side, up]) * _AWAY * pixel
            left = x + offset[0] - (1 - side) / 2 * width
            bottom = y + offset[1] - (1 - up) / 2 * height
            box = Bbox.from_bounds(left, bottom, width, height)
            free = inside.x0 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0 and box.y1 <= inside.y1
            if free and not any(box.overlaps(other) for other in taken):
                align = {
                    "ha": {1: "left", 0: "center", -1: "right"}[side],
                    "va": {1: "bottom", 0: "center", -1: "top"}[up],
                }
                write_beside(ax, shown, point, (side * _AWAY, up * _AWAY), style.tiny, style.ink, **align)
                taken.append(box.padded(2 * pixel))
                written.append(name)
                break
    return written
