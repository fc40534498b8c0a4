"""Least squares against R's printed numbers, exact rational arithmetic, the normal density and nested projections.

R's numbers: version 4.2.2, `summary(lm(...))`, `anova`, `logLik`, `AIC`, `BIC`, printed with 12 digits.
"""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

from bayesmix.data import load_data
from bayesmix.errors import BayesmixError, DataError
from bayesmix.estimates.least_squares.lm import lm
from bayesmix.inference.tables.anova import anova
from bayesmix.inference.tables.fixef import fixef

RESIDUALS = "Residuals"
PRINTED = 1e-10  # R prints twelve digits at most, of a row of numbers sometimes ten


@pytest.fixture(scope="module")
def irrigation() -> pd.DataFrame:
    rows = np.arange(1, 17)
    return load_data("irrigation").assign(w=[1, 2, 0.5, 3] * 4, o=rows / 10, x=rows**2 / 10)


def made_up(seed: int, n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "x": rng.normal(3, 2, n),
            "z": rng.uniform(1, 5, n),
            "f": pd.Categorical(rng.choice(["a", "b", "c"], n), categories=["b", "a", "c"]),
            "h": rng.choice(["u", "v"], n),
            "w": rng.uniform(0.2, 4, n),
            "o": rng.normal(size=n),
            "y": rng.normal(10, 3, n),
        }
    )


# --- R's numbers ------------------------------------------------------------------------------------------------------


def test_corn_hybrids_as_the_teaching_material_prints_them():
    fit = lm("yield ~ gen + loc", load_data("cochran_bib"))
    table = fixef(fit)
    assert table.loc["Intercept", ["estimate", "se"]].round(4).tolist() == [29.9865, 3.5567]
    assert table["se"].round(4).tolist() == [3.5567] + [3.5024] * 24
    assert (round(fit.sigma, 3), fit.df_residual) == (4.465, 27)
    assert round(fit.r_squared, 4) == 0.6541
    assert round(fit.f_statistic.value, 3) == 2.128


def test_corn_hybrids_as_r_has_them():
    fit = lm("yield ~ gen + loc", load_data("cochran_bib"))
    f = fit.f_statistic
    found = [fit.sigma, fit.r_squared, fit.adj_r_squared, f.value, f.p, fit.loglik, fit.aic, fit.bic]
    expected = [4.46474875905, 0.654134478865, 0.346698460078, 2.12770930825, 0.0297608690672]
    expected += [-134.547298636, 321.094597272, 371.826933955]
    np.testing.assert_allclose(found, expected, rtol=PRINTED)
    assert (f.df_model, f.df_residual) == (24, 27)
    row = fixef(fit).loc["gen[G11]", ["estimate", "se", "df", "t", "p"]]
    np.testing.assert_allclose(
        row.to_numpy(float), [-8.476923076923, 3.50243708396, 27, -2.420292748657, 0.0225106279772], rtol=PRINTED
    )
    table = anova(fit)
    assert table.index.tolist() == ["gen", "loc", RESIDUALS]
    assert table.columns.tolist() == ["df", "sum_sq", "mean_sq", "f", "p"]
    expected = [
        [12, 542.664230769, 45.2220192308, 2.26858940713, 0.0377079763383],
        [12, 475.265, 39.6054166667, 1.98682920938, 0.0676543947468],
        [27, 538.2175, 19.9339814815, np.nan, np.nan],
    ]
    np.testing.assert_allclose(table.to_numpy(float), expected, rtol=PRINTED)


def test_potash_with_fixed_blocks():
    fit = lm("yield ~ K2O_lbac + rep", load_data("kfert"))
    assert (f"{fit.sigma:.6f}", fit.df_residual) == ("0.209010", 8)
    np.testing.assert_allclose(fit.sigma, 0.209009569159, rtol=PRINTED)
    np.testing.assert_allclose(fit.beta[[0, 4, 5]], [7.758, -0.4, 0.396], rtol=PRINTED)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.vcov))[[0, 1, 6]], [0.142780717652, 0.170655598599, 0.132189258263])
    np.testing.assert_allclose(anova(fit)["f"].iloc[:2], [4.19159894701, 5.01835107398], rtol=PRINTED)


def test_weights_and_an_interaction(irrigation):
    fit = lm("yield ~ irrigation * variety + x", irrigation, weights="w")
    assert list(fit.design.fixed.names)[4:7] == ["variety[v2]", "x", "irrigation[i2]:variety[v2]"]
    np.testing.assert_allclose(
        fit.beta[[0, 1, 5, 8]], [36.918887994480, 0.274471021159, 0.385637074517, 0.737235510580], rtol=PRINTED
    )
    np.testing.assert_allclose(
        np.sqrt(np.diag(fit.vcov))[[0, 5, 8]], [1.1142802439910, 0.0417450556147, 2.1563304663751], rtol=PRINTED
    )
    f = fit.f_statistic
    found = [fit.sigma, fit.r_squared, fit.adj_r_squared, f.value, f.p, fit.loglik, fit.aic, fit.bic]
    expected = [1.5571297449, 0.946406941227, 0.885157731201, 15.451741187, 0.000841148291772]
    np.testing.assert_allclose(found, [*expected, -20.9778708795, 61.9557417589, 69.6816289813], rtol=PRINTED)
    table = anova(fit)
    assert table.index.tolist() == ["irrigation", "variety", "x", "irrigation:variety", RESIDUALS]
    squares = [89.2986996337, 2.12008281574, 207.29021976346, 1.01188802842, 16.97257129715]
    np.testing.assert_allclose(table["sum_sq"], squares, rtol=PRINTED)
    p = [3.54670552046e-03, 0.380870982135, 3.57770844612e-05, 0.933433636314, np.nan]
    np.testing.assert_allclose(table["p"], p, rtol=PRINTED)


def test_no_intercept(irrigation):
    fit = lm("yield ~ 0 + variety", irrigation)
    np.testing.assert_allclose(fit.beta, [39.85, 40.6])
    f = fit.f_statistic
    found = [fit.sigma, fit.r_squared, fit.adj_r_squared, f.value, f.p, fit.loglik]
    expected = [3.66645021006, 0.99278353757, 0.991752614365, 963.004357067, 1.01922597903e-15, -42.4223485706]
    np.testing.assert_allclose(found, expected, rtol=PRINTED)
    np.testing.assert_allclose(anova(fit).loc["variety", ["df", "sum_sq"]].to_numpy(float), [2, 25891.06])


def test_offset_with_weights_and_no_intercept(irrigation):
    fit = lm("yield ~ 0 + irrigation + x + offset(o)", irrigation, weights="w")
    np.testing.assert_allclose(fit.beta[[0, 4]], [36.722737965893, 0.333226627746], rtol=PRINTED)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.vcov))[[0, 4]], [0.5504265142524, 0.0343077943517], rtol=PRINTED)
    np.testing.assert_allclose([fit.sigma, fit.loglik], [1.28562687017, -21.528187336], rtol=PRINTED)
    np.testing.assert_allclose(anova(fit)["sum_sq"], [40962.910952381, 155.9278466767, 18.1812009423], rtol=PRINTED)


def test_fitted_values_hold_the_offset_and_residuals_are_not_weighted(irrigation):
    fit = lm("yield ~ variety + offset(o)", irrigation, weights="w")
    expected = [-3.45, -2.23, -2.35, -2.13, -4.45, -4.13, 0.05, -0.73, 1.95, -0.63, 2.85, 0.47, 3.55, 1.47, 4.25, 6.07]
    np.testing.assert_allclose(fit.residuals, expected, atol=1e-12)
    np.testing.assert_allclose(fit.fitted, irrigation["yield"] - expected)
    # With one coefficient beside the intercept F is its t squared, which R 4.2's is not here.
    assert fit.f_statistic.value == pytest.approx(0.612850586483**2)


def test_a_mean_alone(irrigation):
    fit = lm("yield ~ 1", irrigation)
    assert (fit.r_squared, fit.adj_r_squared, fit.f_statistic) == (0.0, 0.0, None)
    np.testing.assert_allclose([fit.sigma, fit.bic], [3.56323822761, 90.580026038], rtol=PRINTED)
    assert anova(fit).index.tolist() == [RESIDUALS]
    assert anova(fit).loc[RESIDUALS, ["df", "sum_sq"]].tolist() == pytest.approx([15, 190.45])


# --- brute force ------------------------------------------------------------------------------------------------------


def normal_equations(matrix: np.ndarray, response: np.ndarray, weights: np.ndarray) -> tuple[list, list, Fraction]:
    """(X'WX)^-1 X'Wy, (X'WX)^-1 and the residual sum of squares, in rational numbers: no rounding at all."""
    X = [[Fraction(value) for value in row] for row in matrix.tolist()]
    y, w = [Fraction(value) for value in response.tolist()], [Fraction(value) for value in weights.tolist()]
    p = len(X[0])
    rows = [
        [sum(wi * xi[a] * xi[b] for wi, xi in zip(w, X, strict=True)) for b in range(p)]
        + [sum(wi * xi[a] * yi for wi, xi, yi in zip(w, X, y, strict=True))]
        + [Fraction(int(a == b)) for b in range(p)]
        for a in range(p)
    ]
    for a in range(p):  # Gauss and Jordan
        rows[a] = [value / rows[a][a] for value in rows[a]]
        for b in range(p):
            if b != a:
                rows[b] = [v - rows[b][a] * u for v, u in zip(rows[b], rows[a], strict=True)]
    beta = [row[p] for row in rows]
    residuals = [yi - sum(b * x for b, x in zip(beta, xi, strict=True)) for xi, yi in zip(X, y, strict=True)]
    return beta, [row[p + 1 :] for row in rows], sum(wi * r * r for wi, r in zip(w, residuals, strict=True))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shift", [0.0, 2000.0, 1e6])
def test_normal_equations_in_rational_numbers(seed, weighted, shift):
    data = made_up(seed)
    data["x"] += shift
    x, a, c = data["x"], data["f"] == "a", data["f"] == "c"
    matrix = np.column_stack([np.ones(40), x, a, c, x * a, x * c]).astype(float)
    weights = data["w"].to_numpy() if weighted else np.ones(40)
    beta, inverse, squares = normal_equations(matrix, data["y"].to_numpy(), weights)
    fit = lm("y ~ x * f", data, weights="w" if weighted else None)
    variance = float(squares) / 34
    # A shift of 1e6 costs six digits, as it must; squared in the normal equations it would cost twelve.
    tolerance = 1e-13 * max(1.0, shift)
    np.testing.assert_allclose(fit.beta, [float(b) for b in beta], rtol=tolerance)
    np.testing.assert_allclose(fit.vcov, variance * np.array(inverse, dtype=float), rtol=tolerance)
    assert fit.sigma == pytest.approx(variance**0.5, rel=tolerance)


def test_units_of_a_covariate_change_nothing_but_its_coefficient():
    data = made_up(7)
    base = lm("y ~ x + f", data)
    for factor in (1e6, 1e-6):
        other = lm("y ~ x + f", data.assign(x=data["x"] * factor))
        np.testing.assert_allclose(other.beta * [1, factor, 1, 1], base.beta, rtol=1e-12)
        np.testing.assert_allclose(anova(other).to_numpy(float), anova(base).to_numpy(float), rtol=1e-11)


@pytest.mark.parametrize("weights", [None, "w"])
def test_log_likelihood_is_the_normal_density_at_its_maximum(weights):
    data = made_up(3, n=20)
    fit = lm("y ~ x + f + offset(o)", data, weights=weights)
    w = np.ones(20) if weights is None else data["w"].to_numpy()
    variance = np.mean(w * fit.residuals**2)
    density = multivariate_normal(fit.fitted, np.diag(variance / w)).logpdf(data["y"])
    assert fit.loglik == pytest.approx(density, rel=1e-12)
    assert fit.aic == pytest.approx(-2 * density + 2 * 5)
    assert fit.bic == pytest.approx(-2 * density + np.log(20) * 5)


def residual_squares(columns: list[np.ndarray], data: pd.DataFrame) -> float:
    root = np.sqrt(data["w"].to_numpy())
    matrix, response = root[:, None] * np.column_stack(columns), root * data["y"].to_numpy()
    residuals = response - matrix @ np.linalg.lstsq(matrix, response)[0]
    return float(residuals @ residuals)


@pytest.mark.parametrize("seed", range(3))
def test_sequential_squares_are_drops_of_nested_projections(seed):
    data = made_up(seed)
    levels = [(data["f"] == level).to_numpy(float) for level in ("a", "c")]
    second, x = (data["h"] == "v").to_numpy(float), data["x"].to_numpy()
    steps = {
        "f": levels,
        "x": [x],
        "h": [second],
        "f:x": [level * x for level in levels],
        "f:h": [level * second for level in levels],
    }
    columns = [np.ones(40)]
    left = [residual_squares(columns, data)]
    for added in steps.values():
        columns += added
        left.append(residual_squares(columns, data))
    table = anova(lm("y ~ f:x + f + x + h + f:h", data, weights="w"))
    assert table.index.tolist() == [*steps, RESIDUALS]
    assert table["df"].tolist() == [2, 1, 1, 2, 2, 31]
    np.testing.assert_allclose(table["sum_sq"], [*-np.diff(left), left[-1]], rtol=1e-8)


def test_levels_of_a_factor_keep_their_order():
    data = made_up(1)
    fit = lm("y ~ f", data)
    means = data.groupby("f", observed=True)["y"].mean()
    assert fit.design.fixed.names == ("Intercept", "f[a]", "f[c]")
    np.testing.assert_allclose(fit.beta, [means["b"], means["a"] - means["b"], means["c"] - means["b"]])


@pytest.mark.slow
def test_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(11)
    data = made_up(2, n=6)[["x"]]
    covered = 0
    for _ in range(1000):
        row = fixef(lm("y ~ x", data.assign(y=2 + 3 * data["x"] + rng.normal(size=6))), prob=0.8).loc["x"]
        covered += row["lower"] < 3 < row["upper"]
    assert abs(covered / 1000 - 0.8) < 4 * (0.8 * 0.2 / 1000) ** 0.5


# --- what is refused --------------------------------------------------------------------------------------------------


def test_missing_values_are_left_out_and_counted(irrigation):
    data = irrigation.assign(x=irrigation["x"].where(irrigation["x"] > 1))
    fit = lm("yield ~ x", data)
    assert (fit.design.n_dropped, len(fit.fitted), fit.df_residual) == (3, 13, 11)
    assert fit.data.index.tolist() == list(range(3, 16))
    with pytest.raises(DataError, match="3 of 16 rows"):
        lm("yield ~ x", data, na="error")


def test_own_functions(irrigation):
    fit = lm("yield ~ half(x)", irrigation, functions={"half": lambda x: x / 2})
    np.testing.assert_allclose(fit.beta[1], 2 * lm("yield ~ x", irrigation).beta[1])


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        (
            "yield ~ irrigation + (1 | field)",
            r"lm fits no random terms, and the formula has \(1 \| field\): use bm.reml",
        ),
        ("yield ~ factor(x)", "16 coefficients for 16 observations: no degree of freedom"),
        ("yield ~ field:variety", "17 coefficients for 16 observations"),
        ("x ~ I(2 * x + 1)", "to the last digit"),
        ("yield ~ varety", "Did you mean 'variety'"),
    ],
)
def test_what_cannot_be_fitted_gets_one_line(irrigation, formula, said):
    with pytest.raises(BayesmixError, match=said) as caught:
        lm(formula, irrigation)
    assert "\n" not in str(caught.value)


def test_weights_are_a_column_of_positive_numbers(irrigation):
    with pytest.raises(BayesmixError, match="name of a column; got list"):
        lm("yield ~ x", irrigation, weights=[1.0] * 16)
    with pytest.raises(DataError, match="zero in 1 of 16 rows"):
        lm("yield ~ x", irrigation.assign(w=[0.0] + [1.0] * 15), weights="w")


def test_other_fits_have_no_sequential_table():
    with pytest.raises(BayesmixError, match=r"anova takes a fit by bm\.reml, bm\.laplace or bm\.lm; got str"):
        anova("y ~ x")
