"""The responses with values at the same samples: weights of shared values, for a block of responses at a time."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayesmix.arrays import Flags, Floats, Integers
from bayesmix.errors import DataError, listing
from bayesmix.families.family import read_family
from bayesmix.loci.engine.parameters import parameters_of
from bayesmix.loci.responses.model import ManyModel
from bayesmix.loci.responses.pattern import OneModel, PatternModels, pattern_models
from bayesmix.numerics.responses.draws import SharedNumbers, shared_numbers
from bayesmix.numerics.responses.learning import (
    LEAST_AT_LAST,
    LEAST_EFFECTIVE,
    Plan,
    Shared,
    Stage,
    located,
    nearest,
    part_of,
)
from bayesmix.numerics.responses.space import Projected, project
from bayesmix.numerics.responses.tables import PointTables
from bayesmix.numerics.responses.weighing import Weighed, weigh

_AT_ONCE, _MULTIPLE = 128, 16  # responses in a matrix product, filled up to a multiple of so many
_NUMBERS_AT_ONCE = 2**18  # values times responses
_MOST_PATTERNS, _MOST_MODELS = 2, 2  # that are remembered


class Weighing:
    """One model at the responses of a pattern; tables are made when the first response needs them, and kept."""

    def __init__(self, model: OneModel, plan: Plan, log_sigma: Floats):
        self.shared: Shared = model.shared(log_sigma)
        self.plan = plan
        self._tables: dict[int, PointTables] = {}

    def tables(self, stage: Stage) -> PointTables:
        """The tables of a stage."""
        if id(stage) not in self._tables:
            self._tables[id(stage)] = self.shared.tables(stage)
        return self._tables[id(stage)]

    def weighed(self, responses: Floats) -> Iterator[tuple[Integers, Weighed]]:
        """Standardised responses (n_obs, R) with weights: positions, and what the values are to the first columns.

        A response comes once: with the values of its region if their weights can be trusted, else with those of the
        last stage; -1 holds the place of one that comes later.
        """
        projected = project(self.shared.space, _filled(responses))
        left: list[Integers] = []
        for stage, members in self._first_stages(projected, np.arange(responses.shape[1])):
            for part, weighed in self._by_tables(self.tables(stage), projected, members):
                enough = weighed.reliable(LEAST_EFFECTIVE)[: len(part)] | (self.plan.last is None)
                left.append(part[~enough])
                yield np.where(enough, part, -1), weighed
        again = np.sort(np.concatenate(left)) if left else np.empty(0, dtype=int)
        if len(again):
            yield from self._by_tables(self.last_tables, projected, again)

    @cached_property
    def last_tables(self) -> PointTables:
        """The values of all regions and of the last stage together."""
        stages = [*self.plan.regions, *([self.plan.last] if self.plan.last is not None else [])]
        return self.shared.together(stages, [self.tables(stage) for stage in stages])

    def _first_stages(self, projected: Projected, every: Integers) -> list[tuple[Stage, Integers]]:
        plan = self.plan
        if not plan.regions:
            return [(plan.locate, every)]
        tables, places = self.tables(plan.locate), []
        for start in range(0, len(every), _AT_ONCE):
            part = every[start : start + _AT_ONCE]
            n_obs = self.shared.space.n_obs
            places.append(located(tables, part_of(projected, _padded(part)), n_obs)[: len(part)])
        region = nearest(np.vstack(places), plan.centres)
        stages = [(stage, every[region == number]) for number, stage in enumerate(plan.regions)]
        return [(stage, members) for stage, members in stages if len(members)]

    def _by_tables(
        self, tables: PointTables, projected: Projected, members: Integers
    ) -> Iterator[tuple[Integers, Weighed]]:
        at_once = max(_MULTIPLE, _NUMBERS_AT_ONCE // len(tables.base) // _MULTIPLE * _MULTIPLE)
        for start in range(0, len(members), at_once):
            part = members[start : start + at_once]
            yield part, weigh(tables, part_of(projected, _padded(part)), self.shared.space.n_obs)


def _padded(part: Integers) -> Integers:
    """Positions filled up with the last to a multiple of some, for which products of columns do not depend on
    others."""
    return np.concatenate([part, np.repeat(part[-1:], -len(part) % _MULTIPLE)])


def _filled(responses: Floats) -> Floats:
    return np.pad(responses, ((0, 0), (0, -responses.shape[1] % _MULTIPLE)))


@dataclass(frozen=True, eq=False)
class PatternEngine:
    """What responses with values at the same samples are fitted with."""

    model: ManyModel
    models: PatternModels
    weighings: tuple[Weighing, ...]

    @cached_property
    def numbers(self) -> SharedNumbers:
        """The numbers that all draws have in common."""
        return shared_numbers(self.model.settings.draws, len(self.models.whole.design.fixed.names))


class Patterns:
    """The engines of a model, by the samples that have a value; the last few are kept."""

    def __init__(self, model: ManyModel):
        self.model = model
        self._engines: OrderedDict[bytes, PatternEngine] = OrderedDict()

    def engine(self, present: Flags) -> PatternEngine:
        """The engine for these samples, (n_samples,) true where there is a value.

        Raises
        ------
        BayesmixError
            Their design says what is wrong with it.
        """
        key = np.packbits(present).tobytes()
        if key not in self._engines:
            self._engines[key] = self._made(present)
            if len(self._engines) > _MOST_PATTERNS:
                self._engines.popitem(last=False)
        self._engines.move_to_end(key)
        return self._engines[key]

    def _made(self, present: Flags) -> PatternEngine:
        model = self.model
        models = pattern_models(model.formula, model.sheet[present], model.priors, factors=model.settings.bayes_factors)
        n_samples, names = int(present.sum()), parameters_of(models.whole.design, read_family("gaussian"))
        if names != model.parameters:
            lost = [one.name for one in model.parameters if one not in names] or ["the same parameters"]
            raise DataError(f"The {n_samples} samples with values do not tell of {listing(lost)}.")
        log_sigma = model.log_sigma(n_samples)
        one_by_one = zip((models.whole, *models.smaller), model.plans, strict=True)
        return PatternEngine(model, models, tuple(Weighing(one, plan, log_sigma) for one, plan in one_by_one))


_OF_MODELS: OrderedDict[str, Patterns] = OrderedDict()


def patterns_of(model: ManyModel) -> Patterns:
    """The patterns of a model; those of the last models last as long as the process."""
    if model.digest not in _OF_MODELS:
        _OF_MODELS[model.digest] = Patterns(model)
        if len(_OF_MODELS) > _MOST_MODELS:
            _OF_MODELS.popitem(last=False)
    return _OF_MODELS[model.digest]


def trusted(weighed: Weighed) -> Flags:
    """Whether the weights of the stage that a response ended in can be trusted."""
    return weighed.reliable(LEAST_AT_LAST)
