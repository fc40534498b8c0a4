"""Every digit that R prints for the models of teaching material, taken literally.

A number agrees if it rounds to what is printed. R 4.2.2 with lme4 1.1-31 and lmerTest 3.1-3 printed them, with `lmer`'s
default optimiser; two do not agree, and R's own optimum, with tighter tolerances, rounds as ours:

- sleepstudy's variance of intercepts is printed 612.10, and is 612.0897 at the optimum;
- dragons' is printed 10.474 with 10.696 degrees of freedom for the intercept, and is 10.4728 with 10.6952 (nloptwrap,
  NLOPT_LN_BOBYQA with xtol_abs and ftol_abs of 1e-14, and Nelder_Mead with 1e-14: criterion 1629.34088240736).
"""

import pandas as pd
import pytest

import bayesmix as bm

SLEEP = "Reaction ~ Days"
METALLIC = "wingspan:scales[metallic]"
GENOTYPES = [f"gen[G{number:02d}]" for number in range(2, 14)]

# Of every model: what is printed, by where it stands. Coefficients: estimate, standard error, df, p; "" is not printed.
PRINTED = {
    ("sleepstudy", f"{SLEEP} + (1 | Subject)"): {
        "criterion": "1786.5",
        "variance": {"Subject Intercept": "1378.2", "Residual": "960.5"},
        "sd": {"Subject Intercept": "37.12", "Residual": "30.99"},
        "fixed": {"Intercept": ("251.4051", "9.7467", "22.8102", ""), "Days": ("10.4673", "0.8042", "161", "")},
    },
    ("sleepstudy", f"{SLEEP} + (1 + Days | Subject)"): {
        "criterion": "1743.6",
        "variance": {"Subject Intercept": "612.09", "Subject Days": "35.07", "Residual": "654.94"},
        "corr": {"Subject Intercept Days": "0.07"},
        "fixed": {"Intercept": ("", "6.825", "17", ""), "Days": ("", "1.546", "17", "")},
    },
    ("sleepstudy", f"{SLEEP} + (0 + Days | Subject)"): {
        "criterion": "1766.5",
        "variance": {"Subject Days": "52.71", "Residual": "842.03"},
        "fixed": {"Intercept": ("", "4.02", "161", ""), "Days": ("", "1.87", "21.68", "")},
    },
    ("irrigation", "yield ~ irrigation*variety + (1|field)"): {
        "criterion": "45.4",
        "variance": {"field Intercept": "16.200", "Residual": "2.107"},
        "fixed": {
            "Intercept": ("38.500", "3.026", "4.487", "0.000109"),
            "irrigation[i2]": ("1.200", "4.279", "", ""),
            "irrigation[i3]": ("0.700", "4.279", "", ""),
            "irrigation[i4]": ("3.500", "4.279", "", ""),
            "variety[v2]": ("0.600", "1.452", "4", ""),
            "irrigation[i2]:variety[v2]": ("-0.400", "2.053", "", ""),
            "irrigation[i3]:variety[v2]": ("-0.200", "2.053", "", ""),
            "irrigation[i4]:variety[v2]": ("1.200", "2.053", "", ""),
        },
    },
    ("dragons", "intelligence ~ wingspan*scales + (1+wingspan|mountain)"): {
        "criterion": "1629.341",
        "variance": {"mountain Intercept": "10.473", "mountain wingspan": "0.2629", "Residual": "181.44"},
        "corr": {"mountain Intercept wingspan": "0.09"},
        "fixed": {
            "Intercept": ("89.285", "3.732", "10.695", ""),
            "wingspan": ("1.00255", "0.2362", "4.223", ""),
            "scales[metallic]": ("15.677", "4.815", "", ""),
            METALLIC: ("-0.0923", "0.0798", "", ""),
        },
    },
    ("cochran_bib", "yield ~ gen + (1|loc)"): {
        "criterion": "253.6",
        "variance": {"loc Intercept": "6.053", "Residual": "19.934"},
        "fixed": {"Intercept": ("34.171", "2.445", "", ""), **dict.fromkeys(GENOTYPES, ("", "3.333", "", ""))},
    },
    ("kfert", "yield ~ K2O_lbac + (1|rep)"): {"sd": {"Residual": "0.209010", "rep Intercept": "0.187372"}},
}


@pytest.fixture
def data_of(course_file):
    """The bundled data of a name, and the course's dragons."""
    return lambda name: pd.read_csv(course_file("dragons_unrounded.csv")) if name == "dragons" else bm.load_data(name)


def agrees(value, printed):
    """Whether a number rounds to the printed one; where it lies half-way, R's last bit decides."""
    unit = 10.0 ** -len(printed.partition(".")[2])
    return abs(value - float(printed)) <= 0.50001 * unit


def label(key):
    group, first, second = key
    return " ".join(dict.fromkeys(part for part in (group, first, second) if part))


def table_of(fit, scale):
    frame = bm.varcorr(fit, scale=scale)["estimate"]
    return {label(key): value for key, value in frame.items()}


@pytest.mark.parametrize(("data", "formula"), PRINTED)
def test_every_printed_digit(data, formula, data_of):
    printed, fit = PRINTED[(data, formula)], bm.reml(formula, data_of(data))
    found = {"variance": table_of(fit, "variance"), "sd": table_of(fit, "sd"), "corr": table_of(fit, "sd")}
    if "criterion" in printed:
        assert agrees(fit.criterion, printed["criterion"])
    for part in ("variance", "sd", "corr"):
        for name, text in printed.get(part, {}).items():
            assert agrees(found[part][name], text), (part, name, found[part][name], text)
    frame = bm.fixef(fit)
    for coefficient, texts in printed.get("fixed", {}).items():
        for column, text in zip(("estimate", "se", "df", "p"), texts, strict=True):
            value = frame.loc[coefficient, column]
            assert not text or agrees(value, text), (coefficient, column, value, text)


def test_dragons_with_all_effects_by_mountain_lies_on_the_boundary(data_of):
    fit = bm.reml("intelligence ~ wingspan*scales + (1 + wingspan*scales|mountain)", data_of("dragons"))
    assert fit.criterion <= 1624.445
    assert fit.singular
    assert fit.converged


def test_lines_of_the_fixed_block_model():
    """`lm(yield ~ gen + loc)`, and kfert with blocks as fixed effects, whose residual sd is that of the mixed model."""
    corn = bm.lm("yield ~ gen + loc", bm.load_data("cochran_bib"))
    table = bm.fixef(corn)
    for value, text in (
        (table.loc["Intercept", "estimate"], "29.9865"),
        (table.loc["Intercept", "se"], "3.5567"),
        *((se, "3.5024") for se in table["se"].iloc[1:]),
        (corn.sigma, "4.465"),
        (corn.df_residual, "27"),
        (corn.r_squared, "0.6541"),
        (corn.f_statistic.value, "2.128"),
    ):
        assert agrees(value, text), (value, text)
    assert agrees(bm.lm("yield ~ K2O_lbac + rep", bm.load_data("kfert")).sigma, "0.209010")


def test_dyestuff2():
    """The sd is exactly 0, Kenward and Roger's degrees of freedom 5, the likelihood-ratio statistic 0."""
    fit = bm.reml("Yield ~ 1 + (1 | Batch)", bm.load_data("Dyestuff2"))
    assert bm.varcorr(fit)["estimate"].iloc[0] == 0.0
    assert bm.fixef(fit, ddf="kenward-roger")["df"].tolist() == [pytest.approx(5, rel=1e-12)]
    assert bm.rand(fit).loc["(1 | Batch)", "lrt"] == pytest.approx(0, abs=1e-10)


def test_a_number_beside_the_printed_one_does_not_agree():
    assert agrees(612.0897, "612.09")
    assert not agrees(612.0897, "612.10")
    assert not agrees(10.4728, "10.474")
    assert not agrees(161.6, "161")
