# Fits the models of docs/published_models.md by lmer and glmer and writes tests/references/published.json.
#
#     Rscript tests/references/make_published.R [published.json]
#
# Data are those of the R packages, with factors as these have them. lme4 as it comes stops within some 1e-5 of the
# optimum, and with a tight search within some 1e-6; glmer also leaves the modes of the group effects a step from their
# end, which shows in the fourth to sixth digit, and its standard errors are good to three. So the answer of a tight
# search is the start of Newton's method: on lmer's own criterion, and on the deviance of glmer as it is written below,
# with lme4's matrices and the modes found to the last digit. `lme4` keeps what lme4's search ended with. Variances of 0
# are held, and those that go there are 0. Covariances of the group effects are named by the parts of their group in
# alphabetical order and by their columns.

suppressPackageStartupMessages({
  library(lme4)
  library(nlme)
  library(MASS)
  library(mlmRev)
  library(carData)
  library(geepack)
  library(boot)
  library(splines)
  library(jsonlite)
  library(numDeriv)
})

LMER <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-11, maxfun = 1e6), calc.derivs = FALSE)
GLMER <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e6), tolPwrss = 1e-13,
                      calc.derivs = FALSE)
BOUNDARY <- 1e-5

rows_of <- function(package, name) {
  place <- new.env()
  data(list = name, package = package, envir = place)
  as.data.frame(get(name, envir = place))
}

unordered <- function(x, levels = base::levels(x)) factor(as.character(x), levels = levels)

# Of every random term its group, its columns and their covariance by columns; `theta` in lme4's order.
covariances <- function(fit, theta, sigma) {
  columns <- getME(fit, "cnms")
  ends <- cumsum(sapply(columns, function(one) length(one) * (length(one) + 1) / 2))
  lapply(seq_along(columns), function(at) {
    k <- length(columns[[at]])
    factor <- matrix(0, k, k)
    factor[lower.tri(factor, diag = TRUE)] <- theta[(ends[at] - k * (k + 1) / 2 + 1):ends[at]]
    group <- paste(sort(strsplit(names(columns)[at], ":", fixed = TRUE)[[1]]), collapse = ":")
    list(group = group, columns = I(columns[[at]]), covariance = I(as.numeric(sigma^2 * tcrossprod(factor))))
  })
}

quiet <- function(...) suppressMessages(suppressWarnings(do.call(...)))

gaussian <- function(name, formula, rows, weights = NULL) {
  given <- list(formula, rows, control = LMER, weights = weights)
  fit <- quiet(lme4::lmer, given)
  criterion <- quiet(lme4::lmer, c(given, devFunOnly = TRUE))
  theta <- getME(fit, "theta")
  free <- which(theta > BOUNDARY | getME(fit, "lower") < 0)
  theta[-free] <- 0
  of_free <- function(x) criterion(replace(theta, free, x))
  for (iteration in 1:3) theta[free] <- theta[free] - solve(hessian(of_free, theta[free]), grad(of_free, theta[free]))
  theta[theta < BOUNDARY & getME(fit, "lower") == 0] <- 0
  parts <- lFormula(formula(fit), rows, weights = weights, control = LMER)
  at <- list(par = theta, fval = criterion(theta), conv = 0)
  polished <- mkMerMod(environment(criterion), at, parts$reTrms, fr = parts$fr)
  se <- sqrt(diag(as.matrix(vcov(polished))))
  groups <- covariances(polished, theta, sigma(polished))
  record(name, polished, REMLcrit(polished), fixef(polished), se, groups, lme4 = REMLcrit(fit))
}

# -2 log likelihood by Laplace's approximation, of (theta, beta); links are canonical.
laplace_deviance <- function(fit) {
  family <- fit@resp$family
  y <- fit@resp$y
  weights <- fit@resp$weights
  modes <- getME(fit, "u")
  function(at) {
    n_theta <- length(getME(fit, "theta"))
    Lambdat <- getME(fit, "Lambdat")
    Lambdat@x <- at[seq_len(n_theta)][getME(fit, "Lind")]
    Ut <- Lambdat %*% getME(fit, "Zt")
    fixed <- as.numeric(getME(fit, "X") %*% at[-seq_len(n_theta)]) + getME(fit, "offset")
    u <- modes
    for (iteration in 1:100) {
      mu <- family$linkinv(fixed + as.numeric(crossprod(Ut, u)))
      H <- tcrossprod(Ut %*% Diagonal(x = sqrt(weights * family$variance(mu)))) + Diagonal(length(u))
      step <- as.numeric(solve(H, Ut %*% (weights * (y - mu)) - u))
      u <- u + step
      if (max(abs(step)) < 1e-9) break  # the step after it would be of the order of its square
    }
    mu <- family$linkinv(fixed + as.numeric(crossprod(Ut, u)))
    H <- tcrossprod(Ut %*% Diagonal(x = sqrt(weights * family$variance(mu)))) + Diagonal(length(u))
    family$aic(y, rep(1, length(y)), mu, weights, NULL) + sum(u^2) + c(determinant(H)$modulus)
  }
}

counts <- function(name, formula, rows, family, weights = NULL) {
  fit <- quiet(glmer, list(formula, rows, family, control = GLMER, weights = weights))
  deviance <- laplace_deviance(fit)
  theta <- seq_along(getME(fit, "theta"))
  at <- c(getME(fit, "theta"), fixef(fit))
  curvature <- hessian(deviance, at)
  for (iteration in 1:4) at <- at - solve(curvature, grad(deviance, at))
  se <- sqrt(diag(2 * solve(hessian(deviance, at))))[-theta]
  record(name, fit, deviance(at), at[-theta], se, covariances(fit, at[theta], 1), lme4 = -2 * c(logLik(fit)))
}

found <- list()
record <- function(name, fit, criterion, beta, se, groups, ...) {
  text <- paste(deparse(formula(fit), width.cutoff = 500), collapse = "")
  found[[name]] <<- c(
    list(formula = text, n = nobs(fit), criterion = criterion, names = I(names(fixef(fit))), fixef = I(unname(beta))),
    list(se = I(unname(se)), sigma = if (isLMM(fit)) sigma(fit), groups = groups, ...)
  )
  cat(sprintf("%-16s %6d rows  criterion %.10f  lme4 %+.1e\n", name, nobs(fit), criterion, c(...) - criterion))
}

source_file <- sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))
given <- commandArgs(trailingOnly = TRUE)
target <- if (length(given)) given[1] else file.path(dirname(source_file), "published.json")

gaussian("sleepstudy", Reaction ~ Days + (Days | Subject), sleepstudy)
gaussian("pastes", strength ~ 1 + (1 | batch/cask), Pastes)
gaussian("penicillin", diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin)
gaussian("cake", angle ~ recipe * temperature + (1 | recipe:replicate), cake)
gaussian("machines", score ~ Machine + (Machine | Worker), rows_of("nlme", "Machines"))
gaussian("oats", yield ~ nitro * Variety + (1 | Block/Variety), rows_of("nlme", "Oats"))
gaussian("orthodont", distance ~ age * Sex + (age | Subject), rows_of("nlme", "Orthodont"))
gaussian("schools", mAch ~ meanses * cses + sector * cses + (cses | school), Hsb82)
gaussian("exam", normexam ~ standLRT + sex + schgend + (standLRT | school), Exam)
gaussian("pixel", pixel ~ day + I(day^2) + (day | Dog) + (1 | Dog:Side), rows_of("nlme", "Pixel"))
gaussian("wafer", current ~ voltage + I(voltage^2) + (voltage + I(voltage^2) || Wafer) +
                    (voltage + I(voltage^2) || Wafer:Site), rows_of("nlme", "Wafer"))
dialyzer <- rows_of("nlme", "Dialyzer")
gaussian("dialyzer", rate ~ (pressure + I(pressure^2) + I(pressure^3) + I(pressure^4)) * QB +
                       (pressure + I(pressure^2) | Subject), dialyzer)
gaussian("dialyzer_weights", rate ~ poly(pressure, 4) * QB + (pressure | Subject), dialyzer,
         weights = 1 / dialyzer$pressure)
gaussian("blackmore", log(exercise + 5 / 60, 2) ~ I(age - 8) * group + (I(age - 8) | subject), Blackmore)
gaussian("scotland", attain ~ verbal * sex + (1 | primary) + (1 | second), ScotsSec)
gaussian("earthquake", log(accel) ~ Richter + log(distance) + (1 | Quake), rows_of("nlme", "Earthquake"))
gaussian("language", langPOST ~ IQ.ver.cen * avg.IQ.ver.cen + (IQ.ver.cen | schoolNR), rows_of("nlme", "bdf"))
gaussian("growth", math ~ year * lowinc + (year | childid) + (year | schoolid), egsingle)
pups <- rows_of("nlme", "RatPupWeight")
pups$Treatment <- unordered(pups$Treatment)
gaussian("ratpups", weight ~ Treatment * sex + Lsize + (1 | Litter), pups)
gaussian("ergostool", effort ~ C(Type, contr.helmert) + (1 | Subject), rows_of("nlme", "ergoStool"))
gaussian("ovary", follicles ~ sin(2 * pi * Time) + cos(2 * pi * Time) + (1 | Mare) + (0 + sin(2 * pi * Time) | Mare),
         rows_of("nlme", "Ovary"))
gaussian("spruce", logsize ~ factor(wave) + ozone + ozone:time + (1 | chamber) + (1 | id), rows_of("geepack", "spruce"))
gaussian("bodyweight", weight ~ Time * Diet + (Time | Rat), rows_of("nlme", "BodyWeight"))
gaussian("oxboys", height ~ poly(age, 4) + (poly(age, 2) | Subject), rows_of("nlme", "Oxboys"))
gaussian("milk", protein ~ Diet + ns(Time, df = 3) + (1 | Cow), rows_of("nlme", "Milk"))
gaussian("assay", logDens ~ sample * dilut + (1 | Block) + (1 | Block:sample) + (1 | Block:dilut),
         rows_of("nlme", "Assay"))
gaussian("sprays", decrease ~ treatment + (1 | rowpos) + (1 | colpos), OrchardSprays)
gaussian("npk", yield ~ C(N, contr.sum) * C(P, contr.sum) * C(K, contr.sum) + (1 | block), npk)
obrien <- OBrienKaiserLong
for (one in c("treatment", "phase", "hour")) contrasts(obrien[[one]]) <- contr.treatment
gaussian("obrien", score ~ treatment * gender * phase + hour + (1 | id) + (1 | id:phase) + (1 | id:hour), obrien)

counts("cbpp", cbind(incidence, size - incidence) ~ period + (1 | herd), cbpp, binomial)
counts("cbpp_share", incidence / size ~ period + (1 | herd), cbpp, binomial, weights = cbpp$size)
counts("cane", cbind(r, n - r) ~ block + (1 | var), cane, binomial)
counts("bacteria", y ~ trt + I(week > 2) + (1 | ID), bacteria, binomial)
counts("ohio", resp ~ age * smoke + (1 | id), ohio, binomial)
counts("respiratory", outcome ~ factor(center) + treat + sex + age + baseline + (1 | center:id),
       rows_of("geepack", "respiratory"), binomial)
counts("contraception", use ~ age + I(age^2) + urban + livch + (urban | district), Contraception, binomial)
counts("immunization", immun ~ kid2p + mom25p + ord + ethn + momEd + husEd + momWork + rural + pcInd81 + (1 | mom) +
                         (1 | comm), guImmun, binomial)
counts("verbagg", r2 ~ Anger + Gender + btype + situ + (1 | id) + (1 | item), VerbAgg, binomial)
counts("epilepsy", y ~ lbase * trt + lage + V4 + (1 | subject), epil, poisson)
counts("ticks", TICKS ~ YEAR + cHEIGHT + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION), grouseticks, poisson)
counts("melanoma", deaths ~ uvb + offset(log(expected)) + (1 | nation/region), Mmmec, poisson)
thale <- Arabidopsis
for (one in c("nutrient", "rack")) thale[[one]] <- factor(thale[[one]])
counts("arabidopsis", total.fruits ~ nutrient * amd + rack + status + (1 | popu) + (1 | gen), thale, poisson)

packages <- c("lme4", "nlme", "MASS", "mlmRev", "carData", "geepack", "boot", "numDeriv")
versions <- c(R = as.character(getRversion()), sapply(packages, function(one) as.character(packageVersion(one))))
write_json(list(versions = as.list(versions), models = found), target, digits = I(14), auto_unbox = TRUE, null = "null",
           pretty = TRUE)
