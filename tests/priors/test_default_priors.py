"""Default priors against their definition, worked out by hand."""

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.data import load_data
from bayesmix.families.family import read_family
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.priors.default_priors import column_sds, default_priors


def priors_of(formula, data, family="gaussian", **arguments):
    family = read_family(family)
    design = build_design(parse(formula), data, response=family.response, **arguments)
    return default_priors(design, family)


def test_gaussian_priors_are_on_the_scale_of_the_data():
    data = load_data("sleepstudy")
    y, x = data["Reaction"], data["Days"]
    priors = priors_of("Reaction ~ Days + (Days | Subject)", data)
    expected = {
        "Intercept": ("Normal", (y.mean(), 2.5 * y.std())),
        "Days": ("Normal", (0, 2.5 * y.std() / x.std())),
        "sd_Subject__Intercept": ("HalfStudentT", (3, y.std())),
        "sd_Subject__Days": ("HalfStudentT", (3, y.std() / x.std())),
        "corr_Subject": ("LKJ", (2,)),
        "sigma": ("HalfStudentT", (3, y.std())),
    }
    assert list(priors) == list(expected)
    for name, (distribution, numbers) in expected.items():
        assert priors[name].name == distribution
        np.testing.assert_allclose(priors[name].args, numbers)


@pytest.mark.parametrize("formula", ["y ~ f + x + (1 | g)", "y ~ f * h + (f | g)", "y ~ 0 + f + (1 | g)"])
def test_a_difference_between_levels_is_no_larger_for_a_rare_level(formula):
    """The scale of a 0/1 column is 2.5 sd of y, or 2.5 root mean squares of it where nothing is centred."""
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"y": rng.normal(3, 2, 200), "x": rng.normal(size=200), "g": np.arange(200) % 8})
    data["f"] = np.where(np.arange(200) < 4, "rare", np.where(np.arange(200) % 2, "b", "a"))
    data["h"] = np.where(np.arange(200) % 3, "p", "q")
    y = data["y"]
    scale = 2.5 * (np.sqrt(np.mean(y**2)) if "0 +" in formula else y.std())
    priors = priors_of(formula, data)
    differences = [name for name in priors if name.startswith(("f[", "h["))]
    assert "f[rare]" in differences
    for name in differences:
        np.testing.assert_allclose(priors[name].args, (0, scale))


def far_from_zero():
    """Two arms over eleven years, b of them a quarter; y has slopes that differ."""
    rng = np.random.default_rng(2)
    g, year = np.repeat(np.arange(20), 11), np.tile(np.arange(2000.0, 2011.0), 20)
    data = pd.DataFrame({"year": year, "g": g, "f": np.where(g % 4, "a", "b"), "z": rng.normal(50, 2, 220)})
    slope = 0.1 + 0.15 * (data["f"] == "b")
    data["y"] = 5 + rng.normal(0, 0.5, 20)[g] + slope * (year - 2005) + rng.normal(0, 0.5, 220)
    return data


def scales(formula, data, family="gaussian"):
    return {name: prior.args[1] for name, prior in priors_of(formula, data, family).items() if prior.name == "Normal"}


def test_products_are_on_the_scale_of_their_variables():
    """Whatever the share of a level and wherever the covariate begins; what is beside them reaches back to its 0."""
    data = far_from_zero()
    s, unit, far = 2.5 * data["y"].std(), data["year"].std(), data["year"].mean() / data["year"].std()
    z, far_z = data["z"].std(), data["z"].mean() / data["z"].std()
    cells = 2.5 * np.sqrt(np.mean(data["y"] ** 2))
    expected = {
        "y ~ f * year": {"f[b]": s * np.hypot(1, far), "year": s / unit, "f[b]:year": s / unit},
        "y ~ year * f": {"f[b]": s * np.hypot(1, far), "year:f[b]": s / unit},
        "y ~ f + f:year": {"f[b]": s * np.hypot(1, far), "f[a]:year": s / unit, "f[b]:year": s / unit},
        "y ~ year * z": {
            "year": s / unit * np.hypot(1, far_z),
            "z": s / z * np.hypot(1, far),
            "year:z": s / unit / z,
        },
        "y ~ year * z * f": {
            "year:z": s / unit / z,
            "year:z:f[b]": s / unit / z,
            "year:f[b]": s / unit * np.hypot(1, far_z),
            "f[b]": s * np.sqrt(1 + far**2 + far_z**2 + far**2 * far_z**2),
        },
        "y ~ year + I(year^2)": {"year": s / unit * np.hypot(1, 2 * far), "I(year^2)": s / unit**2},
        "y ~ f * (year + I(year**2))": {
            "f[b]": s * np.sqrt(1 + far**2 + far**4),
            "f[b]:year": s / unit * np.hypot(1, 2 * far),
            "f[b]:I(year^2)": s / unit**2,
        },
        "y ~ 0 + f + year": {
            "f[a]": cells * np.hypot(1, far),
            "f[b]": cells * np.hypot(1, far),
            "year": cells / unit,
        },
        "y ~ f + year": {"f[b]": s, "year": s / unit},
        "y ~ I(year^2)": {"I(year^2)": s / (data["year"] ** 2).std()},
    }
    for formula, wanted in expected.items():
        seen = scales(formula, data)
        np.testing.assert_allclose([seen[name] for name in wanted], [*wanted.values()], rtol=1e-9, err_msg=formula)


def test_products_of_a_cell_mean_on_a_log_link():
    data = far_from_zero().assign(k=3)
    far = data["year"].mean() / data["year"].std()
    seen = scales("k ~ 0 + f + f:year", data, "poisson")
    np.testing.assert_allclose(seen["f[a]"], 2.5 * np.hypot(1, far))
    np.testing.assert_allclose(seen["f[b]:year"], 2.5 / data["year"].std())


def test_centred_covariates_leave_the_scales_beside_products():
    data = far_from_zero()
    data["year"] -= data["year"].mean()
    seen = scales("y ~ f * year", data)
    np.testing.assert_allclose(seen["f[b]"], 2.5 * data["y"].std(), rtol=1e-9)
    np.testing.assert_allclose(seen["f[b]:year"], seen["year"], rtol=1e-9)


def test_a_group_sd_of_a_product_is_on_the_scale_of_its_variables():
    data = far_from_zero()
    data["h"] = np.arange(len(data)) % 10
    priors = priors_of("y ~ f * year + (0 + f:year || h)", data)
    family = read_family("gaussian")
    design = build_design(parse("y ~ f * year + (0 + f:year || h)"), data, response=family.response)
    assert column_sds(design, family)["sd_h__f[b]:year"] == pytest.approx(data["year"].std())
    np.testing.assert_allclose(priors["sd_h__f[b]:year"].args, (3, data["y"].std() / data["year"].std()))


@pytest.mark.parametrize("formula", ["y ~ f * year + (1 | g)", "y ~ 0 + f + f:year + (1 | g)"])
def test_slopes_that_differ_are_seen_wherever_years_begin(formula):
    """Against REML, which has no priors: a difference of slopes of 0.15 a year was 0.0001 under the column's own sd."""
    data = far_from_zero()
    fit = bm.fit(formula, data, draws=500, seed=1, progress=False)
    found, reml = bm.fixef(fit), bm.fixef(bm.reml(formula, data))
    assert (abs(found["mean"] - reml["estimate"]) / reml["se"]).max() < 0.2
    assert (abs(found["sd"] / reml["se"] - 1)).max() < 0.15


def test_priors_on_logit_and_log_scales():
    priors = priors_of("p(incidence, size) ~ period + (1 | herd)", load_data("cbpp"), "binomial")
    assert {name: str(prior) for name, prior in priors.items()} == {
        "Intercept": "Normal(0, 2.5)",
        "period[2]": "Normal(0, 2.5)",
        "period[3]": "Normal(0, 2.5)",
        "period[4]": "Normal(0, 2.5)",
        "sd_herd__Intercept": "HalfNormal(1)",
    }
    ticks = load_data("grouseticks")
    priors = priors_of("TICKS ~ cHEIGHT + (1 | BROOD)", ticks, "poisson")
    np.testing.assert_allclose(priors["cHEIGHT"].args, (0, 2.5 / ticks["cHEIGHT"].std()))


def test_without_an_intercept_cell_means_are_not_pulled_to_zero():
    data = pd.DataFrame({"y": np.tile([900.0, 1000.0, 1100.0], 20), "f": np.tile(list("abc"), 20)})
    priors = priors_of("y ~ 0 + f", data)
    assert all(prior.args[0] == 0 and prior.args[1] > 2 * 1100 for name, prior in priors.items() if name != "sigma")


@pytest.mark.parametrize(
    "formula", ["k ~ 0 + f + h + offset(o)", "k ~ 0 + h + f:h + offset(o)", "k ~ f + h + offset(o)"]
)
def test_cell_means_are_expected_where_an_intercept_is(formula):
    """On a log link; contrasts beside them are expected about 0."""
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"f": np.tile(list("abc"), 20), "h": np.repeat(list("pq"), 30), "o": rng.normal(12, 1, 60)})
    data["k"] = rng.poisson(np.exp(data["o"] - 9))
    level = np.log(data["k"].mean()) - data["o"].mean()
    priors = priors_of(formula, data, "poisson")
    cells = {name for name, prior in priors.items() if prior.args[0] == pytest.approx(level)}
    expected = {"0 + f": {"f[a]", "f[b]", "f[c]"}, "0 + h": {"h[p]", "h[q]"}}.get(formula[4:9], {"Intercept"})
    assert cells == expected
    assert all(prior.args == (0, 2.5) for name, prior in priors.items() if name not in expected)
    assert {priors[name].args[1] for name in expected} == {2.5}


def test_cell_means_of_rare_events_are_about_the_logit_of_their_share():
    data = pd.DataFrame({"s": [3, 1, 0, 2], "n": 10_000, "f": list("aabb"), "x": [0.0, 1, 1, 3]})
    priors = priors_of("p(s, n) ~ 0 + f", data, "binomial")
    np.testing.assert_allclose([prior.args for prior in priors.values()], [(np.log(6 / 39_994), 2.5)] * 2)
    never = priors_of("p(s, n) ~ 0 + f", data.assign(s=0), "binomial")
    np.testing.assert_allclose(never["f[a]"].args, (np.log(0.5 / 40_000.5), 2.5))
    # Without a cell for every row nothing stands for the level.
    assert priors_of("p(s, n) ~ 0 + x", data, "binomial")["x"].args[0] == 0
    assert priors_of("p(s, n) ~ 0 + f:x", data, "binomial")["f[a]:x"].args[0] == 0


def test_cells_in_the_predictor_of_sigma_are_about_the_log_of_the_spread():
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"y": rng.normal(0, 5000, 40), "f": np.tile(list("ab"), 20)})
    formulas = parse_formulas(["y ~ f", "sigma ~ 0 + f"], auxiliary=("sigma",))
    priors = default_priors(build_design(formulas.mean, data, parts=formulas.parts), read_family("gaussian"))
    np.testing.assert_allclose(priors["sigma_f[a]"].args, (np.log(data["y"].std()), 2.5))
    assert priors["f[b]"].args[0] == 0


def test_an_offset_is_taken_from_the_response_first():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"y": rng.normal(size=30), "x": rng.normal(size=30), "o": 1e4})
    plain = priors_of("y ~ x", data)
    moved = priors_of("y ~ x + offset(o)", data.assign(y=data["y"] + 1e4))
    for name in plain:
        np.testing.assert_allclose(plain[name].args, moved[name].args, rtol=1e-9)


def test_on_a_log_link_the_intercept_is_expected_near_the_mean_response():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"k": rng.poisson(1e5, 40), "x": rng.normal(size=40), "log_time": 2.0})
    prior = priors_of("k ~ x", data, "poisson")["Intercept"]
    np.testing.assert_allclose(prior.args, (np.log(data["k"].mean()), 2.5))
    prior = priors_of("k ~ x + offset(log_time)", data, "poisson")["Intercept"]
    np.testing.assert_allclose(prior.args, (np.log(data["k"].mean()) - 2, 2.5))


@pytest.mark.parametrize("factor", [1e-6, 1e3])
def test_units_of_the_response_do_not_matter(factor):
    data = load_data("Penicillin")
    formula = "diameter ~ 1 + (1 | plate) + (1 | sample)"
    for name, prior in priors_of(formula, data).items():
        scaled = priors_of(formula, data.assign(diameter=data["diameter"] * factor))[name]
        scales = [value * (factor if i or prior.name == "Normal" else 1) for i, value in enumerate(prior.args)]
        np.testing.assert_allclose(scaled.args, scales)


def test_sigma_is_expected_where_a_row_of_median_weight_has_it():
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"y": rng.normal(5, 2, 41), "w": np.exp(rng.normal(size=41)), "one": 1.0})
    plain = priors_of("y ~ 1", data)
    assert priors_of("y ~ 1", data, weights="one") == plain
    for factor in (1e-8, 1.0, 300.0):
        found = priors_of("y ~ 1", data.assign(w=factor * data["w"]), weights="w")
        scale = data["y"].std() * np.sqrt(factor * np.sort(data["w"])[20])
        np.testing.assert_allclose(found["sigma"].args, (3, scale))
        assert found["Intercept"] == plain["Intercept"]
    # Rows with next to no weight, or with nearly all, leave it where it is.
    two = data.assign(w=np.where(data.index < 10, 1e-10, np.where(data.index == 20, 1e10, 4.0)))
    np.testing.assert_allclose(priors_of("y ~ 1", two, weights="w")["sigma"].args, (3, 2 * data["y"].std()))


CODED = {  # how far apart the levels rare, a, b are in each column
    "sum": (2, 2),
    "helmert": (2, 3),
    "sdif": (1, 1),
    "poly": (np.sqrt(2), 3 / np.sqrt(6)),
    "treatment('b')": (1, 1),
    "comparisons": (1, 1),
    "halves": (1, 8),
}
GIVEN = {"comparisons": {"n": "a - rare", "m": "b - (a + rare) / 2"}, "halves": [[0.5, -4], [-0.5, 0], [0.5, 4]]}


@pytest.mark.parametrize("coding", CODED)
def test_a_coded_column_has_the_distance_of_the_levels_as_its_unit(coding):
    """Of y and of the other variables of a product it is as ever; how many rows a level has is in no prior."""
    rng = np.random.default_rng(4)
    rows = pd.DataFrame({"y": rng.normal(3, 2, 200), "x": rng.normal(size=200), "g": np.arange(200) % 8})
    rows["x"] -= rows["x"].mean()
    apart = np.array(CODED[coding])
    for n_rare in (4, 70):
        f = np.where(np.arange(200) < n_rare, "rare", np.where(np.arange(200) % 2, "b", "a"))
        data = rows.assign(f=pd.Categorical(f, ["rare", "a", "b"]))
        given = {"f": GIVEN.get(coding, coding)}
        priors = list(priors_of("y ~ f * x + (f | g)", data, contrasts=given).values())
        sd_y, sd_x = data["y"].std(), data["x"].std()
        np.testing.assert_allclose([prior.args[1] for prior in priors[1:3]], 2.5 * sd_y / apart)
        np.testing.assert_allclose([prior.args[1] for prior in priors[4:6]], 2.5 * sd_y / apart / sd_x)
        np.testing.assert_allclose([prior.args[1] for prior in priors[7:9]], sd_y / apart)
    logit = list(priors_of("I(y > 3) ~ f + (f | g)", data, "bernoulli", contrasts=given).values())
    np.testing.assert_allclose([prior.args[1] for prior in logit[1:3]], 2.5 / apart)


def test_two_levels_have_one_model_under_every_coding():
    """With the coefficients integrated out the posterior of sigma is that of all of it: the same draws come out."""
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"f": np.where(np.arange(60) < 9, "a", "b"), "g": np.arange(60) % 6})
    data["y"] = rng.normal(size=60) + (data["f"] == "a")
    found = [
        bm.fit("y ~ f + (1 | g)", data, contrasts={"f": coding}, seed=1, draws=100, progress=False)
        for coding in ("treatment", "sum", "helmert", "poly", "sdif")
    ]
    for fit in found[1:]:
        for name in ("sigma", "sd_g__Intercept"):
            one, other = (each.posterior["posterior"][name].to_numpy() for each in (found[0], fit))
            np.testing.assert_allclose(other, one, rtol=1e-6)
