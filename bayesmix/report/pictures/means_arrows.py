"""Comparison arrows of means: two that overlap are not told apart.

Means are on the scale that is shown. Of two the lower one has an arrow up of length r, the higher one an arrow down of
length l. They overlap if r + l reaches over the difference d, and should do so exactly where d is below w, the least
difference that would be told from 0. Least squares brings all r + l near to w; where some pair then says what its test
does not, the lengths are moved as little as possible until every pair agrees, or as nearly as there are such lengths.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog, nnls
from scipy.sparse import csr_array, eye_array, hstack, vstack

from bayesmix.arrays import Flags, Floats, Positions
from bayesmix.errors import ArgumentError, listing
from bayesmix.inference.means.contrast_rows import groups_by
from bayesmix.inference.means.contrasts import contrasts
from bayesmix.inference.means.families import functions_of
from bayesmix.inference.means.letters import level_of_tests, told_apart
from bayesmix.inference.means.table import MeansTable

_MOST_MEANS = 100
_SYMMETRY = 0.05  # weight of equal lengths up and down, beside 1 of a pair
_NEAR = 0.1  # the weight of a pair falls to a quarter where its difference is this share of w away from w
_CLEAR = 0.01  # of the range of the means: by so much arrows overlap or miss each other, where there is room
_LEAST = 1e-7
_DEAR = 1e3  # of a pair that does not agree, beside 1 of a longer or shorter arrow


@dataclass(frozen=True)
class Arrows:
    """Arrows of m means: their `lower` and `upper` ends (m,), nan where a mean needs none.

    `misleading` names the pairs whose arrows overlap though the means are told apart, or the other way round. `rule`
    says what told apart means.
    """

    lower: Floats
    upper: Floats
    misleading: tuple[str, ...]
    rule: str


@dataclass(frozen=True)
class _Pairs:
    """Pairs of means, each (K,): positions of the `low` and the `high` one, `distance`, `least` (w), `differ`."""

    low: Positions
    high: Positions
    distance: Floats
    least: Floats
    differ: Flags


def comparison_arrows(means: MeansTable, centre: Floats, *, alpha: float, adjust: str | None) -> Arrows:
    """The arrows of means whose values `centre` (m,) are drawn, within each of their families.

    Raises
    ------
    ArgumentError
        A family has more than 100 means; `adjust` is not known.
    """
    linear, alpha = functions_of(means, question="plot_means"), level_of_tests(alpha)
    families = [group[np.isfinite(centre[group])] for group in groups_by(linear.labels, linear.by)]
    largest = max(map(len, families))
    if largest > _MOST_MEANS:
        raise ArgumentError(
            f"Arrows compare {largest} means, and {_MOST_MEANS} are the most; split them by=, or see contrasts."
        )
    tested = contrasts(means, "pairwise", adjust=adjust, type="link", prob=1 - alpha)
    differ, rule = told_apart(tested, alpha)
    names = tested["contrast"].to_list()
    link = np.abs(tested["estimate"].to_numpy(dtype=float))
    ends = tested[["lower", "upper"]].to_numpy(dtype=float)
    nearest = np.where(tested["estimate"] > 0, ends[:, 0], -ends[:, 1])  # the end of the interval towards 0
    least = np.maximum(link - nearest, 0.0)
    lower, upper = np.full(len(centre), np.nan), np.full(len(centre), np.nan)
    misleading: list[str] = []
    first = 0
    for whole, family in zip(groups_by(linear.labels, linear.by), families, strict=True):
        i, j = np.triu_indices(len(whole), 1)
        of_family = np.arange(first, first + len(i))
        first += len(i)
        known = np.isin(whole[i], family) & np.isin(whole[j], family)
        i, j, of_family = whole[i][known], whole[j][known], of_family[known]
        pairs = _pairs(centre, i, j, link[of_family], least[of_family], differ[of_family])
        if not len(i):
            continue
        up, down = _lengths(pairs, len(centre))
        below, above = family[centre[family] > centre[family].min()], family[centre[family] < centre[family].max()]
        lower[below], upper[above] = centre[below] - down[below], centre[above] + up[above]
        wrong = _disagree(pairs, up, down)
        misleading += [names[place] for place in of_family[wrong]]
    return Arrows(lower, upper, tuple(misleading), rule)


def _pairs(centre: Floats, i: Positions, j: Positions, link: Floats, least: Floats, differ: Flags) -> _Pairs:
    """The pairs on the scale that is shown, to which `link` and `least` are brought by the slope between the means."""
    distance = np.abs(centre[i] - centre[j])
    slope = np.divide(distance, link, out=np.full(len(link), np.nan), where=link > 0)
    usual = np.nanmedian(slope) if np.isfinite(slope).any() else 1.0
    is_low = centre[i] <= centre[j]
    return _Pairs(
        low=np.where(is_low, i, j),
        high=np.where(is_low, j, i),
        distance=distance,
        least=least * np.where(np.isfinite(slope), slope, usual),
        differ=differ,
    )


def _lengths(pairs: _Pairs, m: int) -> tuple[Floats, Floats]:
    """Lengths of the arrows upwards and downwards, (m,) each."""
    matrix = _sums(pairs, m)
    near = np.abs(pairs.distance / np.where(pairs.least > 0, pairs.least, 1.0) - 1)
    weight = 1 / (1 + near / _NEAR)
    equal = _SYMMETRY * np.hstack([np.eye(m), -np.eye(m)])
    rows = np.vstack([weight[:, None] * matrix.toarray(), equal])
    lengths: Floats = nnls(rows, np.concatenate([weight * pairs.least, np.zeros(m)]))[0]
    if _disagree(pairs, lengths[:m], lengths[m:]).any():
        lengths = _moved(pairs, matrix, lengths)
    return lengths[:m], lengths[m:]


def _sums(pairs: _Pairs, m: int) -> csr_array:
    """The matrix (K, 2 m) whose product with all lengths, up and down, is r + l of each pair."""
    k = len(pairs.low)
    columns = np.concatenate([pairs.low, m + pairs.high])
    return csr_array((np.ones(2 * k), (np.tile(np.arange(k), 2), columns)), shape=(k, 2 * m))


def _disagree(pairs: _Pairs, up: Floats, down: Floats) -> Flags:
    """Whether the arrows of each pair say what its test does not."""
    overlap: Flags = up[pairs.low] + down[pairs.high] >= pairs.distance
    return overlap == pairs.differ


def _moved(pairs: _Pairs, matrix: csr_array, start: Floats) -> Floats:
    """The lengths nearest to `start`, in the sum of changes, with which all pairs agree, or as nearly as can be."""
    n, k = len(start), len(pairs.low)
    span = float(np.ptp(pairs.distance)) or float(pairs.distance.max()) or 1.0
    room = np.clip(np.abs(pairs.distance - pairs.least) / 2, _LEAST * span, _CLEAR * span)
    sign = np.where(pairs.differ, 1.0, -1.0)
    # Of lengths x, changes u and misses s: sign (r + l) - s <= sign d - room, x - u <= start, -x - u <= -start.
    none = csr_array((n, k))
    one = eye_array(n, format="csr")
    constraints = vstack(
        [
            hstack([matrix * sign[:, None], csr_array((k, n)), -eye_array(k, format="csr")]),
            hstack([one, -one, none]),
            hstack([-one, -one, none]),
        ]
    )
    bounds = np.concatenate([sign * pairs.distance - room, start, -start])
    costs = np.concatenate([np.zeros(n), np.ones(n), np.full(k, _DEAR)])
    found = linprog(costs, A_ub=constraints, b_ub=bounds)
    return start if found.x is None else found.x[:n]


def about_arrows(arrows: Sequence[Arrows], *, within: Sequence[str]) -> str:
    """What a caption says of arrows."""
    text = f" Arrows that overlap: means that are not told apart ({arrows[0].rule})"
    text += f", within {' and '.join(within)}." if within else "."
    misleading = [pair for one in arrows for pair in one.misleading]
    if misleading:
        text += f" No arrows say so of every pair; these mislead, see contrasts: {listing(misleading, at_most=3)}."
    return text
