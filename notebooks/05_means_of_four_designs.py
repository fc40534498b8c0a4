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
# # Means of four designs
#
# A trial is laid out to compare means, and how it was laid out decides how well they can be compared. This notebook
# goes through four designs: complete blocks, incomplete blocks, split plots, and a variety trial with gaps. Each is
# fitted by REML, as in R's lme4 with emmeans, and where it adds something by a posterior. Whoever wants all of it
# without typing runs the cards `kfert`, `kfert_fixed`, `cochran_bib`, `irrigation` and `clover` of the folder `models`.
#
# 1. Complete blocks: fixed or random?
# 2. Incomplete blocks: what blocks still tell
# 3. Split plots: two sizes of error
# 4. A variety trial with gaps
# 5. What to take along

# %%
import matplotlib.pyplot as plt

import bayesmix as bm

plt.rcParams["figure.dpi"] = 85

# %% [markdown]
# ## 1. Complete blocks: fixed or random?
#
# Cotton under five rates of potash, in three blocks, every rate once in each.

# %%
kfert = bm.load_data("kfert")
fixed = bm.lm("yield ~ K2O_lbac + rep", kfert)
mixed = bm.reml("yield ~ K2O_lbac + (1 | rep)", kfert)
fixed_means = bm.emmeans(fixed, "K2O_lbac")
mixed_means = bm.emmeans(mixed, "K2O_lbac", ddf="kenward-roger")
print(fixed_means)
print()
print(mixed_means)

# %% [markdown]
# The means are the same to the last digit, their standard errors are not: 0.121 with blocks fixed, 0.162 with blocks
# random. Neither is wrong. With blocks fixed a mean is what this rate gives *on these three blocks*; with blocks
# random, what it gives on blocks like these, and three blocks say little about that. The degrees of freedom fall from 8
# to 5.6 for the same reason.
#
# A difference between two rates is another matter. Both rates were in every block, so that the block drops out:

# %%
extremes = {"36 - 144": [1, 0, 0, 0, -1]}
print(bm.contrasts(fixed_means, extremes))
print()
print(bm.contrasts(mixed_means, extremes))

# %% [markdown]
# The same line twice: 0.4 with a standard error of 0.171. So never judge a difference by whether the intervals of two
# means overlap. In a table of means from blocks, give the standard error of a difference beside it.
#
# The posterior answers a further question: how probable is it that the difference is more than a grower would notice,
# say 0.2?

# %%
posterior = bm.fit("yield ~ K2O_lbac + (1 | rep)", kfert, seed=1, progress=False)
drawn = bm.emmeans(posterior, "K2O_lbac")
print(bm.contrasts(drawn, extremes, rope=0.2))

# %%
figure = bm.plot_means(drawn, letters=True)

# %% [markdown]
# ## 2. Incomplete blocks: what blocks still tell
#
# Thirteen corn hybrids at thirteen places, but only four at each. Every pair of hybrids meets at one place.

# %%
bib = bm.load_data("cochran_bib")
within = bm.emmeans(bm.lm("yield ~ gen + loc", bib), "gen")
recovered = bm.emmeans(bm.reml("yield ~ gen + (1 | loc)", bib), "gen", ddf="kenward-roger")
pair = {"G01 - G02": {"G01": 1, "G02": -1}}
print(bm.contrasts(within, pair))
print()
print(bm.contrasts(recovered, pair))

# %% [markdown]
# With places fixed, only differences *within* places count: 4.73 with a standard error of 3.50. But a place with high
# yields may have had good hybrids, and the sums of whole places know something of that. A model with places random
# weighs this in, as far as the variance between places lets it: 5.13 with a standard error of 3.42. This is called the
# recovery of inter-block information. It gains the more, the less the blocks differ.
#
# ## 3. Split plots: two sizes of error
#
# Eight fields, each with one of four methods of irrigation, and both varieties in every field.

# %%
irrigation = bm.load_data("irrigation")
split = bm.reml("yield ~ irrigation * variety + (1 | field)", irrigation)
print(bm.joint_tests(split, ddf="kenward-roger"))

# %% [markdown]
# Methods are compared between fields, of which each method has two; varieties are compared within fields. So the
# contrasts of methods have the larger standard errors, although the numbers of rows are the same. First the methods for
# each variety, then the varieties under each method. Such contrasts at one level of the other factor are called simple
# effects:

# %%
by_variety = bm.emmeans(split, "irrigation", by="variety", ddf="kenward-roger")
print(bm.contrasts(by_variety, "trt.vs.ctrl"))

# %%
by_method = bm.emmeans(split, "variety", by="irrigation", ddf="kenward-roger")
print(bm.contrasts(by_method, "pairwise"))

# %% [markdown]
# The standard error of a difference is 4.28 between methods and 1.45 between varieties.

# %%
figure = bm.plot_means(by_variety)

# %% [markdown]
# What happens if a cell is lost? Without i4 with v2 there is no mean of i4 over both varieties. R says nonEst, and so
# does the table; it names the empty cell:

# %%
hole = irrigation[~((irrigation["irrigation"] == "i4") & (irrigation["variety"] == "v2"))]
print(bm.emmeans(bm.reml("yield ~ irrigation * variety + (1 | field)", hole), "irrigation"))

# %% [markdown]
# ## 4. A variety trial with gaps
#
# Thirty-five entries of clover, two years, two replicates in each; 12 entries were tried in one year alone. The data
# are simulated: of the entries' variance we know that it is 17.3, of entry by year 58.9, of plots 143.0. An analysis of
# variance first:

# %%
clover = bm.load_data("clover_simulated")
cells = bm.lm("biomass ~ year / rep + entry * year", clover)
print(bm.anova(cells, type=1))

# %% [markdown]
# The means of the entries are wanted, and twelve of them do not exist:

# %%
entries = bm.emmeans(cells, "entry")
print(entries[~entries["estimable"]]["entry"].tolist())
print(*entries.attrs["notes"], sep="\n")

# %% [markdown]
# A mean over both years needs both cells, and with the interaction fixed nothing is known of an entry in a year that it
# did not see. No way of weighting helps. What helps is to say that entries and their interaction with years come from a
# distribution:

# %%
model = "biomass ~ year + (1 | year:rep) + (1 | entry) + (1 | entry:year)"
trial = bm.reml(model, clover)
print(bm.varcorr(trial))

# %%
report = bm.trial_report(trial, "entry")
print(report.entries[["n_plots", "blue", "blue_se", "blup", "blup_se", "reliability"]].round(2).head(12))

# %% [markdown]
# The BLUE treats an entry as a fixed effect and takes its plots at their word. The BLUP asks in addition how much
# entries differ at all, and draws each towards the mean of all, those with two plots more than those with four. 21CCD
# has the highest BLUE, from two plots, and comes sixth by its BLUP. To compare one entry with another that was chosen
# beforehand, take BLUEs; to choose the best of many, take BLUPs, or the winner will disappoint.
#
# How much of what is seen is genetic?

# %%
bayes = bm.fit(model, clover, seed=1, progress=False)
print(bm.heritability(bayes, "entry"))

# %% [markdown]
# By definition the truth is 17.3 / (17.3 + 58.9 + 143.0) = 0.08 for a plot. REML says 0.10 as if it were known; the
# posterior adds that anything from 0 to 0.4 goes with these data. Two years are two values of the interaction for each
# entry, and no model can make more of them.
#
# Which five entries are to be promoted?

# %%
chosen = bm.selection(bayes, "entry", top=5)
print(chosen.head(7))
print(*chosen.attrs["notes"], sep="\n")

# %% [markdown]
# The best entry is the best with a probability of a tenth, and of five that are promoted one or two are expected to
# belong to the true five. The honest answer to "which is the best?" is here: promote more, or try another year. What
# would four years with two plots each do for the heritability of a mean?

# %%
print(bm.heritability(bayes, "entry", environments=4, plots=8).loc[["entry_mean"]])

# %% [markdown]
# ## 5. What to take along
#
# - The standard error of a mean depends on whether blocks are fixed or random; in complete blocks that of a difference
#   does not. Report differences.
# - In incomplete blocks, random blocks recover what the blocks' sums know.
# - In split plots each comparison has its own error. Ask for simple effects with `by`.
# - A mean over an empty cell cannot be estimated. The table says which cell is empty.
# - BLUE to compare, BLUP to choose. A heritability is a number with a name and an interval.
