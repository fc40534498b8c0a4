"""The model of a stored fit, made anew from its description and rows, and the check that it is the fitted one.

Formula, family and priors go through the same whitelists as a user's texts; nothing is evaluated.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from bayesmix.errors import BayesmixError, FormulaError, StoredFitError, listing
from bayesmix.families.censoring import require_censorable
from bayesmix.families.family import Family, read_family
from bayesmix.formula.contrasts import treatment_of_ordered
from bayesmix.formula.design import Design
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.storage.description import (
    FIRST_WITH_CONTRASTS,
    FIRST_WITH_DIGEST,
    Description,
    agree,
    design_sums,
)
from bayesmix.priors.default_priors import column_sds, default_priors
from bayesmix.priors.prior import Priors
from bayesmix.priors.settled import settle_priors

# Up to format 2 `scale(x, 3)` took its numbers for true or false.
_SCALE_WITH_NUMBERS = re.compile(r"\bscale\s*\([^,]*,[^)]*\d")


def model_of(about: Description, rows: pd.DataFrame, functions: Mapping[str, Callable[..., Any]] | None) -> MixedModel:
    """The model that a description and the stored rows make, with the user's `functions`.

    Raises
    ------
    StoredFitError
        A function is missing; formula, family, priors and rows make no model, or not the one that was fitted.
    """
    for formula in (about.formula, *about.formulas):
        if about.format < FIRST_WITH_DIGEST and _SCALE_WITH_NUMBERS.search(formula):
            raise StoredFitError(
                f"its formula {formula!r} was fitted by a version that took the numbers of scale() for true or false; "
                "fit again."
            )
    absent = [name for name in about.functions if name not in (functions or {})]
    if absent:
        raise StoredFitError(
            f"its formula {about.formula!r} calls functions of your own; give them again: "
            f"load(path, functions={{{listing(repr(name) + ': ...' for name in absent)}}})."
        )
    try:
        family = read_family(about.family)
        design = _design_of(about, rows, family, functions)
        priors = settle_priors(default_priors(design, family), about.priors, column_sds(design, family))
    except RecursionError as error:
        raise StoredFitError("its formula is nested too deeply to be read.") from error
    except BayesmixError as error:
        reason = error.reason if isinstance(error, FormulaError) else str(error)
        raise StoredFitError(f"its formula, family, priors and rows make no model: {reason}") from error
    without = [name for name in priors if name not in about.priors]
    if without:
        raise StoredFitError(f"it has no prior of {listing(without, at_most=4)}.")
    if about.design is not None and not agree(design_sums(design), about.design):
        raise StoredFitError(
            "its rows do not give the design that was fitted: other rows or functions, or a version that reads the "
            "formula in another way. Fit again."
        )
    return MixedModel(design, family, Priors({name: priors[name] for name in about.priors}))


def _design_of(
    about: Description, rows: pd.DataFrame, family: Family, functions: Mapping[str, Callable[..., Any]] | None
) -> Design:
    if about.units:
        rows.attrs["units"] = dict(about.units)
    formulas = parse_formulas([about.formula, *about.formulas], functions or (), auxiliary=family.modelled)
    require_censorable(formulas.mean, family)
    contrasts = about.contrasts
    if about.format < FIRST_WITH_CONTRASTS:
        contrasts = treatment_of_ordered([formulas.mean, *formulas.parts.values()], rows)
    design = build_design(
        formulas.mean,
        rows,
        response=family.response,
        weights=about.weights,
        na="error",
        functions=functions,
        parts=formulas.parts,
        auxiliary=family.auxiliary,
        contrasts=contrasts,
    )
    return replace(design, n_dropped=about.n_dropped, missing=about.missing)
