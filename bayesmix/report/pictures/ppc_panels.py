"""The kinds of pictures of a posterior predictive check, each into given axes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter

from bayesmix.arrays import Flags, Floats
from bayesmix.inference.prediction.posterior_predict import Replicated
from bayesmix.numerics.predictive_statistics import STATISTICS, exceedance, rootogram
from bayesmix.report.pictures.densities import kernel_density, kernel_limits
from bayesmix.report.pictures.plot_canvas import Canvas
from bayesmix.report.pictures.plot_look import BLUE, VERMILION, look
from bayesmix.report.pictures.plot_style import head, label_axes, legend_above
from bayesmix.report.pictures.plot_text import literal

_TAILS = (0.025, 0.975)
_SHOWN = 50  # replicates drawn as lines
_MOST_COUNTS = 40
_TICK = 1.0  # inches of a category's name
_ACROSS = 60  # letters of all categories' names side by side
_PER_BIN, _FEWEST_BINS, _MOST_BINS = 15, 4, 20

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


def density(ax: Axes, canvas: Canvas, found: Replicated, label: str, bounds: tuple[float, float]) -> Axes:
    """Densities of the data and of some replicates by the same rule, reflected at the `bounds` of the response."""
    chosen = found.shown_replicates[:, :: max(1, found.n_draws // _SHOWN)]
    limits = kernel_limits(np.column_stack([chosen, found.shown]), bounds)
    for column in chosen.T:
        ax.plot(*kernel_density(column, limits, bounds), color=BLUE, linewidth=0.6, alpha=0.3, zorder=1)
    ax.plot([], [], color=BLUE, linewidth=1, label="replicates")
    x, y = kernel_density(found.shown[:, 0], limits, bounds)
    ax.plot(x, y, color=VERMILION, linewidth=1.8, zorder=2, label="data")
    ax.set_ylim(bottom=0)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    label_axes(ax, label, "")
    legend_above(ax)
    note = f"Densities of the data and of {chosen.shape[1]} replicates."
    head(ax, canvas, "Posterior predictive check", note, keys=True)
    return ax


def ecdf(ax: Axes, canvas: Canvas, found: Replicated, label: str) -> Axes:
    """Shares of rows up to each value, with the band of the replicates."""
    at = np.unique(np.concatenate([found.shown[:, 0], np.linspace(0, found.shown_replicates.max(), 200)]))
    # A proportion such as 3 / 7 must not fall beside itself.
    shares = _shares(found.shown_replicates, at + 1e-9)
    lower, upper = np.quantile(shares, _TAILS, axis=1)
    ax.fill_between(at, lower, upper, step="post", color=BLUE, alpha=0.25, linewidth=0, zorder=1, label="replicates")
    ax.step(at, _shares(found.shown, at + 1e-9)[:, 0], where="post", color=VERMILION, linewidth=1.6, label="data")
    ax.set_ylim(0, 1.02)
    label_axes(ax, label, "share of rows up to it")
    legend_above(ax)
    note = f"Band: 95 % of {found.n_draws} replicates at each value."
    head(ax, canvas, "Posterior predictive check", note, keys=True)
    return ax


def _shares(values: Floats, at: Floats) -> Floats:
    ordered = np.sort(values, axis=0)
    return np.stack([np.searchsorted(column, at, side="right") for column in ordered.T], axis=1) / len(values)


def rootogram_bars(ax: Axes, canvas: Canvas, found: Replicated, label: str, categories: tuple[str, ...] = ()) -> Axes:
    """How often each count, or category, occurs: bars of the replicates, points of the data, on a square root scale."""
    first, last = (1, len(categories)) if categories else (0, largest_count(found.replicates))
    observed, expected = (counted[first:] for counted in rootogram(found.values, found.replicates, largest=last))
    lower, upper = np.quantile(expected, _TAILS, axis=1)
    counts, width = np.arange(first, last + 1), 0.8
    ax.bar(counts, upper - lower, width, bottom=lower, color=BLUE, alpha=0.3, linewidth=0, zorder=1, label="replicates")
    mean = expected.mean(axis=1)
    ax.hlines(mean, counts - width / 2, counts + width / 2, color=BLUE, linewidth=1.2, zorder=2)
    outside = (observed < lower) | (observed > upper)
    ground = look().ground
    for chosen, filled in ((~outside, False), (outside, True)):
        ax.scatter(
            counts[chosen],
            observed[chosen],
            s=18,
            facecolors=VERMILION if filled else ground,
            edgecolors=VERMILION,
            linewidths=1.2,
            zorder=3,
            label="" if filled else "data",
        )
    ax.set_yscale("function", functions=(lambda y: np.sqrt(np.maximum(y, 0)), np.square))
    ax.set_ylim(0, 1.05 * max(upper.max(), observed.max()))
    _square_ticks(ax)
    if categories:
        _category_ticks(ax, categories)
    else:
        _count_ticks(ax, last, more=bool((found.replicates > last).any() or (found.values > last).any()))
    label_axes(ax, label, "rows")
    legend_above(ax)
    note = (
        f"Bars: 95 % of {found.n_draws} replicates, line: their mean; {int(outside.sum())} of {len(counts)} points "
        "outside (filled). Square root scale."
    )
    head(ax, canvas, "Posterior predictive check" if categories else "Rootogram", note, keys=True)
    return ax


def _category_ticks(ax: Axes, categories: tuple[str, ...]) -> None:
    texts = [literal(text, inches=_TICK) for text in categories]
    turned = sum(len(text) + 2 for text in texts) > _ACROSS
    ax.set_xticks(np.arange(1, len(categories) + 1), texts, rotation=90 if turned else 0)


def largest_count(replicates: Floats) -> int:
    """The count from which all are taken together: above it replicates have less than half a row, or it is the 40th."""
    at_least = np.bincount(replicates.ravel().astype(np.int64))[::-1].cumsum()[::-1] / replicates.shape[1]
    return int(np.clip((at_least >= 0.5).sum() - 1, 1, _MOST_COUNTS))


def calibration(ax: Axes, canvas: Canvas, found: Replicated, label: str, by: Floats) -> Axes:
    """Means of rows that are alike in `by` (n_rows,), the expectation without group effects: of data and replicates.

    Binned by fitted values that know the row's own response through its group, the data would seem too extreme.
    """
    parts = _alike(by)
    x = np.array([by[part].mean() for part in parts])
    of_data = np.array([found.shown[part].mean() for part in parts])
    of_replicates = np.stack([found.shown_replicates[part].mean(axis=0) for part in parts])
    lower, upper = np.quantile(of_replicates, _TAILS, axis=1)
    ax.vlines(x, lower, upper, color=BLUE, alpha=0.35, linewidth=6, zorder=2, label="replicates")
    ax.scatter(x, of_data, s=22, color=VERMILION, linewidths=0, zorder=3, label="data")
    label_axes(ax, f"expected {label}, group effects 0", f"mean {label}")
    legend_above(ax)
    note = f"Rows in {len(parts)} bins by what the fixed part expects; bars: 95 % of {found.n_draws} replicates."
    head(ax, canvas, "Calibration", note, keys=True)
    return ax


def _alike(by: Floats) -> list[Flags]:
    """Rows of each value of `by` where these are few, else bins of about as many rows each."""
    place = np.unique(by.round(12), return_inverse=True)[1]
    if place.max() >= _MOST_BINS:
        n_bins = int(np.clip(len(by) // _PER_BIN, _FEWEST_BINS, _MOST_BINS))
        inner = np.quantile(by, np.linspace(0, 1, n_bins + 1)[1:-1])
        place = np.searchsorted(inner, by, side="right")
    return [place == number for number in np.unique(place)]


def statistic(ax: Axes, canvas: Canvas, found: Replicated, name: str) -> Axes:
    """One number of each replicate as a histogram, with that of the data."""
    of_replicates = STATISTICS[name](found.shown_replicates, found.moments)
    of_data = STATISTICS[name](np.broadcast_to(found.shown, found.replicates.shape), found.moments)
    p = exceedance(of_replicates, of_data)
    ax.hist(of_replicates[np.isfinite(of_replicates)], bins=30, color=BLUE, alpha=0.4, label="replicates")
    ax.axvline(float(of_data.mean()), color=VERMILION, linewidth=1.8, label="data")
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    words, note = _IN_WORDS[name], f"{found.n_draws} replicates; p {p:.3f}: share above the data's."
    label_axes(ax, words, "")
    legend_above(ax)
    head(ax, canvas, f"Posterior predictive check: {words}", note, keys=True)
    return ax


def _square_ticks(ax: Axes) -> None:
    """Round ticks that keep a tenth of the axis apart on the square root scale."""
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
