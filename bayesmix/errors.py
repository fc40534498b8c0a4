"""The errors that bayesmix raises: what is wrong, with both numbers, for which term, and what to do.

This room imports the standard library only; every other room may import it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

LONGEST = 480
"""Characters of a message; what names and values of the user's would make longer is cut in the middle."""


class BayesmixError(Exception):
    """Base of every error that bayesmix raises on purpose; its text is one clear line of at most `LONGEST` characters.

    Parameters
    ----------
    message
        What is wrong and what to do. It may quote names and values of the user's as they are: characters that would
        break the line or steer a terminal are written as escapes.
    """

    def __init__(self, message: str = ""):
        super().__init__(one_line(message))


class DataError(BayesmixError):
    """The data cannot be used as they are: empty, infinite, constant, of the wrong type."""


class UnknownColumnError(DataError):
    """A name in the formula is no column of the data; the message lists the near matches."""


class DesignError(BayesmixError):
    """Formula and data together make no model that can be fitted, such as a rank-deficient fixed part."""


class FamilyError(BayesmixError):
    """The family or link is unknown, or does not suit the response."""


class PriorError(BayesmixError):
    """A prior cannot be read, or names a parameter that the model does not have."""


class UnknownTermError(BayesmixError):
    """A term, group or coefficient is asked for that the model does not have."""


class ArgumentError(BayesmixError):
    """An argument of a question has a value that means nothing there, such as `prob=95`."""


class CardError(BayesmixError):
    """An analysis card has an unknown key, a missing one, or a value of the wrong type."""


class OutputError(BayesmixError):
    """Results cannot be written where they were asked for; what was there is untouched."""


class SamplingError(BayesmixError):
    """Sampling could not start or was interrupted; nothing was kept."""


class QuadratureError(SamplingError):
    """A quadrature over group effects does not reach its precision; the model can be sampled with all parameters."""


class StoredFitError(BayesmixError):
    """A file is no stored fit, or one that this version cannot read."""


@dataclass(frozen=True)
class Span:
    """A stretch of a formula's text, `start` to `end` (exclusive), in characters."""

    start: int
    end: int


class FormulaError(BayesmixError):
    """The formula cannot be read or is not supported; the offending token is marked under the formula.

    Parameters
    ----------
    reason
        One line: what is wrong and what to write instead.
    formula
        The formula's text.
    span
        The token at fault.
    """

    def __init__(self, reason: str, formula: str, span: Span):
        super().__init__(reason)
        self.reason, self.formula, self.span = reason, formula, span
        self.args = (reason, formula, span)

    def __str__(self) -> str:
        marker = " " * self.span.start + "^" * max(1, self.span.end - self.span.start)
        return f"{one_line(self.reason)}\n  {self.formula}\n  {marker}"


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """The near matches of `name` among `options` as a sentence with a leading blank, or an empty string."""
    known = [str(option) for option in options]
    by_lower_case = {option.lower(): option for option in known}
    matches = get_close_matches(name.lower(), list(by_lower_case), n=3, cutoff=0.6)
    if not matches:
        return ""
    return " Did you mean " + " or ".join(repr(by_lower_case[match]) for match in matches) + "?"


def listing(names: Iterable[str], at_most: int = 12) -> str:
    """`a, b, c` for a message; of a long list the first `at_most` and a count of the rest."""
    names = [str(name) for name in names]
    rest = len(names) - at_most
    shown = ", ".join(names[:at_most])
    return f"{shown} and {rest} more" if rest > 0 else shown


def one_line(text: str, at_most: int = LONGEST) -> str:
    """`text` in printable characters on one line; of a longer one its beginning and its end."""
    line = "".join(one if one.isprintable() else repr(one)[1:-1] for one in str(text))
    if len(line) <= at_most:
        return line
    before = (at_most - 5) // 2
    return f"{line[:before]} ... {line[len(line) - (at_most - 5 - before) :]}"


def shown(value: object, at_most: int = 60) -> str:
    """`value` as a message names it: numbers, texts and short lists as they are written, of all else its type."""
    if isinstance(value, int) and value.bit_length() > 200:
        return f"a whole number of {value.bit_length()} bits"
    if isinstance(value, float):
        return float.__repr__(value)
    if value is None or isinstance(value, bool | int | complex | str | bytes):
        return one_line(repr(value), at_most)
    if isinstance(value, list | tuple) and type(value) in (list, tuple):
        inside = listing((shown(one, at_most // 2) for one in value[:100]), at_most=5)
        return one_line(f"[{inside}]" if isinstance(value, list) else f"({inside})", 2 * at_most)
    return type(value).__name__
