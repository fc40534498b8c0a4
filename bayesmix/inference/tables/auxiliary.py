"""What are the family's further parameters: sigma, shape, precision, probability of a zero?"""

import numpy as np
import pandas as pd

from bayesmix.inference.shared import draws
from bayesmix.inference.shared.arguments import probability
from bayesmix.inference.shared.question import table
from bayesmix.inference.shared.summarise import sampling_quality, summarise
from bayesmix.modelling.record import Fit


@table
def auxiliary(fit: Fit, *, prob: float = 0.95) -> pd.DataFrame:
    """The further parameters of the response's distribution that are the same for all rows.

    Parameters
    ----------
    fit
        A fit by `bm.fit`.
    prob
        Probability of the interval.

    Returns
    -------
    pandas.DataFrame
        Indexed by `parameter`, in the order of the family, without those that have a formula: `mean`, `median`, `sd`,
        `lower` and `upper` (equal-tailed interval of probability `prob`), `ess_bulk`, `ess_tail`, `rhat`, on the
        parameter's own scale. Empty for a family without such parameters. ``docs/families.md`` says what each means.

    Raises
    ------
    ArgumentError
        `fit` is no posterior, or `prob` is not between 0 and 1.

    Notes
    -----
    If counts are not overdispersed, the data set no upper limit to `shape` (negative binomial) and `phi`
    (beta-binomial): under their default priors they have no mean and no sd, and those columns depend on the largest
    draws alone. Read the median and the interval.

    Examples
    --------
    >>> bm.auxiliary(fit).loc["shape", "mean"]  # doctest: +SKIP
    2.1
    """
    prob = probability(prob)
    names = draws.constant_parameters(fit)
    index = pd.Index(names, name="parameter", dtype=object)
    columns = ("mean", "median", "sd", "lower", "upper")
    if not names:
        return pd.DataFrame(columns=[*columns, "ess_bulk", "ess_tail", "rhat"], index=index)
    values = np.stack([draws.auxiliary(fit, name) for name in names])
    summary = summarise(draws.joined(values), prob).columns(*columns)
    return pd.DataFrame({**summary, **sampling_quality(fit, values)}, index=index)
