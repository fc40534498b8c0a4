"""Does the fitted model give data like those observed?"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from bayesmix.arrays import Flags, Floats
from bayesmix.errors import ArgumentError, listing, shown
from bayesmix.hints import with_hints
from bayesmix.inference.prediction.posterior_predict import REPLICATED
from bayesmix.inference.prediction.replicated import DRAWS, Replicated, replicated
from bayesmix.inference.shared.arguments import a_column, a_count, a_seed, all_of, number_of, one_of, probability
from bayesmix.inference.shared.column_levels import column_levels
from bayesmix.inference.shared.readable_table import readable
from bayesmix.modelling.kinds import a_posterior
from bayesmix.modelling.record import Fit
from bayesmix.numerics.predictive_statistics import (
    OF_NUMBERS,
    STATISTICS,
    SUITED,
    RowMoments,
    Statistic,
    exceedance,
)

Own = Callable[[Floats], float]


@with_hints
@readable
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
    """Statistics of the response beside what data replicated from the posterior give: a posterior predictive check.

    Parameters
    ----------
    fit
        A fitted model.
    statistics
        Of any response ``"mean"``, ``"sd"``, ``"min"``, ``"max"``; of counts ``"zeros"`` (share of zeros),
        ``"dispersion"`` (variance over mean) and ``"pearson"`` (Pearson's chi-square per row); of proportions
        ``"zero_percent"`` and ``"hundred_percent"`` (shares of rows at 0 % and at 100 %) and ``"pearson"``. By
        default those that suit the response. Or your own by name, functions of the responses to one number:
        ``{"odd": lambda y: (y % 2).mean()}``.
    by
        A column of the data: the statistics of each of its values apart.
    groups
        ``"fitted"``: the same levels observed again. ``"new"``: other levels of the groups, which tests their
        distribution too; there ``"pearson"`` means nothing, as the data are not those levels'.
    draws
        Replicated data sets, from draws evenly spread; of a table with more than 67,000 rows fewer.
    seed
        The same seed gives the same replicates; by default that of the fit.
    prob
        Probability of the interval of the replicated statistic.

    Returns
    -------
    pandas.DataFrame
        Indexed by `statistic` (and `by`): `observed`; `mean`, `lower`, `upper` of the replicates (equal-tailed
        interval); `p`, the posterior predictive p value: share of replicates above the observed statistic, ties by
        half. Near 0 the data have more of it than the model gives, near 1 less. Of a binomial response the
        statistics are of proportions, a row without trials left out. `pearson` depends on the parameters: observed is
        its posterior mean, and each replicate is compared with the data in the same draw.

    Raises
    ------
    ArgumentError
        `fit` is no posterior; rows are censored; a statistic is not known or does not suit the response; one of your
        own raises, or gives other than one finite number.
    UnknownColumnError
        `by` is no column of the data.

    Notes
    -----
    The data were used twice, to fit and to check, so that p values lie nearer to 0.5 than those of a test: one near
    0 or 1 tells more, one of 0.3 tells less. With ``groups="fitted"`` the effects have already followed the data.

    References
    ----------
    Gelman, Meng & Stern (1996), Statistica Sinica 6, 733-807; of Pearson's chi-square as a discrepancy too.
    """
    fit = a_posterior(fit, question="ppc")
    prob, groups = probability(prob), one_of(groups, REPLICATED, argument="groups")
    chosen = _statistics(statistics, fit, groups)
    cells = _cells(fit, by)
    found = replicated(fit, draws=a_count(draws, argument="draws"), groups=groups, seed=a_seed(seed, fit))
    records, labels = [], []
    for value, rows in cells.items():
        inside = rows[found.used]
        if not inside.any():
            continue
        for name, statistic in chosen.items():
            records.append(_compared(statistic, found, inside, prob))
            labels.append(name if by is None else (value, name))
    names = ["statistic"] if by is None else [by, "statistic"]
    index = pd.Index(labels, name=names[0]) if by is None else pd.MultiIndex.from_tuples(labels, names=names)
    return pd.DataFrame(records, index=index)


def _compared(statistic: Statistic, found: Replicated, rows: Flags, prob: float) -> dict[str, float]:
    moments = RowMoments(found.moments.mean[rows], found.moments.variance[rows])
    of_data = statistic(np.broadcast_to(found.shown[rows], moments.mean.shape), moments)
    of_replicates = statistic(found.shown_replicates[rows], moments)
    lower, upper = np.nanquantile(of_replicates, ((1 - prob) / 2, (1 + prob) / 2))
    return {
        "observed": float(np.mean(of_data)),
        "mean": float(np.nanmean(of_replicates)),
        "lower": float(lower),
        "upper": float(upper),
        "p": exceedance(of_replicates, of_data),
    }


def suited_statistics(fit: Fit, groups: str = "fitted") -> tuple[str, ...]:
    """Names of the statistics that tell something about the response of `fit`."""
    zero_one = fit.family.response == "proportion" and fit.design.response.trials is None
    suited = SUITED.get("binary" if zero_one else fit.family.response, OF_NUMBERS)
    return tuple(name for name in suited if name != "pearson" or groups == "fitted")


def _statistics(asked: str | Sequence[str] | Mapping[str, Own] | None, fit: Fit, groups: str) -> dict[str, Statistic]:
    suited = suited_statistics(fit, groups)
    if asked is None:
        return {name: STATISTICS[name] for name in suited}
    if isinstance(asked, Mapping):
        if not asked:
            raise ArgumentError("statistics is empty; give a function by name, or leave it out for those that suit.")
        return {str(name): _own(str(name), function) for name, function in asked.items()}
    known = tuple(dict.fromkeys((*suited, *OF_NUMBERS)))
    chosen = all_of(asked, tuple(STATISTICS), argument="statistics")
    for name in chosen:
        if name not in known:
            raise ArgumentError(
                f"The statistic {name!r} does not suit a {fit.family} response with groups={groups!r}; those that do: "
                f"{listing(known)}."
            )
    return {name: STATISTICS[name] for name in chosen}


def _own(name: str, function: Own) -> Statistic:
    if not callable(function):
        raise ArgumentError(f"The statistic {shown(name)} is a function of the responses; got {shown(function)}.")

    def statistic(values: Floats, _: RowMoments) -> Floats:
        return np.array([number_of(function, column, name=f"The statistic {shown(name)}") for column in values.T])

    return statistic


def _cells(fit: Fit, by: str | None) -> dict[object, Flags]:
    """Which rows (n_obs,) are looked at together, by the value of `by`."""
    if by is None:
        return {None: np.ones(fit.design.n_obs, dtype=bool)}
    codes, values = column_levels(fit.data, a_column(fit.data, by, argument="by"), argument="by")
    return {value: codes == code for code, value in enumerate(values)}
