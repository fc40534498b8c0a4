"""Tables with a row for every group, level and term."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def level_frame(
    group: str, levels: tuple[str, ...], names: tuple[str, ...], columns: Mapping[str, NDArray[np.float64]]
) -> pd.DataFrame:
    """Long form of `columns`, each of shape (n_levels, len(names)) or flat in that order."""
    labels = {
        "group": group,
        "level": np.repeat(np.asarray(levels, dtype=object), len(names)),
        "term": np.tile(np.asarray(names, dtype=object), len(levels)),
    }
    return pd.DataFrame({**labels, **{name: np.ravel(values) for name, values in columns.items()}})


def stacked(frames: list[pd.DataFrame], columns: tuple[str, ...]) -> pd.DataFrame:
    """The frames below one another; with none, an empty frame of the same columns."""
    if not frames:
        return pd.DataFrame(columns=["group", "level", "term", *columns])
    return pd.concat(frames, ignore_index=True)
