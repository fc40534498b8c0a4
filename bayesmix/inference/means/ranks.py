"""Which mean is the best, and how sure is that?"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, shown
from bayesmix.hints import with_hints
from bayesmix.inference.means.contrast_rows import groups_by
from bayesmix.inference.means.families import families_of, functions_of, reordered
from bayesmix.inference.means.letters import BEST
from bayesmix.inference.means.linear_functions import Drawn, LinearFunctions, evaluate
from bayesmix.inference.means.table import MeansTable
from bayesmix.inference.shared.arguments import a_count, one_of, probability
from bayesmix.inference.shared.draws import by_chain, joined
from bayesmix.modelling.blocks import stretches

_VALUES_AT_ONCE = 2**22


@with_hints
def ranks(
    means: MeansTable,
    *,
    top: int = 1,
    best: str = "highest",
    by: str | Sequence[str] | None = None,
    prob: float | None = None,
) -> MeansTable:
    """Ranks of the means of a posterior: the probability of being the best and among the `top`, and the expected rank.

    Parameters
    ----------
    means
        A table by `emmeans` or `emtrends` of a fit by `bm.fit`, as it was returned.
    top
        How many are wanted.
    best
        ``"highest"`` or ``"lowest"``: which means have the first ranks.
    by
        Columns within whose values means are ranked; by default those of `means`.
    prob
        Probability of the interval of the rank. By default that of `means`.

    Returns
    -------
    MeansTable
        A row for each mean, within each family sorted by the expected rank: the columns of the means that tell them
        apart, `p_best`, `p_top` (the share of draws in which the rank is at most `top`), `rank` (expected) and `lower`
        and `upper`, the equal-tailed interval of the rank. Rank 1 is the best; means that tie share the average of
        their ranks.

    Raises
    ------
    ArgumentError
        `means` is no table of means of a posterior; `top` exceeds the number of means; an argument is not known.

    Notes
    -----
    Ranks are taken within each draw, so that they allow for the correlations of the means. `p_best` sums to 1 in each
    family, and `p_top` to `top`. The mean that looks best is overrated where means are not shrunk: rank means of a
    model with `(1 | factor)`, whose effects are, if there are many.

    References
    ----------
    Laird & Louis (1989), doi:10.3102/10769986014001029
    """
    linear = functions_of(means, question="ranks")
    families = families_of(linear, by)
    best = one_of(best, BEST, argument="best")
    prob = linear.prob if prob is None else probability(prob)
    drawn = evaluate(linear)
    if not isinstance(drawn, Drawn):
        raise ArgumentError(
            f"ranks are of draws, and this is a fit of kind {type(linear.fit).__name__}; bm.fit(formula, data) draws, "
            "and bm.letters(means) shows which estimates are told apart."
        )
    groups = groups_by(linear.labels, families)
    top = _top(top, min(len(group) for group in groups))
    draws = _shown_as(linear)(joined(by_chain(drawn.draws(slice(0, drawn.size)))))
    order, parts = [], []
    for group in groups:
        columns = rank_columns(-draws[group] if best == "highest" else draws[group], top, prob)
        by_rank = np.argsort(columns["rank"], kind="stable")
        order += list(group[by_rank])
        parts.append(pd.DataFrame(columns).iloc[by_rank])
    frame = pd.concat(parts, ignore_index=True)
    ranked = MeansTable(pd.concat([linear.labels.iloc[order].reset_index(drop=True), frame], axis=1))
    ranked.linear = reordered(linear, np.array(order, dtype=np.intp), (f"Rank 1 is the {best}.",))
    return ranked


def _top(top: object, fewest: int) -> int:
    count = a_count(top, argument="top")  # type: ignore[arg-type]
    if count > fewest:
        raise ArgumentError(f"top={shown(top)} exceeds the number of means, {fewest}.")
    return count


def _shown_as(linear: LinearFunctions) -> Callable[[Floats], Floats]:
    """What leads from the link scale to the one that the table shows."""
    if linear.type == "link" or linear.transformation is None:
        return lambda values: values
    return linear.transformation.inverse


def rank_columns(draws: Floats, top: int, prob: float) -> dict[str, Floats]:
    """Columns (n,) of the ranks of n means; the smallest of `draws` (n, n_draws) has rank 1."""
    ranks = np.empty(draws.shape, dtype=np.float32)
    for some in stretches(draws.shape[1], _VALUES_AT_ONCE // len(draws)):
        ranks[:, some] = rankdata(draws[:, some], axis=0)
    tail = (1 - prob) / 2
    lower, upper = np.quantile(ranks, (tail, 1 - tail), axis=1)
    return {
        "p_best": (ranks <= 1).mean(axis=1),
        "p_top": (ranks <= top).mean(axis=1),
        "rank": ranks.mean(axis=1, dtype=float),
        "lower": lower.astype(float),
        "upper": upper.astype(float),
    }
