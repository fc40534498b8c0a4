"""What a results folder holds of the tests of random terms: the table, and for each term how it hangs on the prior."""

from pathlib import Path

import numpy as np

from bayesmix import report
from bayesmix.inference.rand_table import RandTable
from bayesmix.modelling.record import Fit
from bayesmix.report.pictures import file_name


def write_evidence(table: RandTable, fit: Fit, folder: Path) -> None:
    """Write ``rand.csv``, and a picture ``sensitivity_<term>.png`` of each term that has a number."""
    table.reset_index().to_csv(folder / "rand.csv", index=False, encoding="utf-8", lineterminator="\n")
    for term in table.index[np.isfinite(table["log10_bf"])]:
        name = "-".join(part for part in file_name(str(term)).split("-") if part)
        axes = report.plot_sensitivity.plot_sensitivity(fit, str(term))
        report.plot_files.write_figure(axes.figure, folder / f"sensitivity_{name}.png")
