"""REML, or the Laplace fit, beside the posterior in a results folder: a page of text, and tables."""

from pathlib import Path

from bayesmix.errors import BayesmixError
from bayesmix.inference.pooling.compare_reml import compare_reml
from bayesmix.modelling.record import Fit

TEXT = "compare_reml.txt"
TABLES = ("compare_fixed", "compare_variance", "compare_groups")


def write_comparison(fit: Fit, folder: Path, *, prob: float) -> None:
    """Write the comparison's page and tables; where there is nothing to compare with, the page says why."""
    try:
        comparison = compare_reml(fit, prob=prob)
    except BayesmixError as error:
        (folder / TEXT).write_text(f"{error}\n", encoding="utf-8")
        return
    (folder / TEXT).write_text(f"{comparison}\n", encoding="utf-8")
    frames = (comparison.fixed.reset_index(), comparison.variance.reset_index(), comparison.groups)
    for name, frame in zip(TABLES, frames, strict=True):
        frame.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8", lineterminator="\n")
