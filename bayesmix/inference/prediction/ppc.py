"""Does the fitted model give data like those observed?"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from bayesmix.arrays import Flags, Floats
from bayesmix.errors import ArgumentError, listing, shown
from bayesmix.inference.prediction.posterior_predict import DRAWS, REPLICATED, Replicated, replicated
from bayesmix.inference.shared import arguments
from bayesmix.inference.shared.question import table
from bayesmix.modelling.record import Fit
from bayesmix.numerics.predictive_statistics import OF_NUMBERS, STATISTICS, SUITED, RowMoments, Statistic, exceedance

Own = Callable[[Floats], float]


@table
def ppc(
    fit: Fit,
    statistics: str | Sequence[str] | Mapping[str, Own] | None = None,
    *,
    by: str | None = None,
    groups: str = "fitted",
    draws: int = DRAWS,
    seed: int | None = None,
    prob: float = 0.95,
) -> pd.DataFrame:
    """Statistics of the response beside those of data replicated from the posterior: a posterior predictive check.

    Parameters
    ----------
    fit
        A fitted model.
    statistics
        For any response ``"mean"``, ``"sd"``, ``"min"``, ``"max"``; for counts ``"zeros"`` (share of zeros),
        ``"dispersion"`` (variance over mean) and ``"pearson"`` (Pearson's chi-square per row); for proportions
        ``"zero_percent"`` and ``"hundred_percent"`` (shares of rows at 0 % and at 100 %) and ``"pearson"``. By
        default those that suit the response; of categories without an order their shares, by their names. Or your own
        by name, functions of the responses that give one number: ``{"odd": lambda y: (y % 2).mean()}``.
    by
        A column of the data, for statistics of each of its values separately.
    groups
        ``"fitted"``: the same levels observed again. ``"new"``: other levels of the groups, which tests their
        distribution too; ``"pearson"`` means nothing there, since the data belong to the fitted levels.
    draws
        Replicated data sets, from draws evenly spread; fewer for a table with more than 67,000 rows.
    seed
        The same seed gives the same replicates; by default that of the fit.
    prob
        Probability of the interval of the replicated statistic.

    Returns
    -------
    pandas.DataFrame
        Indexed by `statistic` (and `by`): `observed`; `mean`, `lower`, `upper` of the replicates (equal-tailed
        interval); `p`, the posterior predictive p value: share of replicates above the observed statistic, ties by
        half. Near 0 the statistic is larger in the data than under the model, near 1 smaller. For a binomial response
        statistics are of proportions, rows without trials left out. `pearson` depends on the parameters: observed is
        its posterior mean, and each replicate is compared with the data in the same draw.

    Raises
    ------
    ArgumentError
        `fit` is no posterior; rows are censored; a statistic is not known or does not suit the response; one of your
        own raises, or does not give one finite number.
    UnknownColumnError
        `by` is no column of the data.

    Notes
    -----
    The data are used twice, to fit and to check, so that p values lie nearer to 0.5 than those of a test: a value near
    0 or 1 is stronger evidence, one of 0.3 is weaker. With ``groups="fitted"`` the effects have already followed the
    data.

    References
    ----------
    Gelman, Meng & Stern (1996), Statistica Sinica 6, 733-807, also for Pearson's chi-square as a discrepancy.
    """
    prob, groups = arguments.probability(prob), arguments.one_of(groups, REPLICATED, argument="groups")
    by_name = _statistics(statistics, fit, groups)
    cells = _cells(fit, by)
    n_draws, seed = arguments.a_count(draws, argument="draws"), arguments.a_seed(seed, fit)
    data = replicated(fit, draws=n_draws, groups=groups, seed=seed)
    records, labels = [], []
    for value, rows in cells.items():
        inside = rows[data.used]
        if not inside.any():
            continue
        for name, statistic in by_name.items():
            records.append(_compared(statistic, data, inside, prob))
            labels.append(name if by is None else (value, name))
    names = ["statistic"] if by is None else [by, "statistic"]
    index = pd.Index(labels, name=names[0]) if by is None else pd.MultiIndex.from_tuples(labels, names=names)
    return pd.DataFrame(records, index=index)


def _compared(statistic: Statistic, data: Replicated, rows: Flags, prob: float) -> dict[str, float]:
    moments = RowMoments(data.moments.mean[rows], data.moments.variance[rows])
    of_data = statistic(np.broadcast_to(data.shown[rows], moments.mean.shape), moments)
    of_replicates = statistic(data.shown_replicates[rows], moments)
    lower, upper = np.nanquantile(of_replicates, ((1 - prob) / 2, (1 + prob) / 2))
    return {
        "observed": float(np.mean(of_data)),
        "mean": float(np.nanmean(of_replicates)),
        "lower": float(lower),
        "upper": float(upper),
        "p": exceedance(of_replicates, of_data),
    }


def suited_statistics(fit: Fit, groups: str = "fitted") -> tuple[str, ...]:
    """Names of the statistics that are informative about the response of `fit`."""
    zero_one = fit.family.response == "proportion" and fit.design.response.trials is None
    suited = SUITED.get("binary" if zero_one else fit.family.response, OF_NUMBERS)
    return tuple(name for name in suited if name != "pearson" or groups == "fitted")


def _statistics(names: str | Sequence[str] | Mapping[str, Own] | None, fit: Fit, groups: str) -> dict[str, Statistic]:
    if fit.design.response.unordered and not isinstance(names, Mapping):
        return _category_shares(fit, names)
    suited = suited_statistics(fit, groups)
    if names is None:
        return {name: STATISTICS[name] for name in suited}
    if isinstance(names, Mapping):
        if not names:
            raise ArgumentError("statistics is empty; give a function by name, or leave it out for those that suit.")
        return {str(name): _own(str(name), function) for name, function in names.items()}
    known = tuple(dict.fromkeys((*suited, *OF_NUMBERS)))
    names = arguments.all_of(names, tuple(STATISTICS), argument="statistics")
    for name in names:
        if name not in known:
            raise ArgumentError(
                f"The statistic {name!r} does not suit a {fit.family} response with groups={groups!r}; those that do: "
                f"{listing(known)}."
            )
    return {name: STATISTICS[name] for name in names}


def _category_shares(fit: Fit, names: str | Sequence[str] | None) -> dict[str, Statistic]:
    """The share of each category, or of those that are named."""
    categories = fit.design.response.categories
    chosen = categories if names is None else arguments.all_of(names, categories, argument="statistics")
    return {name: _share_of(categories.index(name) + 1) for name in chosen}


def _share_of(number: int) -> Statistic:
    return lambda values, _: (values == number).mean(axis=0)


def _own(name: str, function: Own) -> Statistic:
    if not callable(function):
        raise ArgumentError(f"The statistic {shown(name)} is a function of the responses; got {shown(function)}.")

    def statistic(values: Floats, _: RowMoments) -> Floats:
        label = f"The statistic {shown(name)}"
        return np.array([arguments.number_of(function, column, name=label) for column in values.T])

    return statistic


def _cells(fit: Fit, by: str | None) -> dict[object, Flags]:
    """The rows (n_obs,) with each value of `by`; all together without it."""
    if by is None:
        return {None: np.ones(fit.design.n_obs, dtype=bool)}
    column = arguments.a_column(fit.data, by, argument="by")
    codes, values = arguments.column_levels(fit.data, column, argument="by")
    return {value: codes == code for code, value in enumerate(values)}
