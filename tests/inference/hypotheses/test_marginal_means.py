"""Marginal means in hypotheses: those of R's emmeans, of bm.contrasts to the last digits, and of plain loops."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmix as bm
from bayesmix.errors import FormulaError, UnknownTermError

from ...conftest import REFERENCES


@pytest.fixture(scope="module")
def irrigation():
    return bm.load_data("irrigation")


@pytest.fixture(scope="module")
def of_r():
    """The data of tests/references/means.json."""
    return json.loads((REFERENCES / "means.json").read_text(encoding="utf-8"))["data"]


@pytest.fixture(scope="module")
def hole(irrigation):
    without = ~((irrigation["irrigation"] == "i4") & (irrigation["variety"] == "v2"))
    return bm.reml("yield ~ irrigation * variety + (1 | field)", irrigation[without])


def test_a_difference_of_means_is_that_of_emmeans():
    """R: contrast(emmeans(m, ~ K2O_lbac), list(c(1, 0, 0, 0, -1))) and emmeans(m, ~ K2O_lbac), by Kenward and Roger."""
    fit = bm.reml("yield ~ K2O_lbac + (1 | rep)", bm.load_data("kfert"))
    texts = ["emmean[K2O_lbac=36] - emmean[K2O_lbac=144] = 0", "mean(K2O_lbac = '36') > 7.5", "emmean[1] > 0"]
    table = bm.hypothesis(fit, texts, ddf="kenward-roger")
    expected = [0.4, 0.17065559886, 8, 2.3439020066, 0.047127746697, 0.0064674833225, 0.79353251668]
    np.testing.assert_allclose(table.iloc[0][:7].astype(float), expected, rtol=1e-6)
    np.testing.assert_allclose(
        table.iloc[1][["estimate", "se", "df"]].astype(float), [7.91666667, 0.16206309, 5.573676]
    )
    assert table["estimate"].iloc[2] == pytest.approx(bm.load_data("kfert")["yield"].mean())


TEXTS = {  # text: specs, weights of the means
    "emmean[irrigation=i1] - emmean[irrigation=i3] < 0": ("irrigation", [1, 0, -1, 0]),
    "emmean[irrigation=i2, variety=v2] > emmean[variety=v1, irrigation=i4]": (
        ["irrigation", "variety"],
        [0, 0, 0, -1, 0, 1, 0, 0],
    ),
}


@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward-roger"])
@pytest.mark.parametrize("text", TEXTS)
def test_tests_are_those_of_contrasts(irrigation, text, ddf):
    fit = bm.reml("yield ~ irrigation * variety + (1 | field)", irrigation)
    specs, weights = TEXTS[text]
    contrast = bm.contrasts(bm.emmeans(fit, specs, ddf=ddf), {"own": weights}).iloc[0]
    row = bm.hypothesis(fit, text, ddf=ddf).iloc[0]
    names = ["estimate", "se", "df", "lower", "upper", "t"]
    np.testing.assert_allclose(row[names].astype(float), contrast[names].astype(float), rtol=1e-12)
    tail = stats.t(row["df"]).cdf(row["t"]) if row["null"].startswith(">=") else stats.t(row["df"]).sf(row["t"])
    assert row["p"] == pytest.approx(tail)


def test_of_counts_it_is_a_z_test_on_the_link_scale():
    fit = bm.laplace("cbind(incidence, size - incidence) ~ period + (1 | herd)", bm.load_data("cbpp"), "binomial")
    contrast = bm.contrasts(bm.emmeans(fit, "period"), {"own": [1, -1, 0, 0]}).iloc[0]
    row = bm.hypothesis(fit, "emmean[period=1] = emmean[period=2]").iloc[0]
    np.testing.assert_allclose(
        row[["estimate", "se", "z", "p"]].astype(float),
        contrast[["estimate", "se", "z", "p"]].astype(float),
        rtol=1e-12,
    )
    assert row["note"] == "Means are on the logit scale."
    odds = np.exp(bm.emmeans(fit, "period")["emmean"].iloc[0])
    curved = bm.hypothesis(fit, "1 / (1 + exp(-emmean[period=1])) > 0.1").iloc[0]
    assert curved["estimate"] == pytest.approx(odds / (1 + odds))
    assert curved["se"] == pytest.approx(bm.emmeans(fit, "period", type="response")["se"].iloc[0])


def test_covariates_stand_at_values():
    fit = bm.lm("Reaction ~ poly(Days, 2)", bm.load_data("sleepstudy"))
    row = bm.hypothesis(fit, "emmean[Days=9] - emmean[Days=0.5] > 80").iloc[0]
    contrast = bm.contrasts(bm.emmeans(fit, "Days", at={"Days": [0.5, 9]}), "revpairwise").iloc[0]
    np.testing.assert_allclose(
        row[["estimate", "se", "df"]].astype(float), contrast[["estimate", "se", "df"]].astype(float)
    )


def test_empty_cells_are_named(hole):
    with pytest.raises(UnknownTermError, match=r"emmean\[irrigation=i4\] is not estimable \(no rows at .* i4:v2\)"):
        bm.hypothesis(hole, "emmean[irrigation=i1] - emmean[irrigation=i4] < 0")
    with pytest.raises(UnknownTermError, match="not estimable"):
        bm.hypothesis(hole, "exp(emmean[irrigation=i4] - 40) > 1")
    # neither can be estimated, but what is left can: nothing of the empty cell
    text = "2 * emmean[irrigation=i4] - emmean[irrigation=i4, variety=v2] > 40"
    of_cell = bm.emmeans(hole, ["irrigation", "variety"]).set_index(["irrigation", "variety"]).loc[("i4", "v1")]
    row = bm.hypothesis(hole, text).iloc[0]
    np.testing.assert_allclose(
        row[["estimate", "se", "df"]].astype(float), of_cell[["emmean", "se", "df"]].astype(float)
    )


REFUSED = [
    ("emmean[irigation=i4] = 0", "'irigation' is no variable of the fixed part. Did you mean 'irrigation'?"),
    ("emmean[variety=v3] = 0", "'variety' has no level 'v3'. Levels: v1, v2."),
    ("emmean[variety] = 0", "At which level of 'variety'? Write emmean[factor=level"),
    ("emmean[] = 0", "A mean of what? Write emmean[factor=level"),
    ("emmean[variety=v1, variety=v2] = 0", "'variety' is given twice"),
    ("emean[variety=v1] = 0", "A mean is emmean[factor=level"),
    ("emmean[field=f1] = 0", "ranef[field, level]"),
    ("emmean[variety=v1 = 0", "never closed; a mean is emmean"),
]


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_a_mistake_is_told_with_its_place(hole, text, words):
    with pytest.raises(FormulaError) as caught:
        bm.hypothesis(hole, text)
    assert words in str(caught.value)


@pytest.fixture(scope="module")
def posterior(irrigation):
    without = ~((irrigation["irrigation"] == "i4") & (irrigation["variety"] == "v2"))
    return bm.fit("yield ~ irrigation * variety + (1 | field)", irrigation[without], draws=250, seed=1, progress=False)


def test_probabilities_are_shares_of_draws(posterior):
    draws = posterior.posterior["posterior"]
    interaction = draws["irrigation:variety"].to_numpy()
    difference = -draws["irrigation"].to_numpy()[..., 1] - interaction[..., 1] / 2  # i1 less i3, averaged over variety
    sigma = draws["sigma"].to_numpy()
    table = bm.hypothesis(
        posterior,
        {
            "above": "emmean[irrigation=i1] > emmean[irrigation=i3] + 1",
            "of sigma": "emmean[irrigation=i1] - emmean[irrigation=i3] < sigma",
        },
    )
    assert table["probability"].tolist() == [np.mean(difference > 1), np.mean(difference < sigma)]
    priors = posterior.priors
    weights = {"irrigation[i3]": 1.0, "irrigation[i3]:variety[v2]": 0.5}
    total = np.sqrt(sum((weight * priors[name].args[1]) ** 2 for name, weight in weights.items()))
    assert table["prior"].iloc[0] == pytest.approx(stats.norm.sf(1, 0, total))
    assert "irrigation interacts with variety" in table["note"].iloc[0]


def test_a_point_has_the_density_of_the_contrast(posterior):
    """The same point by coefficients, which has its own proof."""
    texts = ["emmean[irrigation=i1] = emmean[irrigation=i3]", "-irrigation[i3] - irrigation[i3]:variety[v2] / 2 = 0"]
    table = bm.hypothesis(posterior, texts)
    assert table["log10_bf"].iloc[0] == pytest.approx(table["log10_bf"].iloc[1])
    assert table["method"].iloc[0] == "Savage-Dickey, conditional density"


def test_what_only_the_priors_know_is_said(posterior):
    note = bm.hypothesis(posterior, "emmean[irrigation=i4] > 40")["note"].item()
    assert note.startswith("Only the priors tell the value: emmean[irrigation=i4] is not estimable (no rows at")


def test_a_nested_factor_needs_no_more_than_its_level(of_r):
    fit = bm.lm("y ~ farm + field", pd.DataFrame(of_r["nested"]))
    of_field = bm.emmeans(fit, "field")
    row = bm.hypothesis(fit, "emmean[field=A2] > 0").iloc[0]
    expected = of_field.loc[of_field["field"] == "A2", "emmean"].item()
    assert row["estimate"] == pytest.approx(expected)


def test_offsets_count_as_in_the_table_of_means(of_r):
    fit = bm.fit("y ~ f * x + offset(w)", pd.DataFrame(of_r["mixed"]), draws=50, seed=1, progress=False)
    row = bm.hypothesis(fit, "emmean[f=b, x=3] > sigma").iloc[0]
    sigma = fit.posterior["posterior"]["sigma"].to_numpy().mean()
    assert row["mean"] == pytest.approx(bm.emmeans(fit, "f", at={"x": 3})["emmean"].iloc[1] - sigma)
