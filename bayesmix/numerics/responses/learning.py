"""Where values are drawn from: mixtures of t distributions, each for responses whose posteriors lie near each other.

Few values tell where the posterior of a response lies. The mixture of its region then serves it, and one for all
regions where the weights of the first cannot be trusted. All mixtures are learnt beforehand, from a sample of
responses, so that the numbers of a response do not depend on those that are fitted with it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics.adaptive_importance import Mixture, fitted_mixture
from bayesmix.numerics.responses.proposal import (
    Coordinates,
    Points,
    draw_points,
    folded_log_density,
    wide_mixture,
    with_wide,
)
from bayesmix.numerics.responses.space import Projected, ResponseSpace
from bayesmix.numerics.responses.tables import PointTables, SdPriors, point_tables, pooled
from bayesmix.numerics.responses.weighing import Weighed, weigh

_ROUNDS = ((512, 6, 0.3), (1024, 12, 0.15))  # values, components, share of the wide distribution
_OF_REGION_ROUNDS = ((256, 3, 0.3), (512, 6, 0.1))
_TO_LOCATE = 512  # values that tell the region of a response
_OF_ONE = (512, 4096)  # values of a single parameter, and where these do not do
_OF_REGION, _PER_PARAMETER = 512, 256  # values of a region
_LAST = 4096  # values beside those of all regions, where those of the region do not do
_TEACHERS, _BLOCK = 64, 128  # responses at most that a mixture is learnt from, and that are weighed together
_MOST_REGIONS, _FEWEST_IN_REGION = 20, 12
_FEWEST_HARD = 8
_MOST_NUMBERS = 2**25  # of the tables of all regions, 256 MiB
_MOST_NODES = 400
_OF_SD = 0.9  # a step of log sigma, in the least that its posterior sd can be, 1 / sqrt(2 n)
LEAST_EFFECTIVE, LEAST_AT_LAST = 200.0, 100.0
"""Effective values that a response must have, and those that do in the last stage."""


@dataclass(frozen=True)
class Stage:
    """`n_points` values from a `mixture`; `seed` starts their sequence."""

    mixture: Mixture
    n_points: int
    seed: int


@dataclass(frozen=True)
class Plan:
    """Where values come from.

    `locate` tells where the posterior of a response lies; the nearest of `centres` (n_regions, d) says which of
    `regions` it is weighed with, and `last` is for those whose weights cannot be trusted then. Without regions `locate`
    is the first that a response is weighed with.
    """

    locate: Stage
    centres: Floats
    regions: tuple[Stage, ...]
    last: Stage | None


@dataclass(frozen=True)
class Shared:
    """What all responses of a design share: its `space`, `coordinates` of theta, `priors` of sds and nodes of log
    sigma.
    """

    space: ResponseSpace
    coordinates: Coordinates
    priors: SdPriors
    log_sigma: Floats

    def tables(self, stage: Stage) -> PointTables:
        """The tables of a stage's values."""
        return self._tables_of(draw_points(stage.mixture, self.coordinates, stage.n_points, stage.seed))

    def together(self, stages: Sequence[Stage], tables: Sequence[PointTables]) -> PointTables:
        """The tables of several stages as those of one."""
        every = np.concatenate([one.points.coordinates for one in tables])
        densities = [folded_log_density(stage.mixture, self.coordinates, every) for stage in stages]
        return pooled(tables, np.array(densities))

    def _tables_of(self, points: Points) -> PointTables:
        return point_tables(self.space, points, self.priors, self.log_sigma)


def sigma_grid(n_obs: int, least: float) -> Floats:
    """Nodes of log sigma for responses of sd 1, down to the residual sd `least` or as far as there are nodes for."""
    step = _OF_SD / np.sqrt(2 * n_obs)
    top = np.log(2 + 20 / n_obs)
    n_nodes = int(np.clip(np.ceil((top - np.log(least)) / step), 24, _MOST_NODES)) + 1
    return top - step * np.arange(n_nodes)[::-1]


def learn_plan(shared: Shared, sample: Projected, *, seed: int = 0) -> Plan:
    """A plan for all responses, learnt from a `sample` of them."""
    d = len(shared.coordinates.is_sd)
    wide, none = wide_mixture(shared.coordinates), np.empty((0, d))
    if d == 0:
        return Plan(Stage(wide, 1, seed), none, (), None)
    if not len(sample.left):
        return Plan(Stage(wide, _OF_ONE[0], seed), none, (), Stage(wide, _OF_ONE[1], seed))
    everywhere = learn_mixture(shared, _evenly(sample, _TEACHERS), wide, seed)
    if d == 1:
        return Plan(Stage(everywhere, _OF_ONE[0], seed), none, (), Stage(everywhere, _OF_ONE[1], seed))
    locate = Stage(everywhere, _TO_LOCATE, seed)
    places = located(shared.tables(locate), sample, shared.space.n_obs)
    n_points = 1 << int(np.ceil(np.log2(_OF_REGION + _PER_PARAMETER * d)))
    r, p = shared.space.rank, shared.space.fixed.shape[1]
    affordable = _MOST_NUMBERS // (n_points * (r * (r + 1) // 2 + p * r))
    n_regions = int(np.clip(min(len(places) // _FEWEST_IN_REGION, affordable), 1, _MOST_REGIONS))
    centres, region = _regions(places, n_regions)
    stages, hard = [], [np.empty(0, dtype=int)]
    for number in range(len(centres)):
        members = np.flatnonzero(region == number)
        teachers = _evenly(part_of(sample, members), _TEACHERS)
        start = with_wide(_around(places[members]), shared.coordinates, 0.2)
        mixture = learn_mixture(shared, teachers, start, seed + 100 + number, _OF_REGION_ROUNDS)
        stages.append(Stage(mixture, n_points, seed + 200 + number))
        tables = shared.tables(stages[-1])
        weighed = _weighed(tables, part_of(sample, members), shared.space.n_obs)
        hard.append(members[~np.concatenate([one.reliable(LEAST_EFFECTIVE) for one in weighed])])
    unlike = np.concatenate(hard)
    teachers = part_of(sample, unlike) if len(unlike) >= _FEWEST_HARD else sample
    mixture = learn_mixture(shared, _evenly(teachers, 2 * _TEACHERS), everywhere, seed + 99)
    return Plan(locate, centres, tuple(stages), Stage(mixture, min(_LAST, 8 * n_points), seed + 98))


def learn_mixture(
    shared: Shared,
    teachers: Projected,
    start: Mixture,
    seed: int,
    rounds: tuple[tuple[int, int, float], ...] = _ROUNDS,
) -> Mixture:
    """A mixture that follows the posteriors of the `teachers`, learnt in rounds, the first of which draws from `start`.

    A sum of the responses' posteriors, each as much as any other, is the density to which a mixture is fitted; a wide
    distribution keeps a share, for responses unlike these.
    """
    mixture, rng = start, np.random.default_rng([seed, 1])
    for number, (n_points, n_components, share) in enumerate(rounds):
        tables = shared.tables(Stage(mixture, n_points, seed + 1000 * number))
        average = np.zeros(n_points)
        for weighed in _weighed(tables, teachers, shared.space.n_obs):
            # A response with a few values of large weight would draw components to these.
            most = 3 / np.sqrt(np.maximum(weighed.effective, 1.0) * n_points) + 4 / n_points
            cut = np.minimum(weighed.weights, most)
            average += (cut / cut.sum(axis=0)).sum(axis=1)
        points = tables.points.coordinates
        learnt = fitted_mixture(points, average / average.sum(), mixture.degrees, rng, n_components)
        mixture = with_wide(learnt, shared.coordinates, share)
    return mixture


def located(tables: PointTables, responses: Projected, n_obs: int) -> Floats:
    """The posterior mean of each response's point, shape (R, d)."""
    blocks = _weighed(tables, responses, n_obs)
    return np.vstack([weighed.weights.T @ tables.points.coordinates for weighed in blocks])


def nearest(places: Floats, centres: Floats) -> Integers:
    """The region of each place (R, d)."""
    distance = ((places[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    return np.argmin(distance, axis=1)


def part_of(responses: Projected, positions: Integers) -> Projected:
    """Some of the responses."""
    return Projected(np.ascontiguousarray(responses.coordinates[:, positions]), responses.left[positions])


def _weighed(tables: PointTables, responses: Projected, n_obs: int) -> Iterator[Weighed]:
    for start in range(0, len(responses.left), _BLOCK):
        part = np.arange(start, min(start + _BLOCK, len(responses.left)))
        yield weigh(tables, part_of(responses, part), n_obs)


def _evenly(responses: Projected, most: int) -> Projected:
    """At most so many of the responses, evenly taken."""
    n = len(responses.left)
    return part_of(responses, np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int)))


def _regions(places: Floats, n_regions: int) -> tuple[Floats, Integers]:
    """Centres of regions by Lloyd's steps, from places far from each other; and the region of each place."""
    chosen = [int(np.argmin(((places - places.mean(axis=0)) ** 2).sum(axis=1)))]
    far = np.full(len(places), np.inf)
    for _ in range(1, n_regions):
        far = np.minimum(far, ((places - places[chosen[-1]]) ** 2).sum(axis=1))
        chosen.append(int(np.argmax(far)))
    centres = places[chosen]
    for _ in range(20):
        region = nearest(places, centres)
        kept = [number for number in range(len(centres)) if (region == number).any()]
        centres = np.array([places[region == number].mean(axis=0) for number in kept])
    return centres, nearest(places, centres)


def _around(places: Floats) -> Mixture:
    """One t distribution around places, as wide as a posterior at least."""
    d = places.shape[1]
    spread = np.cov(places.T).reshape(d, d) if len(places) > d + 1 else np.zeros((d, d))
    root = np.linalg.cholesky(spread + 0.3**2 * np.eye(d))
    return Mixture(np.ones(1), places.mean(axis=0)[None], root[None], 5.0)
