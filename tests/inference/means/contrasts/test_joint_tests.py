"""Joint tests of marginal means against emmeans, and against type 3 of `anova` where that is the same."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import bayesmix as bm

REFERENCES = json.loads((Path(__file__).parents[3] / "references" / "contrasts.json").read_text())
MODELS = REFERENCES["models"]
CASES = [
    (number, asked, answer.get("ddf"), answer["table"])
    for number, model in enumerate(MODELS)
    for asked in model["asked"]
    if asked["what"] == "joint_tests"
    for answer in asked["answers"]
]
FAST = {"warpbreaks", "irrigation_hole"}


def numbers(table, name):
    """A column of R's table; a missing degree of freedom is infinite in tables of z, else nan."""
    missing = np.inf if name == "df" and "z.ratio" in table else np.nan
    return np.array([missing if value in (None, "NA") else value for value in texts(table, name)], dtype=float)


def texts(table, name):
    return table[name] if isinstance(table[name], list) else [table[name]]


def case(number, asked, ddf, table):
    model = MODELS[number]
    marks = () if model["data"] in FAST else pytest.mark.slow
    name = f"{model['kind']} {model['data']} {asked.get('by', '')} {ddf or ''}"
    return pytest.param(number, asked, ddf, table, id=name, marks=marks)


@pytest.mark.parametrize(("number", "asked", "ddf", "table"), [case(*one) for one in CASES])
def test_joint_tests_are_those_of_emmeans(fitted, number, asked, ddf, table):
    settings = {} if ddf is None else {"ddf": ddf}
    ours = bm.joint_tests(fitted(number), by=asked.get("by"), **settings)
    terms = texts(table, "model term")
    assert ours.index.get_level_values("term").tolist() == terms
    assert ours["num_df"].tolist() == numbers(table, "df1").tolist()
    # emmeans rounds F to three decimals, and what is confounded comes from rounded ones; it scales no F of Kenward and
    # Roger's, and takes the least degrees of freedom.
    for term, f, theirs in zip(terms, ours["f"], numbers(table, "F.ratio"), strict=True):
        if term != "(confounded)":
            assert f == pytest.approx(theirs, abs=6e-4, rel=2e-3)
        elif ddf == "satterthwaite":
            assert f == pytest.approx(theirs, abs=3e-3)
    if MODELS[number]["kind"] == "lm" or ours["num_df"].max() == 1:
        assert ours["p"].to_numpy() == pytest.approx(numbers(table, "p.value"), rel=2e-2)
    notes = texts(table, "note") if "note" in table else [""] * len(terms)
    said = ours["note"].tolist() if "note" in ours else [""] * len(terms)
    assert [bool(note.strip()) for note in notes] == [bool(note) for note in said]


def test_in_complete_designs_they_are_type_three():
    fit = bm.reml("yield ~ irrigation * variety + (1 | field)", bm.load_data("irrigation"))
    ours, anova = bm.joint_tests(fit, ddf="kenward-roger"), bm.anova(fit, ddf="kenward-roger")
    for name in ("num_df", "den_df", "f", "p"):
        assert ours[name].to_numpy() == pytest.approx(anova[name].to_numpy(), rel=1e-8)


def test_hypotheses_by_brute_force(rows_of):
    """F of two sets of means from their covariance: of tension at each wool of warpbreaks."""
    data = rows_of("warpbreaks")
    fit = bm.lm("breaks ~ wool * tension", data)
    ours = bm.joint_tests(fit, by="wool")
    cells = data.groupby(["wool", "tension"], observed=True)["breaks"].agg(["mean", "size"])
    for wool in ("A", "B"):
        mean, size = (cells.loc[wool][name].to_numpy() for name in ("mean", "size"))
        within = np.sum(size * (mean - np.average(mean, weights=size)) ** 2) / 2
        assert ours.loc[("tension", wool), "f"] == pytest.approx(within / fit.sigma**2)


def test_what_is_confounded_is_the_rest_of_the_differences(rows_of):
    """F of all cells with rows, by its parts: sums of squares of terms and the confounded rest add up."""
    data = rows_of("irrigation_hole")
    fit = bm.lm("yield ~ irrigation * variety", data)
    ours = bm.joint_tests(fit)
    whole = bm.lm("yield ~ factor(cell)", data.assign(cell=data.irrigation + data.variety))
    df = ours["num_df"].sum()
    assert df == 6
    tested = (ours["f"] * ours["num_df"]).sum()
    f = bm.anova(whole).loc["factor(cell)", "f"]
    # Not orthogonal: the parts that are tested are correlated, the rest is not correlated with them.
    rest = ours.loc["(confounded)"]
    assert rest["num_df"] == 6 - ours["num_df"].iloc[:-1].sum()
    assert rest["f"] * rest["num_df"] < f * 6
    assert tested > 0


def test_of_a_posterior_tests_are_those_of_mean_and_covariance(kfert_fit):
    """Wald's statistic, and the share of draws farther out than 0, from the draws of the differences themselves."""
    ours = bm.joint_tests(kfert_fit)
    assert list(ours.columns) == ["num_df", "den_df", "f", "p", "p_beyond"]
    assert list(ours.index) == ["K2O_lbac"]
    row = ours.loc["K2O_lbac"]
    posterior = kfert_fit.posterior["posterior"]
    (name,) = [name for name in posterior.data_vars if name == "K2O_lbac"]
    differences = posterior[name].stack(sample=("chain", "draw")).transpose(..., "sample").to_numpy()
    mean, covariance = differences.mean(axis=1), np.cov(differences)
    wald = mean @ np.linalg.solve(covariance, mean)
    assert row["num_df"] == len(mean) == 4
    assert row["den_df"] == np.inf
    assert row["f"] == pytest.approx(wald / 4, rel=1e-9)
    assert row["p"] == pytest.approx(stats.chi2.sf(wald, 4), rel=1e-9)
    away = differences - mean[:, None]
    distances = np.sum(away * np.linalg.solve(covariance, away), axis=0)
    assert row["p_beyond"] == pytest.approx(np.mean(distances >= wald))
    assert 0.01 < row["p_beyond"] < 0.3


def test_of_a_posterior_simple_effects_are_those_within_each_level():
    data = bm.load_data("irrigation")
    formula = "yield ~ irrigation * variety + (1 | field)"
    posterior = bm.fit(formula, data, seed=1, progress=False, draws=4000)
    estimates = bm.joint_tests(bm.reml(formula, data), by="variety")
    ours = bm.joint_tests(posterior, by="variety")
    assert list(ours.index) == list(estimates.index)
    np.testing.assert_array_equal(ours["num_df"], estimates["num_df"])
    # Wide priors: the statistics are near those of REML, whose denominators are finite.
    np.testing.assert_allclose(ours["f"], estimates["f"], rtol=0.35, atol=0.05)
    assert np.all((ours["p_beyond"] > 0) & (ours["p_beyond"] <= 1))
