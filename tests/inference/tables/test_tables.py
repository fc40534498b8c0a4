"""Tables of parameters against plain loops over known draws, and against ArviZ called one variable at a time."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from arviz_stats import ess, rhat

from bayesmix.errors import ArgumentError, UnknownTermError
from bayesmix.families.family import read_family
from bayesmix.inference.shared import summarise
from bayesmix.inference.tables.coef import coef
from bayesmix.inference.tables.fixef import fixef
from bayesmix.inference.tables.glance import glance
from bayesmix.inference.tables.ranef import ranef
from bayesmix.inference.tables.tidy import tidy
from bayesmix.inference.tables.varcorr import varcorr


def numbers(draws, prob=0.95):
    """mean, sd, lower, upper by sorting and interpolation."""
    values = sorted(float(v) for v in draws)
    n = len(values)
    mean = sum(values) / n
    sd = (sum((v - mean) ** 2 for v in values) / (n - 1)) ** 0.5

    def quantile(p):
        below = int(p * (n - 1))
        rest = p * (n - 1) - below
        return values[below] * (1 - rest) + values[min(below + 1, n - 1)] * rest

    return [mean, sd, quantile((1 - prob) / 2), quantile((1 + prob) / 2)]


def close(row, draws, prob=0.95):
    np.testing.assert_allclose(row[["mean", "sd", "lower", "upper"]].astype(float), numbers(draws, prob), rtol=1e-9)


def by_chain(draws):
    return draws.reshape(4, 1000)


def test_fixef_every_number(gaussian):
    frame = fixef(gaussian.fit, prob=0.9)
    draws = gaussian.draws
    expected = {"Intercept": draws["Intercept"], "x": draws["x"], "f[b]": draws["f"][0], "f[c]": draws["f"][1]}
    assert list(frame.index) == list(expected)
    assert list(frame.columns) == ["mean", "sd", "lower", "upper", "ess_bulk", "ess_tail", "rhat"]
    for name, values in expected.items():
        close(frame.loc[name], values, 0.9)
        chains = by_chain(values)
        assert frame.loc[name, "ess_bulk"] == pytest.approx(float(ess(chains, method="bulk")), rel=1e-12)
        tail = float(ess(chains, method="tail", prob=(0.05, 0.95)))
        assert frame.loc[name, "ess_tail"] == pytest.approx(tail, rel=1e-12)
        assert frame.loc[name, "rhat"] == pytest.approx(float(rhat(chains)), rel=1e-12)


EXPECTED_VARCORR = [
    ("g", "Intercept", "Intercept", "sd_g__Intercept", None),
    ("g", "x", "x", "sd_g__x", None),
    ("g", "Intercept", "x", "corr_g", 0),
    ("h", "Intercept", "Intercept", "sd_h__Intercept", None),
    ("h", "f[a]", "f[a]", "sd_h__f[a]", None),
    ("h", "f[b]", "f[b]", "sd_h__f[b]", None),
    ("h", "f[c]", "f[c]", "sd_h__f[c]", None),
    ("h", "f[a]", "f[b]", "corr_h", 0),
    ("h", "f[a]", "f[c]", "corr_h", 1),
    ("h", "f[b]", "f[c]", "corr_h", 2),
    ("Residual", "", "", "sigma", None),
]


@pytest.mark.parametrize("scale", ["sd", "variance", "covariance"])
def test_varcorr_every_number(gaussian, scale):
    frame = varcorr(gaussian.fit, scale=scale)
    assert list(frame.index) == [row[:3] for row in EXPECTED_VARCORR]
    assert list(frame.columns) == ["mean", "median", "sd", "lower", "upper", "ess_bulk", "rhat"]
    sds = {(group, one): gaussian.draws[name] for group, one, other, name, _ in EXPECTED_VARCORR if one == other}
    for position, (group, first, second, variable, pair) in enumerate(EXPECTED_VARCORR):
        values = gaussian.draws[variable] if pair is None else gaussian.draws[variable][pair]
        if scale != "sd" and pair is None:
            values = values**2
        if scale == "covariance" and pair is not None:
            values = values * sds[group, first] * sds[group, second]
        row = frame.iloc[position]
        close(row, values)
        assert row["median"] == pytest.approx(np.median(values))
        assert row["ess_bulk"] == pytest.approx(float(ess(by_chain(values))), rel=1e-12)
        assert row["rhat"] == pytest.approx(float(rhat(by_chain(values))), rel=1e-12)


def test_varcorr_without_sigma_has_no_residual(binomial):
    assert "Residual" not in varcorr(binomial.fit).index.get_level_values("group")


def test_ranef_every_number_in_the_order_of_the_formula(gaussian):
    frame = ranef(gaussian.fit)
    draws, position = gaussian.draws, 0
    for group, levels, columns in [
        ("g", 6, {"Intercept": draws["1|g"], "x": draws["x|g"]}),
        ("h", 5, {"Intercept": draws["1|h"]}),
        ("h", 5, {f"f[{cell}]": draws["f|h"][i] for i, cell in enumerate("abc")}),
    ]:
        for level in range(levels):
            for term, values in columns.items():
                row = frame.iloc[position]
                assert (row["group"], row["level"], row["term"]) == (group, f"{group}{level + 1}", term)
                close(row, values[level])
                position += 1
    assert position == len(frame)
    pd.testing.assert_frame_equal(ranef(gaussian.fit, group="h"), frame[frame["group"] == "h"].reset_index(drop=True))


def test_coef_adds_every_term_of_the_group_to_the_coefficient_of_its_name(gaussian):
    frame = coef(gaussian.fit).set_index(["group", "level", "term"])
    draws = gaussian.draws
    assert list(frame.loc[("g", "g1")].index) == ["Intercept", "x", "f[b]", "f[c]"]
    assert list(frame.loc[("h", "h1")].index) == ["Intercept", "x", "f[b]", "f[c]", "f[a]"]
    assert len(frame) == 6 * 4 + 5 * 5
    for level in range(6):
        label = f"g{level + 1}"
        close(frame.loc[("g", label, "Intercept")], draws["Intercept"] + draws["1|g"][level])
        close(frame.loc[("g", label, "x")], draws["x"] + draws["x|g"][level])
        close(frame.loc[("g", label, "f[c]")], draws["f"][1])
    for level in range(5):
        label = f"h{level + 1}"
        close(frame.loc[("h", label, "Intercept")], draws["Intercept"] + draws["1|h"][level])
        close(frame.loc[("h", label, "x")], draws["x"])
        close(frame.loc[("h", label, "f[a]")], draws["f|h"][0, level])
        close(frame.loc[("h", label, "f[b]")], draws["f"][0] + draws["f|h"][1, level])


def test_levels_in_parts_give_the_same(gaussian, monkeypatch):
    whole = ranef(gaussian.fit), coef(gaussian.fit)
    monkeypatch.setattr(summarise, "VALUES_AT_ONCE", 4000 * 4)
    for one, other in zip(whole, (ranef(gaussian.fit), coef(gaussian.fit)), strict=True):
        pd.testing.assert_frame_equal(one, other, rtol=1e-12)


def test_tidy_as_broom_mixed(gaussian):
    frame = tidy(gaussian.fit)
    assert list(frame.columns) == ["effect", "group", "term", "estimate", "std.error", "conf.low", "conf.high"]
    assert list(frame["term"]) == [
        *("Intercept", "x", "f[b]", "f[c]"),
        *("sd__Intercept", "sd__x", "cor__Intercept.x", "sd__Intercept", "sd__f[a]", "sd__f[b]", "sd__f[c]"),
        *("cor__f[a].f[b]", "cor__f[a].f[c]", "cor__f[b].f[c]", "sd__Observation"),
    ]
    assert list(frame["effect"]) == ["fixed"] * 4 + ["ran_pars"] * 11
    assert frame["group"].iloc[:4].isna().all()
    assert frame["group"].iloc[-1] == "Residual"
    np.testing.assert_allclose(frame["estimate"].iloc[:4], fixef(gaussian.fit)["mean"])
    np.testing.assert_allclose(frame["conf.high"].iloc[4:], varcorr(gaussian.fit)["upper"])
    values = tidy(gaussian.fit, effects="ran_vals")
    assert list(values.columns[:4]) == ["effect", "group", "level", "term"]
    np.testing.assert_allclose(values["std.error"], ranef(gaussian.fit)["sd"])
    assert len(tidy(gaussian.fit, effects=("fixed", "ran_vals"))) == 4 + len(values)


def test_glance_is_one_row(gaussian, binomial):
    row = glance(gaussian.fit).iloc[0]
    assert list(row.index) == [
        *("nobs", "family", "link", "method", "sampler", "chains", "draws", "tune", "seed", "sigma"),
        *("n_divergent", "max_rhat", "min_ess_bulk", "min_ess_tail"),
    ]
    assert (row["nobs"], row["family"], row["chains"], row["draws"], row["seed"]) == (60, "gaussian", 4, 1000, 11)
    assert row["sigma"] == pytest.approx(gaussian.draws["sigma"].mean())
    assert row["max_rhat"] == gaussian.fit.diagnostics.parameters["rhat"].max()
    assert np.isnan(glance(binomial.fit)["sigma"].iloc[0])


def test_no_random_terms_give_empty_tables(make, design, posterior, gaussian):
    fit = make(gaussian.fit.family, replace(design, random=()), posterior).fit
    assert list(ranef(fit).columns) == list(ranef(gaussian.fit).columns)
    assert len(coef(fit)) == 0
    assert list(varcorr(fit).index) == [("Residual", "", "")]
    bare = make(read_family("poisson"), replace(design, random=()), posterior).fit
    assert list(varcorr(bare).columns) == list(varcorr(fit).columns)
    assert list(tidy(bare)["effect"]) == ["fixed"] * 4


@pytest.mark.parametrize(
    ("question", "arguments", "error", "words"),
    [
        (fixef, {"prob": 95}, ArgumentError, "write prob=0.95"),
        (fixef, {"prob": 1}, ArgumentError, "between 0 and 1; got 1"),
        (fixef, {"prob": "wide"}, ArgumentError, "got 'wide'"),
        (varcorr, {"scale": "variances"}, ArgumentError, "Did you mean 'variance'"),
        (ranef, {"group": "G"}, UnknownTermError, r"Did you mean 'g'\? Groups of the model: g, h\."),
        (coef, {"group": "site"}, UnknownTermError, "Groups of the model: g, h"),
        (tidy, {"effects": "random"}, ArgumentError, "Known: fixed, ran_pars, ran_vals"),
    ],
)
def test_arguments_that_mean_nothing_are_refused_in_one_line(gaussian, question, arguments, error, words):
    with pytest.raises(error, match=words) as caught:
        question(gaussian.fit, **arguments)
    assert "\n" not in str(caught.value)
