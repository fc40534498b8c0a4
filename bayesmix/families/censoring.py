"""Which families a censored response may have."""

from bayesmix.errors import FamilyError, listing
from bayesmix.families.family import Family
from bayesmix.families.table import FAMILIES
from bayesmix.formula.terms import Formula

CENSORABLE = tuple(name for name, record in FAMILIES.items() if record.censored)
"""Those whose tails have a closed form."""


def require_censorable(formula: Formula, family: Family) -> None:
    """Refuse a censored response of a family whose tails have no closed form."""
    if formula.response.censoring is not None and family.name not in CENSORABLE:
        raise FamilyError(
            f"The response {formula.response.text} is censored, which family {family.name!r} cannot be; families that "
            f"can: {listing(CENSORABLE)}."
        )


def refuse_censored(formula: Formula, question: str) -> None:
    """Refuse a censored response where an estimate has no likelihood for it; `question` is the function asked."""
    if formula.response.censoring is not None:
        raise FamilyError(
            f"bm.{question} takes no censored response ({formula.response.text}); bm.fit does, with family="
            f"{listing(map(repr, CENSORABLE))}."
        )
