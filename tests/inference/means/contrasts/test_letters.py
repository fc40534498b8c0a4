"""Compact letters against multcompView and emmeans, and of posteriors against the intervals of all differences."""

import json
from pathlib import Path

import numpy as np
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError

REFERENCES = json.loads((Path(__file__).parents[3] / "references" / "contrasts.json").read_text())
MODELS = REFERENCES["models"]
CASES = [
    (number, asked, answer.get("ddf"), answer["table"])
    for number, model in enumerate(MODELS)
    for asked in model["asked"]
    if asked["what"] == "letters"
    for answer in asked["answers"]
]


def numbers(table, name):
    """A column of R's table; a missing degree of freedom is infinite in tables of z, else nan."""
    missing = np.inf if name == "df" and "z.ratio" in table else np.nan
    return np.array([missing if value in (None, "NA") else value for value in texts(table, name)], dtype=float)


def texts(table, name):
    return table[name] if isinstance(table[name], list) else [table[name]]


@pytest.mark.parametrize(
    ("number", "asked", "ddf", "table"),
    [pytest.param(*case, marks=() if MODELS[case[0]]["data"] == "kfert" else pytest.mark.slow) for case in CASES],
)
def test_letters_are_those_of_r(means_of, number, asked, ddf, table):
    ours = bm.letters(means_of(number, asked, ddf), adjust=asked.get("adjust"), alpha=asked.get("alpha", 0.05))
    assert ours["letters"].tolist() == [text.replace(" ", "") for text in texts(table, "letters")], MODELS[number]
    assert ours["emmean"].tolist() == pytest.approx(numbers(table, "emmean"), rel=1e-8)


def test_the_lowest_come_first_if_they_are_the_best(rows_of):
    means = bm.emmeans(bm.lm("y ~ cultivar", rows_of("crops")), "cultivar")
    up, down = bm.letters(means, adjust="holm"), bm.letters(means, best="lowest", adjust="holm")
    assert down["cultivar"].tolist() == up["cultivar"].tolist()[::-1]
    assert down["letters"].iloc[0] == "a"
    assert "p of the differences is adjusted by the holm method for 36 contrasts." in str(up)


def test_a_mean_that_is_not_estimable_has_no_letter(rows_of):
    means = bm.emmeans(bm.reml("yield ~ irrigation * variety + (1 | field)", rows_of("irrigation_hole")), "irrigation")
    ours = bm.letters(means)
    assert ours["irrigation"].iloc[-1] == "i4"
    assert ours["letters"].tolist() == ["a", "a", "a", ""]


@pytest.mark.parametrize("alpha", [0.05, 0.4])
def test_of_a_posterior_means_are_told_apart_whose_difference_has_an_interval_without_0(kfert_means, alpha):
    ours = bm.letters(kfert_means, alpha=alpha)
    pairs = bm.contrasts(kfert_means, "pairwise", prob=1 - alpha)
    letters = {str(row.K2O_lbac): set(row.letters) for row in ours.itertuples()}
    for row in pairs.itertuples():
        first, second = row.contrast.replace("K2O_lbac", "").split(" - ")
        excludes = row.lower > 0 or row.upper < 0
        assert bool(letters[first] & letters[second]) != excludes


@pytest.mark.parametrize("alpha", [0, 1, 5, "x", None, True])
def test_a_level_is_between_0_and_1(kfert_means, alpha):
    with pytest.raises(ArgumentError, match="alpha is the level of the tests"):
        bm.letters(kfert_means, alpha=alpha)
