"""Which coding a factor has: the one that the formula writes, the one that `contrasts` gives, or R's default."""

from collections.abc import Mapping

from bayesmix.errors import ArgumentError, DesignError, FormulaError
from bayesmix.formula.codings import CODINGS, Coding, treatment
from bayesmix.formula.columns import Factor
from bayesmix.formula.contrasts import PlainContrast, coding_of, coding_of_node, names_of
from bayesmix.formula.syntax import Call, Node, unparse
from bayesmix.formula.terms import label_of


def chosen_coding(node: Node, factor: Factor, contrasts: Mapping[str, PlainContrast], text: str) -> Coding:
    """The coding of the factor that `node` of the formula `text` is.

    Without a word in the formula or in `contrasts` polynomials where the levels have an order, else each level against
    the first.

    Raises
    ------
    FormulaError
        The formula's own coding is none; it is marked.
    DesignError, ArgumentError
        That of `contrasts` is none for these levels, or there are two.
    """
    keys = [key for key in dict.fromkeys(names_of(label_of(node), node)) if key in contrasts]
    written = _written(node)
    if keys and written is not None:
        raise ArgumentError(
            f"contrasts has {keys[0]!r}, whose coding {unparse(node)} stands in the formula; take one of them away."
        )
    if len(keys) > 1:
        raise ArgumentError(f"contrasts has {keys[0]!r} and {keys[1]!r}, which are one factor; take one of them away.")
    if written is not None:
        coding, keywords = written
        try:
            return coding_of_node(coding, keywords, factor.levels, text)
        except DesignError as error:
            raise FormulaError(f"Coding of {label_of(node)}: {error}.", text, coding.span) from None
    if keys:
        try:
            return coding_of(contrasts[keys[0]], factor.levels)
        except DesignError as error:
            raise DesignError(f"contrasts of {keys[0]!r}: {error}.") from None
    if not factor.is_ordered:
        return treatment(factor.levels)
    try:
        return CODINGS["poly"].code(factor.levels)
    except DesignError as error:
        raise DesignError(f"The levels of '{label_of(node)}' have an order, whose {error}, by contrasts=.") from None


def _written(node: Node) -> tuple[Node, tuple[tuple[str, Node], ...]] | None:
    """The coding in ``C(f, contr, ...)`` and its further arguments by name; None where the formula says nothing."""
    if not (isinstance(node, Call) and node.function == "C"):
        return None
    further = [name for name, _ in node.keywords if name not in ("contr", "contrasts")]
    named = [coding for name, coding in node.keywords if name not in further]
    codings = [*node.arguments[1:2], *named]
    if not codings:
        return None
    return codings[0], tuple((name, value) for name, value in node.keywords if name in further)
