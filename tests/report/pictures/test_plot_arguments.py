"""Pictures of what is no fit, and with arguments of another kind than expected: one line each."""

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import BayesmixError
from bayesmix.modelling.record import Fit

PICTURES = {name: getattr(bm, name) for name in bm.__all__ if name.startswith("plot_")}
NEEDED = {"plot_sensitivity": {"drop": "Days | Subject"}}
NO_FITS = {
    "nothing": None,
    "a number": 1,
    "a text": "fit",
    "a list": [1],
    "fits that are none": {"a": None},
    "a frame": pd.DataFrame({"x": [1]}),
}
WRONG = (
    1,
    1.5,
    b"x",
    [],
    [1],
    {"a": 1},
    object(),
    np.array([1, 2]),
    True,
    [["a"]],
    pd.Series([1]),
    pd.DataFrame(),
)
TEXTS = {
    "plot_compare_reml": ("kind",),
    "plot_lines": ("x", "group"),
    "plot_ppc": ("kind", "statistic", "groups"),
    "plot_qq": ("which", "term"),
    "plot_ranef": ("group", "term"),
    "plot_rank": ("parameters",),
    "plot_residuals": ("kind",),
    "plot_sensitivity": ("drop",),
    "plot_shrinkage": ("kind", "group", "term"),
    "plot_trace": ("parameters",),
}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("no_fit", NO_FITS.values(), ids=NO_FITS.keys())
def test_a_picture_of_no_fit(name: str, no_fit):
    with pytest.raises(BayesmixError) as caught:
        PICTURES[name](no_fit, **NEEDED.get(name, {}))
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("no_figure_left")
@pytest.mark.parametrize(("name", "argument"), [(name, one) for name, found in TEXTS.items() for one in found])
def test_an_argument_that_is_no_text(sleepstudy_fit: Fit, name: str, argument: str):
    for value in WRONG:
        with pytest.raises(BayesmixError) as caught:
            PICTURES[name](sleepstudy_fit, **{**NEEDED.get(name, {}), argument: value})
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 300


@pytest.mark.parametrize("name", ["plot_ppc", "plot_qq", "plot_residuals", "plot_sensitivity", "plot_shrinkage"])
def test_axes_that_are_none(sleepstudy_fit: Fit, name: str):
    for value in (1, "a", [1]):
        with pytest.raises(BayesmixError, match="ax is one matplotlib Axes"):
            PICTURES[name](sleepstudy_fit, **NEEDED.get(name, {}), ax=value)
