"""The printed least squares fit: R's digits in their places, as text and as HTML."""

import re

import numpy as np
import pytest

from bayesmix.data import load_data
from bayesmix.estimates.least_squares.lm import lm
from bayesmix.report.pages.numbers import p_value

HYBRIDS = """\
Linear model, ordinary least squares
Formula: yield ~ gen + loc
Data:    52 observations
         gen: 13 levels (4 rows each)
         loc: 13 levels (4 rows each)
         units: yield lb/plot

Residuals:
      min       1Q  median      3Q     max
  -7.2173  -2.0077  0.0404  1.7942  7.6673

Coefficients (95 % confidence intervals):
             estimate      se       t         p     lower    upper
  Intercept   29.9865  3.5567   8.431  4.83e-09   22.6887  37.2844
  gen[G02]    -4.7308  3.5024  -1.351     0.188  -11.9172   2.4556
"""
CLOSING = """
Residual standard deviation: 4.465 on 27 degrees of freedom
R-squared: 0.6541, adjusted 0.3467
F: 2.128 on 24 and 27 degrees of freedom, p = 0.0298
Log-likelihood: -134.55, AIC 321.09, BIC 371.83"""


def test_print_is_summary_of_lm():
    text = repr(lm("yield ~ gen + loc", load_data("cochran_bib")))
    assert text.startswith(HYBRIDS)
    assert text.endswith(CLOSING)
    assert not any(line != line.rstrip() for line in text.splitlines())


def test_weights_missing_values_and_no_intercept_are_said():
    data = load_data("irrigation").assign(w=[1, 2, 0.5, 3] * 4, x=np.arange(16.0))
    data.loc[3, "x"] = np.nan
    text = repr(lm("yield ~ 0 + irrigation + x", data, weights="w"))
    assert "Linear model, weighted least squares\n" in text
    assert "\n         1 row with missing values left out (x 1)\n         weights: w\n" in text
    assert "\nWeighted residuals:\n" in text
    assert "(about 0: no intercept)" in text
    assert "p = 1.28e-15" in text


def test_weighted_residuals_are_scaled_by_the_root_of_the_weight():
    data = load_data("irrigation").assign(w=[1, 2, 0.5, 3] * 4)
    fit = lm("yield ~ variety", data, weights="w")
    shown = re.search(r"max\n *(.*)\n", repr(fit))[1].split()
    expected = np.quantile(np.sqrt(data["w"]) * fit.residuals, [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose([float(text) for text in shown], expected, atol=1e-3)


def test_a_mean_alone_has_no_f():
    text = repr(lm("yield ~ 1", load_data("irrigation")))
    assert "R-squared" not in text
    assert "F:" not in text


def test_html_holds_the_same_numbers_escaped():
    data = load_data("irrigation").rename(columns={"variety": "a<b"})
    fit = lm("yield ~ `a<b`", data)
    html = fit._repr_html_()
    assert "a&lt;b[v2]" in html
    assert "<b[v2]" not in html
    numbers = re.findall(r"-?\d+\.\d{3,}", repr(fit))
    assert numbers
    assert all(number in html for number in numbers)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.500"),
        (0.0225106, "0.0225"),
        (2.5e-4, "0.000250"),
        (4.827e-9, "4.83e-09"),
        (1e-17, "< 2e-16"),
        (1, "1.00"),
    ],
)
def test_p_values_have_three_digits(value, text):
    assert p_value(value) == text
