"""The families and links that can be fitted, as one table."""

from dataclasses import dataclass

from bayesmix.errors import FamilyError, did_you_mean, listing


@dataclass(frozen=True)
class Family:
    """A response distribution and its link, such as ``Family("binomial", "logit")``.

    `response` is what the response may be: ``"real"``, ``"binary"``, ``"proportion"`` (successes out of trials)
    or ``"count"``. `auxiliary` names the family's further parameters (`sigma` for Gaussian).
    """

    name: str
    link: str
    response: str = "real"
    auxiliary: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} ({self.link})"

    @property
    def is_gaussian_identity(self) -> bool:
        return self.name == "gaussian" and self.link == "identity"


@dataclass(frozen=True)
class _Entry:
    links: tuple[str, ...]  # the first is the default
    response: str
    auxiliary: tuple[str, ...] = ()


FAMILIES = {
    "gaussian": _Entry(("identity", "log"), "real", ("sigma",)),
    "bernoulli": _Entry(("logit", "probit", "cloglog"), "binary"),
    "binomial": _Entry(("logit", "probit", "cloglog"), "proportion"),
    "poisson": _Entry(("log",), "count"),
}


def read_family(text: str | Family) -> Family:
    """The family named by `text`: ``"binomial"``, or with a link ``"binomial(probit)"``.

    Raises
    ------
    FamilyError
        The family or the link is unknown; the message lists those that are known.
    """
    if isinstance(text, Family):
        return text
    if not isinstance(text, str):
        raise FamilyError(f'A family is written as text, such as "binomial(logit)"; got {type(text).__name__}.')
    name, _, rest = text.strip().partition("(")
    name = name.strip().lower()
    link = rest.rstrip().removesuffix(")").replace("link", "").strip(" ='\"").lower()
    if name not in FAMILIES:
        raise FamilyError(f"Family {name!r} is not known.{did_you_mean(name, FAMILIES)} Families: {listing(FAMILIES)}.")
    entry = FAMILIES[name]
    link = link or entry.links[0]
    if link not in entry.links:
        raise FamilyError(
            f"Link {link!r} is not available for family {name!r}.{did_you_mean(link, entry.links)} "
            f"Links of {name}: {listing(entry.links)}."
        )
    return Family(name, link, entry.response, entry.auxiliary)
