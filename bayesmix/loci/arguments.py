"""What a caller of `fit_loci` says of draws to be kept, of workers and of the store, checked at the door."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

from bayesmix.disk import fault_of_name
from bayesmix.errors import ArgumentError, shown
from bayesmix.inference.shared.arguments import items_of
from bayesmix.modelling.samplers.chains import all_cores


def require_importable(functions: Mapping[str, Callable[..., Any]] | None, *, apart: bool) -> None:
    """Refuse functions of the script itself, which workers do not run."""
    for name, function in (functions or {}).items():
        if apart and getattr(function, "__module__", "") == "__main__":
            raise ArgumentError(
                f"functions has {shown(name)}, which the script or notebook itself defines, where other processes do "
                "not find it: import it from a module, or give workers=1."
            )


def kept_loci(keep: Collection[str] | bool) -> frozenset[str] | None:
    """The loci whose draws are kept; None for all."""
    if isinstance(keep, bool):
        return None if keep else frozenset()
    names = items_of(keep)
    if names is None:
        raise ArgumentError(f'keep has names of loci, such as ["cg01", "cg02"], or is True; got {shown(keep)}.')
    return frozenset(str(name) for name in names)


def kept_parameters(names: Sequence[str] | None) -> tuple[str, ...] | None:
    """The parameters and contrasts whose draws are kept; None for all."""
    if names is None:
        return None
    chosen = items_of(names)
    if chosen is None or not all(isinstance(name, str) for name in chosen):
        raise ArgumentError(
            f'keep_parameters has names of parameters and contrasts, such as ["treatment[trt]"]; got {shown(names)}.'
        )
    return tuple(chosen)


def checked_workers(workers: int | None) -> int:
    """The number of processes; by default as many as there are cores."""
    if workers is None:
        return all_cores()
    if not isinstance(workers, Integral) or isinstance(workers, bool) or workers < 1:
        raise ArgumentError(f"workers is a whole number of at least 1; got {shown(workers)}.")
    return int(workers)


def checked_store(store: Any) -> Path:
    """The folder of a store."""
    if not isinstance(store, str | os.PathLike) or not str(store):
        raise ArgumentError(f'store is a folder, such as "results/loci"; got {shown(store)}.')
    path = Path(store).expanduser()
    fault = fault_of_name(path)
    if fault:
        raise ArgumentError(f"store={shown(store)} {fault}.")
    return path
