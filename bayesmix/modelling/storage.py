"""A whole fit in one NetCDF file that ArviZ opens too: no pickle, nothing is executed when it is read.

Beside the groups of the posterior's tree the file has a group `data` with the rows that were used (as
Parquet), and at its root a JSON text with formula, family, priors and sampler. The design is worked out anew
from formula and rows, so the arrays of the model are never stored.
"""

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import xarray as xr

from bayesmix.errors import StoredFitError, listing
from bayesmix.formula.design import Design
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design
from bayesmix.modelling import layout
from bayesmix.modelling.data_bytes import from_bytes, to_bytes
from bayesmix.modelling.diagnostics import diagnose_sampling
from bayesmix.modelling.families import read_family
from bayesmix.modelling.priors import read_prior, to_text
from bayesmix.modelling.record import Fit, Sampling

FORMAT = 2


def save(fit: Fit, path: str | os.PathLike[str]) -> Path:
    """Write a fit to one file, from which `load` gives it back.

    Parameters
    ----------
    fit
        A fitted model.
    path
        The file, such as ``"sleepstudy.nc"``; one that exists is replaced once the new one is complete.

    Returns
    -------
    pathlib.Path
        Where it was written.

    Raises
    ------
    StoredFitError
        The folder does not exist or cannot be written to, or the fit has no draws; nothing is left behind.

    Notes
    -----
    The file is NetCDF-4: ``arviz.from_netcdf`` reads its posterior. Functions of your own that the formula calls
    are not stored; give them to `load` again.
    """
    if not isinstance(fit, Fit):
        raise StoredFitError(
            f"save keeps the draws of fits by bm.fit; got {type(fit).__name__}. Keep formula and data: it is soon "
            "made again."
        )
    path = Path(path)
    if not path.parent.is_dir():
        raise StoredFitError(f"The folder {str(path.parent)!r} does not exist; make it, or write somewhere else.")
    if path.is_dir():
        raise StoredFitError(f"{str(path)!r} is a folder; give the name of a file in it, such as fit.nc.")
    tree = xr.DataTree.from_dict(
        {
            **{name: group.to_dataset() for name, group in fit.posterior.children.items()},
            "data": xr.Dataset({"rows": ("byte", to_bytes(fit.data))}),
        }
    )
    tree.attrs["bayesmix"] = json.dumps(_description(fit))
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            unfinished = Path(folder) / "unfinished.nc"
            tree.to_netcdf(unfinished, engine="h5netcdf")
            os.replace(unfinished, path)
    except OSError as error:
        raise StoredFitError(f"{str(path)!r} cannot be written: {error.strerror}.") from error
    return path


def load(path: str | os.PathLike[str], *, functions: Mapping[str, Callable[..., Any]] | None = None) -> Fit:
    """The fit that `save` wrote.

    Parameters
    ----------
    path
        The file.
    functions
        The functions of your own that the formula calls, as they were given to `fit`.

    Returns
    -------
    Fit
        Its tables are the same to the last digit; `pymc_model` is built when it is looked at.

    Raises
    ------
    StoredFitError
        There is no such file, it is no stored fit, a later version wrote it, or a function is missing.
    """
    path = Path(path)
    if not path.is_file():
        raise StoredFitError(f"There is no file {str(path)!r}.")
    try:
        with xr.open_datatree(path, engine="h5netcdf") as opened:
            tree = opened.load()
    except (OSError, ValueError) as error:
        raise StoredFitError(f"{str(path)!r} is no fit that bayesmix stored: it is not NetCDF.") from error
    if "bayesmix" not in tree.attrs:
        raise StoredFitError(f"{str(path)!r} is NetCDF, but no fit that bayesmix stored.")
    about = json.loads(tree.attrs["bayesmix"])
    if about["format"] > FORMAT:
        raise StoredFitError(
            f"{str(path)!r} has format {about['format']} of bayesmix {about['version']}; this version reads up to "
            f"format {FORMAT}. Install a newer bayesmix."
        )
    absent = [name for name in about["functions"] if name not in (functions or {})]
    if absent:
        raise StoredFitError(
            f"The formula {about['formula']!r} calls functions of your own; give them again: "
            f"load(path, functions={{{listing(repr(name) + ': ...' for name in absent)}}})."
        )
    return _assemble(tree, about, functions)


def _assemble(tree: xr.DataTree, about: dict[str, Any], functions: Mapping[str, Callable[..., Any]] | None) -> Fit:
    family = read_family(about["family"])
    formulas = parse_formulas(
        [about["formula"], *about.get("formulas", [])], functions or (), auxiliary=family.auxiliary
    )
    design = build_design(
        formulas.mean,
        from_bytes(tree["data"]["rows"].to_numpy()),
        response=family.response,
        weights=about["weights"],
        functions=functions,
        parts=formulas.parts,
    )
    design = replace(design, n_dropped=about["n_dropped"], missing=about["missing"])
    posterior = xr.DataTree.from_dict(
        {name: group.to_dataset() for name, group in tree.children.items() if name != "data"}
    )
    _refuse_other_levels(design, posterior["posterior"].to_dataset())
    priors = {name: read_prior(text) for name, text in about["priors"].items()}
    diagnostics = diagnose_sampling(posterior, design, family.auxiliary)
    sampling = Sampling(**about["sampling"] | {"centred": tuple(about["sampling"].get("centred", ()))})
    return Fit(design, family, priors, posterior, about["method"], about["reason"], sampling, diagnostics)


def _description(fit: Fit) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": version("bayesmix"),
        "formula": fit.formula,
        "formulas": [part.formula.text for part in fit.design.parts.values()],
        "family": f"{fit.family.name}({fit.family.link})",
        "weights": fit.design.weights_column,
        "n_dropped": fit.design.n_dropped,
        "missing": fit.design.missing,
        "functions": sorted(fit.design.functions),
        "priors": {name: to_text(prior) for name, prior in fit.priors.items()},
        "method": fit.method,
        "reason": fit.reason,
        "sampling": asdict(fit.sampling),
    }


def _refuse_other_levels(design: Design, posterior: xr.Dataset) -> None:
    """The rows must give back the names and levels that the draws stand under."""
    try:
        expected = {
            layout.group_dims(term.terms[0], term)[-1]: term.levels
            for term in design.all_random
            if layout.keeps_effects(posterior, term)
        }
        same = all(tuple(posterior.coords[dim].to_numpy()) == tuple(levels) for dim, levels in expected.items())
        for part in design.predictors:
            layout.fixed_draws(posterior, part)
        expected = {layout.THRESHOLD_DIM: design.response.thresholds} if design.response.categories else {}
        same &= all(tuple(posterior.coords[dim].to_numpy()) == borders for dim, borders in expected.items())
    except (KeyError, ValueError):
        same = False
    if not same:
        raise StoredFitError("The stored rows do not give the model that the stored draws belong to; fit again.")
