"""The tables that a results folder holds, one CSV each."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from bayesmix.inference.checks.diagnose import diagnose
from bayesmix.inference.checks.separation import separation
from bayesmix.inference.tables.augment import augmented
from bayesmix.inference.tables.auxiliary import auxiliary
from bayesmix.inference.tables.coef import coef
from bayesmix.inference.tables.fitted import fitted
from bayesmix.inference.tables.fixef import fixef
from bayesmix.inference.tables.glance import glance
from bayesmix.inference.tables.ranef import ranef
from bayesmix.inference.tables.tidy import tidy
from bayesmix.inference.tables.varcorr import varcorr
from bayesmix.modelling.record import Fit
from bayesmix.priors.prior import to_text
from bayesmix.separated_data.find import can_separate


def _priors(fit: Fit) -> pd.DataFrame:
    """Every parameter's prior with all its digits."""
    return pd.DataFrame({"parameter": list(fit.priors), "prior": [to_text(prior) for prior in fit.priors.values()]})


def _fitted(fit: Fit, prob: float) -> pd.DataFrame:
    """Row by row as the data; of an ordinal response with `row` and `category` as columns."""
    frame = fitted(fit, prob=prob)
    return frame.reset_index() if fit.design.response.categories else frame


TABLES: Mapping[str, Callable[[Fit, float], pd.DataFrame]] = {
    "fixef": lambda fit, prob: fixef(fit, prob=prob).reset_index(),
    "varcorr": lambda fit, prob: varcorr(fit, prob=prob).reset_index(),
    "auxiliary": lambda fit, prob: auxiliary(fit, prob=prob).reset_index(),
    "ranef": lambda fit, prob: ranef(fit, prob=prob),
    "coef": lambda fit, prob: coef(fit, prob=prob),
    "fitted": _fitted,
    "augment": lambda fit, prob: augmented(fit, prob=prob),
    "tidy": lambda fit, prob: tidy(fit, prob=prob),
    "glance": lambda fit, _: glance(fit),
    "diagnose": lambda fit, _: diagnose(fit),
    "priors": lambda fit, _: _priors(fit),
}
"""By name, which is the file's: the table of a fit with intervals of a given probability, its labels as columns."""

TABLES_OF_SEPARATION: Mapping[str, Callable[[Fit, float], pd.DataFrame]] = {
    "separation": lambda fit, prob: separation(fit, prob=prob).found,
    "separation_coefficients": lambda fit, prob: separation(fit, prob=prob).coefficients.reset_index(),
}
"""Further ones where data of counts are separated, or have levels with one outcome."""


def write_tables(fit: Fit, folder: Path, *, prob: float) -> None:
    """Write every table to `folder`, numbers with all their digits: reading them gives the same values."""
    tables = {**TABLES}
    if can_separate(fit.family) and len(separation(fit).found):
        tables |= TABLES_OF_SEPARATION
    for name, table in tables.items():
        table(fit, prob).to_csv(folder / f"{name}.csv", index=False, encoding="utf-8", lineterminator="\n")
