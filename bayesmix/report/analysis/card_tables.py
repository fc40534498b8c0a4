"""Tables that a card asks for besides the summary: means with contrasts, and what a trial says of its entries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_LISTS = ("specs", "by", "ref", "rope")


@dataclass(frozen=True)
class MeansPart:
    """Marginal means as `emmeans` takes them, and the `contrasts` among them, a method or weights by name.

    If `letters` is True, means that are not told apart share one. `ddf` and `adjust` are of the estimates beside the
    posterior, `rope` is of the posterior, `ref` the control of ``"trt.vs.ctrl"``.
    """

    specs: str | tuple[str, ...]
    by: str | tuple[str, ...] | None = None
    at: Mapping[str, Any] = field(default_factory=dict)
    type: str = "link"
    weights: str = "equal"
    groups: str = "typical"
    ddf: str = "satterthwaite"
    contrasts: str | Mapping[str, Any] | None = None
    ref: str | tuple[str, ...] | None = None
    adjust: str | None = None
    rope: float | tuple[float, float] | None = None
    letters: bool = False


@dataclass(frozen=True)
class TrialPart:
    """The grouping factor that is the `entry` of a trial, and how many are to be promoted; None is as `selection`.

    `best` is ``"highest"`` or ``"lowest"``. `environment` is the column whose levels are connected by entries.
    """

    entry: str
    top: int | None = None
    best: str | None = None
    environment: str | None = None


def means_part(content: Mapping[str, Any]) -> MeansPart:
    """The part with a content that was checked; lists become tuples."""
    given: dict[str, Any] = {
        key: tuple(value) if key in _LISTS and isinstance(value, list) else value for key, value in content.items()
    }
    return MeansPart(**given)
