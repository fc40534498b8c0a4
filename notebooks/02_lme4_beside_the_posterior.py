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
# # lme4 beside the posterior
#
# `lmer` answers with one best value for each standard deviation, chosen by REML (restricted maximum likelihood). A
# posterior holds all values that the data leave possible, each with its probability. This notebook sets the two side by
# side on the same data: where they say the same, where they do not, and why. It is written for people who know `lmer`'s
# output and wonder what they would gain, or lose, with the other. The notebook on sleepstudy (`01_sleepstudy`) explains
# random intercepts and slopes more slowly.
#
# 1. No, complete and partial pooling
# 2. One model, two answers
# 3. BLUP and posterior mean, and why they differ
# 4. Degrees of freedom
# 5. Is the term there? A test at the edge
# 6. A standard deviation of 0
# 7. A model with too much in it
# 8. What to take along
# 9. Exercises, and answers

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import bayesmix as bm

plt.rcParams["figure.dpi"] = 85
pd.options.display.precision = 3
pd.options.display.max_colwidth = None

# %% [markdown]
# ## 1. No, complete and partial pooling
#
# Eighteen people slept three hours a night and did reaction tests on ten days. How much slower does a person become per
# day? There are three ways to use 18 people for that.
#
# **Complete pooling** takes all 180 observations for one big person: a regression without grouping factor, R's `lm`.

# %%
sleepstudy = bm.load_data("sleepstudy")
complete = bm.lm("Reaction ~ Days", sleepstudy)
complete

# %% [markdown]
# **No pooling** gives everyone a line of their own, with `Subject` as an ordinary factor: 18 intercepts and 18 slopes,
# and nobody learns from anybody else. Here are the first slopes, of 18:

# %%
alone = bm.lm("Reaction ~ 0 + Subject + Subject:Days", sleepstudy)
bm.fixef(alone).filter(like=":Days", axis="index").head(4)

# %% [markdown]
# **Partial pooling** is the mixed model. Everyone has their own line, and the lines come from one common distribution,
# whose spread is estimated too. `bm.reml` does what `lmer` does and prints what `summary` prints, with the degrees of
# freedom of the package lmerTest:

# %%
formula = "Reaction ~ Days + (Days | Subject)"
reml = bm.reml(formula, sleepstudy)
reml

# %% [markdown]
# `bm.fit` takes the same formula and gives the posterior. (`seed` makes its random draws repeatable, and
# `progress=False` hides the progress bar.)

# %%
posterior = bm.fit(formula, sleepstudy, seed=1, progress=False)
posterior

# %% [markdown]
# Everybody's slope in all of them. `bm.coef` gives a person's own line, the common part plus the person's deviation.


# %%
def slopes_of(fit: bm.Fit | bm.RemlFit, column: str) -> pd.Series:
    """Each person's slope in a mixed model."""
    lines = bm.coef(fit)
    return lines[lines["term"] == "Days"].set_index("level")[column]


own = bm.fixef(alone).filter(like=":Days", axis="index")["estimate"]
slopes = pd.DataFrame(
    {
        "no pooling": own.set_axis(own.index.str.removeprefix("Subject[").str.removesuffix("]:Days")),
        "partial, REML": slopes_of(reml, "estimate"),
        "partial, posterior": slopes_of(posterior, "mean"),
        "complete": bm.fixef(complete).loc["Days", "estimate"],
    }
)
slopes.loc[["335", "309", "330", "337", "308"]]

# %% [markdown]
# Without pooling, person 335 becomes *faster* without sleep. With partial pooling everyone is drawn towards the common
# 10.47 ms a day, those far out the most; with complete pooling all differences are gone. And REML and posterior agree
# on everybody to about a tenth of a millisecond:

# %%
difference = (slopes["partial, posterior"] - slopes["partial, REML"]).abs().max()
print(f"largest difference between the last two: {difference:.2f} ms a day")
slopes.std().to_frame("sd of the 18 slopes")

# %% [markdown]
# In a picture: an arrow goes from everybody's own line (no pooling) to their line in the mixed model. The ellipses hold
# half and 95 % of the people whom the model expects.

# %%
ax = bm.plot_shrinkage(posterior, "Subject", kind="arrows")

# %% [markdown]
# What is known of the slope *of people in general*? No pooling has no such number. The others have, and complete
# pooling overstates how well it is known:

# %%
pd.DataFrame(
    {
        "complete pooling, lm": bm.fixef(complete).loc["Days", ["estimate", "se", "lower", "upper"]],
        "partial pooling, REML": bm.fixef(reml).loc["Days", ["estimate", "se", "lower", "upper"]],
        "partial pooling, posterior": bm.fixef(posterior)
        .loc["Days", ["mean", "sd", "lower", "upper"]]
        .set_axis(["estimate", "se", "lower", "upper"]),
    }
).T

# %% [markdown]
# (For the posterior, mean and standard deviation stand in the places of estimate and standard error.)
#
# ## 2. One model, two answers
#
# `bm.compare_reml` takes a posterior, fits the same model to the same rows by REML, and prints the two beside each
# other. `se` is REML's standard error, for a BLUP `sd` its conditional standard deviation, each to be read beside the
# posterior's `sd`. The last column says how far estimate and posterior mean are apart, in posterior standard
# deviations: 1 would be as much as the posterior itself is uncertain, and 0.1 is nothing to worry about.

# %%
comparison = bm.compare_reml(posterior)
comparison

# %% [markdown]
# - **Fixed effects and people** agree to a few hundredths of their uncertainty. Nobody's conclusion about a person or
#   about people in general depends on which is used.
# - **Standard deviations** are 0.19 to 0.38 apart, and the posterior means are all larger. That is no disagreement
#   about the data. A standard deviation cannot be below 0 and may well be large, so that its posterior has a long
#   tail to the right, and the mean follows the tail. REML reports the place where the data fit best, near the top of
#   the hill.
#
# `bm.plot_compare_reml` draws it, here the intervals. (`lmer` prints none for standard deviations. Those drawn for REML
# come from the profile likelihood, as R's `confint` has them: all values at which the data fit nearly as well as at the
# best. For the posterior, the point is the mean of a fixed effect and the median of a standard deviation.)

# %%
bm.plot_compare_reml(comparison, kind="intervals")

# %% [markdown]
# Both come from one function of the standard deviations and the correlation: how well do the data fit, whatever the
# common line and the people's deviations? REML takes the *place of its maximum*. The posterior, after multiplication
# with the priors, takes *everything under it*. Where the hill is narrow and symmetrical it makes no difference which of
# the two one takes. The rest of this notebook is about hills that are wide, lopsided, or highest at the edge.
#
# ## 3. BLUP and posterior mean, and why they differ
#
# BLUP (best linear unbiased predictor) is lme4's word for a group's effect, the numbers of `ranef`. How does it differ
# from the posterior mean? The simplest data that show it are Davies' *Dyestuff*: six batches of a raw material, five
# preparations of a dye from each, and the yield in grams of standard colour. How different are the batches?

# %%
dyestuff = bm.load_data("Dyestuff")
dye_reml = bm.reml("Yield ~ 1 + (1 | Batch)", dyestuff)
dye = bm.fit("Yield ~ 1 + (1 | Batch)", dyestuff, seed=1, progress=False)
bm.compare_reml(dye)

# %% [markdown]
# The posterior means lie nearer to 0 than the BLUPs. (Batch B, whose two differ by less than a gram, is no exception:
# draws tell a mean with an sd of 28 to half a gram. Batch D is not among the five shown.) The posterior seems to
# believe a little less in batches, and yet its standard deviation of the batches is *larger*. How does that fit?
#
# In such a design both can be worked out by hand. The mean of a batch differs from the mean of all, and part of the
# difference is believed:
#
# > effect of the batch = shrinkage factor × (mean of the batch − mean of all)
# >
# > shrinkage factor = sd² / (sd² + residual sd² / 5)
#
# The factor is the share of what varies between five-fold means that is due to the batches. REML puts its two estimates
# in. The posterior has a factor for each of its 4000 draws, and averages:

# %%
means = dyestuff.groupby("Batch", observed=True)["Yield"].mean()
deviation = means - means.mean()


def shrinkage_factor(sd: np.ndarray | float, sigma: np.ndarray | float) -> np.ndarray | float:
    """Share of a batch's deviation that is believed; five preparations a batch."""
    return sd**2 / (sd**2 + sigma**2 / 5)


sd_batch = bm.varcorr(dye_reml).loc[("Batch", "Intercept", "Intercept"), "estimate"]
reml_factor = shrinkage_factor(sd_batch, dye_reml.sigma)
draws = dye.posterior["posterior"]
factors = shrinkage_factor(draws["sd_Batch__Intercept"], draws["sigma"]).to_numpy().ravel()

by_hand = pd.DataFrame(
    {
        "mean of the batch - mean of all": deviation,
        "BLUP": bm.ranef(dye_reml).set_index("level")["estimate"],
        "factor x deviation": reml_factor * deviation,
        "posterior mean": bm.ranef(dye).set_index("level")["mean"],
        "mean factor x deviation": factors.mean() * deviation,
    }
)
print(f"factor: REML {reml_factor:.2f}, mean of the draws {factors.mean():.2f}")
by_hand.round(1)

# %% [markdown]
# The last two columns differ by no more than 4000 draws allow. So the whole difference between BLUP and posterior mean
# is the difference between *one* factor, computed from the best guess at two standard deviations, and the *average*
# factor over all that these may be. Here are the factors:

# %%
figure, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
ax.hist(factors, bins=60, range=(0, 1), color="#D9D9D9")
ax.axvline(reml_factor, color="#D55E00", linewidth=1.8, label=f"REML {reml_factor:.2f}")
ax.axvline(factors.mean(), color="#0072B2", linewidth=1.8, label=f"mean {factors.mean():.2f}")
ax.set(xlabel="shrinkage factor", ylabel="draws", title="How much of a batch's deviation is believed")
legend = ax.legend(frameon=False, loc="upper left")

# %% [markdown]
# The standard deviation of the batches has a tail to the right, towards large values; but a factor cannot exceed 1, so
# its tail goes to the left. A larger mean there and a smaller mean here are one and the same uncertainty.
#
# More important than the shift is the *width*. lme4's conditional standard deviation of a batch's effect takes the two
# standard deviations and the mean of all for known. Batch E, with one after the other admitted to be unknown:

# %%
conditional = bm.ranef(dye_reml).set_index("level").loc["E", "sd"]
overall = reml_factor * bm.fixef(dye_reml).loc["Intercept", "se"]
pd.Series(
    {
        "all but the batch's effect known (REML's conditional sd)": conditional,
        "mean of all unknown, too": np.hypot(conditional, overall),
        "standard deviations unknown, too (posterior sd)": bm.ranef(dye).set_index("level").loc["E", "sd"],
    }
).to_frame("uncertainty of batch E (g)")

# %% [markdown]
# lme4 prints the first, and the last is more than half as large again. The second step could be made with REML's
# numbers, too. The third cannot, as long as there is only one value for each standard deviation; and it is the larger
# one here, since six batches say little about how much batches differ. With 18 people and ten days each, all of it
# together adds 15 to 23 %:

# %%
people = comparison.groups.groupby("term")[["blup_sd", "sd"]].mean()
people.rename(columns={"blup_sd": "REML's conditional sd, mean", "sd": "posterior sd, mean"})

# %% [markdown]
# ### Raw mean, own mean, shrunken mean: `bm.shrinkage`
#
# `bm.shrinkage` does this for the levels of any grouping factor with a random intercept. `raw_mean` is the mean of the
# observations; `blue` (best linear unbiased estimate) is what the level says on its own, all else in the model allowed
# for; `blup` and the posterior's `mean` are drawn from there towards the fixed part alone, `overall`. For the batches
# it repeats what was worked out by hand:

# %%
bm.shrinkage(dye, "Batch")

# %% [markdown]
# Nothing else is in that model, so raw mean and BLUE are the same. They differ where groups did not have the same
# conditions. Thirteen corn hybrids (`gen`) were grown at thirteen places (`loc`), but only four hybrids at each. A
# place that happened to get the good hybrids has a high raw mean for that reason alone.

# %%
corn = bm.load_data("cochran_bib")
corn_fit = bm.fit("yield ~ gen + (1 | loc)", corn, seed=1, progress=False)
places = bm.shrinkage(corn_fit, "loc")
places.round(2)

# %% [markdown]
# B01 and B02 have the same raw mean, 24.70. But B01 had the poorer hybrids, and is nearly 3 pounds a plot better than
# B02 once these are allowed for. Then both are drawn half-way to the middle: four plots a place are worth a shrinkage
# factor of 0.50.

# %%
ax = bm.plot_shrinkage(corn_fit, "loc")

# %% [markdown]
# Where lines cross, two places change their order. B12 was third by its raw mean, with the good hybrids, and comes
# sixth once these are allowed for. How the 13 places scatter by each of the four:

# %%
ax = bm.plot_shrinkage(corn_fit, "loc", kind="density")

# %% [markdown]
# Raw means and BLUEs scatter *more* than the places do, since each has the noise of its four plots in it; BLUPs scatter
# *less*, since they hold back what may be noise. None of the four is a picture of the places' own distribution; that is
# what the standard deviation in the model is for:

# %%
bm.compare_reml(corn_fit).variance[["reml", "mean", "lower", "upper"]]

# %% [markdown]
# ## 4. Degrees of freedom
#
# What the posterior does by averaging, `lmer`'s users do by degrees of freedom. A standard error is computed from
# estimated standard deviations. If these rest on few groups, a normal distribution (estimate ± 1.96 standard errors)
# promises too much, and Student's t with few degrees of freedom (df) makes the interval wider. For most mixed models
# the right df are not known; there are two approximations. *Satterthwaite* chooses df that match how uncertain the
# standard error is. *Kenward and Roger* also correct the standard error itself, which is too small in small samples.
# `bm.fixef(reml, ddf="kenward-roger")` gives the second, `bm.fixef(reml)` the first.
#
# Eight fields of a trial have one of four irrigation methods each, two fields for each method; each field has both
# varieties. A *variety* is compared within fields, an *irrigation method* between fields only:

# %%
irrigation = bm.load_data("irrigation")
split_plot = "yield ~ irrigation * variety + (1 | field)"
field_reml = bm.reml(split_plot, irrigation)
bm.fixef(field_reml)

# %% [markdown]
# There are 16 harvests. But for irrigation methods the eight fields count, so the df are 4.5 and the standard error is
# 4.3; varieties are compared side by side in each field, and their standard error is 1.5, with 4 df. Least squares
# takes all 16 harvests for independent and knows nothing of this; it gives both the same standard error and the same 8
# df:

# %%
bm.fixef(bm.lm("yield ~ irrigation * variety", irrigation)).loc[["irrigation[i4]", "variety[v2]"]]

# %% [markdown]
# A factor with several levels is tested as a whole by `bm.anova`, as lmerTest's `anova` does (and with `ddf=` by
# Kenward and Roger, too):

# %%
bm.anova(field_reml)

# %% [markdown]
# Now the intervals: by the normal distribution, by both approximations, and the posterior's. One coefficient each from
# five data sets. To compare them, half of each interval's width is divided by REML's standard error, so that the normal
# distribution always has 1.96.

# %%
dyestuff2 = bm.load_data("Dyestuff2")
dragons = bm.load_data("dragons_simulated")
cases = {
    "sleepstudy, Days": (formula, sleepstudy, "Days"),
    "dragons, wingspan": (
        "intelligence ~ wingspan * scales + (1 + wingspan | mountain)",
        dragons,
        "wingspan",
    ),
    "Dyestuff, Intercept": ("Yield ~ 1 + (1 | Batch)", dyestuff, "Intercept"),
    "Dyestuff2, Intercept": ("Yield ~ 1 + (1 | Batch)", dyestuff2, "Intercept"),
    "irrigation, method 4": (split_plot, irrigation, "irrigation[i4]"),
    "irrigation, variety 2": (split_plot, irrigation, "variety[v2]"),
}


def half_widths(model: str, data: pd.DataFrame, coefficient: str) -> dict[str, float]:
    """Half the width of the 95 % intervals, in REML's standard errors; and the degrees of freedom."""
    fit = bm.fit(model, data, seed=1, progress=False)
    satterthwaite = bm.fixef(bm.reml(model, data)).loc[coefficient]
    kenward_roger = bm.fixef(bm.reml(model, data), ddf="kenward-roger").loc[coefficient]
    half = {"normal": 1.96}
    tables = {
        "Satterthwaite": satterthwaite,
        "Kenward-Roger": kenward_roger,
        "posterior": bm.fixef(fit).loc[coefficient],
    }
    half |= {name: (row["upper"] - row["lower"]) / 2 / satterthwaite["se"] for name, row in tables.items()}
    return half | {"df, Satterthwaite": satterthwaite["df"], "df, Kenward-Roger": kenward_roger["df"]}


widths = pd.DataFrame({name: half_widths(*case) for name, case in cases.items()}).T
widths.round(2)

# %%
colours = {"normal": "grey", "Satterthwaite": "#009E73", "Kenward-Roger": "#D55E00", "posterior": "#0072B2"}
figure, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
for height, name in enumerate(reversed(widths.index)):
    for place, (kind, colour) in enumerate(colours.items()):
        label = kind if height == 0 else None
        ax.hlines(height + 0.27 - 0.18 * place, 0, widths.loc[name, kind], color=colour, linewidth=3, label=label)
ax.set_yticks(range(len(widths)), widths.index[::-1])
ax.set(xlabel="half width of the 95 % interval, in REML's standard errors", xlim=(0, None))
figure.legend(*ax.get_legend_handles_labels(), loc="outside right center", frameon=False)
print("From top to bottom in each group: " + ", ".join(colours))

# %% [markdown]
# - The posterior knows that the standard deviations are estimated, without any degrees of freedom: five of its six
#   intervals are wider than the normal distribution's. The sixth, of an irrigation *method*, is the one that priors
#   decide most.
# - In balanced designs both approximations agree, and they are exact where an analysis of variance has an exact test
#   (sleepstudy, Dyestuff, the varieties). In the unbalanced dragons (7 to 43 a mountain) they are near each other, and
#   the posterior is more cautious than both.
# - In *Dyestuff2* they contradict each other: 29 df or 5? Section 6 shows why, and that the posterior is with the 5.
# - With 4 or 5 df, posterior and t intervals part. For *Dyestuff* the posterior is a little narrower: so few df leave
#   room for batches that differ enormously, for which the t interval must allow and which the prior calls improbable.
#   In the irrigation trial there is more to it. Seven coefficients from 16 harvests have priors too, Normal(0, 8.9)
#   each (2.5 standard deviations of the yield), and the effect of method 4 is drawn from REML's 3.5 to 2.8. With 4 df
#   priors have a say, and `print(fit)` says so in notes. With coefficients that may be ten times as large, the
#   interval is nearly REML's, -7.9 to 14.9. Let the fields differ ten times as much as well, and it is wider:

# %%
coefficients = [name for name in bm.fixef(field_reml).index if name != "Intercept"]
wide = dict.fromkeys(coefficients, "Normal(0, 89)")
priors_of = {
    "default priors": {},
    "coefficients ten times as wide": wide,
    "the fields' sd, too": wide | {"sd_field__Intercept": "HalfStudentT(3, 36)"},
}
by_prior = {
    name: bm.fit(split_plot, irrigation, priors=priors, seed=1, progress=False) for name, priors in priors_of.items()
}
pd.DataFrame(
    {name: bm.fixef(fit).loc["irrigation[i4]", ["mean", "lower", "upper"]] for name, fit in by_prior.items()}
).T

# %% [markdown]
# None is wrong. The t interval promises to hold the true value in 95 of 100 repetitions of the trial, whatever the
# fields are like. The posterior interval holds it with 95 % probability if one grants the printed priors. With 18
# people the two are the same thing for all practical purposes; with eight fields say which one you use, and print the
# priors.
#
# ## 5. Is the term there? A test at the edge
#
# Cotton grew with five rates of potash in three blocks (`rep`). Do the blocks differ? `bm.rand` is lmerTest's `ranova`:
# it leaves each random term out in turn and compares by a likelihood-ratio test.

# %%
cotton = bm.load_data("kfert")
cotton_reml = bm.reml("yield ~ K2O_lbac + (1 | rep)", cotton)
bm.rand(cotton_reml)

# %% [markdown]
# There are two p values, and one is twice the other. `p` is what R prints. It takes the statistic `lrt` (twice the
# difference of the log-likelihoods) for a draw from a chi-square distribution, which holds if the tested value could
# have come out too large or too small. But a variance of 0 lies on the *boundary*: an estimate can only err upwards.
# Where there are no differences between blocks, their variance is estimated as exactly 0 in about half of all data sets
# (in somewhat more if there are few blocks), and then the statistic is 0. So its distribution is half a spike at 0 and
# half the chi-square, and the right p value is half the printed one: `p_boundary`.
#
# Who does not believe it can try. The design stays, the blocks do nothing, and the rest is chance:

# %%
rng = np.random.default_rng(1)
statistics = np.array(
    [
        bm.rand(bm.reml("yield ~ K2O_lbac + (1 | rep)", cotton.assign(**{"yield": noise})))["lrt"].iloc[1]
        for noise in rng.normal(size=(1000, len(cotton)))
    ]
)
observed = bm.rand(cotton_reml).loc["(1 | rep)"]
exact = bm.anova(bm.lm("yield ~ K2O_lbac + rep", cotton)).loc["rep", "p"]

print(f"statistic 0 in {np.mean(statistics < 1e-6):.0%} of 1000 data sets without block differences")
pd.Series(
    {
        "p, chi-square": observed["p"],
        "p_boundary, half spike, half chi-square": observed["p_boundary"],
        "share of the 1000 with at least the observed statistic": np.mean(statistics >= observed["lrt"]),
        "exact: F test of rep as a fixed factor": exact,
    }
).to_frame("p value")

# %% [markdown]
# The chi-square's p value is far too large. `p_boundary` is near the truth; it would be the truth with many blocks, and
# with three it is still a little too large. (In a balanced design like this one an exact test exists: the F test of the
# analysis of variance. In others, simulation is the honest way.)
#
# With a slope, `(x | g)` against `(1 | g)`, two parameters are tested, the slope's variance and the correlation, of
# which one lies on the boundary; `p_boundary` mixes chi-squares with one and two degrees of freedom then:

# %%
bm.rand(reml)

# %% [markdown]
# A p value answers: how surprising would the data be if the blocks did nothing? The posterior can answer the question
# that was asked: how probable is it that they do something? `bm.rand` of a posterior gives the *Bayes factor*, how much
# more probable the data are with the term than without it, as a power of ten; `probability` is what follows for the
# term if with and without were equally probable before.

# %%
cotton_fit = bm.fit("yield ~ K2O_lbac + (1 | rep)", cotton, seed=1, progress=False)
evidence = bm.rand(cotton_fit)
print(f"Bayes factor for blocks: {10 ** evidence['log10_bf'].item():.1f}")
evidence[["log10_bf", "probability", "label", "prior", "p", "p_boundary"]]

# %% [markdown]
# Two to one for blocks: hardly worth a mention, although the exact p value lies below 0.05. Three blocks cannot say
# much. Whoever planned the trial with blocks keeps them in the model anyway; the test is not a reason to throw them
# out.
#
# ## 6. A standard deviation of 0
#
# Box and Tiao made up a twin of the dyestuff data, *Dyestuff2*, in which the batches vary *less* than chance alone
# would have it:

# %%
figure, axes = plt.subplots(1, 2, figsize=(7.5, 3), layout="constrained")
for ax, (name, data) in zip(axes, {"Dyestuff": dyestuff, "Dyestuff2": dyestuff2}.items(), strict=True):
    ax.scatter(data["Batch"], data["Yield"], s=14, color="grey", alpha=0.7, linewidths=0)
    batch_means = data.groupby("Batch", observed=True)["Yield"].mean()
    ax.plot(batch_means.index, batch_means, "o-", color="#0072B2", label="mean of the batch")
    ax.set(title=name, xlabel="Batch", ylabel="Yield")
legend = axes[1].legend(frameon=False, fontsize=8)

# %%
bm.reml("Yield ~ 1 + (1 | Batch)", dyestuff2)

# %% [markdown]
# The estimate is 0, not nearly but exactly. lme4 calls this a *singular fit*. The maximum of the hill lies at the edge,
# and a single best value has no way of saying how far the hill reaches inwards. What follows from taking the 0 at its
# word?
#
# - All six batches have the same effect, 0, with conditional standard deviation 0: absolute certainty from six batches.
# - The 30 yields count as independent, with 29 df, and the standard error of the mean is that of a simple mean, 0.68.
#   (The last lines of the print say so. Kenward and Roger's approximation keeps the 5 df of six batches, see section
#   4.)
#
# `bm.compare_reml` sets the posterior beside it, and says what the posterior finds at the edge:

# %%
dye2 = bm.fit("Yield ~ 1 + (1 | Batch)", dyestuff2, seed=1, progress=False)
dye2_comparison = bm.compare_reml(dye2)
dye2_comparison

# %% [markdown]
# The standard deviation of the batches is somewhere between 0.035 and 3.2, with a median of 0.8; that it is smaller
# than a tenth of the residual one has a probability of 0.26. Six batches cannot rule out a spread nearly as large as
# the residual sd of 3.8. The mean yield is known less well than a simple mean would be, and every batch has an
# interval:

# %%
pd.DataFrame(
    {
        "REML, Satterthwaite": bm.fixef(dye2_comparison.reml).loc["Intercept", ["estimate", "se", "lower", "upper"]],
        "REML, Kenward-Roger": bm.fixef(dye2_comparison.reml, ddf="kenward-roger").loc[
            "Intercept", ["estimate", "se", "lower", "upper"]
        ],
        "posterior": bm.fixef(dye2)
        .loc["Intercept", ["mean", "sd", "lower", "upper"]]
        .set_axis(["estimate", "se", "lower", "upper"]),
    }
).T

# %% [markdown]
# In the picture, the posterior of the batches' standard deviation beside its prior. The data rule out large values and
# say little about small ones. REML's estimate is the left end.

# %%
bm.plot_sd(dye2)

# %% [markdown]
# The profile likelihood, which `lmer` does not print, knows it too: REML's interval goes from 0 to about 2.5. An
# interval is an answer where a point is not.

# %%
bm.plot_compare_reml(dye2_comparison, kind="intervals")

# %% [markdown]
# ### Evidence against a difference
#
# A likelihood-ratio test cannot speak *for* the absence of a term; its p value of 1 says only that there is no evidence
# for it. The Bayes factor can. And for those who do not want to test for exactly 0, which few things in biology are,
# `bm.equivalence` gives the probability that the standard deviation is too small to matter (less than a tenth of the
# residual one), before and after the data:

# %%
bm.rand(dye2)[["log10_bf", "probability", "label", "p", "p_boundary"]]

# %%
bm.equivalence(dye2)

# %% [markdown]
# The data are 3.4 times as probable without batches as with them: with prior odds of 1:1 a probability of 0.23
# remains for batches. The probability that they differ by less than a tenth of the residual sd grows from 0.08 to
# 0.26. So the data speak against batches, not loudly, and do not settle it. That is what thirty observations of six
# batches are worth, and neither "the variance is 0" nor "not significant" says it.
#
# A Bayes factor depends on the prior of what is tested: the larger the standard deviations that the prior allows, the
# more it is punished when there are none. That is why the label goes *from* strong *to* not worth a mention: these
# are the words at the two ends, for prior scales from 10 times the default to a tenth of it. `bm.prior_sensitivity`
# gives the same with other scales of the prior, and `bm.plot_sensitivity` draws it.

# %%
bm.prior_sensitivity(dye2, drop="(1 | Batch)", multipliers=[0.25, 0.5, 1, 2, 4])

# %%
ax = bm.plot_sensitivity(dye2, drop="(1 | Batch)")

# %% [markdown]
# The direction is the same with every prior, the strength is not. Report the prior with the number.
#
# ## 7. A model with too much in it
#
# Two hundred dragons from eight mountains: intelligence by wingspan and by scales (chromatic or metallic). They are
# simulated, so that the truth is known. Mountains differ in their level (sd 12 points at wingspan 0) and in their slope
# (sd 0.3 points a cm, correlation 0.4), but *not* in what scales do: metallic dragons have 14 points more everywhere,
# and their slope is lower by 0.1 everywhere. The residual sd is 12.
#
# "Keep it maximal" is a common advice: let everything vary by group that can. Here these are four effects, with four
# standard deviations and six correlations, from eight mountains.

# %%
maximal = "intelligence ~ wingspan * scales + (1 + wingspan * scales | mountain)"
maximal_reml = bm.reml(maximal, dragons)
maximal_reml

# %% [markdown]
# Singular again, but nothing is 0. The lines below the table tell it: of the four effects one can be computed from the
# others. Three of the correlations are beyond 0.96 in size, and the two effects of scales, which in truth do not vary
# at all, have got standard deviations of 10.5 and 0.21. Eight mountains do not determine ten numbers. REML must give
# *some* best values, and finds them at the edge again, with noise turned into pattern.
#
# What is usually done now? The model is made smaller until the message is gone, which is a choice made by looking at
# the message. The posterior of the maximal model exists all the same, and is sampled like any other:

# %%
maximal_fit = bm.fit(maximal, dragons, seed=1, progress=False)
maximal_comparison = bm.compare_reml(maximal_fit)
print(str(maximal_fit).splitlines()[-1])
maximal_comparison

# %% [markdown]
# The correlations of -0.99 and 0.98 are gone. In their places stand intervals from about -0.7 to 0.7: next to nothing
# is known about them. The standard deviation of scales' effect is 5 with an interval from 0.3 to 14.5, that of the
# interaction 0.09 from 0.004 to 0.27. Both hold values near the truth, 0, and both exclude little. What the data do
# determine, the standard deviations of intercepts and slopes and the residual one, agrees with REML to half a
# posterior standard deviation.
#
# The difference is not that the posterior found out the truth. It says what is *not* known, where REML gives the
# unknown a definite value. And an average over all that is possible does not lie at the edge. (The prior takes part: a
# correlation is a priori as likely to be positive as negative, and values near -1 and 1 are unlikely, so that where the
# data say nothing the correlation stays in the middle.)
#
# The picture has a point for each mountain, BLUP and posterior mean. For the level and the slope of a mountain they say
# much the same. For what scales do there, they have nothing in common:

# %%
bm.plot_compare_reml(maximal_comparison)

# %% [markdown]
# The effects of scales in numbers. The truth is 0 for all of them:

# %%
groups = maximal_comparison.groups
of_scales = groups[groups["term"] == "scales[metallic]"].set_index("level")
pd.DataFrame(of_scales[["blup", "blup_sd", "mean", "sd", "lower", "upper"]]).round(1)

# %% [markdown]
# All eight posterior intervals hold the truth. REML's effects of Ash and Tor lie more than two of its conditional
# standard deviations from 0, and one would report two mountains where metallic dragons are different.
#
# What of the fixed effects, for whose sake the model was fitted? Beside each other: the simple model, which is the true
# one here, and the maximal one, by REML and by posterior.

# %%
simple = "intelligence ~ wingspan * scales + (1 + wingspan | mountain)"
simple_reml, simple_fit = bm.reml(simple, dragons), bm.fit(simple, dragons, seed=1, progress=False)
tables = {
    "simple, REML (Satterthwaite)": bm.fixef(simple_reml),
    "simple, REML (Kenward-Roger)": bm.fixef(simple_reml, ddf="kenward-roger"),
    "simple, posterior": bm.fixef(simple_fit),
    "maximal, REML (Satterthwaite)": bm.fixef(maximal_reml),
    "maximal, REML (Kenward-Roger)": bm.fixef(maximal_reml, ddf="kenward-roger"),
    "maximal, posterior": bm.fixef(maximal_fit),
}
pd.DataFrame(
    {
        name: table.loc["scales[metallic]"].rename({"mean": "estimate", "sd": "se"})[
            ["estimate", "se", "lower", "upper"]
        ]
        for name, table in tables.items()
    }
).T

# %% [markdown]
# (The truth is 14.) In the maximal model, REML's spread of 10.5 between mountains, which is noise, goes into the
# standard error, and the df fall to 4: the interval becomes about twice as wide (by Kenward and Roger's approximation
# two and a half times) and now holds 0. The posterior's interval grows too, as it should, since the model now admits
# that mountains may differ; but it grows by a third, because it averages over small and large spreads.
#
# Do the data support the larger model?

# %%
bm.rand(maximal_fit)[["log10_bf", "label", "p", "p_boundary"]]

# %% [markdown]
# The data are 15 times as probable without random effects of the interaction as with them. How strong that is depends
# on the prior once more, as the label says; the likelihood-ratio test has nothing against leaving them out either.
# `wingspan` and `scales` have no rows, here as in lmerTest, since the interaction contains both. Without `wingspan`,
# say, the formula would still have `wingspan:scales`, then a slope for each kind of scales: the same model in other
# words, which fits the data exactly as well. Between the two whole models:

# %%
factor = bm.bayes_factor(simple_fit, maximal_fit)
print(f"The data are {10**factor.log10_bf:.0f} times as probable under the simple model.")
bm.lrt(simple_reml, maximal_reml, refit=False)[["npar", "aic", "bic", "chisq", "df", "p"]]

# %% [markdown]
# Both say: simple. Still, the maximal model's posterior would have done no harm.

# %% [markdown]
# ## 8. What to take along
#
# | | REML, as `lmer` | posterior |
# |---|---|---|
# | standard deviation | best value, with an interval on request | all values by probability; mean above REML's |
# | group effect | BLUP, given the best values | mean over all values: nearer to 0, and a wider interval |
# | few groups | df by Satterthwaite or Kenward-Roger | in the interval already; the priors have a say |
# | is it there? | likelihood-ratio test; halve p at the boundary | Bayes factor; probability of "too small to matter" |
# | singular fit | 0, -1 or 1, taken for known | an interval that begins at 0, or says that nothing is known |
# | what it rests on | the model | the model and the printed priors |
#
# When they agree, take either, and trust both. When they do not, look for one of three things: few groups, a standard
# deviation near 0, or more random effects than the groups can carry. `bm.compare_reml` is one line; it belongs at the
# start of an analysis, not at its end.
#
# ## 9. Exercises, and answers
#
# 1. *Six people.* Keep the first six people of sleepstudy (`308` to `332`) and compare REML and posterior again. What
#    happens to the differences of section 2, and to the intervals of `Days`?
# 2. *A prior from experience.* Suppose that earlier batches differed with an sd of about 1, and never of more than 4.
#    Fit Dyestuff2 with `HalfNormal(2)` for the standard deviation of the batches. What changes?
# 3. *Where is zero, once more.* Cakes were baked at 175 to 225 degrees Fahrenheit, `angle ~ recipe + temp + (temp |
#    recipe:replicate)`. The fit is singular. Is it still when the temperature is counted from 200, with `I(temp -
#    200)`?
#
# ### Answers
#
# **1.** REML and posterior lie further apart, in the unit of the data and in posterior standard deviations; the df fall
# from 17 to 5; and the posterior's interval of `Days` now holds 0, REML's barely does not.

# %%
six = sleepstudy[sleepstudy["Subject"].isin(["308", "309", "310", "330", "331", "332"])]
six_fit = bm.fit(formula, six, seed=1, progress=False)
six_comparison = bm.compare_reml(six_fit)
print(six_comparison.variance[["reml", "mean", "difference"]].round(2))
days = {
    "Satterthwaite": bm.fixef(six_comparison.reml),
    "Kenward-Roger": bm.fixef(six_comparison.reml, ddf="kenward-roger"),
    "posterior": bm.fixef(six_fit),
}
pd.DataFrame({name: table.loc["Days"].reindex(["df", "lower", "upper"]) for name, table in days.items()}).T

# %% [markdown]
# **2.** Not much. The upper end of the interval comes down from 3.2 to 2.6. The evidence against batches is weaker (1.9
# to 1 in place of 3.4 to 1), because this prior does not allow the large values that the data rule out.

# %%
experienced = bm.fit(
    "Yield ~ 1 + (1 | Batch)", dyestuff2, priors={"sd_Batch__Intercept": "HalfNormal(2)"}, seed=1, progress=False
)
pd.DataFrame(
    {
        name: {
            **bm.varcorr(fit).loc[("Batch", "Intercept", "Intercept"), ["median", "lower", "upper"]],
            "log10_bf": bm.rand(fit)["log10_bf"].item(),
        }
        for name, fit in {"default": dye2, "HalfNormal(2)": experienced}.items()
    }
).T

# %% [markdown]
# **3.** It is, and the maximum is the same to the last digit: for REML the two formulas are one model, written with
# another zero. (The intercepts' standard deviation is that at 0 degrees in the first and at 200 degrees in the
# second.) The posterior does depend on it, since priors are about the intercept where it is; `bm.diagnose` says so
# for the first formula. With the second, the correlation is anything from -0.52 to 0.86, and slopes may hardly differ
# at all.

# %%
cake = bm.load_data("cake")
from_0 = "angle ~ recipe + temp + (temp | recipe:replicate)"
from_200 = "angle ~ recipe + I(temp - 200) + (I(temp - 200) | recipe:replicate)"
cake_reml = {"from 0": bm.reml(from_0, cake), "from 200": bm.reml(from_200, cake)}
for zero, cake_fit in cake_reml.items():
    print(f"temp {zero}: REML criterion {cake_fit.criterion:.4f}, singular: {bool(cake_fit.singular)}")
print(bm.diagnose(bm.fit(from_0, cake, seed=1, progress=False))["advice"].iloc[0])
pd.concat({zero: bm.varcorr(cake_fit) for zero, cake_fit in cake_reml.items()})

# %%
bm.varcorr(bm.fit(from_200, cake, seed=1, progress=False))[["mean", "lower", "upper"]]
