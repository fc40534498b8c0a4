"""The response of a formula as numbers, checked against what the family expects."""

import numpy as np
from numpy.typing import NDArray

from bayesmix.errors import DataError, FamilyError
from bayesmix.formula.columns import describe_type, is_categorical, is_numeric
from bayesmix.formula.design import Response
from bayesmix.formula.syntax import Name
from bayesmix.formula.terms import Formula
from bayesmix.formula.variables import Variables

Floats = NDArray[np.float64]

#: What a family's response may be: any number, two values, successes out of trials, counts.
RESPONSE_KINDS = ("real", "binary", "proportion", "count")


def read_response(formula: Formula, variables: Variables, *, kind: str, weights: Floats | None) -> Response:
    """The response of `formula`; `kind` is one of `RESPONSE_KINDS`."""
    spec = formula.response
    if spec.trials is not None or spec.failures is not None:
        if kind == "proportion" and weights is not None:
            raise DataError(f"{spec.text} has its trials already; weights are for a share as response. Leave them out.")
        return _counts_of_trials(formula, variables, kind)
    two_levels = _two_levels(formula, variables, kind)
    if two_levels is not None:
        return two_levels
    values = variables.numbers(spec.values)
    if values.ndim != 1:
        raise DataError(f"The response {spec.text} has {values.shape[1]} columns; it needs 1.")
    if kind == "proportion":
        return _zero_one_or_share(spec.text, values, weights)
    if kind == "binary":
        _refuse_not_zero_one(spec.text, values)
    if kind == "count":
        _refuse_not_counts(spec.text, values, "counts")
    _refuse_constant(spec.text, values, kind)
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
        raise DataError(
            f"The response {node.name!r} is {describe_type(column)} with {len(factor.levels)} values; a number is "
            'expected. For a factor of two levels write family="bernoulli".'
        )
    if len(factor.levels) != 2:
        raise DataError(
            f"The response {node.name!r} has {len(factor.levels)} levels ({', '.join(factor.levels[:5])}); "
            "2 are expected: failure, then success."
        )
    levels = (factor.levels[0], factor.levels[1])
    return Response(node.name, factor.codes.astype(float), levels=levels)


def _counts_of_trials(formula: Formula, variables: Variables, kind: str) -> Response:
    spec = formula.response
    if kind != "proportion":
        raise FamilyError(f'The response {spec.text} counts successes out of trials; that is family="binomial".')
    successes = variables.numbers(spec.values)
    _refuse_not_counts(spec.text, successes, "successes")
    if spec.failures is not None:
        failures = variables.numbers(spec.failures)
        below = failures < 0
        if below.any():
            row = int(np.flatnonzero(below)[0])
            raise DataError(
                f"{spec.text}: the failures are negative in {int(below.sum())} rows (first in row "
                f"{variables.data.index[row]}: {successes[row]:g} successes, {failures[row]:g} failures); "
                "are there more successes than trials?"
            )
        trials = successes + failures
    elif spec.trials is not None:
        trials = variables.numbers(spec.trials)
    _refuse_not_counts(spec.text, trials, "trials")
    above = successes > trials
    if above.any():
        row = int(np.flatnonzero(above)[0])
        raise DataError(
            f"{spec.text}: more successes than trials in {int(above.sum())} rows (first in row "
            f"{variables.data.index[row]}: {successes[row]:g} of {trials[row]:g}); mend the counts."
        )
    none = trials == 0
    if none.all():
        raise DataError(f"{spec.text}: all {len(trials)} rows have 0 trials; nothing was observed.")
    return Response(spec.text, successes, trials)


def _zero_one_or_share(text: str, values: Floats, weights: Floats | None) -> Response:
    """R's third way: a share of successes, with the trials as weights; without weights zeros and ones."""
    if weights is None:
        _refuse_not_zero_one(text, values)
        _refuse_constant(text, values, "binary")
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
    _refuse_not_counts("weights", weights, "trials")
    return Response(text, rounded, np.asarray(weights, dtype=float))


def _refuse_not_zero_one(text: str, values: Floats) -> None:
    other = ~np.isin(values, (0.0, 1.0))
    if other.any():
        raise DataError(
            f"The response {text} is neither 0 nor 1 in {int(other.sum())} of {len(values)} rows (first "
            f"{values[other][0]:g}); counts out of trials are written cbind(k, n - k) or p(k, n)."
        )


def _refuse_not_counts(text: str, values: Floats, what: str) -> None:
    bad = (values < 0) | (values != np.round(values))
    if bad.any():
        raise DataError(
            f"{text}: {what} are whole numbers from 0; {int(bad.sum())} of {len(values)} rows have others (first "
            f"{values[bad][0]:g})."
        )


def _refuse_constant(text: str, values: Floats, kind: str) -> None:
    if kind in ("real", "binary") and np.ptp(values) == 0:
        raise DataError(f"The response {text} is {values[0]:g} in all {len(values)} rows; there is nothing to explain.")
