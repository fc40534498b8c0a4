"""Groups, factors and trials are listed with their counts, which `value_counts` knows; twins of levels are noted."""

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import counted
from bayesmix.formula.factors import written_twice
from bayesmix.report.pages.numbers import ordinal

QUIET = {"draws": 50, "seed": 1, "progress": False}


def head(fit):
    return str(fit).split("\n\n")[0].splitlines()


def test_groups_and_factors_have_their_rows():
    data = bm.load_data("cbpp")
    lines = head(bm.laplace("p(incidence, size) ~ period + (1 | herd)", data, "binomial"))
    rows = data["herd"].value_counts()
    assert f"Data:    56 observations; groups: herd 15 ({rows.min()} to {rows.max()} rows)" in lines
    counts = data["period"].value_counts()
    assert f"         period: 1 ({counts['1']} rows), 2 ({counts['2']}), 3 ({counts['3']}), 4 ({counts['4']})" in lines
    share = data["incidence"].sum() / data["size"].sum()
    assert (
        f"         p(incidence, size): {data['incidence'].sum()} of {data['size'].sum()} ({100 * share:.3g} %)" in lines
    )


@pytest.mark.parametrize("fitted", [bm.lm, bm.reml, lambda *args: bm.fit(*args, **QUIET)])
def test_every_kind_of_fit_lists_factors_and_units(fitted):
    data = bm.load_data("cochran_bib")
    data.attrs["units"] = {"yield": "bu/ac", "nothing": "kg"}
    formula = "yield ~ gen" + " + (1 | loc)" * (fitted is not bm.lm)
    lines = head(fitted(formula, data))
    assert "         gen: 13 levels (4 rows each)" in lines
    assert "         units: yield bu/ac" in lines
    if fitted is not bm.lm:
        assert "Data:    52 observations; groups: loc 13 (4 rows each)" in lines


def test_a_stored_fit_has_its_units(tmp_path):
    data = bm.load_data("kfert")
    data.attrs["units"] = {"yield": "kg", "elsewhere": "m"}
    fit = bm.fit("yield ~ 1", data, **QUIET)
    bm.save(fit, tmp_path / "fit.nc")
    again = bm.load(tmp_path / "fit.nc")
    assert "         units: yield kg" in head(again)
    assert str(again) == str(fit)
    assert type(again.priors) is type(fit.priors)


@pytest.mark.parametrize("units", ["ms", None, 3, {"yield": 7}])
def test_units_may_be_anything(units):
    data = bm.load_data("kfert")
    data.attrs["units"] = units
    assert ("         units: yield 7" in head(bm.lm("yield ~ K2O_lbac", data))) == isinstance(units, dict)


def test_numbers_made_factors_are_counted_by_their_expression():
    data = pd.DataFrame({"y": np.arange(6.0) ** 2, "dose": [1, 1, 2, 2, 2, 4]})
    for formula in ("y ~ factor(dose > 1)", "y ~ I(dose > 1)"):
        assert f"         {formula.removeprefix('y ~ ')}: False (2 rows), True (4)" in head(bm.lm(formula, data))
    assert "         factor(dose): 1 (2 rows), 2 (3), 4 (1)" in head(bm.lm("y ~ factor(dose)", data))


def test_large_totals_have_commas():
    data = pd.DataFrame({"k": [900, 700, 3], "n": [1000, 1200, 800], "x": [1.0, 2.0, 4.0]})
    assert "         p(k, n): 1,603 of 3,000 (53.4 %)" in head(bm.fit("p(k, n) ~ x", data, "binomial", **QUIET))


def test_levels_that_are_written_in_two_ways_are_noted():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"y": rng.normal(size=40), "variety": ["Brigadier", "Cadenza", "Brigadier ", "cadenza"] * 10})
    note = (
        "Levels of 'variety' differ only by case or spaces: 'Brigadier' and 'Brigadier ', 'Cadenza' and 'cadenza'. "
        "They are treated as different levels; recode them if they are the same."
    )
    fits = [
        bm.fit("y ~ variety", data, seed=1, progress=False),
        bm.fit("y ~ 1 + (1 | variety)", data, **QUIET),
        bm.lm("y ~ variety", data),
        bm.reml("y ~ 1 + (1 | variety)", data),
    ]
    for fit in fits:
        assert f"Note: {note}" in str(fit).splitlines()
    frame = bm.diagnose(fits[0], sensitivity=False)
    assert frame[["check", "severity", "advice"]].to_numpy().tolist() == [["levels", "note", note]]
    # Followed: written alike there is nothing to note.
    alike = data.assign(variety=data["variety"].str.strip().str.capitalize())
    assert bm.diagnose(bm.fit("y ~ variety", alike, seed=1, progress=False), sensitivity=False).empty


@pytest.mark.parametrize(
    ("levels", "twins"),
    [
        (["a", "b"], ()),
        (["a", "A", "b"], (("a", "A"),)),
        (["low pH", "low  pH ", "lowPH"], (("low pH", "low  pH ", "lowPH"),)),
        (["straße", "STRASSE"], (("straße", "STRASSE"),)),
        (["1", "1.0"], ()),
    ],
)
def test_twins(levels, twins):
    assert written_twice(levels) == twins


def test_ordinals_and_counts():
    said = [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111)]
    assert said == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "101st", "111th"]
    assert [counted(n, "level") for n in (0, 1, 1553)] == ["0 levels", "1 level", "1,553 levels"]


def test_priors_diagnostics_and_design_print_as_text():
    fit = bm.fit("Reaction ~ Days + (Days | Subject)", bm.load_data("sleepstudy"), draws=200, seed=1, progress=False)
    assert repr(fit.priors).splitlines()[1] == "Days                   Normal(0, 48.89)"
    assert fit.priors["Days"] == dict(fit.priors)["Days"]
    assert repr(fit.priors["Days"]) == "Normal(0, 48.89)"
    found = repr(fit.diagnostics)
    worst = fit.diagnostics.parameters.query("kind == 'group effect'")[["ess_bulk", "ess_tail"]].min(axis=1)
    assert f"least for {worst.idxmin()}" in found
    assert f"Pareto k {fit.diagnostics.importance.pareto_k:.2f} (limit" in found
    design = repr(fit.design)
    assert ".random[0].columns  (180, 2)  Intercept, Days; by 18 levels of Subject" in design
    for text in (found, design, repr(fit.priors)):
        assert len(text.splitlines()) < 20
        assert max(map(len, text.splitlines())) < 120
    assert "<table" in fit.design._repr_html_()
    assert "<table" in fit.diagnostics._repr_html_()


@pytest.mark.parametrize("fitted", [bm.laplace, lambda *args: bm.fit(*args, **QUIET)])
def test_rows_without_trials_are_counted(fitted):
    data = bm.load_data("cbpp")
    data.loc[[2, 7], ["incidence", "size"]] = 0
    kept = data.drop([2, 7])
    successes, trials = kept["incidence"].sum(), kept["size"].sum()
    share = f"{successes} of {trials} ({100 * successes / trials:.3g} %)"
    lines = head(fitted("p(incidence, size) ~ period + (1 | herd)", data, "binomial"))
    assert f"         p(incidence, size): {share}; 2 rows without trials" in lines
