"""What a response may not be, kind by kind: each check is one line that says what is wrong and what to do."""

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import DataError

LARGEST_COUNT = 2.0**53
"""The whole numbers up to which a computer's floating-point numbers are exact."""


def refuse_others(text: str, values: Floats, kind: str) -> None:
    """Refuse values that a response of this `kind` cannot have."""
    if kind == "binary":
        refuse_not_zero_one(text, values)
    if kind in ("count", "count_with_zeros", "count_without_zeros"):
        refuse_not_counts(text, values, "counts")
    if kind == "count_without_zeros":
        _refuse_zeros(text, values)
    if kind == "positive":
        _refuse_not_positive(text, values)
    if kind in ("positive_with_zeros", "not_negative"):
        _refuse_negative(text, values)
    if kind == "share":
        _refuse_not_inside(text, values)
    if kind == "share_with_ends":
        _refuse_without_ends(text, values)
    if kind.endswith("_with_zeros"):
        refuse_without_zeros(text, values)
    refuse_constant(text, values, kind)


def refuse_not_zero_one(text: str, values: Floats) -> None:
    other = ~np.isin(values, (0.0, 1.0))
    if other.any():
        raise DataError(
            f"The response {text} is neither 0 nor 1 in {int(other.sum())} of {len(values)} rows (first "
            f"{values[other][0]:g}); counts out of trials are written cbind(k, n - k) or p(k, n)."
        )


def refuse_not_counts(text: str, values: Floats, subject: str) -> None:
    bad = (values < 0) | (values != np.round(values))
    if bad.any():
        raise DataError(
            f"{text}: {subject} are whole numbers from 0; in {int(bad.sum())} of {len(values)} rows they are not "
            f"(first {values[bad][0]:g})."
        )
    if values.max(initial=0.0) > LARGEST_COUNT:
        raise DataError(
            f"{text}: {subject} of up to {values.max():g} are given, and above {LARGEST_COUNT:g} (2^53) neighbouring "
            "whole numbers cannot be told apart; are missing values written as a large number?"
        )


def refuse_without_zeros(text: str, values: Floats) -> None:
    """A part of the model for the zeros needs some, and the rest something else."""
    n_zero = int((values == 0).sum())
    if n_zero == 0:
        raise DataError(
            f"The response {text} is 0 in none of {len(values)} rows, so the model's part for the zeros has nothing to "
            "go by; take the family without zero inflation or hurdle."
        )
    if n_zero == len(values):
        raise DataError(f"The response {text} is 0 in all {len(values)} rows; there is nothing to explain.")


def refuse_constant(text: str, values: Floats, kind: str) -> None:
    if (
        kind in ("real", "number", "binary", "positive", "not_negative", "share", "count_without_zeros")
        and np.ptp(values) == 0
    ):
        raise DataError(f"The response {text} is {values[0]:g} in all {len(values)} rows; there is nothing to explain.")


def _refuse_not_positive(text: str, values: Floats) -> None:
    bad = values <= 0
    if not bad.any():
        return
    if (values < 0).any():
        size, instead = "below 0", 'a response that may be negative is family="gaussian" or "student_t"'
        bad = values < 0
    else:
        size, instead = "0", 'positive numbers with zeros are family="hurdle_gamma", "hurdle_lognormal" or "tweedie"'
    raise DataError(
        f"The response {text} is {size} in {int(bad.sum())} of {len(values)} rows, and this family is for numbers "
        f"above 0; {instead}."
    )


def _refuse_negative(text: str, values: Floats) -> None:
    below = values < 0
    if below.any():
        raise DataError(
            f"The response {text} is below 0 in {int(below.sum())} of {len(values)} rows (first {values[below][0]:g}); "
            "this family is for 0 and numbers above."
        )


def _refuse_zeros(text: str, values: Floats) -> None:
    n_zero = int((values == 0).sum())
    if n_zero:
        raise DataError(
            f"The response {text} is 0 in {n_zero} of {len(values)} rows, and this family is for counts from 1; counts "
            'with zeros are family="poisson", "negative_binomial" or a hurdle.'
        )


def _refuse_outside(text: str, values: Floats) -> None:
    outside = (values < 0) | (values > 1)
    if outside.any():
        raise DataError(
            f"The response {text} is outside 0 to 1 in {int(outside.sum())} of {len(values)} rows (first "
            f"{values[outside][0]:g}); per cents are divided by 100, I({text} / 100)."
        )


def _refuse_without_ends(text: str, values: Floats) -> None:
    """Probabilities of the ends need some, and the beta distribution something else."""
    _refuse_outside(text, values)
    at_ends = int(((values == 0) | (values == 1)).sum())
    if at_ends == 0:
        raise DataError(
            f"The response {text} is 0 or 1 in none of {len(values)} rows, so the model's part for these has nothing "
            'to go by; write family="beta".'
        )
    if at_ends == len(values):
        raise DataError(f'The response {text} is 0 or 1 in all {len(values)} rows; write family="bernoulli".')


def _refuse_not_inside(text: str, values: Floats) -> None:
    _refuse_outside(text, values)
    n_zero, n_one = int((values == 0).sum()), int((values == 1).sum())
    if n_zero or n_one:
        raise DataError(
            f"The response {text} is exactly 0 in {n_zero} and exactly 1 in {n_one} of {len(values)} rows, where beta "
            "has no density; if it is counts out of trials, model these with beta_binomial, else write "
            'family="ordered_beta" or "zero_one_inflated_beta".'
        )
