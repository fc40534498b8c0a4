"""Planted faults are found, and nothing else is."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from bayesmix.inference.diagnose import diagnose, verdict
from bayesmix.modelling.families import read_family

FAMILY = read_family("gaussian")
COLUMNS = ["check", "severity", "parameter", "value", "limit", "advice"]


def found(frame):
    return set(zip(frame["check"], frame["parameter"], strict=True))


def test_nothing_is_found_where_nothing_is_wrong(gaussian):
    frame = diagnose(gaussian.fit)
    assert list(frame.columns) == COLUMNS
    assert frame.empty
    line = verdict(gaussian.fit)
    parameters = gaussian.fit.diagnostics.parameters
    assert line.startswith("All is well: ")
    assert f"R-hat at most {parameters['rhat'].max():.3f} ({parameters['rhat'].idxmax()})" in line
    smallest = parameters[["ess_bulk", "ess_tail"]].min(axis=1)
    assert f"ESS at least {smallest.min():.0f}" in line
    assert smallest.idxmin() in line
    assert "0 divergences" in line


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
    drawn["maxdepth_reached"][0, :41] = True


def deep_trees_now_and_then(drawn):
    drawn["maxdepth_reached"][0, :40] = True


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
        (energy_just_enough, set(), "All is well"),
        (deep_trees, {("tree_depth", "")}, "41 draws at the greatest tree depth (limit 40)"),
        (deep_trees_now_and_then, set(), "All is well"),
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


@pytest.mark.parametrize(
    ("name", "values"), [("reached_max_treedepth", [0, 1]), ("maxdepth_reached", [0, 1]), ("tree_depth", [9, 10])]
)
def test_tree_depth_as_each_sampler_keeps_it(make, posterior, statistics, name, values):
    depths = np.full((4, 1000), values[0])
    depths[1, :7] = values[1]
    statistics = statistics.drop_vars("maxdepth_reached").assign({name: (("chain", "draw"), depths)})
    assert make(FAMILY, None, posterior, statistics).fit.diagnostics.n_max_treedepth == 7


def test_without_figures_of_the_sampler(make, posterior):
    diagnostics = make(FAMILY, None, posterior, xr.Dataset()).fit.diagnostics
    assert (diagnostics.n_divergent, diagnostics.ebfmi, diagnostics.n_max_treedepth) == (0, (), 0)
    assert diagnostics.n_total == 4000


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


def test_a_group_of_two_levels_is_noted_not_failed(make, design, posterior):
    rep = replace(design.random[1], group="rep", levels=("r1", "r2"), index=np.arange(60) % 2)
    posterior = posterior.assign(
        {
            "1|rep": posterior["1|h"].isel(h__factor_dim=[0, 1]).rename(h__factor_dim="rep__factor_dim"),
            "sd_rep__Intercept": posterior["sd_h__Intercept"],
        }
    )
    fit = make(FAMILY, replace(design, random=(rep, *design.random)), posterior).fit
    frame = diagnose(fit)
    assert found(frame) == {("levels", "sd_rep__Intercept")}
    assert frame["severity"].tolist() == ["note"]
    advice = (
        "Group 'rep' has 2 levels: its sd is barely identified and the posterior will follow the prior "
        "HalfStudentT(3, 14.2). Add levels or make 'rep' a fixed effect."
    )
    assert frame["advice"].tolist() == [advice]
    assert verdict(fit).startswith("All is well")
    assert verdict(fit).endswith(advice)


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
