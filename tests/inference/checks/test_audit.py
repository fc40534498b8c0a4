"""NUTS beside a fit: right fits agree, wrong ones are seen, and where nothing can be said that is what is said."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesmix as bm
from bayesmix.errors import ArgumentError, SamplingError
from bayesmix.inference.checks.audit import compared
from bayesmix.modelling import audit_errors
from bayesmix.modelling.audit_draws import draw_again
from bayesmix.modelling.diagnostics import diagnose_sampling
from bayesmix.modelling.joint import draws as joint_draws
from bayesmix.modelling.joint import pymc_nuts
from bayesmix.modelling.joint.ladder import Way
from bayesmix.modelling.record import Fit
from bayesmix.modelling.route import RouteDraws
from bayesmix.modelling.samplers import nutpie_chains
from bayesmix.modelling.settings import Dispersed
from bayesmix.report.pages.audit_summary import WIDTH

SEEN = {
    "x": "x",
    "f": "f[b]",
    "sd_g__x": "sd of x by g",
    "corr_g": "correlation of Intercept and x by g",
    "corr_h": "correlation of f[a] and f[b] by h",
    "sd_h__f[b]": "sd of f[b] by h",
    "sigma": "sigma",
}


def fit(**settings) -> Fit:
    return bm.fit("Yield ~ 1 + (1 | Batch)", bm.load_data("Dyestuff"), **({"seed": 1, "progress": False} | settings))


@pytest.fixture(scope="module")
def dyestuff() -> Fit:
    return fit()


@pytest.fixture(scope="module")
def audited(dyestuff) -> bm.Audit:
    return bm.audit(dyestuff, progress=False)


def changed(fit: Fit, **variables) -> Fit:
    """The fit with other draws of some variables, and nothing else."""
    draws = fit.posterior["posterior"].to_dataset().copy(deep=True)
    for name, change in variables.items():
        draws[name] = (draws[name].dims, change(draws[name].to_numpy()))
    others = {name: group.to_dataset() for name, group in fit.posterior.children.items()}
    return replace(fit, posterior=xr.DataTree.from_dict(others | {"posterior": draws}))


def second(fit: Fit, posterior: xr.Dataset, statistics: xr.Dataset) -> RouteDraws:
    tree = xr.DataTree.from_dict({"posterior": posterior, "sample_stats": statistics})
    return RouteDraws(tree, fit.sampling, diagnose_sampling(tree, fit.design, fit.family.auxiliary))


def another(posterior: xr.Dataset) -> xr.Dataset:
    """The same draws in another order of chains and draws: as many numbers, each a little apart from the other fit."""
    rng = np.random.default_rng(8)
    picked = rng.integers(0, posterior.sizes["draw"], posterior.sizes["draw"])
    return posterior.isel(draw=picked)


def test_a_right_fit_agrees(dyestuff, audited):
    assert audited.verdict == "agrees"
    assert audited.sentence.startswith(
        "NUTS from dispersed starts agrees with the fit: of 12 compared numbers of 3 par"
    )
    assert audited.n_compared == 12
    assert audited.table.index.get_level_values("parameter").unique().tolist() == [
        "Intercept",
        "sd_Batch__Intercept",
        "sigma",
    ]
    draws = dyestuff.posterior["posterior"]["sigma"].to_numpy()
    row = audited.table.loc[("sigma", "97.5 %")]
    assert row["fit"] == np.quantile(draws, 0.975)
    assert row["z"] == pytest.approx((row["fit"] - row["nuts"]) / row["mcse"])
    assert (audited.table["z"].abs() < audited.limit).all()
    assert (audited.max_rhat < 1.01, audited.n_divergent, audited.min_ess > 400) == (True, 0, True)


def test_the_same_seed_gives_the_same_bits_and_another_other_draws(dyestuff):
    short = {"draws": 100, "tune": 100, "chains": 2, "progress": False}
    first, again, other = (bm.audit(dyestuff, **short, **how) for how in ({}, {}, {"seed": 5}))
    pd.testing.assert_frame_equal(again.table, first.table, check_exact=True)
    assert (again.seed, other.seed) == (dyestuff.sampling.seed, 5)
    assert not (other.table["nuts"] == first.table["nuts"]).any()
    assert (other.table["fit"] == first.table["fit"]).all()


@pytest.mark.slow
def test_a_fit_by_nuts_gets_other_draws_from_the_same_seed():
    by_nuts = fit(sampler="nutpie", tune=1000)
    found = bm.audit(by_nuts, seed=1, progress=False)
    assert found.verdict == "agrees"
    assert not (found.table["nuts"] == found.table["fit"]).any()


@pytest.mark.slow
def test_a_stored_fit_is_audited_alike(dyestuff, audited, tmp_path):
    bm.save(dyestuff, tmp_path / "fit.nc")
    found = bm.audit(bm.load(tmp_path / "fit.nc"), progress=False)
    pd.testing.assert_frame_equal(found.table, audited.table, check_exact=True)


def test_a_lower_tail_that_was_cut_is_seen(dyestuff):
    """What is below the 10 % quantile was not reached; mean and sd hardly move."""
    cut = changed(dyestuff, sd_Batch__Intercept=lambda sd: np.maximum(sd, np.quantile(sd, 0.1)))
    found = bm.audit(cut, progress=False)
    assert found.verdict == "differs"
    assert "the 2.5 % limit of sd of Intercept by Batch" in found.sentence
    assert 'fit with sampler="nutpie"' in found.sentence
    assert found.table["z"].abs().idxmax() == ("sd_Batch__Intercept", "2.5 %")


def test_a_posterior_under_another_prior_is_seen(dyestuff):
    other = fit(priors={"sd_Batch__Intercept": "HalfNormal(30)"})
    found = bm.audit(replace(other, priors=dyestuff.priors), draws=1000, progress=False)
    assert found.verdict == "differs"
    worst = found.table["z"].abs().idxmax()
    assert worst[0] == "sd_Batch__Intercept"
    assert bm.audit(other, draws=1000, progress=False).verdict == "agrees"


def test_nuts_that_did_not_converge_gives_no_verdict(dyestuff):
    found = bm.audit(dyestuff, draws=20, tune=20, progress=False)
    assert found.verdict == "no verdict"
    assert "did not converge" in found.sentence
    assert "ESS" in found.sentence
    assert found.sampling.draws == 80  # once more, with chains four times as long


def test_a_fit_of_few_draws_gets_no_verdict():
    found = bm.audit(fit(draws=20), draws=400, progress=False)
    assert found.verdict == "no verdict"
    assert "too few effective draws" in found.sentence


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"chains": 1}, "chains is at least 2"),
        ({"draws": 0}, "draws is a whole number of at least 10; got 0"),
        ({"tune": "many"}, "tune is a whole number"),
        ({"seed": -1}, "seed is a whole number from 0"),
        ({"progress": "no"}, "progress is True or False"),
        ({"draws": 10**8, "tune": 10}, "more than 100,000,000 steps"),
        ({"draws": 10**7, "chains": 10**4}, "of memory"),
    ],
)
def test_arguments_that_cannot_be(dyestuff, settings, words):
    with pytest.raises((ArgumentError, SamplingError), match=words) as caught:
        bm.audit(dyestuff, **settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "label"),
    [pytest.param(*one, marks=() if one[0] in ("x", "corr_g", "sigma") else pytest.mark.slow) for one in SEEN.items()],
)
def test_the_sentence_names_what_differs(make, gaussian, posterior, statistics, variable, label):
    """Of draws of all kinds one is moved: the sentence has its name in the field's words."""
    moved = posterior.copy(deep=True)
    values = moved[variable].to_numpy()
    values[(..., 0) if values.ndim == 3 else ...] += 3 * values.std()
    found = make(gaussian.fit.family, gaussian.fit.design, moved).fit
    audit = compared(found, second(found, another(posterior), statistics), seed=1)
    assert audit.verdict == "differs"
    assert f" of {label} (" in audit.sentence
    assert compared(gaussian.fit, second(found, another(posterior), statistics), seed=1).verdict == "agrees"


def test_what_a_fit_by_nuts_is_advised(make, gaussian, posterior, statistics):
    moved = posterior.copy(deep=True)
    moved["x"] += 1
    found = make(gaussian.fit.family, gaussian.fit.design, moved).fit
    audit = compared(found, second(found, another(posterior), statistics), seed=1)
    assert audit.sentence.endswith("fit with draws=4000, and audit again.")


def test_divergences_and_chains_that_disagree_give_no_verdict(gaussian, posterior, statistics):
    statistics["diverging"][0, 5] = True
    posterior["x"][0] += 2
    audit = compared(gaussian.fit, second(gaussian.fit, posterior, statistics), seed=1)
    assert audit.verdict == "no verdict"
    assert "did not converge (1 divergence, R-hat" in audit.sentence
    assert "for x" in audit.sentence


def test_draws_that_are_not_finite_or_do_not_vary(make, gaussian, posterior, statistics):
    odd = posterior.copy(deep=True)
    odd["x"][0, 0] = np.inf
    odd["sigma"][:] = 1.0
    found = make(gaussian.fit.family, gaussian.fit.design, odd).fit
    audit = compared(found, second(found, another(posterior), statistics), seed=1)
    assert audit.table.loc["x", "z"].isna().all()
    assert audit.n_compared == len(audit.table) - 4
    assert abs(audit.table.loc[("sigma", "mean"), "z"]) > 5  # a constant has no error, what NUTS finds has


def test_a_printed_audit_fits_80_columns_and_marks_what_differs(gaussian, make, posterior, statistics):
    moved = posterior.copy(deep=True)
    moved["x"] += 1
    found = make(gaussian.fit.family, gaussian.fit.design, moved).fit
    audit = compared(found, second(found, another(posterior), statistics), seed=1)
    text = str(audit)
    assert max(map(len, text.splitlines())) <= WIDTH
    assert " ".join(text.split()).startswith(audit.sentence)
    (starred,) = [line for line in text.splitlines() if line.endswith("*") and " x " in line]
    assert "mean" in starred
    assert "<table" in audit._repr_html_()


def test_long_names_and_large_numbers_are_shortened(audited):
    table = audited.table.rename(index={"Intercept": "a_coefficient_with_a_name_that_is_longer_than_most"})
    table[["fit", "nuts", "difference", "mcse"]] *= 1e7
    lines = str(replace(audited, table=table)).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert any("a_coefficient_w" in line and "e+10" in line for line in lines)


def spied(monkeypatch, module) -> list:
    """Ends sampling as it begins; gives where chains would have started, (n_seeds, n)."""
    starts: list = []

    def end(compiled, *_, **__):
        starts.append(np.array([compiled.initial_point_func(seed) for seed in range(400)]))
        raise SamplingError("enough")

    monkeypatch.setattr(module, "run_nutpie", end)
    return starts


HERD = "cbind(incidence, size - incidence) ~ period + (1 | herd)"


@pytest.mark.parametrize("method", ["quadrature", "joint"])
def test_chains_start_farther_apart_than_the_posterior_is_wide(monkeypatch, method):
    counts = bm.fit(HERD, bm.load_data("cbpp"), "binomial", method=method, draws=50, tune=50, seed=1, progress=False)
    starts = spied(monkeypatch, nutpie_chains)
    with pytest.raises(SamplingError, match="enough"):
        bm.audit(counts, progress=False)
    # x is near a standard normal; sd of a t with 5 degrees of freedom is 1.29.
    np.testing.assert_allclose(starts[0].std(axis=0), 2 * 1.29, rtol=0.25)
    assert abs(starts[0]).max() <= 6


def test_a_joint_audit_begins_as_the_fit_ended(monkeypatch, gaussian):
    """What a fit has found out in five attempts is not found out again; of longer chains no more are made in all."""
    ways: list[Way] = []

    def end(*_, begin, **__):
        ways.append(begin)
        raise SamplingError("enough")

    monkeypatch.setattr(joint_draws, "draw_joint", end)
    how = replace(gaussian.fit.sampling, centred=("1 | h",), thin=20, target_accept=0.99, tune=2000)
    for draws, thin in ((1000, 20), (5000, 4)):
        with pytest.raises(SamplingError, match="enough"):
            bm.audit(replace(gaussian.fit, sampling=how), draws=draws, progress=False)
        assert ways[-1] == Way(0.99, 2000, "diagonal", (False, True, False), thin)
    with pytest.raises(SamplingError, match="enough"):
        bm.audit(replace(gaussian.fit, sampling=replace(how, sampler="pymc")), progress=False)
    assert ways[-1] is None


@pytest.mark.slow
def test_chains_of_a_pymc_model_start_about_the_draws_of_the_fit(monkeypatch):
    counts = bm.fit(
        "incidence ~ period + (1 | herd)",
        bm.load_data("cbpp"),
        "negative_binomial",
        method="joint",
        draws=200,
        tune=300,
        seed=1,
        progress=False,
    )
    points = counts.posterior["unconstrained_posterior"]["point"].to_numpy()
    points = points.reshape(-1, points.shape[-1])
    starts = spied(monkeypatch, pymc_nuts)
    with pytest.raises(SamplingError, match="enough"):
        bm.audit(counts, progress=False)
    np.testing.assert_allclose(starts[0].std(axis=0), 2 * 1.29 * points.std(axis=0), rtol=0.25)
    assert (abs(starts[0].mean(axis=0) - points.mean(axis=0)) < 0.6 * points.std(axis=0)).all()


def test_dispersed_starts_have_wide_tails_and_an_end():
    steps = np.array([Dispersed().steps(seed, 50) for seed in range(400)])
    assert abs(steps).max() == 6
    assert np.mean(abs(steps) > 4) > 0.08  # of a normal of this width 0.046
    np.testing.assert_array_equal(Dispersed().steps(3, 50), steps[3])


SLEEP = "Reaction ~ Days + (Days | Subject)"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("formula", "data", "family"),
    [
        (SLEEP, "sleepstudy", "gaussian"),
        (HERD, "cbpp", "binomial"),
        ("Yield ~ 1 + (1 | Batch)", "Dyestuff2", "gaussian"),
        ("diameter ~ 1 + (1 | plate) + (1 | sample)", "Penicillin", "gaussian"),
    ],
)
def test_right_fits_agree_from_every_seed(formula, data, family, seed):
    found = bm.audit(bm.fit(formula, bm.load_data(data), family, seed=seed, progress=False), progress=False)
    assert found.verdict == "agrees", found.sentence


JOINT = {
    "compiled density": (HERD, "cbpp", "binomial", {"method": "joint"}),
    "negative binomial": ("incidence ~ period + (1 | herd)", "cbpp", "negative_binomial", {"method": "joint"}),
    "by PyMC": (SLEEP, "sleepstudy", "gaussian", {"sampler": "pymc"}),
    "a formula for sigma": (["Reaction ~ Days + (1 | Subject)", "sigma ~ Days"], "sleepstudy", "gaussian", {}),
}


@pytest.mark.slow
@pytest.mark.parametrize(("formula", "data", "family", "settings"), JOINT.values(), ids=JOINT.keys())
def test_joint_models_agree(formula, data, family, settings):
    joint = bm.fit(formula, bm.load_data(data), family, seed=2, progress=False, **settings)
    found = bm.audit(joint, progress=False)
    assert found.verdict == "agrees", found.sentence
    n_effects = sum(term.k * term.n_levels for term in joint.design.all_random)
    assert found.table.index.get_level_values(0).nunique() == len(joint.diagnostics.parameters) - n_effects


@pytest.mark.slow
def test_an_ordinal_model_agrees():
    data = bm.load_data("sleepstudy")
    data["speed"] = pd.cut(data["Reaction"], [0, 260, 320, 600], labels=["fast", "usual", "slow"])
    ordinal = bm.fit("speed ~ Days + (1 | Subject)", data, "cumulative", seed=2, progress=False)
    found = bm.audit(ordinal, progress=False)
    assert found.verdict == "agrees", found.sentence
    assert found.table.loc[("threshold[fast|usual]", "mean"), "mcse"] > 0


@pytest.mark.slow
def test_a_joint_fit_under_another_prior_is_seen():
    settings = {"method": "joint", "seed": 3, "progress": False}
    data, sds = bm.load_data("cbpp"), {"sd_herd__Intercept": "HalfNormal(0.2)"}
    narrow = bm.fit(HERD, data, "binomial", priors=sds, **settings)
    wide = bm.fit(HERD, data, "binomial", **settings)
    found = bm.audit(replace(narrow, priors=wide.priors), progress=False)
    assert found.verdict == "differs"
    assert "sd of Intercept by herd" in found.sentence


@pytest.mark.slow
def test_chance_makes_hardly_any_right_fit_differ(make, gaussian, posterior, statistics):
    """Independent draws of one distribution on both sides: normal, lognormal and of correlations, 15 parameters."""
    family, design = gaussian.fit.family, gaussian.fit.design
    alarms = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        one, other = fresh(posterior, rng), fresh(posterior, rng)
        found = make(family, design, one).fit
        alarms += compared(found, second(found, other, statistics), seed=1).verdict != "agrees"
    assert alarms <= 1  # 1 % of 30 is 0.3


def fresh(posterior: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
    drawn = {}
    for name, values in posterior.items():
        normal = rng.normal(size=values.shape)
        is_positive = str(name).startswith("sd_") or name == "sigma"
        drawn[name] = (
            values.dims,
            np.exp(normal / 2) if is_positive else np.tanh(normal) if "corr" in name else normal,
        )
    return xr.Dataset(drawn)


def test_the_audit_holds_no_effects_of_the_largest_factor(dyestuff):
    found = draw_again(dyestuff, draws=200, tune=200, chains=2, seed=1, progress=False)
    assert "1|Batch" not in found.posterior["posterior"]


def test_copies_of_a_value_count_once():
    """The error of a mean of 100 values with 40 copies each is that of 100 values, whatever the order of the copies."""
    values = np.random.default_rng(3).normal(size=100)
    draws, sources = (np.repeat(x, 40).reshape(4, 1000) for x in (values, np.arange(100.0)))
    found = audit_errors.statistics_of(draws, sources)
    assert found["mean"].mcse >= 0.99 * values.std() / 10
