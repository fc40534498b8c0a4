"""The response of a formula as numbers, checked against what the family expects."""

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.errors import DataError, FamilyError, counted
from bayesmix.formula.censored_response import read_censored
from bayesmix.formula.columns import describe_type, is_categorical, is_numeric
from bayesmix.formula.design import Response
from bayesmix.formula.nominal_response import MOST, read_nominal
from bayesmix.formula.number_texts import beside_numbers
from bayesmix.formula.ordinal_response import read_categories
from bayesmix.formula.response_checks import (
    refuse_constant,
    refuse_not_counts,
    refuse_not_zero_one,
    refuse_others,
    refuse_without_zeros,
)
from bayesmix.formula.syntax import Name
from bayesmix.formula.terms import Formula
from bayesmix.formula.variables import Variables

RESPONSE_KINDS = {
    "real": "any number",
    "number": "any number",
    "binary": "two values",
    "proportion": "successes out of trials, or 0 and 1",
    "trials": "successes out of trials",
    "trials_with_zeros": "successes out of trials, some of them 0",
    "count": "whole numbers from 0",
    "count_with_zeros": "whole numbers from 0, some of them 0",
    "count_without_zeros": "whole numbers from 1",
    "positive": "numbers above 0",
    "positive_with_zeros": "numbers above 0, and some 0",
    "not_negative": "numbers from 0",
    "share": "numbers between 0 and 1",
    "share_with_ends": "numbers from 0 to 1, some of them 0 or 1",
    "ordinal": "ordered categories",
    "nominal": "categories without an order",
}
"""What a family's response may be; weights are for ``"real"`` numbers, whose sd is sigma / sqrt(weight)."""

OUT_OF_TRIALS = ("proportion", "trials", "trials_with_zeros")
COUNTS = ("count", "count_with_zeros", "count_without_zeros")
CONTINUOUS = ("real", "number", "positive", "positive_with_zeros", "not_negative", "share", "share_with_ends")
"""Kinds whose observations have a density: a group with a level for each row is not to be told from their spread."""

_CATEGORIES = {"ordinal": read_categories, "nominal": read_nominal}
_MORE_LEVELS = ' Three or more that have no order are family="categorical" of bm.fit.'


def measure_of(kind: str) -> str:
    """What a likelihood of this kind is: ``"density"``, ``"probability"``, or some of each, ``"mixed"``."""
    if kind in ("positive_with_zeros", "not_negative", "share_with_ends"):
        return "mixed"
    return "density" if kind in CONTINUOUS else "probability"


def read_response(formula: Formula, variables: Variables, *, kind: str, weights: Floats | None) -> Response:
    """The response of `formula`; `kind` is one of `RESPONSE_KINDS`."""
    spec = formula.response
    if spec.censoring is not None:
        return read_censored(spec, variables, kind=kind)
    if spec.trials is not None or spec.failures is not None:
        if kind in OUT_OF_TRIALS and weights is not None:
            raise DataError(f"{spec.text} has its trials already; weights are for a share as response. Leave them out.")
        return _counts_of_trials(formula, variables, kind)
    if kind in _CATEGORIES:
        return _CATEGORIES[kind](spec, variables)
    two_levels = _two_levels(formula, variables, kind)
    if two_levels is not None:
        return two_levels
    values = variables.numbers(spec.values)
    if values.ndim != 1:
        raise DataError(f"The response {spec.text} has {values.shape[1]} columns; it needs 1.")
    if kind in OUT_OF_TRIALS:
        return _zero_one_or_share(spec.text, values, weights, kind)
    refuse_others(spec.text, values, kind)
    return Response(spec.text, values)


def _two_levels(formula: Formula, variables: Variables, kind: str) -> Response | None:
    """A factor as response: 0 for the first of two levels, 1 for the second."""
    node = formula.response.values
    if not isinstance(node, Name):
        return None
    column = variables.column(node)
    if is_numeric(column) or not (is_categorical(column) or kind in ("binary", "proportion")):
        if not is_numeric(column):
            raise DataError(
                f"The response {node.name!r} is {describe_type(column)}; a number is expected, such as days "
                "since the start."
            )
        return None
    factor = variables.factor(node)
    if kind not in ("binary", "proportion"):
        raise DataError(_no_number(node.name, column, len(factor.levels)))
    if len(factor.levels) != 2:
        raise DataError(
            f"The response {node.name!r} has {counted(len(factor.levels), 'level')} ({', '.join(factor.levels[:5])}); "
            f"2 are expected: failure, then success.{_MORE_LEVELS if len(factor.levels) > 2 else ''}"
        )
    levels = (factor.levels[0], factor.levels[1])
    return Response(node.name, factor.codes.astype(float), levels=levels)


def _no_number(name: str, column: pd.Series, n_levels: int) -> str:
    """The message about a response that is text or a factor where numbers are expected."""
    numbers = beside_numbers(column)
    if numbers:
        return f"The response {name!r} is {describe_type(column)}, a number is expected: {numbers}."
    instead = _MORE_LEVELS if 2 < n_levels <= MOST else ""
    if n_levels == 2:
        instead = ' A response with two levels is fitted with family="bernoulli" (bm.fit or bm.laplace).'
    levels = counted(n_levels, "level")
    return f"The response {name!r} is {describe_type(column)} with {levels}; a number is expected.{instead}"


def _counts_of_trials(formula: Formula, variables: Variables, kind: str) -> Response:
    spec = formula.response
    if kind not in OUT_OF_TRIALS:
        raise FamilyError(
            f'The response {spec.text} counts successes out of trials; that is family="binomial" or "beta_binomial" '
            "of bm.fit."
        )
    successes = variables.numbers(spec.values)
    refuse_not_counts(spec.text, successes, "successes")
    if spec.failures is not None:
        failures = variables.numbers(spec.failures)
        below = failures < 0
        if below.any():
            row = int(np.flatnonzero(below)[0])
            raise DataError(
                f"{spec.text}: the failures are negative in {counted(int(below.sum()), 'row')} (first in row "
                f"{variables.data.index[row]}: {successes[row]:g} successes, {failures[row]:g} failures); "
                "are there more successes than trials?"
            )
        trials = successes + failures
    elif spec.trials is not None:
        trials = variables.numbers(spec.trials)
    refuse_not_counts(spec.text, trials, "trials")
    above = successes > trials
    if above.any():
        row = int(np.flatnonzero(above)[0])
        raise DataError(
            f"{spec.text}: more successes than trials in {counted(int(above.sum()), 'row')} (first in row "
            f"{variables.data.index[row]}: {successes[row]:g} of {trials[row]:g}); correct the counts."
        )
    none = trials == 0
    if none.all():
        raise DataError(f"{spec.text}: all {len(trials)} rows have 0 trials; nothing was observed.")
    return _checked(Response(spec.text, successes, trials), kind)


def _checked(response: Response, kind: str) -> Response:
    """What a family asks of counts beyond the binomial: trials that can vary together, zeros."""
    if kind != "proportion" and response.trials is not None and response.trials.max() <= 1:
        raise DataError(
            f"{response.name} has at most 1 trial in each row, which tells nothing of a spread beyond the binomial; "
            'write family="bernoulli".'
        )
    if kind == "trials_with_zeros":
        refuse_without_zeros(response.name, response.values)
    return response


def _zero_one_or_share(text: str, values: Floats, weights: Floats | None, kind: str) -> Response:
    """R's third way: a share of successes, with the trials as weights; without weights zeros and ones."""
    if weights is None and kind != "proportion":
        raise DataError(
            f"The response {text} has no trials; write cbind(k, n - k) or p(k, n), or give a share with the trials as "
            'weights. Zeros and ones alone are family="bernoulli".'
        )
    if weights is None:
        refuse_not_zero_one(text, values)
        refuse_constant(text, values, "binary")
        return Response(text, values)
    outside = (values < 0) | (values > 1)
    if outside.any():
        raise DataError(
            f"The response {text} with trials as weights is a share from 0 to 1; it is outside in "
            f"{int(outside.sum())} of {len(values)} rows (first {values[outside][0]:g})."
        )
    successes = values * weights
    rounded = np.round(successes)
    off = np.abs(successes - rounded) > 1e-6 * np.maximum(weights, 1)
    if off.any():
        raise DataError(
            f"{text} times the weights is not a whole number in {int(off.sum())} of {len(values)} rows (first "
            f"{values[off][0]:g} x {weights[off][0]:g}); weights are the trials in a binomial model."
        )
    refuse_not_counts("weights", weights, "trials")
    return _checked(Response(text, rounded, np.asarray(weights, dtype=float)), kind)
