"""The attempts at one posterior so far: which is the best, what all have cost, and what is tried next."""

from dataclasses import replace

from bayesmix.formula.design import Design
from bayesmix.modelling.joint import ladder
from bayesmix.modelling.joint.budget import MOST_TIMES, Budget, steps_of
from bayesmix.modelling.route import RouteDraws
from bayesmix.modelling.samplers.attempts import Attempt, frame_of, to_text


class BestAttempt:
    """The best of the attempts made so far; `attempts`: the record of all, `at`: its number among them from 0."""

    def __init__(self, budget: Budget, free: ladder.Free, first: ladder.Step, design: Design, found: RouteDraws):
        self.attempts: list[Attempt] = []
        self.at = 0
        self._budget, self._free, self._design = budget, free, design
        self._tried: list[ladder.Way] = []
        self._best, self._least, self._spent = found, float("inf"), 0.0
        self.add(first, found)
        self._most = MOST_TIMES * self._spent

    def add(self, step: ladder.Step, found: RouteDraws) -> None:
        """Record a finished attempt; it is kept if it is no worse than the best before it."""
        diagnostics = found.diagnostics
        self.attempts.append(ladder.attempt_of(step, diagnostics, self._design, found.sampling.seconds))
        self._tried.append(step.way)
        self._spent += self._budget.cost(step.way, steps_of(found.posterior, step.way.thin))
        badness = ladder.badness(self.attempts[-1], diagnostics.n_chains, diagnostics.n_total)
        if badness <= self._least:
            self._best, self.at, self._least = found, len(self.attempts) - 1, badness

    def add_interrupted(self, step: ladder.Step, seconds: float) -> None:
        """Record an attempt that was interrupted after `seconds`."""
        self.attempts.append(ladder.interrupted(step, self._design, seconds))

    def next_step(self) -> ladder.Step | None:
        """What is tried next on the evidence of the best attempt; None: all is well, or nothing else is affordable."""
        if len(self.attempts) == ladder.MOST_ATTEMPTS:
            return None
        way, left = self._tried[self.at], self._most - self._spent
        steps = steps_of(self._best.posterior, way.thin)
        free = replace(self._free, thin=min(self._free.thin, self._budget.longest(way, steps, left)))

        def affordable(ahead: ladder.Way) -> bool:
            return self._budget.cost(ahead, steps) <= left

        return ladder.next_step(way, self._best.diagnostics, self._design, free, self._tried, affordable)

    def recorded(self) -> RouteDraws:
        """The best draws with all attempts beside them, and the time that they took together."""
        attempts = [replace(attempt, kept=number == self.at) for number, attempt in enumerate(self.attempts)]
        text = to_text(attempts)
        self._best.posterior["sample_stats"].attrs["ladder"] = text
        seconds = sum(attempt.seconds for attempt in attempts)
        return RouteDraws(
            self._best.posterior,
            replace(self._best.sampling, seconds=seconds),
            replace(self._best.diagnostics, ladder=frame_of(text)),
        )
