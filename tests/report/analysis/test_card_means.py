"""Means and a trial in a card: read, refused before sampling, asked of posterior and REML, printed, written, drawn."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayesmix.data.catalogue import load_data
from bayesmix.errors import CardError
from bayesmix.estimates.laplace.laplace import laplace
from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.estimates.reml.reml import reml
from bayesmix.inference.means.contrasts import contrasts
from bayesmix.inference.means.emmeans import emmeans
from bayesmix.inference.means.letters import letters
from bayesmix.modelling.fit import fit
from bayesmix.modelling.record import Fit
from bayesmix.report.analysis.analysis import Analysis, analysis_text, run_card
from bayesmix.report.analysis.card import Card, DataPart, ModelPart, QuestionsPart, read_card
from bayesmix.report.analysis.card_answers import answers_of, write_answers
from bayesmix.report.analysis.card_means import estimates_of, means_of_card
from bayesmix.report.analysis.card_plan import plan_card
from bayesmix.report.analysis.card_tables import MeansPart, TrialPart
from bayesmix.report.analysis.card_text import to_toml
from bayesmix.report.analysis.result_files import is_result

from ..conftest import CARD, SHORT, silent

HEAD = '[data]\nsource = "kfert"\n[model]\nformula = "yield ~ K2O_lbac + (1 | rep)"\n'
CLOVER = (
    '[data]\nsource = "clover_simulated"\n[model]\n'
    'formula = "biomass ~ year + (1 | year:rep) + (1 | entry) + (1 | entry:year)"\n'
)
COUNTS = (
    '[data]\nsource = "cbpp"\n[model]\nformula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"\n'
    'family = "binomial"\n'
)
MEANS = '[means.potash]\nspecs = "K2O_lbac"\n'

BAD = {
    "no name": (HEAD + '[means]\nspecs = "K2O_lbac"\n', ["'specs' in [means]", "[means.first]"]),
    "no table": (HEAD.replace("[data]", 'means = "rep"\n[data]'), ["'means' is a table", "[means]"]),
    "no specs": (HEAD + '[means.potash]\nby = "rep"\n', ["'specs' in [means.potash] is missing"]),
    "unknown key": (HEAD + MEANS + 'contrast = "poly"\n', ["'contrast' in [means.potash]", "Did you mean 'contrasts'"]),
    "in another table": (HEAD + "letters = true\n", ["'letters' in [model]", "belongs in [means.NAME]"]),
    "key of the model": (HEAD + MEANS + 'family = "poisson"\n', ["'family' in [means.potash]", "belongs in [model]"]),
    "unknown choice": (HEAD + MEANS + 'groups = "fited"\n', ["[means.potash]: groups=", "Did you mean 'fitted'"]),
    "unknown adjustment": (HEAD + MEANS + 'contrasts = "eff"\nadjust = "hollm"\n', ["Did you mean 'holm'"]),
    "three ends": (HEAD + MEANS + "rope = [1, 2, 3]\n", ["'rope'", "a list of two", "list of 3"]),
    "values of another kind": (
        HEAD + MEANS + "at = {K2O_lbac = true}\n",
        ["'at'", "a table of values", "{x = [0, 10]}"],
    ),
    "unknown variable": (HEAD + '[means.a]\nspecs = "K2O_lbc"\n', ["[means.a]: ", "Did you mean 'K2O_lbac'"]),
    "unknown method": (HEAD + MEANS + 'contrasts = "pairwse"\n', ["[means.potash]: ", "Did you mean 'pairwise'"]),
    "unknown level": (HEAD + MEANS + "contrasts = {a = {37 = 1, 54 = -1}}\n", ["[means.potash]: ", "Levels: 36, 54"]),
    "unknown control": (HEAD + MEANS + 'contrasts = "trt.vs.ctrl"\nref = "1"\n', ["ref names '1'", "Levels: 36"]),
    "a region of no contrast": (HEAD + MEANS + "rope = 0.1\n", ["rope is of contrasts", 'contrasts = "pairwise"']),
    "an adjustment of none": (HEAD + MEANS + 'adjust = "holm"\n', ["adjust is of contrasts"]),
    "a region below 0": (HEAD + MEANS + 'contrasts = "eff"\nrope = -1\n', ["[means.potash]: ", "got -1"]),
    "df of counts": (COUNTS + '[means.a]\nspecs = "period"\nddf = "kenward-roger"\n', ["of REML"]),
    "no entry": (CLOVER + "[trial]\ntop = 3\n", ["'entry' in [trial] is missing"]),
    "unknown key of a trial": (CLOVER + '[trial]\nentry = "entry"\ntopp = 3\n', ["'topp'", "Did you mean 'top'"]),
    "unknown entry": (CLOVER + '[trial]\nentry = "entri"\n', ["[trial]: ", "Did you mean 'entry'"]),
    "too many": (CLOVER + '[trial]\nentry = "entry"\ntop = 36\n', ["[trial]: ", "top=36", "'entry', 35"]),
    "unknown environment": (CLOVER + '[trial]\nentry = "entry"\nenvironment = "yer"\n', ["Did you mean 'year'"]),
    "a trial of counts": (COUNTS + '[trial]\nentry = "herd"\n', ["[trial]: ", "Gaussian"]),
}


@pytest.fixture(scope="module")
def kfert() -> Fit:
    return fit("yield ~ K2O_lbac + (1 | rep)", load_data("kfert"), **SHORT)


@pytest.fixture(scope="module")
def clover() -> Fit:
    formula = "biomass ~ year + (1 | year:rep) + (1 | entry) + (1 | entry:year)"
    return fit(formula, load_data("clover_simulated"), **SHORT)


def card_of(folder: Path, text: str) -> Card:
    (folder / "c.toml").write_text(text)
    return read_card(folder / "c.toml")


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD)
def test_one_line_before_sampling(tmp_path: Path, text: str, words: list[str]):
    with pytest.raises(CardError) as caught:
        plan_card(card_of(tmp_path, text))
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_blocks_of_the_page_are_cards(tmp_path: Path):
    page = Path(__file__).parents[3] / "docs" / "cards.md"
    means, trial = re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL)
    assert plan_card(card_of(tmp_path, HEAD + means)).card.means["potash"].rope == 0.2
    assert plan_card(card_of(tmp_path, CLOVER + trial)).card.trial == TrialPart("entry", 5, None, "year")


def test_read_and_written_again(tmp_path: Path):
    text = (
        CLOVER
        + '[means."by years"]\nspecs = ["year"]\ncontrasts = {"late" = {25AL = 1, 24AL = -1}}\nrope = [-1, 2.5]\n'
        'letters = true\n[means.all]\nspecs = "1"\n[trial]\nentry = "entry"\ntop = 3\n'
    )
    card = card_of(tmp_path, text)
    assert card.means == {
        "by years": MeansPart(("year",), contrasts={"late": {"25AL": 1, "24AL": -1}}, rope=(-1, 2.5), letters=True),
        "all": MeansPart("1"),
    }
    assert card.trial == TrialPart("entry", 3)
    (tmp_path / "again.toml").write_text(to_toml(replace(card, text=None), folder=tmp_path))
    again = read_card(tmp_path / "again.toml")
    assert (again.means, again.trial) == (card.means, card.trial)
    assert plan_card(again).design.n_obs == 116


def test_means_of_the_posterior_and_of_reml_from_the_same_rows(kfert):
    part = MeansPart("K2O_lbac", ddf="kenward-roger", contrasts="pairwise", adjust="holm", rope=0.2, letters=True)
    asked = means_of_card("potash", part, kfert, prob=0.9)
    means, estimates = emmeans(kfert, "K2O_lbac", prob=0.9), reml(kfert.formula, kfert.data)
    beside = emmeans(estimates, "K2O_lbac", prob=0.9, ddf="kenward-roger")
    np.testing.assert_array_equal(asked.posterior.means.linear.rows, asked.beside.means.linear.rows)
    # In complete blocks both methods give the same numbers.
    assert asked.beside.means.linear.ddf == "kenward-roger"
    tables = asked.tables("potash")
    expected = {
        "means_potash": letters(means),
        "contrasts_potash": contrasts(means, "pairwise", rope=0.2),
        "estimated_means_potash": letters(beside, adjust="holm"),
        "estimated_contrasts_potash": contrasts(beside, "pairwise", adjust="holm"),
    }
    assert list(tables) == ["means_potash", "estimated_means_potash", "contrasts_potash", "estimated_contrasts_potash"]
    for name, table in expected.items():
        pd.testing.assert_frame_equal(tables[name], pd.DataFrame(table))
        assert is_result(f"{name}.csv")
    heads = [line for line in asked.text.split("\n") if line.endswith(":")]
    titles = ("Means potash", "Means potash", "Contrasts of potash", "Contrasts of potash")
    assert heads == [f"{title}, {by}:" for title, by in zip(titles, ("posterior", "REML") * 2, strict=True)]
    assert max(map(len, asked.text.split("\n"))) <= 80


def test_beside_the_posterior_stands_what_estimates_the_same_model(kfert, cbpp_fit):
    fixed = replace(kfert, design=plan_card(Card("c", DataPart("kfert"), ModelPart("yield ~ K2O_lbac + rep"))).design)
    estimated = estimates_of(fixed)
    assert isinstance(estimated, LmFit)
    assert emmeans(estimated, "K2O_lbac")["se"].round(3).tolist() == [0.121] * 5
    odds = means_of_card("odds", MeansPart("period", type="response", contrasts="consec"), cbpp_fit, prob=0.95)
    by_laplace = emmeans(laplace(cbpp_fit.formula, cbpp_fit.data, "binomial"), "period", type="response")
    np.testing.assert_allclose(odds.beside.means["prob"], by_laplace["prob"], rtol=1e-6)
    assert "Contrasts of odds, Laplace's approximation:" in odds.text
    assert "odds_ratio" in odds.posterior.contrasts


def test_a_trial_in_tables_and_words(clover, tmp_path: Path):
    card = card_of(tmp_path, CLOVER + '[means.years]\nspecs = "year"\n[trial]\nentry = "entry"\ntop = 4\n')
    answers = answers_of(card, clover)
    assert answers.failures == ()
    text = analysis_text(Analysis(plan_card(card), clover, {}, 1.0, answers=answers))
    for part in (
        "Trial of 35 levels of entry",
        "Heritability in the broad sense",
        "To promote, 4 of 35:",
        "The promoted 4",
    ):
        assert part in text
    (tmp_path / "out").mkdir()
    write_answers(answers, tmp_path / "out")
    files = {file.stem: pd.read_csv(file) for file in (tmp_path / "out").iterdir()}
    assert {*files} == {
        *("means_years", "estimated_means_years", "heritability", "entries", "selection", "connectivity"),
    }
    assert all(is_result(f"{name}.csv") for name in files)
    assert files["entries"].shape[0] == files["selection"].shape[0] == 35
    assert files["heritability"]["reml"].round(5).tolist()[:2] == [0.10376, 0.09892]


@pytest.mark.usefixtures("sampled")
def test_a_run_writes_them_and_draws_them(capsys):
    means = {
        "ends/days": MeansPart("Days", at={"Days": [0, 9]}, contrasts={"growth": [-1, 1]}),
        "Ends-days": MeansPart("Days"),
        "all": MeansPart("1"),
    }
    written = run_card(replace(CARD, means=means, questions=QuestionsPart(audit=False)), "out")
    named = {file for file in written.files if "means" in file or "contrasts" in file}
    assert named == {
        *(
            "means_ends-days.csv",
            "means_Ends-days-2.csv",
            "means_all.csv",
            "means_ends-days.png",
            "means_Ends-days-2.png",
        ),
        *(
            "estimated_means_ends-days.csv",
            "estimated_means_Ends-days-2.csv",
            "estimated_means_all.csv",
            "means_all.png",
        ),
        *("contrasts_ends-days.csv", "estimated_contrasts_ends-days.csv"),
    }
    growth = pd.read_csv(written.folder / "estimated_contrasts_ends-days.csv")
    np.testing.assert_allclose(growth["estimate"], 9 * 10.467286, rtol=1e-6)
    assert "\nMeans ends/days, posterior:\n" in capsys.readouterr().out
    assert not json.loads((written.folder / "session.json").read_text())["pictures_failed"]
    run_card(replace(CARD, means={}), "out", show=silent)
    assert not list(written.folder.glob("means_*"))


@pytest.mark.usefixtures("sampled")
def test_an_answer_that_is_refused_does_not_cost_the_fit(monkeypatch):
    def refused(*_, **__):
        raise CardError("no such thing.")

    monkeypatch.setattr("bayesmix.report.analysis.card_answers.means_of_card", refused)
    written = run_card(replace(CARD, means={"a": MeansPart("Days")}), "out", show=silent)
    assert written.failures == ("[means.a] was refused: no such thing.",)
    assert "[means.a] was refused" in (written.folder / "summary.txt").read_text()
    assert (written.folder / "fit.nc").exists()
