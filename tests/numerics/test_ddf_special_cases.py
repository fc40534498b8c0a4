"""Degrees of freedom where models degenerate: no terms, no coefficients, a term twice, hypotheses that depend."""

import numpy as np
import pytest
from scipy.stats import t as student

from bayesmix.numerics.ddf import degrees_of_freedom, f_test, kenward_roger, satterthwaite
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.cross_products import cross_products

BOTH = pytest.mark.parametrize("method", [satterthwaite, kenward_roger])


def small(seed):
    """y (70,), X (70, 3) and an unbalanced term of 6 levels."""
    rng = np.random.default_rng(seed)
    term = GroupColumns(rng.integers(0, 6, 70), np.ones((70, 1)), 6)
    X = np.column_stack([np.ones(70), rng.normal(size=70), rng.integers(0, 2, 70)])
    return rng.normal(size=70) + 2 * rng.normal(size=6)[term.index], X, term


def test_a_term_given_twice_is_one_term():
    """Only the sum of the two variances can be told: what the data do not tell leaves no trace."""
    y, X, term = small(10)
    alone = kenward_roger(products=cross_products(y=y, X=X, terms=(term,)), L=(np.array([[1.3]]),), sigma=0.9)
    products = cross_products(y=y, X=X, terms=(term, term))
    both = kenward_roger(products=products, L=(np.array([[0.5]]), np.array([[1.2]])), sigma=0.9)
    assert (alone.n_flat, both.n_flat) == (0, 1)
    assert both.covariance == pytest.approx(alone.covariance, rel=1e-9)
    for contrast in np.eye(3):
        assert degrees_of_freedom(both, contrast) == pytest.approx(degrees_of_freedom(alone, contrast), rel=1e-9)


@pytest.mark.parametrize("ratio", [1e3, 1e5])
def test_large_variances_keep_their_digits(ratio):
    """Crossed, balanced, one row a cell: the mean of the rows' factor has variance components in closed form."""
    rows, columns = 7, 5
    row, column = np.divmod(np.arange(rows * columns), columns)
    within = column - 2.0
    terms = tuple(GroupColumns(i, np.ones((rows * columns, 1)), n) for i, n in ((row, rows), (column, columns)))
    X = np.column_stack([np.ones(rows * columns), within * (row - 3)])
    y = np.random.default_rng(0).normal(size=rows * columns)
    L = (np.array([[ratio]]), np.array([[ratio / 3]]))
    found = kenward_roger(products=cross_products(y=y, X=X, terms=terms), L=L, sigma=1.0)
    # The slope is within rows and columns: n - rows - columns + 1 - 1 degrees of freedom.
    assert degrees_of_freedom(found, np.array([0, 1])) == pytest.approx((rows - 1) * (columns - 1) - 1, rel=1e-6)
    ms_row, ms_column = columns * ratio**2 + 1, rows * (ratio / 3) ** 2 + 1
    parts = np.array([ms_row, ms_column, -1.0])
    degrees = np.array([rows - 1, columns - 1, (rows - 1) * (columns - 1) - 1])
    assert degrees_of_freedom(found, np.array([1, 0])) == pytest.approx(
        parts.sum() ** 2 / np.sum(parts**2 / degrees), rel=1e-6
    )


@BOTH
@pytest.mark.parametrize("unit", [1e-12, 1e-8, 1e8, 1e12])
def test_the_unit_of_a_crossed_slope_does_not_matter(method, unit):
    """The slope varies by the smaller factor, beside an intercept by it whose unit stays."""
    rng = np.random.default_rng(21)
    large, few, x = rng.integers(0, 15, 200), rng.integers(0, 6, 200), rng.normal(1, 1, 200)
    y, L = x + rng.normal(size=15)[large] + rng.normal(size=200), np.array([[0.8, 0.0], [0.3, 0.6]])

    def found(unit):
        columns = np.column_stack([np.ones(200), unit * x])
        terms = (GroupColumns(large, np.ones((200, 1)), 15), GroupColumns(few, columns, 6))
        products = cross_products(y=y, X=columns, terms=terms)
        return method(products=products, L=(np.eye(1), L / np.array([[1.0], [unit]])), sigma=1.1)

    plain, scaled = found(1.0), found(unit)
    sizes = np.array([1.0, unit])
    assert scaled.covariance * sizes * sizes[:, None] == pytest.approx(plain.covariance, rel=1e-7)
    for contrast in np.eye(2):
        assert degrees_of_freedom(scaled, contrast) == pytest.approx(degrees_of_freedom(plain, contrast), rel=1e-6)
    tests = [f_test(record, np.array([0.3, 0.9]) / s, np.eye(2)) for record, s in ((plain, 1), (scaled, sizes))]
    assert tests[1].numerator == 2
    assert tests[1].statistic == pytest.approx(tests[0].statistic, rel=1e-6)
    if method is kenward_roger:  # Satterthwaite's denominator depends on how the hypothesis is written, as lmerTest's.
        assert tests[1].denominator == pytest.approx(tests[0].denominator, rel=1e-5)


def test_without_random_terms_the_residual_degrees_of_freedom():
    rng = np.random.default_rng(12)
    X = np.column_stack([np.ones(30), rng.normal(size=(30, 2))])
    y = rng.normal(size=30)
    beta, rss, _, _ = np.linalg.lstsq(X, y)
    sigma = np.sqrt(rss[0] / 27)
    for method in (satterthwaite, kenward_roger):
        found = method(products=cross_products(y=y, X=X), L=(), sigma=sigma)
        tested = f_test(found, beta, np.eye(3)[1:])
        fitted = X @ beta
        assert tested.denominator == pytest.approx(27, rel=1e-9)
        assert tested.statistic == pytest.approx(np.sum((fitted - y.mean()) ** 2) / 2 / sigma**2, rel=1e-9)
        assert degrees_of_freedom(found, np.array([1, 2, 3])) == pytest.approx(27, rel=1e-9)


@BOTH
def test_without_coefficients(method):
    term = GroupColumns(np.arange(20) % 4, np.ones((20, 1)), 4)
    products = cross_products(y=np.random.default_rng(1).normal(size=20), X=np.empty((20, 0)), terms=(term,))
    assert method(products=products, L=(np.eye(1),), sigma=1.0).covariance.shape == (0, 0)


@BOTH
def test_refusals(method):
    y, X, term = small(13)
    products = cross_products(y=y, X=X[:, [0, 0]], terms=(term,))
    with pytest.raises(ValueError, match="depend on each other"):
        method(products=products, L=(np.eye(1),), sigma=1.0)
    found = method(products=cross_products(y=y, X=X, terms=(term,)), L=(np.eye(1),), sigma=1.0)
    with pytest.raises(ValueError, match="contrast is zero"):
        degrees_of_freedom(found, np.zeros(3))
    with pytest.raises(ValueError, match="nothing to test"):
        f_test(found, np.ones(3), np.zeros((2, 3)))


@BOTH
def test_refuses_what_does_not_fit_in_memory(method, monkeypatch):
    y, X, term = small(14)
    other = GroupColumns(np.arange(70) % 5, np.ones((70, 1)), 5)
    products = cross_products(y=y, X=X, terms=(term, other))
    monkeypatch.setattr("bayesmix.numerics.ddf.sums._MOST_BYTES", 1000)
    with pytest.raises(ValueError, match="5 group effects stand outside the largest"):
        method(products=products, L=(np.eye(1), np.eye(1)), sigma=1.0)


@BOTH
def test_hypotheses_that_follow_from_others_do_not_count(method):
    y, X, term = small(15)
    found = method(products=cross_products(y=y, X=X, terms=(term,)), L=(2 * np.eye(1),), sigma=1.0)
    beta, contrasts = np.array([1.0, 0.5, -0.3]), np.eye(3)[1:]
    plain = f_test(found, beta, contrasts)
    more = f_test(found, beta, np.vstack([contrasts, np.zeros((1, 3)), contrasts[0] - 2 * contrasts[1]]))
    assert more.numerator == plain.numerator == 2
    assert more.statistic == pytest.approx(plain.statistic, rel=1e-10)


def test_kenward_rogers_test_does_not_depend_on_how_the_hypothesis_is_written():
    y, X, term = small(16)
    found = kenward_roger(products=cross_products(y=y, X=X, terms=(term,)), L=(2 * np.eye(1),), sigma=1.0)
    beta, contrasts = np.array([1.0, 0.5, -0.3]), np.array([[0, 1.0, 0], [0.3, 0, 1.0]])
    turned = np.array([[1.0, 2.0], [0, 1e6]]) @ contrasts
    one, other = f_test(found, beta, contrasts), f_test(found, beta, turned)
    assert (other.statistic, other.denominator) == pytest.approx((one.statistic, one.denominator), rel=1e-9)


@BOTH
def test_one_hypothesis_is_the_t_test(method):
    y, X, term = small(17)
    found = method(products=cross_products(y=y, X=X, terms=(term,)), L=(2 * np.eye(1),), sigma=1.0)
    beta, contrast = np.array([1.0, 0.5, -0.3]), np.array([0.2, 1.0, 0.4])
    tested = f_test(found, beta, contrast)
    t = contrast @ beta / np.sqrt(contrast @ found.covariance @ contrast)
    assert tested.denominator == pytest.approx(degrees_of_freedom(found, contrast), rel=1e-12)
    assert tested.statistic == pytest.approx(t**2, rel=1e-10)
    assert tested.p_value == pytest.approx(2 * student.sf(abs(t), tested.denominator), rel=1e-9)
