"""Formulas of further parameters: ``sigma ~ x + (1 | g)`` beside the formula of the mean.

Names say whose predictor they are of: ``sigma_Intercept``, ``sigma_x``, ``sd_g__sigma_Intercept``, ``corr_g__sigma``.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bayesmix.errors import FormulaError, Span, did_you_mean, listing
from bayesmix.formula.design import FixedEffects, GroupTerm, TermColumns, prefixed
from bayesmix.formula.parse import parse
from bayesmix.formula.syntax import Name
from bayesmix.formula.terms import Formula, label_of


@dataclass(frozen=True)
class Formulas:
    """`mean`: the formula of the response; `parts`: those of further parameters, by parameter."""

    mean: Formula
    parts: dict[str, Formula]


def parse_formulas(
    formula: str | Sequence[str], functions: Collection[str] = (), *, auxiliary: Sequence[str] | None = ()
) -> Formulas:
    """Read the formula of a response, and those of the `auxiliary` parameters that follow it.

    Parameters
    ----------
    formula
        A formula, or a sequence of them: ``["y ~ x + (1 | g)", "sigma ~ x"]``.
    functions
        Names of the caller's own functions that formulas may call as well.
    auxiliary
        The parameters that may have a formula, by the family. None where the data tell: the categories of a response
        without an order.

    Raises
    ------
    FormulaError
        A text is no formula, or one after the first is of no parameter that the family has, or of one that has one
        already.
    """
    if isinstance(formula, str) or not isinstance(formula, Sequence):
        return Formulas(parse(formula, functions), {})
    if not formula:
        raise FormulaError("There is no formula.", "[]", Span(0, 2))
    first, *others = formula
    parts: dict[str, Formula] = {}
    for text in others:
        read = parse(text, functions)
        node = read.response.values
        name = label_of(node)
        plain = isinstance(node, Name) and len(read.response.nodes) == 1
        if not plain or (auxiliary is not None and name not in auxiliary):
            have = f"those of the family are {listing(auxiliary)}" if auxiliary else "the family has none"
            raise FormulaError(
                f"A formula after the first is of a further parameter of the family; {have}."
                f"{did_you_mean(name, auxiliary or ())}",
                text,
                node.span,
            )
        if name in parts:
            raise FormulaError(f"'{name}' has a formula already, {parts[name].text!r}; write one.", text, node.span)
        parts[name] = read
    return Formulas(parse(first, functions), parts)


def for_parameter(
    fixed: FixedEffects, random: tuple[GroupTerm, ...], parameter: str
) -> tuple[FixedEffects, tuple[GroupTerm, ...]]:
    """The fixed and the random part under the names of `parameter`."""

    def names(of: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(prefixed(parameter, name) for name in of)

    def owners(terms: tuple[TermColumns, ...]) -> tuple[TermColumns, ...]:
        return tuple(replace(term, label=prefixed(parameter, term.label), parameter=parameter) for term in terms)

    renamed = tuple(
        replace(
            term,
            label=f"{parameter}: {term.label}",
            names=names(term.names),
            terms=owners(term.terms),
            parameter=parameter,
        )
        for term in random
    )
    dependence = fixed.dependence and replace(
        fixed.dependence,
        names=names(fixed.dependence.names),
        owners=names(fixed.dependence.owners),
        reasons={prefixed(parameter, name): why for name, why in fixed.dependence.reasons.items()},
    )
    return replace(fixed, names=names(fixed.names), terms=owners(fixed.terms), dependence=dependence), renamed
