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


@pytest.fixture
def no_figure_left():
    """Closes the figures of a test, so that none stays open."""
    yield
    plt.close("all")
