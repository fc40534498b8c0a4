"""Short fits that the tests of this room share, one of each kind."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import pytest

from bayesmix.data.catalogue import load_data
from bayesmix.modelling.fit import fit
from bayesmix.modelling.record import Fit

SHORT = {"draws": 200, "chains": 2, "seed": 1, "progress": False}


@pytest.fixture(scope="session")
def sleepstudy_fit() -> Fit:
    """Correlated intercepts and slopes."""
    return fit("Reaction ~ Days + (Days | Subject)", load_data("sleepstudy"), **SHORT)


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
    """Data that know their units, as a card gives them."""
    data = load_data("sleepstudy")
    data.attrs["units"] = {"Reaction": "ms", "Days": "day"}
    return fit("Reaction ~ Days + (Days | Subject)", data, **SHORT)


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
    figure.canvas.draw()
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
