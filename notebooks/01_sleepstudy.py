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
# # Eighteen people without enough sleep
#
# This notebook fits one data set in several ways, from the simplest model to the one that suits it. It tells why a
# grouping factor belongs in a model, what random intercepts and random slopes are, and what it means that groups share
# information. It is written for people who know `lmer` from R and want the posterior: you need neither PyMC nor Bambi,
# on which bayesmix builds.
#
# 1. The data
# 2. Complete pooling: as if everyone were the same
# 3. No pooling: as if nobody had anything in common
# 4. Random intercepts: `(1 | Subject)`
# 5. Random slopes: `(Days | Subject)`, and their relatives `(Days || Subject)` and `(0 + Days | Subject)`
# 6. Sharing information: shrinkage
# 7. What the model misses
# 8. Can the draws be trusted?
# 9. Priors
# 10. Beside lme4's REML
# 11. Keeping a fit, and the same at the shell
# 12. What to read in the output, and exercises

# %%
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import bayesmix as bm

plt.rcParams["figure.dpi"] = 85
pd.options.display.precision = 2
pd.options.display.max_colwidth = None

# %% [markdown]
# ## 1. The data
#
# Eighteen people did reaction tests every day; after two days of training and one of baseline they spent only three
# hours a night in bed (Belenky et al. 2003). The data come with lme4, and with bayesmix. `bm.datasets()` lists all
# sets; `bm.describe` says what the columns are.

# %%
sleepstudy = bm.load_data("sleepstudy")
bm.describe("sleepstudy")

# %% [markdown]
# A line for each person. Two things can be seen before any model: people *start* at different heights, and they *rise*
# at different rates. Some hardly change at all, others become far slower.

# %%
figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for _, person in sleepstudy.groupby("Subject", observed=True):
    ax.plot(person["Days"], person["Reaction"], color="#0072B2", alpha=0.5, linewidth=1)
daily_mean = sleepstudy.groupby("Days")["Reaction"].mean()
ax.plot(daily_mean, color="black", linewidth=2.5, label="mean of all")
ax.set(xlabel="day of the study", ylabel="mean reaction time (ms)", title="18 people, 10 days each")
legend = ax.legend(frameon=False)

# %% [markdown]
# ## 2. Complete pooling: as if everyone were the same
#
# The simplest model has one line and no grouping factor: `lm(Reaction ~ Days)` in R. All 180 observations go into one
# pool. `bm.fit` takes the formula and the data; `seed` makes the draws repeatable, and `progress=False` hides the
# progress bar. The last line of a cell, `pooled`, prints the fit.

# %%
pooled = bm.fit("Reaction ~ Days", sleepstudy, seed=1, progress=False)
pooled

# %% [markdown]
# The slope is believable: reaction time grows by about 10.4 ms a day. Its *uncertainty* is not. The model takes the
# 180 residuals for independent, but ten of them come from each person. If a person is slow, all ten tend to lie above
# the line. Here are the residuals, person by person:

# %%
rows = bm.augment(pooled)
order = rows.groupby("Subject", observed=True)[".resid"].mean().sort_values().index
place = rows["Subject"].map({name: i for i, name in enumerate(order)}).astype(int)

figure, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
ax.axhline(0, color="black", linewidth=0.8)
ax.scatter(place, rows[".resid"], s=12, color="#0072B2", alpha=0.7, linewidths=0)
ax.set_xticks(range(len(order)), order, rotation=90)
ax.set(xlabel="Subject, sorted by the mean residual", ylabel="residual (ms)", title="Complete pooling")
ax.tick_params(labelsize=8)

# %% [markdown]
# Independent residuals would scatter about 0 within each person. In how many people do at least nine of the ten lie on
# one side?

# %%
above = (rows[".resid"] > 0).groupby(rows["Subject"], observed=True).sum()
one_sided = ((above >= 9) | (above <= 1)).sum()
print(f"{one_sided} of {len(above)} people; by coin tosses one would expect {18 * 22 / 1024:.1f}")

# %% [markdown]
# So the 180 observations are worth fewer than 180 independent ones. What the data tell about the slope *of people in
# general* rests on 18 people. This needs no model: take one number per person, the slope of their own least-squares
# line. Eighteen such numbers have a mean and a standard error.


# %%
def own_lines(data: pd.DataFrame) -> pd.DataFrame:
    """Each person's least-squares line: one row per person, columns Intercept and Days."""
    people = data.groupby("Subject", observed=True)
    lines = {name: np.polyfit(rows["Days"], rows["Reaction"], deg=1)[::-1] for name, rows in people}
    return pd.DataFrame(lines, index=["Intercept", "Days"]).T


lines = own_lines(sleepstudy)
pd.DataFrame(
    {
        "slope (ms a day)": [lines["Days"].mean(), bm.fixef(pooled).loc["Days", "mean"]],
        "its standard error": [lines["Days"].std() / np.sqrt(len(lines)), bm.fixef(pooled).loc["Days", "sd"]],
    },
    index=["mean of 18 slopes", "complete pooling"],
)

# %% [markdown]
# The slope is the same, but complete pooling's standard error is too small. Its interval promises a precision that 18
# people cannot give. (In R this is the mistake of `lm` on repeated measurements, and it is the first reason for a
# grouping factor.)
#
# ## 3. No pooling: as if nobody had anything in common
#
# The other extreme gives everyone their own line: 18 intercepts and 18 slopes as fixed effects. Now what is learnt
# from one person says nothing about the next.

# %%
unpooled = bm.fit("Reaction ~ 0 + Subject + Subject:Days", sleepstudy, seed=1, progress=False)
slopes_alone = bm.fixef(unpooled).filter(like=":Days", axis="index").sort_values("mean")

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.axvline(0, color="grey", linewidth=0.8)
ax.axvline(lines["Days"].mean(), color="black", linewidth=0.8, linestyle="--")
ax.hlines(slopes_alone.index, slopes_alone["lower"], slopes_alone["upper"], color="#0072B2")
ax.plot(slopes_alone["mean"], slopes_alone.index, "o", color="#0072B2", markersize=4)
ax.set(xlabel="slope (ms a day), 95 % interval; dashed: mean of all", title="No pooling: 18 slopes, each from 10 days")
ax.tick_params(labelsize=8)

# %% [markdown]
# Each slope rests on ten observations, and its standard error is large. Part of what differs between these slopes is
# therefore noise, and the spread of the 18 estimates is wider than the spread of the 18 people. The variances add up:
# variance of the estimates = variance of the people + squared standard error.

# %%
spread, noise = lines["Days"].std(), slopes_alone["sd"].mean()
pd.Series(
    {
        "sd of the 18 estimated slopes": spread,
        "standard error of one slope": noise,
        "what remains for the people": np.sqrt(spread**2 - noise**2),
    }
).to_frame("ms a day")

# %% [markdown]
# The extremes are exaggerated most: who comes out highest is probably high *and* was pushed up by chance. The lowest
# slope is even negative, as if this person became faster without sleep. And there is no answer to the question that
# one mostly asks: what about the next person?
#
# Complete pooling ignores the people; no pooling ignores that they are people. A mixed model stands between the two:
# everyone has their own line, and the lines come from a common distribution whose spread is estimated along with them.
#
# ## 4. Random intercepts: `(1 | Subject)`
#
# The formula is lme4's. `(1 | Subject)` gives everyone their own height; the slope is common to all.

# %%
intercepts = bm.fit("Reaction ~ Days + (1 | Subject)", sleepstudy, seed=1, progress=False)
intercepts

# %% [markdown]
# How to read it, from the top:
#
# - **Draws.** How many there are and how they were made. *Exact*: the coefficients and the people's deviations are
#   integrated out in closed form, the two standard deviations alone are sampled, here by *importance sampling*, and all
#   the rest is drawn exactly. `bm.fit` does so wherever it can, and says why (section 8).
# - **Random effects.** `Subject Intercept` is the standard deviation of the people's heights, called
#   `sd_Subject__Intercept` in priors and pictures. It is in the unit of the response: people's lines lie some 40 ms
#   above or below the common one. `Residual` is what one day's value scatters about its own person's line, 31 ms.
#   Unlike lme4's, these come with an interval: with 18 people, anything from 27 to 57 ms is compatible with the data.
# - **Fixed effects.** The common line. `mean` and `sd` take the places of estimate and standard error; `lower` and
#   `upper` hold the parameter with 95 % probability.
# - **Priors.** What was assumed before the data were seen (section 9).
# - **The last line** says whether the draws can be trusted (section 8).
#
# How much of the variance not explained by `Days` lies between people? Everything in a fit is a set of draws from the
# posterior, `fit.posterior`, so a quantity of your own is computed draw by draw. It then has a mean and an interval
# like all others.

# %%
draws = intercepts.posterior["posterior"]
between, within = draws["sd_Subject__Intercept"] ** 2, draws["sigma"] ** 2
share = (between / (between + within)).to_numpy().ravel()
lower, upper = np.quantile(share, [0.025, 0.975])
print(f"between people: {share.mean():.0%} of the variance, 95 % interval {lower:.0%} to {upper:.0%}")

# %% [markdown]
# This share is called the intraclass correlation: two days of one person are that much alike.
#
# The fitted lines: parallel, each at its person's height. Grey is no pooling, dashed the common line, and the band is
# the 95 % interval of the person's line.

# %%
bm.plot_lines({"random intercepts": intercepts})

# %% [markdown]
# Heights are right now, slopes are not: the line is too steep for 309 and 335 in the first row, and too flat for 308
# and 337 in the last.
#
# And there is a trap. The interval of `Days` is *narrower* than under complete pooling (sd 0.80 against 1.26).
# Differences in height no longer count as noise, but differences in slope are still taken for it. A grouping factor
# protects an effect only if that effect may vary by group.
#
# ## 5. Random slopes: `(Days | Subject)`
#
# As in lme4, `(Days | Subject)` means `(1 + Days | Subject)`: an intercept and a slope for everyone, and a correlation
# between the two.

# %%
slopes = bm.fit("Reaction ~ Days + (Days | Subject)", sleepstudy, seed=1, progress=False)
slopes

# %% [markdown]
# `Subject Days` says how much people differ in their slopes: by 6.5 ms a day (4.1 to 9.9), around a mean of 10.5.
# That is close to the 5.9 that section 3 worked out by hand; section 10 says why the mean lies somewhat above. The sd
# of the intercepts, now the spread at `Days = 0`, comes down from 40 to 27 ms, and the residual from 31 to 26 ms: what
# random intercepts took for differences in height and for noise was partly differences in slope.
#
# The standard error of `Days` in all models so far:

# %%
models = {"complete pooling": pooled, "random intercepts": intercepts, "random slopes": slopes}
pd.DataFrame({name: bm.fixef(fit).loc["Days", ["mean", "sd", "lower", "upper"]] for name, fit in models.items()}).T

# %% [markdown]
# Only the last agrees with the one-number-per-person calculation of section 2, and is even a little more cautious: it
# counts in that the standard deviations are themselves uncertain.
#
# ### The correlation
#
# Do people who start slow also slow down faster? The mean, 0.07, hides how little is known: the interval runs from
# -0.46 to 0.61. In the picture, the posterior (blue) is narrower than the prior (dashed), and still wide.

# %%
bm.plot_corr(slopes)

# %% [markdown]
# ### Without the correlation: `(Days || Subject)`
#
# Two bars leave the correlation out: intercepts and slopes vary independently. As the data say so little about the
# correlation, hardly anything changes. (That is a property of these data. And the correlation depends on where `Days`
# is 0, so leaving it out is an assumption about that point.)

# %%
independent = bm.fit("Reaction ~ Days + (Days || Subject)", sleepstudy, seed=1, progress=False)
numbers = ["estimate", "std.error", "conf.low", "conf.high"]
by_formula = {"(Days | Subject)": slopes, "(Days || Subject)": independent}
pd.concat({formula: bm.tidy(fit).set_index("term")[numbers] for formula, fit in by_formula.items()})

# %% [markdown]
# ### Slopes only: `(0 + Days | Subject)`
#
# `0 +` removes the random intercept: everyone starts at the same height on day 0, and differs in slope alone.

# %%
slopes_only = bm.fit("Reaction ~ Days + (0 + Days | Subject)", sleepstudy, seed=1, progress=False)
slopes_only

# %% [markdown]
# Read the last line first: sampling had no problems, so the numbers can be compared with those of the random slopes.
# (Section 8 shows a fit of the same model whose sampling had some.) Without random intercepts the differences in
# starting height must go elsewhere: into the slopes (sd 7.81 instead of 6.48 ms a day) and into the residual (29.3
# instead of 25.9 ms). And the common intercept seems far better known than it is: its sd is 4.08 ms instead of 7.41,
# the trap of section 4 again, now for the other coefficient. Slopes only is right where everyone does start at the same
# point, as in growth from a common zero.
#
# ### Three layers in one picture
#
# No pooling, random intercepts, random slopes. `plot_lines` takes several fits of the same data; panels are sorted by
# slope.

# %%
bm.plot_lines({"random intercepts": intercepts, "random slopes": slopes})

# %% [markdown]
# Blue follows grey, but not all the way: each line is drawn a little towards what the other people do. That is the
# subject of the next section.
#
# ## 6. Sharing information: shrinkage
#
# `bm.coef(fit)` gives each person's own line under the model: common part plus own deviation. Set beside the
# least-squares lines, the people's slopes and intercepts have drawn together:

# %%
shared = bm.coef(slopes).pivot(index="level", columns="term", values="mean")[["Intercept", "Days"]]
pd.DataFrame({"own least-squares lines": lines.std(), "random slopes": shared.std()}).rename_axis("sd of 18 people")

# %% [markdown]
# In the plane of intercept and slope, an arrow goes from each person's own least-squares line to their posterior mean.
# The dashed ellipse holds 95 % of the people whom the model expects. The dotted one shows how a least-squares line
# through ten days errs by chance: if its start comes out too low, its slope comes out too steep, since the line turns
# about the middle of the days. (Both are drawn at the posterior means of the parameters.)

# %%
centre = bm.fixef(slopes)["mean"]
parameters = bm.tidy(slopes).set_index("term")["estimate"]
sds, correlation = parameters[["sd__Intercept", "sd__Days"]].to_numpy(), parameters["cor__Intercept.Days"]
people = np.outer(sds, sds) * [[1, correlation], [correlation, 1]]
days = np.column_stack([np.ones(10), np.arange(10)])
chance = parameters["sd__Observation"] ** 2 * np.linalg.inv(days.T @ days)


def ellipse(covariance: np.ndarray) -> np.ndarray:
    """Border of the region about the fixed effects that holds 95 % of a normal distribution."""
    angle = np.linspace(0, 2 * np.pi, 200)
    circle = np.sqrt(-2 * np.log(0.05)) * np.array([np.cos(angle), np.sin(angle)])
    return centre.to_numpy()[:, None] + np.linalg.cholesky(covariance) @ circle


figure, ax = plt.subplots(figsize=(7.5, 5.8), layout="constrained")
ax.plot(*ellipse(people), color="grey", linewidth=0.9, linestyle="--", label="people, 95 %")
ax.plot(*ellipse(chance), color="#009E73", linewidth=1.2, linestyle=":", label="chance, 95 %")
for name in lines.index:
    ax.annotate("", shared.loc[name], lines.loc[name], arrowprops={"arrowstyle": "->", "color": "#D55E00"})
    ax.annotate(name, lines.loc[name], textcoords="offset points", xytext=(4, 3), fontsize=7, color="grey")
ax.plot(lines["Intercept"], lines["Days"], "o", color="grey", markersize=4, label="own least-squares line")
ax.plot(shared["Intercept"], shared["Days"], "o", color="#0072B2", markersize=5, label="posterior mean")
ax.plot(centre["Intercept"], centre["Days"], "+", color="black", markersize=14, label="fixed effects")
ax.set(xlabel="intercept: reaction time on day 0 (ms)", ylabel="slope (ms a day)", title="Shrinkage")
legend = ax.legend(frameon=False, loc="lower left", fontsize=8)

# %% [markdown]
# Who is pulled most? The table sorts by the change of slope.

# %%
pull = (shared - lines).rename(columns={"Intercept": "change of intercept", "Days": "change of slope"})
pull["own slope - mean slope"] = lines["Days"] - centre["Days"]
pull.sort_values("change of slope", key=abs, ascending=False).head(6)

# %% [markdown]
# Two things decide. *Distance*: those in the middle hardly move. And *direction*: the arrows run along the dotted
# ellipse. Persons 370 and 350 (low and steep) and 330 and 331 (high and flat) lie where chance alone puts a line, so
# the model believes only part of it. Person 337 is high *and* steep, which chance seldom does, and keeps their slope;
# 309 and 310, low and flat, nearly do.
#
# All 18 have ten days here. The third thing that decides is how much a person's data can say. Suppose that person 337
# had left the study after three days:

# %%
left_early = sleepstudy[(sleepstudy["Subject"] != "337") | (sleepstudy["Days"] < 3)]
short = bm.fit("Reaction ~ Days + (Days | Subject)", left_early, seed=1, progress=False)


def slope_of_337(fit: bm.Fit, data: pd.DataFrame) -> pd.Series:
    """The slope by least squares and by the model, with the model's uncertainty."""
    model = bm.coef(fit).set_index(["level", "term"]).loc[("337", "Days")]
    return pd.Series({"own line": own_lines(data).loc["337", "Days"], **model[["mean", "sd", "lower", "upper"]]})


pd.DataFrame({"ten days": slope_of_337(slopes, sleepstudy), "three days": slope_of_337(short, left_early)}).T

# %% [markdown]
# Three days say next to nothing about a slope. Their own line *falls* by 10 ms a day. The model, which knows the other
# 17 people, answers 9.0 ms a day, near the mean of all, and admits that it is a guess: the interval runs from -4.5 to
# 21.0 and holds the 19.0 of the full ten days. Fewer data mean more pull and a wider interval.
#
# ### Is sharing worth it?
#
# A fair test: show the models the first five days only, and let them predict the other five. The table gives the
# typical size of the prediction error (root mean square, ms) of one line for all, of everyone's own line, and of the
# mixed model's lines.

# %%
early, late = sleepstudy[sleepstudy["Days"] < 5], sleepstudy[sleepstudy["Days"] >= 5]
early_fit = bm.fit("Reaction ~ Days + (Days | Subject)", early, seed=1, progress=False)
one_line = pd.DataFrame([bm.fixef(early_fit)["mean"]] * 18, index=lines.index)
mixed = bm.coef(early_fit).pivot(index="level", columns="term", values="mean")


def prediction_error(by_person: pd.DataFrame) -> float:
    """Root mean square error on the later days, in ms."""
    own = by_person.loc[late["Subject"]].to_dict("list")
    predicted = np.array(own["Intercept"]) + np.array(own["Days"]) * late["Days"].to_numpy()
    return float(np.sqrt(np.mean((late["Reaction"].to_numpy() - predicted) ** 2)))


candidates = {"one line for all": one_line, "everyone's own line": own_lines(early), "mixed model": mixed}
pd.Series({name: prediction_error(by_person) for name, by_person in candidates.items()}).to_frame("error (ms)")

# %% [markdown]
# The mixed model predicts best: it believes a person's data as far as they go, and the others' for the rest.
#
# ### How sure are we of each person?
#
# `bm.ranef(fit)` gives the deviations from the common line, as in lme4, but every one with its interval, and
# `bm.plot_ranef` draws them. Grey: the interval includes 0, so that this person may well be like the average.

# %%
bm.plot_ranef(slopes)

# %% [markdown]
# Five of the 18 slopes and three of the 18 intercepts differ clearly from the common one. Grey does not mean that a
# person is like the average; it means that ten days cannot tell.
#
# ## 7. What the model misses
#
# `bm.augment(fit)` is broom's: the data with `.fitted` (with the person's own effects), `.fixed` (the common line
# alone), `.resid`, and the interval of the expected value. The rows with the largest residuals:

# %%
rows = bm.augment(slopes)
rows["residual / sigma"] = rows[".resid"] / bm.glance(slopes)["sigma"].item()
rows.sort_values(".resid", key=abs, ascending=False).head(5)

# %% [markdown]
# `.lower` and `.upper` hold the person's *line*, not their next measurement, which also scatters by the residual sd.
# Far fewer than 95 % of the observations lie between them:

# %%
inside = rows["Reaction"].between(rows[".lower"], rows[".upper"]).mean()
print(f"{inside:.0%} of the observations lie within the interval of their line")

# %% [markdown]
# Residuals against fitted values, both in one draw of the posterior: without a pattern, the orange means scatter
# about 0.

# %%
ax = bm.plot_residuals(slopes)

# %% [markdown]
# And against a normal distribution's quantiles; the grey band is where a normal sample would lie.

# %%
ax = bm.plot_qq(slopes)

# %% [markdown]
# The middle is flatter than the line and the ends lie beyond the band: heavy tails. Three observations stand out, days
# 6 and 9 of person 332 and day 7 of person 308; they are 5.1, 3.8 and 3.9 residual standard deviations off. They also
# enlarge the residual sd for everybody. The median residual, which does not notice them, tells of a smaller scatter:

# %%
robust = 1.4826 * rows[".resid"].abs().median()  # equals the sd if residuals are normal
print(f"residual sd {bm.glance(slopes)['sigma'].item():.1f} ms; from the median residual {robust:.1f} ms")

# %% [markdown]
# The conclusions about people in general need not suffer (exercise 3), but the model's idea of a single day is not
# right: most days are closer to the line than it says, and a few much farther away. Look such days up in the records
# before anything is left out.
#
# ## 8. Can the draws be trusted?
#
# The posterior is known through draws, here 4000. Two questions matter. Do they come from the posterior? And are there
# enough of them (ESS, the number of independent draws that they are worth)?
#
# How the first is answered depends on how the draws were made. All fits so far were made by *importance sampling*. It
# draws values of the standard deviations and the correlation, one set independently of the next, from a heavy-tailed
# distribution around the peak of their posterior, and gives each set a weight: how much likelier the posterior makes it
# than that distribution does. The 4000 draws are taken from these values in proportion to their weights, with
# coefficients and deviations drawn for each. Whether the weights can be trusted is seen from the weights themselves, by
# two numbers: Pareto k (below 0.7 no handful of values outweighs all others) and the effective size (how many
# independent draws the weighted values are worth); where they say no, bayesmix falls back on another sampler, NUTS, by
# itself, and prints why.
#
# Section 5 printed the answers for the random slopes: Pareto k is -0.10; the 8000 weighted values are worth 6970
# independent draws; and the 4000 draws taken from them are worth 3819 or more for every parameter.
# (There is no R-hat. It asks whether chains that started apart have come together; the four chains of 1000 are four
# parts of one sample here, so that the question does not arise.) `bm.diagnose` lists everything that is wrong, for
# which parameter, and what to do. An empty table is good news.

# %%
bm.diagnose(slopes)

# %% [markdown]
# It is not always empty. `method="joint"` leaves the closed form aside: NUTS runs on all parameters at once, as it must
# where there is no closed form. It walks from draw to draw, in four chains that start apart. Now it matters whether the
# chains agree (R-hat near 1), and whether there are enough draws, given that neighbours are alike (ESS). Here is slopes
# only once more, model, data and priors as in section 5. With `remedies=False` the first attempt is also the last:

# %%
joint_model = {"formula": "Reaction ~ Days + (0 + Days | Subject)", "data": sleepstudy, "method": "joint"}
first = bm.fit(**joint_model, remedies=False, seed=1, progress=False)
print(str(first).splitlines()[-1])

# %% [markdown]
# It had problems. In full:

# %%
bm.diagnose(first)

# %% [markdown]
# The chains have not yet agreed about `Days`, the very number that one wants to know, so its digits should not be used.
# One could run longer, as advised. But nobody has to: without `remedies=False` bayesmix looks at the figures of each
# attempt itself, and where they show trouble it samples again in the way that helps against just that. The model and
# its priors stay as they are.

# %%
joint = bm.fit(**joint_model, seed=1, progress=False)
joint

# %% [markdown]
# No problems now, and the lines below *Draws* say what it took. `fit.diagnostics.ladder` has a row for each attempt:

# %%
ladder = joint.diagnostics.ladder[["remedy", "evidence", "max_rhat", "min_ess", "kept"]]
ladder.assign(max_rhat=ladder["max_rhat"].map("{:.4f}".format), min_ess=ladder["min_ess"].map("{:.0f}".format))

# %% [markdown]
# Little was missing, so the second attempt went on with the chains of the first until they were twice as long, and kept
# every second draw. Where more is missing, bayesmix samples longer chains with smaller steps, the people's deviations
# as they are (*centred*) instead of divided by their sd, or with a mass matrix that knows which parameters move
# together. Had the last attempt had problems too, the last line of the print would say so.
#
# Beside each other: the exact fit, the joint one's first attempt, and what became of it.

# %%
ways = {"exact": slopes_only, "joint, first attempt": first, "joint, with remedies": joint}
quality = pd.concat([bm.glance(fit) for fit in ways.values()], keys=ways).droplevel(1)
quality = quality[["draws", "tune", "min_ess_bulk", "min_ess_tail"]]
quality["findings"] = [len(bm.diagnose(fit)) for fit in ways.values()]
quality.join(
    pd.DataFrame({name: bm.fixef(fit).loc["Days", ["mean", "sd", "ess_bulk"]] for name, fit in ways.items()}).T
)

# %% [markdown]
# (`draws` and `tune` are those of one chain of the four, and importance sampling has nothing to tune; the last three
# columns are about `Days`.) All three draw from the same posterior. But even with remedies the joint fit's 4000 draws
# are worth only 735 independent ones for `Days`; those of the exact fit are worth all 4000.
#
# Why? The joint sampler moves in 22 dimensions: two coefficients, 18 people, two standard deviations. These hang
# together. Raise `Days` and lower all 18 deviations, and the lines stay nearly where they are: a long, narrow ridge.
# And the smaller the deviations' sd, the less room they have: the funnel for which mixed models are known, and which
# rescaling them only softens. How narrow is the ridge?

# %%
common = slopes_only.posterior["posterior"]["Days"].to_numpy().ravel()
deviation = slopes_only.posterior["posterior"]["Days|Subject"].mean("Subject__factor_dim").to_numpy().ravel()
print(f"correlation of Days with the people's mean deviation: {np.corrcoef(common, deviation)[0, 1]:.2f}")

# %% [markdown]
# The exact route integrates the coefficients and the people out before anything is sampled, twenty of the 22
# dimensions, and ridge and funnel with them. What is left is a smooth hill in two dimensions, which a simple
# distribution around its top matches well; and for each value the twenty are drawn afresh, with no memory of the one
# before.

# %% [markdown]
# Chains can also be looked at. Below are the four of the first attempt, each in its colour. They should lie upon each
# other, and the right side should look like noise without trend or steps. `Intercept` and `sigma` do. `Days` and the sd
# of the slopes drift up and down, so that neighbouring draws say much the same, and the four densities of `Days` do not
# agree. (`bm.plot_rank` draws the same comparison more sharply. Draws of importance sampling are in no order, so these
# pictures say nothing about them: there Pareto k is what to look at.)

# %%
bm.plot_trace(first)

# %% [markdown]
# ## 9. Priors
#
# A posterior needs priors, and `print(fit)` always shows which. The defaults follow the scale of the data: wide enough
# to let the data speak, narrow enough to exclude the absurd. `bm.plot_sd` shows what the data added: a posterior that
# looks like its prior would mean that they said little.

# %%
bm.plot_sd(slopes)

# %% [markdown]
# Each prior can be replaced by its name. A half-normal with scale 20 is as vague as the default here and should change
# next to nothing. One with scale 1 says that people's slopes differ by 1 or 2 ms a day at most, which the data
# contradict. What happens?

# %%
vague = bm.fit(
    "Reaction ~ Days + (Days | Subject)",
    sleepstudy,
    priors={"sd_Subject__Days": "HalfNormal(20)"},
    seed=1,
    progress=False,
)
strong = bm.fit(
    "Reaction ~ Days + (Days | Subject)",
    sleepstudy,
    priors={"sd_Subject__Days": "HalfNormal(1)"},
    seed=1,
    progress=False,
)
by_prior = {"default": slopes, "HalfNormal(20)": vague, "HalfNormal(1)": strong}
pd.DataFrame({prior: bm.tidy(fit).set_index("term")["estimate"] for prior, fit in by_prior.items()}).round(2)

# %% [markdown]
# And the slope of people in general:

# %%
days_by_prior = pd.DataFrame({prior: bm.fixef(fit).loc["Days", ["mean", "sd"]] for prior, fit in by_prior.items()}).T
days_by_prior["findings of diagnose"] = [len(bm.diagnose(fit)) for fit in by_prior.values()]
days_by_prior.round(2)

# %% [markdown]
# The vague prior changes nothing beyond the noise of a finite number of draws. The strong one halves the slopes' sd, a
# compromise between what it insists on and what the data say, and the rest follows: the correlation and the residual
# grow, and the sd of `Days` falls from 1.73 to 1.08, a precision that comes from the prior alone. `print(strong)` still
# ends with *Sampling: no problems*, since there are none. But how far would the results move if the prior had counted a
# little more or less? Where they do the print has a note above its last line, with the number, and `diagnose` has one
# for every parameter that moves. The first:

# %%
print(bm.diagnose(strong)["advice"].iloc[0])

# %% [markdown]
# The other two trace the correlation and the residual sd back to the same prior. Notes are no verdict: a
# prior may weigh, if it is what one knows. It has to be defended by its author.
#
# A prior for a parameter that the model does not have is refused, not ignored:

# %%
try:
    bm.fit("Reaction ~ Days + (Days | Subject)", sleepstudy, priors={"sd_Subject_Days": "HalfNormal(20)"})
except bm.BayesmixError as error:
    print(error)

# %% [markdown]
# ## 10. Beside lme4's REML
#
# `lmer(Reaction ~ Days + (Days | Subject), sleepstudy)` in R prints the numbers in the columns on the right.

# %%
beside = bm.tidy(slopes).set_index("term")[["estimate", "std.error"]]
beside = beside.round(2)
beside.columns = ["posterior mean", "posterior sd"]
beside["REML estimate"] = [251.405, 10.467, 24.74, 5.92, 0.07, 25.59]
beside["REML standard error"] = [6.825, 1.546, "", "", "", ""]
beside

# %% [markdown]
# The fixed effects agree. Their posterior sds are larger than REML's standard errors, because these take the estimated
# standard deviations for known, and the posterior does not.
#
# The standard deviations all lie above REML's, the people's more so than the residual's. That is no disagreement about
# the data. A standard deviation cannot be below 0, and 18 people cannot rule out large values, so its posterior has a
# long tail to the right. REML reports the single best value, next to the peak. The mean is the centre of gravity, and
# the tail pulls it to the right:

# %%
draws = slopes.posterior["posterior"]["sd_Subject__Intercept"].to_numpy().ravel()
marks = {"REML": (24.74, "#D55E00"), "median": (np.median(draws), "#009E73"), "mean": (draws.mean(), "#0072B2")}

figure, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
ax.hist(draws, bins=60, color="#D9D9D9")
for name, (value, colour) in marks.items():
    ax.axvline(value, color=colour, linewidth=1.6, label=f"{name} {value:.1f}")
ax.set(xlabel="sd_Subject__Intercept (ms)", ylabel="draws", title="Posterior of the intercepts' standard deviation")
legend = ax.legend(frameon=False)

# %% [markdown]
# Peak, median, mean: in this order, as in every distribution with a tail to the right. The residual sd rests on 180
# observations, has almost no such tail, and agrees with REML's to 0.3 ms. With more groups the people's would, too.
# For a number that is comparable to `lmer`'s take the median, which `bm.varcorr(fit)` gives beside the mean; for a
# conclusion take the interval.
#
# ## 11. Keeping a fit, and the same at the shell
#
# A fit is saved as one file with data, priors and draws, and comes back as it was. ArviZ opens the file too. (Here it
# goes to a temporary folder, to leave nothing behind.)

# %%
with tempfile.TemporaryDirectory() as folder:
    bm.save(slopes, Path(folder) / "sleepstudy.nc")
    again = bm.load(Path(folder) / "sleepstudy.nc")

print("the same summary:", str(bm.summary(again)) == str(bm.summary(slopes)))

# %% [markdown]
# The whole analysis also runs without Python code. An analysis card, `models/sleepstudy.toml`, names data, formula,
# priors, seed and the layers of the picture:
#
# ```toml
# [data]
# source = "sleepstudy"      # for data of your own: path = "file.csv"
#
# [model]
# formula = "Reaction ~ Days + (Days | Subject)"
#
# [sampler]
# seed = 20
#
# [report.layers]
# "random intercepts" = "Reaction ~ Days + (1 | Subject)"
# "random slopes" = "Reaction ~ Days + (Days | Subject)"
# ```
#
# At the shell, in the folder of the repository,
#
# ```
# bayesmix run models/sleepstudy.toml
# ```
#
# prints the summary and writes `results/sleepstudy`: tables as CSV, pictures as PNG, the fit, and what is needed to
# repeat it. For a quick look without a card:
#
# ```
# bayesmix fit "Reaction ~ Days + (Days | Subject)" sleepstudy --seed 1
# ```
#
# The card has another seed than this notebook, so the last digits differ: by as much as one would expect from a finite
# number of draws, and less with more of them.
#
# ## 12. What to read in the output
#
# 1. **The last line.** It is about the sampling alone. If it does not say *no problems*, do what it says and read no
#    further. Notes above it are about the model: what the prior decides, and what the data cannot tell.
# 2. **Data.** Are the numbers of observations and of groups those you expect? Were rows left out?
# 3. **Random effects.** Each sd is in the unit of the response (a slope's per unit of its column). Compare it with the
#    residual and with the fixed effect: slopes that differ by 6.5 around a mean of 10.5 mean that nearly everyone gets
#    slower, at very different rates.
# 4. **Their intervals.** With few groups they are wide. Does the interval reach down to about 0? Then the data do not
#    insist on the term.
# 5. **Fixed effects.** Mean and interval. Is each effect whose interval you care about allowed to vary by group, where
#    the design lets it?
# 6. **Priors.** Would you defend them? Do the answers change with another?
# 7. **Pictures.** Lines over the data first, then residuals and quantiles: a model can be sampled perfectly and be
#    wrong.
#
# ## Exercises
#
# 1. *Where is zero?* Days 0 and 1 were training, and day 2 the baseline. Leave out the first two days, count from day 2
#    with `I(Days - 2)`, and fit the random slopes again. Which numbers change, and does the answer about people in
#    general?
# 2. *How much data does sharing need?* Repeat the prediction of section 6 with the first three and the first six days
#    in place of five. When is everyone's own line nearly as good, and when is one line for all?
# 3. *Three odd days.* Leave out the three observations with the largest residuals and fit again. What happens to the
#    residual sd, to the sd of the slopes, and to persons 308 and 332? Would you leave them out in a paper?
