"""Tables of answers print whole at 80 columns, and are data frames in all else."""

import copy
import inspect
import pickle
from html import unescape

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.inference.shared.readable_table import ReadableTable
from bayesmix.report.pages.frame_text import in_width, numbers

QUIET = {"seed": 1, "progress": False}
ADVICE = "Write I(year - 2004) or scale(year) in formula and term, since the intercept stands for the year 0."


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture(scope="module")
def fit():
    return bm.fit("Reaction ~ Days + (Days | Subject)", bm.load_data("sleepstudy"), draws=200, **QUIET)


def words(text):
    return text.replace("\n", " ").split()


@pytest.mark.parametrize(
    "question",
    [
        bm.fixef,
        bm.varcorr,
        bm.augment,
        bm.tidy,
        bm.glance,
        bm.ranef,
        bm.coef,
        bm.fitted,
        bm.residuals,
        bm.sensitivity,
        bm.auxiliary,
        lambda fit: bm.shrinkage(fit, "Subject"),
        lambda fit: bm.compare({"a": fit, "b": fit}),
        lambda fit: bm.diagnose(fit),
        lambda fit: bm.fixef(bm.reml(fit.formula, fit.data)),
    ],
)
def test_every_column_is_there_at_80_columns(fit, question):
    table = question(fit)
    text = repr(table)
    assert max(map(len, text.splitlines())) <= 80
    for column in table.columns:
        assert str(column) in text
    assert " ..." not in text.splitlines()[0]


def test_sd_and_interval_stand_beside_the_mean(fit):
    first = repr(bm.fixef(fit)).splitlines()[0].split()
    assert first[:5] == ["coefficient", "mean", "sd", "lower", "upper"]
    shown = repr(bm.varcorr(fit)).split("\n\n")[0]
    assert shown.splitlines()[0].split()[:8] == ["group", "term1", "term2", "mean", "median", "sd", "lower", "upper"]
    estimate = bm.fixef(fit).loc["Days"]
    cells = next(line for line in repr(bm.fixef(fit)).splitlines() if line.startswith("Days")).split()
    assert [float(cell) for cell in cells[1:5]] == pytest.approx(
        estimate[["mean", "sd", "lower", "upper"]].tolist(), abs=0.5 * 10 ** -(2 - np.floor(np.log10(estimate["sd"])))
    )


def test_advice_is_shown_whole_in_text_and_html():
    frame = pd.DataFrame({"check": ["centring", "rhat"], "value": [690.1, 1.0103], "advice": [ADVICE, "Short."]})
    table = ReadableTable(frame)
    text = repr(table)
    assert max(map(len, text.splitlines())) <= 80
    assert ADVICE in " ".join(words(text))
    html = table._repr_html_()
    assert ADVICE in unescape(html)
    assert "white-space:normal" in html
    wide = in_width(table, 200)
    assert ADVICE in wide.splitlines()[1]


def test_long_labels_have_lines_of_their_own(fit):
    small = bm.reml(
        "Reaction ~ Days + (1 | Subject)",
        fit.data.rename(columns={"Days": "days_of_deprivation"}).assign(Days=lambda data: data["days_of_deprivation"]),
    )
    large = bm.reml("Reaction ~ Days + (days_of_deprivation | Subject)", small.data)
    lines = repr(bm.lrt(small, large)).splitlines()
    assert max(map(len, lines)) <= 80
    assert small.formula in lines
    assert large.formula in lines


def test_it_is_a_data_frame_in_all_else(fit):
    table = bm.fixef(fit)
    plain = pd.DataFrame(table)
    assert type(plain) is pd.DataFrame
    assert isinstance(table, pd.DataFrame)
    for again in (pickle.loads(pickle.dumps(table)), copy.deepcopy(table), table.copy(), table.iloc[:]):
        assert type(again) is ReadableTable
        pd.testing.assert_frame_equal(pd.DataFrame(again), plain)
    assert pd.concat([table, plain]).iloc[2:].equals(plain)
    assert type(table["mean"]) is pd.Series
    assert table[["mean", "sd"]].round(1).equals(plain[["mean", "sd"]].round(1))
    assert table.to_csv() == plain.to_csv()
    assert table.to_string() == plain.to_string()
    assert table.groupby(table.index).mean().equals(plain.groupby(plain.index).mean())
    assert pd.merge(table.reset_index(), plain.reset_index(), on="coefficient").shape == (2, 15)
    assert "mean" in repr(table.T)


def test_attributes_and_signatures_are_kept(fit):
    table = bm.rand(fit)
    assert table.attrs["formula"] == fit.formula
    assert repr(table).startswith("Bayes factors of the random terms")
    assert "log10_bf" in repr(table[["log10_bf", "mcse"]])
    assert list(inspect.signature(bm.fixef).parameters) == ["fit", "prob", "ddf"]
    assert bm.fixef.__doc__.startswith("Fixed coefficients")


def test_of_many_rows_the_ends_are_shown(fit):
    lines = repr(bm.augment(fit)).splitlines()
    assert lines[1].split()[:2] == ["0", "249.56"]
    assert lines[6].split()[0] == "..."
    assert lines[-1] == "[180 rows x 8 columns]"
    with pd.option_context("display.max_rows", 200):
        assert len(repr(bm.augment(fit)).splitlines()) == 181
    assert "180 rows" in bm.augment(fit)._repr_html_()


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([1.5, np.nan, -20.25], ["1.50", "-", "-20.25"]),
        ([17.0, 3.0], ["17", "3"]),
        ([1e-12, 1e9], ["1e-12", "1e+09"]),
        ([0.05, 0.2], ["0.05", "0.20"]),
        ([123456789.4], ["123456789"]),
        ([np.inf, 1.0], ["inf", "1"]),
        ([np.nan], ["-"]),
    ],
)
def test_numbers_that_have_no_standard_deviation(values, shown):
    lines = in_width(pd.DataFrame({"v": values}), 80).splitlines()[1:]
    assert [line.split()[1] for line in lines] == shown


def test_figures_of_several_kinds_in_a_column_keep_their_own_digits():
    """R-hat 1.0127 beside 352.43 effective draws is not 1.01 beside its limit 1.01."""
    assert [text.strip() for text in numbers("value", np.array([1.0127, 352.4312]), None)] == ["1.0127", "352.43"]
    assert [text.strip() for text in numbers("limit", np.array([1.01, 400.0]), None)] == ["1.01", "400"]


def test_odd_frames():
    assert in_width(pd.DataFrame({"a": []}), 80) == "No rows (columns: a)"
    assert in_width(pd.DataFrame(index=["x", "y"]), 80).split() == ["x", "y"]
    twice = pd.DataFrame([[1.0, "b"]], columns=["a", "a"])
    assert in_width(twice, 80).split() == ["a", "a", "0", "1", "b"]
    hidden = ReadableTable({"a": ["<b>\x1b[31m"]})
    assert "\x1b" not in repr(hidden)
    assert "&lt;b&gt;" in hidden._repr_html_()


def test_a_column_p_that_holds_no_probabilities_is_shown_as_numbers():
    """`compare` has effective numbers of parameters in it."""
    assert [text.strip() for text in numbers("p", np.array([34.8, -0.4]), None, ["elpd", "p"])] == ["34.8", "-0.4"]
    assert numbers("p", np.array([0.0]), None, ["observed", "p"]) == ["0"]
    assert numbers("p", np.array([1e-20, 0.3]), None)[0].strip() == "< 2e-16"
