"""A hypothesis about estimates: a t or z test of a combination of coefficients, by the delta method if it is curved."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
import pandas as pd
from scipy import stats

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, UnknownTermError, shown
from bayesmix.estimates.estimability import estimable_rows
from bayesmix.estimates.reml.tests import ddf_notes, ddf_record
from bayesmix.formula.design import Design
from bayesmix.inference.hypotheses.expression import affine, evaluate, has_function, names_in, slopes
from bayesmix.inference.hypotheses.marginal_means import NamedMean, empty_cells, means_into, notes_on_means
from bayesmix.inference.hypotheses.parameters import spreads_of
from bayesmix.inference.hypotheses.text import Hypothesis, read_hypothesis
from bayesmix.inference.hypotheses.tokens import Names
from bayesmix.modelling.kinds import LaplaceFit, LmFit, RemlFit, no_answer
from bayesmix.numerics.ddf import ExactDegrees, KenwardRoger, Satterthwaite, degrees_of_freedom


@dataclass(frozen=True)
class Coefficients:
    """Estimates of `names`, (p,), with their `covariance` (p, p), and how a combination's degrees of freedom are found.

    Without `degrees` tests are by the normal. `notes` are for every row.
    """

    names: tuple[str, ...]
    values: Floats
    covariance: Floats
    degrees: Satterthwaite | KenwardRoger | ExactDegrees | None
    notes: tuple[str, ...] = ()


@singledispatch
def coefficients_of(fit: object, *, ddf: str) -> Coefficients:
    """What a Wald test reads of a fit."""
    raise no_answer(coefficients_of, fit, question="hypothesis")


@coefficients_of.register
def _of_reml(fit: RemlFit, *, ddf: str) -> Coefficients:
    record = ddf_record(fit, ddf)
    return Coefficients(fit.design.fixed.names, fit.beta, record.covariance, record, ddf_notes(fit, ddf))


@coefficients_of.register
def _of_least_squares(fit: LmFit, *, ddf: str) -> Coefficients:
    record = ExactDegrees(fit.vcov, float(fit.df_residual))
    return Coefficients(fit.design.fixed.names, fit.beta, fit.vcov, record)


@coefficients_of.register
def _of_laplace(fit: LaplaceFit, *, ddf: str) -> Coefficients:
    if fit.converged:
        return Coefficients(fit.design.fixed.names, fit.beta, fit.vcov, None)
    notes = (f"No test, since no maximum was found: {fit.reason}",)
    return Coefficients(fit.design.fixed.names, fit.beta, np.full_like(fit.vcov, np.nan), None, notes)


def of_estimates(fit: RemlFit | LaplaceFit | LmFit, texts: dict[str, str], prob: float, ddf: str) -> pd.DataFrame:
    """The table of `bm.hypothesis` for estimates."""
    design = fit.design
    if not design.fixed.names:
        raise ArgumentError("The model has no coefficients that could be tested.")
    names = Names([*design.fixed.every_name, *spreads_of(design), "sigma"])
    means: dict[str, NamedMean] = {}
    of_means = means_into(means, fit)
    read = [read_hypothesis(label, text, names, _no_effects, of_means) for label, text in texts.items()]
    coefficients = coefficients_of(fit, ddf=ddf)
    rows = [_row(design, hypothesis, means, coefficients, prob) for hypothesis in read]
    return pd.DataFrame(rows, index=pd.Index(list(texts), name="hypothesis", dtype=object))


def _no_effects(parts: tuple[str, ...]) -> str:
    raise ArgumentError(
        f"ranef[{', '.join(parts)}] is a prediction here, with no test: ranef(fit) has it with its sd; a posterior, by "
        "bm.fit, has hypotheses about group effects."
    )


def _row(
    design: Design, hypothesis: Hypothesis, means: dict[str, NamedMean], of: Coefficients, prob: float
) -> dict[str, object]:
    if hypothesis.is_range or has_function(hypothesis.expression, "abs"):
        raise ArgumentError(
            f"{hypothesis.text!r}: estimates have no test of a range in one row. Ask for both ends, 'a > -0.1' and "
            "'a < 0.1': the greater p counts (two one-sided tests). A posterior has its probability."
        )
    values = _values(design, hypothesis, means, of)
    estimate = float(evaluate(hypothesis.expression, {name: np.float64(value) for name, value in values.items()}))  # type: ignore[misc]
    slope = slopes(hypothesis.expression, values)
    whole = _over_coefficients(design, slope, means)
    row = whole[[design.fixed.every_name.index(name) for name in of.names]]
    if not np.isfinite([estimate, *row]).all():
        raise ArgumentError(f"{hypothesis.text!r}: the expression, or its slope, has no finite value at the estimates.")
    se = float(np.sqrt(row @ of.covariance @ row))
    if se == 0:
        raise ArgumentError(f"{hypothesis.text!r}: the parameters cancel, so that nothing is left to test.")
    curved = affine(hypothesis.expression) is None
    delta = ["Not linear: standard error and df by the delta method."] if curved else []
    notes = (*of.notes, *delta, *notes_on_means(hypothesis, means))
    df = np.inf if of.degrees is None else degrees_of_freedom(of.degrees, row)
    return _tested(hypothesis, estimate, se, df, prob, by_t=of.degrees is not None) | {"note": " ".join(notes)}


def _over_coefficients(design: Design, weights: Mapping[str, float], means: dict[str, NamedMean]) -> Floats:
    """Weights of parameters and means as those of all coefficients, (p,), of those left out too."""
    names, whole = design.fixed.every_name, np.zeros(len(design.fixed.every_name))
    for name, weight in weights.items():
        if name in means:
            whole += weight * means[name].row
        else:
            whole[names.index(name)] += weight
    return whole


def _values(design: Design, hypothesis: Hypothesis, means: dict[str, NamedMean], of: Coefficients) -> dict[str, float]:
    """The estimates of the coefficients and means that the expression names; 0 of coefficients left out."""
    named = names_in(hypothesis.expression)
    for name in named:
        if name not in means and name not in design.fixed.every_name:
            raise UnknownTermError(
                f"{shown(name)} has no standard error here, so that no Wald test holds: rand(fit) tests if it is 0, "
                "varcorr(fit) has the estimate. A posterior, by bm.fit, has hypotheses about it."
            )
    _require_estimable(design, hypothesis, named, means)
    estimates = dict.fromkeys(design.fixed.every_name, 0.0) | dict(zip(of.names, map(float, of.values), strict=True))
    return {
        name: means[name].linear.constant + sum(w * estimates[one] for one, w in means[name].linear.weights.items())
        if name in means
        else estimates[name]
        for name in named
    }


def _require_estimable(
    design: Design, hypothesis: Hypothesis, named: tuple[str, ...], means: dict[str, NamedMean]
) -> None:
    """Refuse what the data do not determine, unless beside others they determine the combination."""
    missing, unknown = [name for name in named if name in design.fixed.left_out], empty_cells(hypothesis, means)
    if not missing and not unknown:
        return
    linear = affine(hypothesis.expression)
    if linear is None or not estimable_rows(design, _over_coefficients(design, linear.weights, means)[None])[0]:
        if unknown:
            raise UnknownTermError(f"{hypothesis.text!r} cannot be estimated: {unknown}.")
        raise UnknownTermError(
            f"{hypothesis.text!r} cannot be estimated: {shown(missing[0])} was left out "
            f"({design.fixed.left_out[missing[0]]})."
        )


def _tested(
    hypothesis: Hypothesis, estimate: float, se: float, df: float, prob: float, *, by_t: bool
) -> dict[str, object]:
    """The test against the end of the interval; the null hypothesis is the point, or what lies beyond the end."""
    point = hypothesis.lower if np.isfinite(hypothesis.lower) else hypothesis.upper
    statistic = (estimate - point) / se
    tails = stats.t(df) if np.isfinite(df) else stats.norm()
    if hypothesis.is_point:
        sign, p = "=", 2 * tails.sf(abs(statistic))
    elif np.isfinite(hypothesis.lower):
        sign, p = "<=", tails.sf(statistic)
    else:
        sign, p = ">=", tails.cdf(statistic)
    half = tails.ppf((1 + prob) / 2) * se
    return {
        "estimate": estimate,
        "se": se,
        **({"df": df, "t": statistic} if by_t else {"z": statistic}),
        "p": float(p),
        "lower": estimate - half,
        "upper": estimate + half,
        "null": f"{sign} {point:g}",
    }
