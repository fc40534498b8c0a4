"""Keywords of other packages, `iter` or `adapt_delta`, and what they are called here. Imports nothing of bayesmix."""

from collections.abc import Mapping

PRIORS = 'priors are texts by parameter, priors={"sd_g__x": "HalfNormal(2)"}; print(fit) shows all'
FORMULAS = 'further formulas stand in a list, bm.fit(["y ~ x", "sigma ~ x"], data)'
_ONE_FORMULA = "fixed and random terms stand in one formula, y ~ x + (x | g)"
_STARTS = "starting points are found; leave it out"
_SEARCH = "there is none; tune= and target_accept= are of NUTS, and fits by maximum likelihood need no setting"
_OF_STAN = "there is nothing of the kind to set; leave it out"
_PANDAS_READS = "pandas reads such a file, and bm.fit takes its frame"
STORED = 'bm.save(fit, "fit.nc") stores it, bm.load("fit.nc") reads it'

KEYWORDS: Mapping[str, str] = {
    **dict.fromkeys(("iter", "niter", "nitt"), "that is draws=, those that are kept of each chain, after tune= steps"),
    **dict.fromkeys(("warmup", "burn", "burnin", "nburn", "numwarmup", "iterwarmup"), "that is tune="),
    **dict.fromkeys(
        ("samples", "ndraws", "nsamples", "numsamples", "numdraws", "itersampling"), "that is draws= of each chain"
    ),
    **dict.fromkeys(("randomseed", "randomstate", "rng"), "that is seed="),
    **dict.fromkeys(("thin", "nthin"), "all draws are kept; leave it out"),
    **dict.fromkeys(("nchains", "numchains", "chain"), "that is chains="),
    **dict.fromkeys(
        ("ncores", "njobs", "threads", "parallel", "parallelchains", "mccores", "future"), "that is cores="
    ),
    **dict.fromkeys(("adaptdelta", "accept", "targetacceptance", "targetacceptprob"), "that is target_accept="),
    **dict.fromkeys(("maxtreedepth", "stepsize", "step"), "that is found by NUTS; leave it out"),
    **dict.fromkeys(
        ("nutssampler", "backend", "algorithm", "inferencemethod", "engine"), 'that is sampler=, such as "nutpie"'
    ),
    **dict.fromkeys(("refresh", "silent", "verbose", "progressbar", "quiet", "trace"), "that is progress="),
    **dict.fromkeys(
        ("refcat", "baseline", "refresp"),
        'the first level of the response is the reference; relevel(y, ref = "b") in the formula takes another',
    ),
    "link": 'the link stands with the family, family="binomial(probit)"',
    **dict.fromkeys(("control", "optimizer", "optctrl", "devfunonly", "dofit"), _SEARCH),
    **dict.fromkeys(("start", "inits", "init", "initvals", "etastart", "mustart"), _STARTS),
    **dict.fromkeys(("prior", "setprior", "priorintercept", "prioraux", "priorcovariance", "priorsd"), PRIORS),
    **dict.fromkeys(
        ("sampleprior", "priorpd", "priorsonly"), "draws of the priors are not there; print(fit) shows them"
    ),
    **dict.fromkeys(("noncentered", "center"), "each random term is centred or not as its data ask; leave it out"),
    "autoscale": "default priors are on the scale of the data; leave it out",
    "offset": "it is a term of the formula, offset(x)",
    "subset": 'take the rows first, data[data["x"] > 0]',
    **dict.fromkeys(("naaction", "dropna", "missing"), 'that is na="drop" or na="error"'),
    **dict.fromkeys(("weight", "wts", "priorweights"), "that is weights=, the name of a column"),
    **dict.fromkeys(("contrast", "contr", "coding"), 'that is contrasts=, such as {"f": "sum"}'),
    **dict.fromkeys(("categorical", "factors"), "factor(g) in the formula makes a factor of numbers"),
    "nagq": "bm.laplace has one node, as nAGQ = 1",
    "level": "that is prob=",
    **dict.fromkeys(("dat", "df", "frame", "dataset"), "that is data="),
    **dict.fromkeys(("fam", "distribution", "dist", "likelihood"), "that is family="),
    **dict.fromkeys(("sigma", "dpar", "dispformula", "auxiliary"), FORMULAS),
    "ziformula": 'zeros of their own have a family, such as "zero_inflated_poisson"',
    **dict.fromkeys(("model", "data2", "autocor", "correlation"), "it is not there; the formula and data say all"),
    **dict.fromkeys(("re", "fixed", "random", "reformula", "vcformula"), _ONE_FORMULA),
    **dict.fromkeys(("regroups", "groups"), "grouping factors stand in the formula, (x | g)"),
    **dict.fromkeys(("stanvars", "savepars", "knots", "sparse", "normalize", "opencl", "qr", "potentials"), _OF_STAN),
    **dict.fromkeys(("idatakwargs", "returninferencedata", "discardtunedsamples", "mpctx", "stanmodelargs"), _OF_STAN),
    "computeconvergencechecks": "bm.diagnose(fit) has them; leave it out",
    **dict.fromkeys(("file", "filerefit"), STORED),
    "ddf": 'bm.fixef(fit, ddf="kenward-roger") and bm.anova have it',
    "delimiter": "that is sep=",
    **dict.fromkeys(("na", "nastrings", "navalue"), "that is na_values="),
    "dec": "that is decimal=",
    **dict.fromkeys(("sheetname", "table"), "that is sheet="),
    "fileencoding": "that is encoding=",
    **dict.fromkeys(("usecols", "dtype", "colclasses", "header", "skip", "skiprows", "indexcol"), _PANDAS_READS),
}
"""Hints of functions that read a formula or a file, by the keyword in small letters without dots and underscores."""

OF_ONE: Mapping[tuple[str, str], str] = {
    ("reml", "family"): "bm.reml is Gaussian; other families are those of bm.fit and bm.laplace",
    ("lm", "family"): "bm.lm is Gaussian; other families are those of bm.fit",
    **{(name, "priors"): "estimates have no priors; bm.fit has" for name in ("reml", "lm", "laplace")},
    ("fit", "reml"): "bm.reml(formula, data) fits by REML; bm.fit draws from the posterior",
    ("reml", "reml"): "that is reml=, False for maximum likelihood",
    ("reml", "method"): "reml=False fits by maximum likelihood",
    **dict.fromkeys((("lm", "reml"), ("laplace", "reml")), "bm.reml(formula, data) fits by REML"),
    **dict.fromkeys((("lm", "method"), ("laplace", "method")), "there is one method here; leave it out"),
    **dict.fromkeys((("ranef", "condvar"), ("ranef", "postvar")), "it is there unasked, as its root: the column sd"),
    **dict.fromkeys(
        (("loo", "momentmatch"), ("loo", "reloo"), ("loo", "kthreshold")),
        "it is done unasked where weights do not serve; .pointwise of the answer says how each row came about",
    ),
    **dict.fromkeys((("loo", "pointwise"), ("loo", "savepsis")), "the answer has them, .pointwise"),
    **dict.fromkeys(
        (("compare", "ic"), ("compare", "criterion"), ("compare", "scale"), ("loo", "scale")),
        "it is by leave-one-out, in log densities",
    ),
    **dict.fromkeys((("compare", "method"), ("compare", "weights")), "the column weight is of stacking"),
    **{
        (name, other): "that is newdata="
        for name in ("predict", "posterior_epred", "posterior_predict", "predictions", "comparisons", "slopes")
        for other in ("data", "exog", "newx")
    },
    ("comparisons", "contrast"): "that is variables=",
    **{
        ("fit_loci", other): "that is executor=, a Dask client or the address of its scheduler"
        for other in ("client", "cluster", "dask", "scheduler")
    },
    **{("fit_loci", other): "that is workers=" for other in ("cores", "ncores", "njobs", "nworkers", "processes")},
    **{
        (name, other): "a run goes on by itself when it is called again with the same store"
        for name in ("fit_loci", "loci")
        for other in ("resume", "overwrite", "restart", "continue")
    },
    **{("loci", other): "that is workers=" for other in ("cores", "processes", "jobs")},
    **{("loci", other): "that is cluster=" for other in ("dask", "scheduler", "executor", "client")},
    ("loci", "store"): "that is out=",
    **{
        (name, other): "that is by="
        for name in ("plot_lines", "plot_means", "plot_effects")
        for other in ("colour", "color", "hue")
    },
    **{("plot_data", other): "that is colour=" for other in ("color", "hue")},
    ("plot_data", "x"): "that is by=",
    ("plot_means", "comparisons"): "that is arrows=",
    ("letters", "reversed"): 'that is best=, "highest" or "lowest"',
    ("contrasts", "delta"): "that is rope=, of posteriors",
    (
        "contrasts",
        "regrid",
    ): 'it is of the means, bm.emmeans(fit, "f", regrid="response"), whose contrasts are differences',
    **{(name, "transform"): "that is regrid=" for name in ("emmeans", "emtrends")},
    **{(name, other): "that is cov_reduce=" for name in ("emmeans", "emtrends") for other in ("reduce", "covkeep")},
    ("emtrends", "type"): 'regrid="response" has slopes of the response itself',
    ("contrasts", "simple"): "that is by=, the variables within which levels are compared",
    ("slopes", "wrt"): "that is variables=",
    ("step", "reducerandom"): "alpha_random=1 keeps all random terms",
    ("step", "reducefixed"): "alpha_fixed=1 keeps all fixed terms",
    ("drop1", "type"): "terms that can be left out by themselves are the same in all types; bm.anova has types",
    ("drop1", "test"): "F tests by REML and of bm.lm, likelihood ratios of bm.laplace",
    ("drop1", "scope"): "all terms that can be left out by themselves are tested",
    **dict.fromkeys((("confint", "parm"), ("confint", "parameters")), "it has all; .loc of the table takes some"),
    ("confint", "oldnames"): "parameters are named as priors name them",
    ("confint", "nsim"): 'method= is "profile" or "wald"; the posterior, bm.fit, takes the place of a bootstrap',
    ("equations", "usecoefs"): "that is values=",
    ("equations", "wrap"): "long sums are broken in the text; LaTeX is left as it is",
    ("anova", "test"): "they are F tests; ddf= says with which denominator",
    ("lrt", ""): "it compares two models or more, the smaller first, bm.lrt(small, large)",
    ("anova", ""): "it tests the terms of one fit; several are compared by bm.lrt(small, large)",
}
"""By function and keyword; an empty keyword stands for too many arguments."""
