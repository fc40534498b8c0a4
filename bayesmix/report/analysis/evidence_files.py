"""What a results folder holds of the tests of random terms: the table, and for each term how it hangs on the prior."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bayesmix.inference.shared.readable_table import RandTable
from bayesmix.modelling.record import Fit
from bayesmix.report.analysis.drawings import write_each
from bayesmix.report.analysis.result_files import file_names
from bayesmix.report.pictures.plot_sensitivity import plot_sensitivity


def write_evidence(table: RandTable, folder: Path) -> None:
    """Write ``rand.csv``."""
    table.reset_index().to_csv(folder / "rand.csv", index=False, encoding="utf-8", lineterminator="\n")


def write_evidence_pictures(table: RandTable, fit: Fit, folder: Path, *, formats: tuple[str, ...]) -> dict[str, str]:
    """Draw ``sensitivity_<term>`` of each term that has a number; gives by term why it could not be drawn."""
    terms = [str(term) for term in table.index[np.isfinite(table["log10_bf"])]]
    failures: dict[str, str] = {}
    for term, name in file_names(terms).items():
        failures |= write_each(f"sensitivity of {term}", _sensitivity(fit, term, name), folder, formats=formats)
    return failures


def _sensitivity(fit: Fit, term: str, name: str) -> Iterator[tuple[str, Any]]:
    yield f"sensitivity_{name}", plot_sensitivity(fit, term)
