"""What the tests of this room share: short fits of each kind, analyses that sample nothing, and readers of pictures."""

from functools import cache
from importlib import import_module

import matplotlib as mpl

mpl.use("Agg")

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayesmix.data.catalogue import load_data
from bayesmix.families.family import read_family
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.inference.checks.audit_record import Audit
from bayesmix.inference.tables.fixef import fixef
from bayesmix.modelling.diagnostics import Diagnostics, diagnose_sampling
from bayesmix.modelling.fit import fit
from bayesmix.modelling.record import Fit, Sampling
from bayesmix.priors.default_priors import default_priors
from bayesmix.report.analysis import analysis as analysis_file
from bayesmix.report.analysis import card_audit, tables
from bayesmix.report.analysis.card import Card, DataPart, ModelPart, ReportPart, SamplerPart
from bayesmix.report.pictures import plot_compare_reml

SHORT = {"draws": 200, "chains": 2, "seed": 1, "progress": False}


@pytest.fixture(scope="session")
def sleepstudy_fit() -> Fit:
    """Correlated intercepts and slopes."""
    data = load_data("sleepstudy")
    data.attrs.clear()  # `with_units` has them
    return fit("Reaction ~ Days + (Days | Subject)", data, **SHORT)


@pytest.fixture(scope="session")
def cbpp_fit() -> Fit:
    """Counts out of trials along a factor."""
    return fit(
        "cbind(incidence, size - incidence) ~ period + (1 | herd)", load_data("cbpp"), "binomial", tune=300, **SHORT
    )


@pytest.fixture(scope="session")
def penicillin_fit() -> Fit:
    """Two crossed groups, no predictor."""
    return fit("diameter ~ 1 + (1 | plate) + (1 | sample)", load_data("Penicillin"), **SHORT)


@pytest.fixture(scope="session")
def dyestuff2_fit() -> Fit:
    """A variance that REML puts at exactly 0."""
    return fit("Yield ~ 1 + (1 | Batch)", load_data("Dyestuff2"), **SHORT)


@pytest.fixture(scope="session")
def with_units() -> Fit:
    """Data that know their units, as `load_data` and cards give them."""
    return fit("Reaction ~ Days + (Days | Subject)", load_data("sleepstudy"), **SHORT)


@pytest.fixture
def no_figure_left():
    """Closes the figures of a test, so that none stays open."""
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def no_text_overlaps():
    """Of a figure: that no two texts lie on each other."""
    return _no_text_overlaps


def _text_boxes(figure):
    """Words and extent of all text that is drawn; matplotlib keeps labels of ticks beyond the limits, undrawn."""
    figure.draw_without_rendering()
    texts = {id(text): text for text in figure.findobj(mpl.text.Text) if text.get_text().strip()}
    for ax in figure.axes:
        area = ax.get_window_extent()
        for label in (*ax.get_xticklabels(), *ax.get_yticklabels()):
            box = label.get_window_extent()
            middle = ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
            along = 0 if label in ax.get_xticklabels() else 1
            if not ax.get_visible() or not area.min[along] - 1 < middle[along] < area.max[along] + 1:
                texts.pop(id(label), None)
    return [(text.get_text(), text.get_window_extent()) for text in texts.values() if text.get_visible()]


def _no_text_overlaps(figure):
    boxes = [(words, box) for words, box in _text_boxes(figure) if box.width > 0]
    pairs = [
        (one, other)
        for i, (one, a) in enumerate(boxes)
        for other, b in boxes[:i]
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 2
    ]
    assert not pairs


@pytest.fixture(scope="session")
def made_up():
    """Gives fits of sleepstudy with known draws, in place of sampling."""
    return _made_up


def _made_up(formula, data, family="gaussian", *, seed=None) -> Fit:
    """A fit of known draws, in place of sampling."""
    family = read_family(family)
    design = build_design(parse(formula, ()), data, response=family.response, weights=None, na="drop", functions=None)
    term = design.random[0]
    tree = _known_draws(term.levels, term.k)
    sampling = Sampling(
        sampler="nutpie",
        draws=50,
        tune=50,
        chains=4,
        cores=2,
        seed=11 if seed is None else seed,
        target_accept=0.9,
        seconds=0.5,
    )
    about = (formula, family.name, term.levels)
    if about not in _DIAGNOSTICS:
        _DIAGNOSTICS[about] = diagnose_sampling(tree, design, family.auxiliary)
    return Fit(design, family, default_priors(design, family), tree, "joint", "as asked", sampling, _DIAGNOSTICS[about])


_DIAGNOSTICS: dict[tuple, Diagnostics] = {}
"""Of known draws, by formula, family and levels: they take longer than all else of such a fit."""


@cache
def _known_draws(subjects: tuple[str, ...], k: int) -> xr.DataTree:
    """Intercepts of subjects, and slopes where `k` is 2."""
    rng = np.random.default_rng(1)
    draw = ("chain", "draw")
    scalars = {"Intercept": 250.0, "Days": 10.0, "sd_Subject__Intercept": 25.0, "sigma": 26.0}
    effects = {"1|Subject": 20.0}
    if k == 2:
        scalars |= {"sd_Subject__Days": 6.0}
        effects |= {"Days|Subject": 6.0}
    variables = {name: (draw, value * np.exp(0.05 * rng.normal(size=(4, 50)))) for name, value in scalars.items()}
    for name, sd in effects.items():
        variables[name] = ((*draw, "Subject__factor_dim"), sd * rng.normal(size=(4, 50, 18)))
    if k == 2:
        variables["corr_Subject"] = ((*draw, "corr_Subject_dim"), np.tanh(rng.normal(size=(4, 50, 1)) / 3))
    statistics = {
        "diverging": (draw, np.zeros((4, 50), dtype=bool)),
        "energy": (draw, rng.normal(size=(4, 50))),
        "reached_max_treedepth": (draw, np.zeros((4, 50), dtype=bool)),
    }
    coords = {"chain": range(4), "draw": range(50)}
    levels = {"Subject__factor_dim": list(subjects)}
    return xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset(variables, coords={**coords, **levels}),
            "sample_stats": xr.Dataset(statistics, coords=coords),
        }
    )


def _made_up_audit(fit: Fit, *, progress: bool) -> Audit:  # noqa: ARG001
    """NUTS that finds what the fit has."""
    means = fixef(fit)["mean"]
    index = pd.MultiIndex.from_tuples([(name, "mean") for name in means.index], names=["parameter", "statistic"])
    columns = {"fit": means.to_numpy(), "nuts": means.to_numpy(), "difference": 0.0, "mcse": 1.0, "z": 0.0}
    return Audit(
        verdict="agrees",
        sentence="NUTS from dispersed starts agrees with the fit.",
        table=pd.DataFrame(columns, index=index),
        limit=4.2,
        max_rhat=1.001,
        min_ess=900.0,
        n_divergent=0,
        seed=fit.sampling.seed,
        sampling=fit.sampling,
    )


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict]:
    """Sampling replaced by made-up draws, pictures by empty ones; gives the calls of `fit`."""
    calls: list[dict] = []

    def fit(formulas, data, family, **settings) -> Fit:
        (formula,) = formulas
        calls.append({"formula": formula, **settings})
        return _made_up(formula, data, family, seed=settings.get("seed"))

    monkeypatch.setattr(analysis_file, "fit", fit)
    monkeypatch.setattr(card_audit, "audit", _made_up_audit)
    for name in ("lines", "ranef", "sd", "corr", "trace", "rank", "residuals", "qq", "ppc"):
        module = import_module(f"bayesmix.report.pictures.plot_{'sd' if name == 'corr' else name}")
        monkeypatch.setattr(module, f"plot_{name}", lambda *_, **__: plt.figure(figsize=(1, 1)))
    monkeypatch.setattr(plot_compare_reml, "plot_compare_reml", lambda *_: plt.figure(figsize=(1, 1)))
    monkeypatch.chdir(tmp_path)
    return calls


@pytest.fixture
def few_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of the tables of a results folder, where a test is about something else: all of them take most of a run."""
    monkeypatch.setattr(tables, "TABLES", {name: tables.TABLES[name] for name in ("fixef", "priors")})


CARD = Card(
    name="sleep",
    title="A title",
    data=DataPart(source="sleepstudy"),
    model=ModelPart("Reaction ~ Days + (Days | Subject)"),
    sampler=SamplerPart(seed=3),
    report=ReportPart(pictures=("lines", "trace")),
)


def variant(**parts) -> Card:
    return Card(**{"name": "c", "data": CARD.data, "model": CARD.model, **parts})


def silent(_: str) -> None:
    pass


def file_contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def paths_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def visible(figure):
    return [ax for ax in figure.axes if ax.get_visible()]


def labelled(ax, label):
    (found,) = [drawn for drawn in ax.lines if drawn.get_label() == label]
    return np.asarray(found.get_xdata()), np.asarray(found.get_ydata())


def name_of(ax):
    return ax.get_title(loc="left").strip()


def caption_of(figure):
    return max((text.get_text().replace("\n", " ") for text in figure.texts), key=len)
