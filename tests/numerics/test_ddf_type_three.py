"""Type III hypotheses: the same as those of sum-to-zero coefficients, whatever the reference levels; R's F tests."""

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.formula.every_level import EveryLevel, every_level
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.numerics.ddf import f_test, kenward_roger, satterthwaite, type_three_contrasts
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.conditional import conditional
from bayesmix.numerics.gaussian.cross_products import cross_products


def unbalanced_cake():
    """Every seventh row left out, from the third on; `warm` is the temperature less 200."""
    data = bm.load_data("cake")
    data = data.drop(index=data.index[2::7])
    return data.assign(temperature=data["temperature"].astype(str), warm=data["temp"] - 200)


# Variance of the groups and of the residual; by term numerator, and for both methods denominator and F. From R:
#   data(cake, package = "lme4"); d <- cake[-seq(3, 270, 7), ]; d$warm <- d$temp - 200
#   m <- lmerTest::lmer(formula, d, control = lmerControl("bobyqa", optCtrl = list(rhoend = 1e-11, maxfun = 1e5)))
#   as.data.frame(VarCorr(m))$vcov; anova(m); anova(m, ddf = "Kenward-Roger")
# lmerTest rounds its hypotheses to 7 digits, its F to fewer.
FROM_R = {
    "angle ~ recipe * temperature + (1 | recipe:replicate)": (
        (41.300324442659, 21.824698214307),
        {
            "recipe": (2, 41.9990165509, 0.2878312600, 41.9066562844, 0.2878301882),
            "temperature": (5, 172.2335678337, 17.9567705830, 172.1431647649, 17.9498866352),
            "recipe:temperature": (10, 172.2307104195, 0.6745975388, 172.1403289097, 0.6743025234),
        },
    ),
    "angle ~ recipe * warm + (1 | recipe:replicate)": (
        (41.438442408194, 22.138303974325),
        {
            "recipe": (2, 42.02300125938, 0.29668468480, 41.98011423413, 0.29668360201),
            "warm": (1, 184.18997107154, 80.67118403546, 184.14801026116, 80.64168411726),
            "recipe:warm": (2, 184.18988340161, 0.03427901506, 184.14792138488, 0.03426674245),
        },
    ),
    "angle ~ recipe + (1 | replicate)": (
        (37.414523926362, 33.325672512897),
        {"recipe": (2, 214.040589583, 2.173513644, 214.036792269, 2.173456683)},
    ),
    "angle ~ 0 + recipe + recipe:warm + (1 | replicate)": (
        (38.176439779296, 25.292115042632),
        {
            "recipe": (3, 34.29923449, 132.34841081, 58.09171471, 129.67299182),
            "recipe:warm": (3, 211.18313125, 23.62963830, 211.17775023, 23.62512510),
        },
    ),
}


@pytest.mark.parametrize("formula", FROM_R)
def test_unbalanced_terms(formula):
    (between, residual), expected = FROM_R[formula]
    design = build_design(parse(formula), unbalanced_cake())
    terms = tuple(GroupColumns(term.index, term.columns, term.n_levels) for term in design.random)
    products = cross_products(y=design.response.values, X=design.fixed.matrix, terms=terms)
    at = {"products": products, "L": (np.array([[np.sqrt(between)]]),), "sigma": np.sqrt(residual)}
    beta = conditional(**at).beta
    contrasts = type_three_contrasts(X=design.fixed.matrix, terms=every_level(design))
    assert list(contrasts) == list(expected)
    one, other = satterthwaite(**at), kenward_roger(**at)
    for term, (numerator, degrees, statistic, kr_degrees, kr_statistic) in expected.items():
        tested, kr_tested = f_test(one, beta, contrasts[term]), f_test(other, beta, contrasts[term])
        assert tested.numerator == kr_tested.numerator == numerator
        assert (tested.denominator, kr_tested.denominator) == pytest.approx((degrees, kr_degrees), rel=1e-6)
        assert (tested.statistic, kr_tested.statistic) == pytest.approx((statistic, kr_statistic), rel=1e-5)


def simulated():
    """Unbalanced, every cell of a x b x c filled."""
    rng = np.random.default_rng(1)
    cells = pd.MultiIndex.from_product([list("pqr"), list("uv"), list("wxyz")], names=["a", "b", "c"])
    rows = cells.repeat(rng.integers(1, 6, len(cells))).to_frame(index=False)
    return rows.assign(x=rng.normal(5, 1, len(rows)), y=rng.normal(size=len(rows)), g=rng.integers(0, 6, len(rows)))


def sum_coded(values):
    """Columns of R's contr.sum."""
    codes = pd.Categorical(values).codes
    n_levels = codes.max() + 1
    return np.vstack([np.eye(n_levels - 1), -np.ones(n_levels - 1)])[codes]


def row_space(matrix):
    basis = np.linalg.qr(matrix.T)[0]
    return basis @ basis.T


def product(*parts):
    result = parts[0]
    for part in parts[1:]:
        result = np.einsum("ij,ik->ijk", result, part).reshape(len(result), -1)
    return result


@pytest.mark.parametrize(
    "fixed",
    [
        [("a",), ("b",), ("a", "b")],
        [("a",), ("b",), ("c",), ("a", "b"), ("a", "c"), ("b", "c"), ("a", "b", "c")],
        [("a",), ("x",), ("a", "x"), ("b",)],
        [("a",), ("b",), ("x",), ("a", "b"), ("a", "x"), ("b", "x"), ("a", "b", "x")],
        [("a",), ("b",), ("x",)],
    ],
)
def test_hypotheses_of_complete_designs_are_those_of_sum_to_zero_coefficients(fixed):
    data = simulated()
    design = build_design(parse("y ~ " + " + ".join(":".join(term) for term in fixed) + " + (1 | g)"), data)
    coded = {name: sum_coded(data[name]) for name in "abc"} | {"x": data[["x"]].to_numpy()}
    blocks = [np.ones((len(data), 1)), *(product(*(coded[name] for name in term)) for term in fixed)]
    to_sum = np.linalg.lstsq(np.column_stack(blocks), design.fixed.matrix)[0]
    contrasts = type_three_contrasts(X=design.fixed.matrix, terms=every_level(design))
    first = 1
    for term, block in zip(fixed, blocks[1:], strict=True):
        expected = to_sum[first : first + block.shape[1]]
        first += block.shape[1]
        assert row_space(contrasts[":".join(term)]) == pytest.approx(row_space(expected), abs=1e-9)


def test_reference_levels_do_not_matter():
    """An incomplete design too: a level of a occurs with few of b."""
    data = simulated()
    data = data[~((data["a"] == "r") & (data["b"] == "v"))].reset_index(drop=True)
    turned = data.assign(
        a=pd.Categorical(data["a"], ["r", "p", "q"]),
        c=pd.Categorical(data["c"], ["y", "w", "z", "x"]),
    )
    one, other = (build_design(parse("y ~ a * c + b * c + x + a:x + (1 | g)"), rows) for rows in (data, turned))
    to_other = np.linalg.lstsq(other.fixed.matrix, one.fixed.matrix)[0]
    first = type_three_contrasts(X=one.fixed.matrix, terms=every_level(one))
    second = type_three_contrasts(X=other.fixed.matrix, terms=every_level(other))
    assert list(first) == list(second)
    for label, contrasts in first.items():
        assert row_space(contrasts) == pytest.approx(row_space(second[label] @ to_other), abs=1e-9)


def test_units_of_a_covariate_do_not_matter():
    data = simulated()
    one, other = (
        build_design(parse("y ~ a * x + (1 | g)"), rows) for rows in (data, data.assign(x=1e6 * data["x"] + 3e7))
    )
    first = type_three_contrasts(X=one.fixed.matrix, terms=every_level(one))
    second = type_three_contrasts(X=other.fixed.matrix, terms=every_level(other))
    length = np.linalg.norm(other.fixed.matrix, axis=0)
    to_other = np.linalg.lstsq(other.fixed.matrix / length, one.fixed.matrix)[0] / length[:, None]
    # The main effect of a is that at x = 0, another place for the other origin.
    for label in ("x", "a:x"):
        assert row_space(first[label]) == pytest.approx(row_space(second[label] @ to_other), abs=1e-8)


def test_only_an_intercept_has_no_hypotheses():
    design = build_design(parse("y ~ 1 + (1 | g)"), simulated())
    assert type_three_contrasts(X=design.fixed.matrix, terms=every_level(design)) == {}


def test_refuses_columns_of_another_design():
    term = EveryLevel("a", (1,), np.repeat(np.eye(2), 2, axis=0), frozenset({"a"}), frozenset())
    more = EveryLevel("x", (2,), np.arange(4.0)[:, None], frozenset(), frozenset({"x"}))
    start = EveryLevel("Intercept", (0,), np.ones((4, 1)), frozenset(), frozenset())
    X = np.column_stack([np.ones(4), [1, 2, 0, 0], np.arange(4)])
    with pytest.raises(ValueError, match="Column 1 of X is none of the columns of 'a'"):
        type_three_contrasts(X=X, terms=(start, term, more))


def test_the_coding_of_the_factors_is_none_of_the_hypotheses():
    """F of every term is the same under each coding of them, and of an ordered factor; cells are unbalanced."""
    rng = np.random.default_rng(11)
    rows = pd.DataFrame(
        {"g": np.repeat(np.arange(20), 9), "a": rng.choice(list("pqr"), 180), "x": rng.normal(2, 1, 180)}
    )
    rows["c"] = rng.choice(["u", "v", "w", "z"], 180, p=[0.4, 0.3, 0.2, 0.1])
    rows["y"] = rng.normal(size=180) + (rows["a"] == "q") * rows["x"] + rng.normal(size=20)[rows["g"]]
    ordered = rows.assign(a=pd.Categorical(rows["a"], ordered=True))
    formula = "y ~ a * c + a * x + (1 | g)"
    expected = bm.anova(bm.reml(formula, rows))
    others = [
        bm.reml(formula, rows, contrasts={"a": "sum", "c": "helmert"}),
        bm.reml(formula, rows, contrasts={"a": {"n": "q - (p + r) / 2", "m": "p - r"}, "c": "sdif"}),
        bm.reml(formula, ordered, contrasts={"c": "treatment('w')"}),
    ]
    for fit in others:
        found = bm.anova(fit)
        np.testing.assert_allclose(found[["num_df", "f"]], expected[["num_df", "f"]], rtol=1e-6)
        # Satterthwaite's df of several comparisons depend a little on how these are written, in lmerTest too.
        np.testing.assert_allclose(found["den_df"], expected["den_df"], rtol=1e-3)
