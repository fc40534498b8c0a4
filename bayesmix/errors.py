"""The errors that bayesmix raises: what is wrong, with both numbers, for which term, and what to do.

Every other room but `visible` may import it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from bayesmix.visible import visible

_LONGEST = 450
"""Characters of a message at most: names and levels that it quotes may be of any length."""


class BayesmixError(Exception):
    """Base of every error that bayesmix raises on purpose; its text is one clear line.

    Control characters and halves of surrogate pairs, which names and levels of a table may hold, are written out, and
    of very long texts the middle is left out.
    """

    def __init__(self, message: str):
        super().__init__(one_line(message))


class DataError(BayesmixError):
    """The data cannot be used as they are: empty, infinite, constant, of the wrong type."""


class UnknownColumnError(DataError):
    """A name in the formula is no column of the data; the message lists the near matches."""


class DesignError(BayesmixError):
    """Formula and data together make no model that can be fitted, such as one with more coefficients than rows."""


class FamilyError(BayesmixError):
    """The family or link is unknown, or does not suit the response."""


class PriorError(BayesmixError):
    """A prior cannot be read, or names a parameter that the model does not have."""


class UnknownTermError(BayesmixError):
    """A term, group or coefficient is asked for that the model does not have."""


class ArgumentError(BayesmixError):
    """An argument of a question has a value that means nothing there, such as `prob=95`."""


class CallError(ArgumentError, TypeError):
    """A function is called with an argument that it does not have, or with too many or too few."""


class MissingNameError(BayesmixError, AttributeError):
    """bayesmix, or one of its records, has nothing of this name; the message says what answers it."""


class CardError(BayesmixError):
    """An analysis card has an unknown key, a missing one, or a value of the wrong type."""


class OutputError(BayesmixError):
    """Results cannot be written where they were asked for; what was there is untouched."""


class SamplingError(BayesmixError):
    """Sampling could not start or was interrupted; nothing was kept."""


class QuadratureError(SamplingError):
    """A quadrature over group effects does not reach its precision; the model can be sampled with all parameters."""


class EndedError(KeyboardInterrupt):
    """The system asks a run to end: all of it, where Ctrl-C may end one step."""


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
        self.reason, self.formula, self.span = str(self), formula, span
        shown, start, end = _excerpt(formula, span)
        self.args = (f"{self.reason}\n  {shown}\n  {' ' * start}{'^' * max(1, end - start)}",)

    def __reduce__(self) -> tuple[type["FormulaError"], tuple[str, str, Span]]:
        return FormulaError, (self.reason, self.formula, self.span)


_WIDEST = 200
"""Characters of a formula that are shown at most, around the token at fault."""


def _excerpt(formula: str, span: Span) -> tuple[str, int, int]:
    """The line of a formula in which a token is marked, and where the mark begins and ends in it."""
    end = min(span.end, span.start + _WIDEST // 2)
    first = max(0, min(span.start - _WIDEST // 4, len(formula) - _WIDEST)) if len(formula) > _WIDEST else 0
    before, after = "..." if first else "", "..." if first + _WIDEST < len(formula) else ""
    # A character for a character, so that the mark stays below its token.
    shown = "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in formula[first : first + _WIDEST])
    shift = len(before) - first
    return before + shown + after, span.start + shift, end + shift


def one_line(message: str) -> str:
    """`message` with control characters written out and, where it is very long, without its middle."""
    message = visible(message)
    if len(message) <= _LONGEST:
        return message
    head, tail = message[: 2 * _LONGEST // 3], message[-_LONGEST // 3 :]
    return f"{head} [{len(message) - len(head) - len(tail)} characters more] {tail}"


_LONGEST_NAME = 200


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """The near matches of `name` among `options` as a sentence with a leading blank, or an empty string."""
    known = [str(option) for option in options]
    if len(name) > _LONGEST_NAME:  # comparing takes the time of the product of both lengths
        return ""
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


def counted(value: int, noun: str) -> str:
    """`1 level`, `1,553 levels`, `2 categories`: a count with the name of its things, given in the singular."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{value:,} {noun if value == 1 else plural}"


def shown(value: object, at_most: int = 60) -> str:
    """`value` as a message names it: numbers, texts and short lists as they are written, of all else its type."""
    if isinstance(value, int) and value.bit_length() > 200:
        return f"a whole number of {value.bit_length()} bits"
    if isinstance(value, float):
        return float.__repr__(value)
    if value is None or isinstance(value, bool | int | complex | str | bytes):
        written = repr(value)
        return written if len(written) <= at_most else f"{written[: at_most // 2]} ... {written[-at_most // 4 :]}"
    if type(value) in (list, tuple) and isinstance(value, list | tuple):
        inside = ", ".join(shown(one, at_most // 2) for one in value[:4])
        more = f" and {len(value) - 4} more" if len(value) > 4 else ""
        return f"[{inside}{more}]" if isinstance(value, list) else f"({inside}{more})"
    return type(value).__name__
