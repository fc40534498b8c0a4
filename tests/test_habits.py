"""What people type who come from elsewhere, a row each: one line that names the word for it here, at every door."""

import pytest

import bayesmix as bm
from bayesmix import hints
from bayesmix.cli.main import main
from bayesmix.errors import CallError, FamilyError, MissingNameError
from bayesmix.families.family import read_family

SLEEP = ("Reaction ~ Days + (1 | Subject)", bm.load_data("sleepstudy"))
DOORS = {
    "fit": (bm.fit, SLEEP),
    "reml": (bm.reml, SLEEP),
    "lm": (bm.lm, ("Reaction ~ Days", SLEEP[1])),
    "laplace": (bm.laplace, ("p(incidence, size) ~ period + (1 | herd)", bm.load_data("cbpp"), "binomial")),
}
DRAWN, TUNED, SEEDED, CHAINED = "that is draws=", "that is tune=.", "that is seed=.", "that is chains=."
IN_PARALLEL, SAMPLED, ACCEPTED, SHOWN = (
    "that is cores=.",
    "that is sampler=",
    "that is target_accept=.",
    "that is progress=",
)
OF_SAMPLING = {
    "iter": DRAWN, "n_iter": DRAWN, "iter_sampling": DRAWN, "nitt": DRAWN, "ndraws": DRAWN, "num_samples": DRAWN,
    "warmup": TUNED, "burnin": TUNED, "num_warmup": TUNED, "iter_warmup": TUNED,
    "random_seed": SEEDED, "random_state": SEEDED, "rng": SEEDED, "n_chains": CHAINED, "num_chains": CHAINED,
    "n_cores": IN_PARALLEL, "mc_cores": IN_PARALLEL, "parallel_chains": IN_PARALLEL, "threads": IN_PARALLEL,
    "backend": SAMPLED, "algorithm": SAMPLED, "inference_method": SAMPLED, "nuts_sampler": SAMPLED, "engine": SAMPLED,
    "adapt_delta": ACCEPTED, "target_acceptance": ACCEPTED, "refresh": SHOWN, "progressbar": SHOWN, "verbose": SHOWN,
}  # fmt: skip
"""Of these a function that draws nothing says so, and where the argument is."""

PRIORS, SEARCH, STAN = (
    'priors={"sd_g__x": "HalfNormal(2)"}',
    "tune= and target_accept= are of NUTS",
    "nothing of the kind",
)
OF_ALL = {
    "control": SEARCH, "optimizer": SEARCH, "devFunOnly": SEARCH, "start": "starting points are found", "init": "found",
    "initvals": "starting points are found", "thin": "all draws are kept", "nthin": "all draws are kept",
    "link": 'family="binomial(probit)"', "offset": "a term of the formula, offset(x)", "subset": 'data[data["x"] > 0]',
    "na_action": 'that is na="drop" or na="error".', "dropna": 'na="drop"', "missing": 'na="drop"',
    "weight": "that is weights=, the name of a column", "prior": PRIORS, "set_prior": PRIORS, "prior_intercept": PRIORS,
    "prior_aux": PRIORS, "sample_prior": "draws of the priors are not there", "max_treedepth": "found by NUTS",
    "nAGQ": "bm.laplace has one node", "categorical": "factor(g) in the formula",
    "random": "y ~ x + (x | g)", "re_formula": "y ~ x + (x | g)", "vc_formula": "y ~ x + (x | g)", "groups": "(x | g)",
    "dispformula": "further formulas stand in a list", "sigma": "further formulas stand in a list",
    "ziformula": '"zero_inflated_poisson"', "noncentered": "centred or not as its data ask",
    "auto_scale": "on the scale of the data", "save_pars": STAN, "stanvars": STAN, "idata_kwargs": STAN, "opencl": STAN,
    "file": "bm.save(fit, ", "ddf": "bm.fixef(fit, ddf=", "autocor": "it is not there", "dat": "that is data=.",
}  # fmt: skip
OF_ONE = [
    ("fit", "REML", "bm.reml(formula, data) fits by REML"),
    ("reml", "REML", "that is reml=, False for maximum likelihood."),
    ("reml", "method", "reml=False fits by maximum likelihood."),
    ("lm", "REML", "bm.reml(formula, data) fits by REML."),
    ("laplace", "REML", "bm.reml(formula, data) fits by REML."),
    ("lm", "method", "there is one method here"),
    ("reml", "family", "bm.reml is Gaussian"),
    ("lm", "family", "bm.lm is Gaussian"),
    ("reml", "priors", "estimates have no priors; bm.fit has."),
    ("laplace", "priors", "estimates have no priors; bm.fit has."),
    ("reml", "seed", "nothing is sampled here; seed= is of bm.fit."),
    ("lm", "draws", "nothing is sampled here; draws= is of bm.fit."),
    ("laplace", "target_accept", "nothing is sampled here; target_accept= is of bm.fit."),
]


def refused(door: str, keyword: str) -> str:
    function, arguments = DOORS[door]
    with pytest.raises(CallError) as caught:
        function(*arguments, **{keyword: 1})
    said = str(caught.value)
    assert said.startswith(f"{door} has no argument {keyword!r}: ")
    assert said.isprintable()
    return said


@pytest.mark.parametrize("keyword", OF_SAMPLING)
def test_a_keyword_of_samplers(keyword):
    said = OF_SAMPLING[keyword]
    assert said in refused("fit", keyword)
    argument = said.removeprefix("that is ").partition("=")[0]
    for door in ("reml", "lm", "laplace"):
        assert f"nothing is sampled here; {argument}= is of bm.fit." in refused(door, keyword)


@pytest.mark.parametrize("keyword", OF_ALL)
def test_a_keyword_of_all_doors(keyword):
    for door in DOORS:
        assert OF_ALL[keyword] in refused(door, keyword)


@pytest.mark.parametrize(("door", "keyword", "said"), OF_ONE)
def test_a_keyword_of_one_door(door, keyword, said):
    assert said in refused(door, keyword)


@pytest.mark.parametrize("keyword", ["delim", "na_strings", "dec", "sheet_name", "fileEncoding", "skip", "usecols"])
def test_a_keyword_of_other_readers(keyword):
    words = {"na_strings": "na_values=", "dec": "decimal=", "sheet_name": "sheet=", "fileEncoding": "encoding="}
    with pytest.raises(CallError) as caught:
        bm.read_table("t.csv", **{keyword: 1})
    assert words.get(keyword, "pandas reads such a file" if keyword != "delim" else "Arguments: ") in str(caught.value)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--iter", "that is --draws."),
        ("--warmup", "that is --tune."),
        ("--random-seed", "that is --seed."),
        ("--adapt-delta", "that is --target-accept."),
        ("--backend", "that is --sampler."),
        ("--na-action", "that is --na."),
        ("--n_chains", "that is --chains."),
        ("--REML", "bm.reml(formula, data) fits by REML"),
        ("--control", "--tune and --target-accept are of NUTS"),
        ("--link", '--family "binomial(probit)"'),
        ("--priors", "(Possible options: --prior"),
        ("--prior-intercept", '--prior "sd_g__x=HalfNormal(2)".'),
        ("--nAGQ", "bm.laplace has one node"),
        ("--df", "No such option: --df"),
        ("--qwertz", "No such option: --qwertz"),
    ],
)
def test_an_option_of_the_shell(capsys, option, said):
    assert main(["fit", "y ~ x", "sleepstudy", option, "1"]) == 2
    printed = capsys.readouterr().err.replace("\n", " ")
    assert f"No such option: {option}" in printed
    assert said in printed


def test_arguments_of_sampling_are_those_of_fit():
    assert set(hints._SAMPLED) <= set(bm.fit.__wrapped__.__code__.co_varnames)


NAMES = {
    "lmer": "bm.reml(formula, data) gives lmer's estimates, bm.fit(formula, data) the posterior",
    "glmer": "bm.laplace(formula, data, family)", "glmer.nb": '"negative_binomial"', "brm": "bm.fit(",
    "Model": "bm.fit(", "stan_glmer": "bm.fit(", "glmmTMB": "bm.fit(", "MixedLM": "bm.reml(",
    "VarCorr": "Did you mean 'varcorr'?",
    "lmerControl": "need no setting", "allFit": "searches from several starts", "isSingular": "fit.singular",
    "profile": "bm.confint(fit)", "hdi": "lower and upper", "rope": "bm.equivalence(fit)",
    "kfold": "bm.loo(fit)", "waic": "bm.loo(fit)", "pp_check": "bm.plot_ppc(fit)", "traceplot": "bm.plot_trace(fit)",
    "tab_model": "bm.tidy(fit)", "set_prior": "priors are texts", "Prior": "priors are texts",
    "binomial": "a family is a text", "Binomial": "a family is a text", "cbind": "a word of formulas",
    "gam": "not there", "nlmer": "not there", "read_csv": "bm.read_table(path)", "bf": "stand in a list",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_function_of_another_package(name):
    with pytest.raises(MissingNameError) as caught:
        getattr(bm, name)
    assert NAMES[name] in str(caught.value)


NOT_DRAWN = "nothing was drawn; bm.fit(formula, data, family) draws from the posterior"
ATTRIBUTES = {
    "summary": "bm.summary(fit)", "summary2": "bm.summary(fit)", "fixef": "bm.fixef(fit)",
    "VarCorr": "bm.varcorr(fit)",
    "ranef": "bm.ranef(fit)", "random_effects": "bm.ranef(fit)", "params": "bm.fixef(fit)",
    "fe_params": "bm.fixef(fit)",
    "bse": "bm.fixef(fit)", "pvalues": "bm.fixef(fit)", "tvalues": "bm.fixef(fit)", "conf_int": "bm.confint(fit)",
    "cov_params": "bm.vcov(fit)", "cov_re": "bm.varcorr(fit)", "resid": "bm.residuals(fit)", "llf": "bm.glance(fit)",
    "fittedvalues": "bm.fitted(fit)", "nobs": "bm.glance(fit)", "rsquared": "bm.glance(fit)",
    "plot": "bm.plot_lines(fit)",
    "fit": "this is a fit already; bm.fit(formula, data) fits another", "model": "fit.design is the model",
    "save": 'bm.save(fit, "fit.nc") stores it', "t_test": "bm.anova(fit)", "wald_test": "bm.anova(fit)",
    "idata": NOT_DRAWN, "trace": NOT_DRAWN, "posterior": NOT_DRAWN, "draws": NOT_DRAWN, "stanfit": NOT_DRAWN,
    "call": "fit.design.formula", "X": "fit.design.fixed.matrix", "model_frame": "fit.data its rows",
    "build": "fit.pymc_model", "plot_trace": "bm.plot_trace(fit)", "refit": "It has ", "update": "bm.fit again",
}  # fmt: skip


@pytest.fixture(scope="module")
def reml():
    return bm.reml(*SLEEP)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_a_method_of_another_package(reml, name):
    with pytest.raises(MissingNameError) as caught:
        getattr(reml, name)
    assert str(caught.value).startswith(f"RemlFit has no {name!r}")
    assert ATTRIBUTES[name] in str(caught.value)


@pytest.mark.parametrize(
    ("family", "said"),
    [
        ("quasibinomial", "Nearest is 'beta_binomial'."),
        ("quasipoisson", "Nearest is 'negative_binomial'."),
        ("normal", "Nearest is 'gaussian'."),
        ("ordinal", "Nearest is 'cumulative'."),
        ("binomial(cauchit)", "Links of binomial: logit, probit, cloglog."),
        (len, 'A family is written as text, such as "binomial(logit)"; got builtin_function_or_method.'),
    ],
)
def test_a_family_of_another_package(family, said):
    with pytest.raises(FamilyError) as caught:
        bm.laplace(*DOORS["laplace"][1][:2], family)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Gamma(link='log')", "gamma (log)"),
        ('binomial(link = "logit")', "binomial (logit)"),
        ("bernoulli(link='probit')", "bernoulli (probit)"),
        ("gaussian()", "gaussian (identity)"),
        ("nbinom2", "negative_binomial (log)"),
        ("student", "student_t (identity)"),
        ("sratio", "stopping_ratio (logit)"),
    ],
)
def test_a_family_as_others_write_it(written, read):
    assert str(read_family(written)) == read
