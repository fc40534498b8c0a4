"""Priors in the words of brms, Stan, Bambi and PreliZ: read where they mean the same, else refused by their name."""

import bambi
import numpy as np
import pytest
from scipy import stats

import bayesmix as bm
from bayesmix.errors import PriorError
from bayesmix.priors.density import log_prior_density
from bayesmix.priors.given import by_parameter
from bayesmix.priors.prior import Prior
from bayesmix.priors.reading import read_prior
from bayesmix.priors.settled import settle_priors

NORMAL, HALF, LKJ = Prior("Normal", (0.0, 0.7)), Prior("HalfNormal", (0.7,)), Prior("LKJ", (7.0,))
DEFAULTS = {
    "Intercept": NORMAL, "Days": NORMAL, "period[2]": NORMAL, "period[3]": NORMAL, "Days:period[2]": NORMAL,
    "sd_Subject__Intercept": HALF, "sd_Subject__Days": HALF, "sd_rep:g__Intercept": HALF, "corr_Subject": LKJ,
    "sigma": HALF, "nu": Prior("Gamma", (2.0, 0.1)), "zi": Prior("Beta", (1.0, 1.0)),
    "shape_Intercept": NORMAL, "shape_Days": NORMAL, "sd_Subject__shape_Intercept": HALF,
}  # fmt: skip
B = ("Days", "period[2]", "period[3]", "Days:period[2]")
SD = ("sd_Subject__Intercept", "sd_Subject__Days", "sd_rep:g__Intercept")

WRITTEN = [
    # text of brms or Stan, parameter, how it is written here
    ("normal(0, 5)", "Days", "Normal(0, 5)"),
    (" normal( -1.5,2e1 ) ", "Days", "Normal(-1.5, 2e1)"),
    ("std_normal()", "Days", "Normal(0, 1)"),
    ("student_t(3, 0, 2.5)", "Days", "StudentT(3, 0, 2.5)"),
    ("cauchy(0, 2)", "Days", "Cauchy(0, 2)"),
    ("double_exponential(0, 2)", "Days", "Laplace(0, 2)"),
    ("uniform(-5, 5)", "Days", "Uniform(-5, 5)"),
    ("normal(0, 5)", "sigma", "HalfNormal(5)"),
    ("std_normal()", "sigma", "HalfNormal(1)"),
    ("student_t(3, 0, 2.5)", "sd_Subject__Days", "HalfStudentT(3, 2.5)"),
    ("cauchy(0, 2)", "sd_Subject__Days", "HalfCauchy(2)"),
    ("exponential(1)", "sigma", "Exponential(1)"),
    ("gamma(2, 0.1)", "sigma", "Gamma(2, 0.1)"),
    ("inv_gamma(0.4, 0.3)", "sigma", "InverseGamma(0.4, 0.3)"),
    ("lognormal(0, 1)", "sigma", "LogNormal(0, 1)"),
    ("uniform(0, 5)", "sigma", "Uniform(0, 5)"),
    ("beta(1, 1)", "zi", "Beta(1, 1)"),
    ("lkj(2)", "corr_Subject", "LKJ(2)"),
    ("lkj_corr_cholesky(2)", "corr_Subject", "LKJ(2)"),
    ("normal(0, 5)", "shape_Days", "Normal(0, 5)"),
]


@pytest.mark.parametrize(("text", "parameter", "ours"), WRITTEN)
def test_a_prior_of_stan_in_our_words(text, parameter, ours):
    assert settle_priors(DEFAULTS, {parameter: text})[parameter] == read_prior(ours)


# Stan's parameters, by its manual, as SciPy has them; of a positive parameter cut off at 0.
DENSITIES = {
    "normal(0, 5)": stats.norm(0, 5),
    "student_t(3, 0, 2.5)": stats.t(3, 0, 2.5),
    "cauchy(0, 2)": stats.cauchy(0, 2),
    "exponential(4)": stats.expon(scale=1 / 4),
    "gamma(2, 0.1)": stats.gamma(2, scale=1 / 0.1),
    "inv_gamma(0.4, 0.3)": stats.invgamma(0.4, scale=0.3),
    "lognormal(0.3, 2)": stats.lognorm(2, scale=np.exp(0.3)),
    "uniform(0, 5)": stats.uniform(0, 5),
}


@pytest.mark.parametrize("text", DENSITIES)
def test_the_density_of_a_positive_parameter_is_stans(text):
    prior = settle_priors(DEFAULTS, {"sigma": text})["sigma"]
    stan = DENSITIES[text]
    above = stan.sf(0)
    for value in (0.1, 0.9, 3.0):
        assert float(log_prior_density(prior, np.array([value]))[0]) == pytest.approx(
            stan.logpdf(value) - np.log(above)
        )


ADDRESSED = [
    ({"b": "normal(0, 5)"}, dict.fromkeys(B, "Normal(0, 5)")),
    ({"b": "Normal(0, 5)", "Days": "Normal(0, 1)"}, {**dict.fromkeys(B, "Normal(0, 5)"), "Days": "Normal(0, 1)"}),
    ({"Days": "Normal(0, 1)", "b": "Normal(0, 5)"}, {**dict.fromkeys(B, "Normal(0, 5)"), "Days": "Normal(0, 1)"}),
    ({"Intercept": "student_t(3, 0, 2.5)"}, {"Intercept": "StudentT(3, 0, 2.5)"}),
    ({"sd": "exponential(1)"}, dict.fromkeys(SD, "Exponential(1)")),
    ({"cor": "lkj(4)"}, {"corr_Subject": "LKJ(4)"}),
    ({"b_Days": "normal(0, 5)"}, {"Days": "Normal(0, 5)"}),
    ({"period": "normal(0, 5)"}, {"period[2]": "Normal(0, 5)", "period[3]": "Normal(0, 5)"}),
    ("prior(normal(0, 5), class = b)", dict.fromkeys(B, "Normal(0, 5)")),
    ("prior(normal(0, 5))", dict.fromkeys(B, "Normal(0, 5)")),
    (["prior(normal(0, 5), class = b, coef = Days)"], {"Days": "Normal(0, 5)"}),
    (['set_prior("normal(0, 5)", class = "b", coef = "period2")'], {"period[2]": "Normal(0, 5)"}),
    (["prior(normal(0, 5), b, Days:period2)"], {"Days:period[2]": "Normal(0, 5)"}),
    (["prior(normal(0, 20), class = sd, group = Subject, coef = Days)"], {"sd_Subject__Days": "HalfNormal(20)"}),
    (["prior(normal(0, 20), class = sd, group = Subject)"], dict.fromkeys(SD[:2], "HalfNormal(20)")),
    (
        ["prior(cauchy(0, 1), class = sd, group = Subject)", "prior(cauchy(0, 2), class = sd)"],
        {**dict.fromkeys(SD, "HalfCauchy(2)"), **dict.fromkeys(SD[:2], "HalfCauchy(1)")},
    ),
    (["prior(exponential(1), class = sigma)"], {"sigma": "Exponential(1)"}),
    (["prior(lkj(2), class = cor, group = Subject)"], {"corr_Subject": "LKJ(2)"}),
    (["prior(lkj_corr_cholesky(2), class = L)"], {"corr_Subject": "LKJ(2)"}),
    (["prior(normal(0, 1), class = b, dpar = shape)"], {"shape_Days": "Normal(0, 1)"}),
    (["prior(normal(0, 1), class = Intercept, dpar = shape)"], {"shape_Intercept": "Normal(0, 1)"}),
    (["prior(normal(0, 1), class = sd, dpar = shape)"], {"sd_Subject__shape_Intercept": "HalfNormal(1)"}),
    (
        'c(set_prior("normal(0, 5)", class = "b"), set_prior("exponential(1)", class = "sigma"))',
        {**dict.fromkeys(B, "Normal(0, 5)"), "sigma": "Exponential(1)"},
    ),
    (None, {}),
    ({}, {}),
    ([], {}),
]


@pytest.mark.parametrize(("given", "expected"), ADDRESSED)
def test_whose_prior_it_is_in_the_words_of_brms(given, expected):
    settled = settle_priors(DEFAULTS, given)
    assert {name: prior for name, prior in settled.items() if prior != DEFAULTS[name]} == {
        name: read_prior(text) for name, text in expected.items()
    }
    assert list(settled) == list(DEFAULTS)


def test_a_parameter_that_is_called_like_a_class_is_itself():
    defaults = {"Intercept": NORMAL, "b": NORMAL, "x": NORMAL}
    assert by_parameter({"b": "Normal(0, 3)"}, defaults) == {"b": "Normal(0, 3)"}


def of_effects(mu: float = 0, **arguments: object) -> bambi.Prior:
    return bambi.Prior("Normal", mu=mu, sigma=bambi.Prior("HalfNormal", **arguments))


OBJECTS = [
    ({"Days": bambi.Prior("Normal", mu=0, sigma=10)}, {"Days": "Normal(0, 10)"}),
    ({"Days": bambi.Prior("Cauchy", beta=2, alpha=1)}, {"Days": "Cauchy(1, 2)"}),
    ({"Days": bambi.Prior("Flat")}, {"Days": "Flat()"}),
    ({"sigma": bambi.Prior("Exponential", lam=0.5)}, {"sigma": "Exponential(0.5)"}),
    ({"sigma": bambi.Prior("HalfStudentT", nu=3, sigma=[2.5])}, {"sigma": "HalfStudentT(3, 2.5)"}),
    ({"period": bambi.Prior("Normal", mu=0, sigma=1.5)}, dict.fromkeys(B[1:3], "Normal(0, 1.5)")),
    ({"common": bambi.Prior("Normal", mu=0, sigma=1.5)}, dict.fromkeys(B, "Normal(0, 1.5)")),
    ({"1|Subject": of_effects(sigma=2)}, {"sd_Subject__Intercept": "HalfNormal(2)"}),
    ({"Days|Subject": of_effects(sigma=2)}, {"sd_Subject__Days": "HalfNormal(2)"}),
    ({"group_specific": of_effects(sigma=2)}, dict.fromkeys(SD, "HalfNormal(2)")),
]


@pytest.mark.parametrize(("given", "expected"), OBJECTS)
def test_objects_of_bambi(given, expected):
    settled = settle_priors(DEFAULTS, given)
    assert {name: prior for name, prior in settled.items() if prior != DEFAULTS[name]} == {
        name: read_prior(text) for name, text in expected.items()
    }


def preliz_like(name: str, **arguments: float) -> object:
    """As PreliZ has a distribution; the package is not needed for it."""
    kind = type(name, (), {"__module__": "preliz.distributions"})
    made = kind()
    made.param_names, made.params = tuple(arguments), tuple(arguments.values())
    return made


def test_objects_of_preliz():
    settled = settle_priors(DEFAULTS, {"Days": preliz_like("StudentT", nu=3, mu=0, sigma=2)})
    assert settled["Days"] == read_prior("StudentT(3, 0, 2)")


class SomeDistribution:
    """Of no package that is known."""


REFUSED = [
    ({"Days": "horseshoe(1)"}, "Prior of 'Days': horseshoe(1) of brms is not there; docs/priors.md has those"),
    ({"Days": "R2D2(0.5)"}, "R2D2(0.5) of brms is not there"),
    ({"Days": "constant(1)"}, "constant(1) of brms is not there"),
    ({"sigma": "normal(2, 5)"}, "normal(2, 5) is cut off at 0 and has its peak at 2, which is not there"),
    ({"sigma": "student_t(3, 1, 5)"}, "write HalfStudentT(3, 5), LogNormal(mu, sigma) or Gamma(shape, rate)."),
    ({"nu": "gamma(2, 0.1)"}, "cut off at nu = 1, which is not there; write Gamma(2, 0.1), of all nu > 0."),
    ({"Days": "normal(0)"}, "normal(mu, sigma) has 2 numbers, 1 given."),
    ({"sd": "student_t(3, 2.5)"}, "student_t(nu, mu, sigma) has 3 numbers, 2 given."),
    ({"sigma": "normal(mean, 5)"}, "has its peak at mean, which is not there"),
    ({"Days": "normal(0, s)"}, "'s' in 'Normal(0, s)' is not a number"),
    ({"Days": "exponential(1)"}, "Exponential(1) does not suit a coefficient"),
    ({"cor": "normal(0, 1)"}, "does not suit a correlation; write LKJ(eta)"),
    ({"b": "lkj(2)"}, "LKJ(2) does not suit a coefficient"),
    ({"Dys": "normal(0, 1)"}, "A prior is given for 'Dys', which the model does not have. Did you mean 'Days'?"),
    (
        {"1|Subject": "HalfNormal(2)"},
        "the prior of their sd is that of 'sd_Subject__Intercept', such as HalfNormal(2).",
    ),
    ({"1|rep": of_effects(sigma=2)}, "A prior is given for '1|rep', which the model does not have."),
    ({"1|Subject": of_effects(3, sigma=2)}, "group effects are normal here"),
    (
        {"Days": of_effects(sigma=2)},
        "sigma of bambi.Prior('Normal') has a prior itself; the sd of a term is a parameter",
    ),
    ({"Days": bambi.Prior("Normal", mu=[0, 1], sigma=1)}, "mu of Normal has 2 numbers; give each coefficient a prior."),
    ({"Days": bambi.Prior("Normal", sigma=1)}, "Normal(mu, sigma) takes 2 numbers, 1 given."),
    (
        {"Days": bambi.Prior("Normal", mu=0, tau=1)},
        "argument 'tau' is unknown or given twice; write Normal(mu, sigma).",
    ),
    ({"Days": bambi.Prior("SkewNormal", mu=0, sigma=1, alpha=2)}, "distribution 'SkewNormal' is not known."),
    ({"Days": bambi.Prior("Normal", dist=len, mu=0, sigma=1)}, "a distribution of its own (dist=) is not there."),
    ({"Days": SomeDistribution()}, 'write it as text, such as "Normal(0, 10)"; got SomeDistribution.'),
    ({"Days": {"mu": 0}}, 'write it as text, such as "Normal(0, 10)"; got dict.'),
    ("normal(0, 5)", '\'normal(0, 5)\' does not say whose prior it is; write priors={"Days": "Normal(0, 5)"} or, as'),
    (["prior(normal(0, 5), class = ar)"], "Priors of class 'ar' are not there"),
    (["prior(normal(0, 5), class = b, lb = 0)"], "lb of 'prior(normal(0, 5), class = b, lb = 0)' is not there; class,"),
    (["prior(normal(0, 5), nlpar = a)"], "nlpar of 'prior(normal(0, 5), nlpar = a)' is not there"),
    (["prior(normal(0, 5), class = b, coef = Dys)"], "class b (coef = Dys), which the model does not have."),
    (["prior(normal(0, 5), class = sd, group = rep)"], "class sd (group = rep), which the model does not have."),
    (["prior(class = b)"], "has no distribution, such as normal(0, 5)."),
    ([3], 'priors is a mapping, such as {"sigma": "HalfNormal(20)"}; got list.'),
    (3, "priors is a mapping"),
]


@pytest.mark.parametrize(("given", "said"), REFUSED)
def test_what_means_something_else_is_refused_by_name(given, said):
    with pytest.raises(PriorError) as caught:
        settle_priors(DEFAULTS, given)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_door_reads_them():
    with pytest.raises(PriorError, match=r"Prior of 'Days': horseshoe\(1\) of brms is not there"):
        bm.fit("Reaction ~ Days", bm.load_data("sleepstudy"), priors=["prior(horseshoe(1), class = b)"], progress=False)


@pytest.mark.slow
def test_a_fit_has_the_same_draws_in_both_words():
    sleepstudy = bm.load_data("sleepstudy")
    settings = {"draws": 20, "chains": 2, "seed": 1, "progress": False}
    ours = {"Days": "Normal(0, 20)", "sd_Subject__Days": "HalfNormal(20)", "sigma": "Exponential(0.05)"}
    theirs = [
        "prior(normal(0, 20), class = b)",
        "prior(normal(0, 20), class = sd, group = Subject, coef = Days)",
        "prior(exponential(0.05), class = sigma)",
    ]
    formula = "Reaction ~ Days + (Days | Subject)"
    one, other = (bm.fit(formula, sleepstudy, priors=priors, **settings) for priors in (ours, theirs))
    assert one.priors == other.priors
    assert one.posterior["posterior"].to_dataset().equals(other.posterior["posterior"].to_dataset())
