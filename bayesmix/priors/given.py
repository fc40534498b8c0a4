"""Priors as they are given, in the words of this package, of brms or of Bambi, by the names of a model's parameters."""

from collections.abc import Mapping, Sequence
from typing import Any

from bayesmix.errors import PriorError, did_you_mean, listing
from bayesmix.families.table import AUXILIARY
from bayesmix.formula.nominal_response import PREFIX
from bayesmix.posterior.layout import without_slash
from bayesmix.priors.brms_text import Address, from_set_prior, from_stan
from bayesmix.priors.prior import Prior
from bayesmix.priors.prior_objects import from_object, sd_of_effects
from bayesmix.priors.reading import parameter_kind

type Given = Mapping[str, Any] | Sequence[str] | str | None
"""A mapping by parameter, or brms's calls as texts."""

_CLASSES = {**{name: name for name in ("b", "sd", "cor", "Intercept")}, "common": "b", "group_specific": "sd"}
"""brms's classes by their names and by those that Bambi has for two of them."""


def by_parameter(given: Given, defaults: Mapping[str, Prior]) -> dict[str, str | Prior]:
    """The given priors by the names of `defaults`, written as they are here.

    A name of the model's parameters is that parameter. Else ``b``, ``sd``, ``cor`` and ``Intercept`` are brms's
    classes, all parameters of their kind; ``f`` is every coefficient of a factor f, and ``1|g`` of Bambi the sd of its
    effects. What is said of one parameter outweighs what is said of its class.

    Raises
    ------
    PriorError
        It is no mapping and no list of calls, or names what the model does not have.
    """
    wide: dict[str, str | Prior] = {}
    narrow: dict[str, str | Prior] = {}
    for address, prior in _entries(given, defaults):
        names, prior = _addressed(address, prior, defaults)
        is_one = isinstance(address, str) and address in defaults
        is_narrow = is_one or (isinstance(address, Address) and bool(address.coef))
        for name in names:
            (narrow if is_narrow else wide)[name] = _written(prior, name, defaults)
    return wide | narrow


def _entries(given: Any, defaults: Mapping[str, Prior]) -> list[tuple[str | Address, Any]]:
    if isinstance(given, Mapping):
        return [(_key(written, defaults), prior) for written, prior in given.items()]
    texts = [given] if isinstance(given, str) else given
    if given is None:
        return []
    if isinstance(texts, Sequence) and not isinstance(texts, bytes) and all(isinstance(text, str) for text in texts):
        calls = [call for text in texts for call in from_set_prior(text)]
        # A group is said of less than a class, a coefficient of less than a group.
        return [*sorted(calls, key=lambda call: bool(call[0].group) + 2 * bool(call[0].coef))]
    raise PriorError(f'priors is a mapping, such as {{"sigma": "HalfNormal(20)"}}; got {type(given).__name__}.')


def _key(written: Any, defaults: Mapping[str, Prior]) -> str | Address:
    name = str(written) if written in defaults else without_slash(str(written))
    if name in defaults:
        return name
    if name in _CLASSES:
        return Address(_CLASSES[name])
    if name.startswith("b_") and name[2:] in defaults:
        return name[2:]
    return name


def _addressed(address: str | Address, prior: Any, defaults: Mapping[str, Prior]) -> tuple[list[str], Any]:
    """The parameters that are meant, and what their prior is."""
    effects_sd = sd_of_effects(prior)
    if isinstance(address, Address):
        return _of_class(address, defaults), effects_sd if address.kind == "sd" and effects_sd is not None else prior
    if address in defaults:
        return [address], prior
    expression, bar, group = address.partition("|")
    if bar:
        column = "Intercept" if expression.strip() == "1" else expression.strip()
        names = _starting(f"sd_{group.strip()}__{column}", defaults)
        if names and effects_sd is not None:
            return names, effects_sd
        if names:
            raise PriorError(
                f"A prior is given for {address!r}: group effects are normal here; the prior of their sd is that of "
                f"{names[0]!r}, such as HalfNormal(2)."
            )
    names = [name for name in _starting(address, defaults) if parameter_kind(defaults[name]) == "coefficient"]
    if not names:
        raise PriorError(
            f"A prior is given for {address!r}, which the model does not have.{did_you_mean(address, defaults)} Its "
            f"parameters: {listing(defaults)}."
        )
    return names, prior


def _starting(name: str, defaults: Mapping[str, Prior]) -> list[str]:
    """The parameter of this name, or those of the levels of a factor that is called so."""
    return [name] if name in defaults else [one for one in defaults if one.startswith(f"{name}[")]


def _of_class(address: Address, defaults: Mapping[str, Prior]) -> list[str]:
    """The parameters of one of brms's classes."""
    prefix = f"{address.dpar}_" if address.dpar else ""
    of_categories = () if prefix else _categories(defaults)
    if address.kind in AUXILIARY:
        names = [address.kind] if address.kind in defaults else []
    elif address.kind in ("Intercept", "b"):
        intercepts = [f"{part}Intercept" for part in of_categories or (prefix,)]
        intercepts = [name for name in intercepts if name in defaults]
        b = [name for name in _own(prefix, defaults) if name not in intercepts]
        names = intercepts if address.kind == "Intercept" else b
    elif address.kind in ("sd", "cor", "L"):
        names = _of_groups(address, prefix, defaults)
    else:
        raise PriorError(
            f"Priors of class {address.kind!r} are not there; b, Intercept, sd, cor, sigma and others are."
        )
    if address.coef:
        wanted = address.coef
        names = [name for name in names if _plain(name.rpartition("__")[2], prefix) in (wanted, _plain(wanted, ""))]
    if not names:
        details = ", ".join(
            f"{word} = {value}"
            for word, value in (("coef", address.coef), ("group", address.group), ("dpar", address.dpar))
            if value
        )
        raise PriorError(
            f"A prior is given for class {address.kind}{details and f' ({details})'}, which the model does not have. "
            f"Its parameters: {listing(defaults)}."
        )
    return names


def _plain(name: str, prefix: str) -> str:
    """A coefficient as R names it: `period2` of `period[2]`."""
    return name.removeprefix(prefix).replace("[", "").replace("]", "")


def _own(prefix: str, defaults: Mapping[str, Prior]) -> list[str]:
    """The coefficients of one predictor; the mean's have no prefix."""
    coefficients = [name for name, prior in defaults.items() if parameter_kind(prior) == "coefficient"]
    others = tuple(f"{name}_" for name in AUXILIARY if f"{name}_Intercept" in defaults)
    return [name for name in coefficients if (name.startswith(prefix) if prefix else not name.startswith(others))]


def _categories(defaults: Mapping[str, Prior]) -> tuple[str, ...]:
    """What begins the names of the predictors of categories, where these have intercepts: ``muB_``."""
    starts = [name.removesuffix("Intercept") for name in defaults if name.endswith("_Intercept")]
    return tuple(start for start in starts if start.startswith(PREFIX) and "Intercept" not in defaults)


def _of_groups(address: Address, prefix: str, defaults: Mapping[str, Prior]) -> list[str]:
    is_sd = address.kind == "sd"
    kind, start = ("standard deviation", "sd_") if is_sd else ("correlation", "corr_")
    of_categories = _categories(defaults)
    parts = (*(f"{part}_" for part in AUXILIARY), *of_categories)
    wanted = (prefix,) if prefix else ("", *of_categories)
    names = []
    for name, prior in defaults.items():
        if parameter_kind(prior) != kind or not name.startswith(start):
            continue
        group, _, column = name.removeprefix(start).partition("__")
        of_part = next((part for part in parts if f"{column}_".startswith(part)), "")
        if of_part in wanted and address.group in ("", group):
            names.append(name)
    return names


def _written(prior: Any, parameter: str, defaults: Mapping[str, Prior]) -> str | Prior:
    kind = parameter_kind(defaults[parameter])
    if isinstance(prior, str):
        return from_stan(prior, parameter=parameter, kind=kind) or prior
    return from_object(prior, parameter=parameter) or prior
