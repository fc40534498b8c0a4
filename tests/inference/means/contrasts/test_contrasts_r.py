"""Contrasts of marginal means against R's emmeans: names, estimates, degrees of freedom, adjusted p and intervals."""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.stats import studentized_range

import bayesmix as bm

FAST = {"kfert", "warpbreaks"}
REFERENCES = json.loads((Path(__file__).parents[3] / "references" / "contrasts.json").read_text())
MODELS = REFERENCES["models"]
CASES = [
    (number, asked, answer.get("ddf"), answer["table"])
    for number, model in enumerate(MODELS)
    for asked in model["asked"]
    if asked["what"] == "contrasts"
    for answer in asked["answers"]
]
COLUMNS = {
    "estimate": "estimate", "ratio": "ratio", "odds.ratio": "odds_ratio", "SE": "se", "df": "df", "lower": "lower",
    "upper": "upper", "t.ratio": "t", "z.ratio": "z", "p.value": "p",
}  # fmt: skip
# R's qtukey stops at 1e-4, emmeans's Dunnett quantile at 5e-4; mvtnorm integrates by chance.
TOLERANCES = {"dunnettx": 4e-4, "mvt": 2e-3}


def numbers(table, name):
    """A column of R's table; a missing degree of freedom is infinite in tables of z, else nan."""
    missing = np.inf if name == "df" and "z.ratio" in table else np.nan
    return np.array([missing if value in (None, "NA") else value for value in texts(table, name)], dtype=float)


def texts(table, name):
    return table[name] if isinstance(table[name], list) else [table[name]]


def case(number, asked, ddf, table):
    model = MODELS[number]
    is_fast = model["kind"] == "lm" and (model["data"] == "kfert" or ("adjust" in asked and "by" not in asked))
    is_fast &= model["data"] in FAST
    settings = ", ".join(
        str(asked[name]) for name in ("method", "interaction", "adjust", "by", "type", "ref") if name in asked
    )
    name = f"{model['kind']} {model['data']} {asked['specs']} {settings} {ddf or ''}"
    return pytest.param(number, asked, ddf, table, id=name, marks=() if is_fast else pytest.mark.slow)


@pytest.mark.parametrize(("number", "asked", "ddf", "table"), [case(*one) for one in CASES])
def test_contrasts_are_those_of_emmeans(means_of, number, asked, ddf, table):
    settings = {name: asked[name] for name in ("interaction", "ref", "adjust", "type") if name in asked}
    ours = bm.contrasts(means_of(number, asked, ddf), asked["method"], **settings)
    if "contrast" in table:
        assert ours["contrast"].tolist() == texts(table, "contrast")
    for name in (asked["by"],) if "by" in asked else ():
        assert [str(one) for one in ours[name]] == texts(table, name)
    by_method = "dunnettx" if str(asked["method"]).startswith("trt") and "adjust" not in asked else asked.get("adjust")
    tolerance = TOLERANCES.get(by_method, 3e-5)
    if "estimable" in ours and asked.get("adjust") != "none":
        tolerance = 2e-3  # emmeans rounds degrees of freedom of Tukey's p to whole numbers where one is missing
    for theirs, own in COLUMNS.items():
        if theirs in table:
            wanted = numbers(table, theirs)
            scale = np.nanmax(np.abs(wanted), initial=0) if own in ("lower", "upper") else 0.0
            mvt = 1e-4 if tolerance > 1e-3 and own == "p" else 0.0
            assert ours[own].to_numpy(dtype=float) == pytest.approx(
                wanted, rel=tolerance, abs=2e-6 + tolerance * scale + mvt, nan_ok=True
            ), own
    if "estimable" in ours:
        assert ours["estimable"].tolist() == np.isfinite(numbers(table, "SE")).tolist()
    else:
        assert np.isfinite(numbers(table, "SE")).all()


def test_the_printed_digits_of_the_two_designs():
    """kfert first against last, blocks fixed and random; G01 - G02 of cochran_bib, blocks fixed and random."""
    kfert, bib = bm.load_data("kfert"), bm.load_data("cochran_bib")
    weights = {"first - last": [1, 0, 0, 0, -1]}
    fixed = bm.contrasts(bm.emmeans(bm.lm("yield ~ K2O_lbac + rep", kfert), "K2O_lbac"), weights)
    random = bm.reml("yield ~ K2O_lbac + (1 | rep)", kfert)
    mixed = bm.contrasts(bm.emmeans(random, "K2O_lbac", ddf="kenward-roger"), weights)
    for one in (fixed, mixed):
        row = one.iloc[0]
        assert f"{row.estimate:.1f} {row.se:.3f} {row.df:.0f} {row.t:.3f} {row.p:.4f}" == "0.4 0.171 8 2.344 0.0471"
    pair = {"G01 - G02": {"G01": 1, "G02": -1}}
    row = bm.contrasts(bm.emmeans(bm.lm("yield ~ gen + loc", bib), "gen"), pair).iloc[0]
    assert f"{row.estimate:.2f} {row.se:.1f} {row.df:.0f} {row.t:.3f} {row.p:.4f}" == "4.73 3.5 27 1.351 0.1880"
    row = bm.contrasts(bm.emmeans(bm.reml("yield ~ gen + (1 | loc)", bib), "gen", ddf="kenward-roger"), pair).iloc[0]
    assert f"{row.estimate:.2f} {row.se:.2f} {row.df:.1f} {row.t:.3f} {row.p:.4f}" == "5.13 3.42 32.7 1.502 0.1427"


def test_families_are_adjusted_each_for_itself_and_contrasts_without_rows_are_nan(rows_of):
    fit = bm.lm("yield ~ irrigation * variety", rows_of("irrigation_hole"))
    by = bm.contrasts(bm.emmeans(fit, "irrigation", by="variety"))
    assert "adjusted by the tukey method for 4 estimates in each family." in str(by)
    row = by.iloc[0]
    assert row.p == pytest.approx(studentized_range.sf(np.sqrt(2) * abs(row.t), 4, fit.df_residual))
    whole = bm.contrasts(bm.emmeans(fit, "irrigation"))
    assert whole["estimable"].tolist() == [True, True, False, True, False, False]
    assert whole["p"].isna().tolist() == [False, False, True, False, True, True]
    assert "no rows at irrigation:variety i4:v2" in str(whole)


@pytest.mark.slow
def test_the_page_on_contrasts_runs():
    page = (Path(__file__).parents[4] / "docs" / "contrasts.md").read_text(encoding="utf-8")
    blocks = [part.split("```")[0] for part in page.split("```python\n")[1:]]
    names = {"bm": bm, "pd": pd}
    for line in "".join(blocks).splitlines():
        exec(line, names)
    plt.close("all")
    assert len(blocks) == 2
    assert names["means"].linear is not None
