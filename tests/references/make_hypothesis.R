# Wald tests of hypotheses about coefficients, by R: writes hypothesis.json beside this file.
# Rscript tests/references/make_hypothesis.R
suppressMessages({library(lme4); library(lmerTest); library(pbkrtest); library(car); library(multcomp); library(jsonlite)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12, maxfun = 1e5))

# A row of contest (lmerTest) for L beta = rhs: estimate, se, df, t, two-sided p.
of_contest <- function(model, L, rhs, ddf) {
  row <- contest(model, L, joint = FALSE, rhs = rhs, ddf = ddf)
  list(estimate = row[["Estimate"]], se = row[["Std. Error"]], df = row[["df"]], t = row[["t value"]],
       p = row[["Pr(>|t|)"]])
}
sleep <- lmerTest::lmer(Reaction ~ Days + (Days | Subject), sleepstudy, control = tight)
cake_model <- lmerTest::lmer(angle ~ recipe * temp + (1 | recipe:replicate), cake, control = tight)
uneven <- lmerTest::lmer(Reaction ~ Days + (Days | Subject), sleepstudy[-c(1:7, 17:23, 42:44, 101:106, 150:152), ], control = tight)
out <- list()
out$versions <- lapply(setNames(nm = c("lme4", "lmerTest", "pbkrtest", "car", "multcomp")), function(p) as.character(packageVersion(p)))
for (ddf in c("Satterthwaite", "Kenward-Roger")) {
  key <- tolower(ddf)
  out$sleepstudy[[key]] <- list(
    "Days = 8" = of_contest(sleep, c(0, 1), 8, ddf),
    "Intercept + 9 * Days = 340" = of_contest(sleep, c(1, 9), 340, ddf),
    "Intercept - 20 * Days = 0" = of_contest(sleep, c(1, -20), 0, ddf))
  out$uneven[[key]] <- list(
    "Intercept - 9 * Days = 170" = of_contest(uneven, c(1, -9), 170, ddf),
    "Intercept + 9 * Days = 340" = of_contest(uneven, c(1, 9), 340, ddf))
  # coefficients: (Intercept), recipeB, recipeC, temp, recipeB:temp, recipeC:temp
  out$cake[[key]] <- list(
    "recipe[B] + 200 * recipe[B]:temp = 0" = of_contest(cake_model, c(0, 1, 0, 0, 200, 0), 0, ddf),
    "recipe[B]:temp = recipe[C]:temp" = of_contest(cake_model, c(0, 0, 0, 0, 1, -1), 0, ddf))
}
# The delta method by car: estimate and se of nonlinear functions of coefficients.
of_delta <- function(row) list(estimate = row[["Estimate"]], se = row[["SE"]])
named <- setNames(fixef(sleep), c("b0", "b1")); V <- as.matrix(vcov(sleep)); dimnames(V) <- list(names(named), names(named))
of_function <- function(text) of_delta(deltaMethod(named, text, vcov. = V))
out$delta <- list(
  "exp(Days / 10)" = of_function("exp(b1 / 10)"),
  "Days / Intercept" = of_function("b1 / b0"),
  "sqrt(Intercept) * log(Days) - Days ** 2" = of_function("sqrt(b0) * log(b1) - b1^2"))
# Least squares: F of one row by linearHypothesis (t^2), one-sided t tests by glht.
whole <- lm(angle ~ recipe * temp, cake)
L <- setNames(rep(0, length(coef(whole))), names(coef(whole))); L[c("recipeB", "recipeB:temp")] <- c(1, 200)
f <- linearHypothesis(whole, L, rhs = -2)
test <- function(side) { s <- summary(glht(whole, matrix(L, 1), rhs = -2, alternative = side)); list(t = unname(s$test$tstat), p = as.numeric(s$test$pvalues)) }
out$lm <- list(F = f$F[2], p = f[["Pr(>F)"]][2], df = df.residual(whole), greater = test("greater"), less = test("less"))
write(toJSON(out, auto_unbox = TRUE, digits = NA, pretty = TRUE), file.path(here, "hypothesis.json"))
