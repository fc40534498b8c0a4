"""The response as it is compared with its expectation."""

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.formula.design import Response


def observed(response: Response) -> Floats:
    """The response on the scale of its expectation: of successes out of trials the proportion, nan out of none."""
    trials = trials_of(response)
    return response.values if trials is None else response.values / trials


def trials_of(response: Response) -> Floats | None:
    """Numbers of trials, nan where nothing was tried: such a row has no proportion and no residual."""
    return None if response.trials is None else np.where(response.trials > 0, response.trials, np.nan)
