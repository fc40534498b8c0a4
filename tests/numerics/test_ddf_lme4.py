"""Degrees of freedom, adjusted covariances and F tests against lmerTest and pbkrtest, stored in lme4.json.

The tables there are of lmer's default fit: at its estimates they are met to many digits, at those of the tight fit to
as many as the default fit has.
"""

import numpy as np
import pytest

import bayesmix as bm
from bayesmix.formula.every_level import every_level
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.numerics.ddf import degrees_of_freedom, f_test, kenward_roger, satterthwaite, type_three_contrasts
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.conditional import conditional
from bayesmix.numerics.gaussian.cross_products import cross_products

from ..conftest import LME4_GAUSSIAN

# cake's temperature is ordered there, with polynomial coefficients; its tests per term are compared all the same.
CODED_ALIKE = [name for name in LME4_GAUSSIAN if name != "cake"]
METHODS = {"satterthwaite": satterthwaite, "kenward_roger": kenward_roger}
ANOVA = {"satterthwaite": "anova_satterthwaite", "kenward_roger": "anova_kr"}
# Satterthwaite's are from differences in lmerTest; where the default fit stops short, parametrisations differ too.
EXACT = {"satterthwaite": 2e-6, "kenward_roger": 1e-9}


def factor(covariance):
    """Lower triangular, for a covariance of any rank."""
    values, vectors = np.linalg.eigh(covariance)
    return np.linalg.qr((vectors * np.sqrt(np.maximum(values, 0))).T)[1].T


def factors(design, table):
    """The factor of every term, from lme4's table of variances: its terms come in another order, by group."""
    waiting = list(table)
    found = []
    for term in design.random:
        # Terms of one group come in the order of the formula.
        own = [row for row in waiting if row["grp"].split(".")[0] == lme4_group(term.group, table)][
            : term.k * (term.k + 1) // 2
        ]
        for row in own:
            waiting.remove(row)
        names = [row["var1"] for row in own if row["var2"] is None]
        covariance = np.zeros((term.k, term.k))
        for row in own:
            r, c = names.index(row["var1"]), names.index(row["var2"] or row["var1"])
            covariance[r, c] = covariance[c, r] = row["vcov"]
        found.append(factor(covariance))
    return tuple(found)


def lme4_group(group, table):
    """lme4 writes batch/cask as cask:batch."""
    present = {row["grp"].split(".")[0] for row in table}
    return group if group in present else ":".join(reversed(group.split(":")))


def prepared(model, name, fit):
    source, formula = LME4_GAUSSIAN[name]
    data = bm.load_data(source)
    if "cake" in name:
        data["temperature"] = data["temperature"].astype(int).astype(str)
    design = build_design(parse(formula), data)
    terms = tuple(GroupColumns(term.index, term.columns, term.n_levels) for term in design.random)
    products = cross_products(y=design.response.values, X=design.fixed.matrix, terms=terms)
    estimates = model["tight"] if fit == "tight" else model
    return design, products, factors(design, estimates["VarCorr"]), estimates["sigma"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fit", ["default", "tight"])
@pytest.mark.parametrize("name", CODED_ALIKE)
def test_coefficients(lme4, name, fit, method):
    model = lme4[name]
    _, products, L, sigma = prepared(model, name, fit)
    found = METHODS[method](products=products, L=L, sigma=sigma)
    degrees = [degrees_of_freedom(found, contrast) for contrast in np.eye(products.p)]
    assert degrees == pytest.approx(
        [row["df"] for row in model[method]], rel=EXACT[method] if fit == "default" else 2e-4
    )
    standard_errors = np.sqrt(np.diag(found.covariance))
    if fit == "default":
        assert standard_errors == pytest.approx([row["Std. Error"] for row in model[method]], rel=1e-9)
    elif method == "satterthwaite":
        assert standard_errors == pytest.approx(list(model["tight"]["se"].values()), rel=1e-9)


@pytest.mark.parametrize("name", CODED_ALIKE)
def test_adjusted_covariance(lme4, name):
    model = lme4[name]
    _, products, L, sigma = prepared(model, name, "default")
    expected = np.array(model["vcovAdj"]["values"])
    found = kenward_roger(products=products, L=L, sigma=sigma).covariance
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-11 * np.abs(expected).max())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", LME4_GAUSSIAN)
def test_terms(lme4, name, method):
    model = lme4[name]
    design, products, L, sigma = prepared(model, name, "default")
    contrasts = type_three_contrasts(X=design.fixed.matrix, terms=every_level(design))
    beta = conditional(products=products, L=L, sigma=sigma).beta
    found = METHODS[method](products=products, L=L, sigma=sigma)
    assert list(contrasts) == [row["term"] for row in model[ANOVA[method]]]
    for row in model[ANOVA[method]]:
        tested = f_test(found, beta, contrasts[row["term"]])
        assert tested.numerator == row["NumDF"]
        assert tested.denominator == pytest.approx(row["DenDF"], rel=EXACT[method])
        assert tested.statistic == pytest.approx(row["F value"], rel=1e-9)
        assert tested.p_value == pytest.approx(row["Pr(>F)"], rel=1e-4)


# As summary() prints them.
PRINTED = {
    "sleepstudy_int": ([22.8102, 161.0], 5e-5),
    "sleepstudy_corr": ([17.00, 17.00], 5e-3),
    "sleepstudy_slope": ([161.00, 21.68], 5e-3),
}


@pytest.mark.parametrize("name", PRINTED)
def test_printed_degrees_of_freedom(lme4, name):
    _, products, L, sigma = prepared(lme4[name], name, "tight")
    found = satterthwaite(products=products, L=L, sigma=sigma)
    printed, rounding = PRINTED[name]
    assert [degrees_of_freedom(found, contrast) for contrast in np.eye(2)] == pytest.approx(printed, abs=rounding)
