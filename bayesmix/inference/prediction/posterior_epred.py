"""What are the draws of the expected response, or of the linear predictor?"""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from bayesmix.formula.frame import Frame
from bayesmix.formula.other_rows import rows_asked
from bayesmix.inference.prediction.log_likelihood import refuse_too_many
from bayesmix.inference.prediction.predict import TYPES
from bayesmix.inference.prediction.predicted_draws import category_draws, expected_draws, linear_draws
from bayesmix.inference.shared.arguments import a_seed, one_of
from bayesmix.inference.shared.draws import as_array, n_draws_of
from bayesmix.inference.shared.policies import read_groups
from bayesmix.inference.shared.question import question
from bayesmix.inference.shared.summarise import VALUES_AT_ONCE
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.record import Fit


@question
def posterior_epred(
    fit: Fit,
    newdata: Frame | None = None,
    *,
    groups: str | Mapping[str, str] = "fitted",
    type: str = "response",
    seed: int | None = None,
) -> xr.DataArray:
    """Draws of the expected response, of which `predict` has the summaries.

    Parameters
    ----------
    fit
        A fitted model.
    newdata, groups, type, seed
        As for `predict`.

    Returns
    -------
    xarray.DataArray
        Dims `chain`, `draw`, `row`, of categories `category` too; `row` has the labels of `newdata`, or of
        `fit.data`. For counts out of trials probabilities, where brms has numbers of successes.

    Raises
    ------
    UnknownColumnError, DataError
        `newdata` lacks a column, or has a level that is not known.
    ArgumentError
        An argument is not known, or the array would not fit into 2 GiB.

    Examples
    --------
    >>> rows = {"Days": [0, 9], "Subject": ["308", "308"]}
    >>> dict(bm.posterior_epred(fit, rows).sizes)
    {'chain': 4, 'draw': 1000, 'row': 2}
    """
    groups, seed = read_groups(fit.design, groups, default="fitted"), a_seed(seed, fit)
    rows, categories = rows_asked(fit.design, newdata, groups=groups), fit.design.response.categories
    coords = {"row": rows.index.to_numpy()}
    draws_of = expected_draws
    if one_of(type, TYPES, argument="type") == "link":
        draws_of = linear_draws
    elif categories:
        draws_of, coords = category_draws, coords | {"category": np.array(categories, dtype=object)}
    n_draws, shape = n_draws_of(fit), tuple(len(values) for values in coords.values())
    refuse_too_many(int(np.prod(shape)), n_draws)
    draws, values = draws_of(fit, rows, groups=groups, seed=seed), np.full((*shape, n_draws), np.nan)
    places = np.flatnonzero(rows.complete)
    for part in stretches(len(places), VALUES_AT_ONCE // n_draws):
        values[places[part]] = draws(part)
    return as_array(fit, values, fit.design.response.name, coords)
