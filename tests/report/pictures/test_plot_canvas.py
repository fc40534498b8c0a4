"""Where and how pictures are drawn: axes, sizes, letters and styles of the user's, notebooks, files."""

import pickle

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

import bayesmix as bm
from bayesmix.errors import ArgumentError
from bayesmix.report.analysis.drawings import drawn_in_memory
from bayesmix.report.pictures.plot_canvas import Picture

pytestmark = pytest.mark.usefixtures("no_figure_left")

WHOLE = {
    "lines": lambda fit, **k: bm.plot_lines(fit, max_panels=6, **k),
    "ranef": lambda fit, **k: bm.plot_ranef(fit, **k),
    "sd": lambda fit, **k: bm.plot_sd(fit, **k),
    "corr": lambda fit, **k: bm.plot_corr(fit, **k),
    "trace": lambda fit, **k: bm.plot_trace(fit, **k),
    "rank": lambda fit, **k: bm.plot_rank(fit, **k),
    "groups": lambda fit, **k: bm.plot_compare_reml(fit, **k),
    "intervals": lambda fit, **k: bm.plot_compare_reml(fit, "intervals", **k),
}
SINGLE = {
    "residuals": lambda fit, **k: bm.plot_residuals(fit, **k),
    "qq": lambda fit, **k: bm.plot_qq(fit, **k),
    "ppc": lambda fit, **k: bm.plot_ppc(fit, draws=50, **k),
    "shrinkage": lambda fit, **k: bm.plot_shrinkage(fit, **k),
    "density": lambda fit, **k: bm.plot_shrinkage(fit, kind="density", **k),
    "arrows": lambda fit, **k: bm.plot_shrinkage(fit, kind="arrows", **k),
}
EVERY = WHOLE | SINGLE
QUICK = ("ranef", "sd", "intervals", "qq", "density")
each_picture = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in EVERY]
)


def figure_of(drawn):
    return drawn if isinstance(drawn, mpl.figure.Figure) else drawn.get_figure()


def words(figure):
    return " ".join(text.get_text() for text in figure.findobj(mpl.text.Text)).replace("\n", " ")


@each_picture
def test_a_size_is_the_figures_and_captions_can_be_left_out(sleepstudy_fit, name, no_text_overlaps):
    told = figure_of(EVERY[name](sleepstudy_fit))
    bare = figure_of(EVERY[name](sleepstudy_fit, figsize=(9, 6), caption=False))
    assert tuple(bare.get_size_inches()) == (9, 6)
    no_text_overlaps(bare)
    longest = max((text.get_text() for text in told.findobj(mpl.text.Text)), key=len).replace("\n", " ")
    assert len(longest) > 40
    assert longest not in words(bare)


@each_picture
def test_another_size_keeps_the_layout(sleepstudy_fit, name, no_text_overlaps):
    """What is written lies within the figure, wraps at its edge, and covers nothing."""
    figure = figure_of(EVERY[name](sleepstudy_fit))
    figure.set_size_inches(6.4, 7.5)
    no_text_overlaps(figure)
    for text in (*figure.texts, *figure.legends, *(ax.title for ax in figure.axes)):
        box = text.get_window_extent()
        assert box.x0 >= -1
        assert box.x1 <= figure.bbox.width + 1
        assert box.y0 >= -1
        assert box.y1 <= figure.bbox.height + 1


@each_picture
def test_settings_of_size_letters_and_colours_are_heeded(sleepstudy_fit, name, no_text_overlaps):
    with plt.style.context("dark_background"), mpl.rc_context({"font.size": 13, "figure.figsize": (11, 6)}):
        figure = figure_of(EVERY[name](sleepstudy_fit))
        figure.draw_without_rendering()
        no_text_overlaps(figure)
        assert figure.get_figwidth() == 11
        ground = np.array(to_rgb(figure.get_facecolor()))
        texts = [text for text in figure.findobj(mpl.text.Text) if text.get_text().strip()]
        for text in texts:
            assert np.abs(np.array(to_rgb(text.get_color())) - ground).max() > 0.4, text
        assert min(text.get_fontsize() for text in texts) >= 0.7 * 13 - 1e-9


def test_large_letters_are_heeded_where_no_size_is(sleepstudy_fit):
    plain = bm.plot_sd(sleepstudy_fit).get_size_inches()
    with mpl.rc_context({"font.size": 20}):
        assert bm.plot_sd(sleepstudy_fit).get_figheight() == pytest.approx(2 * plain[1])


@pytest.mark.parametrize(
    "draw",
    [
        lambda fit, ax: bm.plot_lines(fit, facet=False, ax=ax),
        lambda fit, ax: bm.plot_lines(fit, max_panels=1, ax=ax),
        lambda fit, ax: bm.plot_ranef(fit, term="Days", ax=ax),
        lambda fit, ax: bm.plot_sd(fit, "sigma", ax=ax),
        lambda fit, ax: bm.plot_corr(fit, ax=ax),
    ],
)
def test_a_single_panel_goes_into_given_axes(sleepstudy_fit, draw):
    figure, (left, right) = plt.subplots(1, 2)
    assert draw(sleepstudy_fit, right) is figure
    assert right.has_data()
    assert not left.has_data()
    assert plt.get_fignums() == [figure.number]


def test_axes_of_several_panels_and_sizes_that_are_none(sleepstudy_fit):
    ax = plt.figure().subplots()
    cases = [
        (lambda: bm.plot_ranef(sleepstudy_fit, ax=ax), "the picture has 2; choose one by group= and term="),
        (lambda: bm.plot_sd(sleepstudy_fit, ax=ax), "the picture has 3; choose one by parameters="),
        (lambda: bm.plot_compare_reml(sleepstudy_fit, ax=ax), "ax takes one panel"),
        (lambda: bm.plot_qq(sleepstudy_fit, ax=ax, figsize=(4, 3)), "leave one of them out"),
        (lambda: bm.plot_lines(sleepstudy_fit, caption="no"), "caption is True or False; got 'no'"),
    ]
    sizes = [3, "ab", (3,), (3, 4, 5), (0, 4), (3, np.nan), (10**400, 3), (3, 1000), {"a": 1}, ("a", "b")]
    cases += [(lambda size=size: bm.plot_trace(sleepstudy_fit, figsize=size), "width and height") for size in sizes]
    for call, part in cases:
        with pytest.raises(ArgumentError, match=r"^[^\n]*$") as caught:
            call()
        assert part in str(caught.value)


# --- notebooks and shells ---------------------------------------------------------------------------------


def shown_in_a_cell(value):
    """How often a notebook draws `value` when it is that of a cell: as the value, and as a figure of pyplot at the end.

    IPython asks for a bundle first, then for each format; the inline backend draws what pyplot has left.
    """
    is_figure = isinstance(value, mpl.figure.Figure)
    if is_figure and hasattr(value, "_repr_mimebundle_"):
        assert value._repr_mimebundle_(include=None, exclude=None) == {}
    return int(is_figure) + len(plt.get_fignums())


@each_picture
def test_a_notebook_shows_a_picture_once(sleepstudy_fit, name, monkeypatch):
    monkeypatch.setattr(mpl, "get_backend", lambda **_: "module://matplotlib_inline.backend_inline")
    assert shown_in_a_cell(EVERY[name](sleepstudy_fit)) == 1
    plt.close("all")
    picture = EVERY[name](sleepstudy_fit)  # one that was named is drawn at the end of the cell
    assert len(plt.get_fignums()) == 1
    figure_of(picture).draw_without_rendering()


def test_at_a_shell_pyplot_shows_it(sleepstudy_fit):
    """A shell of IPython asks for a bundle as well, and must not take the figure away from plt.show()."""
    figure = bm.plot_sd(sleepstudy_fit)
    figure._repr_mimebundle_(include=None, exclude=None)
    assert plt.get_fignums() == [figure.number]


def test_a_picture_can_be_stored(sleepstudy_fit):
    figure = pickle.loads(pickle.dumps(bm.plot_sd(sleepstudy_fit)))
    assert isinstance(figure, Picture)
    figure.set_size_inches(4, 4)
    figure.draw_without_rendering()


# --- files ------------------------------------------------------------------------------------------------


def test_files_of_three_kinds_without_a_date(sleepstudy_fit):
    drawn = [
        drawn_in_memory(iter([("sd", bm.plot_sd(sleepstudy_fit))]), formats=("png", "pdf", "svg"), dpi=50)
        for _ in range(2)
    ]
    first, second = (one.files for one in drawn)
    assert list(first) == ["sd.png", "sd.pdf", "sd.svg"]
    assert (first["sd.png"][:4], first["sd.pdf"][:4], b"<svg" in first["sd.svg"]) == (b"\x89PNG", b"%PDF", True)
    assert first["sd.pdf"] == second["sd.pdf"]
    width = int.from_bytes(first["sd.png"][16:20], "big")
    assert width == int(50 * bm.plot_sd(sleepstudy_fit).get_figwidth())


@each_picture
def test_every_picture_is_written_at_any_resolution(sleepstudy_fit, name, recwarn):
    """Of 72 dots an inch for SVG and PDF, and of others; the layout is that of the picture."""
    drawn = drawn_in_memory(
        iter([(name, figure_of(EVERY[name](sleepstudy_fit)))]), formats=("png", "pdf", "svg"), dpi=61
    )
    assert drawn.failure == ""
    assert list(drawn.files) == [f"{name}.png", f"{name}.pdf", f"{name}.svg"]
    assert not recwarn.list
