"""The priors that a model has unless the user says otherwise: proper, weak, on the scale of the data."""

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.families.family import Family
from bayesmix.families.record import OF_A_PROBABILITY
from bayesmix.families.table import AUXILIARY
from bayesmix.formula.design import Design
from bayesmix.numerics.effect_bases import typical_weight
from bayesmix.numerics.links import LINKS
from bayesmix.posterior import layout
from bayesmix.priors.column_units import cell_means, fixed_reach, fixed_units, group_units
from bayesmix.priors.prior import Prior
from bayesmix.priors.reading import read_prior


def default_priors(design: Design, family: Family) -> dict[str, Prior]:
    """The default prior of every parameter, by name.

    ====================  ===========================================  ==================================
    parameter             identity link                                logit, log and other links
    ====================  ===========================================  ==================================
    `Intercept`           Normal(mean y, 2.5 sd y)                     Normal(0, 2.5); log: (log mean y, 2.5)
    a coefficient         Normal(0, 2.5 sd y / sd x)                   Normal(0, 2.5 / sd x)
    of a 0/1 column       Normal(0, 2.5 sd y)                          Normal(0, 2.5)
    of a coded factor     Normal(0, 2.5 sd y / r)                      Normal(0, 2.5 / r)
    `sd_<group>__<col>`   HalfStudentT(3, sd y / sd z)                 HalfNormal(1)
    `corr_<group>`        LKJ(2)                                       LKJ(2)
    ====================  ===========================================  ==================================

    `_auxiliary_prior` has those of `sigma` and of the families' other parameters. If one of these has a formula, its
    coefficients and group sds have priors as on a log scale, and its intercept is normal about `_auxiliary_centre`. The
    thresholds of an ordinal response have Dirichlet(1), uniform over the probabilities of its categories at the
    predictors' means. The predictor of a category without an order has priors as on a logit link.

    The prior of the intercept is that at the predictors' means. z is the column that varies by group; sd z is 1 for the
    intercept and for 0/1 columns. As a difference between levels is not larger for a rare level, the sd of a 0/1
    column, which falls as the level gets rarer, is in no prior. The sd of a product is the product of its variables'
    sds. A coefficient that stands for covariates at 0, such as that of f beside f:x, has a scale that grows with their
    distance from 0 (`column_units`). Without an intercept nothing is centred: root mean squares about 0 take the place
    of the sds of y and, unless a factor has its cell means (`0 + f`), of x; so cell means are not pulled to 0. On other
    links a cell mean is Normal(link of mean y, 2.5), and in the predictor of a further parameter it has an intercept's
    prior. An offset is subtracted from y first. For lognormal families y is the log of the response; for hurdle models
    only rows other than 0 count.
    """
    if family.record.has_category_predictors:
        return _category_priors(design)
    y, offset = _response_for_priors(design, family)
    identity = family.link == "identity"
    y = y - offset if identity else y
    sd_y = float(np.std(y, ddof=1)) if len(y) > 1 else 0.0
    priors: dict[str, Prior] = {layout.THRESHOLD: Prior("Dirichlet", (1.0,))} if design.response.thresholds else {}
    if identity:
        size_y = sd_y if design.fixed.is_centred else float(np.sqrt(np.mean(y**2)))
        intercept = (float(y.mean()), 2.5 * sd_y)
        priors |= _predictor_priors(design, intercept, size_y=size_y, sd_y=sd_y)
    else:
        cell = (_linked_mean(design, y, offset, family), 2.5)
        priors |= _predictor_priors(design, (_typical(y, offset, family), 2.5), cell=cell)
    for name in family.auxiliary:
        if name in design.parts:
            centre = _auxiliary_centre(name, design, family)
            priors |= _predictor_priors(design.parts[name], centre, cell=centre)
        else:
            priors[name] = _auxiliary_prior(name, design, family)
    return priors


def _category_priors(design: Design) -> dict[str, Prior]:
    """The priors of the categories' predictors; a cell mean is normal about the log odds against the reference."""
    counts = np.bincount(design.response.values.astype(int))[1:]
    priors: dict[str, Prior] = {}
    for part, odds in zip(design.parts.values(), counts[1:] / counts[0], strict=True):
        cell = float(np.log(odds) - np.mean(part.offset))
        priors |= _predictor_priors(part, (0.0, 2.5), cell=(cell, 2.5))
    return priors


def _predictor_priors(
    design: Design,
    intercept: tuple[float, float],
    *,
    cell: tuple[float, float] | None = None,
    size_y: float | None = None,
    sd_y: float | None = None,
) -> dict[str, Prior]:
    """The priors of one predictor: by `size_y` and `sd_y` on an identity link; on others each cell mean has `cell`."""
    priors: dict[str, Prior] = {}
    cells = cell_means(design.fixed)
    size = 1.0 if size_y is None else size_y
    for name, unit, reach in zip(design.fixed.names, fixed_units(design), fixed_reach(design), strict=True):
        if name == design.fixed.intercept:
            priors[name] = Prior("Normal", intercept)
        elif cell is not None and name in cells:
            priors[name] = Prior("Normal", (cell[0], cell[1] * float(reach)))
        else:
            priors[name] = Prior("Normal", (0.0, 2.5 * size * float(reach / unit)))
    return priors | _group_priors(design, sd_y)


def column_sds(design: Design, family: Family) -> dict[str, float]:
    """For each group sd the sd of its column z, as in the default priors: sd(z) sd / sigma has no unit.

    Empty where sigma is not on the scale of the linear predictor.
    """
    if family.link != "identity" or "sigma" not in layout.constant_parameters(design, family.auxiliary):
        return {}
    return {
        name: float(unit)
        for term, units in zip(design.random, group_units(design), strict=True)
        for name, unit in zip(layout.sd_names(term), units, strict=True)
    }


def _typical(y: Floats, offset: Floats, family: Family) -> float:
    """Centre of the intercept's prior: on a log link the log of the mean, as counts of 10^5 lie far from 0."""
    mean = float(np.mean(y))
    return float(np.log(mean) - np.mean(offset)) if family.link == "log" and mean > 0 else 0.0


def _linked_mean(design: Design, y: Floats, offset: Floats, family: Family) -> float:
    """The average of the predictor less the offset: the link of the mean response, 0 if that is not finite.

    Half a success, or half a failure, is added if there is none.
    """
    trials = design.response.trials
    total, size = float(np.sum(y)), float(len(y) if trials is None else np.sum(trials))
    if family.link in OF_A_PROBABILITY and total in (0.0, size):
        total, size = total + 0.5, size + 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        linked = float(LINKS[family.link].link(total / size)) - float(np.mean(offset)) if size else np.nan
    return linked if np.isfinite(linked) else 0.0


def _group_priors(design: Design, sd_y: float | None) -> dict[str, Prior]:
    priors: dict[str, Prior] = {}
    for term, units in zip(design.random, group_units(design), strict=True):
        for name, unit in zip(layout.sd_names(term), units, strict=True):
            of_sd = Prior("HalfNormal", (1.0,)) if sd_y is None else Prior("HalfStudentT", (3.0, sd_y / float(unit)))
            priors[name] = of_sd
        if term.k > 1:
            priors[layout.corr_name(term, design.random)] = Prior("LKJ", (2.0,))
    return priors


def _response_for_priors(design: Design, family: Family) -> tuple[Floats, Floats]:
    """The response on the scale of the priors, and the offset of the same rows, (n,) each.

    That is the logarithm for lognormal families; a hurdle model has only the rows past the hurdle.
    """
    y, offset = design.response.values, design.offset
    if family.record.hurdle:
        past = y > 0
        y, offset = y[past], offset[past]
    return (np.log(y) if family.record.of_log else y), offset


def _auxiliary_prior(name: str, design: Design, family: Family) -> Prior:
    """The default prior of `name`, one of `family.auxiliary`, as `families.auxiliary` has it, with the reasons.

    The prior of `sigma` is HalfStudentT(3, sd y), where y is the response less an offset, or its log for lognormal
    families.

    With weights `sigma` is the residual sd at weight 1, and sd y is multiplied by the root of the median weight, so
    that the prior describes the residuals of a typical row whatever the unit of the weights is.
    """
    parameter = AUXILIARY[name]
    prior = read_prior(parameter.prior)
    if parameter.unit is None:
        return prior
    return Prior(prior.name, (*prior.args[:-1], prior.args[-1] * _unit_of(parameter.unit, design, family)))


def _auxiliary_centre(name: str, design: Design, family: Family) -> tuple[float, float]:
    """Mean and sd of the intercept's normal prior where `name` has a formula, on its link scale.

    The mean is log sd y for `sigma`, and log 20 for `nu` (sd 1) and log 10 for `phi`, in agreement with
    `_auxiliary_prior`.
    """
    parameter = AUXILIARY[name]
    mean, sd = parameter.centre or (0.0, 2.5)
    return (mean if parameter.unit is None else mean + float(np.log(_unit_of(parameter.unit, design, family)))), sd


def _unit_of(unit: str, design: Design, family: Family) -> float:
    """The sd of the response, its mean or the root of that, or its least value, as `Auxiliary.unit` says."""
    if unit == "sd":
        return _spread_of_response(design, family)
    y = design.response.values
    if unit == "least":
        return float(np.min(y))
    return float(np.mean(y) if unit == "mean" else np.sqrt(np.mean(y)))


def _spread_of_response(design: Design, family: Family) -> float:
    """The scale of `sigma`: sd y for a row with the typical weight."""
    y, offset = _response_for_priors(design, family)
    y = y - offset if family.link == "identity" else y
    return float(np.std(y, ddof=1) * np.sqrt(typical_weight(design.weights))) if len(y) > 1 else 0.0
