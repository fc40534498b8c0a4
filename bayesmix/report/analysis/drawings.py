"""The pictures of a results folder drawn into its files; it loads matplotlib."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bayesmix.errors import BayesmixError
from bayesmix.inference.pooling.compare_reml import compare_reml
from bayesmix.modelling.record import Fit
from bayesmix.report.analysis.result_files import file_names
from bayesmix.report.analysis.which_pictures import panel_group
from bayesmix.report.pictures import (
    plot_compare_reml,
    plot_lines,
    plot_ppc,
    plot_qq,
    plot_ranef,
    plot_rank,
    plot_residuals,
    plot_sd,
    plot_trace,
)
from bayesmix.report.pictures.plot_files import drawn_in_memory

type Figures = Iterator[tuple[str, Any]]
"""By file name."""


@dataclass(frozen=True)
class Drawing:
    """What a picture is drawn of: a fit, and the fits of its layers by name."""

    fit: Fit
    layers: Mapping[str, Fit]


def _lines(drawing: Drawing) -> Figures:
    group = panel_group(drawing.fit.design)
    yield "lines", plot_lines.plot_lines(_with_main(drawing), group=group)


def _with_main(drawing: Drawing) -> Mapping[str, Fit] | Fit:
    """The layers, with the fit itself as the last of them."""
    if not drawing.layers:
        return drawing.fit
    if any(layer is drawing.fit for layer in drawing.layers.values()):
        return drawing.layers
    return {**drawing.layers, drawing.fit.formula: drawing.fit}


def _ranef(drawing: Drawing) -> Figures:
    for group, name in file_names(term.group for term in drawing.fit.design.all_random).items():
        yield f"ranef_{name}", plot_ranef.plot_ranef(drawing.fit, group=group)


def compare_figures(fit: Fit) -> Figures:
    """Both pictures by file name; none where there is nothing to compare with, of which the page tells."""
    try:
        comparison = compare_reml(fit)
    except BayesmixError:
        return
    for kind in ("intervals", "groups"):
        yield f"compare_{kind}", plot_compare_reml.plot_compare_reml(comparison, kind)


def _one(name: str, plot: Callable[[Fit], Any]) -> Callable[[Drawing], Figures]:
    """A picture that is one figure of the fit alone."""

    def draw(drawing: Drawing) -> Figures:
        yield name, plot(drawing.fit)

    return draw


DRAWINGS: Mapping[str, Callable[[Drawing], Figures]] = {
    "lines": _lines,
    "ranef": _ranef,
    "sd": _one("sd", lambda fit: plot_sd.plot_sd(fit)),
    "corr": _one("corr", lambda fit: plot_sd.plot_corr(fit)),
    "trace": _one("trace", lambda fit: plot_trace.plot_trace(fit)),
    "rank": _one("rank", lambda fit: plot_rank.plot_rank(fit)),
    "residuals": _one("residuals", lambda fit: plot_residuals.plot_residuals(fit)),
    "qq": _one("qq", lambda fit: plot_qq.plot_qq(fit)),
    "ppc": _one("ppc", lambda fit: plot_ppc.plot_ppc(fit)),
    "compare_reml": lambda drawing: compare_figures(drawing.fit),
}
"""By the names of `result_files.PICTURES`."""


def write_pictures(
    names: tuple[str, ...], fit: Fit, layers: Mapping[str, Fit], folder: Path, *, formats: tuple[str, ...]
) -> dict[str, str]:
    """Draw the pictures into `folder`, each closed again; gives by name why a picture could not be drawn."""
    failures: dict[str, str] = {}
    for name in names:
        failures |= write_each(name, DRAWINGS[name](Drawing(fit, layers)), folder, formats=formats)
    return failures


def write_each(
    name: str, drawn: Iterator[tuple[str, Any]], folder: Path, *, formats: tuple[str, ...]
) -> dict[str, str]:
    """Draw the figures of one picture into `folder`; gives under its name why that failed, or nothing.

    Raises
    ------
    OSError
        The disk refuses a file.
    """
    done = drawn_in_memory(drawn, formats=formats)
    for file, content in done.files.items():
        (folder / file).write_bytes(content)
    return {name: done.failure} if done.failure else {}
