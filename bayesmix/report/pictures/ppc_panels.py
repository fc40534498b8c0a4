"""The kinds of pictures of a posterior predictive check, each drawn into given axes."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter

from bayesmix.arrays import Flags, Floats
from bayesmix.inference.prediction.posterior_predict import Replicated
from bayesmix.numerics.predictive_statistics import STATISTICS, exceedance, rootogram
from bayesmix.report.pictures.densities import kernel_density, kernel_limits
from bayesmix.report.pictures.plot_canvas import Canvas
from bayesmix.report.pictures.plot_look import BLUE, VERMILION, literal, look
from bayesmix.report.pictures.plot_style import head, hide_heights, label_axes, legend_above

_TAILS = (0.025, 0.975)
_SHOWN = 50  # replicates drawn as lines
_MOST_COUNTS = 40
_TICK = 1.0  # inches of a category's name
_ACROSS = 60  # letters of all categories' names side by side
_PER_BIN, _FEWEST_BINS, _MOST_BINS = 15, 4, 20
_CHECK = "Posterior predictive check"
_IN_WORDS = {
    "mean": "mean",
    "sd": "standard deviation",
    "min": "smallest value",
    "max": "greatest value",
    "zeros": "share of zeros",
    "zero_percent": "share of rows at 0 %",
    "hundred_percent": "share of rows at 100 %",
    "dispersion": "variance / mean",
    "pearson": "Pearson's chi-square per row",
}


def density(ax: Axes, canvas: Canvas, data: Replicated, label: str, bounds: tuple[float, float]) -> Axes:
    """Densities of the data and of some replicates by the same rule, reflected at the `bounds` of the response."""
    chosen = data.shown_replicates[:, :: max(1, data.n_draws // _SHOWN)]
    limits = kernel_limits(np.column_stack([chosen, data.shown]), bounds)
    for column in chosen.T:
        ax.plot(*kernel_density(column, limits, bounds), color=BLUE, linewidth=0.6, alpha=0.3, zorder=1)
    ax.plot([], [], color=BLUE, linewidth=1, label="replicates")
    x, y = kernel_density(data.shown[:, 0], limits, bounds)
    ax.plot(x, y, color=VERMILION, linewidth=1.8, zorder=2, label="data")
    ax.set_ylim(bottom=0)
    hide_heights(ax)
    return _explained(ax, canvas, label, "", f"Densities of the data and of {chosen.shape[1]} replicates.")


def ecdf(ax: Axes, canvas: Canvas, data: Replicated, label: str) -> Axes:
    """Shares of rows up to each value, with the band of the replicates."""
    at = np.unique(np.concatenate([data.shown[:, 0], np.linspace(0, data.shown_replicates.max(), 200)]))
    # Rounding must not put a proportion such as 3 / 7 above itself.
    shares = _shares(data.shown_replicates, at + 1e-9)
    lower, upper = np.quantile(shares, _TAILS, axis=1)
    ax.fill_between(at, lower, upper, step="post", color=BLUE, alpha=0.25, linewidth=0, zorder=1, label="replicates")
    ax.step(at, _shares(data.shown, at + 1e-9)[:, 0], where="post", color=VERMILION, linewidth=1.6, label="data")
    ax.set_ylim(0, 1.02)
    note = f"Band: 95 % of {data.n_draws} replicates at each value."
    return _explained(ax, canvas, label, "share of rows up to it", note)


def _explained(ax: Axes, canvas: Canvas, x: str, y: str, note: str, title: str = _CHECK) -> Axes:
    """The axes with labels, a legend, a title and a note."""
    label_axes(ax, x, y)
    legend_above(ax)
    head(ax, canvas, title, note, keys=True)
    return ax


def _shares(values: Floats, at: Floats) -> Floats:
    ordered = np.sort(values, axis=0)
    return np.stack([np.searchsorted(column, at, side="right") for column in ordered.T], axis=1) / len(values)


def rootogram_bars(ax: Axes, canvas: Canvas, data: Replicated, label: str, categories: tuple[str, ...] = ()) -> Axes:
    """How often each count or category occurs: bars of the replicates, points of the data, on a square root scale."""
    first, last = (1, len(categories)) if categories else (0, largest_count(data.replicates))
    observed, expected = (counted[first:] for counted in rootogram(data.values, data.replicates, largest=last))
    lower, upper = np.quantile(expected, _TAILS, axis=1)
    counts, width = np.arange(first, last + 1), 0.8
    ax.bar(counts, upper - lower, width, bottom=lower, color=BLUE, alpha=0.3, linewidth=0, zorder=1, label="replicates")
    mean = expected.mean(axis=1)
    ax.hlines(mean, counts - width / 2, counts + width / 2, color=BLUE, linewidth=1.2, zorder=2)
    outside = (observed < lower) | (observed > upper)
    circle: dict[str, Any] = {"s": 18, "edgecolors": VERMILION, "linewidths": 1.2, "zorder": 3}
    for chosen, colour, name in ((~outside, look().ground, "data"), (outside, VERMILION, "")):
        ax.scatter(counts[chosen], observed[chosen], facecolors=colour, label=name, **circle)
    ax.set_yscale("function", functions=(lambda y: np.sqrt(np.maximum(y, 0)), np.square))
    ax.set_ylim(0, 1.05 * max(upper.max(), observed.max()))
    _square_ticks(ax)
    if categories:
        _category_ticks(ax, categories)
    else:
        _count_ticks(ax, last, more=bool((data.replicates > last).any() or (data.values > last).any()))
    note = (
        f"Bars: 95 % of {data.n_draws} replicates, line: their mean; {int(outside.sum())} of {len(counts)} points "
        "outside (filled). Square root scale."
    )
    return _explained(ax, canvas, label, "rows", note, _CHECK if categories else "Rootogram")


def _category_ticks(ax: Axes, categories: tuple[str, ...]) -> None:
    texts = [literal(text, inches=_TICK) for text in categories]
    turned = sum(len(text) + 2 for text in texts) > _ACROSS
    ax.set_xticks(np.arange(1, len(categories) + 1), texts, rotation=90 if turned else 0)


def largest_count(replicates: Floats) -> int:
    """The count from which all are pooled: above it replicates have less than half a row on average; at most 40."""
    at_least = np.bincount(replicates.ravel().astype(np.int64))[::-1].cumsum()[::-1] / replicates.shape[1]
    return int(np.clip((at_least >= 0.5).sum() - 1, 1, _MOST_COUNTS))


def calibration(ax: Axes, canvas: Canvas, data: Replicated, label: str, by: Floats) -> Axes:
    """Means of the data and of replicates over rows that are alike in `by` (n_rows,), which has no group effects.

    Fitted values depend on the row's own response through its group: in bins of these the data would seem too extreme.
    """
    parts = _alike(by)
    x = np.array([by[part].mean() for part in parts])
    of_data = np.array([data.shown[part].mean() for part in parts])
    of_replicates = np.stack([data.shown_replicates[part].mean(axis=0) for part in parts])
    lower, upper = np.quantile(of_replicates, _TAILS, axis=1)
    ax.vlines(x, lower, upper, color=BLUE, alpha=0.35, linewidth=6, zorder=2, label="replicates")
    ax.scatter(x, of_data, s=22, color=VERMILION, linewidths=0, zorder=3, label="data")
    note = f"Rows in {len(parts)} bins by what the fixed part expects; bars: 95 % of {data.n_draws} replicates."
    return _explained(ax, canvas, f"expected {label}, group effects 0", f"mean {label}", note, "Calibration")


def _alike(by: Floats) -> list[Flags]:
    """The rows of each value of `by` where there are few values, otherwise of bins with about equal numbers of rows."""
    place = np.unique(by.round(12), return_inverse=True)[1]
    if place.max() >= _MOST_BINS:
        n_bins = int(np.clip(len(by) // _PER_BIN, _FEWEST_BINS, _MOST_BINS))
        inner = np.quantile(by, np.linspace(0, 1, n_bins + 1)[1:-1])
        place = np.searchsorted(inner, by, side="right")
    return [place == number for number in np.unique(place)]


def statistic(ax: Axes, canvas: Canvas, data: Replicated, name: str) -> Axes:
    """A histogram of one number for each replicate, with that of the data."""
    of_replicates = STATISTICS[name](data.shown_replicates, data.moments)
    of_data = STATISTICS[name](np.broadcast_to(data.shown, data.replicates.shape), data.moments)
    p = exceedance(of_replicates, of_data)
    ax.hist(of_replicates[np.isfinite(of_replicates)], bins=30, color=BLUE, alpha=0.4, label="replicates")
    ax.axvline(float(of_data.mean()), color=VERMILION, linewidth=1.8, label="data")
    hide_heights(ax)
    words, note = _IN_WORDS[name], f"{data.n_draws} replicates; p {p:.3f}: share above the data's."
    return _explained(ax, canvas, words, "", note, f"{_CHECK}: {words}")


def _square_ticks(ax: Axes) -> None:
    """Set round ticks that are a tenth of the axis apart on the square root scale."""
    top, kept = ax.get_ylim()[1], [0.0]
    round_numbers = (step * 10**power for power in range(9) for step in (1, 2, 5))
    for tick in round_numbers:
        if tick <= top and np.sqrt(tick) - np.sqrt(kept[-1]) > 0.1 * np.sqrt(top):
            kept.append(float(tick))
    ax.yaxis.set_major_locator(FixedLocator(kept))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _count_ticks(ax: Axes, largest: int, *, more: bool) -> None:
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10**9) if largest / step <= 12)
    ticks = [tick for tick in range(0, largest + 1, step) if largest - tick >= step / 2 or not more]
    names = [str(tick) for tick in ticks]
    if more:
        ticks, names = [*ticks, largest], [*names, f"{largest}+"]
    ax.set_xticks(ticks, names)
