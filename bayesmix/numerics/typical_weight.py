"""The weight of a typical row, in whose units sigma is."""

import numpy as np
from numpy.typing import NDArray


def typical_weight(weights: NDArray[np.float64] | None) -> float:
    """The median weight, 1 without weights: sigma is the residual sd of such a row times its root.

    Not a mean: rows with next to no weight, or with all of it, are no measure of the others.
    """
    return 1.0 if weights is None else float(np.median(weights))
