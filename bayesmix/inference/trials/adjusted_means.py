"""Adjusted means of entries: their effects taken as fixed, all other random terms as they are (BLUEs)."""

from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy.stats import t as student_t

from bayesmix.arrays import Floats, Positions
from bayesmix.errors import ArgumentError
from bayesmix.estimates.reml.fit_design import fit_reml
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.estimates.reml.tests import ddf_record
from bayesmix.formula.columns import is_numeric
from bayesmix.formula.contrasts import contrasts_of
from bayesmix.formula.design import Design
from bayesmix.formula.matrices import build_design
from bayesmix.formula.reduce import with_fixed_levels
from bayesmix.formula.syntax import Name
from bayesmix.inference.means.emmeans import emmeans
from bayesmix.inference.means.linear_functions import Estimated, evaluate
from bayesmix.numerics.ddf import degrees_of_freedom

LEAST_SIGNIFICANT = 0.05


@dataclass(frozen=True, eq=False)
class AdjustedMeans:
    """Means of m entries by the REML `fit` with their effects fixed, in the order that was asked for.

    `mean`, `se` and `weight`, each (m,), are nan where the mean is not estimable. The weight of an entry is its element
    on the diagonal of the inverse of the means' covariance (Smith et al. 2001). `sed` is the root of the mean variance
    of a difference, `lsd` the least difference that is significant at 5 % without adjustment, with `df` degrees of
    freedom, the median over differences of neighbours in the list.
    """

    fit: RemlFit
    mean: Floats
    se: Floats
    weight: Floats
    sed: float
    lsd: float
    df: float


def adjusted_means(design: Design, group: str, levels: tuple[str, ...]) -> AdjustedMeans:
    """Adjusted means of the levels of a group, averaged over all other fixed factors.

    Raises
    ------
    ArgumentError
        The group is made of several columns.

    References
    ----------
    Smith, Cullis & Gilmour (2001), doi:10.1111/1467-842X.00163;
    Moehring & Piepho (2009), doi:10.2135/cropsci2009.02.0083
    """
    node = next(term.group for term in design.formula.random if term.group_label == group)
    if len(node) > 1 or not isinstance(node[0], Name):
        raise ArgumentError(
            f"Adjusted means are of an entry in one column, and {group!r} is none; make a column of it first."
        )
    numbers = is_numeric(design.data[node[0].name])
    formula = with_fixed_levels(design.formula, node[0], as_factor=numbers)
    fit = fit_reml(
        build_design(
            formula,
            design.data,
            weights=design.weights_column,
            functions=design.functions,
            contrasts=contrasts_of(design, [formula]),
        )
    )
    linear = emmeans(fit, node[0].name).linear
    place = {str(label): i for i, label in enumerate(linear.labels[node[0].name])}
    order = np.array([place[level] for level in levels], dtype=np.intp)
    return _summarised(fit, cast(Estimated, evaluate(linear)), order)


def _summarised(fit: RemlFit, estimated: Estimated, order: Positions) -> AdjustedMeans:
    known = np.isfinite(estimated.estimate[order])
    rows = estimated.weights[order][known]
    covariance = rows @ estimated.parameter_covariance @ rows.T
    weight = np.full(len(order), np.nan)
    weight[known] = np.diag(np.linalg.pinv(covariance, hermitian=True))
    sed, df = _of_differences(fit, rows, covariance)
    return AdjustedMeans(
        fit=fit,
        mean=estimated.estimate[order],
        se=estimated.se[order],
        weight=weight,
        sed=sed,
        lsd=float(student_t.ppf(1 - LEAST_SIGNIFICANT / 2, df) * sed),
        df=df,
    )


def _of_differences(fit: RemlFit, rows: Floats, covariance: Floats) -> tuple[float, float]:
    """The root of the mean variance of a difference, and the median degrees of freedom of neighbours."""
    m = len(rows)
    if m < 2:
        return np.nan, np.nan
    mean_variance = 2 / (m - 1) * (np.trace(covariance) - covariance.sum() / m)
    record = ddf_record(fit, "satterthwaite")
    df = [degrees_of_freedom(record, difference) for difference in np.diff(rows, axis=0)]
    return float(np.sqrt(mean_variance)), float(np.median(df))
