"""The description of a stored fit beside its draws and rows, as a text (JSON) and back.

The text of a stranger's file may say anything: every entry is checked before it is used, and none is evaluated.
Formula, family and priors go through the same readers as a user's texts.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from reprlib import repr as shortened
from typing import Any

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.errors import StoredFitError, listing
from bayesmix.formula.contrasts import PlainContrast
from bayesmix.formula.design import Design
from bayesmix.modelling.record import Fit
from bayesmix.modelling.settings import METHODS, SAMPLERS, SEEDS, Sampling
from bayesmix.priors.prior import to_text

FORMAT = 4
FIRST_WITH_DIGEST = 3
"""The format from which a file ends with a digest and knows the sums of its design."""
FIRST_WITH_CONTRASTS = 4
"""The format from which factors with an order have polynomials, and contrasts are stored."""


_AGREES = 1e-9  # relative, since another processor may sum in another order


@dataclass(frozen=True)
class DesignSums:
    """Two numbers for each column of a design, the response first, on `n_obs` rows.

    `largest` is the greatest absolute value of a column. `along` is the mean of the column divided by it, weighted by
    numbers that grow along the rows from 0 to 1, so that it changes with the order of the rows.
    """

    n_obs: int
    largest: list[float]
    along: list[float]


def design_sums(design: Design) -> DesignSums:
    """The sums of all columns of the response, the offset, the weights, and the predictors of all parameters."""
    growing = np.linspace(0, 1, design.n_obs)
    largest, along = [], []
    for column in _columns(design):
        size = float(np.abs(column).max(initial=0.0))
        largest.append(size)
        along.append(float(np.mean(column / size * growing)) if size > 0 else 0.0)
    return DesignSums(design.n_obs, largest, along)


def agree(first: DesignSums, other: DesignSums) -> bool:
    """Whether two designs have the same rows and columns."""
    return (
        first.n_obs == other.n_obs
        and len(first.largest) == len(first.along) == len(other.largest) == len(other.along)
        and np.allclose(first.largest, other.largest, rtol=_AGREES, atol=0)
        and np.allclose(first.along, other.along, rtol=0, atol=_AGREES)
    )


def _columns(design: Design) -> Iterator[Floats]:
    yield design.response.values
    for column in (design.response.trials, design.response.censoring, design.weights):
        if column is not None:
            yield np.asarray(column, dtype=float)
    for part in design.predictors:
        yield part.offset
        yield from part.fixed.matrix.T
        for term in part.random:
            yield term.index.astype(float)
            yield from term.columns.T


@dataclass(frozen=True)
class Description:
    """A fit without its draws and rows.

    `formulas` are those of further parameters; `family` and `priors` are texts; `weights` is a column; `missing` counts
    the values left out by column; `functions` are names of the user's functions; `design` has sums that tell the design
    from others, None in files from before they were stored; `units` are those of columns, if the data had any;
    `contrasts` are the codings of factors that were asked for.
    """

    format: int
    version: str
    formula: str
    formulas: tuple[str, ...]
    family: str
    weights: str | None
    n_dropped: int
    missing: dict[str, int]
    functions: tuple[str, ...]
    priors: dict[str, str]
    method: str
    reason: str
    sampling: Sampling
    design: DesignSums | None
    units: dict[str, str] = field(default_factory=dict)
    contrasts: dict[str, PlainContrast] = field(default_factory=dict)


def description_of(fit: Fit) -> Description:
    """The description that is stored with the draws and rows of a fit."""
    return Description(
        format=FORMAT,
        version=version("bayesmix"),
        formula=fit.formula,
        formulas=fit.formulas[1:],
        family=f"{fit.family.name}({fit.family.link})",
        weights=fit.design.weights_column,
        n_dropped=fit.design.n_dropped,
        missing=fit.design.missing,
        functions=tuple(sorted(fit.design.functions)),
        priors={name: to_text(prior) for name, prior in fit.priors.items()},
        method=fit.method,
        reason=fit.reason,
        sampling=fit.sampling,
        design=design_sums(fit.design),
        units=_units_of(fit.data),
        contrasts=dict(fit.design.contrasts),
    )


def _units_of(data: pd.DataFrame) -> dict[str, str]:
    """``data.attrs["units"]`` of the columns; the attributes may hold anything."""
    units = data.attrs.get("units")
    known = units if isinstance(units, Mapping) else {}
    return {str(name): str(unit) for name, unit in known.items() if name in data.columns}


def to_json(description: Description) -> str:
    """The text that `from_json` reads."""
    entries = asdict(description)
    return json.dumps({name: entry for name, entry in entries.items() if entry or name not in ("units", "contrasts")})


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    # math.isfinite would convert an integer to a float, for which it may have too many digits.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _whole(least: int, below: int = 2**63) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value < below


def _or_none(kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or kind(value)


def _one_of(values: tuple[str, ...]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in values


def _each(kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(kind, value))


def _by_name(kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(map(kind, value.values()))


def _is_contrast(value: Any) -> bool:
    """A name; or by column a comparison, numbers in order, or numbers by level."""
    if isinstance(value, str):
        return True
    kinds = (_is_text, _each(_is_number), _by_name(_is_number))
    return isinstance(value, dict) and len(value) > 0 and any(all(map(kind, value.values())) for kind in kinds)


_ENTRIES = {
    "version": _is_text,
    "formula": _is_text,
    "formulas": _each(_is_text),
    "family": _is_text,
    "weights": _or_none(_is_text),
    "n_dropped": _whole(0),
    "missing": _by_name(_whole(0)),
    "functions": _each(_is_text),
    "priors": _by_name(_is_text),
    "method": _one_of(tuple(method for method in METHODS if method != "auto")),
    "reason": _is_text,
    "sampling": lambda value: isinstance(value, dict),
    "design": _or_none(lambda value: isinstance(value, dict)),
    "units": _by_name(_is_text),
    "contrasts": _by_name(_is_contrast),
}
_OF_SAMPLING = {
    "sampler": _one_of(tuple(sampler for sampler in SAMPLERS if sampler != "auto")),
    "draws": _whole(1),
    "tune": _whole(0),
    "chains": _whole(1),
    "cores": _whole(1),
    "seed": _whole(0, SEEDS),
    "target_accept": _or_none(lambda value: _is_number(value) and 0 < value < 1),
    "seconds": lambda value: _is_number(value) and value >= 0,
    "centred": _each(_is_text),
    "thin": _whole(1),
}
_OF_DESIGN = {
    "n_obs": _whole(1),
    "largest": _each(_is_number),
    "along": _each(_is_number),
}
# Entries that may be absent: format 1 had no formulas of further parameters; units are not always known.
_ABSENT: dict[str, Any] = {"formulas": [], "design": None, "units": {}, "contrasts": {}}
_ABSENT_OF_SAMPLING: dict[str, Any] = {"centred": [], "thin": 1}


def from_json(text: Any) -> Description:
    """The description that `to_json` wrote, in this format or an earlier one.

    Raises
    ------
    StoredFitError
        The text is no description, a later version wrote it, or an entry is absent or of the wrong type.
    """
    try:
        about = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise StoredFitError("its description is no JSON.") from error
    if not isinstance(about, dict):
        raise StoredFitError("its description is no JSON object.")
    number = about.pop("format", None)
    if not _whole(1)(number):
        raise StoredFitError(f"its format is {shortened(number)}, where whole numbers from 1 to {FORMAT} are known.")
    if number > FORMAT:
        later = about.get("version")
        raise StoredFitError(
            f"it has format {number} of bayesmix {later if isinstance(later, str) else 'unknown'}; this version reads "
            f"up to format {FORMAT}. Install a newer bayesmix."
        )
    entries = _checked(about, _ENTRIES, _ABSENT, "description")
    sampling = _checked(entries["sampling"], _OF_SAMPLING, _ABSENT_OF_SAMPLING, "sampling")
    entries["sampling"] = Sampling(**sampling | {"centred": tuple(sampling["centred"])})
    if entries["design"] is not None:
        entries["design"] = DesignSums(**_checked(entries["design"], _OF_DESIGN, {}, "design"))
    elif number >= FIRST_WITH_DIGEST:
        raise StoredFitError("its description lacks 'design'.")
    listed = {name: tuple(entries[name]) for name in ("formulas", "functions")}
    return Description(**entries | listed, format=number)


def _checked(
    about: dict[str, Any], kinds: dict[str, Callable[[Any], bool]], absent: dict[str, Any], where: str
) -> dict[str, Any]:
    entries = absent | about
    unknown = [shortened(name) for name in entries if name not in kinds]
    if unknown:
        raise StoredFitError(f"its {where} has entries that are not known: {listing(unknown, at_most=4)}.")
    for name, is_right in kinds.items():
        if name not in entries:
            raise StoredFitError(f"its {where} lacks {name!r}.")
        if not is_right(entries[name]):
            raise StoredFitError(f"its {where} has {name!r} = {shortened(entries[name])}, which means nothing there.")
    return entries
