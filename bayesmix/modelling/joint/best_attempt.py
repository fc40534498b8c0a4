"""The attempts at one posterior so far: the best one, the cost of all, and the next one.

Costs are counted in gradients, so that the same seed gives the same attempts on a machine that is busy.
"""

from dataclasses import dataclass, replace

import xarray as xr

from bayesmix.formula.design import Design
from bayesmix.modelling.diagnostics import Attempt, frame_of, to_text
from bayesmix.modelling.joint import ladder
from bayesmix.modelling.route import RouteDraws

MOST_TIMES = 10.0
"""All attempts together may cost so many times the first one, the expected cost of the next one included."""

_LOW_RANK = 12.0
"""A step of tuning with a low-rank mass matrix costs n^3 / (12 n_obs) more gradients: 12 ms beside 9 microseconds with
189 parameters and 403 rows."""


@dataclass(frozen=True)
class Budget:
    """Prices for a model with `n` parameters and `n_obs` rows, of which `chains` keep `draws` each."""

    n: int
    n_obs: int
    chains: int
    draws: int

    def cost(self, way: ladder.Way, steps: float) -> float:
        """Gradients of an attempt in which a trajectory takes `steps`."""
        finer = self.n**3 / (_LOW_RANK * self.n_obs) if way.mass_matrix == "low-rank" else 0.0
        return self.chains * (way.tune * (steps + finer) + way.thin * self.draws * steps)

    def longest(self, way: ladder.Way, steps: float, left: float) -> int:
        """The greatest thinning that `left` gradients allow."""
        drawn = left - self.cost(way, steps) + self.chains * way.thin * self.draws * steps
        return max(1, int(drawn / (self.chains * self.draws * steps)))


def steps_of(posterior: xr.DataTree, thin: int) -> float:
    """The mean number of gradients of a trajectory after tuning."""
    statistics = posterior["sample_stats"].to_dataset()
    if "n_steps" in statistics:
        return max(1.0, float(statistics["n_steps"].mean()) / thin)
    return max(1.0, float((2.0 ** statistics["tree_depth"]).mean()))


class BestAttempt:
    """The best attempt so far; `attempts` are the records of all, `at` is its position among them."""

    def __init__(self, budget: Budget, free: ladder.Free, first: ladder.Step, design: Design, drawn: RouteDraws):
        self.attempts: list[Attempt] = []
        self.at = 0
        self._budget, self._free, self._design = budget, free, design
        self._tried: list[ladder.Way] = []
        self._best, self._least, self._spent = drawn, float("inf"), 0.0
        self.add(first, drawn)
        self._most = MOST_TIMES * self._spent

    def add(self, step: ladder.Step, drawn: RouteDraws) -> None:
        """Record a finished attempt; it is kept if it is no worse than the best before it."""
        diagnostics = drawn.diagnostics
        self.attempts.append(ladder.attempt_of(step, diagnostics, self._design, drawn.sampling.seconds))
        self._tried.append(step.way)
        self._spent += self._budget.cost(step.way, steps_of(drawn.posterior, step.way.thin))
        badness = ladder.badness(self.attempts[-1], diagnostics.n_chains, diagnostics.n_total)
        if badness <= self._least:
            self._best, self.at, self._least = drawn, len(self.attempts) - 1, badness

    def add_interrupted(self, step: ladder.Step, seconds: float) -> None:
        """Record an attempt that was interrupted after `seconds`."""
        self.attempts.append(ladder.attempt_of(step, None, self._design, seconds))

    def next_step(self) -> ladder.Step | None:
        """The next step on the evidence of the best attempt; None if all is well or nothing else is affordable."""
        if len(self.attempts) == ladder.MOST_ATTEMPTS:
            return None
        way, left = self._tried[self.at], self._most - self._spent
        steps = steps_of(self._best.posterior, way.thin)
        free = replace(self._free, thin=min(self._free.thin, self._budget.longest(way, steps, left)))

        def affordable(ahead: ladder.Way) -> bool:
            return self._budget.cost(ahead, steps) <= left

        return ladder.next_step(way, self._best.diagnostics, self._design, free, self._tried, affordable)

    def recorded(self) -> RouteDraws:
        """The best draws, with the records of all attempts and the time that these took together."""
        attempts = [replace(attempt, kept=number == self.at) for number, attempt in enumerate(self.attempts)]
        text = to_text(attempts)
        self._best.posterior["sample_stats"].attrs["ladder"] = text
        seconds = sum(attempt.seconds for attempt in attempts)
        return RouteDraws(
            self._best.posterior,
            replace(self._best.sampling, seconds=seconds),
            replace(self._best.diagnostics, ladder=frame_of(text)),
        )
