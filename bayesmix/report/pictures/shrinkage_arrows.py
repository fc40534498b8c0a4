"""Intercept and slope of each level, from its own line to partial pooling."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse
from scipy.linalg import block_diag
from scipy.stats import chi2

from bayesmix.arrays import Flags, Floats
from bayesmix.errors import ArgumentError
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.inference.pooling.level_lines import LevelLines, coefficient_draws, has_intercept
from bayesmix.inference.shared.arguments import one_term
from bayesmix.inference.shared.draws import correlations, joined, n_draws_of, standard_deviations
from bayesmix.inference.shared.summarise import summarise_in_parts
from bayesmix.modelling.record import Fit
from bayesmix.posterior.layout import column_pairs
from bayesmix.report.pages.units import response_with_unit, unit_of_coefficient, with_unit
from bayesmix.report.pictures.plot_canvas import Canvas
from bayesmix.report.pictures.plot_labels import label_points
from bayesmix.report.pictures.plot_look import BLUE, VERMILION, look
from bayesmix.report.pictures.plot_style import head, label_axes, one_axes

if TYPE_CHECKING:
    from bayesmix.estimates.reml.no_pooling import NoPooling

_SHARES = (0.5, 0.95)
_MOST_LABELS = 24
_MOST_CENTRES = 4
_SAME = 1e-6  # share of the spread of all points within which two centres count as one
_ROOM = 0.08  # share of the picture around its points


@dataclass(frozen=True)
class _Paths:
    """Points of the plane: each level's line without pooling, where it is `known`, and its `end` (n_levels, 2).

    Arrows lead from `starts` to `tips` (n_known, 2). The `centres` (n_centres, 2) are the fixed part, more than one
    where it differs between levels.
    """

    starts: Floats
    end: Floats
    known: Flags
    centres: Floats

    @property
    def tips(self) -> Floats:
        return self.end[self.known]

    @property
    def has_few_centres(self) -> bool:
        return len(self.centres) <= _MOST_CENTRES


def draw_arrows(fit: Fit | RemlFit, lines: LevelLines, term: str | None, canvas: Canvas) -> Axes:
    """The plane of intercept and slope; arrows end at the posterior mean, or for a REML fit at the BLUP."""
    alone = lines.alone
    slope = _slope_of(alone, term)
    at, at_text = _origin(fit.design, alone, slope)
    plane = np.zeros((2, len(alone.names)))
    plane[0, 0], plane[0, 1:] = 1.0, alone.means[1:]
    plane[0, slope], plane[1, slope] = at, 1.0
    starts, overall, end = alone.coefficients @ plane.T, lines.overall @ plane.T, _pooled(fit, lines) @ plane.T
    known = np.isfinite(starts).all(axis=1)
    paths = _Paths(starts[known], end, known, _distinct(overall, np.concatenate([starts[known], end])))
    colour, mean = (BLUE, "posterior mean") if isinstance(fit, Fit) else (VERMILION, "BLUP")

    ax = one_axes(canvas, width=5.6, height=5.0)
    edges = [paths.starts, paths.end]
    if paths.has_few_centres:
        edges += _draw_centres(ax, paths.centres, plane @ _covariance(fit, alone) @ plane.T)
    _draw_paths(ax, paths, colour)
    low, high = np.concatenate(edges).min(axis=0), np.concatenate(edges).max(axis=0)
    room = np.where(high > low, _ROOM * (high - low), 0.5)
    ax.set(xlim=(low[0] - room[0], high[0] + room[0]), ylim=(low[1] - room[1], high[1] + room[1]))
    name = alone.names[slope]
    slopes = with_unit(f"slope of {name}", unit_of_coefficient(fit.design, name))
    label_axes(ax, f"{response_with_unit(fit.design)} {at_text}", slopes)
    head(ax, canvas, f"{name} by {alone.group}: from no pooling to partial pooling", _caption(paths, mean))
    _label_levels(ax, paths, lines.levels)
    return ax


def _draw_centres(ax: Axes, centres: Floats, covariance: Floats) -> list[Floats]:
    """Draw diamonds and their ellipses; returns the corners of the boxes around these."""
    boxes = [_ellipses(ax, centre, covariance) for centre in centres]
    x, y = centres.T
    ax.scatter(x, y, marker="D", s=34, color=look().ink, linewidths=0, zorder=5, label="overall")
    return boxes


def _draw_paths(ax: Axes, paths: _Paths, colour: str) -> None:
    """Draw an arrow from a circle to a point for each level."""
    style, starts, end = look(), paths.starts, paths.end
    alpha = float(np.clip(60 / len(end), 0.25, 1.0))
    arrow = {"arrowstyle": "-|>,head_width=0.16,head_length=0.32", "color": colour, "linewidth": 0.9}
    for start, tip in zip(starts, paths.tips, strict=True):
        ax.annotate("", tip, start, arrowprops=arrow | {"alpha": alpha, "shrinkA": 0, "shrinkB": 0}, zorder=3)
    circle: dict[str, Any] = {"facecolor": style.ground, "edgecolor": style.grey, "linewidths": 0.9, "zorder": 4}
    ax.scatter(starts[:, 0], starts[:, 1], s=13, label="no pooling", **circle)
    ax.scatter(end[:, 0], end[:, 1], s=9, color=colour, alpha=alpha, linewidths=0, zorder=4, label="partial pooling")


def _caption(paths: _Paths, mean: str) -> str:
    note = f"Circle: the level's own line (no pooling). Arrow: to the {mean} (partial pooling)."
    if paths.has_few_centres:
        shares = " and ".join(f"{100 * share:g}\N{NO-BREAK SPACE}%" for share in _SHARES)
        note += f" Diamond: fixed part; ellipses hold {shares} of levels under the fitted distribution."
    unknown = int((~paths.known).sum())
    if unknown:
        note += f" Levels that do not determine their own line, and are at their end alone: {unknown}."
    return note


def _label_levels(ax: Axes, paths: _Paths, levels: Sequence[str]) -> None:
    """Write names beside the circles, those with the longest arrows first."""
    starts, tips = paths.starts, paths.tips
    moved = (tips - starts) / np.std(paths.end, axis=0).clip(min=1e-300)
    order = np.argsort(-np.linalg.norm(moved, axis=1), kind="stable")
    names = [level for level, has in zip(levels, paths.known, strict=True) if has]
    between = [
        start + share * (tip - start) for start, tip in zip(starts, tips, strict=True) for share in np.linspace(0, 1, 8)
    ]
    label_points(
        ax,
        names=[names[i] for i in order],
        points=starts[order],
        others=np.array([*between, *starts, *paths.end, *paths.centres]),
        most=_MOST_LABELS,
    )


def _slope_of(alone: "NoPooling", term: str | None) -> int:
    slopes = alone.names[1:]
    if not (has_intercept(alone) and slopes):
        fault = "only the" if has_intercept(alone) else "no"
        raise ArgumentError(
            f'kind="arrows" shows intercepts and slopes, and {fault} intercept varies by {alone.group!r}; take '
            'kind="lines".'
        )
    return alone.names.index(slopes[0] if term is None else one_term(term, slopes, alone.group))


def _origin(design: Design, alone: "NoPooling", slope: int) -> tuple[float, str]:
    """The value of the slope's column at which the plane has its intercept, and that in words."""
    name = alone.names[slope]
    term = next(term for term in design.random if term.group == alone.group and name in term.names)
    column = term.columns[:, term.names.index(name)]
    if column.min() <= 0 <= column.max():
        return 0.0, f"at {name} = 0"
    return float(alone.means[slope]), f"at the mean of {name}, {alone.means[slope]:.4g}"


def _pooled(fit: Fit | RemlFit, lines: LevelLines) -> Floats:
    """Coefficients (n_levels, k) under partial pooling."""
    if isinstance(fit, RemlFit):
        return lines.pooled
    return summarise_in_parts(
        lambda levels: coefficient_draws(fit, lines.alone, levels),
        shape=lines.pooled.shape,
        n_draws=n_draws_of(fit),
        prob=0.5,
    ).mean


def _covariance(fit: Fit | RemlFit, alone: "NoPooling") -> Floats:
    """Covariance (k, k) of the group's effects: as estimated, or its posterior mean."""
    terms = [(i, term) for i, term in enumerate(fit.design.random) if term.group == alone.group]
    blocks = [_covariance_of_term(fit, i, term) for i, term in terms]
    names = [name for _, term in terms for name in term.names]
    order = [names.index(name) for name in alone.names]
    return block_diag(*blocks)[np.ix_(order, order)]


def _covariance_of_term(fit: Fit | RemlFit, place: int, term: GroupTerm) -> Floats:
    if isinstance(fit, RemlFit):
        return fit.L[place] @ fit.L[place].T
    sds = joined(standard_deviations(fit, term))
    block = np.diag(np.mean(sds**2, axis=1))
    draws_by_pair = joined(correlations(fit, term)) if term.k > 1 else ()
    for pair, draws in zip(column_pairs(term), draws_by_pair, strict=True):
        i, j = map(term.names.index, pair)
        block[i, j] = block[j, i] = np.mean(sds[i] * sds[j] * draws)
    return block


def _distinct(overall: Floats, points: Floats) -> Floats:
    """The rows of `overall` (n_levels, 2) that differ, compared with the spread of the picture's `points`."""
    spread = np.ptp(points, axis=0)
    places = (overall - overall.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return overall[np.sort(np.unique((places / _SAME).round(), axis=0, return_index=True)[1])]


def _ellipses(ax: Axes, centre: Floats, covariance: Floats) -> Floats:
    """Draw the ellipses about a centre; returns the corners of the box around the largest, (2, 2)."""
    values, vectors = np.linalg.eigh(covariance)
    angle = float(np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])))
    for share in _SHARES:
        height, width = 2 * np.sqrt(np.maximum(values, 0) * chi2.ppf(share, 2))
        outline = {"fill": False, "edgecolor": look().light, "linewidth": 1.1, "zorder": 1}
        ax.add_patch(Ellipse((float(centre[0]), float(centre[1])), width, height, angle=angle, **outline))
    half = np.sqrt(chi2.ppf(_SHARES[-1], 2) * np.maximum(np.diag(covariance), 0))
    return np.array([centre - half, centre + half])
