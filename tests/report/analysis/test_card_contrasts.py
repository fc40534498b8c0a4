"""Contrasts in a card: read, checked, given to every fit that has the factor, and written again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayesmix.errors import ArgumentError, CardError
from bayesmix.report.analysis.card import Card, DataPart, ModelPart, read_card
from bayesmix.report.analysis.card_data import card_data
from bayesmix.report.analysis.card_plan import contrasts_within, plan_card
from bayesmix.report.analysis.card_text import to_toml

HEAD = """
[data]
path = "d.csv"
[data.factors]
f = ["low", "mid", "high"]
[model]
formula = "y ~ f * h + (f | g)"
[report.layers]
"no interaction" = "y ~ h + (1 | g)"
[model.contrasts]
"""
FORMS = {
    "a name": 'h = "sum"\nf = "sdif"\n',
    "comparisons": 'h = "sum"\nf = {"mid-low" = "mid - low", "high-mid" = "high - mid"}\n',
    "columns": 'h = "sum"\n[model.contrasts.f]\nmid-low = [-2, 1, 1]\n"high-mid" = [-1, -1, 2.0]\n',
    "by level": 'h = "sum"\nf = {"mid-low" = {high = 1, mid = 1, low = -2}, '
    '"high-mid" = {low = -1, mid = -1, high = 2}}\n',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    f, h = np.resize(["low", "mid", "high"], 90), np.resize(list("uvvuv"), 90)
    data = pd.DataFrame({"y": rng.normal(size=90), "f": f, "h": h, "g": np.repeat(np.arange(9), 10)})
    data.to_csv(tmp_path / "d.csv", index=False)
    return tmp_path


def card_of(folder: Path, contrasts: str) -> Card:
    (folder / "c.toml").write_text(HEAD + contrasts)
    return read_card(folder / "c.toml")


@pytest.mark.parametrize("contrasts", FORMS.values(), ids=FORMS)
def test_read_planned_and_written_again(contrasts, folder):
    card = card_of(folder, contrasts)
    plan = plan_card(card)
    names = ("Intercept", "f[mid-low]", "f[high-mid]", "h[S.u]", "f[mid-low]:h[S.u]", "f[high-mid]:h[S.u]")
    assert plan.design.fixed.names == names
    assert contrasts_within("y ~ h + (1 | g)", card, plan.family) == {"h": "sum"}
    (folder / "again.toml").write_text(to_toml(replace(card, text=None), folder=folder))
    again = read_card(folder / "again.toml")
    assert again.model == card.model
    np.testing.assert_array_equal(plan_card(again).design.fixed.matrix, plan.design.fixed.matrix)


def test_a_card_made_in_python_may_hold_a_matrix(folder):
    model = ModelPart("y ~ f + (1 | g)", contrasts={"f": np.array([[-1.0, 0], [0, 1], [1, -1]])})
    card = Card("mine", DataPart(path=folder / "d.csv"), model)
    (folder / "mine.toml").write_text(to_toml(card, folder=folder))
    assert read_card(folder / "mine.toml").model.contrasts == {"f": {"1": [-1, 0, 1], "2": [0, 1, -1]}}


@pytest.mark.parametrize(
    ("contrasts", "kind", "says"),
    [
        ("f = 3\n", CardError, "'f' in [model.contrasts] is a coding"),
        ("f = {}\n", CardError, "a table of comparisons"),
        ('f = {n = ["a"]}\n', CardError, "of columns of numbers"),
        ('ff = "sum"\n', ArgumentError, "Did you mean 'f'?"),
        ('f = {n = "mid - hihg"}\n', Exception, "Did you mean 'high'?"),
    ],
)
def test_what_is_none_gets_one_line(contrasts, kind, says, folder):
    with pytest.raises(kind) as caught:
        plan_card(card_of(folder, contrasts))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_levels_in_the_order_of_a_card_are_those_of_a_factor_and_of_an_ordinal_response(folder):
    """Each level is compared with the first; the response needs the order."""
    part = DataPart(path=folder / "d.csv", factors={"f": ("low", "mid", "high"), "h": ("v", "u")})
    data = card_data(Card("c", part, ModelPart("f ~ h + (1 | g)", "cumulative")))
    assert data["f"].cat.ordered
    assert not data["h"].cat.ordered
    plan = plan_card(Card("c", part, ModelPart("y ~ f + h + (1 | g)")))
    assert plan.design.fixed.names == ("Intercept", "f[mid]", "f[high]", "h[u]")
