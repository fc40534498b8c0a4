"""Names and idioms of lme4, brms, Bambi and statsmodels, and their equivalents here: one table for each way of asking.

A test holds that no name of bayesmix is in a table. If there is no equivalent yet, the nearest one is named. May import
the error types and `keyword_hints`.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any

from bayesmix.errors import CallError, MissingNameError, did_you_mean, listing
from bayesmix.keyword_hints import FORMULAS, KEYWORDS, OF_ONE, PRIORS, STORED

_MEANS = 'bm.emmeans(fit, "f") has the means of the levels of f, bm.emtrends(fit, "x") slopes'
_CONTRASTS = 'bm.contrasts(bm.emmeans(fit, "f"), "pairwise") has all differences, "trt.vs.ctrl" those from a control'
_NEW_ROWS = "bm.predict(fit, newdata) takes new rows; this is of the rows that were fitted"
_OVER_ROWS = "bm.predictions, bm.comparisons and bm.slopes have means over rows, by=True or by= a column"
_PICTURES = "bm.plot_lines(fit), bm.plot_ranef(fit), bm.plot_ppc(fit), bm.plot_trace(fit) and others draw one each"
_LIMITS = "bm.confint(fit) has lower and upper of all parameters; prob= is their probability"
_LIKELIHOOD = "bm.glance(fit) has what there is of it"
_DRAWS = "fit.posterior has the draws, as ArviZ reads them"
_MODEL = "bm.fit(formula, data, family) fits the posterior"
_MATRICES = "fit.design has the matrices, fit.design.fixed.matrix is X"
_FAMILY = 'a family is a text, bm.fit(formula, data, "binomial(probit)")'

NAMES: Mapping[str, str] = {
    "lmer": "bm.reml(formula, data) gives lmer's estimates, bm.fit(formula, data) the posterior",
    "glmer": "bm.laplace(formula, data, family) gives glmer's estimates, bm.fit(formula, data, family) the posterior",
    "glmernb": 'bm.fit(formula, data, "negative_binomial") fits the posterior',
    "glm": "bm.fit(formula, data, family) fits the posterior, also without random terms",
    "ols": "bm.lm(formula, data) is least squares",
    **dict.fromkeys(("brm", "stanlmer", "stanglmer", "stanglm", "model", "glmmtmb", "mcmcglmm"), _MODEL),
    **dict.fromkeys(("lme", "gls", "mixedlm"), "bm.reml(formula, data) takes lme4's formulas, y ~ x + (x | g)"),
    **dict.fromkeys(("lmercontrol", "glmercontrol", "control"), "fits by maximum likelihood need no setting"),
    "allfit": "bm.reml searches from several starts; fit.converged says whether the answer is an optimum",
    "profile": "bm.confint(fit) of bm.reml has profile intervals",
    "lmlist": "bm.lm of a formula with 0 + g + g:x fits each level of g by itself",
    "ranova": "bm.rand(fit) tests the random terms",
    **dict.fromkeys(("stepaic", "backward", "fitlmer"), "bm.step(fit) of bm.reml eliminates terms one by one"),
    **dict.fromkeys(("add1", "dropterm", "addterm"), "bm.drop1(fit) leaves terms out; bm.lrt(small, large) compares"),
    **dict.fromkeys(("contest", "contestmd", "contest1d"), "bm.hypothesis(fit, 'a - b = 0') tests a combination"),
    **dict.fromkeys(("aov", "error"), "strata are random terms, bm.reml('y ~ x + (1 | g)', data); bm.anova(fit) tests"),
    "issingular": "fit.singular of a REML fit has the terms on the boundary; empty: none",
    "getme": _MATRICES,
    "modelmatrix": "fit.design.fixed.matrix is X, fit.design.fixed.names its columns",
    **dict.fromkeys(("lsmeans", "lsmeanslt", "marginalmeans"), _MEANS),
    **dict.fromkeys(("contrast", "pairs", "difflsmeans", "glht"), _CONTRASTS),
    **dict.fromkeys(("cld", "multcompletters", "compactletters"), 'bm.letters(bm.emmeans(fit, "f")) has them'),
    **dict.fromkeys(("emmip", "plotpredictions"), 'bm.plot_means(bm.emmeans(fit, ["f", "g"])) draws them'),
    **dict.fromkeys(("extracteq", "equatiomatic", "equation", "latex"), "bm.equations(fit) writes the model, .latex"),
    **dict.fromkeys(("report", "reporttext", "describeposterior"), "bm.write_up(fit) writes paragraphs for a paper"),
    "testinteractions": "bm.joint_tests(fit) tests main effects and interactions",
    **dict.fromkeys(("avgpredictions", "avgcomparisons", "avgslopes", "marginaleffects", "interpret"), _OVER_ROWS),
    **dict.fromkeys(
        ("conditionaleffects", "ggpredict", "margins"), 'bm.plot_effects(fit, "x", by="f") draws them; ' + _MEANS
    ),
    "posteriorlinpred": 'bm.posterior_epred(fit, newdata, type="link") has its draws',
    **dict.fromkeys(("binomial", "family"), _FAMILY),
    **dict.fromkeys(
        ("cbind", "offset", "factor"), "it is a word of formulas, bm.fit('cbind(k, n - k) ~ x', data, family)"
    ),
    **dict.fromkeys(
        ("gam", "smooth", "nlmer", "nls"), "models that are not linear in their coefficients are not there"
    ),
    "simulate": "bm.posterior_predict(fit, newdata) draws new responses",
    **dict.fromkeys(("ppcheck", "plotppcdist"), "bm.plot_ppc(fit) draws it, bm.ppc(fit) has the numbers"),
    **dict.fromkeys(("plot", "mcmcplot", "plotmodel", "plotforest", "coefplot", "plotposterior"), _PICTURES),
    **dict.fromkeys(
        ("boxplot", "bwplot", "xyplot", "dotplot", "scatterplot", "stripplot", "lmplot", "ggplot"),
        'bm.plot_data(data, "y ~ x") draws data without a fit',
    ),
    "traceplot": "bm.plot_trace(fit) draws it",
    **dict.fromkeys(("tabmodel", "modelsummary", "stargazer"), "bm.tidy(fit) is a table of all, bm.glance(fit) a line"),
    **dict.fromkeys(("hdi", "credibleinterval", "confintervals", "posteriorinterval"), _LIMITS),
    **dict.fromkeys(("loglik", "aic", "bic", "deviance", "nobs"), _LIKELIHOOD),
    "kfold": "bm.loo(fit) leaves each row out",
    **dict.fromkeys(("rope", "pdirection"), "bm.equivalence(fit) has the share of draws within bounds"),
    "waic": "bm.loo(fit) estimates the same, with its own check",
    **dict.fromkeys(("loocompare", "modelweights"), "bm.compare(first, second) does it by leave-one-out"),
    **dict.fromkeys(
        ("testterms", "linearhypothesis", "glht", "deltamethod"),
        f"bm.hypothesis(fit, 'a + b < 0') tests a statement, bm.bayes_factor(fit, drop=...) tests a term; {_DRAWS}",
    ),
    **dict.fromkeys(("lmbf", "anovabf", "ttestbf", "regressionbf"), 'bm.bayes_factor(fit, drop="x") has its prior'),
    **dict.fromkeys(("posteriorsamples", "asdraws", "asdrawsdf", "fixefdraws", "extract", "spreaddraws"), _DRAWS),
    **dict.fromkeys(("priorsummary", "getprior", "setprior", "prior", "defaultpriors"), PRIORS),
    **dict.fromkeys(("plotpriors", "priorpredictive", "samplepriorpredictive"), "fit.priors has the priors; no draws"),
    "bf": FORMULAS,
    **dict.fromkeys(("rhat", "neffratio", "ess", "checkmodel", "nutsparams"), "bm.diagnose(fit) says what is wrong"),
    "sigma": "bm.varcorr(fit) has the residual sd, bm.auxiliary(fit) the family's further parameters",
    **dict.fromkeys(("r2nakagawa", "rsquaredglmm", "bayesr2"), "bm.r2(fit) has marginal, conditional and Bayesian R2"),
    **dict.fromkeys(("varpart", "variancedecomposition"), "bm.variance_shares(fit) has the share of every term"),
    **dict.fromkeys(
        ("h2", "h2cullis", "cullis", "repeatability"), 'bm.heritability(fit, "entry") has all by their names'
    ),
    **dict.fromkeys(
        ("blue", "blues", "blup", "blups"), 'bm.trial_report(fit, "entry") has both; bm.ranef(fit) effects'
    ),
    **dict.fromkeys(("readcsv", "readexcel", "readtsv"), "bm.read_table(path) reads it"),
    **dict.fromkeys(
        ("readbismark", "readmodkit", "readbedmethyl", "methread", "makebsseqdata", "bsseq"),
        "bm.read_methylation(sheet) reads the files that callers write, bm.count_matrices(methylated, ...) matrices",
    ),
    **dict.fromkeys(
        ("ash", "ashr", "qvalue", "padjust", "lfsr", "fdr", "getlfsr", "locfdr"),
        'bm.significant(results, "treatment[trt]") judges the effects of many loci together',
    ),
    **dict.fromkeys(
        ("volcano", "volcanoplot", "enhancedvolcano", "manhattan", "qqman", "manhattanplot", "maplot", "plotma"),
        'bm.plot_volcano(loci, "trt"), bm.plot_manhattan(loci, "trt") and bm.plot_coverage(loci, "trt") draw loci',
    ),
    "update": "call bm.fit again, with the other formula",
}
"""Hints by the name in small letters without dots and underscores."""

ATTRIBUTES: Mapping[str, str] = {
    "getprediction": "bm.predict(fit, newdata) has predictions with their intervals",
    **dict.fromkeys(("plot", "plots"), _PICTURES),
    "summary2": "bm.summary(fit) prints it",
    "fittedvalues": "bm.fitted(fit) has them",
    "covparams": "bm.vcov(fit) has it",
    **dict.fromkeys(("ttest", "ftest", "waldtest"), "bm.anova(fit) tests the fixed terms"),
    **dict.fromkeys(("model", "frame", "modelframe"), "fit.design is the model and fit.data its rows"),
    **dict.fromkeys(("call", "formulas"), "fit.design.formula has it"),
    **dict.fromkeys(("x", "z", "exog", "endog"), _MATRICES),
    **dict.fromkeys(("build", "backend", "graph"), "fit.pymc_model is PyMC's model, bm.bambi_model(fit) Bambi's"),
    **dict.fromkeys(("todataframe", "topandas"), "bm.tidy(fit) is a table of all"),
    **dict.fromkeys(("params", "coefs", "coefficients", "feparams"), "bm.fixef(fit) has the coefficients"),
    **dict.fromkeys(
        ("pvalues", "pvals", "tvalues", "bse", "stderrors"), "bm.fixef(fit) has them, of bm.reml and bm.lm"
    ),
    "hdi": _LIMITS,
    "resid": "bm.residuals(fit) has them",
    **dict.fromkeys(("idata", "trace", "draws", "samples", "results", "posterior", "stanfit"), _DRAWS),
    **dict.fromkeys(("randomeffects", "blups"), "bm.ranef(fit) has them"),
    **dict.fromkeys(("covre", "varcomp", "vcomp", "sd"), "bm.varcorr(fit) has them"),
    **dict.fromkeys(("aic", "bic", "loglik", "llf", "nobs", "dfresid", "dfmodel", "rsquared"), _LIKELIHOOD),
}

QUESTIONS: Mapping[str, str] = {
    **dict.fromkeys(("level", "conflevel", "cilevel", "ci", "hdiprob", "ciprob", "credmass", "hdi"), "that is prob="),
    **dict.fromkeys(("probs", "quantiles", "alpha"), "prob= is of the interval, 0.95 for quantiles 0.025 and 0.975"),
    **dict.fromkeys(("sefit", "stderror", "robust"), "the columns of the table say what there is"),
    "summary": _DRAWS,
    **dict.fromkeys(("which", "whichel", "groups", "grouping", "grp", "factor"), "that is group="),
    **dict.fromkeys(
        ("reform", "reformula", "random", "allownewlevels", "samplenewlevels"), "groups= says which group effects"
    ),
    **dict.fromkeys(("newdata", "data", "exog"), _NEW_ROWS),
    **dict.fromkeys(("type", "residtype"), "that is kind="),
    **dict.fromkeys(("scaled", "comp", "sigma"), 'scale= is "sd", "variance" or "covariance"'),
    **dict.fromkeys(("method", "df"), "that is ddf="),
    **dict.fromkeys(("ndraws", "nsamples", "numsamples", "numdraws", "nsim", "samples"), "that is draws="),
    **dict.fromkeys(("randomseed", "randomstate", "rng"), "that is seed="),
    **dict.fromkeys(("vars", "varnames", "pars", "variable", "variables", "parameter"), "that is parameters="),
    **dict.fromkeys(("effect", "terms", "focal"), "that is x="),
    **dict.fromkeys(("hypothesis", "term", "without"), "that is drop="),
    **dict.fromkeys(("axes", "axis"), "that is ax="),
    "size": "that is figsize=",
    **dict.fromkeys(("filename", "file", "savefig"), "matplotlib saves what is returned, figure.savefig"),
    **dict.fromkeys(
        ("color", "colour", "title", "xlabel", "ylabel", "palette", "linewidth", "style"),
        "matplotlib sets it on what is returned, figure or axes",
    ),
}
"""Hints of functions that take a fit, by the keyword; "that is x=" holds for those that have x, all others for any."""

_SAMPLED = ("draws", "tune", "chains", "cores", "seed", "sampler", "target_accept", "keep_effects", "progress")
"""Arguments of `bm.fit` that functions without draws do not have."""


_JOINTS = str.maketrans("", "", "_.-")


def _normal(name: str) -> str:
    return name.lower().translate(_JOINTS)


def no_public_name(name: str, known: Iterable[str]) -> MissingNameError:
    """The error for ``bm.name``, an AttributeError too."""
    said = NAMES.get(_normal(name))
    hint = f": {said}." if said else f".{did_you_mean(name, known)}"
    return MissingNameError(f"bayesmix has no {name!r}{hint}")


class Listed:
    """A record that names near matches, and what it has, instead of an attribute that it does not have."""

    if not TYPE_CHECKING:  # type checkers must see that such attributes are missing

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_") or hasattr(type(self), name):
                return object.__getattribute__(self, name)  # a property that failed fails again, with its own error
            raise _no_attribute(self, name, self._instead_of(name))

    def _instead_of(self, name: str) -> str | None:
        """What to use instead of this attribute."""
        del name
        return None


class Hinted(Listed):
    """A fit, which also says what to use instead of an attribute that fits of other packages have."""

    def _instead_of(self, name: str) -> str | None:
        return _of_fits(self, name)


def _known(record: object) -> list[str]:
    return [attribute for attribute in dir(record) if not attribute.startswith("_")]


def _no_attribute(record: object, name: str, said: str | None) -> MissingNameError:
    kind, known = type(record).__name__, _known(record)
    hint = f": {said}." if said else f".{did_you_mean(name, known)} It has {listing(known, at_most=20)}."
    return MissingNameError(f"{kind} has no {name!r}{hint}")


def _of_fits(fit: object, name: str) -> str | None:
    said = ATTRIBUTES.get(_normal(name)) or NAMES.get(_normal(name))
    known = _known(fit)
    if said == _DRAWS and "posterior" not in known:
        said = "nothing was drawn; bm.fit(formula, data, family) draws from the posterior"
    functions = {_normal(function): function for function in import_module("bayesmix").__all__}
    if _normal(name) in functions:
        return _of_public(functions[_normal(name)])
    return said


def _of_public(name: str) -> str:
    """The hint on a public name that is asked of a record."""
    if name in ("fit", "reml", "lm", "laplace"):
        return f"this is a fit already; bm.{name}(formula, data) fits another"
    if name in ("save", "load"):
        return STORED
    return f"it is a function, bm.{name}(fit)"


def with_hints[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """`function`, whose misuse raises one line that names the right argument: a BayesmixError and a TypeError."""
    signature = inspect.signature(function)

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            raise _misuse(function.__name__, signature, kwargs, str(error)) from None
        return function(*args, **kwargs)

    return checked


def _of_all(keyword: str, known: Sequence[str]) -> str | None:
    """The hint on `keyword` that holds for every function of its kind."""
    reads_formula = known[:1] == ["formula"]
    said = (KEYWORDS if reads_formula or known[:1] == ["path"] else QUESTIONS).get(keyword)
    argument = re.match(r"(?:that is )?(\w+)=", said or "")
    ours = argument[1] if argument else next((name for name in _SAMPLED if _normal(name) == keyword), None)
    if reads_formula and ours in _SAMPLED and ours not in known:
        return f"nothing is sampled here; {ours}= is of bm.fit"
    return said if argument is None or argument[1] in known else None


def no_option(option: str, known: Sequence[str], *, command: str = "fit") -> str | None:
    """The hint on an option that a command of the shell does not have; None if there is none."""
    keyword = _normal(option)
    said = OF_ONE.get((command, keyword)) or OF_ONE.get(("fit", keyword)) or KEYWORDS.get(keyword)
    argument = re.match(r"that is (\w+)=", said or "")
    if argument is not None:
        return f"that is --{argument[1].replace('_', '-')}" if argument[1] in known else None
    if said == PRIORS:
        return 'priors are given one by one, --prior "sd_g__x=HalfNormal(2)"'
    return said and re.sub(
        r'\b(\w+)=("|(?=[ ,;]|$))', lambda word: f"--{word[1].replace('_', '-')}{word[2] and ' "'}", said
    )


def _misuse(name: str, signature: inspect.Signature, given: Mapping[str, Any], error: str) -> CallError:
    known = list(signature.parameters)
    for keyword in given:
        if keyword not in known:
            said = OF_ONE.get((name, _normal(keyword))) or _of_all(_normal(keyword), known)
            hint = f": {said}." if said else f".{did_you_mean(keyword, known)} Arguments: {listing(known, at_most=30)}."
            return CallError(f"{name} has no argument {keyword!r}{hint}")
    said = OF_ONE.get((name, ""))
    in_order = [each.name for each in signature.parameters.values() if each.kind is not each.KEYWORD_ONLY]
    words = error.replace("'", "") if said else f"{error}; in order stand {listing(in_order)}, all others by name"
    return CallError(f"{name}: {words}{f'; {said}' if said else ''}.")
