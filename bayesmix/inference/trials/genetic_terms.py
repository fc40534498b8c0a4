"""Which random terms of a trial's model are genetic, and how often each genotype was tried.

Shapes: m genotypes, the levels of the factor that is asked for; n_draws draws, or one value of estimates.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.formula.terms import label_of
from bayesmix.inference.shared.arguments import one_group
from bayesmix.inference.shared.draws import auxiliary, constant_parameters, joined, standard_deviations
from bayesmix.inference.shared.unordered import refuse_unordered
from bayesmix.modelling.kinds import Fit, RemlFit, no_answer


@dataclass(frozen=True, eq=False)
class GeneticTerms:
    """The random terms of a trial.

    `genotype` is ``(1 | entry)``; `interactions` have the entry among their factors, as ``(1 | entry:year)``; `others`
    are of the trial's design, as ``(1 | year:block)``. `n_plots` (m,): the rows of each genotype, or the sum of their
    weights; `n_cells`: for each interaction, in how many of its levels each genotype was tried (m,).
    """

    genotype: GroupTerm
    interactions: tuple[GroupTerm, ...]
    others: tuple[GroupTerm, ...]
    n_plots: Floats
    n_cells: tuple[Floats, ...]

    @property
    def random(self) -> tuple[GroupTerm, ...]:
        """All terms: genotype, interactions, others."""
        return (self.genotype, *self.interactions, *self.others)

    def in_order_of(self, design: Design, variances: "Variances") -> tuple[float, ...]:
        """The sds of a design's random terms, from single values of the variances."""
        values = (variances.genotype, *variances.interactions, *variances.others)
        by_term = {id(term): float(np.sqrt(value)) for term, value in zip(self.random, values, strict=True)}
        return tuple(by_term[id(term)] for term in design.random)


@dataclass(frozen=True, eq=False)
class Variances:
    """Variances of a trial, each a number or (n_draws,), in the order of `GeneticTerms`."""

    genotype: Floats
    interactions: tuple[Floats, ...]
    others: tuple[Floats, ...]
    residual: Floats

    def thinned(self, n: int) -> Iterator["Variances"]:
        """Those of at most `n` draws, one by one, at equal distances."""
        for draw in np.unique(np.linspace(0, len(self.residual) - 1, n).astype(np.intp)):
            yield self._of_draw(draw)

    def _of_draw(self, draw: int) -> "Variances":
        return Variances(
            genotype=self.genotype[draw],
            interactions=tuple(variance[draw] for variance in self.interactions),
            others=tuple(variance[draw] for variance in self.others),
            residual=self.residual[draw],
        )


def genetic_terms(design: Design, group: str, *, question: str) -> GeneticTerms:
    """The terms of a design in which `group` are the genotypes.

    Raises
    ------
    UnknownTermError
        `group` is no grouping factor of the model.
    ArgumentError
        Random effects are others than intercepts, so that variances depend on a covariate; or the response is a
        category without an order.
    """
    refuse_unordered(design, question=question)
    group = one_group(design, group)
    slopes = next((term for term in design.random if term.names != ("Intercept",)), None)
    if slopes is not None:
        raise ArgumentError(
            f"{question} is of models whose random terms are intercepts, (1 | {group}); with ({slopes.label}) the "
            "variances depend on a covariate. bm.icc(fit) averages them over the rows."
        )
    factors = factors_of_groups(design)
    own = factors[group]
    genotype = next(term for term in design.random if term.group == group)
    interactions = tuple(t for t in design.random if t is not genotype and set(own) < set(factors[t.group]))
    others = tuple(t for t in design.random if t is not genotype and t not in interactions)
    weights = np.ones(design.n_obs) if design.weights is None else design.weights
    return GeneticTerms(
        genotype=genotype,
        interactions=interactions,
        others=others,
        n_plots=np.bincount(genotype.index, weights=weights, minlength=genotype.n_levels),
        n_cells=tuple(_levels_met(genotype, term) for term in interactions),
    )


def factors_of_groups(design: Design) -> dict[str, tuple[str, ...]]:
    """Of each grouping factor of the formula the columns that it is a product of."""
    return {term.group_label: tuple(label_of(part) for part in term.group) for term in design.formula.random}


def _levels_met(genotype: GroupTerm, term: GroupTerm) -> Floats:
    """In how many levels of `term` each genotype has rows, (m,)."""
    pairs = np.unique(np.column_stack([genotype.index, term.index]), axis=0)
    return np.bincount(pairs[:, 0], minlength=genotype.n_levels).astype(float)


def harmonic_mean(counts: Floats) -> float:
    """The number that averages 1 / count."""
    return float(len(counts) / np.sum(1 / counts))


@singledispatch
def variances_of(fit: object, terms: GeneticTerms, *, question: str) -> Variances:
    """The variances of a fit's random terms and of its residual, at weight 1.

    Raises
    ------
    ArgumentError
        The family is not Gaussian with identity link and one residual sd.
    """
    raise no_answer(variances_of, fit, question=question)


@variances_of.register
def _of_posterior(fit: Fit, terms: GeneticTerms, *, question: str) -> Variances:
    if not fit.family.is_gaussian_identity or "sigma" not in constant_parameters(fit):
        raise ArgumentError(
            f"{question} is of Gaussian models with identity link and one residual sd, and this one is {fit.family}"
            f"{' with a formula for sigma' if fit.family.is_gaussian_identity else ''}. bm.icc(fit) has shares of "
            "variance on the scale of the link."
        )
    residual = joined(auxiliary(fit, "sigma")) ** 2
    return _by_role(terms, lambda term: joined(standard_deviations(fit, term))[0] ** 2, residual)


@variances_of.register
def _of_reml(fit: RemlFit, terms: GeneticTerms, *, question: str) -> Variances:
    place = {id(term): i for i, term in enumerate(fit.design.random)}
    return _by_role(terms, lambda term: np.array(fit.L[place[id(term)]][0, 0] ** 2), np.array(fit.sigma**2))


def _by_role(terms: GeneticTerms, variance: Callable[[GroupTerm], Floats], residual: Floats) -> Variances:
    return Variances(
        genotype=variance(terms.genotype),
        interactions=tuple(variance(term) for term in terms.interactions),
        others=tuple(variance(term) for term in terms.others),
        residual=residual,
    )
