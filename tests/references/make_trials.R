# Writes adjusted means of the simulated clover trial and their covariance, by lmer and emmeans, to trials.json.
#
#     Rscript tests/references/make_trials.R
#
# Needs lme4, lmerTest, emmeans and jsonlite.

suppressPackageStartupMessages({
  library(lmerTest)
  library(emmeans)
  library(jsonlite)
})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
d <- read.csv(file.path(here, "../../bayesmix/data/files/clover_simulated.csv"), colClasses = c(rep = "factor"))
d$year <- factor(d$year)
tight <- lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12))
fixed <- lmer(biomass ~ year + entry + (1 | year:rep) + (1 | entry:year), d, control = tight)
means <- emmeans(fixed, "entry", lmer.df = "satterthwaite")
table <- as.data.frame(means)
pairs <- as.data.frame(pairs(means, adjust = "none"))
random <- lmer(biomass ~ year + (1 | year:rep) + (1 | entry) + (1 | entry:year), d, control = tight)
write_json(
  list(
    versions = list(lme4 = as.character(packageVersion("lme4")), emmeans = as.character(packageVersion("emmeans"))),
    variances = setNames(as.list(as.data.frame(VarCorr(random))$vcov), as.data.frame(VarCorr(random))$grp),
    variances_fixed = setNames(as.list(as.data.frame(VarCorr(fixed))$vcov), as.data.frame(VarCorr(fixed))$grp),
    entry = as.character(table$entry), emmean = table$emmean, se = table$SE,
    weight = unname(diag(solve(vcov(means)))), sed = sqrt(mean(pairs$SE^2))
  ),
  file.path(here, "trials.json"),
  digits = NA, auto_unbox = TRUE
)
