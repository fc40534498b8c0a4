"""The pictures that suit a model, known before it is sampled and without the code that draws them (`drawings`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bayesmix.errors import BayesmixError, CardError, did_you_mean, listing, shown
from bayesmix.families.family import Family, has_laplace_fit
from bayesmix.formula.design import Design
from bayesmix.modelling.record import Fit
from bayesmix.posterior.layout import constant_parameters
from bayesmix.report.analysis.result_files import FORMATS, PICTURES
from bayesmix.report.pictures.line_grid import choose_axis


@dataclass(frozen=True)
class Setting:
    """What determines before sampling whether a picture can be drawn: design, family, number of chains."""

    design: Design
    family: Family
    chains: int


def panel_group(design: Design) -> str | None:
    """The grouping factor whose levels are the panels of the lines: the formula's first."""
    return design.random[0].group if design.random else None


def _no_group(setting: Setting) -> str:
    return "" if setting.design.all_random else "a grouping factor, as in (1 | g)"


def _no_line(setting: Setting) -> str:
    group = panel_group(setting.design)
    if setting.design.response.unordered:
        return _unordered(setting)
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


def _no_estimate(setting: Setting) -> str:
    if setting.design.own_formulas:
        return "a model without formulas for further parameters"
    if setting.design.response.censoring is not None:
        return _censored(setting)
    if setting.family.is_gaussian_identity or has_laplace_fit(setting.family):
        return _no_group(setting)
    return f"a family with a REML or a Laplace fit, which {setting.family} has not"


def _censored(setting: Setting) -> str:
    return "" if setting.design.response.censoring is None else "a response of which no row is censored"


def _unordered(setting: Setting) -> str:
    return "a response of numbers or of ordered categories" if setting.design.response.unordered else ""


_OF_CHAINS = ("trace", "rank")

_LACKS: Mapping[str, Callable[[Setting], str]] = {
    "lines": _no_line,
    "ranef": _no_group,
    "sd": _no_sd,
    "corr": _no_correlation,
    "rank": _one_chain,
    "ppc": _censored,
    "residuals": _unordered,
    "qq": _unordered,
    "compare_reml": _no_estimate,
}
"""By picture, what a model lacks for it; other pictures suit every model."""


def chosen_pictures(names: tuple[str, ...] | None, setting: Setting) -> tuple[str, ...]:
    """The pictures that were asked for, or with None all that suit the model; refuses a picture that does not suit."""
    lacks = {name: _LACKS[name](setting) if name in _LACKS else "" for name in PICTURES}
    if names is None:
        return tuple(name for name, lack in lacks.items() if not lack)
    for name in names:
        if lacks[name]:
            raise CardError(f"The picture {name!r} needs {lacks[name]}; leave it out of [report] pictures.")
    return tuple(dict.fromkeys(names))


def chosen_formats(names: tuple[str, ...] | None) -> tuple[str, ...]:
    """The formats that were asked for, each once, or with None PNG alone; refuses unknown formats and an empty list."""
    chosen = ("png",) if names is None else tuple(dict.fromkeys(names))
    for name in chosen:
        if name not in FORMATS:
            near = did_you_mean(str(name), FORMATS)
            raise CardError(f"[report] formats cannot be {shown(name)}.{near} Possible: {listing(FORMATS)}.")
    if not chosen:
        raise CardError(f"[report] formats is empty; possible: {listing(FORMATS)}. No picture at all: pictures = [].")
    return chosen


def telling_pictures(names: tuple[str, ...], fit: Fit) -> tuple[str, ...]:
    """The pictures of `names` that are informative for the way in which `fit` was sampled.

    Traces and ranks compare chains, but those of importance sampling are parts of one sample and always agree.
    """
    return tuple(name for name in names if not (fit.diagnostics.importance and name in _OF_CHAINS))


def refuse_layers(name: str, layer: Design, main: Design) -> None:
    """Refuse a layer that cannot be drawn beside the card's model, as its response, its rows or its groups differ."""
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
