# Predicts new rows from lm, lmer and glmer, with and without group effects and for levels that were not seen, and
# stores what R gives.
#
#     Rscript tests/references/make_predict.R [predict.json]
#
# Needs lme4 and jsonlite. The data come with lme4.

suppressPackageStartupMessages({
  library(lme4)
  library(jsonlite)
})

given <- commandArgs(trailingOnly = TRUE)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
TIGHT <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12))
COUNTS <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10), tolPwrss = 1e-13)

# ---- least squares: standard errors and both intervals ----------------------------------------------------------------

of_lm <- function(formula, data, rows, probability, ...) {
  fit <- lm(formula, data, ...)
  list(
    rows = rows, probability = probability, se = as.numeric(predict(fit, rows, se.fit = TRUE)$se.fit),
    confidence = predict(fit, rows, interval = "confidence", level = probability),
    prediction = suppressWarnings(predict(fit, rows, interval = "prediction", level = probability))
  )
}
lms <- list(
  "angle ~ recipe * temp" = of_lm(
    angle ~ recipe * temp, cake, expand.grid(recipe = c("A", "B", "C"), temp = c(170, 200, 231)), 0.95
  ),
  "Reaction ~ poly(Days, 2) + offset(log(Days + 1))" = of_lm(
    Reaction ~ poly(Days, 2) + offset(log(Days + 1)), sleepstudy, data.frame(Days = c(0, 2.5, 12)), 0.8
  )
)

# ---- mixed models: with group effects, without, and with levels not seen, whose effects are 0 --------------------------

of_mixed <- function(fit, rows, known) {
  kinds <- if (isLMM(fit)) "response" else c("response", "link")
  with <- lapply(setNames(kinds, kinds), function(kind) as.numeric(predict(fit, rows[known, ], type = kind)))
  without <- lapply(setNames(kinds, kinds), function(kind) as.numeric(predict(fit, rows, re.form = NA, type = kind)))
  unseen <- as.numeric(predict(fit, rows, allow.new.levels = TRUE, type = "link"))
  list(rows = rows, known = known, fitted = with, typical = without, unseen_link = unseen)
}
mixed <- list(
  sleepstudy = of_mixed(
    lmer(Reaction ~ Days + (Days | Subject), sleepstudy, control = TIGHT),
    data.frame(Days = c(0, 3.5, 12, 4), Subject = c("308", "309", "308", "999")), 1:3
  ),
  Pastes = of_mixed(
    lmer(strength ~ 1 + (1 | batch / cask), Pastes, control = TIGHT),
    data.frame(batch = c("A", "B", "J", "A"), cask = c("a", "c", "b", "z")), 1:3
  ),
  cbpp = of_mixed(
    glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), cbpp, binomial, control = COUNTS),
    data.frame(period = factor(c("1", "4", "2", "1"), levels = 1:4), herd = c("1", "15", "7", "99")), 1:3
  ),
  grouseticks = of_mixed(
    glmer(TICKS ~ YEAR + cHEIGHT + (1 | BROOD), grouseticks, poisson, control = COUNTS),
    data.frame(YEAR = c("95", "96", "97"), cHEIGHT = c(-20, 0, 30), BROOD = c("501", "608", "0")), 1:2
  )
)

answer <- list(versions = list(R = paste(R.version$major, R.version$minor, sep = "."),
                               lme4 = as.character(packageVersion("lme4"))), lm = lms, mixed = mixed)
out <- if (length(given)) given[1] else file.path(here, "predict.json")
write_json(answer, out, digits = I(15), auto_unbox = TRUE, pretty = TRUE, dataframe = "columns", matrix = "columnmajor")
