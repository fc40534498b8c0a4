"""Every table of R's emmeans and emtrends in `means.json`: labels, order, means, errors, df, intervals."""

import json

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm

from ...conftest import REFERENCES

MODELS = json.loads((REFERENCES / "means.json").read_text(encoding="utf-8"))["models"]
FITS = {"lm": bm.lm, "lmer": bm.reml, "glmer": bm.laplace}
NEAR = {"lm": 1e-8, "lmer": 1e-6, "glmer": 2e-3}
"""Shares of the numbers: `glmer` stops early, and takes the Hessian by differences."""
NUMBERS = {"SE": "se", "df": "df", "lower": "lower", "upper": "upper"}


def expected(table: dict) -> pd.DataFrame:
    columns = {name: values if isinstance(values, list) else [values] for name, values in table.items()}
    return pd.DataFrame(columns).rename(columns=NUMBERS)


def asked_of(fit, asked: dict, ddf: str | None):
    arguments = {name: value for name, value in asked.items() if name not in ("answers", "specs", "trend")}
    arguments |= {} if ddf is None else {"ddf": ddf}
    if "trend" in asked:
        return bm.emtrends(fit, asked["trend"], asked["specs"], **arguments)
    return bm.emmeans(fit, asked["specs"], **arguments)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model['kind']} {model['data']} {model['formula']}")
def test_means_are_those_of_emmeans(model, means_of_r):
    name = model["data"]
    data = pd.DataFrame(means_of_r["data"][name]) if name in means_of_r["data"] else bm.load_data(name)
    family = () if model["family"] is None else (model["family"],)
    weights = {} if model["weights"] is None else {"weights": model["weights"]}
    fit = FITS[model["kind"]](model["formula"], data, *family, **weights)
    near = NEAR[model["kind"]]
    for asked in model["asked"]:
        for answer in asked["answers"]:
            theirs, found = expected(answer["table"]), asked_of(fit, asked, answer["ddf"])
            labels = [column for column in theirs if column in found.linear.labels]
            value = theirs.columns[len(labels)]
            assert list(theirs)[: len(labels) + 1] == list(found)[: len(labels) + 1]
            for label in labels:
                if label != "1":
                    assert _texts(found[label]) == _texts(theirs[label])
            notes, said = " ".join(found.attrs["notes"]), " ".join(answer["notes"])
            if asked["specs"] != "1":  # of one slope over all R is silent
                assert ("may mislead" in notes) == ("misleading" in said)
            assert ("Nested: " in notes) == ("nesting structure" in said)
            assert found["estimable"].tolist() == theirs[value].notna().tolist()
            # Slopes are by differences there, of one side.
            rtol = max(near, 5e-5) if "trend" in asked else near
            # Of averages of responses emmeans takes the least df among the cells, here they are those of the average.
            apart = ("df", "lower", "upper") if model["kind"] == "lmer" and "regrid" in asked else ()
            for column in (one for one in (value, *NUMBERS.values()) if one not in apart):
                ours, other = found[column].to_numpy(float), theirs[column].astype(float).to_numpy()
                if column == "df" and model["kind"] == "glmer":
                    assert np.isinf(ours).all()
                    continue
                np.testing.assert_allclose(ours, other, rtol=rtol * (10 if column == "df" else 1), atol=near * 1e-3)


def _texts(column: pd.Series) -> list[str]:
    return [value if isinstance(value, str) else f"{value:.9g}" for value in column]


def test_means_of_lme4s_file(lme4):
    """Of cake with its temperatures in order, and of sleepstudy at three days."""
    fit = bm.reml("angle ~ recipe * temperature + (1 | recipe:replicate)", bm.load_data("cake"))
    for asked, answer in lme4["cake"]["emmeans"].items():
        theirs, specs = pd.DataFrame(answer["emmeans"]), ["recipe", "temperature"] if asked == "cell" else [asked]
        found = bm.emmeans(fit, specs)
        assert found[specs].to_numpy().tolist() == theirs[specs].to_numpy().tolist()
        near(found, theirs)
    fit = bm.reml("Reaction ~ Days + (Days | Subject)", bm.load_data("sleepstudy"))
    theirs = pd.DataFrame(lme4["sleepstudy_corr"]["emmeans"]["at_Days"]["emmeans"])
    near(bm.emmeans(fit, "Days", at={"Days": [0, 5, 9]}), theirs)


def near(found: pd.DataFrame, theirs: pd.DataFrame) -> None:
    for ours, column in (("emmean", "emmean"), ("se", "SE"), ("df", "df"), ("lower", "lower.CL")):
        np.testing.assert_allclose(found[ours], theirs[column], rtol=1e-5)
