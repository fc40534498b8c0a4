"""The formulas that lack one random term, or one column of it, or have its levels as fixed effects."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bayesmix.formula.syntax import Call, Name, Node, unparse
from bayesmix.formula.terms import INTERCEPT, Formula, RandomTerm, Term, label_of


@dataclass(frozen=True)
class Reduction:
    """A formula without one part of its random terms.

    `label` names the part as lmerTest does: ``"(1 | batch)"``, ``"Days in (Days | Subject)"``. `column` is what no
    longer varies by `group` (``"1"``, the intercept); `before` and `after`, its term with and without it (`after`
    empty: the term is dropped). A fixed term has no group.
    """

    label: str
    column: str
    group: str
    before: str
    after: str
    formula: Formula

    @property
    def change(self) -> str:
        """What became of the term: ``"(Days | Subject) -> (1 | Subject)"``, ``"(1 | Subject) left out"``."""
        return f"{self.before} -> {self.after}" if self.after else f"{self.before} left out"


def reductions(formula: Formula) -> tuple[Reduction, ...]:
    """One for each part that can be taken away and leave a model: a slope before its intercept.

    ``(Days | Subject)`` becomes ``(1 | Subject)``; ``(1 | Subject)`` and ``(0 + Days | Subject)`` go altogether. (Of
    the latter lmerTest makes ``(1 | Subject)``, which is no simpler model.) Of ``(a * b | Subject)`` the interaction
    goes first: without ``a`` alone the model would be the same in other columns, or depend on their coding.
    """
    return tuple(
        reduction for number, term in enumerate(formula.random) for reduction in _of_term(formula, number, term)
    )


def _of_term(formula: Formula, number: int, term: RandomTerm) -> list[Reduction]:
    before = f"({term.label})"
    if len(term.terms) == 1:
        without = _with(formula, number, None)
        return [Reduction(before, term.terms[0].label, term.group_label, before, "", without)]
    reductions = []
    for part in term.terms:
        if part == INTERCEPT or containing(part, term.terms):
            continue
        smaller = replace(term, terms=tuple(other for other in term.terms if other != part))
        label, after = f"{part.label} in {before}", f"({smaller.label})"
        without = _with(formula, number, smaller)
        reductions.append(Reduction(label, part.label, term.group_label, before, after, without))
    return reductions


def _with(formula: Formula, number: int, term: RandomTerm | None) -> Formula:
    """`formula` with another random term in this place, or none; its text is written anew."""
    random = (*formula.random[:number], *([term] if term else []), *formula.random[number + 1 :])
    return replace(formula, text=_text(formula, random), random=random)


def with_fixed_levels(formula: Formula, group: Name, *, as_factor: bool) -> Formula:
    """The formula in which the levels of a group, one column, have fixed effects in place of its random intercept.

    `as_factor`: whether the column has numbers, which are levels of groups, but no factor among fixed terms.
    """
    node: Node = Call("factor", (group,), (), group.span) if as_factor else group
    random = tuple(term for term in formula.random if term.group_label != label_of(group))
    fixed = (*formula.fixed, Term((node,)))
    return replace(formula, text=_text(replace(formula, fixed=fixed), random), fixed=fixed, random=random)


def _text(formula: Formula, random: tuple[RandomTerm, ...]) -> str:
    fixed = [term.written for term in formula.fixed if term != INTERCEPT]
    first = "1" if INTERCEPT in formula.fixed else "0"
    parts = fixed if fixed and first == "1" else [first, *fixed]
    parts += [f"offset({unparse(node)})" for node in formula.offsets]
    parts += [f"({term.written})" for term in random]
    return f"{formula.response.text} ~ {' + '.join(parts)}"


def containing(term: Term, others: Iterable[Term]) -> tuple[str, ...]:
    """Labels of the interactions among `others` that contain `term`; where there are any it cannot go by itself."""
    return tuple(other.label for other in others if set(term.labels) < set(other.labels))


def fixed_reductions(formula: Formula) -> tuple[Reduction, ...]:
    """One for each term of the fixed part that is not contained in another one; the intercept stays."""
    reductions = []
    for term in formula.fixed:
        if term == INTERCEPT or containing(term, formula.fixed):
            continue
        fixed = tuple(other for other in formula.fixed if other != term)
        smaller = replace(formula, fixed=fixed)
        reductions.append(
            Reduction(term.label, term.label, "", term.label, "", replace(smaller, text=_text(smaller, formula.random)))
        )
    return tuple(reductions)
