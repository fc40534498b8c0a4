"""The argument `contrasts`: codings of factors by name, as matrices, or as comparisons of their levels.

It is read once into plain texts and numbers, which a card or a stored fit can hold; what becomes of them depends on the
levels of the factor.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayesmix.errors import ArgumentError, DesignError, FormulaError, did_you_mean, listing, shown
from bayesmix.formula.arguments import constants_of
from bayesmix.formula.codings import Coding, coding_named, position_of, refuse_dependent
from bayesmix.formula.columns import is_ordered, level_texts
from bayesmix.formula.comparisons import coding_of_comparisons
from bayesmix.formula.design import Design
from bayesmix.formula.factor_functions import FACTOR_FUNCTIONS, as_list, text_of
from bayesmix.formula.grammar import read_expression
from bayesmix.formula.syntax import Call, Name, Node, columns_in, unparse
from bayesmix.formula.terms import Formula, Term, label_of
from bayesmix.formula.tokens import unprintable

type PlainContrast = str | dict[str, str] | dict[str, list[float]] | dict[str, dict[str, float]]
"""A name; comparisons by name; columns by name, of numbers in the order of the levels or by level."""

type Contrasts = Mapping[str, Any]
"""By factor a name, an array (n_levels, m), a data frame with the levels as index, or a `PlainContrast`."""

CONTRASTS_EXAMPLE = '{"f": "sum"}'


def read_contrasts(contrasts: Any) -> dict[str, PlainContrast]:
    """The contrasts of each factor as texts and numbers.

    Raises
    ------
    ArgumentError
        One line with the factor and what is wrong with its entry, as far as it can be seen without the levels.
    """
    if contrasts is None:
        return {}
    if not isinstance(contrasts, Mapping):
        raise ArgumentError(f"contrasts is a mapping by factor, such as {CONTRASTS_EXAMPLE}; got {shown(contrasts)}.")
    by_factor = {}
    for factor, given in contrasts.items():
        if not isinstance(factor, str):
            raise ArgumentError(f"contrasts is by the name of a factor, a text; got {shown(factor)}.")
        by_factor[factor] = _plain(factor, given)
    return by_factor


def _plain(factor: str, given: Any) -> PlainContrast:
    if isinstance(given, str):
        return given
    if isinstance(given, pd.DataFrame):
        return _of_frame(factor, given)
    if isinstance(given, Mapping):
        return _of_mapping(factor, given)
    try:
        array = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        array = np.empty(())
    if array.ndim not in (1, 2) or array.size == 0:
        raise ArgumentError(
            f'contrasts of {factor!r} are a name such as "sum", a matrix with a row for each level, or comparisons '
            f'such as {{"b-a": "b - a"}}; got {shown(given)}.'
        )
    columns = array.reshape(len(array), -1).T
    return {str(number): [float(one) for one in column] for number, column in enumerate(columns, start=1)}


def _of_frame(factor: str, frame: pd.DataFrame) -> PlainContrast:
    levels = level_texts(frame.index.to_series())[1]
    texts = [str(label) for label in frame.index]
    if len(levels) < len(texts):
        raise ArgumentError(f"contrasts of {factor!r} have a level twice in the index of the data frame.")
    return _of_mapping(factor, {str(name): dict(zip(frame.index, frame[name], strict=True)) for name in frame.columns})


def _of_mapping(factor: str, given: Mapping[Any, Any]) -> PlainContrast:
    """Comparisons where the first value is a text, columns where it is numbers; all of one kind."""
    if not given:
        raise ArgumentError(f"contrasts of {factor!r} are empty; write a name, a matrix or comparisons.")
    for name in given:
        if not isinstance(name, str) or not name.strip() or unprintable(name):
            raise ArgumentError(f"contrasts of {factor!r} have a column called {shown(name)}; its name is a text.")
    if all(isinstance(value, str) for value in given.values()):
        return dict(given)
    kinds = {"levels": Mapping, "order": Sequence | np.ndarray | pd.Series}
    for name, value in given.items():
        if isinstance(value, str) or not isinstance(value, tuple(kinds.values())):
            raise ArgumentError(
                f'contrasts of {factor!r}: {name!r} is {shown(value)}; all are comparisons such as "b - a", or all '
                "are columns of numbers, one for each level."
            )
    if all(isinstance(value, Mapping) for value in given.values()):
        return {name: _by_level(factor, name, column) for name, column in given.items()}
    return {name: _numbers(factor, name, list(column)) for name, column in given.items()}


def _by_level(factor: str, name: str, column: Mapping[Any, Any]) -> dict[str, float]:
    texts = level_texts(pd.Series(list(column), dtype=object))
    order = dict(zip(*texts, strict=True))
    return dict(zip((order[level] for level in column), _numbers(factor, name, list(column.values())), strict=True))


def _numbers(factor: str, name: str, column: list[Any]) -> list[float]:
    try:
        return [float(one) for one in np.asarray(column, dtype=float).ravel()]
    except (TypeError, ValueError):
        raise ArgumentError(f"contrasts of {factor!r}: the column {name!r} holds what is no number.") from None


def coding_of(given: PlainContrast, levels: Sequence[str]) -> Coding:
    """The coding that an entry of `contrasts` is for a factor with these levels.

    Raises
    ------
    DesignError
        What keeps it from being one, without the factor's name.
    """
    if isinstance(given, str):
        try:
            return coding_of_node(read_expression(given), (), levels, given)
        except FormulaError as error:
            raise DesignError(error.reason.rstrip(".")) from None
    if all(isinstance(value, str) for value in given.values()):
        return coding_of_comparisons(given, levels)  # type: ignore[arg-type]
    columns = [_in_order(value, levels) for value in given.values()]
    unequal = next((name for name, column in zip(given, columns, strict=True) if len(column) != len(levels)), None)
    if unequal is not None:
        n_rows = len(columns[list(given).index(unequal)])
        raise DesignError(f"its matrix has {n_rows} rows, and there are {len(levels)} levels ({listing(levels)})")
    coding = Coding(tuple(given), np.array(columns, dtype=float).T)
    refuse_dependent(coding)
    return coding


def _in_order(column: Any, levels: Sequence[str]) -> list[float]:
    if not isinstance(column, Mapping):
        return list(column)
    for level in column:
        position_of(level, levels)
    absent = [level for level in levels if level not in column]
    if absent:
        raise DesignError(f"its matrix has no row for {listing(map(repr, absent))}")
    return [column[level] for level in levels]


def coding_of_node(node: Node, keywords: Iterable[tuple[str, Node]], levels: Sequence[str], text: str) -> Coding:
    """The coding that ``Sum``, ``contr.treatment(base = 2)`` or ``Treatment("b")`` in the formula `text` asks for.

    Raises
    ------
    DesignError, FormulaError
        There is none of this name, or it does not take an argument.
    """
    match node:
        case Name(name):
            arguments: tuple[Node, ...] = ()
        case Call(name, arguments, own):
            keywords = (*own, *keywords)
        case _:
            name = getattr(node, "value", "")
            if not isinstance(name, str) or not name:
                raise DesignError(f"{unparse(node)} is no coding; write a name such as Sum, or give it by contrasts=")
            arguments = ()
    coding = coding_named(name)
    in_r = name.startswith("contr.")
    takes = ("n", *(one for one in coding.keywords if one != "reference")) if in_r else coding.keywords
    given = constants_of(arguments, tuple(keywords), takes, called=name, text=text)
    n_levels = given.pop("n", None)
    if n_levels not in (None, len(levels), list(levels)):
        given_levels = listing(map(text_of, as_list(n_levels)))
        raise DesignError(f"{name} is of {given_levels} levels, and there are {len(levels)} ({listing(levels)})")
    return coding.code(levels, **given)


def contrasts_of(design: Design, formulas: Iterable[Formula]) -> dict[str, PlainContrast]:
    """Those contrasts of a design that are of a factor in these formulas, which have no others than the design's."""
    learnt = [part.learnt for part in design.predictors]
    variables = _variables_in(formulas).items()
    factors = {label: node for label, node in variables if any(coding_key(label) in known for known in learnt)}
    return _named(design.contrasts, factors)


def contrasts_named(contrasts: Mapping[str, Any], formulas: Iterable[Formula]) -> dict[str, Any]:
    """Those contrasts whose names are of a variable in the formulas."""
    return _named(contrasts, _variables_in(formulas))


def treatment_of_ordered(formulas: Iterable[Formula], data: pd.DataFrame) -> dict[str, PlainContrast]:
    """Each level against the first for factors with an order, as they were coded before they had polynomials."""
    contrasts: dict[str, PlainContrast] = {}
    for label, node in _variables_in(formulas).items():
        columns = [name.name for name in columns_in(node)]
        is_factor = isinstance(node, Name) or (isinstance(node, Call) and node.function in FACTOR_FUNCTIONS)
        if is_factor and len(columns) == 1 and is_ordered(data[columns[0]]):
            contrasts[label] = "treatment"
    return contrasts


def _variables_in(formulas: Iterable[Formula]) -> dict[str, Node]:
    """The variables of all terms, by label."""
    terms: list[Term] = []
    for formula in formulas:
        terms += [*formula.fixed, *(term for random in formula.random for term in random.terms)]
    return {label_of(node): node for term in terms for node in term.variables}


def _named(contrasts: Mapping[str, Any], nodes: Mapping[str, Node]) -> dict[str, Any]:
    names = {name for label, node in nodes.items() for name in names_of(label, node)}
    return {key: given for key, given in contrasts.items() if key in names}


def names_of(label: str, node: Node) -> tuple[str, ...]:
    """What a factor is called in `contrasts`: as it is written, or by its column."""
    if not (isinstance(node, Call) and node.function in FACTOR_FUNCTIONS):
        return (label,)
    return (label, unparse(node), *(name.name for name in columns_in(node)[:1]))


def coding_key(label: str) -> str:
    """The key under which a factor's coding is kept among what is learnt."""
    return f"coding of {label}"


def refuse_unused(design: Design) -> None:
    """Refuse contrasts of what is no factor among the terms.

    Raises
    ------
    ArgumentError
        With the near matches and the factors that there are.
    """
    used = contrasts_of(design, [part.formula for part in design.predictors])
    unused = [key for key in design.contrasts if key not in used]
    if unused:
        keys = [key for part in design.predictors for key in part.learnt if key.startswith(coding_key(""))]
        known = list(dict.fromkeys(key.removeprefix(coding_key("")) for key in keys))
        raise ArgumentError(
            f"contrasts has {unused[0]!r}, which is no factor among the terms.{did_you_mean(unused[0], known)} "
            f"{f'Factors: {listing(known)}' if known else 'There are no factors'}; a number becomes one by factor(x)."
        )
