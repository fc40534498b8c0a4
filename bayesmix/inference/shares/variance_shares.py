"""Which share of the variance has the fixed part, each random term, the residual?"""

import numpy as np
import pandas as pd
import xarray as xr

from bayesmix.inference.shared.arguments import one_of, probability
from bayesmix.inference.shared.draws import as_array
from bayesmix.inference.shared.question import question, table
from bayesmix.inference.shares.parts import variance_parts
from bayesmix.inference.shares.summary import share_table
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit
from bayesmix.numerics.row_distribution.latent_variance import APPROXIMATIONS


@table
def variance_shares(
    fit: Fit | RemlFit | LaplaceFit | LmFit, *, prob: float = 0.95, approximation: str = "lognormal"
) -> pd.DataFrame:
    """The variance of the response in parts: fixed part, every random term, residual; the shares add to 1.

    Parameters
    ----------
    fit
        A fitted model.
    prob
        Probability of the interval (posterior).
    approximation
        As for `icc`.

    Returns
    -------
    pandas.DataFrame
        Indexed by `part`: ``"fixed"``, the variance of X beta over the rows; a row for each random term of the mean,
        the variance of its effects averaged over the rows; ``"residual"``. `variance` (posterior: its mean) on the
        scale of the linear predictor, and of the share of the sum of all: `mean`, `median`, `sd`, `lower` and `upper`
        (equal-tailed interval of probability `prob`), `ess_bulk`; of estimates `estimate`.

    Raises
    ------
    ArgumentError
        The family has no variance on the scale of its linear predictor; the fit has not converged; `prob` or
        `approximation` is wrong.

    Notes
    -----
    `icc` says what the residual variance is, and what is done with random slopes. Fixed part, group effects and
    residual are independent in the model, so that no covariance has a part.

    Examples
    --------
    >>> float(bm.variance_shares(fit)["mean"].sum().round(10))
    1.0
    """
    approximation = one_of(approximation, APPROXIMATIONS, argument="approximation")
    prob = probability(prob)
    parts = variance_parts(fit, question="variance_shares", approximation=approximation)
    shares = share_table(fit, parts.values / parts.total, prob)
    index = pd.Index([part.label for part in parts.parts], name="part", dtype=object)
    shares.insert(0, "variance", parts.values.mean(axis=1))
    return shares.set_axis(index)


@question
def variance_draws(fit: Fit, *, approximation: str = "lognormal") -> xr.DataArray:
    """Draws of the parts of the variance, from which any ratio of them can be taken.

    Parameters
    ----------
    fit
        A fit by `bm.fit`.
    approximation
        As for `icc`.

    Returns
    -------
    xarray.DataArray
        Dims `chain`, `draw`, `part`, the parts of `variance_shares`: variances on the scale of the linear predictor.

    Raises
    ------
    ArgumentError
        As `variance_shares`.

    Examples
    --------
    >>> parts = bm.variance_draws(fit)
    >>> float((parts / parts.sum("part")).sel(part="residual").mean().round(1))
    0.2
    """
    approximation = one_of(approximation, APPROXIMATIONS, argument="approximation")
    parts = variance_parts(fit, question="variance_draws", approximation=approximation)
    labels = np.array([part.label for part in parts.parts], dtype=object)
    return as_array(fit, parts.values, "variance", {"part": labels})
