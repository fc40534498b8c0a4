"""The record of how often NUTS was tried, how, and what came of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import pandas as pd


@dataclass(frozen=True)
class Attempt:
    """One attempt: the settings of NUTS and what came of them.

    `remedy` is what was changed after the attempt before, `evidence` the reason; both are empty for the first.
    `centred` names the terms that were sampled centred. Of `thin` draws one was stored. `kept`: whether the fit has the
    draws of this attempt.
    """

    remedy: str
    evidence: str
    target_accept: float
    tune: int
    mass_matrix: str
    centred: str
    n_divergent: int
    max_rhat: float
    min_ess: float
    min_ebfmi: float
    n_max_treedepth: int
    seconds: float
    thin: int = 1
    kept: bool = True


def to_text(attempts: Sequence[Attempt]) -> str:
    """As it is kept beside the draws."""
    return json.dumps([asdict(attempt) for attempt in attempts])


def frame_of(text: str | None) -> pd.DataFrame:
    """One row an attempt, numbered from 1; none without a text."""
    rows = json.loads(text) if text else []
    columns = [field.name for field in fields(Attempt)]
    return pd.DataFrame(rows, columns=columns, index=pd.RangeIndex(1, len(rows) + 1, name="attempt"))
