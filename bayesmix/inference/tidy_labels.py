"""How the rows of `tidy` are called, for every kind of fit."""

from collections.abc import Sequence

import pandas as pd

from bayesmix.inference.variance_labels import RESIDUAL

EFFECTS = ("fixed", "ran_pars", "ran_vals")


def variance_term(group: str, first: str, second: str) -> str:
    """``"sd__Days"``, ``"cor__Intercept.Days"``, ``"sd__Observation"`` for the residual."""
    if (group, first) == (RESIDUAL, ""):
        return "sd__Observation"
    return f"sd__{first}" if first == second else f"cor__{first}.{second}"


def labelled(frame: pd.DataFrame, *, group: Sequence[str | None] | None, term: list[str]) -> pd.DataFrame:
    """`frame` with `group`, an empty `level` and `term` before its columns."""
    labels = pd.DataFrame({"group": group, "level": None, "term": term}, dtype=object)
    return pd.concat([labels, frame.reset_index(drop=True)], axis=1)


def in_order(frames: list[pd.DataFrame], effects: tuple[str, ...], columns: list[str]) -> pd.DataFrame:
    """The frames below one another; `level` is a column only where there are group effects."""
    kept = ["effect", "group", "level", "term", *columns]
    if "ran_vals" not in effects:
        kept.remove("level")
    if not frames:
        return pd.DataFrame(columns=kept)
    return pd.concat(frames, ignore_index=True).reindex(columns=kept)
