"""What tables, pages and pictures say of coefficients that were left out since the data do not determine them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm

STORED = json.loads((Path(__file__).parents[2] / "references" / "rank_deficient.json").read_text(encoding="utf-8"))
FORMULA = "y ~ entry * year + (1 | plot)"
GONE = ["entry[E4]:year[Y2]", "entry[E5]:year[Y2]"]


@pytest.fixture(scope="module")
def trial():
    """Five entries in two years with two replicates; the last two were sown in the first year alone."""
    rng = np.random.default_rng(2)
    rows = [
        (f"E{entry}", year, rep)
        for entry in range(1, 6)
        for year in ("Y1", "Y2")
        for rep in "ab"
        if not (entry > 3 and year == "Y2")
    ]
    data = pd.DataFrame(rows, columns=["entry", "year", "rep"])
    data["plot"] = data["year"] + data["rep"]
    data["site"] = data["year"].map({"Y1": "north", "Y2": "south"})
    effect = rng.normal(size=4)[data["plot"].astype("category").cat.codes]
    return data.assign(y=50 + effect + rng.normal(size=len(data)), count=rng.poisson(6, size=len(data)))


@pytest.fixture(scope="module")
def fit(trial):
    return bm.reml(FORMULA, trial)


@pytest.fixture(scope="module")
def linear(trial):
    return bm.lm("y ~ entry * year", trial)


@pytest.fixture(scope="module", params=["reml", "lm", "laplace"])
def any_fit(request, trial, fit, linear):
    if request.param == "laplace":
        return bm.laplace("count ~ entry * year + (1 | plot)", trial, "poisson")
    return fit if request.param == "reml" else linear


def test_coefficients_have_rows_of_nan(any_fit):
    table = bm.fixef(any_fit)
    assert list(table.index[table.isna().all(axis=1)]) == GONE
    assert table.drop(index=GONE).notna().all(axis=None)
    assert table.attrs["not_estimable"] == dict.fromkeys(GONE, "never observed")
    covariance = bm.vcov(any_fit)
    assert list(covariance.index) == list(covariance.columns) == list(table.index)
    assert covariance.loc[GONE].isna().all(axis=None)
    assert covariance.drop(index=GONE, columns=GONE).notna().all(axis=None)
    tidied = bm.tidy(any_fit).set_index("term")
    assert tidied.loc[GONE, "estimate"].isna().all()
    assert tidied.attrs["not_estimable"].keys() == set(GONE)


def test_the_page_says_which_and_why(any_fit):
    text = str(any_fit)
    assert "Not estimable, left out: entry[E4]:year[Y2], entry[E5]:year[Y2] (never observed)." in text
    rows = [line.split() for line in text.splitlines() if line.strip().startswith("entry[E4]:year[Y2]")]
    assert rows
    assert all(set(cells[1:]) == {"NA"} for cells in rows)


def test_of_full_rank_nothing_is_said(trial):
    whole = bm.reml("y ~ entry + year + (1 | plot)", trial)
    assert "NA" not in str(whole)
    assert "Not estimable" not in str(whole)
    assert "not_estimable" not in bm.fixef(whole).attrs
    assert "note" not in bm.anova(whole)


def test_it_is_the_fit_of_the_cells_that_were_seen(trial, fit, linear):
    """One factor of the cells that occur spans the same columns."""
    trial = trial.assign(cell=trial["entry"] + trial["year"])
    cells = bm.reml("y ~ 0 + cell + (1 | plot)", trial)
    np.testing.assert_allclose(bm.fitted(fit)["estimate"], bm.fitted(cells)["estimate"], rtol=1e-8)
    np.testing.assert_allclose(bm.augment(fit)[".fixed"], bm.augment(cells)[".fixed"], rtol=1e-8)
    means = bm.fixef(cells)["estimate"]
    seen = bm.fixef(fit)["estimate"]
    assert means["cell[E4Y1]"] == pytest.approx(seen["Intercept"] + seen["entry[E4]"], rel=1e-8)
    assert bm.glance(linear)["df_model"].item() == 7
    assert bm.glance(linear)["df_residual"].item() == 8
    assert bm.glance(fit)["n_parameters"].item() == 8 + 2


def test_likelihood_ratios_have_the_parameters_that_were_estimated(trial, fit):
    smaller = bm.reml("y ~ entry + year + (1 | plot)", trial, reml=False)
    table = bm.lrt(smaller, bm.reml(FORMULA, trial, reml=False))
    assert table["df"].dropna().tolist() == [2]
    assert bm.rand(fit).loc["(1 | plot)", "df"] == 1


def test_a_term_without_a_degree_of_freedom_says_why(trial):
    for found, df in (
        (bm.lm("y ~ entry + year + site", trial), "df"),
        (bm.reml("y ~ year + site + (1 | plot)", trial), "num_df"),
    ):
        table = bm.anova(found)
        assert table.loc["site", df] == 0
        assert np.isnan(table.loc["site", "f"])
        assert table.loc["site", "note"] == "not estimable: site and year group the rows in the same way"
        assert (table["note"].drop("site") == "").all() or df == "num_df"
    both = bm.anova(bm.lm("y ~ entry + year + site", trial), type=2)
    assert both.loc["year", "df"] == 0
    assert both.loc["year", "note"] == "not estimable: what it explains other terms explain as well"


@pytest.mark.parametrize("kind", [0, 4, "IV", True, 2.5, [3], "3"])
def test_an_unknown_type_is_refused(fit, kind):
    with pytest.raises(
        bm.errors.ArgumentError, match=r"^type=.* is not known\. Known: 1, 2, 3, or \"I\", \"II\", \"III\"\.$"
    ):
        bm.anova(fit, type=kind)


def test_levels_whose_mean_is_not_estimable_have_none(trial):
    """Of a plot in the treatment that lacks a cell the mean over both cells is not known."""
    rows = pd.concat([trial.assign(treated=name) for name in ("no", "yes")], ignore_index=True)
    rows["tank"] = rows["treated"] + (np.arange(len(rows)) % 3).astype(str)
    rows = rows[~((rows["treated"] == "yes") & (rows["year"] == "Y2"))].reset_index(drop=True)
    rows["y"] += np.random.default_rng(1).normal(size=len(rows))
    found = bm.shrinkage(bm.reml("y ~ treated * year + (1 | tank)", rows), "tank")
    treated = found.index.str.startswith("yes")
    assert found.loc[treated, ["blue", "blup", "overall"]].isna().all(axis=None)
    assert found.loc[~treated, ["blue", "blup", "overall"]].notna().all(axis=None)


def test_pictures_leave_out_what_is_not_estimable(trial):
    found = bm.reml("y ~ entry * year + (1 | rep)", trial)
    figure = bm.plot_lines(found, x="year", group="rep")
    drawn = [line.get_ydata() for line in figure.axes[0].lines if line.get_label() not in ("no pooling",)]
    assert all(np.isnan(y).tolist() == [False, True] for y in drawn)
    texts = " ".join(text.get_text() for text in figure.texts)
    assert "never observed are not estimable and not drawn" in " ".join(texts.split())


@pytest.mark.parametrize("case", STORED["counts"], ids=lambda case: f"{case['family']}: {case['formula']}")
def test_laplace_against_glm_and_glmer(case):
    rows = pd.DataFrame({column: np.array(values) for column, values in STORED["data"][case["data"]].items()})
    family = "bernoulli" if case["family"] == "binomial" else case["family"]
    found = bm.laplace(case["formula"], rows, family)
    assert found.converged
    table = bm.fixef(found)
    assert [place + 1 for place in np.flatnonzero(table["estimate"].isna())] == case["dropped"]
    known = table.dropna()
    np.testing.assert_allclose(known["estimate"], case["coefficients"], rtol=2e-4, atol=2e-5)
    np.testing.assert_allclose(known["se"], case["se"], rtol=2e-4)
    assert found.criterion == pytest.approx(case["deviance"], abs=1e-5)


def test_separation_is_that_of_the_cells_that_were_seen(trial):
    rows = trial.assign(yes=(trial["entry"] != "E2").astype(int), z=np.arange(len(trial)) % 3)
    rows = rows.assign(cell=rows["entry"] + rows["year"])
    rows.loc[0, "yes"] = 0
    whole = bm.separation("yes ~ entry * year + z + I(2 * z)", rows, "bernoulli")
    cells = bm.separation("yes ~ 0 + cell + z", rows, "bernoulli")
    assert whole.triage.n_rows == cells.triage.n_rows > 0
    assert whole.triage.complete == cells.triage.complete
    assert {*GONE, "I(2 * z)"}.isdisjoint(whole.coefficients.index)
    assert len(whole.coefficients)
