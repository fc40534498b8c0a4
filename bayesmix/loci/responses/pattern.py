"""What the responses with values at the same samples share: designs and priors of the model and of smaller ones."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats, Integers
from bayesmix.errors import ArgumentError, DataError, PriorError, listing
from bayesmix.families.family import Family, read_family
from bayesmix.formula.design import Design
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.formula.reduce import Reduction, reductions
from bayesmix.formula.syntax import Name
from bayesmix.formula.terms import Formula
from bayesmix.inference.evidence.tested_term import require_finite_at_zero
from bayesmix.modelling.dependence_notice import require_told_apart
from bayesmix.modelling.exact.route import ExactRoute
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.parameters import theta_priors
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.coefficient_prior import CoefficientPrior
from bayesmix.numerics.responses.learning import Shared
from bayesmix.numerics.responses.proposal import Coordinates
from bayesmix.numerics.responses.space import ResponseSpace, response_space
from bayesmix.numerics.responses.tables import SdPriors
from bayesmix.posterior.layout import sd_names
from bayesmix.priors.default_priors import column_sds, default_priors
from bayesmix.priors.given import Given
from bayesmix.priors.prior import FLAT, Prior
from bayesmix.priors.settled import settle_priors


@dataclass(frozen=True, eq=False)
class OneModel:
    """A design with its priors, both for a response of mean 0 and sd 1."""

    design: Design
    priors: dict[str, Prior]

    def shared(self, log_sigma: Floats) -> Shared:
        """What all its responses share."""
        design, priors = self.design, self.priors
        terms = tuple(GroupColumns(term.index, term.columns, term.n_levels) for term in design.random)
        X = design.fixed.matrix
        order = _intercept_first(design)
        numbers = np.array([priors[design.fixed.names[column]].args for column in order]).reshape(-1, 2)
        prior = CoefficientPrior(numbers[:, 0], numbers[:, 1], X.mean(axis=0)[order])
        space = in_order(response_space(X[:, order], terms, prior), order)
        kinds, both = theta_priors(design, priors, sigma=True)
        is_sd = Coordinates(space.ks, space.units, np.empty(0)).is_sd
        of_sd = np.append(is_sd, True)
        coordinates = Coordinates(space.ks, space.units, both[:-1][~is_sd, 0])
        return Shared(space, coordinates, SdPriors(kinds[of_sd], both[of_sd]), log_sigma)


def _intercept_first(design: Design) -> Integers:
    first = design.fixed.names.index(design.fixed.intercept or "")
    return np.array([first, *(column for column in range(len(design.fixed.names)) if column != first)])


def in_order(space: ResponseSpace, order: Integers) -> ResponseSpace:
    """The same space with its coefficients in the order of the formula."""
    back = np.argsort(order)
    return replace(
        space,
        factor=space.factor[back],
        mean=space.mean[back],
        fixed_squares=space.fixed_squares[np.ix_(back, back)],
    )


@dataclass(frozen=True, eq=False)
class PatternModels:
    """The model of some samples, and the smaller ones without a random term or a slope, with their `labels`."""

    whole: OneModel
    smaller: tuple[OneModel, ...]
    labels: tuple[str, ...]


def pattern_models(formula: Formula, sheet: pd.DataFrame, given: Given, *, factors: bool) -> PatternModels:
    """The models of the samples of `sheet`, whose column of the response is made up.

    `factors`: whether the smaller models are wanted, for Bayes factors of the random terms.

    Raises
    ------
    FormulaError, DataError, DesignError, PriorError, ArgumentError
        One line that says what is wrong and what to do.
    """
    family = read_family("gaussian")
    data = sheet.assign(**{formula.response.text: unit_response(len(sheet))})
    whole = _one_model(formula, data, family, given)
    _require_shareable(whole, family)
    parts = reductions(whole.design.written) if factors else ()
    smaller = []
    for part in parts:
        smaller.append(_smaller(whole, part, data, family))
    return PatternModels(whole, tuple(smaller), tuple(part.label for part in parts))


def parsed_formula(text: str, columns: Collection[str]) -> Formula:
    """The formula, with a response that is none of the `columns` of the design where it has none.

    Raises
    ------
    FormulaError, ArgumentError
        It cannot be read, or its response is more than a name.
    """
    if not isinstance(text, str):
        raise ArgumentError(f'formula is a text, such as "~ treatment + (1 | donor)"; got {type(text).__name__}.')
    if text.strip().startswith("~"):
        name = "y"
        while name in columns:
            name += "_"
        text = f"{name} {text.strip()}"
    formula = parse(text)
    if not isinstance(formula.response.values, Name) or len(formula.response.nodes) > 1:
        raise ArgumentError(
            f"The formula has the response {formula.response.text!r}: the columns of Y are the responses, and are "
            "transformed before. Write ~ and the terms."
        )
    return formula


def unit_response(n: int) -> Floats:
    """Numbers of mean 0 and sd 1, on whose scale default priors are."""
    ranks = np.linspace(-1.0, 1.0, n)
    spread = float(np.std(ranks, ddof=1)) if n > 1 else 1.0
    return np.asarray(ranks / spread, dtype=float)


def _one_model(formula: Formula, data: pd.DataFrame, family: Family, given: Given) -> OneModel:
    design = build_design(formula, data, response=family.response, auxiliary=family.auxiliary)
    priors = settle_priors(default_priors(design, family), given, column_sds(design, family))
    require_told_apart(design, priors)
    return OneModel(design, priors)


def _smaller(whole: OneModel, part: Reduction, data: pd.DataFrame, family: Family) -> OneModel:
    design = build_design(part.formula, data, response=family.response, auxiliary=family.auxiliary)
    priors = {name: whole.priors.get(name, prior) for name, prior in default_priors(design, family).items()}
    tested = {name: prior for name, prior in whole.priors.items() if name not in priors}
    for name in (name for term in whole.design.random for name in sd_names(term)):
        if name in tested:
            require_finite_at_zero(tested[name], name)
    return OneModel(design, priors)


def _require_shareable(model: OneModel, family: Family) -> None:
    """Refuse what responses do not share, and priors that have no closed form."""
    design = model.design
    if not design.fixed.has_intercept:
        raise ArgumentError(
            "The formula has no intercept: priors would depend on the mean of each response. Keep the intercept; "
            "bm.emmeans of single fits has the means of the levels."
        )
    if design.offset.any():
        raise DataError("The formula has an offset: subtract it from the responses before.")
    reason = ExactRoute().why_not(MixedModel(design, family, model.priors))
    if reason is not None:
        raise PriorError(f"Responses share no values: {reason}. bm.fit fits them one by one.")
    flat = [name for name in design.fixed.names if model.priors[name].name == FLAT]
    if flat:
        raise PriorError(
            f"The prior of {listing(flat)} is flat: responses have no evidence with it; write Normal(0, 10)."
        )
