"""Balanced designs, where the degrees of freedom follow from mean squares, and the numbers that textbooks print.

A contrast with variance sum c_i MS_i, MS_i independent mean squares on d_i degrees of freedom, has by Satterthwaite
(sum c_i MS_i)^2 / sum (c_i MS_i)^2 / d_i; where REML estimates are those of the analysis of variance, the expected and
the observed information give the same.
"""

import numpy as np
import pytest
from scipy.stats import t as student

import bayesmix as bm
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.numerics.ddf import degrees_of_freedom, f_test, kenward_roger, satterthwaite
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.conditional import conditional
from bayesmix.numerics.gaussian.cross_products import cross_products

BOTH = pytest.mark.parametrize("method", [satterthwaite, kenward_roger])


def combined(parts, degrees):
    parts = np.asarray(parts)
    return np.sum(parts) ** 2 / np.sum(parts**2 / degrees)


def products_of(formula, data):
    design = build_design(parse(formula), data)
    terms = tuple(GroupColumns(term.index, term.columns, term.n_levels) for term in design.random)
    return cross_products(y=design.response.values, X=design.fixed.matrix, terms=terms)


@BOTH
@pytest.mark.parametrize(("n_groups", "n_rows", "ratio"), [(6, 5, 0.8), (4, 2, 0.1), (15, 3, 30.0)])
def test_one_way(method, n_groups, n_rows, ratio):
    """Data whose mean squares are made to measure: the mean has the groups' degrees of freedom."""
    rng = np.random.default_rng(1)
    within = rng.normal(size=(n_groups, n_rows))
    within -= within.mean(axis=1, keepdims=True)
    within *= np.sqrt(n_groups * (n_rows - 1) / np.sum(within**2))
    means = rng.normal(size=n_groups)
    means -= means.mean()
    means *= np.sqrt((ratio**2 + 1 / n_rows) * (n_groups - 1) / np.sum(means**2))
    y, index = (means[:, None] + within).ravel(), np.repeat(np.arange(n_groups), n_rows)
    x = np.tile(np.arange(n_rows) - (n_rows - 1) / 2, n_groups)
    X = np.ones((len(y), 1))
    term = GroupColumns(index, np.ones((len(y), 1)), n_groups)
    found = method(products=cross_products(y=y, X=X, terms=(term,)), L=(np.array([[ratio]]),), sigma=1.0)
    assert degrees_of_freedom(found, np.ones(1)) == pytest.approx(n_groups - 1, rel=1e-9)
    assert found.covariance[0, 0] == pytest.approx((ratio**2 + 1 / n_rows) / n_groups, rel=1e-9)
    # A covariate within the groups, without any relation to y: one degree of freedom less for the residual.
    y = y - x * (x @ y) / (x @ x)
    sigma = np.sqrt(np.sum((y - means[index]) ** 2) / (n_groups * (n_rows - 1) - 1)) if n_rows > 2 else 1.0
    between = np.array([[np.sqrt(ratio**2 + (1 - sigma**2) / n_rows)]])
    if n_rows > 2:
        products = cross_products(y=y, X=np.column_stack([X, x]), terms=(term,))
        found = method(products=products, L=(between,), sigma=sigma)
        assert degrees_of_freedom(found, np.array([0, 1])) == pytest.approx(n_groups * (n_rows - 1) - 1, rel=1e-9)
        parts = [n_rows * ratio**2 + 1, x[0] ** 2 * n_rows / (x[:n_rows] @ x[:n_rows]) * sigma**2]
        degrees = np.array([n_groups - 1, n_groups * (n_rows - 1) - 1])
        at_start = np.array([1, x[0]])
        assert degrees_of_freedom(found, at_start) == pytest.approx(combined(parts, degrees), rel=1e-9)


@BOTH
def test_split_plot(method):
    """irrigation: whole plots are fields, 2 for each of 4 irrigations, halved between 2 varieties."""
    data = bm.load_data("irrigation")
    cells = data.pivot_table(index=["irrigation", "field"], columns="variety", values="yield", aggfunc="sum")
    cells = cells.to_numpy().reshape(4, 2, 2)
    of_fields = cells.sum(axis=2)
    ms_field = np.sum((of_fields - of_fields.mean(axis=1, keepdims=True)) ** 2) / 2 / 4
    difference = cells[:, :, 0] - cells[:, :, 1]
    ms_residual = np.sum((difference - difference.mean(axis=1, keepdims=True)) ** 2) / 2 / 4
    L, sigma = np.array([[np.sqrt((ms_field - ms_residual) / 2)]]), np.sqrt(ms_residual)
    products = products_of("yield ~ irrigation * variety + (1 | field)", data)
    found = method(products=products, L=(L,), sigma=sigma)
    beta = conditional(products=products, L=(L,), sigma=sigma).beta
    degrees = [degrees_of_freedom(found, contrast) for contrast in np.eye(8)]
    plots = combined([ms_field, ms_residual], np.array([4, 4]))
    assert degrees == pytest.approx([plots] * 4 + [4] * 4, rel=1e-9)
    standard_errors = np.sqrt(np.diag(found.covariance))
    assert degrees[0] == pytest.approx(4.487, abs=5e-4)
    assert standard_errors[[0, 1, 4, 5]] == pytest.approx([3.026, 4.279, 1.452, 2.053], abs=5e-4)
    assert 2 * student.sf(beta[0] / standard_errors[0], degrees[0]) == pytest.approx(0.000109, abs=5e-7)
    # Averaged over the varieties, irrigations are compared on whole plots alone.
    averaged = np.array([[0, 1, 0, 0, 0, 0.5, 0, 0], [0, 0, 1, 0, 0, 0, 0.5, 0], [0, 0, 0, 1, 0, 0, 0, 0.5]])
    of_irrigation = of_fields.mean(axis=1)
    tested = f_test(found, beta, averaged)
    assert (tested.numerator, tested.denominator) == (3, pytest.approx(4, rel=1e-8))
    between = np.sum((of_irrigation - of_irrigation.mean()) ** 2) / 3
    assert tested.statistic == pytest.approx(between / ms_field, rel=1e-8)


@BOTH
def test_random_intercepts_of_sleepstudy(method):
    """18 subjects on the same 10 days: residual on 161 degrees of freedom, subjects on 17."""
    data = bm.load_data("sleepstudy")
    y = data.pivot_table(index="Subject", columns="Days", values="Reaction").to_numpy()
    days = np.arange(10)
    slope = (y.mean(axis=0) @ (days - 4.5)) / np.sum((days - 4.5) ** 2)
    residual = y - y.mean(axis=1, keepdims=True) - slope * (days - 4.5)
    ms_residual = np.sum(residual**2) / 161
    ms_subject = 10 * np.var(y.mean(axis=1), ddof=1)
    L, sigma = np.array([[np.sqrt((ms_subject - ms_residual) / 10)]]), np.sqrt(ms_residual)
    found = method(products=products_of("Reaction ~ Days + (1 | Subject)", data), L=(L,), sigma=sigma)
    at_day_0 = combined([ms_subject / 180, 4.5**2 / (18 * 82.5) * ms_residual], np.array([17, 161]))
    degrees = [degrees_of_freedom(found, contrast) for contrast in np.eye(2)]
    assert degrees == pytest.approx([at_day_0, 161], rel=1e-9)
    assert degrees[0] == pytest.approx(22.8102, abs=5e-5)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx([9.7467, 0.8042], abs=5e-5)


def test_dyestuff2_has_a_variance_of_0():
    """By observed information the batches are held at 0; in the expected information they count as ever."""
    products = products_of("Yield ~ 1 + (1 | Batch)", bm.load_data("Dyestuff2"))
    sigma = float(np.std(bm.load_data("Dyestuff2")["Yield"], ddof=1))
    held = satterthwaite(products=products, L=(np.zeros((1, 1)),), sigma=sigma)
    assert held.n_boundary == 1
    assert degrees_of_freedom(held, np.ones(1)) == pytest.approx(29, rel=1e-10)
    adjusted = kenward_roger(products=products, L=(np.zeros((1, 1)),), sigma=sigma)
    assert degrees_of_freedom(adjusted, np.ones(1)) == pytest.approx(5, rel=1e-10)
