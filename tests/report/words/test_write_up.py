"""Paragraphs for a paper: every number in them stands in a table, and what a reader has to be told is said."""

import re

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError

SLEEPSTUDY = "Reaction ~ Days + (Days | Subject)"


@pytest.fixture(scope="module")
def sleepstudy():
    return bm.load_data("sleepstudy")


def numbers_in(text):
    return [float(found) for found in re.findall(r"(?<![\w.])-?\d+\.\d+", text)]


def test_numbers_of_reml_are_those_of_the_tables(sleepstudy):
    fit = bm.reml(SLEEPSTUDY, sleepstudy)
    said = bm.write_up(fit, ddf="kenward-roger", prob=0.9)
    line, spreads = bm.fixef(fit, ddf="kenward-roger", prob=0.9).loc["Days"], bm.varcorr(fit)["estimate"]
    expected = [line["estimate"], line["lower"], line["upper"], line["t"], 0.001, *spreads]
    order = [0, 1, 2, 3, 4, 5, 6, 7, 8]
    np.testing.assert_allclose(numbers_in(said.results), np.array(expected)[order], rtol=6e-3)
    assert "Kenward and Roger's" in said.methods
    assert "random intercepts and random effects of Days, correlated" in said.methods
    assert "180 observations" in said.methods
    assert "90 % CI" in said.results


def test_a_posterior_has_priors_draws_and_the_probability_of_a_sign(sleepstudy):
    fit = bm.fit(SLEEPSTUDY, sleepstudy, seed=1)
    said = bm.write_up(fit)
    for prior in map(str, fit.priors.values()):
        assert prior in said.methods
    assert "4 x 1000 draws" in said.methods
    assert "seed 1" in said.methods
    assert "P(> 0) > 0.9997" in said.results
    line = bm.fixef(fit).loc["Days"]
    np.testing.assert_allclose(numbers_in(said.results)[:3], line[["mean", "lower", "upper"]].astype(float), rtol=2e-3)
    assert "Sampling: no problems" in said.results


def test_what_a_reader_has_to_be_told():
    singular = bm.reml("Yield ~ 1 + (1 | Batch)", bm.load_data("Dyestuff2"))
    assert "The fit is singular: in (1 | Batch) the sd of Intercept is 0." in bm.write_up(singular).results
    data = bm.load_data("cbpp")
    data.loc[data["period"] == "2", "incidence"] = 0
    separated = bm.laplace("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, "binomial")
    said = bm.write_up(separated).results
    assert "these numbers are no estimates" in said
    assert "p =" not in said
    irrigation = bm.load_data("irrigation").query("not (irrigation == 'i4' and variety == 'v2')")
    empty = bm.write_up(bm.lm("yield ~ irrigation * variety", irrigation)).results
    assert "Not estimable, and left out, were irrigation[i4]:variety[v2]." in empty


@pytest.mark.parametrize("kind", ["reml", "lm", "laplace", "fit"])
def test_many_coefficients_are_tested_by_term(kind):
    cake = bm.load_data("cake")
    formula = "angle ~ recipe * temperature + (1 | recipe:replicate)"
    if kind == "lm":
        fit = bm.lm("angle ~ recipe * temperature", cake)
    elif kind == "laplace":
        fit = bm.laplace(formula, cake, "poisson")
    else:
        fit = getattr(bm, kind)(formula, cake, **({"seed": 1} if kind == "fit" else {}))
    said = bm.write_up(fit).results
    tests = bm.joint_tests(fit) if kind == "fit" else bm.anova(fit)
    column = "chisq" if kind == "laplace" else "f"
    for term in ("recipe", "temperature", "recipe:temperature"):
        assert re.search(rf"{term}: .*?= {tests.loc[term, column]:.2f}", said)


def test_links_rows_left_out_and_long_lines():
    data = bm.load_data("cbpp")
    data.loc[0, "size"] = np.nan
    said = bm.write_up(bm.laplace("p(incidence, size) ~ period + (1 | herd)", data, "binomial(probit)"))
    assert "binomial (probit)" in said.methods
    assert "1 row with missing values were left out" not in said.methods
    assert "1 row with missing values was left out" in said.methods
    assert max(map(len, str(said).splitlines())) <= 80


def test_a_frame_is_no_fit():
    with pytest.raises(ArgumentError, match="write_up takes a fit"):
        bm.write_up(pd.DataFrame())
