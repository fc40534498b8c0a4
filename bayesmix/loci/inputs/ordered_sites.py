"""The sites of a file by one number each, in ascending order; what is not in order is refused with its line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Integers
from bayesmix.loci.inputs.caller_file import CallerFile, Sites
from bayesmix.loci.inputs.caller_rows import refuse_row

_POSITIONS = 40  # bits; the number of a chromosome stands above them


@dataclass(frozen=True)
class Run:
    """Sites in ascending order of `keys`: number of the chromosome and position; all (n_sites,)."""

    keys: Integers
    methylated: Integers
    total: Integers

    def part(self, first: int, last: int) -> "Run":
        """The sites from `first` up to, but without, `last`."""
        return Run(self.keys[first:last], self.methylated[first:last], self.total[first:last])


def joined_runs(first: Run, second: Run) -> Run:
    """Two runs, one after the other."""
    return Run(
        np.concatenate([first.keys, second.keys]),
        np.concatenate([first.methylated, second.methylated]),
        np.concatenate([first.total, second.total]),
    )


def places_of(keys: Integers) -> tuple[Integers, Integers]:
    """Numbers of chromosomes, and positions."""
    return keys >> _POSITIONS, keys & ((1 << _POSITIONS) - 1)


def ordered_sites(file: CallerFile, ranks: Mapping[str, int] | None = None) -> Iterator[tuple[Run, Sites]]:
    """The sites of a file, in pieces, beside those as they were read.

    Parameters
    ----------
    file
        The file.
    ranks
        The number of each chromosome; None counts them as the file has them.

    Raises
    ------
    DataError
        A position, or a chromosome, comes after a later one, or twice; the message names the line.
    """
    known: dict[str, int] = dict(ranks or {})
    last, held = -1, Run(*(np.empty(0, dtype=np.int64),) * 3)
    for sites in file.sites():
        if ranks is None:
            known |= {name: len(known) + number for number, name in enumerate(_in_order(sites, known))}
        numbers = np.array([known.get(name, -1) for name in sites.chromosomes], dtype=np.int64)
        keys = (numbers[sites.codes] << _POSITIONS) + sites.positions
        steps = np.concatenate([[last], 2 * keys + sites.reverse])
        back = np.flatnonzero(np.diff(steps) <= 0)
        if len(back):
            _refuse(file, sites, int(back[0]), twice=bool(steps[back[0]] == steps[back[0] + 1]))
        last = int(steps[-1])
        run = joined_runs(held, _strands_together(Run(keys, sites.methylated, sites.total)))
        run = _strands_together(run)
        n_done = max(0, len(run.keys) - 1)  # the other strand of the last site may be in the next piece
        held = run.part(n_done, len(run.keys))
        yield run.part(0, n_done), sites
    if len(held.keys):
        nothing = np.empty(0, dtype=np.int64)
        yield held, Sites((), nothing, nothing, nothing > 0, nothing, nothing, nothing)


def _in_order(sites: Sites, known: Mapping[str, int]) -> list[str]:
    """Chromosomes that are not known yet, as their first sites come."""
    present, first = np.unique(sites.codes, return_index=True)
    names = [sites.chromosomes[code] for code in present[np.argsort(first)]]
    return [name for name in names if name not in known]


def _strands_together(run: Run) -> Run:
    """Neighbours of one key as one site with the counts of both."""
    if not len(run.keys):
        return run
    starts = np.flatnonzero(np.concatenate([[True], np.diff(run.keys) != 0]))
    if len(starts) == len(run.keys):
        return run
    return Run(run.keys[starts], np.add.reduceat(run.methylated, starts), np.add.reduceat(run.total, starts))


def _refuse(file: CallerFile, sites: Sites, number: int, *, twice: bool) -> None:
    place = f"{sites.chromosomes[sites.codes[number]]} {sites.positions[number]}"
    if twice:
        why = f"{place} is there twice"
    else:
        why = f"{place} comes after a later place; sort the file, such as by sort -k1,1 -k2,2n"
    refuse_row(file.path, file.layout, int(sites.rows[number]), why)
