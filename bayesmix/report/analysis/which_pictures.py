"""The pictures that a results folder holds: which suit a model, and how each is drawn into a file."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bayesmix.errors import BayesmixError, CardError, did_you_mean, listing, shown
from bayesmix.families.family import Family, has_laplace_fit
from bayesmix.formula.design import Design
from bayesmix.modelling.record import Fit
from bayesmix.posterior.layout import constant_parameters
from bayesmix.report.analysis.compare_files import compare_figures
from bayesmix.report.analysis.result_files import FORMATS, file_names
from bayesmix.report.pictures.line_grid import choose_axis


@dataclass(frozen=True)
class Drawing:
    """What a picture is drawn of: a fit, and the fits of its layers by name."""

    fit: Fit
    layers: Mapping[str, Fit]


@dataclass(frozen=True)
class Setting:
    """What decides before sampling whether a picture can be drawn: design, family, number of chains."""

    design: Design
    family: Family
    chains: int


@dataclass(frozen=True)
class Picture:
    """`draw` gives figures by file name; `lacks` says what of it a model does not have (empty: it suits)."""

    draw: Callable[[Drawing], Iterator[tuple[str, Any]]]
    lacks: Callable[[Setting], str] = lambda _: ""


def _lines(drawing: Drawing) -> Iterator[tuple[str, Any]]:
    from bayesmix.report.pictures.plot_lines import plot_lines

    group = panel_group(drawing.fit.design)
    yield "lines", plot_lines(_with_main(drawing), group=group)


def _with_main(drawing: Drawing) -> Mapping[str, Fit] | Fit:
    """The layers, with the fit itself as the last of them."""
    if not drawing.layers:
        return drawing.fit
    if any(layer is drawing.fit for layer in drawing.layers.values()):
        return drawing.layers
    return {**drawing.layers, drawing.fit.formula: drawing.fit}


def _ranef(drawing: Drawing) -> Iterator[tuple[str, Any]]:
    from bayesmix.report.pictures.plot_ranef import plot_ranef

    for group, name in file_names(term.group for term in drawing.fit.design.all_random).items():
        yield f"ranef_{name}", plot_ranef(drawing.fit, group=group)


def panel_group(design: Design) -> str | None:
    """The grouping factor whose levels are the panels of the lines: the formula's first."""
    return design.random[0].group if design.random else None


def _no_group(setting: Setting) -> str:
    return "" if setting.design.all_random else "a grouping factor, as in (1 | g)"


def _no_line(setting: Setting) -> str:
    group = panel_group(setting.design)
    if group is None:
        return "a grouping factor, as in (1 | g)"
    try:
        choose_axis(setting.design, group, None)
    except BayesmixError:
        return "a predictor to draw lines along, as in x + (1 | g)"
    return ""


def _no_sd(setting: Setting) -> str:
    constant = constant_parameters(setting.design, setting.family.auxiliary)
    has_sd = setting.design.all_random or "sigma" in constant
    return "" if has_sd else "a standard deviation, as in (1 | g)"


def _no_correlation(setting: Setting) -> str:
    return "" if any(term.k > 1 for term in setting.design.all_random) else "correlated effects, as in (x | g)"


def _one_chain(setting: Setting) -> str:
    return "" if setting.chains > 1 else "two chains or more"


def _compare(drawing: Drawing) -> Iterator[tuple[str, Any]]:
    yield from compare_figures(drawing.fit)


def _no_estimate(setting: Setting) -> str:
    if setting.design.parts:
        return "a model without formulas for further parameters"
    if setting.family.is_gaussian_identity or has_laplace_fit(setting.family):
        return _no_group(setting)
    return f"a family with a REML or a Laplace fit, which {setting.family} has not"


def _one(name: str, plot: Callable[[Fit], Any]) -> Callable[[Drawing], Iterator[tuple[str, Any]]]:
    """A picture that is one figure of the fit alone."""

    def draw(drawing: Drawing) -> Iterator[tuple[str, Any]]:
        yield name, plot(drawing.fit)

    return draw


def _draw_sd(fit: Fit) -> Any:
    from bayesmix.report.pictures.plot_sd import plot_sd

    return plot_sd(fit)


def _draw_corr(fit: Fit) -> Any:
    from bayesmix.report.pictures.plot_sd import plot_corr

    return plot_corr(fit)


def _draw_trace(fit: Fit) -> Any:
    from bayesmix.report.pictures.plot_trace import plot_trace

    return plot_trace(fit)


def _draw_rank(fit: Fit) -> Any:
    from bayesmix.report.pictures.plot_rank import plot_rank

    return plot_rank(fit)


def _draw_residuals(fit: Fit) -> Any:
    from bayesmix.report.pictures.plot_residuals import plot_residuals

    return plot_residuals(fit)


def _draw_qq(fit: Fit) -> Any:
    from bayesmix.report.pictures.plot_qq import plot_qq

    return plot_qq(fit)


def _draw_ppc(fit: Fit) -> Any:
    from bayesmix.report.pictures.plot_ppc import plot_ppc

    return plot_ppc(fit)


_OF_CHAINS = ("trace", "rank")

PICTURES: Mapping[str, Picture] = {
    "lines": Picture(_lines, _no_line),
    "ranef": Picture(_ranef, _no_group),
    "sd": Picture(_one("sd", _draw_sd), _no_sd),
    "corr": Picture(_one("corr", _draw_corr), _no_correlation),
    "trace": Picture(_one("trace", _draw_trace)),
    "rank": Picture(_one("rank", _draw_rank), _one_chain),
    "residuals": Picture(_one("residuals", _draw_residuals)),
    "qq": Picture(_one("qq", _draw_qq)),
    "ppc": Picture(_one("ppc", _draw_ppc)),
    "compare_reml": Picture(_compare, _no_estimate),
}
"""By the name that a card calls them."""


def chosen_pictures(names: tuple[str, ...] | None, setting: Setting) -> tuple[str, ...]:
    """The pictures asked for, or with None all that suit the model.

    Raises
    ------
    CardError
        A picture was asked for that does not suit the model.
    """
    lacks = {name: picture.lacks(setting) for name, picture in PICTURES.items()}
    if names is None:
        return tuple(name for name, lack in lacks.items() if not lack)
    for name in names:
        if lacks[name]:
            raise CardError(f"The picture {name!r} needs {lacks[name]}; leave it out of [report] pictures.")
    return tuple(dict.fromkeys(names))


def chosen_formats(names: tuple[str, ...] | None) -> tuple[str, ...]:
    """The kinds of files asked for, each once, or with None PNG alone.

    Raises
    ------
    CardError
        One of them is none that a picture can be written to, or there is none at all.
    """
    chosen = ("png",) if names is None else tuple(dict.fromkeys(names))
    for name in chosen:
        if name not in FORMATS:
            near = did_you_mean(str(name), FORMATS)
            raise CardError(f"[report] formats cannot be {shown(name)}.{near} Possible: {listing(FORMATS)}.")
    if not chosen:
        raise CardError(f"[report] formats is empty; possible: {listing(FORMATS)}. No picture at all: pictures = [].")
    return chosen


def telling_pictures(names: tuple[str, ...], fit: Fit) -> tuple[str, ...]:
    """Those of `names` that say something of how `fit` was sampled.

    Traces and ranks compare chains; those of importance sampling are parts of one weighted sample and always agree.
    """
    return tuple(name for name in names if not (fit.diagnostics.importance and name in _OF_CHAINS))


def refuse_layers(name: str, layer: Design, main: Design) -> None:
    """Refuse a layer that cannot be drawn beside the card's model: another response, or no such group.

    Raises
    ------
    CardError
        One line that names the layer.
    """
    if layer.response.name != main.response.name:
        raise CardError(
            f"The layer {name!r} has the response {layer.response.name!r}, the card's model {main.response.name!r}; "
            "layers are models of the same response."
        )
    if layer.n_obs != main.n_obs:
        raise CardError(
            f"The layer {name!r} uses {layer.n_obs} rows, the card's model {main.n_obs}: "
            "values are missing in a column that only one of them has; leave these rows out of the data."
        )
    panels = panel_group(main)
    groups = list(dict.fromkeys(term.group for term in layer.random))
    if panels is not None and panels not in groups:
        has = f"its groups are {listing(groups)}" if groups else "it has none"
        raise CardError(
            f"The layer {name!r} lacks the grouping factor {panels!r}, whose levels are the panels; {has}."
            f"{did_you_mean(panels, groups)}"
        )


def write_pictures(
    names: tuple[str, ...], fit: Fit, layers: Mapping[str, Fit], folder: Path, *, formats: tuple[str, ...]
) -> dict[str, str]:
    """Draw the pictures into `folder`, each closed again; gives by name why a picture could not be drawn."""
    failures: dict[str, str] = {}
    for name in names:
        failures |= write_each(name, PICTURES[name].draw(Drawing(fit, layers)), folder, formats=formats)
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
    from bayesmix.report.pictures.plot_files import drawn_in_memory

    done = drawn_in_memory(drawn, formats=formats)
    for file, content in done.files.items():
        (folder / file).write_bytes(content)
    return {name: done.failure} if done.failure else {}
