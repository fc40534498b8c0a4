"""How probable is each observation in each draw?"""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats, Positions
from bayesmix.errors import ArgumentError
from bayesmix.inference.shared.draws import as_array, n_draws_of
from bayesmix.inference.shared.question import question
from bayesmix.inference.shared.row_model import row_model
from bayesmix.inference.shared.summarise import VALUES_AT_ONCE
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.record import Fit

MOST_VALUES = 2**28
"""Numbers that a table of draws by rows may hold, 2 GiB."""


@question
def log_likelihood(fit: Fit) -> xr.DataArray:
    """Log density of each observation in each draw of the posterior, for a count its log probability.

    It is given coefficients, the effects of the row's own levels and the family's further parameters. It is computed on
    request; a fit does not hold it.

    Parameters
    ----------
    fit
        A fitted model.

    Returns
    -------
    xarray.DataArray
        Dims `chain`, `draw`, `row`; `row` has the labels of `fit.data`. ArviZ takes it as the group `log_likelihood`.

    Raises
    ------
    ArgumentError
        The array would not fit into 2 GiB; `loo` and `compare` work without it.
    """
    refuse_too_many(fit.design.n_obs, n_draws_of(fit))
    values = np.empty((fit.design.n_obs, n_draws_of(fit)))
    for rows, part in log_likelihood_in_parts(fit):
        values[rows] = part
    return as_array(fit, values, fit.design.response.name, {"row": fit.data.index.to_numpy()})


def log_likelihood_in_parts(fit: Fit, draws: Positions | None = None) -> Iterator[tuple[slice, Floats]]:
    """Stretches of rows with their log densities (n_rows, n_draws), chains joined."""
    model = row_model(fit, draws=draws)
    for rows in stretches(model.n_obs, VALUES_AT_ONCE // model.n_draws):
        yield rows, model.log_density(rows, model.predictor(rows))


def refuse_too_many(n_rows: int, n_draws: int) -> None:
    """Refuse a table of draws by rows that is too large to be held."""
    if n_rows * n_draws > MOST_VALUES:
        raise ArgumentError(
            f"{n_rows} rows in {n_draws} draws are {n_rows * n_draws / 2**27:.0f} GiB, more than 2; ask for fewer "
            f"draws, such as draws={max(1, MOST_VALUES // n_rows // 2)}, or use bm.loo and bm.ppc, which work in parts."
        )
