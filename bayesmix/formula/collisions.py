"""Names that would stand for two things among the estimates: refused before there are any.

Two coefficients of one name are refused of every model. The others are those of a posterior and its PyMC model, which
the tests hold this list to: the family's parameters, the dims of the draws, and by `posterior.layout` ``sd_g__x``,
``corr_g``, the group effects ``x|g``, and the dims ``g__factor_dim``, ``x__expr_dim``, ``f_dim``.
"""

from collections.abc import Collection

from bayesmix.errors import DesignError
from bayesmix.formula.design import Design, TermColumns, prefixed

_COEFFICIENT = "a coefficient"
_OF_A_PROBABILITY = ("binary", "proportion", "trials_with_zeros", "ordinal")
"""Kinds of responses whose mean is called p by PyMC; that of the others mu."""

_OF_DRAWS = {
    "chain": "the dimension of the chains",
    "draw": "the dimension of the draws",
    "__obs__": "the dimension of the rows",
}


def refuse_equal_coefficients(design: Design) -> None:
    """Refuse a predictor called as another coefficient is, such as a column ``x:z`` beside the product.

    Raises
    ------
    DesignError
        With the name.
    """
    _refuse_equal(_coefficients(design))


def refuse_equal_names(design: Design, *, kind: str, auxiliary: Collection[str]) -> None:
    """Refuse a predictor or response called as something else in the posterior or its PyMC model is.

    Parameters
    ----------
    kind
        Of the response, one of `response.RESPONSE_KINDS`.
    auxiliary
        The family's further parameters.

    Raises
    ------
    DesignError
        With the name and the two that have it.
    """
    response = (design.response.name, "the response")
    own = _of_categories(design.parts) if kind == "nominal" else _own_names(kind, auxiliary)
    _refuse_equal([*own, *_coefficients(design), *_random_names(design), response])
    dims = [*_OF_DRAWS.items(), *_dims(design)]
    _refuse_dims([*_coefficients(design), *_random_names(design)], dims)


def _own_names(kind: str, auxiliary: Collection[str]) -> list[tuple[str, str]]:
    """The variables of a PyMC model that are of no term."""
    mean = "p" if kind in _OF_A_PROBABILITY else "mu"
    at_means = (
        [("probability_at_means", "the probabilities at the predictors' means"), ("threshold", "the thresholds")]
        if kind == "ordinal"
        else [("Intercept_at_means", "the intercept at the predictors' means")]
    )
    reserved = [(mean, "the mean of each row in the PyMC model"), *at_means]
    return reserved + [(name, f"the family's parameter {name}") for name in auxiliary]


def _of_categories(predictors: Collection[str]) -> list[tuple[str, str]]:
    """The same where each category but the first has a predictor."""
    each_row = [(name, "the predictor of a category in each row") for name in predictors]
    return each_row + [(f"{name}_Intercept_at_means", "its intercept at the predictors' means") for name in predictors]


def _refuse_equal(names: list[tuple[str, str]]) -> None:
    seen: dict[str, str] = {}
    for name, meaning in names:
        if name in seen:
            kind = "coefficients" if meaning == seen[name] == _COEFFICIENT else "parameters"
            both = "" if meaning == seen[name] else f" ({seen[name]} and {meaning})"
            raise DesignError(
                f"Two {kind} would be called {name!r}{both}; rename the column, to {name + '_'!r} for instance."
            )
        seen[name] = meaning


def _refuse_dims(names: list[tuple[str, str]], dims: list[tuple[str, str]]) -> None:
    seen = dict(names)
    for name, meaning in dims:
        if name in seen:
            raise DesignError(
                f"{name!r} would be {seen[name]}, and {meaning}; rename the column, to {name + '_'!r} for instance."
            )


def _coefficients(design: Design) -> list[tuple[str, str]]:
    """The coefficients, and the terms that have several under one name."""
    names = []
    for part in design.predictors:
        names += [(name, _COEFFICIENT) for name in part.fixed.names]
        names += [
            (term.label, _COEFFICIENT)
            for term in part.fixed.terms
            if term.label not in [part.fixed.names[column] for column in term.columns]
        ]
    return names


def _random_names(design: Design) -> list[tuple[str, str]]:
    names = []
    numbers: dict[tuple[str, str], int] = {}
    for term in design.all_random:
        names += [(f"sd_{term.group}__{name}", f"a standard deviation of ({term.label})") for name in term.names]
        names += [(f"{_effect(owner)}|{term.group}", f"the effects of ({term.label})") for owner in term.terms]
        if term.k > 1:
            base = f"corr_{term.group}" + (f"__{term.parameter}" if term.parameter else "")
            number = numbers.get((term.group, term.parameter), 0)
            numbers[(term.group, term.parameter)] = number + 1
            names.append((base + (f".{number}" if number else ""), f"the correlations of ({term.label})"))
    return names


def _dims(design: Design) -> list[tuple[str, str]]:
    names = []
    for part in design.predictors:
        names += [(f"{term.label}_dim", f"the dimension of the levels of {term.label}") for term in part.fixed.terms]
    for term in design.all_random:
        names.append((f"{term.group}__factor_dim", f"the dimension of the levels of {term.group}"))
        names += [
            (f"{_effect(owner)}__expr_dim", f"the dimension of the columns of ({term.label})") for owner in term.terms
        ]
    return names


def _effect(owner: TermColumns) -> str:
    return prefixed(owner.parameter, "1") if owner.kind == "intercept" else owner.label
