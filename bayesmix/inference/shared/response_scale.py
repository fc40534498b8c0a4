"""The response as it is compared with its expectation."""

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.formula.design import Response


def observed(response: Response) -> Floats:
    """The response on the scale of its expectation: of successes out of trials the proportion, nan out of none.

    A censored row, of which only a bound is known, has nan.
    """
    if response.censoring is not None:
        return np.where(response.censoring == 0, response.values, np.nan)
    trials = trials_of(response)
    return response.values if trials is None else response.values / trials


def censoring_of(response: Response) -> Positions:
    """Censoring of each row, 0 where there is none."""
    return np.zeros(len(response.values), dtype=np.intp) if response.censoring is None else response.censoring


def trials_of(response: Response) -> Floats | None:
    """Numbers of trials, nan where nothing was tried: such a row has no proportion and no residual."""
    return None if response.trials is None else np.where(response.trials > 0, response.trials, np.nan)
