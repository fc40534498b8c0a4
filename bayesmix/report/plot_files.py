"""A picture into a file."""

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

DOTS_PER_INCH = 150


def write_figure(drawn: Axes | Figure, path: Path) -> None:
    """Write the figure that `drawn` is, or lies in, as PNG and close it."""
    figure = drawn.get_figure(root=True) if isinstance(drawn, Axes) else drawn
    if figure is None:
        raise ValueError(f"The axes for {path.name} lie in no figure.")
    try:
        figure.savefig(path, dpi=DOTS_PER_INCH)
    finally:
        plt.close(figure)
