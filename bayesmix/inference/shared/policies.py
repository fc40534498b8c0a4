"""Whose group effects a question asks for: one policy, or one by grouping factor."""

from collections.abc import Mapping

from bayesmix.errors import UnknownTermError, listing, shown
from bayesmix.formula.design import Design
from bayesmix.formula.group_policies import POLICIES, Groups
from bayesmix.inference.shared.arguments import near_matches, one_of


def read_groups(design: Design, groups: object, *, default: str) -> Groups:
    """The policy of every grouping factor, `default` of those that are not named; one text if all have the same.

    Raises
    ------
    ArgumentError, UnknownTermError
        A policy is not known, or a name is no grouping factor of the model.
    """
    if not isinstance(groups, Mapping):
        return one_of(groups, POLICIES, argument="groups")  # type: ignore[arg-type]
    known = list(dict.fromkeys(term.group for term in design.all_random))
    for name in groups:
        if name not in known:
            have = f"Grouping factors: {listing(known)}." if known else "The model has no grouping factors."
            hint = near_matches(name, known)
            raise UnknownTermError(f"groups: {shown(name)} is no grouping factor of the model.{hint} {have}")
    by_factor = {name: one_of(groups.get(name, default), POLICIES, argument=f"groups[{name!r}]") for name in known}
    distinct = set(by_factor.values()) or {default}
    return by_factor if len(distinct) > 1 else distinct.pop()
