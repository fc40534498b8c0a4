"""From a card to a folder: tables that read back equal, the pictures that suit, the audit, and what reaches the fit."""

import json
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from bayesmix.data.catalogue import load_data
from bayesmix.errors import DataError, FamilyError
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.modelling.samplers.weights import Importance
from bayesmix.modelling.storage.storage import load
from bayesmix.report.analysis import card_audit
from bayesmix.report.analysis.analysis import run_card
from bayesmix.report.analysis.card import Card, DataPart, ModelPart, QuestionsPart, ReportPart, SamplerPart, read_card
from bayesmix.report.analysis.card_data import card_data
from bayesmix.report.analysis.card_plan import plan_card
from bayesmix.report.analysis.drawings import compare_figures
from bayesmix.report.analysis.picture_choice import telling_pictures
from bayesmix.report.analysis.tables import TABLES, write_comparison
from bayesmix.report.pages.summary import summary

from ..conftest import CARD, silent, variant


@pytest.mark.usefixtures("sampled")
def test_folder_holds_tables_pictures_fit_and_session(tmp_path: Path, capsys):
    written = run_card(replace(CARD, report=ReportPart()), command=["bayesmix", "run", "sleep.toml"])
    assert written.folder == Path("results/sleep")
    found = {file.name for file in written.folder.iterdir()}
    assert found == set(written.files)
    assert found == {f"{name}.csv" for name in TABLES} | {
        *(
            "lines.png",
            "ranef_Subject.png",
            "sd.png",
            "corr.png",
            "trace.png",
            "rank.png",
            "residuals.png",
            "qq.png",
            "ppc.png",
            "compare_intervals.png",
            "compare_groups.png",
        ),
        *("compare_reml.txt", "compare_fixed.csv", "compare_variance.csv", "compare_groups.csv"),
        *("audit.csv", "summary.txt", "card.toml", "fit.nc", "session.json"),
    }
    session = json.loads((written.folder / "session.json").read_text())
    assert session["seed"] == 3
    assert session["command"] == "bayesmix run sleep.toml"
    assert session["units"] == {"Reaction": "ms", "Days": "day"}
    assert session["data"]["rows_used"] == 180
    assert session["versions"]["numpy"] == np.__version__
    assert (written.folder / "summary.txt").read_text() == capsys.readouterr().out
    assert str(summary(load(written.folder / "fit.nc"))) in (written.folder / "summary.txt").read_text()
    assert not plt.get_fignums()
    assert [path.name for path in tmp_path.iterdir()] == ["results"]
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["sleep"]


@pytest.mark.usefixtures("sampled")
def test_tables_read_back_equal(made_up):
    folder = run_card(CARD, show=silent).folder
    fit = made_up(CARD.model.formula, card_data(CARD), seed=3)
    for name, table in TABLES.items():
        expected = table(fit, 0.95)
        # Python's own reading of a number is exact, which pandas' need not be.
        found = pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        assert list(found.columns) == list(expected.columns), name
        assert len(found) == len(expected), name
        for column in expected:
            if pd.api.types.is_numeric_dtype(expected[column]):
                values = [float(text or "nan") for text in found[column]]
                np.testing.assert_array_equal(values, expected[column].to_numpy(float), err_msg=f"{name} {column}")
            else:
                texts = expected[column].astype(object).where(expected[column].notna(), "").tolist()
                assert found[column].tolist() == texts, (name, column)


@pytest.mark.usefixtures("sampled", "few_tables")
def test_probability_reaches_the_tables():
    wide = pd.read_csv(run_card(CARD, "wide", show=silent).folder / "fixef.csv")
    card = Card("narrow", CARD.data, CARD.model, report=ReportPart(probability=0.5, pictures=()))
    narrow = pd.read_csv(run_card(card, "narrow", show=silent).folder / "fixef.csv")
    assert ((narrow["upper"] - narrow["lower"]) < 0.5 * (wide["upper"] - wide["lower"])).all()


@pytest.mark.usefixtures("sampled", "few_tables")
def test_pictures_in_the_formats_of_the_card_replace_those_of_the_run_before():
    def pictures(formats: tuple[str, ...] | None) -> set[str]:
        written = run_card(variant(report=ReportPart(pictures=("sd", "ranef"), formats=formats)), "out", show=silent)
        kinds = {ending: file.read_bytes()[:5] for file in written.folder.glob("sd.*") for ending in [file.suffix]}
        begins = {".png": b"\x89PNG\r", ".pdf": b"%PDF-", ".svg": b"<?xml"}
        assert kinds == {ending: begins[ending] for ending in kinds}
        return {file.name for file in written.folder.iterdir() if file.stem in ("sd", "ranef_Subject")}

    both = ("pdf", "svg", "pdf")
    assert pictures(both) == {"sd.pdf", "sd.svg", "ranef_Subject.pdf", "ranef_Subject.svg"}
    assert pictures(None) == {"sd.png", "ranef_Subject.png"}
    assert pictures(("svg",)) == {"sd.svg", "ranef_Subject.svg"}


@pytest.mark.usefixtures("few_tables")
def test_sampler_and_priors_reach_fit_and_seed_replaces(sampled):
    card = Card(
        "c",
        CARD.data,
        CARD.model,
        priors={"sd_Subject__Days": "HalfNormal(20)", "sigma": "HalfNormal(50)"},
        sampler=SamplerPart("pymc", 20, 30, 2, 1, 3, 0.95, "joint"),
        report=ReportPart(
            layers={
                "random intercepts": "Reaction ~ Days + (1 | Subject)",
                "random slopes": "Reaction  ~ Days + (Days | Subject)",
            }
        ),
    )
    run_card(card, seed=8, progress=False, show=silent)
    main, layer, *rest = sampled
    settings = {
        **{"sampler": "pymc", "draws": 20, "tune": 30, "chains": 2, "cores": 1, "seed": 8},
        **{"target_accept": 0.95, "method": "joint", "weights": None, "na": "drop", "progress": False, "contrasts": {}},
    }
    assert main == {"formula": CARD.model.formula, "priors": card.priors, **settings}
    # A layer keeps those priors of the card for which it has a parameter; the card's own model is not fitted twice.
    assert layer == {"formula": "Reaction ~ Days + (1 | Subject)", "priors": {"sigma": "HalfNormal(50)"}, **settings}
    assert rest == []


@pytest.mark.usefixtures("sampled", "few_tables")
def test_the_audit_is_told_and_kept(capsys):
    notes: list[str] = []
    folder = run_card(CARD, "out", note=notes.append).folder
    assert notes == [f"Fitting {CARD.model.formula}", "Auditing by NUTS", "Writing tables and pictures"]
    told = "Audit: NUTS from dispersed starts agrees with the fit.\n"
    assert capsys.readouterr().out.endswith(told)
    assert (folder / "summary.txt").read_text().endswith(told)
    table = pd.read_csv(folder / "audit.csv")
    assert table.columns.tolist() == ["parameter", "statistic", "fit", "nuts", "difference", "mcse", "z"]
    session = json.loads((folder / "session.json").read_text())
    assert session["audit"]["told"] == told.removeprefix("Audit: ").strip()


@pytest.mark.usefixtures("sampled", "few_tables")
def test_a_card_may_leave_the_audit_out(monkeypatch):
    def asked(*_, **__):
        raise AssertionError

    monkeypatch.setattr(card_audit, "audit", asked)
    notes: list[str] = []
    written = run_card(replace(CARD, questions=QuestionsPart(audit=False)), "out", show=silent, note=notes.append)
    assert "Auditing by NUTS" not in notes
    assert "audit.csv" not in written.files
    assert "Audit" not in (written.folder / "summary.txt").read_text()
    assert json.loads((written.folder / "session.json").read_text())["audit"] is None
    card = read_card(written.folder / "card.toml")
    assert card.questions == QuestionsPart(audit=False)


def test_pictures_are_those_that_suit():
    def pictures(source: str, formula: str, family: str = "gaussian", **settings) -> set[str]:
        card = variant(data=DataPart(source=source), model=ModelPart(formula, family), sampler=SamplerPart(**settings))
        return set(plan_card(card).pictures)

    always = {"trace", "residuals", "ppc"}
    assert pictures("sleepstudy", "Reaction ~ Days") == always | {"rank", "sd", "qq"}
    assert pictures("Dyestuff", "Yield ~ 1 + (1 | Batch)") == always | {"rank", "sd", "qq", "ranef", "compare_reml"}
    assert pictures("sleepstudy", "Reaction ~ Days + (1 | Subject)", chains=1) == always | {
        "compare_reml",
        "sd",
        "qq",
        "ranef",
        "lines",
    }
    cbpp = pictures("cbpp", "cbind(incidence, size - incidence) ~ period + (1 | herd)", "binomial")
    assert cbpp == always | {"rank", "sd", "qq", "ranef", "lines", "compare_reml"}
    assert "compare_reml" not in pictures("cbpp", "size ~ period + (1 | herd)", "negative_binomial")
    # Of a censored response there are neither replicates to compare nor a REML fit.
    censored = pictures("sleepstudy", "Reaction | cens(Reaction > 400) ~ Days + (1 | Subject)")
    assert censored == {"trace", "residuals", "rank", "sd", "qq", "ranef", "lines"}
    with pytest.raises(FamilyError, match="families that can"):
        pictures("sleepstudy", "Reaction | cens(Reaction > 400) ~ Days + (1 | Subject)", "gamma")


def test_where_there_is_nothing_to_compare_with_the_page_says_why(tmp_path: Path, made_up):
    """Levels that are fixed effects, too: REML has no estimate of their variance, the posterior does."""
    sleepstudy = load_data("sleepstudy")
    design = build_design(parse("Reaction ~ Days + Subject + (1 | Subject)"), sleepstudy)
    fit = replace(made_up("Reaction ~ Days + (1 | Subject)", sleepstudy), design=design)
    write_comparison(fit, tmp_path, prob=0.95)
    assert [file.name for file in tmp_path.iterdir()] == ["compare_reml.txt"]
    assert "REML has no estimate of their sd" in (tmp_path / "compare_reml.txt").read_text()
    assert list(compare_figures(fit)) == []


def test_factors_in_the_order_of_the_card(tmp_path: Path):
    pd.DataFrame({"y": [1.0, 2.0, 3.0], "f": ["a", "b", "a"], "k": [2, 1, None]}).to_csv(
        tmp_path / "d.csv", index=False
    )

    def data(**factors: tuple[str, ...]) -> pd.DataFrame:
        return card_data(variant(data=DataPart(path=tmp_path / "d.csv", factors=factors)))

    ordered = data(f=("b", "a"), k=("2", "1"))
    assert ordered["f"].cat.categories.tolist() == ["b", "a"]
    assert ordered["f"].tolist() == ["a", "b", "a"]
    assert ordered["k"].cat.categories.tolist() == ["2", "1"]
    assert ordered["k"].isna().tolist() == [False, False, True]
    with pytest.raises(DataError, match=r"'f' has 1 level that the card does not list \('b'; 1 of 3 rows\)"):
        data(f=("a", "c"))
    with pytest.raises(DataError, match="do not occur: 'c'"):
        data(f=("a", "b", "c"))
    with pytest.raises(DataError, match="level 'a' of 'f' 2 times"):
        data(f=("a", "b", "a"))
    with pytest.raises(DataError, match="'g' is no column"):
        data(g=("a", "b"))


@pytest.mark.usefixtures("sampled", "few_tables")
def test_load_data_is_untouched_by_a_card():
    before = load_data("sleepstudy").attrs
    run_card(variant(data=DataPart(source="sleepstudy", units={"Days": "night"}), report=CARD.report), show=silent)
    assert load_data("sleepstudy").attrs == before == {"units": {"Reaction": "ms", "Days": "day"}}


def test_pictures_of_chains_are_left_out_where_chains_are_parts_of_one_sample(made_up):
    names = ("lines", "trace", "rank", "residuals")
    by_nuts = made_up("Reaction ~ Days + (Days | Subject)", load_data("sleepstudy"))
    assert telling_pictures(names, by_nuts) == names
    weights = Importance(n_values=100, effective_size=90.0, pareto_k=0.1, log_marginal=-1.0, log_marginal_error=0.1)
    weighted = replace(by_nuts, diagnostics=replace(by_nuts.diagnostics, importance=weights))
    assert telling_pictures(names, weighted) == ("lines", "residuals")


@pytest.mark.usefixtures("sampled", "few_tables")
def test_a_card_says_whether_effects_are_kept(sampled):
    run_card(variant(sampler=SamplerPart(keep_effects=True), report=CARD.report), show=silent)
    assert [call["keep_effects"] for call in sampled] == [True]
