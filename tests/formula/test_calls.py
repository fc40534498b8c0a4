"""The functions of a formula against R's: which argument is which, and what is refused.

R 4.2.2: x <- c(1.5, 2, 3.25, 4, 5.5, 7, 8.125, 9); y <- c(2.1, 3.9, 4.2, 7.7, 8.8, 10.1, 12.5, 11.9)
b <- x > 3; f <- factor(c("a","b","a","c","b","c","a","b")); k <- c(1,2,2,3,1,3,2,1)
signif(coef(lm(as.formula(paste("y ~", call)))), 9)
"""

import numpy as np
import pandas as pd
import pytest

from bayesmix.errors import BayesmixError, DataError, FormulaError
from bayesmix.formula.matrices import build_design, new_rows
from bayesmix.formula.parse import parse

DATA = pd.DataFrame(
    {
        "x": [1.5, 2, 3.25, 4, 5.5, 7, 8.125, 9],
        "y": [2.1, 3.9, 4.2, 7.7, 8.8, 10.1, 12.5, 11.9],
        "f": list("abacbcab"),
        "k": [1, 2, 2, 3, 1, 3, 2, 1],
    }
)
DATA["b"] = DATA["x"] > 3

TAKEN = {
    "scale(x)": (7.65, 3.77571568),
    "scale(x, 3)": (4.90061443, 4.78487454),
    "scale(x, 0)": (0.870980614, 8.17166737),
    "scale(x, 0, 2)": (0.870980614, 2.68642254),
    "scale(x, 3, 2)": (4.90061443, 2.68642254),
    "scale(x, 3, TRUE)": (4.90061443, 4.78487454),
    "scale(x, -1)": (-0.472230658, 9.46842308),
    "scale(x, FALSE)": (0.870980614, 8.17166737),
    "scale(x, FALSE, 2)": (0.870980614, 2.68642254),
    "scale(x, TRUE, 2)": (7.65, 2.68642254),
    "scale(x, TRUE, FALSE)": (7.65, 1.34321127),
    "scale(x, FALSE, FALSE)": (0.870980614, 1.34321127),
    "scale(x, center = 3)": (4.90061443, 4.78487454),
    "scale(x, scale = 2)": (7.65, 2.68642254),
    "scale(x, scale = -2)": (7.65, -2.68642254),
    "scale(x, scale = FALSE)": (7.65, 1.34321127),
    "scale(center = FALSE, x)": (0.870980614, 8.17166737),
    "scale(x, center = FALSE, 2)": (0.870980614, 2.68642254),
    "scale(scale = 2, x, 3)": (4.90061443, 2.68642254),
    "scale(x, 1, center = 2)": (3.55740316, 1.34321127),
    "log(x)": (-0.680838817, 5.7422428),
    "log(x, 2)": (-0.680838817, 3.98021941),
    "log(x, base = 2)": (-0.680838817, 3.98021941),
    "log(base = 2, x)": (-0.680838817, 3.98021941),
    "log(x, 0.5)": (-0.680838817, -3.98021941),
    "log2(x)": (-0.680838817, 3.98021941),
    "log10(x)": (-0.680838817, 13.2220027),
    "log1p(x)": (-4.85663174, 7.3915681),
    "exp(x)": (6.14345538, 0.000933239629),
    "exp(b)": (-0.608255583, 3.60825558),
    "sqrt(x)": (-4.82393497, 5.77392343),
    "abs(x - 4)": (4.46688318, 1.34913561),
    "sin(x)": (7.76010017, -0.371825263),
    "cos(x)": (7.78727678, 0.642435715),
    "tan(x)": (8.12655903, -0.42325147),
    "I(x^2)": (3.72171162, 0.121300504),
    "I(x ** 2)": (3.72171162, 0.121300504),
    "I(-x^2)": (3.72171162, -0.121300504),
    "I(2^-x)": (10.2921817, -26.2052893),
    "I(2 ^ 3 ^ 0.5 * x)": (0.870980614, 0.404338486),
    "I(-2 ^ 2 * x)": (0.870980614, -0.335802818),
    "I(x - 1 - 2)": (4.90061443, 1.34321127),
    "I(x / 2 * 3)": (0.870980614, 0.895474181),
    "I(-x + 2)": (3.55740316, -1.34321127),
    "I(x + b)": (0.72719942, 1.19422975),
    "I((x > 3) * x)": (2.63667586, 1.08763642),
    "I(x > 3)": (3, 6.2),
    "I(x == 2)": (8.18571429, -4.28571429),
    "I(f == 'b')": (7.32, 0.88),
    "I(f != 'b')": (8.2, -0.88),
    "poly(x)": (7.65, 9.98960472),
    "poly(x, TRUE)": (7.65, 9.98960472),
    "poly(x, 2)": (7.65, 9.98960472, -1.27862893),
    "poly(x, degree = 2)": (7.65, 9.98960472, -1.27862893),
    "poly(x, 2, raw = 0)": (7.65, 9.98960472, -1.27862893),
    "poly(x, 2, raw = TRUE)": (-0.891503406, 2.25073538, -0.0870062402),
    "poly(x, raw = TRUE, 2)": (-0.891503406, 2.25073538, -0.0870062402),
    "poly(x, 2, raw = 1)": (-0.891503406, 2.25073538, -0.0870062402),
    "poly(x, 3, raw = TRUE)": (-0.10251565, 1.59705568, 0.0584144482, -0.00933686539),
    "poly(x, 7)": (7.65, 9.98960472, -1.27862893, -0.272918318, -0.255271255, -0.583767931, -1.37379192, 1.37301442),
    "as.numeric(x)": (0.870980614, 1.34321127),
    "as.numeric(b)": (3, 6.2),
    "factor(k)": (7.6, -0.733333333, 1.3),
    "as.factor(k)": (7.6, -0.733333333, 1.3),
    "factor(f)": (6.26666667, 1.93333333, 2.63333333),
    "C(f)": (6.26666667, 1.93333333, 2.63333333),
    "b": (3, 6.2),
}

REFUSED = {  # R refuses these too, but for those that are marked
    "scale(x, scale = 0)": "not finite",
    "scale(x, 1, 2, 3)": "takes 3 arguments",
    "scale(x, center = 1, center = 2)": "'center' twice",
    "log(x, TRUE)": "not finite",
    "log(x, 1)": "not finite",
    "log(x, -2)": "not finite",
    "log(x, 2, 3)": "takes 2 arguments",
    "log(x, base = 2, 3)": "'base' by name",
    "log(x, 2, base = 3)": "'base' by name",
    "log(x, base = 2, base = 3)": "'base' twice",
    "log(base = 2)": "of a column",
    "log2(x, 3)": "takes 1 argument ",
    "log10(x, 2)": "takes 1 argument ",
    "log1p(x, 2)": "takes 1 argument ",
    "exp(x, 2)": "takes 1 argument ",
    "sqrt(x, 2)": "takes 1 argument ",
    "abs(x, 1)": "takes 1 argument ",
    "cos(x, 1)": "takes 1 argument ",
    "I(x, 2)": "takes 1 argument ",
    "I()": "of a column",
    "I(1 < x < 5)": "Comparisons",
    "poly(x, 2, TRUE)": "raw by name",
    "poly(x, 2, 3)": "raw by name",
    "poly(x, 2, FALSE)": "raw by name",
    "poly(x, degree = 2, degree = 3)": "'degree' twice",
    "poly(x, 2, degree = 3)": "'degree' by name",  # R takes the 2
    "poly(x, degree = 2, TRUE)": "'degree' by name",  # R takes the TRUE, a 1
    "poly(x, 1.5)": "whole number",  # R takes 1
    "poly(x, 0)": "whole number",
    "poly(x, 8)": "8 distinct values",
    "poly(x, 2, simple = TRUE)": "no argument 'simple'",  # R takes it
    "log(x,)": "missing after",  # R takes it
    "factor(k, levels = 1)": "R would drop",  # R drops the rows
    "factor(k, 2)": "R would drop",  # R drops the rows
    "as.numeric(f)": "is text",  # R takes the codes of the levels
    "I(factor(k) + 1)": "makes a factor",
    "log(factor(f))": "makes a factor",
    "offset(x, x)": "1 argument",
    "offset(x, w = x)": "1 argument",
    "center(x, 3)": "takes 1 argument ",
}


def design_of(call: str, **arguments):
    return build_design(parse(f"y ~ {call}"), DATA, **arguments)


@pytest.mark.parametrize("call", TAKEN)
def test_coefficients_are_rs(call):
    design = design_of(call)
    coefficients = np.linalg.lstsq(design.fixed.matrix, design.response.values)[0]
    np.testing.assert_allclose(coefficients, TAKEN[call], rtol=2e-8)


@pytest.mark.parametrize("call", TAKEN)
def test_new_rows_are_treated_as_those_of_the_fit(call):
    design = design_of(call)
    np.testing.assert_allclose(new_rows(design, DATA.iloc[2:5]).fixed, design.fixed.matrix[2:5], atol=1e-12)


@pytest.mark.parametrize("call", REFUSED)
def test_arguments_that_mean_nothing_are_refused(call):
    with pytest.raises((FormulaError, DataError), match=REFUSED[call]) as caught:
        design_of(call)
    if isinstance(caught.value, FormulaError):
        marked = caught.value.formula[caught.value.span.start : caught.value.span.end]
        assert marked in call


def test_own_functions_are_given_each_argument_once():
    with pytest.raises(FormulaError, match=r"times\(\) is given 'by' twice"):
        build_design(parse("y ~ times(x, by = 2, by = 3)", ["times"]), DATA, functions={"times": lambda x, by: x * by})


@pytest.mark.parametrize("response", ["k | trials(n, 4)", "k | trials(n, x = 4)", "k | trials(x = 4)"])
def test_trials_are_one_argument(response):
    with pytest.raises(FormulaError, match=r"trials\(\) takes 1 argument"):
        parse(f"{response} ~ x")


@pytest.mark.parametrize("functions", [1, "half", {"half": 1}, {3: abs}])
def test_functions_that_are_none_are_refused(functions):
    with pytest.raises(BayesmixError, match="functions"):
        build_design(parse("y ~ x", functions), DATA, functions=functions)
