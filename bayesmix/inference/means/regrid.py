"""Means and slopes of the response itself: the expected responses of cells, averaged over a reference grid.

The order matters where the link is curved: the mean of responses is not the response of the mean.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import singledispatch
from typing import Any

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, shown
from bayesmix.inference.means.build import Means
from bayesmix.inference.means.cell_functions import Shift
from bayesmix.inference.means.linear_functions import Drawn, LinearFunctions, Which
from bayesmix.inference.means.reference_grid import ReferenceGrid
from bayesmix.inference.means.response_cells import cell_means
from bayesmix.inference.means.response_gradients import average_gradients, differences, tangent
from bayesmix.inference.means.transformation import Transformation
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer

RESPONSE = "response"
SCALES = ("none", RESPONSE)


def read_regrid(regrid: Any) -> bool:
    """Whether cells are taken to the response before they are averaged.

    Raises
    ------
    ArgumentError
        The argument is not known.
    """
    if regrid is None or (isinstance(regrid, str) and regrid in SCALES):
        return regrid == RESPONSE
    raise ArgumentError(
        'regrid="response" takes the cells of the grid to the response before they are averaged, None averages linear '
        f"predictors; got {shown(regrid)}."
    )


def regridded(
    linear: LinearFunctions, grid: ReferenceGrid, means: Means, shifts: Sequence[Shift] = (None,)
) -> LinearFunctions:
    """The same means of the response: of a posterior by its draws, of estimates in linear terms about them.

    Where the linear predictor is the expected response they are what they were.

    Parameters
    ----------
    shifts
        Two of them for slopes: what the second gives is subtracted from what the first gives.

    Notes
    -----
    Of estimates the functions are their first-order expansion, so that their errors are those of the delta method.
    """
    if linear.transformation is None:
        return linear
    return replace(
        _regridded(linear.fit, linear, linear.transformation, grid, means, shifts),
        type=RESPONSE,
        transformation=None,
        regridded=True,
    )


@singledispatch
def _regridded(
    fit: object,
    linear: LinearFunctions,
    transformation: Transformation,
    grid: ReferenceGrid,
    means: Means,
    shifts: Sequence[Shift],
) -> LinearFunctions:
    raise no_answer(_regridded, fit, question="emmeans")


@_regridded.register
def _of_draws(
    fit: Fit,
    linear: LinearFunctions,
    transformation: Transformation,
    grid: ReferenceGrid,
    means: Means,
    shifts: Sequence[Shift],
) -> LinearFunctions:
    return replace(linear, drawn=_less([cell_means(fit, linear, grid, means, shift=shift) for shift in shifts]))


@_regridded.register
def _of_estimates(
    fit: RemlFit | LmFit | LaplaceFit,
    linear: LinearFunctions,
    transformation: Transformation,
    grid: ReferenceGrid,
    means: Means,
    shifts: Sequence[Shift],
) -> LinearFunctions:
    gradients = [average_gradients(linear, transformation, grid, means, shift) for shift in shifts]
    return tangent(fit, linear, differences(gradients))


def _less(drawn: Sequence[Drawn]) -> Drawn:
    """The first functions less the second, if there are such."""
    first, *others = drawn

    def draws(which: Which) -> Floats:
        total = first.draws(which)
        for other in others:
            total = total - other.draws(which)
        return np.asarray(total)

    return replace(first, draws=draws)
