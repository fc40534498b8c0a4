"""The tables of a results folder, a CSV file for each."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from bayesmix.errors import BayesmixError
from bayesmix.inference.checks.diagnose import diagnose
from bayesmix.inference.checks.separation import separation
from bayesmix.inference.pooling.compare_reml import compare_reml
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
    """A row for each row of the data; for an ordinal response with `row` and `category` as columns."""
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
"""By file name: the table of a fit with intervals of a given probability, its labels as columns."""

TABLES_OF_SEPARATION: Mapping[str, Callable[[Fit, float], pd.DataFrame]] = {
    "separation": lambda fit, prob: separation(fit, prob=prob).found,
    "separation_coefficients": lambda fit, prob: separation(fit, prob=prob).coefficients.reset_index(),
}
"""Further tables where counts are separated, or have levels with one outcome."""


def write_table(table: pd.DataFrame, folder: Path, name: str) -> None:
    """Write a table as CSV, numbers with all their digits: reading it gives the same values."""
    table.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8", lineterminator="\n")


def write_tables(fit: Fit, folder: Path, *, prob: float) -> None:
    """Write every table of a fit, with intervals of probability `prob`, to `folder`."""
    tables = {**TABLES}
    if can_separate(fit.family) and len(separation(fit).found):
        tables |= TABLES_OF_SEPARATION
    for name, table in tables.items():
        write_table(table(fit, prob), folder, name)


def write_comparison(fit: Fit, folder: Path, *, prob: float) -> None:
    """Write the page and the tables of `compare_reml`; where no estimate can be compared, the page gives the reason."""
    page = folder / "compare_reml.txt"
    try:
        comparison = compare_reml(fit, prob=prob)
    except BayesmixError as error:
        page.write_text(f"{error}\n", encoding="utf-8")
        return
    page.write_text(f"{comparison}\n", encoding="utf-8")
    write_table(comparison.fixed.reset_index(), folder, "compare_fixed")
    write_table(comparison.variance.reset_index(), folder, "compare_variance")
    write_table(comparison.groups, folder, "compare_groups")
