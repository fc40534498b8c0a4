"""`pi`, `Inf`, `T` and `F`: constants in a formula, unless the data have a column of that name."""

from collections.abc import Collection
from dataclasses import replace

from bayesmix.formula.syntax import WORDS, Binary, Call, Name, Negative, Node, Number, Parenthesis, operations
from bayesmix.formula.terms import Formula, Term


def words_in(formula: Formula) -> set[str]:
    """Which of these words stand in a formula where a column could."""
    return {name.name for name in formula.columns if name.name in WORDS}


def with_constants(formula: Formula, columns: Collection[str]) -> Formula:
    """The formula with the constants that words stand for inside of functions and arithmetic."""
    words = words_in(formula) - set(columns)
    if not words:
        return formula
    response = formula.response
    return replace(
        formula,
        response=replace(
            response,
            values=_read(response.values, words),
            trials=response.trials and _read(response.trials, words),
            failures=response.failures and _read(response.failures, words),
            censoring=response.censoring and _read(response.censoring, words),
        ),
        fixed=tuple(_in_term(term, words) for term in formula.fixed),
        random=tuple(
            replace(random, terms=tuple(_in_term(term, words) for term in random.terms)) for random in formula.random
        ),
        offsets=tuple(_read(node, words) for node in formula.offsets),
    )


def _in_term(term: Term, words: set[str]) -> Term:
    return Term(tuple(_read(variable, words) for variable in term.variables))


def _read(node: Node, words: set[str], *, inside: bool = False) -> Node:
    """The expression with constants in place of words; one that is all of an expression is a column."""
    match node:
        case Name(name) if name in words and inside:
            value = WORDS[name]
            return (
                Name("TRUE" if value else "FALSE", node.span) if isinstance(value, bool) else Number(value, node.span)
            )
        case Call("C", (first, *coding)):
            return replace(node, arguments=(_read(first, words, inside=True), *coding))
        case Call(_, arguments):
            return replace(node, arguments=tuple(_read(part, words, inside=True) for part in arguments))
        case Negative(operand):
            return replace(node, operand=_read(operand, words, inside=True))
        case Parenthesis(content):
            return replace(node, inside=_read(content, words, inside=inside))
        case Binary():
            first, following = operations(node)
            left = _read(first, words, inside=True)
            for operation in following:
                left = replace(operation, left=left, right=_read(operation.right, words, inside=True))
            return left
    return node
