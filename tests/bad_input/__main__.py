"""Bad inputs by the thousand: each gets an answer or a `BayesmixError`, in time, and the process lives on.

An input is a line of Python, made from a family and a seed. From the root of the repository:

    python tests/bad_input                             some 500 inputs, and every question of wrong kinds
    python tests/bad_input --size slow                 some 4,000 and these
    python tests/bad_input --family priors --n 200     200 inputs of one family
    python tests/bad_input --family priors --seed 17   one input, with its whole traceback, in this process
    python -m pytest tests/bad_input -k priors         the fast sample of one family

A failure prints the line; it runs after `from prelude import *`.

families/: one file a family, each with a function `make(seed)` that gives the line. `odd.py`: the values, cells and
names that families draw from. `prelude.py`: the data, fits and short names that lines are written in. `worker.py`: a
process that makes and runs inputs and judges what comes of each. `pool.py`: several of them, with a time limit; one
that hangs or dies is replaced.
"""

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from families import FAMILIES
from pool import Result, run_all


def main(arguments: Sequence[str] | None = None) -> int:
    read = argparse.ArgumentParser(prog="python tests/bad_input", description=__doc__.splitlines()[0])
    read.add_argument(
        "--family", action="append", choices=list(FAMILIES), help="one family; may be given several times"
    )
    read.add_argument("--seed", type=int, help="with a family: this input alone, in this process")
    read.add_argument("--size", choices=("fast", "slow"), default="fast", help="how many inputs of each family")
    read.add_argument("--n", type=int, help="as many of each family, in place of its share")
    read.add_argument("--first", type=int, default=0, help="the seed of the first")
    read.add_argument("--workers", type=int, default=2)
    read.add_argument("--limit", type=float, default=60.0, help="seconds for an input")
    read.add_argument("--out", type=Path, help="a file for all results, a line of JSON each")
    asked = read.parse_args(arguments)
    families = asked.family or list(FAMILIES)
    if asked.seed is not None:
        return alone(families[0], asked.seed)
    started = time.monotonic()
    tasks = [
        (family, asked.first + seed)
        for family in families
        for seed in range(asked.n or FAMILIES[family].share(asked.size))
    ]
    results = list(run_all(tasks, workers=asked.workers, limit=asked.limit))
    results.sort(key=lambda result: (families.index(result.family), result.seed))
    if asked.out:
        written = [vars(result) | {"is_fault": result.is_fault} for result in results]
        asked.out.write_text("".join(json.dumps(one) + "\n" for one in written))
    faults = [result for result in results if result.is_fault]
    print(told(faults))
    outcomes = Counter(result.outcome for result in results)
    print(f"{len(results)} inputs in {time.monotonic() - started:.0f} s: {dict(outcomes)}")
    return 1 if faults else 0


def alone(family: str, seed: int) -> int:
    """One input in this process, with its traceback."""
    code = FAMILIES[family].make(seed)
    print(code, file=sys.stderr)
    exec(compile(f"from prelude import *\n{code}", "<input>", "exec"), {})
    return 0


def told(faults: Sequence[Result]) -> str:
    """The faults by exception and place, the most frequent first, each with the shortest line."""
    groups: dict[tuple[str, str, str], list[Result]] = defaultdict(list)
    for fault in faults:
        groups[fault.outcome, fault.exception, fault.place].append(fault)
    parts = []
    for (outcome, exception, place), members in sorted(groups.items(), key=lambda item: -len(item[1])):
        shortest = min(members, key=lambda member: len(member.code))
        parts.append(
            f"{len(members)} x {outcome}: {exception} in {place}\n"
            f"    {shortest.code[:300]}\n"
            f"    {shortest.message[:200]!r}\n"
            f"    again: python tests/bad_input --family {shortest.family} --seed {shortest.seed}"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
