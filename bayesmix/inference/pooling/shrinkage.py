"""How far is each level shrunk from its own mean towards the whole?"""

from functools import singledispatch

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats, Integers
from bayesmix.estimates.reml.no_pooling import NoPooling
from bayesmix.formula.design import Design
from bayesmix.inference.pooling.level_lines import coefficient_draws, compared_term, level_lines, row_compared
from bayesmix.inference.shared.arguments import probability
from bayesmix.inference.shared.draws import n_draws_of
from bayesmix.inference.shared.question import table
from bayesmix.inference.shared.summarise import summarise_in_parts
from bayesmix.modelling.kinds import Fit, RemlFit, no_answer

_SAME = 1e-9  # of the response's sd: a level that is so near to the whole shows no shrinkage


@table
def shrinkage(fit: Fit | RemlFit, group: str, *, term: str | None = None, prob: float = 0.95) -> pd.DataFrame:
    """Each level's mean without pooling, and what partial pooling makes of it.

    Parameters
    ----------
    fit
        A Gaussian fit by `bm.fit` or `bm.reml`. For a posterior, BLUE and BLUP are those of the REML fit of the same
        model to the same rows.
    group
        A grouping factor of the model.
    term
        A coefficient that varies by the group, such as a slope; by default the level's mean, or the slope if slopes
        vary but no intercept.
    prob
        Probability of the interval (posterior).

    Returns
    -------
    pandas.DataFrame
        Indexed by `level`. `n` rows and `raw_mean` of the response; then, all at the same predictors (see Notes),
        `blue`, the level's mean with its effects taken as fixed; `blup`, fixed part and conditional modes; for a
        posterior `mean`, `lower` and `upper` (equal-tailed interval of probability `prob`); `overall`, the fixed part
        alone, towards which levels are shrunk; `shrinkage` = (blup - overall) / (blue - overall), 1 if a level keeps
        its own mean, 0 if it gets the overall one, nan if `blue` is the overall mean. For a coefficient all are in its
        unit, and there is no `raw_mean`.

    Raises
    ------
    UnknownTermError
        `group` is no grouping factor of the model, or `term` does not vary by it.
    ArgumentError
        Several slopes vary but no intercept, and `term` is not given; the family is not Gaussian with identity link, or
        `prob` is not between 0 and 1.

    Notes
    -----
    With one grouping factor `blue` is least squares with the levels as fixed effects, and so are the levels' own
    slopes if slopes vary; a level that does not determine its own slopes has none (nan). Other random terms keep the
    variances of the REML fit: `blue` is then generalised least squares.

    Predictors are at their means over all rows, factors at their shares, offsets at their mean. A predictor that never
    varies within a level, such as its treatment, has its value in that level, since it cannot be told from the level's
    effect: a level is shrunk towards others of its treatment. Effects of other groups are 0, except those of a factor
    in which the level is nested (the batch of a cask).

    With one grouping factor, random intercepts alone and no other predictor the factor is 1 / (1 + sigma^2 / (n sd^2)),
    with the sum of weights for n: the balanced one-way (1 + lambda / r)^-1. With random slopes, covariates or crossed
    groups a level borrows from those too: its factor may lie outside 0 and 1, and means little if `blue` is near
    `overall`.

    References
    ----------
    Robinson (1991), doi:10.1214/ss/1177011926

    Examples
    --------
    >>> dyestuff = bm.reml("Yield ~ 1 + (1 | Batch)", bm.load_data("Dyestuff"))
    >>> bm.shrinkage(dyestuff, "Batch").loc["F", ["raw_mean", "blup", "shrinkage"]].round(3).tolist()
    [1470.0, 1482.505, 0.783]
    """
    prob, lines = probability(prob), level_lines(fit, group)
    alone, term = lines.alone, compared_term(fit.design, group, term)
    at = row_compared(alone, term)
    design = lines.reml.design
    blue, blup, overall = alone.coefficients @ at, lines.pooled @ at, lines.overall @ at
    columns: dict[str, Floats | Integers] = {"n": alone.count}
    if term is None:
        index = next(random for random in design.random if random.group == group).index
        columns["raw_mean"] = np.bincount(index, weights=design.response.values, minlength=len(blue)) / alone.count
    columns |= {"blue": blue, "blup": blup, **_of_draws(fit, alone, at, prob)}
    size = 1.0 if term is None else np.sqrt(np.mean(_column(design, group, term) ** 2))
    apart = size * np.abs(blue - overall) > _SAME * np.std(design.response.values)
    # Adding 0 makes -0 of a level without variance 0.
    factor = np.divide(blup - overall, blue - overall, out=np.full(len(blue), np.nan), where=apart) + 0.0
    names = pd.Index(lines.levels, name="level", dtype=object)
    return pd.DataFrame({**columns, "overall": overall, "shrinkage": factor}, index=names)


@singledispatch
def _of_draws(fit: object, alone: NoPooling, at: Floats, prob: float) -> dict[str, Floats]:
    """Each level's coefficients times the row `at` (k,), summarised; nothing for estimates."""
    raise no_answer(_of_draws, fit, question="shrinkage")


@_of_draws.register
def _summarised(fit: Fit, alone: NoPooling, at: Floats, prob: float) -> dict[str, Floats]:
    summary = summarise_in_parts(
        lambda levels: np.einsum("jkd,k->jd", coefficient_draws(fit, alone, levels), at),
        shape=(len(alone.count),),
        n_draws=n_draws_of(fit),
        prob=prob,
    )
    return summary.columns("mean", "lower", "upper")


@_of_draws.register
def _none(fit: RemlFit, alone: NoPooling, at: Floats, prob: float) -> dict[str, Floats]:
    return {}


def _column(design: Design, group: str, name: str) -> Floats:
    """The column (n_obs,) that goes with a coefficient of the group's levels."""
    term = next(term for term in design.random if term.group == group and name in term.names)
    return term.columns[:, term.names.index(name)]
