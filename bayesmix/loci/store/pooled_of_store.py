"""Pooled priors as a run is given them: a record, or the store of a run that had some."""

import os
from pathlib import Path
from typing import Any

from bayesmix.errors import ArgumentError, DataError, shown
from bayesmix.loci.pooled import PooledPriors, from_text
from bayesmix.loci.store.manifest import POOLED, read_manifest


def checked_pooled(pooled: Any) -> PooledPriors | None:
    """The pooled priors, None if there are none.

    Raises
    ------
    ArgumentError
        It is neither a record nor a folder.
    DataError
        The folder is no store, or its run had no pooled priors.
    """
    if pooled is None or isinstance(pooled, PooledPriors):
        return pooled
    if not isinstance(pooled, str | os.PathLike) or not str(pooled):
        raise ArgumentError(
            f"pooled is what bm.pooled_priors returned, or the store of a run that had it; got {shown(pooled)}."
        )
    folder = Path(pooled).expanduser()
    manifest = read_manifest(folder)
    if manifest is None:
        raise DataError(f"pooled={str(folder)!r} is no store of loci.")
    found = from_text(manifest.facts.get(POOLED, ""))
    if found is None:
        raise DataError(f"The run of the store {str(folder)!r} had no pooled priors.")
    return found
