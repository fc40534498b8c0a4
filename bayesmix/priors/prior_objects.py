"""Priors that other packages have as objects: `bambi.Prior`, and distributions of PreliZ. Neither is imported."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bayesmix.errors import PriorError


def from_object(prior: Any, *, parameter: str) -> str | None:
    """A prior of Bambi or PreliZ as it is written here, or None where `prior` is neither.

    Raises
    ------
    PriorError
        It has a distribution of its own, or an argument that is no single number.
    """
    arguments = _arguments(prior)
    if arguments is None:
        return None
    name = str(getattr(prior, "name", "") or type(prior).__name__) if _is_bambi(prior) else type(prior).__name__
    whose = f"Prior of {parameter!r}"
    if getattr(prior, "dist", None) is not None and _is_bambi(prior):
        raise PriorError(f"{whose}: a bambi.Prior with a distribution of its own (dist=) is not there.")
    written = []
    for argument, value in arguments.items():
        if _arguments(value) is not None:
            raise PriorError(
                f"{whose}: {argument} of bambi.Prior({name!r}) has a prior itself; the sd of a term is a parameter "
                'here, such as "sd_Subject__Days": "HalfNormal(20)".'
            )
        if np.ndim(value) and np.size(value) != 1:
            raise PriorError(
                f"{whose}: {argument} of {name} has {np.size(value)} numbers; give each coefficient a prior."
            )
        written.append(f"{argument}={_number(value)!r}")
    return f"{name}({', '.join(written)})"


def sd_of_effects(prior: Any) -> Any | None:
    """The prior of the sd in ``bambi.Prior("Normal", mu=0, sigma=bambi.Prior(...))``, as Bambi has it of group effects.

    None where it is no such prior.
    """
    arguments = _arguments(prior)
    if arguments is None or getattr(prior, "name", "") != "Normal" or _arguments(arguments.get("sigma")) is None:
        return None
    return arguments["sigma"] if _number(arguments.get("mu", 0)) == 0 else None


def _is_bambi(prior: Any) -> bool:
    return type(prior).__module__.partition(".")[0] == "bambi"


def _arguments(prior: Any) -> Mapping[str, Any] | None:
    if _is_bambi(prior) and isinstance(getattr(prior, "args", None), Mapping):
        return prior.args
    if type(prior).__module__.partition(".")[0] == "preliz" and hasattr(prior, "param_names"):
        return dict(zip(prior.param_names, prior.params, strict=True))
    return None


def _number(value: Any) -> float:
    try:
        return float(np.asarray(value, dtype=float).reshape(()))
    except (TypeError, ValueError):
        return float("nan")
