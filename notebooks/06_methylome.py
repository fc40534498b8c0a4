# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A methylome: one model at 2,000 loci
#
# A study of methylation asks the same question of every locus: does the treatment change how methylation develops in
# time? The model is that of notebook 04, a binomial with a random intercept for each tank, fitted thousands of times.
# What is new is all that thousands of fits bring: none may be lost, some are hopeless, a few will look convincing by
# chance alone, and together they know what no locus knows by itself.
#
# 1. The data
# 2. Screening all loci
# 3. Which loci are significant, and a second look at them
# 4. Was that right? The truth is known here
# 5. Pictures
# 6. What all loci know of each: pooled priors
# 7. One locus
# 8. What to write
# 9. Exercises

# %%
import numpy as np
import pandas as pd

import bayesmix as bm

pd.options.display.precision = 3
EFFECT = "treatment[trt]:time[t2]"

# %% [markdown]
# ## 1. The data
#
# They are simulated, so that the truth is known. Twelve tanks, six of them treated, were sampled twice. Each locus has
# its own coverage (from a gamma distribution with mean 12, so that many loci have two or three reads a sample), its own
# level of methylation, and its own standard deviation between tanks. At nine loci of ten treatment and time do not
# interact; at the others the interaction comes from a normal distribution with standard deviation 1.5, on the logit
# scale.


# %%
def methylome(n_loci: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Counts in long form, a row for each locus and sample, and the true parameters of each locus."""
    rng = np.random.default_rng(seed)
    tank, time = np.repeat(np.arange(12), 2), np.tile([0, 1], 12)
    treated = (tank >= 6).astype(int)
    truth = pd.DataFrame(
        {
            "locus": [f"cg{number:05d}" for number in range(n_loci)],
            "Intercept": rng.normal(0, 1, n_loci),
            "treatment[trt]": rng.normal(0, 0.3, n_loci),
            "time[t2]": rng.normal(0, 0.3, n_loci),
            EFFECT: np.where(rng.random(n_loci) < 0.9, 0.0, rng.normal(0, 1.5, n_loci)),
            "sd_tank__Intercept": rng.lognormal(np.log(0.4), 0.4, n_loci),
        }
    )
    predictors = np.stack([np.ones(24), treated, time, treated * time])
    eta = truth[["Intercept", "treatment[trt]", "time[t2]", EFFECT]].to_numpy() @ predictors
    tanks = truth["sd_tank__Intercept"].to_numpy()[:, None] * rng.normal(size=(n_loci, 12))
    reads = rng.poisson(rng.gamma(1.5, 8, n_loci)[:, None], (n_loci, 24))
    methylated = rng.binomial(reads, 1 / (1 + np.exp(-eta - tanks[:, tank])))
    chromosome = np.sort(rng.choice(["chr1", "chr2", "chr3", "chrX"], n_loci, p=[0.4, 0.3, 0.2, 0.1]))
    counts = pd.DataFrame(
        {
            "locus": np.repeat(truth["locus"], 24),
            "chr": np.repeat(chromosome, 24),
            "pos": np.repeat(np.arange(n_loci) * 500 + rng.integers(0, 500, n_loci), 24),
            "treatment": np.tile(np.where(treated, "trt", "ctl"), n_loci),
            "time": np.tile(np.where(time, "t2", "t1"), n_loci),
            "tank": np.tile([f"k{number + 1:02d}" for number in tank], n_loci),
            "methylated": methylated.ravel(),
            "unmethylated": (reads - methylated).ravel(),
        }
    )
    return counts, truth


counts, truth = methylome(2000, seed=1)
counts.head(4)

# %% [markdown]
# ## 2. Screening all loci
#
# `bm.fit_loci` gives every locus a row with a status, whatever happens to it. `sampler="importance"` screens: few
# weighted values for each locus, NUTS where the weights cannot be trusted, and for a random 2 % to see whether
# screening is right. (With `store="results/loci"` the rows would be kept in a folder, and a run that was interrupted
# would go on where it stopped.)

# %%
FORMULA = "cbind(methylated, unmethylated) ~ treatment * time + (1 | tank)"
HOW = {"seed": 1, "progress": False, "least_reads": 24}
screened = bm.fit_loci(FORMULA, counts, "binomial", sampler="importance", **HOW)
print(screened)

# %%
bm.plot_status(screened)

# %% [markdown]
# A locus is *separated* where a cell or a combination of predictors has one outcome alone (notebook 04): the prior
# bounds its coefficients, and it stays in. Where there is hardly a read nothing is fitted.
#
# How far was screening off where NUTS fitted the same locus? Differences of means, in Monte Carlo errors:

# %%
audited = screened.table["audit_z"].dropna()
print(f"{len(audited)} loci were fitted both ways; the greatest difference is {audited.max():.1f} Monte Carlo errors.")

# %% [markdown]
# ## 3. Which loci are significant, and a second look at them
#
# `bm.significant` judges the effects of all loci together: how many are 0, how large are the others? With that as
# prior each locus has `lfdr`, the probability that its effect is 0, and so many loci are selected that their mean is at
# most 5 %.

# %%
first = bm.significant(screened, EFFECT, q=0.05)
for note in first.attrs["notes"]:
    print(note)

# %% [markdown]
# Loci that one means to report deserve better than screening. `bm.audit_loci` fits those that are selected again, by
# NUTS, and puts these rows in the place of the others, until every selected locus is by NUTS.

# %%
loci = bm.audit_loci(screened, EFFECT, q=0.05, progress=False)
print(loci)

# %%
chosen = bm.significant(loci, EFFECT, q=0.05)
columns = ["locus", "chr", "pos", "status", "estimate", "sd", "lfdr", "q"]
chosen[chosen["selected"]].nsmallest(8, "lfdr")[columns].style.format(precision=2, subset=["estimate", "sd"]).format(
    "{:.1e}", subset=["lfdr", "q"]
).hide()

# %% [markdown]
# ## 4. Was that right? The truth is known here


# %%
def score(answer: pd.DataFrame) -> pd.Series:
    """How many loci were selected, how many of these have no effect, and which share of the effects was found."""
    selected, real = answer["selected"].to_numpy(), (truth[EFFECT] != 0).to_numpy()
    large = (truth[EFFECT].abs() > 1).to_numpy()
    return pd.Series(
        {
            "selected": selected.sum(),
            "false": (selected & ~real).sum(),
            "share false": (selected & ~real).sum() / max(selected.sum(), 1),
            "effects found": (selected & real).sum() / real.sum(),
            "effects beyond 1 found": (selected & large).sum() / large.sum(),
        }
    )


pd.DataFrame(
    {
        "two groups, q = 0.05": score(bm.significant(loci, EFFECT, q=0.05)),
        "two groups, q = 0.2": score(bm.significant(loci, EFFECT, q=0.2)),
        "95 % interval without 0": score(
            pd.DataFrame({"selected": (loci.table[f"{EFFECT}_lower"] > 0) | (loci.table[f"{EFFECT}_upper"] < 0)})
        ),
    }
).T

# %% [markdown]
# The last row is what happens without control of false discoveries: every locus by itself is judged correctly at 5 %,
# and since nine of ten have no effect, a large part of those that look convincing are false.
#
# ## 5. Pictures
#
# A volcano: effects against the local false discovery rate. Large effects at the bottom belong to loci with few reads.

# %%
bm.plot_volcano(loci, EFFECT, q=0.05)

# %%
bm.plot_manhattan(loci, EFFECT, q=0.05)

# %% [markdown]
# Against coverage one sees why: the grey lines are twice the posterior standard deviation of loci with as many reads.

# %%
bm.plot_coverage(loci, EFFECT, q=0.05)

# %% [markdown]
# ## 6. What all loci know of each: pooled priors
#
# At three reads a sample a locus hardly tells how much tanks differ, or where its effects lie, and the prior decides.
# All loci together do tell. A first pass fits 120 loci, a random sample, under wide priors and keeps their draws;
# `bm.pooled_priors` estimates from these how the parameters are distributed over loci; a second pass takes these
# distributions as priors. It happens on request only, and the result says so.

# %%
rng = np.random.default_rng(2)
sample = rng.choice(truth["locus"], 120, replace=False)
WIDE = dict.fromkeys(("Intercept", "treatment[trt]", "time[t2]"), "Normal(0, 2.5)")
WIDE |= {"sd_tank__Intercept": "HalfStudentT(3, 2.5)"}
wide = bm.fit_loci(
    FORMULA,
    counts[counts["locus"].isin(sample)],
    "binomial",
    priors=WIDE,
    keep=True,
    keep_parameters=list(WIDE),
    draws=500,
    **HOW,
)
pooled = bm.pooled_priors(wide.draws, list(WIDE))
pooled.table

# %% [markdown]
# The truth was Normal(0, 1) for the intercepts, Normal(0, 0.3) for both effects, and a log-normal distribution with
# median 0.4 for the standard deviations. The interaction, which is what the study is about, keeps its wide prior:
# `bm.significant` finds its distribution, with a share of loci at exactly 0.

# %%
second = bm.fit_loci(FORMULA, counts, "binomial", sampler="importance", pooled=pooled, **HOW)
print(second)

# %% [markdown]
# Errors of the estimates by coverage, under default priors and under pooled ones:


# %%
def errors(of: bm.Loci, name: str) -> pd.Series:
    """Root mean square errors of posterior means, by reads a sample."""
    depth = pd.cut(of.table["n_reads"] / 24, [0, 3, 6, 12, 25, np.inf], labels=["< 3", "3-6", "6-12", "12-25", "> 25"])
    square = (of.table[f"{name}_mean"] - truth[name]) ** 2
    return np.sqrt(square.groupby(depth.rename("reads a sample"), observed=True).mean())


pd.concat(
    {
        (name, priors): errors(of, name)
        for name in ("treatment[trt]", "sd_tank__Intercept", EFFECT)
        for priors, of in {"default": screened, "pooled": second}.items()
    },
    axis=1,
)

# %% [markdown]
# At few reads the main effects and standard deviations gain most, and they gain at many reads too, since twelve tanks
# tell little of them. The interaction, whose prior is as before, gains from what stands beside it.
#
# The pooled priors are kept with the result, and in a store. New loci are fitted with these, not with others that would
# be estimated from them: a locus has the same row whichever loci it is fitted with.

# %%
few = counts[counts["locus"].isin(["cg00007", "cg00008"])]
apart = bm.fit_loci(FORMULA, few, "binomial", sampler="importance", pooled=second.pooled, **HOW)
figures = [name for name in apart.table.columns if name.endswith(("_mean", "_sd", "_lower", "_upper"))]
together = second.table.set_index("locus").loc[["cg00007", "cg00008"], figures]
print("The same figures:", together.equals(apart.table.set_index("locus")[figures]))

# %% [markdown]
# ## 7. One locus
#
# The most certain one, with posterior, cells and data. `bm.loci_report(loci, EFFECT, "report.html")` writes such a page
# for each of the top loci into one file, below the pictures.

# %%
bm.locus(loci, chosen.sort_values(["lfdr", "locus"])["locus"].iloc[0])

# %% [markdown]
# ## 8. What to write
#
# > Methylation of each locus was modelled by a binomial mixed model with treatment, time, their interaction and a
# > random intercept for tanks (bayesmix). All loci were screened by importance sampling and those selected fitted again
# > by NUTS. Loci with an interaction were selected at a Bayesian false discovery rate of 5 % (two-groups model with a
# > unimodal distribution of effects); loci with fewer than 24 reads were not fitted.
#
# ## 9. Exercises
#
# 1. Select at `q=0.01` and at `q=0.2`. Which of the false discoveries of section 4 leave first?
# 2. Give `method="lfsr"`. Why are more loci selected, and more of them false?
# 3. Pool `"sd_tank__Intercept"` alone. What becomes of its distribution?
# 4. Ask for `log_marginal=True` in two runs, with and without the interaction: where do Bayes factors and `lfdr`
#    differ?
