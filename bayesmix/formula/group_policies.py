"""Whose group effects count: one policy for all grouping factors, or one by factor."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bayesmix.formula.design import Design, GroupTerm

Groups = str | Mapping[str, str]
"""A policy, or policies by grouping factor."""

POLICIES = ("fitted", "typical", "new")
"""Whose group effects rows have: those of their own levels, none, or those of levels that are not in the data."""


def policy_of(groups: Groups, term: GroupTerm) -> str:
    """The policy of a random term."""
    return groups if isinstance(groups, str) else groups[term.group]


def any_of(groups: Groups, policy: str) -> bool:
    """Whether some grouping factor has this policy."""
    return policy in ([groups] if isinstance(groups, str) else groups.values())


def without_typical(design: Design, groups: Groups) -> Design:
    """The design without the random terms whose effects are 0, in its parts too."""
    if not with_policy(design.all_random, groups, "typical"):
        return design
    parts = {name: without_typical(part, groups) for name, part in design.parts.items()}
    kept = [place for place, term in enumerate(design.random) if policy_of(groups, term) != "typical"]
    of_formula = tuple(design.formula.random[place] for place in kept)
    random = tuple(design.random[place] for place in kept)
    return replace(design, formula=replace(design.formula, random=of_formula), random=random, parts=parts)


def with_policy(terms: Iterable[GroupTerm], groups: Groups, policy: str) -> list[GroupTerm]:
    """Those of the terms whose policy it is."""
    return [term for term in terms if policy_of(groups, term) == policy]
