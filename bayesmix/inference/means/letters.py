"""Which means are not told apart?"""

from collections.abc import Sequence
from numbers import Real

import numpy as np

from bayesmix.arrays import Flags, Floats, Positions
from bayesmix.errors import ArgumentError, shown
from bayesmix.hints import with_hints
from bayesmix.inference.means.contrast_draws import drawn_means
from bayesmix.inference.means.contrast_rows import groups_by
from bayesmix.inference.means.contrasts import contrasts
from bayesmix.inference.means.families import families_of, functions_of, reordered
from bayesmix.inference.means.linear_functions import Drawn, Estimated, LinearFunctions, evaluate
from bayesmix.inference.means.table import MeansTable
from bayesmix.inference.shared.arguments import one_of
from bayesmix.numerics.compact_letters import letter_groups, letters_of

BEST = ("highest", "lowest")


@with_hints
def letters(
    means: MeansTable,
    *,
    alpha: float = 0.05,
    adjust: str | None = None,
    by: str | Sequence[str] | None = None,
    best: str = "highest",
) -> MeansTable:
    """Means with letters, as `cld` of R's emmeans and multcomp: those that share one are not told apart.

    Parameters
    ----------
    means
        A table by `emmeans` or `emtrends`, as it was returned.
    alpha
        Of estimates: two means are told apart if the adjusted p value of their difference is below. Of posteriors: if
        the probability of the sign of their difference is above 1 - alpha / 2, which it is if the interval of
        probability 1 - alpha excludes 0.
    adjust
        Of estimates: how p values allow for the number of differences, as in `contrasts`; by default ``"tukey"``.
    by
        Columns within whose values is compared; by default those of `means`.
    best
        ``"highest"`` or ``"lowest"``: which means come first and have the letter a.

    Returns
    -------
    MeansTable
        The table of means with a column `letters`, within each family sorted by the mean. A mean that the data do not
        determine has none, and comes last.

    Raises
    ------
    ArgumentError
        `means` is no table of means as it was returned; an argument is not known.

    Notes
    -----
    Means that share a letter have not been shown to be the same: with few data all share one. The differences
    themselves, with their intervals, are in `contrasts`.

    References
    ----------
    Piepho (2004), doi:10.1198/1061860043515

    Examples
    --------
    >>> fit = bm.reml("yield ~ K2O_lbac + (1 | rep)", bm.load_data("kfert"))
    >>> bm.letters(bm.emmeans(fit, "K2O_lbac"))["letters"].tolist()
    ['a', 'ab', 'ab', 'ab', 'b']
    """
    linear = functions_of(means, question="letters")
    families = families_of(linear, by)
    alpha, best = level_of_tests(alpha), one_of(best, BEST, argument="best")
    differences = contrasts(means, "pairwise", by=families, adjust=adjust, type="link", prob=1 - alpha)
    evaluated = evaluate(linear)
    differ, words = told_apart(differences, alpha)
    centre = _centre(evaluated, linear)
    order, texts, first = [], [], 0
    for group in groups_by(linear.labels, families):
        n_pairs = len(group) * (len(group) - 1) // 2
        ordered, of_group = _lettered(centre[group], differ[first : first + n_pairs], best)
        first += n_pairs
        order += list(group[ordered])
        texts += of_group
    notes = (f"Means that share a letter are not told apart ({words}).", *_adjustment(differences))
    lettered = MeansTable(means.iloc[order].assign(letters=texts))
    lettered.linear = reordered(linear, np.array(order, dtype=np.intp), notes)
    return lettered


def level_of_tests(alpha: object) -> float:
    if not isinstance(alpha, Real) or isinstance(alpha, bool) or not 0 < alpha < 1:  # type: ignore[operator]
        raise ArgumentError(f"alpha is the level of the tests, between 0 and 1, such as 0.05; got {shown(alpha)}.")
    return float(alpha)


def told_apart(differences: MeansTable, alpha: float) -> tuple[Flags, str]:
    """Whether the means of each difference are told apart, and by which rule."""
    if "p" in differences:
        return differences["p"].to_numpy(dtype=float) < alpha, f"p >= {alpha:g}"
    certain = 1 - alpha / 2
    return differences["p_direction"].to_numpy(dtype=float) > certain, f"probability of a sign up to {certain:g}"


def _centre(evaluated: Estimated | Drawn, linear: LinearFunctions) -> Floats:
    """What the means are sorted by, (m,): estimates or means of draws, on the scale that is shown."""
    centre = evaluated.estimate if isinstance(evaluated, Estimated) else drawn_means(evaluated)
    shown_as = linear.transformation if linear.type == "response" else None
    return centre if shown_as is None else shown_as.inverse(centre)


def _lettered(centre: Floats, differ: Flags, best: str) -> tuple[Positions, list[str]]:
    """The order of the means of a family, and the letters of those in this order."""
    n = len(centre)
    apart = np.zeros((n, n), dtype=bool)
    apart[np.triu_indices(n, 1)] = differ
    apart |= apart.T
    order = np.argsort(-centre if best == "highest" else centre, kind="stable")
    known = order[np.isfinite(centre[order])]
    texts = letters_of(letter_groups(apart[np.ix_(known, known)])) if len(known) else []
    return order, [*texts, *[""] * (n - len(known))]


def _adjustment(differences: MeansTable) -> list[str]:
    """How p values of differences allow for their number."""
    notes = functions_of(differences, question="letters").notes
    return [note.replace("p is", "p of the differences is") for note in notes if note.startswith("p is adjusted")]
