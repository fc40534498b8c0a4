"""Names in pictures: drawn letter by letter, whatever matplotlib or a terminal would make of them."""

from collections.abc import Callable

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.cbook import is_math_text

import bayesmix as bm
from bayesmix.modelling.record import Fit
from bayesmix.report.analysis.drawings import drawn_in_memory
from bayesmix.report.pictures.plot_look import literal, shortened
from bayesmix.visible import visible

LEVELS = (
    "from 5% ($1) to 10% ($2)",
    "$50,000 to $74,999",
    "$$",
    "a\\b_c^d \\$5",
    "x\n y\t\r",
    "\x1b[31mred",
    "\u202eabc\u200f",
    "{}%s{0}",
    "_hidden",
    "L" * 300,
    "[red]x[/red]",
    "$\\frac",
)
Y, X, GROUP, FACTOR = "y $1$ \\frac", "x $\\alpha$ [b]", "g $^2$ {}%s", "f$ " + "l" * 100
PICTURES: dict[str, Callable[[Fit, Fit], object]] = {
    "lines": lambda fit, plain: bm.plot_lines({"_a $1$ b $2$": plain, "$$" + "l" * 200: fit}),
    "lines of a factor": lambda fit, _: bm.plot_lines(fit, FACTOR),
    "ranef": lambda fit, _: bm.plot_ranef(fit),
    "sd": lambda fit, _: bm.plot_sd(fit),
    "corr": lambda fit, _: bm.plot_corr(fit),
    "trace": lambda fit, _: bm.plot_trace(fit),
    "rank": lambda fit, _: bm.plot_rank(fit),
    "residuals": lambda fit, _: bm.plot_residuals(fit),
    "qq": lambda fit, _: bm.plot_qq(fit, GROUP),
    "ppc": lambda fit, _: bm.plot_ppc(fit),
    "intervals": lambda fit, _: bm.plot_compare_reml(fit, "intervals"),
    "groups": lambda fit, _: bm.plot_compare_reml(fit, "groups"),
    "shrinkage": lambda fit, _: bm.plot_shrinkage(fit),
    "arrows": lambda fit, _: bm.plot_shrinkage(fit, kind="arrows"),
    "density": lambda fit, _: bm.plot_shrinkage(fit, kind="density"),
    "sensitivity": lambda _, plain: bm.plot_sensitivity(plain, plain.design.random[0].label),
}


@pytest.fixture(scope="module")
def fits() -> tuple[Fit, Fit]:
    """With and without slopes; every name in them is hostile."""
    rng = np.random.default_rng(1)
    n = 120
    x = rng.normal(size=n)
    data = pd.DataFrame(
        {
            Y: x + rng.normal(size=n) + rng.normal(size=12)[np.arange(n) % 12],
            X: x,
            GROUP: np.array(LEVELS)[np.arange(n) % 12],
            FACTOR: np.array(["a $1$ b $2$", "$$c" + "l" * 200])[rng.integers(0, 2, n)],
        }
    )
    data.attrs["units"] = {Y: "$ per \\m$^2", X: "_{s}$"}
    short = {"draws": 100, "chains": 2, "seed": 1, "progress": False}
    slopes, plain = (f"`{Y}` ~ `{X}` + `{FACTOR}` + ({by} | `{GROUP}`)" for by in (f"`{X}`", "1"))
    return bm.fit(slopes, data, **short), bm.fit(plain, data, **short)


def texts(figure: plt.Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text()]


@pytest.mark.usefixtures("no_figure_left")
@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(one, marks=pytest.mark.slow if one in ("lines", "trace", "rank", "sensitivity") else ())
        for one in PICTURES
    ],
)
def test_names_are_drawn_as_they_stand(fits, picture: str):
    drawn = PICTURES[picture](*fits)
    figure = drawn if isinstance(drawn, plt.Figure) else drawn.get_figure()
    found = texts(figure)
    done = drawn_in_memory(iter([("x", figure)]))
    assert done.failure == ""
    assert done.files["x.png"].startswith(b"\x89PNG")
    assert not [text for text in found if is_math_text(text)]
    # Line breaks are our own alone.
    assert not [text for text in found if visible(text, keep="\n") != text]


@pytest.mark.usefixtures("no_figure_left")
def test_levels_are_found_in_their_picture(fits):
    figure = bm.plot_ranef(fits[0])
    figure.draw_without_rendering()
    shown = [label.get_text().replace(r"\$", "$") for label in figure.axes[0].get_yticklabels()]
    for level in LEVELS:
        assert shortened(level, 1.6) in shown
    assert r"x\n y\t\r" in shown
    assert r"\x1b[31mred" in shown


@pytest.mark.usefixtures("no_figure_left")
def test_text_that_was_in_the_axes_stays(fits):
    _, ax = plt.subplots()
    ax.text(0, 0, "$x^2$")
    bm.plot_residuals(fits[0], ax=ax)
    assert "$x^2$" in texts(ax.get_figure())


@pytest.mark.parametrize("text", [*LEVELS, "\ud800", "\x00", "a$b", r"\$", r"\\$x\\$", "\u2028", "\x9b31m", "\ufeff"])
@pytest.mark.usefixtures("no_figure_left")
def test_literal_is_what_is_drawn(text: str):
    """Of a text without mathematics matplotlib draws the dollar sign in place of its escape."""
    figure = plt.figure()
    shown = figure.text(0, 0, literal(text))
    drawn, as_mathematics = shown._preprocess_math(shown.get_text())
    assert not as_mathematics
    assert drawn == visible(text)
    figure.draw_without_rendering()


def test_visible_keeps_letters_of_all_scripts():
    for text in ("Żółć", "日本", "می\u200cخواهم", "a\u00a0b", "👩\u200d🔬", "e\u0301"):
        assert visible(text) == text
