# Parts of the variance by the formulas of Nakagawa, Johnson & Schielzeth (2017) and Johnson (2014), written out from the
# fits of lme4: writes variance_shares.json beside this file. Rscript tests/references/make_variance_shares.R
suppressMessages({library(lme4); library(jsonlite)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12, maxfun = 1e5))
# The columns of every random term in every row, and their covariance.
mean_variance <- function(model) {
  frame <- model.frame(model); V <- VarCorr(model); bars <- findbars(formula(model))
  sapply(seq_along(V), function(i) {
    bar <- Filter(function(b) deparse(b[[3]]) == sub("\\.\\d+$", "", names(V)[i]), bars)
    Z <- model.matrix(as.formula(paste("~", deparse(bar[[1]][[2]]))), frame)[, colnames(V[[i]]), drop = FALSE]
    mean(rowSums((Z %*% V[[i]]) * Z))
  }) |> setNames(names(V))
}
of_model <- function(model, residual) {
  fixed <- var(as.numeric(model.matrix(model) %*% fixef(model)))
  c(list(fixed = fixed), as.list(mean_variance(model)), list(residual = residual))
}
out <- list(version = as.character(packageVersion("lme4")))
for (spec in list(list("sleepstudy", "Reaction ~ Days + (Days | Subject)"), list("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)"),
                  list("cake", "angle ~ recipe * temp + (1 | recipe:replicate)"))) {
  m <- lmer(as.formula(spec[[2]]), get(spec[[1]]), control = tight)
  out[[spec[[1]]]] <- c(list(formula = spec[[2]]), of_model(m, sigma(m)^2))
}
loose <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5))
for (link in c("logit", "probit", "cloglog")) {
  m <- glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), cbpp, binomial(link), control = loose)
  out[[paste0("cbpp_", link)]] <- of_model(m, c(logit = pi^2 / 3, probit = 1, cloglog = pi^2 / 6)[[link]])
}
m <- glmer(TICKS ~ YEAR + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION), grouseticks, poisson, control = loose)
lambda <- mean(exp(as.numeric(model.matrix(m) %*% fixef(m)) + sum(mean_variance(m)) / 2))
out$ticks_lognormal <- of_model(m, log(1 + 1 / lambda))
out$ticks_trigamma <- of_model(m, trigamma(lambda))
line <- summary(lm(Reaction ~ Days, sleepstudy))
out$lm <- list(ordinary = line$r.squared, adjusted = line$adj.r.squared)
write(toJSON(out, auto_unbox = TRUE, digits = NA, pretty = TRUE), file.path(here, "variance_shares.json"))
