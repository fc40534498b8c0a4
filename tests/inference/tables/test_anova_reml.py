"""Type III tests of the fixed terms of REML and ML fits: against lmerTest and pbkrtest, and what they refuse."""

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError
from bayesmix.numerics.ddf import sums

from ...conftest import LME4_GAUSSIAN

STORED = {"satterthwaite": "anova_satterthwaite", "kenward-roger": "anova_kr"}


def fitted(name):
    source, formula = LME4_GAUSSIAN[name]
    data = bm.load_data(source)
    if source == "cake":
        data["temperature"] = data["temperature"].astype(int).astype(str)
    return bm.reml(formula, data)


@pytest.mark.parametrize("ddf", STORED)
@pytest.mark.parametrize("name", LME4_GAUSSIAN)
def test_the_stored_tables_of_lmertest(lme4, name, ddf):
    table, rows = bm.anova(fitted(name), ddf=ddf), lme4[name][STORED[ddf]]
    assert table.columns.tolist() == ["sum_sq", "mean_sq", "num_df", "den_df", "f", "p"]
    assert table.index.name == "term"
    assert table.index.tolist() == [row["term"] for row in rows]
    if not rows:
        return
    expected = pd.DataFrame(rows).set_index("term")
    assert table["num_df"].tolist() == expected["NumDF"].tolist()
    np.testing.assert_allclose(table["den_df"], expected["DenDF"], rtol=2e-4)
    # R's are of lme4's default optimiser, which is good to about 1e-5.
    for own, theirs in {"sum_sq": "Sum Sq", "mean_sq": "Mean Sq", "f": "F value"}.items():
        np.testing.assert_allclose(table[own], expected[theirs], rtol=3e-5)
    np.testing.assert_allclose(np.log(table["p"]), np.log(expected["Pr(>F)"]), rtol=2e-4)


# From R 4.2.2, lme4 1.1-31, lmerTest 3.1-3, pbkrtest 0.5-2, bobyqa with rhoend = 1e-11. `unbalanced` is sleepstudy
# without 11 rows:
#   sleepstudy$half <- factor(sleepstudy$Days >= 5, labels = c("early", "late"))
#   s <- sleepstudy[-c(3, 17, 40, 41, 42, 99, 150:154), ]
IRRIGATION = "yield ~ irrigation * variety + (1 | field)"
UNBALANCED = "Reaction ~ Days * half"
TABLES = {
    "irrigation": (
        "irrigation",
        IRRIGATION,
        {},
        "satterthwaite",
        {
            "irrigation": [2.454551067, 0.8181836889, 3, 3.99999986, 0.3882247727, 0.7685029526],
            "variety": [2.25, 2.25, 1, 4.000000052, 1.067615684, 0.359860109],
            "irrigation:variety": [1.55, 0.5166666667, 3, 4.000000052, 0.2451561941, 0.8612414368],
        },
    ),
    "irrigation, kenward-roger": (
        "irrigation",
        IRRIGATION,
        {},
        "kenward-roger",
        {
            "irrigation": [2.454551067, 0.8181836889, 3, 4, 0.3882247727, 0.7685029523],
            "variety": [2.25, 2.25, 1, 4, 1.067615684, 0.3598601097],
            "irrigation:variety": [1.55, 0.5166666667, 3, 4, 0.2451561941, 0.8612414368],
        },
    ),
    "irrigation, ML": (
        "irrigation",
        IRRIGATION,
        {"reml": False},
        "satterthwaite",
        {
            "irrigation": [2.454551112, 0.8181837041, 3, 7.99999983, 0.7764495527, 0.5392327909],
            "variety": [2.25, 2.25, 1, 8.000000064, 2.135231348, 0.1820836645],
            "irrigation:variety": [1.55, 0.5166666667, 3, 8.000000064, 0.4903123836, 0.6986638731],
        },
    ),
    "weights": (
        "irrigation",
        "yield ~ irrigation + variety + (1 | field)",
        {"weights": "w"},
        "satterthwaite",
        {
            "irrigation": [2.41220948, 0.8040698268, 3, 4.004368012, 0.5109843238, 0.6960012331],
            "variety": [2.120082816, 2.120082816, 1, 7.000226679, 1.347307221, 0.2837980805],
        },
    ),
    "unbalanced": (
        "unbalanced",
        f"{UNBALANCED} + (Days | Subject)",
        {},
        "satterthwaite",
        {
            "Days": [15222.92444, 15222.92444, 1, 44.94551216, 22.46084711, 2.184560341e-05],
            "half": [37.66352132, 37.66352132, 1, 135.2249786, 0.0555710959, 0.8139947883],
            "Days:half": [312.6704671, 312.6704671, 1, 136.8255781, 0.4613334044, 0.498148827],
        },
    ),
    "unbalanced, kenward-roger": (
        "unbalanced",
        f"{UNBALANCED} + (Days | Subject)",
        {},
        "kenward-roger",
        {
            "Days": [15182.21677, 15182.21677, 1, 44.35430602, 22.40078448, 2.283789021e-05],
            "half": [37.50378217, 37.50378217, 1, 135.6766666, 0.05533540684, 0.8143811793],
            "Days:half": [310.8110125, 310.8110125, 1, 137.2284099, 0.4585898497, 0.4994237652],
        },
    ),
    "unbalanced, ML": (
        "unbalanced",
        f"{UNBALANCED} + (1 | Subject)",
        {"reml": False},
        "satterthwaite",
        {
            "Days": [28419.90474, 28419.90474, 1, 151.2755038, 30.47625963, 1.435233377e-07],
            "half": [55.85792194, 55.85792194, 1, 151.2052417, 0.05989958612, 0.8069865407],
            "Days:half": [348.0584998, 348.0584998, 1, 151.209202, 0.3732426728, 0.5421592899],
        },
    ),
}


def data_of(name):
    if name == "irrigation":
        return bm.load_data("irrigation").assign(w=[1, 2, 0.5, 3] * 4)
    data = bm.load_data("sleepstudy")
    data["half"] = np.where(data["Days"] >= 5, "late", "early")
    return data.drop(index=[2, 16, 39, 40, 41, 98, *range(149, 154)])


@pytest.mark.parametrize("name", TABLES)
def test_tables_that_r_gives(name):
    source, formula, arguments, ddf, rows = TABLES[name]
    table = bm.anova(bm.reml(formula, data_of(source), **arguments), ddf=ddf)
    assert table.index.tolist() == list(rows)
    np.testing.assert_allclose(table.to_numpy(float), list(rows.values()), rtol=2e-5)


def test_an_intercept_alone_is_not_tested():
    table = bm.anova(bm.reml("yield ~ 1 + (1 | field)", bm.load_data("irrigation")))
    assert table.shape == (0, 6)
    assert table.dtypes.astype(str).tolist() == ["float64", "float64", "int64", "float64", "float64", "float64"]


def test_without_random_terms_it_is_exact():
    """One factor: type III is the table of least squares, on the residual's degrees of freedom."""
    data = bm.load_data("irrigation")
    for ddf in STORED:
        mixed, plain = (
            bm.anova(bm.reml("yield ~ irrigation", data), ddf=ddf),
            bm.anova(bm.lm("yield ~ irrigation", data)),
        )
        expected = plain.loc["irrigation", ["sum_sq", "mean_sq", "df", "f", "p"]].to_numpy(float)
        np.testing.assert_allclose(
            mixed.loc["irrigation", ["sum_sq", "mean_sq", "num_df", "f", "p"]], expected, rtol=1e-9
        )
        assert mixed.loc["irrigation", "den_df"] == pytest.approx(12)


def test_a_term_of_one_column_is_its_t_test():
    fit = bm.reml("Reaction ~ Days + (Days | Subject)", bm.load_data("sleepstudy"))
    for ddf in STORED:
        row, t = bm.anova(fit, ddf=ddf).loc["Days"], bm.fixef(fit, ddf=ddf).loc["Days"]
        assert (row["f"], row["den_df"], row["p"]) == pytest.approx((t["t"] ** 2, t["df"], t["p"]), rel=1e-9)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_units_do_not_matter(scale):
    data = data_of("unbalanced")
    formula = f"{UNBALANCED} + (Days | Subject)"
    plain, scaled = (bm.anova(bm.reml(formula, rows)) for rows in (data, data.assign(Days=scale * data["Days"])))
    np.testing.assert_allclose(scaled.to_numpy(float), plain.to_numpy(float), rtol=1e-5)


def test_kenward_and_roger_is_for_reml():
    fit = bm.reml(IRRIGATION, bm.load_data("irrigation"), reml=False)
    with pytest.raises(ArgumentError, match="this one is by maximum likelihood; fit with reml=True"):
        bm.anova(fit, ddf="kenward-roger")


def test_an_unknown_method_is_refused():
    with pytest.raises(ArgumentError, match="Did you mean 'kenward-roger'"):
        bm.anova(bm.reml(IRRIGATION, bm.load_data("irrigation")), ddf="kenward")


@pytest.mark.parametrize("question", [bm.anova, bm.fixef, bm.tidy])
def test_too_many_levels_are_refused_in_one_line(monkeypatch, question):
    monkeypatch.setattr(sums, "_MOST_BYTES", 0)
    data = bm.load_data("Penicillin").assign(x=np.arange(144.0))
    with pytest.raises(ArgumentError, match="6 group effects stand outside the largest grouping factor") as caught:
        question(bm.reml("diameter ~ x + (1 | plate) + (1 | sample)", data))
    assert "\n" not in str(caught.value)


def test_a_function_that_changes_its_mind_is_refused():
    """Type III hypotheses are of the columns as they are made again."""
    calls = []

    def unsteady(x):
        calls.append(1)
        return x + len(calls)

    data = bm.load_data("irrigation").assign(x=np.arange(16.0) ** 2)
    fit = bm.reml("yield ~ unsteady(x) + variety + (1 | field)", data, functions={"unsteady": unsteady})
    with pytest.raises(ArgumentError, match=r"none of the columns of 'unsteady\(x\)'"):
        bm.anova(fit)


def test_a_denominator_of_minus_2_has_no_f():
    """Six levels within three groups, with slopes of all: lmerTest prints DenDF -2, F below 0, and no p."""
    rng = np.random.default_rng(0)
    cells = [(f, g) for f in "abcdef" for g in "xyz"]
    data = pd.DataFrame([cell for cell in cells for _ in range(4)], columns=["f", "g"])
    effects, groups = (
        dict(zip(cells, 0.7 * rng.normal(size=18), strict=True)),
        dict(zip("xyz", (3, -4, 1), strict=True)),
    )
    data["y"] = [effects[f, g] + groups[g] for f, g in zip(data["f"], data["g"], strict=True)] + rng.normal(size=72)
    fit = bm.reml("y ~ f + (f | g)", data)
    for table in (bm.anova(fit, ddf="kenward-roger"), bm.joint_tests(fit, ddf="kenward-roger")):
        row = table.loc["f"]
        assert row["den_df"] == pytest.approx(-2, abs=1e-6)
        assert row[["f", "p"]].isna().all()
        assert 'take ddf="satterthwaite"' in row["note"]
    assert bm.anova(fit).loc["f", "den_df"] > 1
    assert bm.anova(fit, ddf="kenward-roger").loc["f", "sum_sq"] > 0
