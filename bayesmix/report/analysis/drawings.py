"""The pictures of a results folder and their files; this module loads matplotlib."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmix.errors import BayesmixError
from bayesmix.inference.means.table import MeansTable
from bayesmix.inference.pooling.compare_reml import compare_reml
from bayesmix.inference.shared.readable_table import RandTable
from bayesmix.modelling.record import Fit
from bayesmix.report.analysis.card_means import CardMeans
from bayesmix.report.analysis.picture_choice import panel_group
from bayesmix.report.analysis.result_files import file_names
from bayesmix.report.pictures import (
    plot_compare_reml,
    plot_lines,
    plot_means,
    plot_ppc,
    plot_qq,
    plot_ranef,
    plot_rank,
    plot_residuals,
    plot_sd,
    plot_trace,
)
from bayesmix.report.pictures.plot_sensitivity import plot_sensitivity
from bayesmix.visible import visible

type Figures = Iterator[tuple[str, Any]]
"""Figures by file name."""

DOTS_PER_INCH = 150
_UNDATED = {"png": {}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}
_LONGEST = 300  # characters of a reason


def _lines(fit: Fit, layers: Mapping[str, Fit]) -> Figures:
    """The fit is drawn as the last of its layers."""
    if layers and not any(layer is fit for layer in layers.values()):
        layers = {**layers, fit.formula: fit}
    yield "lines", plot_lines.plot_lines(layers or fit, group=panel_group(fit.design))


def _ranef(fit: Fit) -> Figures:
    for group, name in file_names(term.group for term in fit.design.all_random).items():
        yield f"ranef_{name}", plot_ranef.plot_ranef(fit, group=group)


def compare_figures(fit: Fit) -> Figures:
    """Both pictures of `plot_compare_reml`; none where no estimate can be compared, and the page gives the reason."""
    try:
        comparison = compare_reml(fit)
    except BayesmixError:
        return
    for kind in ("intervals", "groups"):
        yield f"compare_{kind}", plot_compare_reml.plot_compare_reml(comparison, kind)


def _means(name: str, table: MeansTable, *, letters: bool) -> Figures:
    yield name, plot_means.plot_means(table, letters=letters)


def _single(name: str, plot: Callable[..., Any], *arguments: Any) -> Figures:
    yield name, plot(*arguments)


DRAWINGS: Mapping[str, Callable[[Fit, Mapping[str, Fit]], Figures]] = {
    "lines": _lines,
    "ranef": lambda fit, _: _ranef(fit),
    "sd": lambda fit, _: _single("sd", plot_sd.plot_sd, fit),
    "corr": lambda fit, _: _single("corr", plot_sd.plot_corr, fit),
    "trace": lambda fit, _: _single("trace", plot_trace.plot_trace, fit),
    "rank": lambda fit, _: _single("rank", plot_rank.plot_rank, fit),
    "residuals": lambda fit, _: _single("residuals", plot_residuals.plot_residuals, fit),
    "qq": lambda fit, _: _single("qq", plot_qq.plot_qq, fit),
    "ppc": lambda fit, _: _single("ppc", plot_ppc.plot_ppc, fit),
    "compare_reml": lambda fit, _: compare_figures(fit),
}
"""The figures of a fit and its layers, by the names of `result_files.PICTURES`."""


def write_pictures(
    names: tuple[str, ...], fit: Fit, layers: Mapping[str, Fit], folder: Path, *, formats: tuple[str, ...]
) -> dict[str, str]:
    """Draw the pictures into `folder`; returns, by name, why a picture could not be drawn."""
    failures: dict[str, str] = {}
    for name in names:
        failures |= _write_each(name, DRAWINGS[name](fit, layers), folder, formats=formats)
    return failures


def _write_each(name: str, figures: Figures, folder: Path, *, formats: tuple[str, ...]) -> dict[str, str]:
    """Draw the figures of one picture into `folder`; returns under its name why that failed, or nothing."""
    drawn = drawn_in_memory(figures, formats=formats)
    for file, content in drawn.files.items():
        (folder / file).write_bytes(content)
    return {name: drawn.failure} if drawn.failure else {}


def write_evidence_pictures(table: RandTable, fit: Fit, folder: Path, *, formats: tuple[str, ...]) -> dict[str, str]:
    """Draw ``sensitivity_<term>`` of each term with a Bayes factor; returns, by term, why it could not be drawn."""
    terms = [str(term) for term in table.index[np.isfinite(table["log10_bf"])]]
    failures: dict[str, str] = {}
    for term, name in file_names(terms).items():
        figures = _single(f"sensitivity_{name}", plot_sensitivity, fit, term)
        failures |= _write_each(f"sensitivity of {term}", figures, folder, formats=formats)
    return failures


def write_means_pictures(named: Mapping[str, CardMeans], folder: Path, *, formats: tuple[str, ...]) -> dict[str, str]:
    """Draw ``means_<name>`` of the posterior's means; returns, by name, why a picture could not be drawn."""
    failures: dict[str, str] = {}
    for name, means in named.items():
        figures = _means(f"means_{name}", means.posterior.means, letters=means.letters)
        failures |= _write_each(f"means of {means.name}", figures, folder, formats=formats)
    return failures


@dataclass(frozen=True)
class InMemory:
    """Pictures by file name, and in one line why not all could be drawn; an empty text where all were."""

    files: Mapping[str, bytes]
    failure: str


def drawn_in_memory(
    figures: Iterator[tuple[str, Axes | Figure]], *, formats: Sequence[str] = ("png",), dpi: float = DOTS_PER_INCH
) -> InMemory:
    """Draw the figures, each under its name in every one of `formats`, and close them.

    An error ends the drawing and is reported, as a picture is not worth a fit. The same figure gives the same bytes:
    files have no date. `dpi` is the number of dots per inch of PNG files.
    """
    before = set(plt.get_fignums())
    files: dict[str, bytes] = {}
    try:
        for name, drawn in figures:
            figure = drawn.get_figure(root=True) if isinstance(drawn, Axes) else drawn
            if figure is None:
                raise ValueError("The axes lie in no figure.")
            for ending in formats:
                content = BytesIO()
                figure.savefig(content, format=ending, dpi=dpi, metadata=_UNDATED[ending])
                files[f"{name}.{ending}"] = content.getvalue()
            plt.close(figure)
    except Exception as error:
        text = " ".join(str(error).split())
        reason = text if isinstance(error, BayesmixError) else f"{type(error).__name__}: {text}"
        return InMemory(files, visible(reason if len(reason) <= _LONGEST else f"{reason[:_LONGEST]}…"))
    finally:
        for number in set(plt.get_fignums()) - before:
            plt.close(number)
    return InMemory(files, "")
