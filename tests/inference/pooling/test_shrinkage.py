"""BLUE, BLUP and their ratio: closed forms, dummy variables in least squares, n x n matrices, and the draws."""

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError, UnknownTermError

SETTINGS = {"draws": 200, "chains": 2, "seed": 3, "progress": False}


def one_way(sizes, seed=1, sd=2.0, sigma=1.5):
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(len(sizes)), sizes)
    y = 10 + sd * rng.normal(size=len(sizes))[g] + sigma * rng.normal(size=len(g))
    return pd.DataFrame({"y": y, "g": [f"g{level:02d}" for level in g], "code": g})


def dummies(column):
    return (np.asarray(column)[:, None] == np.unique(column)).astype(float)


def ratio(fit):
    return fit.sigma**2 / fit.L[0][0, 0] ** 2


# --- closed forms -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("reml", [True, False])
def test_balanced_one_way_has_one_factor_in_closed_form(reml):
    data = one_way([6] * 9)
    fit = bm.reml("y ~ 1 + (1 | g)", data, reml=reml)
    frame = bm.shrinkage(fit, "g")
    means = data.groupby("g")["y"].mean()
    assert list(frame.columns) == ["n", "raw_mean", "blue", "blup", "overall", "shrinkage"]
    assert (frame.index.name, list(frame.index)) == ("level", list(means.index))
    assert (frame["n"] == 6).all()
    np.testing.assert_allclose(frame["shrinkage"], 1 / (1 + ratio(fit) / 6), rtol=1e-9)
    np.testing.assert_allclose(frame["overall"], data["y"].mean(), rtol=1e-12)
    for column in ("raw_mean", "blue"):
        np.testing.assert_allclose(frame[column], means, rtol=1e-11)
    expected = data["y"].mean() + (means - data["y"].mean()) / (1 + ratio(fit) / 6)
    np.testing.assert_allclose(frame["blup"], expected, rtol=1e-10)


def test_unbalanced_one_way_draws_small_levels_further():
    sizes = np.array([1, 2, 3, 5, 8, 13, 21, 2])
    data = one_way(sizes)
    fit = bm.reml("y ~ 1 + (1 | g)", data)
    frame = bm.shrinkage(fit, "g")
    np.testing.assert_array_equal(frame["n"], sizes)
    np.testing.assert_allclose(frame["shrinkage"], 1 / (1 + ratio(fit) / sizes), rtol=1e-9)
    weights = 1 / (fit.L[0][0, 0] ** 2 + fit.sigma**2 / sizes)
    np.testing.assert_allclose(frame["overall"], np.average(frame["raw_mean"], weights=weights), rtol=1e-10)


def test_weights_count_as_their_sum():
    data = one_way([4, 6, 3, 9, 5, 2]).assign(w=np.random.default_rng(2).uniform(0.3, 3, 29))
    fit = bm.reml("y ~ 1 + (1 | g)", data, weights="w")
    frame = bm.shrinkage(fit, "g")
    by_level = data.groupby("g")
    np.testing.assert_allclose(frame["shrinkage"], 1 / (1 + ratio(fit) / by_level["w"].sum()), rtol=1e-9)
    np.testing.assert_allclose(frame["raw_mean"], by_level["y"].mean(), rtol=1e-12)
    weighted = [np.average(own["y"], weights=own["w"]) for _, own in by_level]
    np.testing.assert_allclose(frame["blue"], weighted, rtol=1e-11)


def test_a_variance_of_zero_gives_every_level_up():
    frame = bm.shrinkage(bm.reml("Yield ~ 1 + (1 | Batch)", bm.load_data("Dyestuff2")), "Batch")
    assert (frame["shrinkage"] == 0).all()
    assert not np.signbit(frame["shrinkage"]).any()
    np.testing.assert_allclose(frame["blup"], frame["overall"], rtol=1e-14)
    assert frame["blue"].std() > 0.5


def test_a_level_at_the_overall_mean_has_no_factor():
    data = pd.DataFrame({"y": [1.0, 2, 3, 4, 5, 6, 7, 8, 9], "g": list("aaabbbccc")})
    frame = bm.shrinkage(bm.reml("y ~ 1 + (1 | g)", data), "g")
    assert np.isnan(frame.loc["b", "shrinkage"])
    assert frame.loc[["a", "c"], "shrinkage"].notna().all()


# --- least squares with dummy variables -------------------------------------------------------------------


def test_blue_is_the_adjusted_mean_of_least_squares():
    """`yield ~ gen + loc`, every level of gen at its share of the plots."""
    data = bm.load_data("cochran_bib")
    frame = bm.shrinkage(bm.reml("yield ~ gen + (1 | loc)", data), "loc")
    gen, loc = dummies(data["gen"].astype(str)), dummies(data["loc"].astype(str))
    coefficients = np.linalg.lstsq(np.hstack([loc, gen]), data["yield"], rcond=None)[0]
    n_levels = loc.shape[1]
    expected = coefficients[:n_levels] + gen.mean(axis=0) @ coefficients[n_levels:]
    np.testing.assert_allclose(frame["blue"], expected, rtol=1e-10)
    assert np.abs(frame["blue"] - frame["raw_mean"]).max() > 0.5
    by_hand = bm.lm("yield ~ 0 + loc + gen", data)
    np.testing.assert_allclose(np.diff(frame["blue"]), np.diff(by_hand.beta[:n_levels]), rtol=1e-8)


def test_what_a_level_cannot_be_told_from_is_as_it_is_there():
    """Irrigation goes by field: each field is drawn to the mean of its own irrigation at an average variety."""
    data = bm.load_data("irrigation")
    fit = bm.reml("yield ~ irrigation * variety + (1 | field)", data)
    frame = bm.shrinkage(fit, "field")
    means = data.groupby(["irrigation", "variety"], observed=True)["yield"].mean().groupby("irrigation").mean()
    own = data.drop_duplicates("field").set_index("field").loc[frame.index, "irrigation"]
    np.testing.assert_allclose(frame["overall"], means.loc[own], rtol=1e-10)
    np.testing.assert_allclose(frame["shrinkage"], frame["shrinkage"].iloc[0], rtol=1e-8)
    np.testing.assert_allclose(frame["shrinkage"], 1 / (1 + ratio(fit) / 2), rtol=1e-8)


def random_slopes(seed=5, shift=0.0):
    """Unequal x by level, and a treatment that goes by level and changes the slope."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(10), rng.integers(4, 12, 10))
    x, treated = rng.normal(size=len(g)) + 0.4 * g, g % 2
    b = rng.normal(size=(10, 2))
    y = 3 + x * (1 + 0.5 * treated) + treated + b[g, 0] + b[g, 1] * x + 0.7 * rng.normal(size=len(g))
    return pd.DataFrame({"y": y, "x": x + shift, "treated": treated, "g": g})


def test_with_slopes_blue_is_each_levels_own_line_at_the_mean():
    data = random_slopes()
    fit = bm.reml("y ~ x * treated + (x | g)", data)
    frame = bm.shrinkage(fit, "g")
    at = data["x"].mean()
    own = [np.polyval(np.polyfit(rows["x"], rows["y"], 1), at) for _, rows in data.groupby("g")]
    np.testing.assert_allclose(frame["blue"], own, rtol=1e-9)
    beta = fit.beta
    treated = np.arange(10) % 2
    fixed = beta[0] + beta[1] * at + beta[2] * treated + beta[3] * at * treated
    np.testing.assert_allclose(frame["overall"], fixed, rtol=1e-9)
    np.testing.assert_allclose(frame["blup"], fixed + fit.effects[0] @ [1, at], rtol=1e-9)
    expected = (frame["blup"] - frame["overall"]) / (frame["blue"] - frame["overall"])
    np.testing.assert_allclose(frame["shrinkage"], expected, rtol=1e-12)
    independent = bm.shrinkage(bm.reml("y ~ x * treated + (x || g)", data), "g")
    np.testing.assert_allclose(independent["blue"], own, rtol=1e-9)


def test_the_origin_of_a_covariate_does_not_matter():
    formula = "y ~ x + (x | g)"
    here, there = (bm.shrinkage(bm.reml(formula, random_slopes(shift=shift)), "g") for shift in (0.0, 2e4))
    np.testing.assert_allclose(there[["blue", "overall", "blup"]], here[["blue", "overall", "blup"]], rtol=2e-5)
    np.testing.assert_allclose(there["blue"], here["blue"], rtol=1e-9)


def test_a_level_that_does_not_determine_its_slope_has_no_blue():
    data = random_slopes()
    data = data[(data["g"] != 3) | ~data["g"].duplicated()]
    fit = bm.reml("y ~ x * treated + (x | g)", data)
    frame = bm.shrinkage(fit, "g")
    assert list(frame.index[frame["blue"].isna()]) == ["3"]
    assert np.isnan(frame.loc["3", "shrinkage"])
    at = data["x"].mean()
    assert frame.loc["3", "overall"] - frame.loc["3", "blup"] == pytest.approx(-fit.effects[0][3] @ [1, at])
    other = data[data["g"] == 4]
    assert frame.loc["4", "blue"] == pytest.approx(np.polyval(np.polyfit(other["x"], other["y"], 1), at), rel=1e-9)


def test_offsets_are_at_their_mean():
    data = one_way([3, 5, 4, 7, 6]).assign(known=np.random.default_rng(3).normal(4, 2, 25))
    plain = bm.shrinkage(bm.reml("y ~ 1 + (1 | g)", data), "g")
    moved = data.assign(y=data["y"] + data["known"])
    shifted = bm.shrinkage(bm.reml("y ~ 1 + offset(known) + (1 | g)", moved), "g")
    for column in ("blue", "blup", "overall"):
        np.testing.assert_allclose(shifted[column], plain[column] + data["known"].mean(), rtol=1e-7)
    np.testing.assert_allclose(shifted["raw_mean"], moved.groupby("g")["y"].mean(), rtol=1e-12)


# --- slopes -----------------------------------------------------------------------------------------------


def test_slopes_through_the_origin_have_their_factor_in_closed_form():
    rng = np.random.default_rng(4)
    g = np.repeat(np.arange(8), [3, 5, 9, 4, 12, 7, 6, 3])
    data = pd.DataFrame({"x": rng.uniform(1, 4, len(g)), "g": g})
    data["y"] = (2 + rng.normal(size=8))[g] * data["x"] + 2 * rng.normal(size=len(g))
    fit = bm.reml("y ~ 0 + x + (0 + x | g)", data)
    frame = bm.shrinkage(fit, "g")
    assert list(frame.columns) == ["n", "blue", "blup", "overall", "shrinkage"]
    squares = (data["x"] ** 2).groupby(g).sum()
    np.testing.assert_allclose(frame["shrinkage"], 1 / (1 + ratio(fit) / squares), rtol=1e-8)
    np.testing.assert_allclose(frame["blue"], (data["x"] * data["y"]).groupby(g).sum() / squares, rtol=1e-9)
    np.testing.assert_allclose(frame["overall"], fit.beta[0], rtol=1e-12)


@pytest.mark.parametrize("weights", [None, "w"])
def test_slopes_alone_are_those_of_least_squares_with_one_intercept(weights):
    data = random_slopes().assign(w=np.random.default_rng(1).uniform(0.5, 2, len(random_slopes())), known=3.0)
    fit = bm.reml("y ~ x * treated + offset(known) + (0 + x | g)", data, weights=weights)
    frame = bm.shrinkage(fit, "g")
    g, x, treated = (data[name].to_numpy() for name in ("g", "x", "treated"))
    root = np.ones(len(g)) if weights is None else np.sqrt(data["w"].to_numpy())
    design = np.column_stack([dummies(g) * x[:, None], np.ones(len(g)), treated])
    found = np.linalg.lstsq(design * root[:, None], (data["y"] - 3) * root, rcond=None)[0]
    np.testing.assert_allclose(frame["blue"], found[:10], rtol=1e-8)
    overall = fit.beta[1] + fit.beta[3] * (np.arange(10) % 2)
    np.testing.assert_allclose(frame["overall"], overall, rtol=1e-10)
    np.testing.assert_allclose(frame["blup"], overall + fit.effects[0][:, 0], rtol=1e-10)
    pd.testing.assert_frame_equal(bm.shrinkage(fit, "g", term="x"), frame)


def test_slopes_alone_beside_crossed_groups():
    data = crossed()
    fit = bm.reml("y ~ x + (0 + x | g) + (1 | h)", data)
    frame = bm.shrinkage(fit, "g")
    of_h = next(i for i, term in enumerate(fit.design.random) if term.group == "h")
    Z = dummies(data["h"])
    V = fit.L[of_h][0, 0] ** 2 * Z @ Z.T + fit.sigma**2 * np.eye(len(data))
    slopes = dummies(data["g"]) * data["x"].to_numpy()[:, None]
    found = generalised(data["y"], np.column_stack([slopes, np.ones(len(data))]), V)
    np.testing.assert_allclose(frame["blue"], found[:-1], rtol=1e-8)
    np.testing.assert_allclose(frame["blup"], fit.beta[1] + fit.effects[1 - of_h][:, 0], rtol=1e-10)


def test_of_intercepts_and_slopes_either_can_be_asked_for():
    data = random_slopes()
    fit = bm.fit("y ~ x + (x | g)", data, **SETTINGS)
    beside = bm.reml("y ~ x + (x | g)", data)
    own = np.array([np.polyfit(rows["x"], rows["y"], 1)[::-1] for _, rows in data.groupby("g")])
    posterior = fit.posterior["posterior"].mean(("chain", "draw"))
    for place, (term, effects) in enumerate({"Intercept": "1|g", "x": "x|g"}.items()):
        frame = bm.shrinkage(fit, "g", term=term)
        np.testing.assert_allclose(frame["blue"], own[:, place], rtol=1e-8)
        np.testing.assert_allclose(frame["blup"], beside.beta[place] + beside.effects[0][:, place], rtol=1e-8)
        np.testing.assert_allclose(frame["mean"], float(posterior[term]) + posterior[effects], rtol=1e-10)


def test_a_level_whose_predictor_is_always_zero_has_no_slope():
    data = random_slopes()
    data.loc[data["g"] == 3, "x"] = 0.0
    frame = bm.shrinkage(bm.reml("y ~ x + (0 + x | g)", data), "g")
    assert list(frame.index[frame["blue"].isna()]) == ["3"]


# --- several groups, by n x n matrices --------------------------------------------------------------------


def generalised(y, X, V):
    """Coefficients of generalised least squares, least in norm where X lacks rank."""
    half = np.linalg.cholesky(V)
    return np.linalg.lstsq(np.linalg.solve(half, X), np.linalg.solve(half, y), rcond=None)[0]


def crossed(n=120, seed=8):
    rng = np.random.default_rng(seed)
    g, h = rng.integers(0, 9, n), rng.integers(0, 14, n)
    x = rng.normal(size=n) + 0.3 * g
    y = 5 + 0.8 * x + rng.normal(size=9)[g] + 2 * rng.normal(size=14)[h] + rng.normal(size=n)
    return pd.DataFrame({"y": y, "x": x, "g": g, "h": h})


@pytest.mark.parametrize("group", ["g", "h"])
def test_other_groups_stay_random(group):
    """The larger factor is the one eliminated in the numerics, the smaller one is not."""
    data = crossed()
    fit = bm.reml("y ~ x + (1 | g) + (1 | h)", data)
    frame = bm.shrinkage(fit, group)
    other = next(i for i, term in enumerate(fit.design.random) if term.group != group)
    Z, own = dummies(data["h" if group == "g" else "g"]), dummies(data[group])
    V = fit.L[other][0, 0] ** 2 * Z @ Z.T + fit.sigma**2 * np.eye(len(data))
    found = generalised(data["y"], np.column_stack([own, data["x"]]), V)
    np.testing.assert_allclose(frame["blue"], found[:-1] + found[-1] * data["x"].mean(), rtol=1e-9)
    modes = fit.effects[1 - other][:, 0]
    fixed = fit.beta @ [1, data["x"].mean()]
    np.testing.assert_allclose(frame["blup"], fixed + modes, rtol=1e-10)


def test_a_cask_has_its_batch_and_a_batch_is_without_its_casks():
    data = bm.load_data("Pastes")
    fit = bm.reml("strength ~ 1 + (1 | batch/cask)", data)
    by_group = dict(zip([term.group for term in fit.design.random], fit.effects, strict=True))
    casks, batches = bm.shrinkage(fit, "batch:cask"), bm.shrinkage(fit, "batch")
    batch_of = [list(batches.index).index(cask.split(":")[0]) for cask in casks.index]
    expected = fit.beta[0] + by_group["batch:cask"][:, 0] + by_group["batch"][batch_of, 0]
    np.testing.assert_allclose(casks["blup"], expected, rtol=1e-12)
    np.testing.assert_allclose(casks["blue"], casks["raw_mean"], rtol=1e-10)
    np.testing.assert_allclose(batches["blup"], fit.beta[0] + by_group["batch"][:, 0], rtol=1e-12)
    # Balanced: sd^2 of batches beside what casks and assays add to a batch's mean.
    variances = bm.varcorr(fit, scale="variance")["estimate"]
    batch, cask = (variances[(group, "Intercept", "Intercept")] for group in ("batch", "batch:cask"))
    noise = cask / 3 + fit.sigma**2 / 6
    np.testing.assert_allclose(batches["shrinkage"], batch / (batch + noise), rtol=1e-8)


# --- posterior --------------------------------------------------------------------------------------------


def test_the_posterior_stands_beside_the_reml_fit_of_its_own_rows():
    data = random_slopes()
    fit = bm.fit("y ~ x + (x | g)", data, **SETTINGS)
    frame = bm.shrinkage(fit, "g", prob=0.8)
    columns = ["n", "raw_mean", "blue", "blup", "mean", "lower", "upper", "overall", "shrinkage"]
    assert list(frame.columns) == columns
    beside = bm.shrinkage(bm.reml("y ~ x + (x | g)", data), "g")
    pd.testing.assert_frame_equal(frame[beside.columns], beside)
    posterior, at = fit.posterior["posterior"], data["x"].mean()
    draws = (
        (posterior["Intercept"] + posterior["1|g"] + (posterior["x"] + posterior["x|g"]) * at)
        .transpose("g__factor_dim", ...)
        .to_numpy()
        .reshape(10, -1)
    )
    np.testing.assert_allclose(frame["mean"], draws.mean(axis=1), rtol=1e-10)
    np.testing.assert_allclose(frame[["lower", "upper"]].T, np.quantile(draws, (0.1, 0.9), axis=1), rtol=1e-10)


def test_draws_of_a_cask_have_its_batch():
    fit = bm.fit("strength ~ 1 + (1 | batch/cask)", bm.load_data("Pastes"), **SETTINGS)
    frame = bm.shrinkage(fit, "batch:cask")
    posterior = fit.posterior["posterior"].mean(("chain", "draw"))
    expected = float(posterior["Intercept"]) + posterior["1|batch:cask"].to_numpy()
    batches = posterior["1|batch"].to_numpy()[np.repeat(np.arange(10), 3)]
    np.testing.assert_allclose(frame["mean"], expected + batches, rtol=1e-10)


def test_given_the_variances_a_balanced_posterior_mean_is_the_blue_shrunk():
    """BLUP = BLUE (1 + lambda / r)^-1, lambda the ratio of the variances, within four Monte Carlo errors."""
    dyestuff, sd, sigma = bm.load_data("Dyestuff"), 40.0, 50.0
    held = {"sd_Batch__Intercept": f"Uniform({sd}, {sd + 1e-4})", "sigma": f"Uniform({sigma}, {sigma + 1e-4})"}
    fit = bm.fit("Yield ~ 1 + (1 | Batch)", dyestuff, priors={**held, "Intercept": "Normal(1500, 1e5)"}, seed=1)
    effects = bm.ranef(fit).set_index("level")
    blue = dyestuff.groupby("Batch", observed=True)["Yield"].mean() - dyestuff["Yield"].mean()
    z = (effects["mean"] - blue / (1 + sigma**2 / sd**2 / 5)) / (effects["sd"] / np.sqrt(4000))
    assert z.abs().max() < 4


# --- what is refused --------------------------------------------------------------------------------------


def test_what_has_no_shrinkage_is_refused_in_one_line():
    data = bm.load_data("sleepstudy")
    several = bm.reml("Reaction ~ Days + (0 + Days + I(Days ** 2) | Subject)", data)
    both = bm.reml("Reaction ~ Days + (Days | Subject)", data)
    counts = bm.fit(
        "cbind(incidence, size - incidence) ~ period + (1 | herd)",
        bm.load_data("cbpp"),
        "binomial",
        **{**SETTINGS, "draws": 20, "tune": 20, "chains": 1},
    )
    cases = [
        (lambda: bm.shrinkage(several, "Subject"), ArgumentError, "say which slope, term='Days'"),
        (lambda: bm.shrinkage(both, "Subject", term="Dais"), UnknownTermError, "Did you mean 'Days'"),
        (lambda: bm.shrinkage(both, "subject"), UnknownTermError, "Did you mean 'Subject'"),
        (lambda: bm.shrinkage(counts, "herd"), ArgumentError, "see compare_reml"),
        (lambda: bm.shrinkage(bm.lm("Reaction ~ Days", data), "Subject"), ArgumentError, "bm.fit or bm.reml"),
        (lambda: bm.shrinkage(both, "Subject", prob=95), ArgumentError, "prob=0.95"),
    ]
    for call, error, part in cases:
        with pytest.raises(error, match=r"^[^\n]*$") as caught:
            call()
        assert part in str(caught.value)
