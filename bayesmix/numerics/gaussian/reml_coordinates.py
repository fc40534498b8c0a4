"""REML's criterion as `boundary_search` asks for it: a function of theta = L / sigma in bases of unit size."""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.boundary_search import Evaluation
from bayesmix.numerics.effect_bases import packed_triangles, triangles, turned_bases
from bayesmix.numerics.gaussian.coefficient_prior import WorkingPrior, working_prior
from bayesmix.numerics.gaussian.cross_products import Arrays, CrossProducts
from bayesmix.numerics.gaussian.profiled import held_coefficients, profiled_gradient, profiled_value


@dataclass(frozen=True)
class RemlCoordinates:
    """`bases`, one (k, k) a term; `arrays` the data seen in them; priors and `restricted` as `profiled` takes them.

    An evaluation begins with nothing: `near` is empty.
    """

    products: CrossProducts
    bases: tuple[Floats, ...]
    arrays: Arrays
    prior: WorkingPrior
    covariance_prior: WorkingPrior
    restricted: bool

    @property
    def n_coefficients(self) -> int:
        return 0

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(len(basis) for basis in self.bases)

    @property
    def units(self) -> Floats:
        return np.ones(len(self.arrays.entries))

    def triangles(self, x: Floats) -> tuple[Floats, ...]:
        return triangles(x, self.sizes)

    def with_triangles(self, _x: Floats, factors: tuple[Floats, ...]) -> Floats:
        return packed_triangles(factors)

    def turned(self, x: Floats) -> tuple["RemlCoordinates", tuple[Floats, ...]]:
        bases, sds = turned_bases(self.bases, self.triangles(x))
        return in_bases(self.products, bases, restricted=self.restricted), sds

    def criterion_and_sigma(self, theta: Floats) -> tuple[float, float]:
        """At the packed lower triangles `theta` (n_theta,)."""
        return profiled_value(self.arrays, self.prior, np.append(theta, 0.0), self.restricted)

    def value(self, x: Floats, _near: Floats) -> float:
        return self.criterion_and_sigma(x)[0]

    def evaluate(self, x: Floats, near: Floats) -> Evaluation:
        packed, gradient = np.append(x, 0.0), np.empty(len(x))
        value, _ = profiled_gradient(self.arrays, self.prior, self.covariance_prior, packed, self.restricted, gradient)
        return Evaluation(value, gradient, near)

    def settle(self, _x: Floats, near: Floats) -> Floats:
        return near

    def slope(self, gradient: Floats, sds: tuple[Floats, ...]) -> Floats:
        """By theta, times the term's greatest sd where that exceeds 1."""
        greatest = [max(1.0, float(sd.max(initial=0.0))) for sd in sds]
        return gradient * np.repeat(greatest, [k * (k + 1) // 2 for k in self.sizes])


def in_bases(products: CrossProducts, bases: tuple[Floats, ...], *, restricted: bool) -> RemlCoordinates:
    """The data as the terms' columns times `bases`."""
    arrays, layout = products.arrays, products.arrangement
    shift = arrays.shift.copy()
    for number, members in enumerate(layout.block_terms):
        of_block = np.zeros_like(shift[number])
        for t in members:
            own = slice(layout.places[t].first, layout.places[t].first + layout.places[t].k)
            of_block[own, own] = bases[t]
        shift[number] = shift[number] @ of_block
    prior = working_prior(products, None)
    covariance_prior = prior if restricted else held_coefficients(prior)
    return RemlCoordinates(products, bases, arrays._replace(shift=shift), prior, covariance_prior, restricted)
