"""Where a model's parameters stand in the posterior.

Names and dims are Bambi's, so that Bambi and ArviZ read the posterior as their own. A numeric coefficient is a scalar
variable `Days`; the coefficients of a factor are one variable `recipe` along `recipe_dim`; a group effect is
`Days|Subject` along `Subject__factor_dim`, for a factor `f|g` along `f__expr_dim` and `g__factor_dim`. Standard
deviations are scalars `sd_Subject__Days`; the correlations of a term are one variable `corr_Subject`. The predictor of
a further parameter is named after it: `sigma_Days`, `sigma_1|Subject`, `sd_Subject__sigma_Intercept`,
`corr_Subject__sigma`. The thresholds of an ordinal response are `threshold` along `threshold_dim`.
xarray reserves `/` for paths: names have U+2215 instead, `I(Days \N{DIVISION SLASH} 2)`; dims have `;` for a comma.
"""

from typing import TYPE_CHECKING

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.formula.design import Design, GroupTerm, TermColumns, prefixed

if TYPE_CHECKING:
    import xarray as xr


OBSERVATIONS = "__obs__"
"""The dim of the rows, as Bambi names it."""


def is_vector(term: TermColumns) -> bool:
    """Whether the term's coefficients share one variable along a dim of their own."""
    return len(term.columns) > 1 or term.kind == "factor"


def without_slash(name: str) -> str:
    """`name` as a variable of the posterior."""
    return name.replace("/", "\N{DIVISION SLASH}")


def fixed_variable(term: TermColumns) -> str:
    return without_slash(term.label)


def fixed_dim(term: TermColumns) -> str:
    return as_dim(f"{fixed_variable(term)}_dim")


def group_variable(owner: TermColumns, term: GroupTerm) -> str:
    return f"{_expression(owner)}|{without_slash(term.group)}"


def group_dims(owner: TermColumns, term: GroupTerm) -> tuple[str, ...]:
    level = as_dim(f"{without_slash(term.group)}__factor_dim")
    return (as_dim(f"{_expression(owner)}__expr_dim"), level) if is_vector(owner) else (level,)


def as_dim(name: str) -> str:
    """`name` as a dim, without commas, since nutpie joins the dims of a variable with them.

    nutpie also makes dims from the names of transformed variables, which therefore follow the same rule.
    """
    return name.replace(",", ";")


def _expression(owner: TermColumns) -> str:
    return prefixed(owner.parameter, "1") if owner.kind == "intercept" else without_slash(owner.label)


def sd_name(term: GroupTerm, column: str) -> str:
    return without_slash(f"sd_{term.group}__{column}")


def sd_names(term: GroupTerm) -> tuple[str, ...]:
    return tuple(sd_name(term, column) for column in term.names)


def corr_name(term: GroupTerm, random: tuple[GroupTerm, ...]) -> str:
    """`corr_Subject`; a second correlated term of the same group is `corr_Subject.1`, as lme4 numbers them."""
    earlier = [other for other in random if other.group == term.group and other.k > 1]
    position = next(i for i, other in enumerate(earlier) if other is term)
    whose = f"__{term.parameter}" if term.parameter else ""
    return without_slash(f"corr_{term.group}") + whose + (f".{position}" if position else "")


def column_pairs(term: GroupTerm) -> tuple[tuple[str, str], ...]:
    """The pairs of columns with a correlation, in the order of `corr_<group>`: (1,2), (1,3), (2,3), ..."""
    return tuple((term.names[i], term.names[j]) for j in range(term.k) for i in range(j))


def theta_names(design: Design) -> tuple[str, ...]:
    """The variance parameters in the order of `numerics.variance_parameters`, named after the sds and correlations."""
    names: list[str] = []
    for term in design.random:
        names += sd_names(term)
        names += [f"{corr_name(term, design.random)}[{','.join(pair)}]" for pair in column_pairs(term)]
    return (*names, "sigma")


THRESHOLD = "threshold"
THRESHOLD_DIM = f"{THRESHOLD}_dim"


def threshold_names(design: Design) -> tuple[str, ...]:
    """``threshold[low|mid]``, ``threshold[mid|high]``; none unless the response is ordinal."""
    return tuple(f"{THRESHOLD}[{border}]" for border in design.response.thresholds)


def constant_parameters(design: Design, auxiliary: tuple[str, ...]) -> tuple[str, ...]:
    """The family's further parameters that have no formula and are the same for all rows."""
    return tuple(name for name in auxiliary if name not in design.parts)


def keeps_effects(posterior: "xr.Dataset", term: GroupTerm) -> bool:
    """Whether the posterior holds the effects of a term."""
    return group_variable(term.terms[0], term) in posterior


def fixed_draws(posterior: "xr.Dataset", design: Design) -> Floats:
    """Draws of the fixed coefficients, shape (n_chains, n_draws, p), in the order of `design.fixed.names`."""
    draws = np.empty((posterior.sizes["chain"], posterior.sizes["draw"], len(design.fixed.names)))
    for term in design.fixed.terms:
        values = posterior[fixed_variable(term)].transpose("chain", "draw", ...).to_numpy()
        draws[:, :, list(term.columns)] = values if is_vector(term) else values[..., None]
    return draws


def threshold_draws(posterior: "xr.Dataset", design: Design) -> Floats:
    """Draws of the thresholds, shape (n_chains, n_draws, n_thresholds); none unless the response is ordinal."""
    if not design.response.thresholds:
        return np.empty((posterior.sizes["chain"], posterior.sizes["draw"], 0))
    return posterior[THRESHOLD].transpose("chain", "draw", THRESHOLD_DIM).to_numpy()


def group_draws(posterior: "xr.Dataset", term: GroupTerm) -> Floats:
    """Draws of a term's group effects, shape (n_chains, n_draws, n_levels, k)."""
    draws = np.empty((posterior.sizes["chain"], posterior.sizes["draw"], term.n_levels, term.k))
    for owner in term.terms:
        dims = group_dims(owner, term)
        values = posterior[group_variable(owner, term)].transpose("chain", "draw", dims[-1], ...).to_numpy()
        draws[..., list(owner.columns)] = values if is_vector(owner) else values[..., None]
    return draws


def sd_draws(posterior: "xr.Dataset", term: GroupTerm) -> Floats:
    """Draws of a term's standard deviations, shape (n_chains, n_draws, k)."""
    names = sd_names(term)
    return np.stack([posterior[name].transpose("chain", "draw").to_numpy() for name in names], axis=-1)


def corr_draws(posterior: "xr.Dataset", term: GroupTerm, design: Design) -> Floats:
    """Draws of a term's correlations, shape (n_chains, n_draws, k (k - 1) / 2), pairs as `column_pairs`."""
    return posterior[corr_name(term, design.random)].transpose("chain", "draw", ...).to_numpy()


def column_coords(term: TermColumns, names: tuple[str, ...]) -> tuple[str, ...]:
    """The coords of a term's columns: the levels of a plain factor, else the columns' names."""
    columns = tuple(names[column] for column in term.columns)
    bracket = f"{term.label}["
    is_plain = len(term.factors) == 1 and term.label == prefixed(term.parameter, term.factors[0])
    if is_plain and all(name.startswith(bracket) for name in columns):
        return tuple(name.removeprefix(bracket).removesuffix("]") for name in columns)
    return columns
