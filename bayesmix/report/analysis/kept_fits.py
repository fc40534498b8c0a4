"""Fits are kept elsewhere if their results folder cannot be written, as sampling may have taken hours."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from bayesmix.errors import BayesmixError
from bayesmix.modelling.record import Fit
from bayesmix.modelling.storage import storage


def keep_elsewhere(fits: Iterable[Fit]) -> str:
    """Store the fits in the system's temporary folder, and return a sentence that says where, or why that failed too.

    The first file is ``fit.nc``, the others are ``layer_1.nc``, ``layer_2.nc``.
    """
    first, *others = fits
    names = {"fit.nc": first, **{f"layer_{number}.nc": fit for number, fit in enumerate(others, start=1)}}
    kept: list[str] = []
    try:
        folder = Path(tempfile.mkdtemp(prefix="bayesmix-"))
    except OSError as error:
        return f"The fit could not be kept in the system's temporary folder either: {error.strerror}."
    for name, fit in names.items():
        try:
            storage.save(fit, folder / name)
        except (BayesmixError, OSError) as error:
            if kept:
                break
            folder.rmdir()
            return f"The fit could not be kept in the system's temporary folder either: {error}"
        kept.append(name)
    return f"The fit is kept in {str(folder)!r} ({', '.join(kept)}): read it with bm.load, and move it to a safe place."
