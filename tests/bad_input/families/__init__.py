"""The families of bad inputs: one file each, with a function `make(seed)` that gives a line of Python."""

from collections.abc import Callable
from dataclasses import dataclass

from families import (
    arguments,
    cards,
    formulas,
    frames,
    kinds,
    names,
    net,
    paths,
    priors,
    questions,
    shell,
    stored,
    studies,
    tables,
)


@dataclass(frozen=True)
class Family:
    """`make` gives the line of a seed; `fast` and `slow`: how many of them belong to the two samples."""

    make: Callable[[int], str]
    fast: int
    slow: int

    def share(self, size: str) -> int:
        return self.fast if size == "fast" else self.slow


FAMILIES = {
    "formulas": Family(formulas.make, 80, 1000),
    "frames": Family(frames.make, 30, 600),
    "priors": Family(priors.make, 60, 600),
    "arguments": Family(arguments.make, 50, 300),
    "questions": Family(questions.make, 100, 500),
    "cards": Family(cards.make, 30, 300),
    "studies": Family(studies.make, 30, 300),
    "shell": Family(shell.make, 15, 100),
    "tables": Family(tables.make, 40, 300),
    "paths": Family(paths.make, 12, 100),
    "names": Family(names.make, 5, 30),
    "stored": Family(stored.make, 15, 80),
    # Every public function with every wrong first argument: the slow sample is the whole.
    "kinds": Family(kinds.make, kinds.COUNT // 3, kinds.COUNT),
    # A sleep, a death and the like, to test the pool by; of no sample.
    "net": Family(net.make, 0, 0),
}
