"""Planted faults are found, and nothing else is."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from bayesmix.families.family import read_family
from bayesmix.inference.checks import diagnose as diagnose_file
from bayesmix.inference.checks.diagnose import model_lines, verdict

FAMILY = read_family("gaussian")
# The draws are made up: they follow neither priors nor data.
diagnose = partial(diagnose_file.diagnose, sensitivity=False)
COLUMNS = ["check", "severity", "parameter", "value", "limit", "advice"]


def found(frame):
    return set(zip(frame["check"], frame["parameter"], strict=True))


def test_nothing_is_found_where_nothing_is_wrong(gaussian):
    frame = diagnose(gaussian.fit)
    assert list(frame.columns) == COLUMNS
    assert frame.empty
    line = verdict(gaussian.fit)
    parameters = gaussian.fit.diagnostics.parameters
    assert line.startswith("Sampling: no problems (")
    assert f"largest R-hat {parameters['rhat'].max():.4f}, {parameters['rhat'].idxmax()};" in line
    smallest = parameters[["ess_bulk", "ess_tail"]].min(axis=1)
    assert f"smallest ESS {smallest.min():.0f}, " in line
    assert smallest.idxmin() in line
    assert "no divergences" in line


def shifted_chain(drawn):
    drawn["sd_g__x"][0] *= 2


def slow_parameter(drawn):
    """Blocks of 50 draws that all but stand still, the same in each half of each chain: they mix, slowly."""
    rng = np.random.default_rng(9)
    blocks = np.repeat(np.tile(rng.permutation(10).astype(float), 2), 50)
    drawn["x"][:] = blocks + rng.normal(scale=0.01, size=drawn["x"].shape)


def shifted_group_effect(drawn):
    drawn["x|g"][1, :, 3] += 0.6


def diverging(drawn):
    drawn["diverging"][2, 5:17] = True


def _energy(phi):
    """An autoregressive energy, whose E-BFMI is 2 (1 - phi)."""
    steps = np.random.default_rng(8).normal(size=1000)
    for i in range(1, 1000):
        steps[i] += phi * steps[i - 1]
    return steps


def low_energy(drawn):
    drawn["energy"][3] = _energy(0.9)


def energy_just_enough(drawn):
    drawn["energy"][3] = _energy(0.8)


def deep_trees(drawn):
    drawn["reached_max_treedepth"][0, :41] = True


def deep_trees_now_and_then(drawn):
    drawn["reached_max_treedepth"][0, :40] = True


def constant(drawn):
    drawn["sd_h__Intercept"][:] = 0.1


def not_finite(drawn):
    drawn["1|h"][0, 3, 1] = np.nan


def infinite(drawn):
    drawn["1|h"][0, 3, 1] = np.inf


@pytest.mark.parametrize(
    ("plant", "expected", "line"),
    [
        (shifted_chain, {(check, "sd_g__x") for check in ("rhat", "ess_bulk", "ess_tail")}, "for sd_g__x"),
        (slow_parameter, {("ess_bulk", "x"), ("ess_tail", "x")}, "for x"),
        (
            shifted_group_effect,
            {(check, "x|g[g4]") for check in ("rhat", "ess_bulk", "ess_tail")},
            "for x|g[g4]",
        ),
        (diverging, {("divergences", "")}, "12 divergent transitions"),
        (low_energy, {("ebfmi", "chain 3")}, "< 0.3 in chain 3"),
        (energy_just_enough, set(), "Sampling: no problems"),
        (deep_trees, {("tree_depth", "")}, "41 draws at the greatest tree depth (limit 40)"),
        (deep_trees_now_and_then, set(), "Sampling: no problems"),
        (
            constant,
            {("draws", "sd_h__Intercept")},
            "no figures for sd_h__Intercept (sd 0). The draws of sd_h__Intercept do not vary",
        ),
        (not_finite, {("draws", "Intercept|h[h2]")}, "not finite"),
        (infinite, {("draws", "Intercept|h[h2]")}, "not finite"),
    ],
)
def test_planted_faults(make, posterior, statistics, plant, expected, line):
    plant({**posterior.data_vars, **statistics.data_vars})
    fit = make(FAMILY, None, posterior, statistics).fit
    frame = diagnose(fit)
    assert found(frame) == expected
    assert (frame["severity"] == "problem").all()
    assert line in verdict(fit)
    assert "\n" not in verdict(fit)


def test_a_single_chain_has_no_rhat(make, posterior, statistics):
    fit = make(FAMILY, None, posterior.isel(chain=[0]), statistics.isel(chain=[0])).fit
    assert fit.diagnostics.parameters["rhat"].isna().all()
    assert found(diagnose(fit)) == {("chains", "")}
    assert "a single chain" in verdict(fit)
    assert "chains=4" in verdict(fit)


def test_too_few_draws(make, posterior, statistics):
    fit = make(FAMILY, None, posterior.isel(draw=slice(5)), statistics.isel(draw=slice(5))).fit
    frame = diagnose(fit)
    assert set(frame["check"]) - {"ebfmi"} == {"draws"}
    assert len(frame[frame["check"] == "draws"]) == len(fit.diagnostics.parameters)


def test_few_levels_are_no_finding_of_their_own(make, design, posterior):
    """What the prior decides is measured; the number of levels does not tell it."""
    rep = replace(design.random[1], group="rep", levels=("r1", "r2"), index=np.arange(60) % 2)
    posterior = posterior.assign(
        {
            "1|rep": posterior["1|h"].isel(h__factor_dim=[0, 1]).rename(h__factor_dim="rep__factor_dim"),
            "sd_rep__Intercept": posterior["sd_h__Intercept"],
        }
    )
    fit = make(FAMILY, replace(design, random=(rep, *design.random)), posterior).fit
    assert diagnose(fit).empty
    assert verdict(fit).startswith("Sampling: no problems")


def test_one_more_digit_than_the_limit(make, posterior):
    """1.0103 is above 1.01, and 1.010 is not seen to be."""
    fit = make(FAMILY, None, posterior).fit
    parameters = fit.diagnostics.parameters
    parameters.loc["x", "rhat"] = 1.0103
    assert verdict(fit).startswith("Sampling: problems: R-hat 1.0103 > 1.01 for x. ")


def test_advice_is_in_the_arguments_of_fit(make, posterior, statistics):
    drawn = {**posterior.data_vars, **statistics.data_vars}
    shifted_chain(drawn)
    diverging(drawn)
    posterior["corr_h"][0, :, 1] += 3
    frame = diagnose(make(FAMILY, None, posterior, statistics).fit)
    assert frame["check"].iloc[0] == "divergences"
    advice = frame.set_index(["check", "parameter"])["advice"]
    assert "target_accept=0.95" in advice["divergences", ""]
    assert "sd_g__x" in advice["divergences", ""]
    assert "draws=2000, tune=1000" in advice["rhat", "sd_g__x"]
    assert "simplify the term (x | g)" in advice["rhat", "sd_g__x"]
    assert "simplify the term (0 + f | h)" in advice["rhat", "corr_h[f[a], f[c]]"]


@pytest.mark.parametrize(
    ("method", "used", "advice"),
    [
        ("joint", 0.9, "Use target_accept=0.95, or 0.99, then a tighter prior for sd_"),
        ("joint", 0.95, "Use target_accept=0.99, then a tighter prior for sd_"),
        ("joint", 0.99, "target_accept=0.99 is as high as helps: give a tighter prior for sd_"),
        ("exact", 0.9, "Use target_accept=0.95, or 0.99 with tune=1000, then a tighter prior for sd_"),
    ],
)
def test_divergences_ask_for_more_than_was_used(make, statistics, method, used, advice):
    diverging(statistics)
    fit = make(FAMILY, None, None, statistics, method=method, target_accept=used).fit
    assert diagnose(fit)["advice"].iloc[0].startswith(advice)


@pytest.mark.parametrize(("method", "cause"), [("joint", "scale(x)"), ("exact", "give the sds tighter priors")])
def test_no_scaling_of_predictors_that_are_integrated_out(make, statistics, method, cause):
    deep_trees(statistics)
    assert cause in verdict(make(FAMILY, None, None, statistics, method=method).fit)


def test_one_length_of_chains_for_all_findings(make, posterior):
    """Chains that disagree ask for twice the draws; where they agree the worst effective size decides for all."""

    def lengths(fit):
        frame = diagnose(fit).set_index("check")
        return set(frame.loc[["ess_bulk", "ess_tail"], "advice"].str.extract(r"run longer, (draws=\d+[^.;]*)")[0])

    slow_parameter(posterior)
    fit = make(FAMILY, None, posterior).fit
    fewest = fit.diagnostics.parameters[["ess_bulk", "ess_tail"]].to_numpy().min()
    # 400 effective draws are asked of 4 chains with 1000 draws each, and a fifth more to be sure.
    assert lengths(fit) == {f"draws={100 * np.ceil(1.2 * 1000 * 400 / fewest / 100):.0f}"}
    shifted_chain(posterior)
    fit = make(FAMILY, None, posterior).fit
    assert lengths(fit) == {"draws=2000, tune=1000"}
    assert diagnose(fit)["advice"].str.contains("draws=2000, tune=1000").all()


def far_from_zero(design, values, name="x"):
    """The design with `values` in the column x of (x | g)."""
    term = design.random[0]
    terms = (term.terms[0], replace(term.terms[1], label=name))
    columns = np.column_stack([np.ones(60), values])
    term = replace(term, label=f"{name} | g", names=("Intercept", name), columns=columns, terms=terms)
    return replace(design, random=(term, *design.random[1:]))


def named(posterior, name):
    return posterior.rename({"x|g": f"{name}|g", "sd_g__x": f"sd_g__{name}"})


@pytest.mark.parametrize(
    ("name", "values", "advice"),
    [
        (
            "year",
            2000 + np.arange(60) % 10,
            "In (year | g) 'year' lies far from 0 (mean 2004, sd 2.9): the group intercept stands for year = 0, where "
            "neither its prior nor the correlation can follow. Write I(year - 2004) or scale(year) in formula and "
            "term.",
        ),
        ("t", -3 - np.arange(60) % 2 / 100, "Write I(t + 3.005) or scale(t) in formula and term."),
        ("I(a + b)", 123456 + 300 * (np.arange(60) % 2), "Write I(a + b - 123600) or scale(I(a + b)) in"),
        ("a:b", 2000 + np.arange(60) % 10, "Centre its variables in formula and term."),
    ],
)
def test_a_predictor_far_from_zero(make, design, posterior, name, values, advice):
    fit = make(FAMILY, far_from_zero(design, values, name), named(posterior, name)).fit
    frame = diagnose(fit)
    assert found(frame) == {("centring", "sd_g__Intercept")}
    assert frame["severity"].tolist() == ["problem"]
    assert frame["value"].tolist() == pytest.approx([abs(values.mean()) / values.std(ddof=1)])
    assert frame["limit"].tolist() == [10]
    assert advice in frame["advice"].iloc[0]
    assert model_lines(fit)[0] == f"Model: {frame['advice'].iloc[0]}"
    assert verdict(fit).startswith("Sampling: no problems")


def test_a_predictor_near_zero_or_without_an_intercept_is_left_alone(make, design, posterior):
    x = np.arange(60) % 2
    for near in (x + 4.5, np.full(60, 7.0)):
        assert diagnose(make(FAMILY, far_from_zero(design, near), posterior).fit).empty
    alone = far_from_zero(design, 2000 + x)
    slope = replace(
        alone.random[0],
        names=("x",),
        columns=alone.random[0].columns[:, 1:],
        terms=(replace(alone.random[0].terms[1], columns=(0,)),),
    )
    assert diagnose(make(FAMILY, replace(alone, random=(slope, *alone.random[1:])), posterior).fit).empty
