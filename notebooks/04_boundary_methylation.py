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
# # A locus without a single methylated read
#
# Counts have an edge that measurements do not have: a proportion can be exactly 0 or exactly 1. When that happens in a
# whole cell of the design, say in every treated animal at the second time, `glmer` breaks down, and not always with a
# warning. This notebook follows two CpG loci of a methylation study, one ordinary and one with such a cell, through
# the same model: what breaks, what a posterior says instead, how much of it is the prior's doing, and what one may
# write in a paper. It is written for people who know `glmer(cbind(m, u) ~ treatment * time + (1 | tank), binomial)`.
#
# 1. The data
# 2. An ordinary locus
# 3. A cell at the boundary: what goes wrong
# 4. Knowing before fitting: `bm.separation`
# 5. The posterior
# 6. What the prior does
# 7. When the empty cell is the reference
# 8. Tank effects or a beta-binomial?
# 9. What to write
# 10. Exercises, and answers

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import bayesmix as bm

plt.rcParams["figure.dpi"] = 85
pd.options.display.precision = 3
pd.options.display.max_colwidth = None

# %% [markdown]
# ## 1. The data
#
# Bisulfite sequencing reads a cytosine many times and says of each read whether it was methylated. Twelve tanks, six of
# them treated, were sampled twice. Each row is one sample: of about 20 reads so many were methylated. (The data are
# simulated, so that the truth is known; real studies look like this, with thousands of loci.)

# %%
reads = bm.load_data("methylation_simulated")
ordinary = reads[reads["locus"] == "145"]
boundary = reads[reads["locus"] == "72"]
boundary.head()

# %% [markdown]
# Each line is a tank. At the first locus methylation falls from `t1` to `t2` among the controls and rises among the
# treated. At the second it changes little among the controls and vanishes among the treated: of 108 reads not one is
# methylated.

# %%
COLOURS = {"ctl": "#0072B2", "trt": "#D55E00"}


def draw(data: pd.DataFrame, ax: plt.Axes) -> None:
    """Share of methylated reads, a line for each tank."""
    share = data["methylated"] / (data["methylated"] + data["unmethylated"])
    for (treatment, _), tank in data.assign(share=share).groupby(["treatment", "tank"], observed=True):
        label = treatment if tank["tank"].iloc[0] in ("k01", "k07") else None
        ax.plot(tank["time"].astype(str), tank["share"], "o-", color=COLOURS[treatment], alpha=0.7, ms=4, label=label)
    ax.set(ylim=(-0.04, 1.04), xlim=(-0.3, 1.3), xlabel="time")


figure, axes = plt.subplots(1, 2, figsize=(7, 3), sharey=True, layout="constrained")
for ax, data, title in zip(axes, (ordinary, boundary), ("ordinary: locus 145", "boundary: locus 72"), strict=True):
    draw(data, ax)
    ax.set_title(title, fontsize=10)
axes[0].set_ylabel("share of methylated reads")
legend = axes[1].legend(frameon=False, loc="upper right")

# %%
cells = reads.assign(reads=reads["methylated"] + reads["unmethylated"])
cells = cells.groupby(["locus", "treatment", "time"], observed=True)[["methylated", "reads"]].sum()
(cells["methylated"].astype(str) + " of " + cells["reads"].astype(str)).unstack(["treatment", "time"]).loc[
    ["145", "72"]
]

# %% [markdown]
# ## 2. An ordinary locus
#
# The question is the interaction: does the change over time differ between treatments? The tank is a grouping factor,
# since both samples of a tank share whatever is particular to it.

# %%
formula = "cbind(methylated, unmethylated) ~ treatment * time + (1 | tank)"
fit = bm.fit(formula, ordinary, "binomial", seed=1, progress=False)
fit

# %% [markdown]
# Read the last line first: the draws can be trusted. The note above it is about the model: twelve tanks leave the
# prior some say in how much tanks differ, and the note says how much. The interaction, which is asked about, has no
# such note.
#
# `bm.laplace` is bayesmix's `glmer`: maximum likelihood with the tanks integrated out by Laplace's approximation.
# `bm.compare_reml` sets it beside the posterior. At an ordinary locus it hardly matters which of the two one takes;
# only the standard deviation of the tanks differs, whose posterior has a long tail to the right.

# %%
bm.compare_reml(fit)

# %% [markdown]
# ## 3. A cell at the boundary: what goes wrong
#
# The same model at the other locus. R's `glmer` prints:
#
# ```
# Fixed effects:
#                       Estimate Std. Error z value Pr(>|z|)
# (Intercept)          3.574e-02  2.464e-01   0.145    0.885
# treatmenttrt        -2.918e-01  2.973e-01  -0.982    0.326
# timet2              -3.839e-02  3.020e-01  -0.127    0.899
# treatmenttrt:timet2 -3.410e+01  2.826e+06   0.000    1.000
# ```
#
# The clearest effect in the study has z = 0.000 and p = 1.000. On the logit scale a methylation of 0 lies at minus
# infinity. The more negative the interaction, the better the data fit, and there is no best value; -34.1 is where the
# search ran out of patience, and the standard error of 2.8 million says no more than that the likelihood is flat out
# there. Whoever screens thousands of loci by p value drops exactly those that respond most.
#
# `bm.laplace` ends where it must end, too, but it says what happened, and prints no tests:

# %%
bm.laplace(formula, boundary, "binomial")

# %% [markdown]
# How often does it happen, and who says so? On 200 simulated loci like these, 50 of them with such a cell:
#
# | fit of the 50 | estimate or standard error beyond 10 | of those without any warning |
# |---|---|---|
# | glmer | 50 | 6 |
# | glmmTMB | 50 | 45 |
# | bglmer, default priors | 50 | 0 |
# | brms, default priors (5 loci tried) | posterior means to 18, sds to 17, R-hat 1.00, no divergences | 4 of 5 |
# | brms with Normal(0, 2.5) | none (largest mean 6.5, sd 1.2) | |
#
# brms' default is a flat prior for coefficients. A flat prior times a likelihood without a maximum is no distribution
# at all, and a sampler that looks converged has only not yet gone far enough. The cure is a prior that is proper, and
# the rest of the notebook is about what it does.

# %% [markdown]
# ## 4. Knowing before fitting: `bm.separation`
#
# Statisticians call such data *separated*. Whether they are can be known before anything is fitted, from the design and
# the zeros alone. An empty cell (or a full one) is the plain case; a combination of predictors can do it as well, as
# when every sample above some dose is methylated and every one below is not. `bm.separation` finds both, by linear
# programming, in a few milliseconds:

# %%
bm.separation(formula, boundary, "binomial")

# %% [markdown]
# "Quasi-complete" means that some rows are separated and the others are not. The six rows of the cell fit ever better
# as the interaction falls; the other 18 determine the intercept, the treatment at `t1` and the time of the controls as
# usual. For a whole study, one line a locus:

# %%
by_locus = reads.groupby("locus", observed=True)
triage = {locus: bm.separation(formula, rows, "binomial").found for locus, rows in by_locus}
found = pd.concat(triage, names=["locus", "row"]).droplevel("row")
found.loc[found["kind"] == "cell", ["where", "outcome", "successes", "trials", "coefficients"]]

# %% [markdown]
# ## 5. The posterior
#
# `bm.fit` runs the same search, samples, and prints what it found. Every coefficient has a proper prior by default,
# Normal(0, 2.5) on the logit scale.

# %%
fit72 = bm.fit(formula, boundary, "binomial", seed=1, progress=False)
fit72

# %% [markdown]
# The interaction is finite, and its interval is far from 0. The line under *Separation* says how to read it:

# %%
answer = bm.separation(fit72)
answer

# %% [markdown]
# - `P(direction)`: the posterior probability that the interaction is negative.
# - `sd / prior sd`: about a half. That looks as if the data had taught a lot, but they did one thing only: they cut off
#   one side. A normal distribution of which one half is left has a standard deviation of 0.6 times the whole.
# - `prior below`: the prior gave 3 % to values beyond the posterior's median. The data pull to where the prior hardly
#   reaches, and *how far* they get is a matter of the prior.
#
# Beside maximum likelihood:

# %%
bm.compare_reml(fit72)

# %% [markdown]
# The other coefficients agree with maximum likelihood to half a posterior standard deviation.
#
# ## 6. What the prior does
#
# Three priors for the coefficients: Normal with sd 1, 2.5 and 10. On the logit scale 1 is a factor of 2.7 in the odds,
# 2.5 a factor of 12, and 10 a factor of 22,000.

# %%
names = ["Intercept", "treatment[trt]", "time[t2]", "treatment[trt]:time[t2]"]
by_scale = {
    scale: bm.fit(
        formula,
        boundary,
        "binomial",
        priors=dict.fromkeys(names, f"Normal(0, {scale})"),
        seed=1,
        progress=False,
    )
    for scale in (1, 2.5, 10)
}


def logit_of_cell(fit: bm.Fit) -> np.ndarray:
    """Draws of the treated at `t2` in a tank like the average, on the logit scale: all four coefficients together."""
    draws = fit.posterior["posterior"]
    parts = [draws[name].to_numpy().ravel() for name in ("Intercept", "treatment", "time", "treatment:time")]
    return np.sum(parts, axis=0)


def percent(logit: np.ndarray) -> np.ndarray:
    """Methylation in percent."""
    return 100 / (1 + np.exp(-logit))


rows = {}
for scale, scaled in by_scale.items():
    interaction = bm.separation(scaled).coefficients.iloc[0]
    methylation = percent(logit_of_cell(scaled))
    rows[f"Normal(0, {scale})"] = {
        "interaction (logit)": interaction["mean"],
        "lower": interaction["lower"],
        "upper": interaction["upper"],
        "P(< 0)": interaction["p_direction"],
        "methylation (%), median": np.median(methylation),
        "95 % of it below": np.quantile(methylation, 0.95),
    }
pd.DataFrame(rows).T.round(2)

# %%
figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
shades = ("#9ECAE1", "#4292C6", "#08306B")
for colour, (scale, scaled) in zip(shades, by_scale.items(), strict=True):
    interaction = scaled.posterior["posterior"]["treatment:time"].to_numpy().ravel()
    label = f"Normal(0, {scale})"
    axes[0].hist(
        interaction, bins=np.arange(-32, 1, 0.5), density=True, histtype="step", color=colour, lw=1.6, label=label
    )
    methylation = np.sort(percent(logit_of_cell(scaled)))
    axes[1].plot([*methylation, 100], np.linspace(0, 1, len(methylation) + 1), color=colour, lw=1.6, label=label)
axes[0].axvline(0, color="grey", lw=0.8)
axes[0].set(xlabel="interaction (logit)", ylabel="posterior density", title="How large? The prior decides")
axes[1].axhline(0.95, color="grey", lw=0.8, ls="--")
axes[1].set(xlim=(0, 12), xlabel="methylation of the treated at t2 (%)", ylabel="posterior probability below")
axes[1].set_title("How little methylation?")
legend = axes[1].legend(frameon=False, loc="lower right")

# %% [markdown]
# - **The direction does not depend on the prior.** All three put the interaction below 0 with practical certainty.
# - **The size on the logit scale does.** The mean goes from -2.9 over -4.9 to -11.0, and the wider the prior, the
#   wider the interval. No sample of 108 reads can tell a methylation of 1 in 1,000 from 1 in 100,000, and on the
#   logit scale these lie as far apart as 1 % and 50 %.
# - **The methylation itself is small whatever the prior.** With a probability of 95 % it is below 0.5 %, 2.3 % or 5.8
#   %, from the wide prior to the narrow one. (Without any model one would argue: 0 of 108, so at most about 3 in 108,
#   or 2.8 %; the "rule of three".)
# - **A prior can be too narrow.** Normal(0, 1) holds that an interaction beyond 2 is unlikely. The data contradict it,
#   and what it takes from the interaction it adds to the treatment: compare `bm.fixef` of the three. A prior can also
#   be too wide: Normal(0, 10) holds odds that differ by a factor of 22,000 for ordinary, which no biologist does.
#
# So report the direction, report the methylation as a percentage with its upper end, and if the logit matters, report
# it with the prior. And *do not* compare sizes of separated loci with each other or rank loci by them.

# %% [markdown]
# ## 7. When the empty cell is the reference
#
# At locus 20 it is the controls at `t1`, the reference of both factors, where nothing is methylated. The design has one
# empty cell again, but now *all four* coefficients run away, since all are differences from it:

# %%
reference = reads[reads["locus"] == "20"]
print(bm.separation(formula, reference, "binomial"))

# %% [markdown]
# Make the opposite cell the reference, and all but one have finite estimates again. The model is the same; the
# coefficients are asked from a place where there are data. (And the priors are about other quantities: it is worth
# doing.)

# %%
other = reference.assign(
    treatment=reference["treatment"].cat.reorder_categories(["trt", "ctl"]),
    time=reference["time"].cat.reorder_categories(["t2", "t1"]),
)
print(bm.separation(formula, other, "binomial"))

# %% [markdown]
# ## 8. Tank effects or a beta-binomial?
#
# Two samples of one tank may be more alike than samples of different tanks: that is `(1 | tank)`. Reads of one sample
# may be more alike than 20 independent reads: that is a *beta-binomial*, whose share of methylated reads varies from
# sample to sample about its mean. Both add variation, in different places. At the ordinary locus:

# %%
without_tank = formula.replace(" + (1 | tank)", "")
models = {
    "binomial": bm.fit(without_tank, ordinary, "binomial", seed=1, progress=False),
    "binomial, tanks": fit,
    "beta-binomial": bm.fit(without_tank, ordinary, "beta_binomial", seed=1, progress=False),
    "beta-binomial, tanks": bm.fit(formula, ordinary, "beta_binomial", seed=1, progress=False),
}
sds = {name: bm.fixef(model)["sd"] for name, model in models.items()}
pd.DataFrame(sds).round(2)

# %% [markdown]
# Posterior standard deviations of the four coefficients. Without anything for the tanks, 24 samples count as 24
# independent ones, and the intercept and the treatment (comparisons *between* tanks) look too certain. The tank effect
# widens those two and leaves the comparisons *within* tanks, time and interaction, as they are, since a tank's
# peculiarity cancels when its two samples are compared. The beta-binomial knows of no tanks: it takes the same
# variation for noise of each sample and widens everything. Who forgets the tanks and repairs the overdispersion gives
# away part of what the design was made for.
#
# Do the data say which is right? `bm.overdispersion` compares the variation in the data with what each model expects:

# %%
excess = pd.concat({name: bm.overdispersion(model) for name, model in models.items()}).droplevel(1)
pd.DataFrame(excess[["ratio", "p"]])

# %% [markdown]
# `p` is the share of data sets drawn from the fitted model that vary more than the data do. The plain binomial
# expects too little variation: the data have 2.8 times as much, and none of its data sets varies as much. Each of the
# others accounts for it, so that this check alone does not choose between tanks and beta-binomial. Prediction can:
# `bm.compare` asks how well each model predicts a sample that it has not seen (leave-one-out cross-validation).
# `elpd_diff` is what a model loses against the best, on the scale of log likelihoods, `weight` its share in the
# mixture that predicts best.

# %%
bm.compare(models)[["elpd", "elpd_diff", "se_diff", "weight", "note"]].round(2)

# %% [markdown]
# The model with tanks comes first, as it should; the beta-binomial without tanks is far behind. The model with both
# predicts as well, and its `phi` says how far from binomial the reads are, the larger the nearer:

# %%
for name in ("beta-binomial", "beta-binomial, tanks"):
    print(name, bm.auxiliary(models[name])[["median", "lower", "upper"]].round(0), sep="\n", end="\n\n")

# %% [markdown]
# With the tanks in the model, `phi` may be anything from 10 to over 1,000: little is left for the beta-binomial to
# explain. (The data were made with tank effects and without extra variation of reads.) The model with both is the
# careful choice where one does not know; here the care costs a fifth, 0.49 in place of 0.40 for the interaction.
#
# And at the boundary? An empty cell separates a beta-binomial in the same way, and `bm.separation` says so for it as
# well.
#
# ## 9. What to write
#
# `bm.separation(fit)` has a sentence for each coefficient that runs away:

# %%
print(answer.coefficients["sentence"].iloc[0])

# %% [markdown]
# To which one adds the quantity that the data do bound, from section 6:

# %%
below = np.quantile(percent(logit_of_cell(fit72)), 0.95)
print(f"Methylation of the treated at t2, in an average tank, is below {below:.1f} % (posterior probability 95 %).")

# %% [markdown]
# What to take along:
#
# | | at an ordinary locus | with an empty or full cell |
# |---|---|---|
# | `glmer` | estimate and z test | where the search stopped; z near 0 for the clearest effects; often no warning |
# | posterior, flat priors | about the same | no distribution; the sampler may look converged |
# | posterior, proper priors | about the same | direction by the data, size on the logit scale bounded by the prior |
# | report | estimate and interval | direction, percentage with its upper end, and the prior |
#
# The whole analysis as a card: `bayesmix run models/boundary_methylation.toml`.
#
# ## 10. Exercises, and answers
#
# 1. *A full cell.* At locus 128 all reads of the treated at `t2` are methylated. Which way does the interaction run?
#    Write down the sentence for a report before you print it.
# 2. *One read.* Make one read in the empty cell of locus 72 methylated. Is the locus still separated? How large is
#    the interaction now, by maximum likelihood and in the posterior?
# 3. *No interaction.* Leave the interaction out of the model at locus 72. Why is nothing separated any more, and is
#    that a way out?
#
# ### Answers
#
# **1.** To plus infinity: the logit of 1.

# %%
full = reads[reads["locus"] == "128"]
print(bm.separation(bm.fit(formula, full, "binomial", seed=1, progress=False)).coefficients["sentence"].iloc[0])

# %% [markdown]
# **2.** No. Maximum likelihood goes from no estimate at all to -4.4 with an ordinary standard error; the posterior
# moves from -4.9 to -4.0. One read in 108 should not make a greater difference than that.

# %%
one = boundary.copy()
first = one.index[(one["treatment"] == "trt") & (one["time"] == "t2")][0]
one.loc[first, ["methylated", "unmethylated"]] += [1, -1]
one_fit = bm.fit(formula, one, "binomial", seed=1, progress=False)
bm.compare_reml(one_fit).fixed.loc[["treatment[trt]:time[t2]"], ["reml", "se", "mean", "lower", "upper"]]

# %% [markdown]
# **3.** Treatment and time alone have no coefficient for the empty cell. To lower it, one of them would have to lower
# cells with methylated reads as well. It is no way out: the model without the interaction says that the treatment works
# equally at both times, which is what the data contradict most.

# %%
additive = "cbind(methylated, unmethylated) ~ treatment + time + (1 | tank)"
print(bm.separation(additive, boundary, "binomial"))
