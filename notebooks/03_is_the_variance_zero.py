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
# # Is the variance zero?
#
# Do batches differ at all? Does the slope really vary between people? In R one calls `rand()` of lmerTest, which
# leaves each random term out in turn and compares by a likelihood-ratio test. This notebook asks the same of a
# posterior. It is written for people who know `rand()` and want to know what a *Bayes factor* says instead, how far
# it can be trusted, and what to report. How REML and posterior compare otherwise is told in
# `02_lme4_beside_the_posterior`.
#
# 1. Two data sets, one question
# 2. The Bayes factor of a random term
# 3. A slope
# 4. It depends on the prior: how much?
# 5. A prior that does not care about units
# 6. When the likelihood-ratio test says something else
# 7. Too small to matter
# 8. Several terms at once
# 9. Counts
# 10. What to take along, and what to report
# 11. Exercises, and answers

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import bayesmix as bm

plt.rcParams["figure.dpi"] = 85
pd.options.display.precision = 3
pd.options.display.max_colwidth = None

# %% [markdown]
# ## 1. Two data sets, one question
#
# *Dyestuff*: the yield of dye from six batches of an intermediate product, five samples each. *Dyestuff2*: the same
# design, with made-up numbers in which batches differ *less* than chance alone would have it.

# %%
sets = {name: bm.load_data(name) for name in ("Dyestuff", "Dyestuff2")}
figure, axes = plt.subplots(1, 2, figsize=(7.5, 3), layout="constrained")
for ax, (name, data) in zip(axes, sets.items(), strict=True):
    ax.scatter(data["Batch"], data["Yield"], s=14, color="grey", alpha=0.7, linewidths=0)
    batch_means = data.groupby("Batch", observed=True)["Yield"].mean()
    ax.plot(batch_means.index, batch_means, "o-", color="#0072B2", label="mean of the batch")
    ax.set(title=name, xlabel="Batch", ylabel="Yield")
legend = axes[1].legend(frameon=False, fontsize=8)

# %% [markdown]
# First the test that everyone knows. Of REML fits `bm.rand` gives lmerTest's table:

# %%
formula = "Yield ~ 1 + (1 | Batch)"
reml = {name: bm.reml(formula, data) for name, data in sets.items()}
pd.concat({name: bm.rand(fit)[["lrt", "df", "p", "p_boundary"]].iloc[1:] for name, fit in reml.items()}, names=["data"])

# %% [markdown]
# `p` is what R prints. A standard deviation cannot be negative, so that a value of 0 lies on the boundary, where the
# statistic is 0 in half of all data sets; `p_boundary` takes account of that and is half as large.
#
# *Dyestuff*: 0.012, or 0.006 at the boundary. *Dyestuff2*: 1. Does that mean that its batches do not differ? No. A p
# value of 1 says that the data give no reason to believe that they do. Whether they give a reason to believe that
# they do *not*, no p value can say.
#
# ## 2. The Bayes factor of a random term
#
# A Bayes factor compares two models by how probable each made the data that were seen. Each model is a complete
# statement with its priors: "batches differ by a standard deviation which I believe to be about this large", and
# "batches do not differ". The model that spread its bets less and put more on what happened wins. Of a posterior,
# `bm.rand` gives this for each random term:

# %%
posterior = {name: bm.fit(formula, data, seed=1, progress=False) for name, data in sets.items()}
print(bm.rand(posterior["Dyestuff"]))

# %%
print(bm.rand(posterior["Dyestuff2"]))

# %% [markdown]
# How to read the table, from left to right:
#
# - `log10 BF` is the power of ten. For *Dyestuff2* it is -0.53: the data are $10^{0.53} = 3.4$ times as probable
#   *without* batches as with them. So there is evidence *against* a difference, which no p value can give. It is not
#   much of it, and with six batches it cannot be.
# - `error` is how far off the number may be for reasons of computation. These two come from quadrature, to all
#   digits.
# - `over prior scales` is the range that other people's priors would give. More about it in section 4.
# - `P(term)` is the probability that the term is there, if both models were equally probable before. If you believed
#   beforehand that batches always differ, then your own probability is higher.
# - `LRT p` and `at the boundary` are the p values from above, for comparison.
#
# The words ("substantial", "strong", "decisive" from 0.5, 1 and 2 on) are a convention of Kass and Raftery
# (doi:10.1080/01621459.1995.10476572), made for statisticians who read quickly. Where the range over prior scales
# does not have one word for all of it, as here, the words of both its ends are given. Report the number and the
# range.
#
# ## 3. A slope
#
# Eighteen people, ten days of short sleep, reaction times. Does the slope vary between people? `(Days | Subject)` is
# reduced to `(1 | Subject)`, as lmerTest reduces it: a slope goes before its intercept.

# %%
sleepstudy = bm.load_data("sleepstudy")
sleep = bm.fit("Reaction ~ Days + (Days | Subject)", sleepstudy, seed=1, progress=False)
evidence = bm.rand(sleep)
print(evidence)

# %% [markdown]
# The data are about a hundred million times as probable if slopes vary. Here p value, Bayes factor and the naked eye
# agree, and no prior within reason could change it. What is tested are two numbers, the standard deviation of the
# slopes and their correlation with the intercepts; both priors are printed, since both take part.
#
# There is no simulation error to speak of, because the group effects and coefficients of a Gaussian mixed model can
# be integrated out by formula, and only the few variance parameters are left to be integrated numerically.
#
# ## 4. It depends on the prior: how much?
#
# For the posterior of a standard deviation, the prior hardly matters once there are a few dozen groups. For a Bayes
# factor it *always* matters, because it is part of the statement that is tested. "Batches differ, by anything up to
# a ton" made worse predictions than "batches differ by some grams", and it loses against "batches do not differ"
# although the data are the same.
#
# So look at the whole curve: `bm.plot_sensitivity` multiplies the scale of the prior by 0.1 to 10.

# %%
figure, axes = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
for ax, fit, term in zip(
    axes, (*posterior.values(), sleep), ("(1 | Batch)", "(1 | Batch)", "Days in (Days | Subject)"), strict=True
):
    bm.plot_sensitivity(fit, term, ax=ax)
for ax, name in zip(axes, (*sets, "sleepstudy"), strict=True):
    ax.set_xlabel(f"{name}: scale of the prior, times that of the fit")

# %% [markdown]
# - At the left end the prior says that the standard deviation is practically 0. Both models then say the same, and
#   the Bayes factor goes to 1, its logarithm to 0 (for *sleepstudy* far beyond the left edge).
# - Towards the right the prior allows ever larger standard deviations that did not occur, and the evidence falls.
#   Each factor of ten costs about one unit: *any* term can be made to look absent by a prior that is wide enough.
#   "Uninformative" is not harmless here.
# - In between lies the best that the term can do. For *Dyestuff* that is a factor of about 10: whatever scale
#   somebody chooses, these 30 yields do not say more than ten to one that batches differ, and with a p value of
#   0.006 one might have expected more. For *Dyestuff2* the curve never rises above 0: no scale whatever makes the
#   data speak for batches.
# - For *sleepstudy* the whole curve lies far above 0. Nothing hangs on the prior.
#
# That is the use of the picture: it tells conclusions which everybody must share from those that follow from a
# prior. The numbers come without fitting again:

# %%
bm.prior_sensitivity(posterior["Dyestuff"], drop="(1 | Batch)", multipliers=[0.1, 0.5, 1, 2, 10]).drop(columns="reason")

# %% [markdown]
# A prior that gives no probability to the neighbourhood of 0 has decided the question before the data came. Such
# priors (the inverse gamma of old BUGS examples is one) are refused, with the reason:

# %%
decided = bm.fit(
    formula, sets["Dyestuff"], priors={"sd_Batch__Intercept": "InverseGamma(1, 50)"}, seed=1, progress=False
)
try:
    bm.rand(decided)
except bm.BayesmixError as refusal:
    print(refusal)

# %% [markdown]
# ## 5. A prior that does not care about units
#
# The default prior of a group's standard deviation is as wide as the data vary. Another choice, which many analyses
# of variance with Bayes factors make, measures the group's standard deviation in residual ones: sd / sigma follows a
# half-Cauchy distribution with median r. It is written `ScaleFree(r)`. For a slope, it measures the effect of one
# standard deviation of the predictor, so that it makes no difference whether days are given in hours. Common choices
# are r = 0.25 (small effects expected), 0.5 and 1 (large ones):

# %%
cases = {
    "Dyestuff": (formula, sets["Dyestuff"], "sd_Batch__Intercept", "(1 | Batch)"),
    "Dyestuff2": (formula, sets["Dyestuff2"], "sd_Batch__Intercept", "(1 | Batch)"),
    "sleepstudy, slopes": (sleep.formula, sleepstudy, "sd_Subject__Days", "Days in (Days | Subject)"),
}
scale_free = {
    name: {
        f"r = {r}": bm.bayes_factor(
            bm.fit(model, data, priors={parameter: f"ScaleFree({r})"}, seed=1, progress=False), drop=term
        ).log10_bf
        for r in (0.25, 0.5, 1)
    }
    for name, (model, data, parameter, term) in cases.items()
}
pd.DataFrame(scale_free).T.round(2)

# %% [markdown]
# In the printed priors it appears worked out; `HalfCauchy(0.5) * sigma` may be written just so, too:

# %%
model, data, parameter, term = cases["sleepstudy, slopes"]
hours = data.assign(Hours=24 * data["Days"]).drop(columns="Days")
in_days = bm.fit(model, data, priors={parameter: "ScaleFree(0.5)"}, seed=1, progress=False)
in_hours = bm.fit(
    model.replace("Days", "Hours"), hours, priors={"sd_Subject__Hours": "ScaleFree(0.5)"}, seed=1, progress=False
)
print(bm.bayes_factor(in_days, drop=term))
print()
print(bm.bayes_factor(in_hours, drop=term.replace("Days", "Hours")))

# %% [markdown]
# ## 6. When the likelihood-ratio test says something else
#
# A p value asks how surprising the data are if the term is absent. A Bayes factor asks which of two statements
# predicted them better. Data can be surprising under both. Suppose a trial with five plants in each group, and that
# the groups differ so much that the test gives p = 0.03 at the boundary. What does the Bayes factor say, with 5
# groups and with 500? The data are made to have exactly this p value:


# %%
def with_p_value(p: float, n_groups: int, n_each: int = 5) -> pd.DataFrame:
    """A balanced trial with residual sd 1 whose group means differ by so much that the test at the boundary gives p."""
    rng = np.random.default_rng(3)
    effects, errors = rng.normal(size=n_groups), rng.normal(size=(n_groups, n_each))
    effects = (effects - effects.mean()) / effects.std(ddof=1)
    errors -= errors.mean(axis=1, keepdims=True)
    errors *= np.sqrt(n_groups * (n_each - 1) / (errors**2).sum())
    groups = np.repeat(np.arange(n_groups), n_each)

    def trial(spread: float) -> pd.DataFrame:
        return pd.DataFrame({"y": (spread * effects[:, None] + errors).ravel(), "group": groups})

    low, high = 0.0, 3.0
    for _ in range(16):
        middle = (low + high) / 2
        found = bm.rand(bm.reml("y ~ 1 + (1 | group)", trial(middle)))["p_boundary"].iloc[1]
        low, high = (low, middle) if found < p else (middle, high)
    return trial(high)


def compared(p: float, n_groups: int) -> dict[str, float]:
    trial = with_p_value(p, n_groups)
    fit = bm.fit("y ~ 1 + (1 | group)", trial, priors={"sd_group__Intercept": "ScaleFree(0.5)"}, seed=1, progress=False)
    estimate = bm.varcorr(bm.reml("y ~ 1 + (1 | group)", trial))["estimate"]
    return {
        "p_boundary": p,
        "groups": n_groups,
        "sd / sigma by REML": estimate.iloc[0] / estimate.iloc[-1],
        "log10 BF": bm.bayes_factor(fit, drop="(1 | group)").log10_bf,
    }


sizes = (5, 15, 50, 150, 500)
disagreement = pd.DataFrame([compared(p, n_groups) for p in (0.03, 0.001) for n_groups in sizes])
disagreement.round(3)

# %%
figure, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
for (p, rows), colour in zip(disagreement.groupby("p_boundary", sort=False), ("#0072B2", "#D55E00"), strict=True):
    ax.plot(rows["groups"], rows["log10 BF"], "o-", color=colour, label=f"p = {p:g} at the boundary")
ax.axhline(0, color="grey", linewidth=0.8)
ax.set_xscale("log")
ax.set_xticks(sizes, [str(size) for size in sizes])
ax.minorticks_off()
ax.set(xlabel="groups of five", ylabel="log10 Bayes factor for groups")
legend = ax.legend(frameon=False)

# %% [markdown]
# Two things are to be seen. A p value of 0.03 is never much evidence: with five groups the data are 2.6 times as
# probable with groups as without. And the same p value means less and less as the trial grows; with 500 groups it is
# evidence (a little) *against* a difference. To be "significant at 0.03" five groups must differ much, 500 groups
# only by a little: the standard deviation that REML estimates is then a sixth of the residual one, and a prior that
# expects differences of ordinary size had put little there. The wider the prior, the stronger this is (change
# `ScaleFree(0.5)` to `ScaleFree(2)` and run the cell again). With many groups a test finds differences that are real
# but small, or none at all, and cannot tell these apart; that is a question of size, and section 7 asks it directly.
#
# So where the two disagree:
#
# - **Small p, Bayes factor near or below 1**: a large trial with a small estimate, or a prior that is far too wide.
#   Look at the sensitivity curve: does it rise clearly above 0 for smaller scales? Then the data speak for a *small*
#   standard deviation.
# - **Large p, Bayes factor near 1**: a small trial. Neither says anything; only the Bayes factor admits it.
# - **Large p, Bayes factor well below 1**: evidence that the term is absent.
#
# ## 7. Too small to matter
#
# Few variances in biology are exactly 0. Whoever finds the question wrong may ask another one: how probable is it
# that the standard deviation is smaller than a tenth (or whatever `delta` says) of the residual one? No model is
# left out for that; it is read off the posterior, beside what the priors had said. `per="sd"` counts a slope per
# standard deviation of its predictor, so that units do not matter:

# %%
region = {name: bm.equivalence(fit, delta=0.25, per="sd") for name, fit in {**posterior, "sleepstudy": sleep}.items()}
pd.concat(region, names=["data"])

# %% [markdown]
# For *Dyestuff2* the region sd < sigma / 4 has grown from a fifth to more than a half; for *Dyestuff* it has shrunk
# to about three per cent; for *sleepstudy* nothing is left. `odds_ratio` is the Bayes factor of this region against
# all that is larger. It depends on the prior as every Bayes factor does; the posterior probability in the first
# column depends on it less.
#
# ## 8. Several terms at once
#
# Ten batches of a paste, three casks from each, two measurements per cask: do batches differ, do casks within
# batches? `rand` drops one at a time. `bm.inclusion` looks at all models that the fitted one contains, averages, and
# shows how probable each of them is:

# %%
pastes = bm.fit("strength ~ 1 + (1 | batch/cask)", bm.load_data("Pastes"), seed=1, progress=False)
print(bm.rand(pastes))

# %%
print(bm.inclusion(pastes))

# %% [markdown]
# Casks differ without any doubt. Whether batches do, beyond their casks, sixty measurements do not tell: a p value
# of 0.4 and a Bayes factor near 1. Whoever planned with batches keeps them in the model; nobody has to choose.
#
# ## 9. Counts
#
# Sick cows in 15 herds over four periods: a binomial model, in R a `glmer`. There the group effects cannot be
# integrated out by formula. But with one random intercept each herd's effect is an integral in one dimension, which
# quadrature does to eight digits, and what is left, four coefficients and a standard deviation, is integrated by
# importance sampling as for *sleepstudy*. That has an error, which is worth looking at:

# %%
herds = bm.fit(
    "cbind(incidence, size - incidence) ~ period + (1 | herd)", bm.load_data("cbpp"), "binomial", seed=1, progress=False
)
print(bm.rand(herds))

# %% [markdown]
# (For the range over prior scales, values are drawn anew under each prior. Its lower end, 0.61, belongs to a prior
# with a tenth of the scale: whoever holds that herds differ by some 10 % in the odds cannot gain much by having herds
# in the model.)
#
# With more than one random term, or a slope, this way is barred as well. Then the smaller models are sampled too, and
# the marginal likelihoods come from *bridge sampling* over the draws of all parameters. It takes some seconds instead
# of a fraction of one. With many hundred group effects bridge sampling may not reach: there is no number then, but a
# line that says why and what to do.
#
# ## 10. What to take along, and what to report
#
# - A p value at the boundary tells how surprising the data are without the term. It is never evidence that the term
#   is absent. R's printed p is twice that at the boundary.
# - A Bayes factor speaks for or against, and says when the data are too few. It belongs to a prior; the range over
#   prior scales belongs to it.
# - Terms that the design asks for (blocks, subjects, fields) stay in the model whatever a test says.
# - In a report: *"The slope of Days varies between subjects (log10 BF = 8.0 against a model with random intercepts
#   only, between 7.1 and 8.3 for prior scales from 0.1 to 10 times the default; priors: sd of slopes half-t with 3
#   df and scale 19.6 ms/day, correlation LKJ(2))."* And for *Dyestuff2*: *"The data speak weakly against differences
#   between batches (log10 BF = -0.5, between -1.5 and 0 for prior scales from 0.1 to 10 times the default)."*
#
# ## 11. Exercises
#
# 1. In *sleepstudy*, test whether slopes are correlated with intercepts: fit `(Days || Subject)` too and compare
#    both with `bm.bayes_factor(fit, other)`. What do you expect, given the posterior of the correlation?
# 2. Take the first three of the six batches of *Dyestuff*. What happens to `p_boundary`, to the Bayes factor, and to
#    its range?
# 3. Somebody reports "Bayes factor 1:10 against batches" for *Dyestuff*. Which prior must they have used?
#
# ### Answers

# %%
independent = bm.fit("Reaction ~ Days + (Days || Subject)", sleepstudy, seed=1, progress=False)
print(bm.bayes_factor(sleep, independent))
bm.varcorr(sleep).loc[("Subject", "Intercept", "Days"), ["mean", "lower", "upper"]].to_frame("correlation").T

# %% [markdown]
# The correlation may lie anywhere between -0.5 and 0.6. The larger model cannot gain much by a parameter of which the
# data say so little: the factor is near 1, a little below.

# %%
three = sets["Dyestuff"].query("Batch in ['A', 'B', 'C']").assign(Batch=lambda rows: rows["Batch"].astype(str))
print(bm.rand(bm.fit(formula, three, seed=1, progress=False)))

# %% [markdown]
# With three batches everything moves towards "unknown": the Bayes factor is near 1. Only with a prior many times as
# wide do they say anything, and that is the prior's doing: 1 to 7 against batches at ten times the scale.

# %%
wide = [1, 10, 30, 100, 300]
bm.prior_sensitivity(posterior["Dyestuff"], drop="(1 | Batch)", multipliers=wide)[["prior", "log10_bf"]]

# %% [markdown]
# One to ten is -1, and the same data that spoke ten to one for batches under the default prior give it with one that
# is more than a hundred times as wide. It allows for batches that differ by ten thousand grams, where yields are
# about 1500 altogether: a prior which says that nothing is known, and which nobody believes.
