"""Names that would stand for two things in the posterior: refused before there is one.

The names are those of `modelling.layout`, which the tests hold this list to: coefficients by their term, ``sd_g__x``,
``corr_g``, the group effects ``x|g``, and the dims ``g__factor_dim``, ``x__expr_dim``, ``f_dim``.
"""

from bayesmix.errors import DesignError
from bayesmix.formula.design import Design, TermColumns, prefixed

_COEFFICIENT = "a coefficient"


def refuse_equal_names(design: Design) -> None:
    """Refuse a predictor called as another coefficient, a parameter of the random part, or a dimension is.

    Raises
    ------
    DesignError
        With the name and the two that have it.
    """
    seen: dict[str, str] = {}
    for name, what in (*_coefficients(design), *_random_names(design)):
        if name in seen:
            kind = "coefficients" if what == seen[name] == _COEFFICIENT else "parameters"
            both = "" if what == seen[name] else f" ({seen[name]} and {what})"
            raise DesignError(
                f"Two {kind} would be called {name!r}{both}; rename the column, to {name + '_'!r} for instance."
            )
        seen[name] = what
    for name, what in _dims(design):
        if name in seen:
            raise DesignError(
                f"{name!r} would be {seen[name]}, and {what}; rename the column, to {name + '_'!r} for instance."
            )


def _coefficients(design: Design) -> list[tuple[str, str]]:
    """The coefficients, and the terms that have several under one name."""
    found = []
    for part in design.predictors:
        found += [(name, _COEFFICIENT) for name in part.fixed.names]
        found += [(term.label, _COEFFICIENT) for term in part.fixed.terms if term.label not in part.fixed.names]
    return found


def _random_names(design: Design) -> list[tuple[str, str]]:
    found = []
    numbers: dict[tuple[str, str], int] = {}
    for term in design.all_random:
        found += [(f"sd_{term.group}__{name}", f"a standard deviation of ({term.label})") for name in term.names]
        found += [(f"{_effect(owner)}|{term.group}", f"the effects of ({term.label})") for owner in term.terms]
        if term.k > 1:
            base = f"corr_{term.group}" + (f"__{term.parameter}" if term.parameter else "")
            number = numbers.get((term.group, term.parameter), 0)
            numbers[(term.group, term.parameter)] = number + 1
            found.append((base + (f".{number}" if number else ""), f"the correlations of ({term.label})"))
    return found


def _dims(design: Design) -> list[tuple[str, str]]:
    found = []
    for part in design.predictors:
        found += [(f"{term.label}_dim", f"the dimension of the levels of {term.label}") for term in part.fixed.terms]
    for term in design.all_random:
        found.append((f"{term.group}__factor_dim", f"the dimension of the levels of {term.group}"))
        found += [
            (f"{_effect(owner)}__expr_dim", f"the dimension of the columns of ({term.label})") for owner in term.terms
        ]
    return found


def _effect(owner: TermColumns) -> str:
    return prefixed(owner.parameter, "1") if owner.kind == "intercept" else owner.label
