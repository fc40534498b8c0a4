"""Every record that prints has a page, as text and as HTML; a record without one says so."""

import pytest

import bayesmix as bm
from bayesmix.display import Printed
from bayesmix.report.pages.every_page import page_of
from bayesmix.report.pages.page import Block, Page, blocks_of


def _kinds(kind: type) -> set[type]:
    return {kind}.union(*map(_kinds, kind.__subclasses__()))


def test_every_record_has_a_page():
    assert all(getattr(bm, name) is not None for name in bm.__all__)  # every module with a record is loaded
    without = {kind.__name__ for kind in _kinds(Printed) if blocks_of.dispatch(kind) is blocks_of.dispatch(object)}
    assert without == {"Printed", "Estimates", "MixedEstimates"}  # what others are made of


def test_what_is_no_record_has_no_page():
    with pytest.raises(TypeError, match="int has no page"):
        page_of(1)


def test_parts_stand_below_each_other():
    page = Page((Block("a", ["b"]), Block("", ["<c>"])))
    assert str(page) == repr(page) == "a:\nb\n\n<c>"
    assert page._repr_html_() == (
        "<div class='bayesmix'><p style='margin:0.8em 0 0.2em'><b>a</b></p><p style='margin:0.4em 0'>b</p>"
        "<p style='margin:0.4em 0'>&lt;c&gt;</p></div>"
    )
