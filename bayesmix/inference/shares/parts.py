"""The variance of the response on the scale of the linear predictor, in parts: fixed part, random terms, residual."""

from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, shown
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.inference.shared.draws import fixed, joined
from bayesmix.inference.shared.row_model import covariances
from bayesmix.inference.shares.residual import residual_at_estimates, residual_of_draws
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer

FIXED, RESIDUAL = "fixed", "residual"


@dataclass(frozen=True)
class Part:
    """A part of the variance: its `label` as tables print it, and of a random term the `group`, else empty.

    `is_dispersion`: a term with a level for each row, whose variance is the rows' own.
    """

    label: str
    group: str = ""
    is_dispersion: bool = False


@dataclass(frozen=True)
class VarianceParts:
    """`values` (n_parts, n_draws) of the `parts`, fixed part first, residual last; of estimates n_draws is 1."""

    parts: tuple[Part, ...]
    values: Floats

    @property
    def total(self) -> Floats:
        """Sum of all parts, (n_draws,)."""
        return self.values.sum(axis=0)

    def sum_of(self, *kinds: str, group: str | None = None) -> Floats:
        """Sum of some parts, (n_draws,): ``"fixed"``, ``"groups"`` or those of one `group`, ``"rest"``.

        A term with a level for each row belongs to the rest.
        """
        chosen = [_kind(part) in kinds and (group is None or part.group in ("", group)) for part in self.parts]
        return self.values[np.array(chosen)].sum(axis=0)


def _kind(part: Part) -> str:
    if part.label == FIXED and not part.group:
        return "fixed"
    return "groups" if part.group and not part.is_dispersion else "rest"


@singledispatch
def variance_parts(fit: object, *, question: str, approximation: str) -> VarianceParts:
    """The parts of the variance in each draw of a posterior, or at the estimates.

    A random term has the mean of its effects' variance over the rows, z' Sigma z with z its columns in a row.

    Raises
    ------
    ArgumentError
        The family has no variance on the scale of the linear predictor.

    References
    ----------
    Nakagawa, Johnson & Schielzeth (2017), doi:10.1098/rsif.2017.0213; Johnson (2014), doi:10.1111/2041-210X.12225
    """
    raise no_answer(variance_parts, fit, question=question)


@variance_parts.register
def _of_posterior(fit: Fit, *, question: str, approximation: str) -> VarianceParts:
    design = fit.design
    of_fixed = fixed_variance(design, joined(fixed(fit)))
    of_terms = [np.einsum("dij,ij->d", covariances(fit, term), mean_square(term)) for term in design.random]
    residual = residual_of_draws(fit, question=question, approximation=approximation)
    residual = np.broadcast_to(residual, of_fixed.shape)
    if not np.isfinite(residual).all():
        raise ArgumentError(
            f"{question}: the residual variance of {fit.family} is infinite in {np.sum(~np.isfinite(residual))} of "
            f"{len(residual)} draws, so that nothing has a share of it."
        )
    return VarianceParts(_parts(design), np.stack([of_fixed, *of_terms, residual]))


@variance_parts.register
def _of_mixed_estimates(fit: RemlFit | LaplaceFit, *, question: str, approximation: str) -> VarianceParts:
    if not fit.converged:
        raise ArgumentError(f"{question}: the fit has not converged, so that its variances are no estimates.")
    of_terms = [np.sum(L @ L.T * mean_square(term)) for term, L in zip(fit.design.random, fit.L, strict=True)]
    return _at_estimates(fit, [float(value) for value in of_terms], question, approximation)


@variance_parts.register
def _of_least_squares(fit: LmFit, *, question: str, approximation: str) -> VarianceParts:
    return _at_estimates(fit, [], question, approximation)


def _at_estimates(
    fit: RemlFit | LaplaceFit | LmFit, of_terms: list[float], question: str, approximation: str
) -> VarianceParts:
    of_fixed = float(fixed_variance(fit.design, fit.beta[:, None])[0])
    residual = residual_at_estimates(fit, question=question, approximation=approximation)
    return VarianceParts(_parts(fit.design), np.array([of_fixed, *of_terms, residual])[:, None])


def fixed_variance(design: Design, beta: Floats) -> Floats:
    """Variance over the rows of X beta, with n - 1 as divisor, for coefficients (p, n_draws)."""
    X = design.fixed.matrix
    if not X.shape[1] or len(X) < 2:
        return np.zeros(beta.shape[1])
    triangle = np.linalg.qr(X - X.mean(axis=0), mode="r")
    return np.sum((triangle @ beta) ** 2, axis=0) / (len(X) - 1)


def mean_square(term: GroupTerm) -> Floats:
    """Mean over the rows of z z', (k, k)."""
    return term.columns.T @ term.columns / len(term.columns)


def _parts(design: Design) -> tuple[Part, ...]:
    terms = [Part(f"({term.label})", term.group, _is_dispersion(term)) for term in design.random]
    return (Part(FIXED), *terms, Part(RESIDUAL))


def _is_dispersion(term: GroupTerm) -> bool:
    return term.n_levels == len(term.index)


def one_group_of(parts: VarianceParts, group: str | None) -> tuple[str, ...]:
    """The groups that answers have rows for: all, or one that is checked."""
    groups = tuple(dict.fromkeys(part.group for part in parts.parts if part.group and not part.is_dispersion))
    if group is not None and group not in groups:
        raise ArgumentError(f"{shown(group)} has a level for each row, whose variance is the rows' own.")
    return groups if group is None else (group,)
