"""Observations as they are, without a fit: a response and the columns beside which it is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from bayesmix.arrays import Flags, Floats, Positions
from bayesmix.errors import ArgumentError, DataError, listing, shown
from bayesmix.formula.columns import describe_type, is_numeric
from bayesmix.formula.frame import checked_frame
from bayesmix.formula.frame_kinds import Frame, as_pandas
from bayesmix.formula.number_texts import beside_numbers
from bayesmix.formula.parse import parse
from bayesmix.formula.response import read_response
from bayesmix.formula.syntax import Name, unparse
from bayesmix.formula.terms import Formula, Term, label_of
from bayesmix.formula.variables import Variables
from bayesmix.inference.shared.arguments import items_of
from bayesmix.inference.shared.expectation import observed
from bayesmix.report.pages.units import units_in, with_unit


@dataclass(frozen=True)
class Beside:
    """What a response is drawn beside, by its `label` on the axis.

    Either `numbers` (n_obs,), or for each row the position in `levels`, `index` (n_obs,).
    """

    label: str
    levels: tuple[str, ...] = ()
    index: Positions | None = None
    numbers: Floats | None = None


@dataclass(frozen=True)
class Observations:
    """A response (n_obs,) with its `label`, and what it is drawn beside.

    `along` are the columns of the horizontal axes, `colour`, `panel` and `lines` what tells colours, panels and lines
    apart. `n_dropped` rows missed a value.
    """

    label: str
    response: Floats
    along: tuple[Beside, ...]
    colour: Beside | None
    panel: Beside | None
    lines: Beside | None
    n_dropped: int


@dataclass(frozen=True)
class Wanted:
    """What is to be drawn, as texts of a formula: the `response`, and columns or products of columns."""

    response: str
    along: tuple[str, ...]
    colour: str | None = None
    panel: str | None = None
    lines: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """All but the response."""
        return tuple(text for text in (*self.along, self.colour, self.panel, self.lines) if text is not None)


def what_is_wanted(data: Frame, response: Any, *, by: Any, colour: Any, panel: Any, lines: Any) -> Wanted:
    """The arguments of the picture as texts of a formula; the response may be a formula, ``"y ~ a + b | c"``."""
    names = [str(name) for name in as_pandas(data).columns]
    if not isinstance(response, str):
        raise ArgumentError(f'response is a column or a formula, such as "y ~ a | b"; got {shown(response)}.')
    is_formula = "~" in response and response not in names
    left, right, bar = response, "", ""
    if is_formula:
        left, right = _split(response, "~")
        right, bar = _split(right, "|")
    if not left.strip():
        raise ArgumentError(f'{shown(response)} has no response; write a column of numbers before ~, as in "y ~ a".')
    along = _texts(by, names, argument="by")
    if right.strip() and along:
        raise ArgumentError(f"by={shown(by)} and {shown(response)} both say what stands on the axis; leave one out.")
    if not right.strip() and not along:
        raise ArgumentError(
            f'There is nothing to draw {shown(left.strip())} beside: name a column, by="a", or write "{left.strip()} ~ '
            'a".'
        )
    panels = _texts(panel, names, argument="panel")
    if bar.strip() and panels:
        raise ArgumentError(f"panel={shown(panel)} and {shown(response)} both say what panels are; leave one out.")
    return Wanted(
        response=_quoted(left.strip(), names),
        along=tuple(along) if along else (right.strip(),),
        colour=_one(colour, names, argument="colour"),
        panel=":".join(panels) if panels else bar.replace("+", ":").replace("*", ":").strip() or None,
        lines=_one(lines, names, argument="lines"),
    )


def _split(text: str, mark: str) -> tuple[str, str]:
    """What stands before and after the first `mark` that is neither in parentheses nor quoted."""
    depth, quoted = 0, False
    for place, letter in enumerate(text):
        quoted ^= letter == "`"
        depth += 0 if quoted else (letter == "(") - (letter == ")")
        if letter == mark and depth == 0 and not quoted:
            return text[:place], text[place + 1 :]
    return text, ""


def _texts(value: Any, names: Sequence[str], *, argument: str) -> list[str]:
    """None, a text or several, with columns quoted where a formula has to."""
    given = [] if value is None else [value] if isinstance(value, str) else items_of(value)
    if given is None or not all(isinstance(one, str) and one.strip() for one in given):
        raise ArgumentError(f'{argument} is a column, such as "a", or a list of columns; got {shown(value)}.')
    return [_quoted(one, names) for one in given]


def _one(value: Any, names: Sequence[str], *, argument: str) -> str | None:
    if value is not None and not (isinstance(value, str) and value.strip()):
        raise ArgumentError(f'{argument} is a column, such as "a", or a product of columns, "a:b"; got {shown(value)}.')
    return None if value is None else _quoted(value, names)


def _quoted(text: str, names: Sequence[str]) -> str:
    """`text`, and if it is the name of a column in backticks, so that a formula reads any name."""
    return f"`{text}`" if text in names and "`" not in text else text


def observations(data: Frame, wanted: Wanted) -> Observations:
    """The rows that miss nothing, with the response on its own scale: proportions of counts out of trials.

    Raises
    ------
    UnknownColumnError, DataError, FormulaError, ArgumentError
        A column is not there, the response is no number, or an expression cannot be read.
    """
    whole = _formula(wanted.response, wanted.columns)
    names = list(dict.fromkeys(name.name for name in whole.columns))
    rows = checked_frame(data, names)
    _refuse_no_number(whole, rows)
    missing = rows[names].isna().any(axis=1).to_numpy()
    if missing.all():
        raise DataError(f"All {len(rows)} rows have a missing value in {listing(names)}; nothing is left to draw.")
    rows = rows.loc[~missing]
    variables = Variables(whole.text, rows, {})
    response = read_response(whole, variables, kind=_kind(whole), weights=None)
    units = units_in(rows)
    written = whole.response
    text = response.name if response.trials is None else f"proportion of {unparse(written.values)}"
    unit = units.get(response.name, "") if response.trials is None else ""
    terms = [term for part in wanted.along for term in _formula(wanted.response, (part,)).fixed if term.variables]
    if not terms:
        raise ArgumentError(f'{whole.text} has nothing along the axis; write a column after ~, as in "y ~ a".')
    values = observed(response)
    kept: Flags = np.isfinite(values)
    if not kept.all():  # rows without trials have no proportion
        others = observations(rows.loc[kept], wanted)
        return replace(others, n_dropped=int(missing.sum() + (~kept).sum()))
    return Observations(
        label=with_unit(text, unit),
        response=values,
        along=tuple(_beside(term, variables, units) for term in dict.fromkeys(terms)),
        colour=_levels(wanted.colour, wanted, variables),
        panel=_levels(wanted.panel, wanted, variables),
        lines=_levels(wanted.lines, wanted, variables),
        n_dropped=int(missing.sum()),
    )


def _formula(response: str, parts: Sequence[str]) -> Formula:
    """The formula with these parts; what no picture has is refused."""
    formula = parse(f"{response} ~ {' + '.join(parts)}")
    if formula.random or formula.offsets:
        raise ArgumentError(
            f'{formula.text} is the formula of a model; of a picture it is "y ~ x | panel", with lines="g" for a line '
            "for each level of a group."
        )
    return formula


def _kind(formula: Formula) -> str:
    spec = formula.response
    if spec.censoring is not None:
        raise ArgumentError(f"{spec.text} has bounds among its values; draw the column alone.")
    return "number" if spec.trials is None and spec.failures is None else "trials"


def _refuse_no_number(formula: Formula, rows: pd.DataFrame) -> None:
    node = formula.response.values
    if isinstance(node, Name) and not is_numeric(rows[node.name]):
        column = rows[node.name]
        hint = beside_numbers(column)
        numbers = [str(name) for name in rows.columns if is_numeric(rows[name])]
        instead = f": {hint}" if hint else f". Columns of numbers: {listing(numbers)}" if numbers else ""
        raise DataError(f"The response {node.name!r} is {describe_type(column)}; a picture needs numbers{instead}.")


def _beside(term: Term, variables: Variables, units: dict[str, str]) -> Beside:
    """A number as it is; all else, and products, by levels."""
    if len(term.variables) == 1:
        (node,) = term.variables
        value = variables.variable(node)
        label = with_unit(term.label, units.get(term.label, ""))
        if isinstance(value, np.ndarray):
            if value.ndim != 1:
                raise ArgumentError(f"{term.label} has {value.shape[1]} columns; an axis shows one number a row.")
            return Beside(label, numbers=value)
        return Beside(label, value.levels, value.codes)
    return _crossed(term, variables)


def _levels(text: str | None, wanted: Wanted, variables: Variables) -> Beside | None:
    """The levels of a column, or the combinations that occur; numbers are taken as levels."""
    if text is None:
        return None
    terms = [term for term in _formula(wanted.response, (text,)).fixed if term.variables]
    if len(terms) != 1:
        raise ArgumentError(f"{shown(text)} is not one column or product of columns, such as a:b.")
    return _crossed(terms[0], variables)


def _crossed(term: Term, variables: Variables) -> Beside:
    factors = [variables.factor(node) for node in term.variables]
    codes = np.column_stack([factor.codes for factor in factors])
    present, index = np.unique(codes, axis=0, return_inverse=True)
    names = [
        ", ".join(factor.levels[code] for factor, code in zip(factors, row, strict=True)) for row in present.tolist()
    ]
    return Beside(", ".join(map(label_of, term.variables)), tuple(names), index.ravel())
