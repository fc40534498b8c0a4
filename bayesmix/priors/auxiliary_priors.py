"""Default priors of the families' further parameters, and the scale of the response that they go by."""

import numpy as np
from numpy.typing import NDArray

from bayesmix.families.auxiliary import AUXILIARY
from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.numerics.typical_weight import typical_weight
from bayesmix.priors.prior import Prior
from bayesmix.priors.reading import read_prior

Floats = NDArray[np.float64]


def response_for_priors(design: Design, family: Family) -> tuple[Floats, Floats]:
    """The response as the priors measure it, and the offset of the same rows, (n,) each.

    The logarithm where a family is normal there, and of a hurdle model the rows that are past the hurdle.
    """
    y, offset = design.response.values, design.offset
    if family.record.hurdle:
        past = y > 0
        y, offset = y[past], offset[past]
    return (np.log(y) if family.record.of_log else y), offset


def auxiliary_prior(name: str, design: Design, family: Family) -> Prior:
    """The default prior of `name`, one of `family.auxiliary`.

    That of `sigma` is HalfStudentT(3, sd y), y the response less an offset, its log for lognormal families; the
    others stand in `families.auxiliary`, with their reasons.

    With weights `sigma` is the residual sd at weight 1, and sd y is multiplied by the root of the median weight: the
    prior is about the residuals of a typical row, whatever the unit of the weights.
    """
    written = AUXILIARY[name].prior
    return read_prior(written) if written else Prior("HalfStudentT", (3.0, _spread_of_response(design, family)))


def auxiliary_centre(name: str, design: Design, family: Family) -> tuple[float, float]:
    """Mean and sd of the intercept's normal prior where `name` has a formula, on its link scale.

    About log sd y for `sigma`, else as far as `auxiliary_prior` reaches: log 20 for `nu` (sd 1), log 10 for `phi`.
    """
    return AUXILIARY[name].centre or (float(np.log(_spread_of_response(design, family))), 2.5)


def _spread_of_response(design: Design, family: Family) -> float:
    """The scale of `sigma`: sd y of a row with the typical weight."""
    y, offset = response_for_priors(design, family)
    y = y - offset if family.link == "identity" else y
    return float(np.std(y, ddof=1) * np.sqrt(typical_weight(design.weights))) if len(y) > 1 else 0.0
