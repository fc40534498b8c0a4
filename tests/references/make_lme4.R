# Fits the Gaussian models of lme4.json again and compares what is stored there, number by number.
#
#     Rscript tests/references/make_lme4.R [lme4.json]
#
# Needs lme4, lmerTest, pbkrtest and jsonlite. Prints a line for each fit with the largest relative difference of each
# part, and ends with status 1 where a part is farther off than LIMITS allows. Versions of R and of its packages other
# than the stored ones differ in the last digits of what a search finds.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(pbkrtest)
  library(jsonlite)
})

# "default" is lmer as it comes, which stops within some 1e-5 of the optimum; "tight" has a search of 1e-11.
LIMITS <- c(default = 1e-6, tight = 1e-6, ml = 1e-6, satterthwaite = 1e-5, kenward_roger = 1e-6, modes = 1e-5)
TIGHT <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-11))
DATA <- c("sleepstudy", "Dyestuff2", "Dyestuff", "Penicillin", "Pastes", "cake")

given <- commandArgs(trailingOnly = TRUE)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
stored <- fromJSON(if (length(given)) given[1] else file.path(here, "lme4.json"), simplifyVector = TRUE)

data_of <- function(name) {
  source <- DATA[startsWith(name, DATA)][1]
  rows <- get(source, envir = asNamespace("lme4"), inherits = TRUE)
  if (name == "cake_unordered_temperature") rows$temperature <- factor(rows$temperature, ordered = FALSE)
  rows
}

# Numbers as one vector, in whichever shape they come.
flat <- function(...) as.numeric(unlist(list(...)))

# The largest difference, relative to the largest number of the part.
apart <- function(found, expected) {
  if (length(found) != length(expected)) return(Inf)
  max(abs(found - expected), na.rm = TRUE) / max(abs(expected), 1e-8, na.rm = TRUE)
}

compared <- function(name) {
  expected <- stored[[name]]
  rows <- data_of(name)
  formula <- as.formula(expected$formula)
  quiet <- function(...) suppressMessages(suppressWarnings(lmerTest::lmer(formula, rows, ...)))
  fit <- quiet()
  tight <- quiet(control = TIGHT)
  ml <- suppressMessages(suppressWarnings(refitML(fit)))
  tests <- coef(summary(fit))
  kenward_roger <- coef(summary(fit, ddf = "Kenward-Roger"))
  modes <- ranef(fit, condVar = TRUE)
  c(
    default = max(
      apart(fixef(fit), flat(expected$fixef)),
      apart(getME(fit, "theta"), flat(expected$theta)),
      apart(flat(sigma(fit), logLik(fit), AIC(fit), BIC(fit)), flat(expected[c("sigma", "logLik", "AIC", "BIC")])),
      apart(flat(as.matrix(vcov(fit))), flat(expected$vcov_fixef$values)),
      apart(fitted(fit), expected$fitted)
    ),
    tight = max(
      apart(flat(REMLcrit(tight)), expected$tight$REMLcrit),
      apart(fixef(tight), flat(expected$tight$fixef)),
      apart(getME(tight, "theta"), flat(expected$tight$theta))
    ),
    ml = max(
      apart(flat(logLik(ml), AIC(ml), sigma(ml)), flat(expected$ML[c("logLik", "AIC", "sigma")])),
      apart(fixef(ml), flat(expected$ML$fixef))
    ),
    satterthwaite = apart(tests[, "df"], expected$satterthwaite$df),
    kenward_roger = max(
      apart(kenward_roger[, "df"], expected$kenward_roger$df),
      apart(flat(as.matrix(vcovAdj(fit))), flat(expected$vcovAdj$values))
    ),
    modes = max(sapply(names(expected$ranef), function(group) {
      apart(flat(t(as.matrix(modes[[group]]))), flat(t(matrix(expected$ranef[[group]]$mode, nrow(modes[[group]])))))
    }))
  )
}

gaussian <- names(Filter(function(fit) is.list(fit) && "REMLcrit" %in% names(fit), stored))
print(unlist(lapply(c("lme4", "lmerTest", "pbkrtest"), function(one) paste(one, packageVersion(one)))), quote = FALSE)
found <- t(sapply(gaussian, compared))
print(signif(found, 2))
far <- which(sweep(found, 2, LIMITS[colnames(found)]) > 0, arr.ind = TRUE)
for (at in seq_len(nrow(far))) {
  cat(rownames(found)[far[at, 1]], ":", colnames(found)[far[at, 2]], "is farther off than allowed\n")
}
quit(status = as.integer(nrow(far) > 0))
