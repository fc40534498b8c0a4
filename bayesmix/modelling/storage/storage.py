"""A whole fit in one NetCDF file, which ArviZ can open too; there is no pickle, and reading it executes nothing.

Beside the groups of the posterior's tree, the file has a group `data` with the rows that were used (as Parquet), and at
its root a JSON text with formula, family, priors and sampler. The design is made anew from formula and rows, so that
the arrays of the model are never stored. The file ends with a digest of all bytes.
"""

import errno
import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayesmix.disk import fault_of_name, read_regular, write_whole
from bayesmix.errors import ArgumentError, StoredFitError
from bayesmix.modelling.diagnostics import diagnose_sampling
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.observed_data import OBSERVED, with_observed_data
from bayesmix.modelling.record import Fit
from bayesmix.modelling.routes import current_name
from bayesmix.modelling.storage.data_bytes import from_bytes, to_bytes
from bayesmix.modelling.storage.description import (
    FIRST_WITH_DIGEST,
    Description,
    description_of,
    from_json,
    to_json,
)
from bayesmix.modelling.storage.draws import require_draws_of
from bayesmix.modelling.storage.model import model_of
from bayesmix.modelling.storage.netcdf import DESCRIPTION, SIGNATURE, has_right_digest, opened, to_netcdf

_ROWS = "data"


def save(fit: Fit, path: str | os.PathLike[str]) -> Path:
    """Write a fit to one file, from which `load` gives it back.

    Parameters
    ----------
    fit
        A fitted model.
    path
        The file, such as ``"sleepstudy.nc"``; one that exists is replaced once the new one is complete. A `~` is not
        expanded.

    Returns
    -------
    pathlib.Path
        Where it was written.

    Raises
    ------
    StoredFitError
        The disk refuses (it is full, or the folder does not exist or is not writable), the fit has no draws, or parts
        of it could not be loaded again, such as columns with values of several types. Nothing is left behind, and an
        earlier file stays as it was.
    ArgumentError
        `path` is no path.

    Notes
    -----
    The file is NetCDF-4: ``arviz.from_netcdf`` reads its posterior. Its last bytes are a digest (SHA-256) of all
    others, which `load` checks; a copy written by another program has none, and `load` refuses it. Your own functions
    that the formula calls are not stored; give them to `load` again. The file is made in memory before it is written,
    so that a fit takes twice its memory for a moment.
    """
    if not isinstance(fit, Fit):
        raise StoredFitError(
            f"save keeps the draws of fits by bm.fit; got {type(fit).__name__}. Keep formula and data: it is soon "
            "made again."
        )
    path = _as_path(path, "save(fit, path)")
    if not os.path.isdir(path.parent):
        home = " A ~ is not expanded: write Path(...).expanduser()." if str(path).startswith("~") else ""
        raise StoredFitError(f"The folder {str(path.parent)!r} does not exist; make it, or write somewhere else.{home}")
    if os.path.isdir(path):
        raise StoredFitError(f"{str(path)!r} is a folder; give the name of a file in it, such as fit.nc.")
    try:
        with _as_file(fit).getbuffer() as content:
            write_whole(path, content)
    except OSError as error:
        raise StoredFitError(f"{str(path)!r} cannot be written: {error.strerror or error}.") from error
    return path


def load(path: str | os.PathLike[str], *, functions: Mapping[str, Callable[..., Any]] | None = None) -> Fit:
    """The fit that `save` wrote.

    Parameters
    ----------
    path
        The file.
    functions
        Your own functions that the formula calls, as you gave them to `fit`.

    Returns
    -------
    Fit
        Its tables are the same to the last digit; `pymc_model` is built when it is looked at.

    Raises
    ------
    StoredFitError
        There is no such file, it cannot be read, it is no stored fit, it was damaged or cut short after it was written,
        its draws are not those of its model, a later version wrote it, or a function is missing.
    ArgumentError
        `path` is no path, or `functions` is no mapping.

    Notes
    -----
    Nothing in the file is executed, and nothing outside of it is read: files with links to others are refused. The
    digest shows damage; it does not show who wrote the file. Fits stored by earlier versions have no digest, and damage
    to their numbers goes unnoticed.
    """
    path = _as_path(path, "load(path)")
    if functions is not None and not isinstance(functions, Mapping):
        raise ArgumentError(f'functions is a mapping, such as {{"half": half}}; got {type(functions).__name__}.')
    file = io.BytesIO(_bytes_of(path))
    try:
        with file.getbuffer() as content:
            is_sealed = has_right_digest(content)
        with opened(file) as lazily:
            tree = lazily.load()
        file.close()
        about = from_json(tree.attrs[DESCRIPTION])
        if about.format >= FIRST_WITH_DIGEST and not is_sealed:
            raise StoredFitError(
                "its digest is missing: it was cut short, or another program wrote this copy; take another one, or fit "
                "again."
            )
        model = model_of(about, _rows_of(tree), functions)
        posterior = xr.DataTree.from_dict(
            {name: group.to_dataset() for name, group in tree.children.items() if name not in (_ROWS, OBSERVED)}
        )
        return _fit_of(about, model, posterior)
    except StoredFitError as error:
        raise StoredFitError(f"{str(path)!r} cannot be loaded: {error}") from error


def _as_path(path: Any, call: str) -> Path:
    try:
        file = Path(path)
    except TypeError:
        raise ArgumentError(f"{call} takes the name of a file, such as 'fit.nc'; got {type(path).__name__}.") from None
    fault = fault_of_name(file)
    if fault:
        raise StoredFitError(f"{str(file)!r} {fault}, as no file's name may.")
    return file


def _bytes_of(path: Path) -> bytes:
    name = repr(str(path))
    try:
        content = read_regular(path, beginning=SIGNATURE)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StoredFitError(f"There is no file {name}.") from error
    except OSError as error:
        reason = (
            "it is a folder" if error.errno == errno.EISDIR or os.path.isdir(path) else error.strerror or str(error)
        )
        raise StoredFitError(f"{name} cannot be read: {reason}.") from error
    except MemoryError as error:
        raise StoredFitError(f"{name} has {os.path.getsize(path)} bytes, for which there is no memory.") from error
    if not content.startswith(SIGNATURE):
        raise StoredFitError(f"{name} is no fit that bayesmix stored: it is not NetCDF.")
    return content


def _as_file(fit: Fit) -> io.BytesIO:
    """The bytes of a file that has been tried: a fit that could not be loaded is not written."""
    children = fit.posterior.children.items()  # of which the observed data follow from the rows
    groups = {name: group.to_dataset().drop_encoding() for name, group in children if name != OBSERVED}
    tree = xr.DataTree.from_dict({**groups, _ROWS: xr.Dataset({"rows": ("byte", to_bytes(fit.data))})})
    tree.attrs[DESCRIPTION] = to_json(description_of(fit))
    file = to_netcdf(tree)
    try:
        # The draws themselves are in the file as they are in memory, and are not read again.
        with opened(file) as again:
            _require_same_arrays(again, tree)
            about, rows = from_json(again.attrs[DESCRIPTION]), _rows_of(again)
        model = model_of(about, rows, fit.design.functions)
        require_draws_of(fit.posterior, model.design, model.family, fit.method, fit.sampling)
    except StoredFitError as error:
        raise StoredFitError(f"The fit cannot be stored, for it could not be loaded: {error}") from error
    return file


def _require_same_arrays(again: xr.DataTree, tree: xr.DataTree) -> None:
    for name, group in tree.children.items():
        stored = again.children[name]
        for variable, values in group.data_vars.items():
            read = stored.data_vars.get(variable)
            if read is None or (read.dims, read.shape, read.dtype) != (values.dims, values.shape, values.dtype):
                raise StoredFitError(f"{str(variable)!r} of {name!r} comes back as another array.")
        for coord, values in group.coords.items():
            if coord not in stored.coords or stored.coords[coord].to_numpy().tolist() != values.to_numpy().tolist():
                raise StoredFitError(f"the names along {str(coord)!r} of {name!r} come back as others.")


def _rows_of(tree: xr.DataTree) -> pd.DataFrame:
    rows = tree.children[_ROWS].data_vars.get("rows") if _ROWS in tree.children else None
    if rows is None or rows.ndim != 1 or rows.dtype != np.uint8:
        raise StoredFitError("it has no rows of data.")
    return from_bytes(rows.to_numpy())


def _fit_of(about: Description, model: MixedModel, posterior: xr.DataTree) -> Fit:
    method = current_name(about.method, model.family)
    require_draws_of(posterior, model.design, model.family, method, about.sampling)
    posterior = with_observed_data(posterior, model.design, model.family)
    diagnostics = diagnose_sampling(posterior, model.design, model.family.auxiliary)
    return Fit(model.design, model.family, model.priors, posterior, method, about.reason, about.sampling, diagnostics)
