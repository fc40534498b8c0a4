"""What response does the model expect for other rows, and what would be observed there?"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
import pandas as pd

from bayesmix.errors import ArgumentError
from bayesmix.formula.frame import Frame
from bayesmix.formula.group_policies import Groups
from bayesmix.formula.other_rows import OtherRows, rows_asked
from bayesmix.inference.prediction.predicted_draws import (
    category_draws,
    expected_draws,
    linear_draws,
    response_draws,
)
from bayesmix.inference.prediction.predicted_estimates import (
    PredictedRows,
    around,
    count_means,
    count_responses,
    gaussian_rows,
    predicted_linear,
)
from bayesmix.inference.prediction.prediction_notes import prediction_notes
from bayesmix.inference.shared.arguments import a_seed, a_whole_seed, one_of, probability
from bayesmix.inference.shared.draws import n_draws_of
from bayesmix.inference.shared.policies import read_groups
from bayesmix.inference.shared.question import table
from bayesmix.inference.shared.readable_table import NOTES
from bayesmix.inference.shared.summarise import SHOWN, summarise_in_parts
from bayesmix.inference.shared.unordered import refuse_unordered
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer

TYPES = ("response", "link")
INTERVALS = ("confidence", "prediction")
ESTIMATED = ("estimate", "se", "lower", "upper")


@dataclass(frozen=True)
class Asked:
    """What is asked of each row: `groups`, `type`, `interval`, `prob` and `seed` as `predict` takes them."""

    groups: Groups
    type: str
    interval: str
    prob: float
    seed: int | None


@table
def predict(
    fit: Fit | RemlFit | LaplaceFit | LmFit,
    newdata: Frame | None = None,
    *,
    groups: str | Mapping[str, str] = "fitted",
    type: str = "response",
    interval: str = "confidence",
    prob: float = 0.95,
    seed: int | None = None,
) -> pd.DataFrame:
    """Expected or new responses of any rows, as R's `predict`.

    Parameters
    ----------
    fit
        A fitted model.
    newdata
        Rows with the predictors: a frame as for `fit`, or a dict of columns. By default the rows that were fitted.
    groups
        Whose group effects the rows have. ``"fitted"``: those of their own levels, which the fit must know.
        ``"typical"``: none, all group effects are 0. ``"new"``: those of levels that are not in the data, from the
        distribution of the group; rows with the same text in the grouping column share one level, and without that
        column all rows do. `lm` has no group effects. Or one by grouping factor, ``{"site": "fitted", "year": "new"}``;
        those that are not named are fitted.
    type
        ``"response"``: on the scale of the response, for counts out of trials the probability. ``"link"``: the linear
        predictor.
    interval
        ``"confidence"``: the interval is for the expectation. ``"prediction"``: for a new response, with its residual
        variation; counts out of trials are then numbers of successes, out of the trials that `newdata` has, and a
        prior weight is taken from the fit's column of weights, 1 without it.
    prob
        Probability of the interval.
    seed
        Of new levels, and of new responses; by default that of the fit, or 0.

    Returns
    -------
    pandas.DataFrame
        Indexed as `newdata`; a row that misses a predictor has nan, as in R. Posterior: `mean`, `sd`, `lower` and
        `upper` (equal-tailed). Others: `estimate`, `se`, `lower` and `upper`. Offsets are included, and the zeros of
        zero-inflated and hurdle models count. Categories have the probability of each, indexed by `row` and
        `category`; ordered ones have one linear predictor with ``type="link"``, and new responses are their numbers.
        ``attrs`` has `groups`, `interval` and `prob`, and the line below the printed table says them.

    Raises
    ------
    UnknownColumnError
        A predictor, or with ``groups="fitted"`` a grouping factor, is no column of `newdata`.
    DataError
        A level of a factor is not known, or with ``groups="fitted"`` one of a group; or `newdata` is no frame.
    ArgumentError
        An argument is not known, or a new response is asked for on the link scale.

    Notes
    -----
    With a curved link the three policies have different means: the expectation at effects 0 is that of a typical level,
    the mean of ``"new"`` is the mean over levels, and its interval that of a single level.

    The standard error of REML and Laplace holds the parameters of the variances at their estimates. With
    ``groups="fitted"`` it is that of the prediction error: coefficients and effects are estimated together. Intervals
    are normal, of `lm` Student's t; for counts they are taken through the inverse link. Of estimates a row is nan if it
    is not estimable, as where a cell of a crossing is empty.

    References
    ----------
    Henderson (1975), doi:10.2307/2529430

    Examples
    --------
    >>> rows = {"Days": [0, 10], "Subject": ["308", "308"]}
    >>> bm.predict(fit, rows)["mean"].round(-1).tolist()
    [250.0, 450.0]
    """
    asked = Asked(
        read_groups(fit.design, groups, default="fitted"),
        one_of(type, TYPES, argument="type"),
        one_of(interval, INTERVALS, argument="interval"),
        probability(prob),
        seed,
    )
    if asked.type == "link" and asked.interval == "prediction":
        raise ArgumentError('A new response has no link scale: interval="prediction" goes with type="response".')
    if asked.type == "link" or asked.interval == "prediction":
        which = 'type="link"' if asked.type == "link" else 'interval="prediction"'
        refuse_unordered(fit.design, question=f"predict with {which}")
    rows = rows_asked(fit.design, newdata, groups=asked.groups, with_trials=asked.interval == "prediction")
    answer = _predict(fit, rows, asked)
    answer.attrs |= {"groups": asked.groups, "interval": asked.interval, "prob": asked.prob}
    answer.attrs[NOTES] = prediction_notes(fit, of=_meaning(asked), groups=asked.groups, prob=asked.prob)
    return answer


def _meaning(asked: Asked) -> str:
    if asked.interval == "prediction":
        return "a new response"
    return "the linear predictor" if asked.type == "link" else "the expected response"


@singledispatch
def _predict(fit: object, rows: OtherRows, asked: Asked) -> pd.DataFrame:
    raise no_answer(_predict, fit, question="predict")


@_predict.register
def _of_posterior(fit: Fit, rows: OtherRows, asked: Asked) -> pd.DataFrame:
    seed, categories = a_seed(asked.seed, fit), fit.design.response.categories
    shape: tuple[int, ...] = (rows.design.n_obs,)
    draws_of = expected_draws
    if asked.type == "link":
        draws_of = linear_draws
    elif asked.interval == "prediction":
        draws_of = response_draws
    elif categories:
        draws_of, shape = category_draws, (rows.design.n_obs, len(categories))
    draws = draws_of(fit, rows, groups=asked.groups, seed=seed)
    summary = summarise_in_parts(draws, shape=shape, n_draws=n_draws_of(fit), prob=asked.prob)
    index = rows.index
    if len(shape) == 2:
        index = pd.MultiIndex.from_product([index, categories], names=["row", "category"])
    return pd.DataFrame({name: rows.of_all(getattr(summary, name)).ravel() for name in SHOWN}, index=index)


@_predict.register
def _of_gaussian(fit: RemlFit | LmFit, rows: OtherRows, asked: Asked) -> pd.DataFrame:
    found = gaussian_rows(fit, rows, groups=asked.groups, interval=asked.interval, prob=asked.prob)
    return _as_frame(found, rows)


@_predict.register
def _of_counts(fit: LaplaceFit, rows: OtherRows, asked: Asked) -> pd.DataFrame:
    if asked.type == "link":
        linear = predicted_linear(fit, rows, groups=asked.groups)
        return _as_frame(around(linear.estimate, linear.se, asked.prob), rows)
    if asked.interval == "confidence":
        return _as_frame(count_means(fit, rows, groups=asked.groups, prob=asked.prob), rows)
    seed = a_whole_seed(asked.seed, 0)
    return _as_frame(count_responses(fit, rows, groups=asked.groups, prob=asked.prob, seed=seed), rows)


def _as_frame(found: PredictedRows, rows: OtherRows) -> pd.DataFrame:
    return pd.DataFrame({name: rows.of_all(np.asarray(getattr(found, name))) for name in ESTIMATED}, index=rows.index)
