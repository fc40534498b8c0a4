"""Slopes of covariates: exact where curves have derivatives in closed form, by functions, and what is refused."""

import numpy as np
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError, UnknownTermError


def test_slopes_of_lines_and_parabolas_are_exact(mixed):
    fit = bm.lm("y ~ f * (x + I(x^2))", mixed)
    b = bm.fixef(fit)["estimate"]
    found = bm.emtrends(fit, "x", "f", at={"x": [1, 4]}, by="x")
    for row in found.itertuples():
        own = 0 if row.f == "a" else b[f"f[{row.f}]:x"] + 2 * row.x * b[f"f[{row.f}]:I(x^2)"]
        assert found["x.trend"][row.Index] == pytest.approx(b["x"] + 2 * row.x * b["I(x^2)"] + own, rel=1e-9)
    line = bm.emtrends(bm.lm("y ~ x + f", mixed), "x")
    table = bm.fixef(bm.lm("y ~ x + f", mixed)).loc["x"]
    np.testing.assert_allclose(
        line[["x.trend", "se", "df", "lower"]].to_numpy(float)[0], table[["estimate", "se", "df", "lower"]], rtol=1e-9
    )


def test_slopes_by_a_function_of_the_covariate(mixed):
    fit = bm.lm("y ~ log(x)", mixed)
    slope = bm.fixef(fit).loc["log(x)", "estimate"]
    assert bm.emtrends(fit, "log(x)")["log(x).trend"][0] == pytest.approx(slope, rel=1e-6)
    assert bm.emtrends(fit, "x")["x.trend"][0] == pytest.approx(slope / mixed["x"].mean(), rel=1e-6)
    assert bm.emtrends(fit, "sqrt(x)")["sqrt(x).trend"][0] == pytest.approx(
        2 * slope / np.sqrt(mixed["x"].mean()), rel=1e-6
    )


def test_slopes_of_a_posterior_and_of_counts(mixed, invent):
    fit = invent("count ~ f * x + (x | h)", mixed, "poisson")
    tree = fit.posterior["posterior"]
    x = tree["x"].to_numpy()
    expected = [x.mean(), *(x.mean() + tree["f:x"].to_numpy()[..., j].mean() for j in (0, 1))]
    found = bm.emtrends(fit, "x", "f")
    np.testing.assert_allclose(found["x.trend"], expected, rtol=1e-7)
    assert "Slopes are on the scale of log." in found.attrs["notes"]
    assert bm.emtrends(fit, "x").attrs["notes"][0].startswith("x interacts with f (f:x): slopes over it may mislead")


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"var": "f"}, UnknownTermError, "'f' is a factor, which has means, not slopes. Covariates: x."),
        ({"var": "xx"}, UnknownTermError, "'xx' is no covariate of the fixed part. Did you mean 'x'? Covariates: x."),
        ({"var": "x * z"}, UnknownTermError, "is no covariate"),
        ({"var": "log("}, UnknownTermError, "is no covariate"),
        ({"var": 1}, ArgumentError, "var is the name of a covariate"),
        ({"var": "I(x > 5)"}, ArgumentError, "does not change with x"),
        ({"var": "qq(x)"}, ArgumentError, "var: "),
        ({"var": "x", "specs": "gg"}, UnknownTermError, "'gg' is no variable"),
        ({"var": "x", "at": {"x": "low"}}, ArgumentError, "at of 'x' is a number or more"),
    ],
)
def test_what_has_no_slope_is_one_line(mixed, arguments, error, said):
    fit = bm.lm("y ~ f * x", mixed)
    with pytest.raises(error) as caught:
        bm.emtrends(fit, **arguments)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_covariate_in_a_factor_function_alone_is_a_factor(mixed):
    fit = bm.lm("y ~ factor(dose)", mixed)
    with pytest.raises(UnknownTermError, match="'dose' is a factor, which has means, not slopes"):
        bm.emtrends(fit, "dose")


def test_slopes_are_by_one_number(mixed):
    with pytest.raises(ArgumentError, match="has 2 columns; slopes are by one number"):
        bm.emtrends(bm.lm("y ~ poly(x, 2)", mixed), "poly(x, 2)")


def test_offsets_are_no_part_of_slopes(mixed):
    fit = bm.lm("y ~ x + offset(0.5 * x)", mixed)
    slope = bm.fixef(fit).loc["x", "estimate"]
    for found in (bm.emtrends(fit, "x"), bm.emtrends(fit, "x", at={"x": [2, 3]})):
        assert found["x.trend"][0] == pytest.approx(slope, rel=1e-8)
