"""Estimates as they are written in equations, with the digits that their errors allow."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.inference.tables.confint import confint
from bayesmix.inference.tables.fixef import fixef
from bayesmix.modelling.record import Fit
from bayesmix.report.pages.numbers import decimals_for, number

_DIGITS = 4


@dataclass(frozen=True)
class WrittenNumbers:
    """Texts of all parameters: `coefficients` and `spreads`, sds, correlations, sigma and others, by name."""

    coefficients: Mapping[str, str]
    spreads: Mapping[str, str]


def written_numbers(fit: Fit | RemlFit | LaplaceFit | LmFit) -> WrittenNumbers:
    """Coefficients with three digits of their standard error, all else with four digits of its own."""
    table = fixef(fit)
    values = table["mean" if "mean" in table else "estimate"]
    errors = table["sd" if "sd" in table else "se"]
    coefficients = {
        str(name): number(value, decimals_for(error)) if np.isfinite(value) else "NA"
        for name, value, error in zip(table.index, values, errors, strict=True)
    }
    spreads = _spreads(fit).drop(index=list(table.index), errors="ignore")
    return WrittenNumbers(coefficients, {str(name): f"{value:.{_DIGITS}g}" for name, value in spreads.items()})


def _spreads(fit: Fit | RemlFit | LaplaceFit | LmFit) -> pd.Series:
    if isinstance(fit, LmFit):
        return pd.Series({"sigma": fit.sigma})
    if isinstance(fit, RemlFit):
        return confint(fit, method="wald")["estimate"]
    return confint(fit)["estimate"]
