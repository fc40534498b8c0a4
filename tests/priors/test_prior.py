"""Priors are read by a whitelist; what cannot be read or does not suit is refused in one line."""

import pytest

from bayesmix.errors import PriorError
from bayesmix.priors.prior import Prior, scaled, to_text
from bayesmix.priors.reading import parameter_kind, read_prior
from bayesmix.priors.settled import settle_priors
from bayesmix.priors.table import DISTRIBUTIONS

READ = [
    ("Normal(0, 2.5)", "Days", Prior("Normal", (0.0, 2.5))),
    ("  Normal ( -1e-3 ,+2.5E2 ) ", "Days", Prior("Normal", (-0.001, 250.0))),
    ("Normal(mu=0, sigma=2)", "Days", Prior("Normal", (0.0, 2.0))),
    ("Normal(sigma=2, mu=0)", "Days", Prior("Normal", (0.0, 2.0))),
    ("StudentT(3, 0, sigma=.5)", "Days", Prior("StudentT", (3.0, 0.0, 0.5))),
    ("Gamma(alpha=2, beta=0.1)", "sigma", Prior("Gamma", (2.0, 0.1))),
    ("Uniform(-5, 5)", "Days", Prior("Uniform", (-5.0, 5.0))),
    ("Uniform(0, 50)", "sd_Subject__Days", Prior("Uniform", (0.0, 50.0))),
    ("LKJ(2)", "corr_Subject", Prior("LKJ", (2.0,))),
    ("Flat()", "Days", Prior("Flat", ())),
    ("HalfNormal(20.)", None, Prior("HalfNormal", (20.0,))),
    (Prior("HalfCauchy", (3,)), "sigma", Prior("HalfCauchy", (3.0,))),
    ("HalfCauchy(0.5) * sigma", "sd_g__x", Prior("HalfCauchy", (0.5,), of_sigma=True)),
    ("HalfStudentT(3, 1)*sigma ", "sd_g__x", Prior("HalfStudentT", (3.0, 1.0), of_sigma=True)),
    (Prior("HalfNormal", (1,), of_sigma=True), "sd_g__x", Prior("HalfNormal", (1.0,), of_sigma=True)),
]

REFUSED = [
    ("Norml(0, 1)", "Days", "'Norml' is not known. Did you mean 'Normal'"),
    ("halfnormal(1)", "sigma", "Did you mean 'HalfNormal'"),
    ("flat()", "Days", r"improper and priors must be proper; write Flat\(\), or a prior on the real line"),
    ("Flat", "Days", r"lacks its numbers; write Flat\(\)"),
    ("Flat(1)", "Days", r"Flat\(\) takes 0 numbers, 1 given"),
    ("Flat()", "sigma", "improper"),
    ("HalfFlat()", "sigma", "such as HalfStudentT"),
    ("Normal(0)", "Days", r"Normal\(mu, sigma\) takes 2 numbers, 1 given"),
    ("Normal()", "Days", "takes 2 numbers, 0 given"),
    ("LKJ(1, 2)", "corr_g", r"LKJ\(eta\) takes 1 number, 2 given"),
    ("Normal", "Days", r"lacks its numbers; write Normal\(mu, sigma\)"),
    ("Normal(0, 1", "Days", "lacks its numbers"),
    ("", "Days", "no distribution with numbers"),
    ("2.5", "Days", "no distribution with numbers"),
    ("Normal(0, inf)", "Days", "'inf' in 'Normal"),
    ("Normal(0, 1 + 1)", "Days", "not a number"),
    ("Normal(0, __import__('os'))", "Days", "not a number"),
    ("os.system(1)", "Days", "no distribution with numbers"),
    ("Normal(0, 1); x(2)", "Days", "is not a number"),
    ("Normal(0, 1e999)", "Days", "sigma .scale. of .* must be a finite number > 0; got inf"),
    ("Normal(0, -1)", "Days", "must be a finite number > 0; got -1"),
    ("HalfNormal(0)", "sigma", "must be a finite number > 0; got 0"),
    ("Uniform(3, 3)", "Days", r"lower must be below upper"),
    ("Normal(mu=0, mu=1)", "Days", "'mu' is unknown or given twice"),
    ("Normal(mu=0, sd=1)", "Days", "'sd' is unknown or given twice"),
    ("Normal(sigma=1, 0)", "Days", "numbers without a name come first"),
    ("HalfNormal(1)", "Days", "does not suit a coefficient; write a prior on the real line"),
    ("Normal(0, 1)", "sd_g__x", "does not suit a standard deviation; write a prior on positive numbers"),
    ("Uniform(-1, 1)", "sigma", "reaches below 0"),
    ("Normal(0, 1)", "corr_g", r"does not suit a correlation; write LKJ\(eta\)"),
    ("LKJ(2)", "sigma", "does not suit a standard deviation"),
    ("HalfCauchy(0.5) * sigm", "sd_g__x", "times 'sigm'; a prior may be times sigma alone"),
    ("HalfCauchy(0.5) * 2", "sd_g__x", "times '2'"),
    ("HalfCauchy(0.5) * sigma * 2", "sd_g__x", "times 'sigma . 2'"),
    ("HalfCauchy(0.5) *", "sd_g__x", "times ''"),
    ("Uniform(0, 5) * sigma", "sd_g__x", "only priors of group sds may be times sigma, by HalfNormal"),
    ("Gamma(2, 1) * sigma", "sd_g__x", "only priors of group sds may be times sigma"),
    ("Normal(0, 5) * sigma", "Days", "only priors of group sds may be times sigma"),
    (Prior("Nonsense", (1.0,)), "sigma", "is not known"),
    (Prior("HalfNormal", (float("nan"),)), "sigma", "finite number"),
    (3.0, "sigma", "got float"),
]


KINDS = {"sigma": "standard deviation", "sd": "standard deviation", "corr": "correlation"}


def kind_of(parameter):
    return None if parameter is None else KINDS.get(parameter.partition("_")[0], "coefficient")


@pytest.mark.parametrize(("text", "parameter", "expected"), READ)
def test_reads(text, parameter, expected):
    assert read_prior(text, parameter, kind_of(parameter)) == expected


@pytest.mark.parametrize(("text", "parameter", "message"), REFUSED)
def test_refuses_in_one_line(text, parameter, message):
    with pytest.raises(PriorError, match=message) as caught:
        read_prior(text, parameter, kind_of(parameter))
    assert "\n" not in str(caught.value)
    assert repr(parameter) in str(caught.value)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_storage_keeps_every_digit(name):
    numbers = tuple(2 + i + 1 / 3 for i in range(len(DISTRIBUTIONS[name].arguments)))
    prior = Prior(name, numbers)
    assert read_prior(to_text(prior)) == prior


def test_shown_with_four_digits_at_most():
    assert str(Prior("HalfStudentT", (3.0, 56.32876))) == "HalfStudentT(3, 56.33)"
    assert str(Prior("Normal", (-123456.0, 1e-7))) == "Normal(-123500, 1e-07)"


def test_kind_is_read_from_the_name():
    sd, coefficient = "standard deviation", "coefficient"
    expected = {
        "Normal(0, 1)": coefficient,
        "StudentT(3, 0, 1)": coefficient,
        "HalfStudentT(3, 1)": sd,
        "Gamma(2, 1)": sd,
        "LKJ(2)": "correlation",
    }
    assert {text: parameter_kind(read_prior(text)) for text in expected} == expected


def test_a_covariate_may_be_called_like_a_standard_deviation():
    defaults = {"sd_depth": Prior("Normal", (0.0, 1.0)), "corr_index": Prior("Normal", (0.0, 1.0))}
    settled = settle_priors(defaults, {"sd_depth": "Normal(0, 3)"})
    assert settled["sd_depth"] == Prior("Normal", (0.0, 3.0))


def test_settle_replaces_and_keeps_the_order():
    defaults = {"Intercept": Prior("Normal", (0.0, 1.0)), "sigma": Prior("HalfNormal", (1.0,))}
    settled = settle_priors(defaults, {"sigma": "Exponential(2)"})
    assert list(settled) == ["Intercept", "sigma"]
    assert settled["sigma"] == Prior("Exponential", (2.0,))
    assert defaults["sigma"] == Prior("HalfNormal", (1.0,))
    assert settle_priors(defaults, None) == defaults


def test_settle_refuses_a_parameter_that_is_not_there():
    defaults = {"sd_Subject__Days": Prior("HalfNormal", (1.0,)), "sigma": Prior("HalfNormal", (1.0,))}
    with pytest.raises(PriorError, match=r"Did you mean 'sd_Subject__Days'\? Its parameters: sd_Subject__Days, sigma"):
        settle_priors(defaults, {"sd_Subject_Days": "HalfNormal(2)"})


def test_a_scale_free_prior_counts_in_the_sd_of_its_column():
    defaults = {"sd_g__Intercept": Prior("HalfStudentT", (3.0, 8.0)), "sd_g__x": Prior("HalfStudentT", (3.0, 2.0))}
    defaults["sigma"] = Prior("HalfStudentT", (3.0, 8.0))
    given = {"sd_g__Intercept": "ScaleFree(0.5)", "sd_g__x": "ScaleFree(r=0.5)"}
    settled = settle_priors(defaults, given, {"sd_g__Intercept": 1.0, "sd_g__x": 4.0})
    assert settled["sd_g__Intercept"] == Prior("HalfCauchy", (0.5,), of_sigma=True)
    assert settled["sd_g__x"] == Prior("HalfCauchy", (0.125,), of_sigma=True)
    assert str(settled["sd_g__x"]) == "HalfCauchy(0.125) * sigma"
    assert scaled(settled["sd_g__x"], 2.0) == Prior("HalfCauchy", (0.25,), of_sigma=True)


@pytest.mark.parametrize("text", ["ScaleFree(0.5)", "HalfNormal(1) * sigma"])
def test_what_is_relative_to_sigma_needs_one_in_the_same_unit(text):
    defaults = {"sd_g__x": Prior("HalfNormal", (1.0,)), "sigma": Prior("HalfStudentT", (3.0, 8.0))}
    with pytest.raises(PriorError, match="identity link alone"):
        settle_priors(defaults, {"sd_g__x": text})
    with pytest.raises(PriorError, match="sigma itself"):
        settle_priors(defaults, {"sigma": text}, {"sd_g__x": 1.0})
