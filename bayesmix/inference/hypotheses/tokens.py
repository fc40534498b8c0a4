"""The text of a hypothesis as tokens; the names of parameters are those of the model, with brackets and colons."""

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from bayesmix.errors import FormulaError, Span, did_you_mean, listing, shown

FUNCTIONS = ("exp", "log", "sqrt", "abs")
LONGEST = 2000
"""Characters of a hypothesis at most."""

_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_OPERATOR = re.compile(r"\*\*|<=|>=|==|!=|[+\-*/^()<>=\u2264\u2265]")
_QUOTED = re.compile(r"`([^`]*)`|\"([^\"]*)\"|'([^']*)'")
_FUNCTION = re.compile(rf"({'|'.join(FUNCTIONS)})\s*(?=\()")
_BRACKETED = re.compile(r"(?:ranef\s*\[)|(?:(?:em)?mean\s*[\[(])")
MEAN_USAGE = "emmean[factor=level, x=number], or emmean[1] for the mean over all"
_OWN_WORDS = {"ranef": "a group effect is ranef[group, level, column]", "emmean": f"a mean is {MEAN_USAGE}"}
_LOOKS_LIKE_A_NAME = re.compile(r"(?:[^\W\d]|\.)[\w.]*(?:\[[^\]]*\]?)?(?:\s*:\s*[\w.]+(?:\[[^\]]*\]?)?)*")
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True)
class Token:
    """`kind`: ``"number"``, ``"name"``, ``"function"``, ``"effect"``, ``"mean"``, ``"operator"`` or ``"end"``.

    `parts` of an effect or a mean are what stands within the brackets of ``ranef[Subject, 308, Days]``.
    """

    kind: str
    text: str
    span: Span
    parts: tuple[str, ...] = ()


class Names:
    """The names of a model's parameters, found in a text whatever its blanks: ``a : b`` is ``a:b``.

    `all` are those that messages list; `others` are further ways to write them.
    """

    def __init__(self, names: Collection[str], others: Collection[str] = ()) -> None:
        self.all = tuple(names)
        self._by_compact = {_compact(name): name for name in (*others, *names)}
        self._longest = max(map(len, self._by_compact), default=0)

    def __contains__(self, name: str) -> bool:
        return _compact(name) in self._by_compact

    def written(self, name: str) -> str:
        """The name as tables print it."""
        return self._by_compact[_compact(name)]

    def longest_at(self, text: str, start: int) -> int | None:
        """Where the longest name that begins at `start` ends; None where no name does.

        A name ends where it cannot go on: `Days` is not found in `Days2`, nor in `Days:trt`.
        """
        ends, compact = [], ""
        for end in range(start + 1, len(text) + 1):
            compact = _compact(text[start:end])
            if len(compact) > self._longest:
                break
            if compact in self._by_compact and not _goes_on(text, end):
                ends.append(end)
        return ends[-1] if ends else None


def _compact(text: str) -> str:
    """Without blanks, but for one between two words."""
    return re.sub(r" ?([^\w.]) ?", r"\1", _BLANKS.sub(" ", text.strip()))


def _goes_on(text: str, end: int) -> bool:
    last, after = text[end - 1], text[end : end + 1]
    if text[end:].lstrip()[:1] == ":" or last.isspace():
        return True
    return after == "[" or (bool(after) and (last.isalnum() or last in "_.") and (after.isalnum() or after in "_."))


def tokenize(text: str, names: Names) -> tuple[Token, ...]:
    """The tokens of `text`, closed by an ``"end"`` token.

    Raises
    ------
    FormulaError
        A name that no parameter has, a character without a meaning, or a quote or bracket that is not closed, marked
        in the text; or the text is longer than `LONGEST`.
    """
    if len(text) > LONGEST:
        raise FormulaError(
            f"The hypothesis has {len(text)} characters; at most {LONGEST} are read.", text, Span(LONGEST, LONGEST)
        )
    tokens, position = [], 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        token = _token_at(text, position, names)
        tokens.append(token)
        position = token.span.end
    return (*tokens, Token("end", "", Span(len(text), len(text) + 1)))


def _token_at(text: str, start: int, names: Names) -> Token:
    if text[start] in "`\"'":
        return _quoted(text, start, names)
    if text[start].isalpha() or text[start] in "_.":
        end = names.longest_at(text, start)
        if end is not None:
            return Token("name", names.written(text[start:end]), Span(start, end))
        bracketed = _BRACKETED.match(text, start)
        if bracketed:
            return _with_parts(text, start, bracketed[0])
        function = _FUNCTION.match(text, start)
        if function:
            return Token("function", function[1], Span(start, start + len(function[1])))
    for kind, pattern in (("number", _NUMBER), ("operator", _OPERATOR)):
        match = pattern.match(text, start)
        if match:
            if kind == "number" and not np.isfinite(float(match[0])):
                raise FormulaError(f"{match[0]} is larger than any number.", text, Span(start, match.end()))
            return Token(kind, match[0], Span(start, match.end()))
    name = _LOOKS_LIKE_A_NAME.match(text, start)
    if name:
        raise _unknown(text, name[0].rstrip(), Span(start, start + len(name[0].rstrip())), names)
    raise FormulaError(
        f"{text[start]!r} has no meaning in a hypothesis; a name with unusual characters is written between backticks.",
        text,
        Span(start, start + 1),
    )


def _quoted(text: str, start: int, names: Names) -> Token:
    match = _QUOTED.match(text, start)
    if match is None:
        raise FormulaError("This quote is never closed.", text, Span(start, start + 1))
    name, span = match[0][1:-1], Span(start, match.end())
    if name not in names:
        raise _unknown(text, name, span, names)
    return Token("name", names.written(name), span)


def _unknown(text: str, name: str, span: Span, names: Names) -> FormulaError:
    word, bracket, _ = name.partition("[")
    is_own = bracket and did_you_mean(word, _OWN_WORDS)
    hint = f" {_capital(word)}." if is_own else did_you_mean(name, names.all)
    return FormulaError(
        f"{shown(name)} is no parameter of the model.{hint} Parameters: {listing(names.all, at_most=12)}.",
        text,
        span,
    )


def _capital(word: str) -> str:
    """What the nearest of the words with brackets is for, as a sentence."""
    usage = next(usage for own, usage in _OWN_WORDS.items() if f"'{own}'" in did_you_mean(word, _OWN_WORDS))
    return usage[0].upper() + usage[1:]


def _with_parts(text: str, start: int, opening: str) -> Token:
    """``ranef[group, level, column]`` or ``emmean[f=level]``.

    A comma or bracket within a part stands in brackets or quotes of its own.
    """
    kind, closing = ("effect", "]") if opening.startswith("ranef") else ("mean", ")" if opening.endswith("(") else "]")
    position = start + len(opening)
    parts, part, depth = [], "", 0
    while position < len(text):
        character = text[position]
        quoted = _QUOTED.match(text, position)
        if quoted and (not part.strip() or part.rstrip().endswith("=")):
            part, position = f'{part}"{quoted[0][1:-1]}"', quoted.end()
            continue
        if character == closing and depth == 0:
            parts.append(part)
            read = without_quotes if kind == "effect" else str.strip
            return Token(kind, "", Span(start, position + 1), tuple(map(read, parts)))
        depth += (character in "[(") - (character in "])")
        if character == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += character
        position += 1
    usage = _OWN_WORDS["ranef" if kind == "effect" else "emmean"]
    raise FormulaError(f"This bracket is never closed; {usage}.", text, Span(start, len(text)))


def without_quotes(part: str) -> str:
    """A part without the quotes around it."""
    part = part.strip()
    return part[1:-1] if len(part) > 1 and part[0] == part[-1] == '"' else part
