"""A family with its link, as it is written and read."""

from dataclasses import dataclass

from bayesmix.errors import FamilyError, did_you_mean, listing
from bayesmix.families.record import FamilyRecord
from bayesmix.families.table import ALIASES, FAMILIES, RESEMBLED


@dataclass(frozen=True)
class Family:
    """A response distribution and its link, such as ``Family("binomial", "logit")``."""

    name: str
    link: str

    def __str__(self) -> str:
        return f"{self.name} ({self.link})"

    @property
    def record(self) -> FamilyRecord:
        """What is known of the family."""
        return FAMILIES[self.name]

    @property
    def response(self) -> str:
        """What the response may be, one of `formula.response.RESPONSE_KINDS`."""
        return self.record.response

    @property
    def auxiliary(self) -> tuple[str, ...]:
        """Names of the family's further parameters (`sigma` for Gaussian)."""
        return tuple(parameter.name for parameter in self.record.auxiliary)

    @property
    def modelled(self) -> tuple[str, ...] | None:
        """Those of them that may have a formula; None where the categories of the response have predictors."""
        if self.record.has_category_predictors:
            return None
        return tuple(parameter.name for parameter in self.record.auxiliary if parameter.centre)

    @property
    def is_gaussian_identity(self) -> bool:
        return self.name == "gaussian" and self.link == "identity"

    @property
    def is_additive(self) -> bool:
        """Whether the linear predictor is the expected response itself, zeros of their own apart."""
        return self.link == "identity" and not self.record.of_log


def has_laplace_fit(family: Family) -> bool:
    """Whether `bm.laplace` fits the family by maximum likelihood."""
    return family.link in family.record.laplace


_REFERENCE = (
    'The reference of family "categorical" is the first level of the response; relevel(y, ref = "b") in place of y in '
    "the formula takes another."
)
_INSTEAD = {
    "multinomial": " Counts of several categories have no family; with a row for each observation the category is "
    "'categorical'."
}


def _nearest(name: str) -> str:
    if name in _INSTEAD:
        return _INSTEAD[name]
    return f" Nearest is {RESEMBLED[name]!r}." if name in RESEMBLED else did_you_mean(name, FAMILIES)


def read_family(text: str | Family) -> Family:
    """The family named by `text`: ``"binomial"``, or with a link ``"binomial(probit)"``.

    Raises
    ------
    FamilyError
        The family or the link is unknown; the message lists those that are known.
    """
    if isinstance(text, Family):
        return read_family(str(text))
    if not isinstance(text, str):
        raise FamilyError(f'A family is written as text, such as "binomial(logit)"; got {type(text).__name__}.')
    name, _, rest = text.strip().partition("(")
    name = name.strip().lower()
    name = ALIASES.get(name, name)
    link = rest.rstrip().removesuffix(")").replace("link", "").strip(" ='\"").lower()
    if name not in FAMILIES:
        raise FamilyError(
            f"Family {name!r} is not known.{_nearest(name)} Families: {listing(FAMILIES, at_most=len(FAMILIES))}."
        )
    if "refcat" in rest:
        raise FamilyError(_REFERENCE)
    links = FAMILIES[name].links
    link = link or links[0]
    if link not in links:
        raise FamilyError(
            f"Link {link!r} is not available for family {name!r}.{did_you_mean(link, links)} "
            f"Links of {name}: {listing(links)}."
        )
    return Family(name, link)
