# Marginal means and slopes by emmeans, of linear models, mixed models and generalised ones, and stores them with the data.
#
#     Rscript tests/references/make_means.R [means.json]
#
# Needs lme4, lmerTest, pbkrtest, emmeans, splines and jsonlite. The data are drawn here, or lie in bayesmix/data/files.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(pbkrtest)
  library(emmeans)
  library(splines)
  library(jsonlite)
})
emm_options(msg.interaction = TRUE, msg.nesting = TRUE)
TIGHT <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-11))
TIGHTER <- glmerControl(tolPwrss = 1e-13, optimizer = "bobyqa", optCtrl = list(rhobeg = 0.02, rhoend = 1e-9))
given <- commandArgs(trailingOnly = TRUE)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(20240917)

# ---- data ----------------------------------------------------------------------------------------------------------

bundled <- function(name, factors = character()) {
  rows <- read.csv(file.path(here, "../../bayesmix/data/files", paste0(name, ".csv")), stringsAsFactors = TRUE)
  rows[factors] <- lapply(rows[factors], factor)
  rows
}
irrigation <- bundled("irrigation")
irrigation_hole <- droplevels(subset(irrigation, !(irrigation == "i4" & variety == "v2")))
n <- 90
mixed <- data.frame(
  f = factor(sample(c("a", "b", "c"), n, TRUE, c(0.5, 0.3, 0.2))), g = factor(sample(c("u", "v"), n, TRUE, c(0.7, 0.3))),
  k = factor(sample(c("p", "q", "r"), n, TRUE)), x = round(runif(n, 1, 9), 2), z = round(rnorm(n), 2),
  old = sample(0:1, n, TRUE, c(0.6, 0.4)), w = round(runif(n, 0.5, 2), 2), size = sample(5:30, n, TRUE),
  h = factor(sample(paste0("h", 1:8), n, TRUE)), dose = sample(c(0, 10, 20), n, TRUE)
)
eta <- 0.6 + c(0, 0.4, 0.9)[mixed$f] + c(0, -0.5)[mixed$g] + 0.08 * mixed$x + rnorm(8, sd = 0.4)[mixed$h]
mixed$y <- round(exp(eta + rnorm(n, sd = 0.3)), 3)
mixed$count <- rpois(n, exp(eta - 3) * mixed$size)
mixed$yes <- rbinom(n, mixed$size, plogis(eta - 1.5))
mixed$no <- mixed$size - mixed$yes
nested <- expand.grid(block = paste0("b", 1:3), field = 1:3, farm = c("A", "B", "C", "D"), stringsAsFactors = TRUE)
nested$spray <- factor(c(A = "no", B = "yes", C = "no", D = "yes")[as.character(nested$farm)])
nested$place <- factor(nested$field)
nested$field <- factor(paste0(nested$farm, nested$field))
nested <- droplevels(nested[!(nested$field %in% c("A3", "D2")), ])
nested$y <- round(20 + rnorm(4)[nested$farm] + rnorm(nlevels(nested$field))[nested$field] + rnorm(nrow(nested)), 2)
trial <- expand.grid(rep = c("r1", "r2"), entry = sprintf("E%02d", 1:12), year = c("Y1", "Y2"), stringsAsFactors = TRUE)
trial <- droplevels(subset(trial, !(year == "Y2" & as.integer(entry) > 8)))
trial$rep <- factor(paste(trial$year, trial$rep, sep = "-"))
trial$y <- round(50 + c(0, -11.6)[trial$year] + rnorm(12, sd = 4)[trial$entry] + rnorm(nrow(trial), sd = 6), 2)
uneven <- nested[-c(2, 7, 15, 20, 24), ]

DATA <- list(irrigation_hole = irrigation_hole, mixed = mixed, nested = nested, uneven = uneven, trial = trial)
HERE <- list(
  irrigation = irrigation, kfert = bundled("kfert", c("K2O_lbac", "rep")), cochran_bib = bundled("cochran_bib"),
  cbpp = bundled("cbpp", c("herd", "period"))
)

# ---- cases: data, model, and what is asked of it ---------------------------------------------------------------------

model <- function(kind, data, formula, asked, family = NULL, weights = NULL) {
  list(kind = kind, data = data, formula = formula, family = family, weights = weights, asked = asked)
}
means <- function(specs, ...) list(specs = specs, ...)
trend <- function(var, specs, ...) list(trend = var, specs = specs, ...)
WEIGHTS <- c("equal", "proportional", "outer", "cells", "flat")
weighted <- function(specs, ...) lapply(WEIGHTS, function(one) means(specs, weights = one, ...))

MODELS <- list(
  model("lm", "kfert", "yield ~ K2O_lbac + rep", list(means("K2O_lbac"))),
  model("lmer", "kfert", "yield ~ K2O_lbac + (1 | rep)", list(means("K2O_lbac"))),
  model("lm", "cochran_bib", "yield ~ gen + loc", list(means("gen"), means("loc"))),
  model("lmer", "cochran_bib", "yield ~ gen + (1 | loc)", list(means("gen"))),
  model("lmer", "irrigation", "yield ~ irrigation * variety + (1 | field)", list(
    means("irrigation"), means("variety"), means(c("irrigation", "variety")), means("irrigation", by = "variety"), means("1")
  )),
  model("lmer", "irrigation_hole", "yield ~ irrigation * variety + (1 | field)", list(
    means("irrigation"), means("variety"), means(c("irrigation", "variety")), means("irrigation", weights = "cells")
  )),
  model("lm", "mixed", "y ~ f * g + k + x", c(
    weighted("f"), weighted("g", by = "k"), weighted("1"), list(means(c("g", "k")), means("x"), means("f", at = list(x = c(2, 5))),
    means(c("f", "x"), at = list(x = c(2, 5))), means("f", at = list(g = "u")), means("g", at = list(f = c("a", "b"))))
  )),
  model("lm", "mixed", "y ~ f * g + k + x", c(weighted("f"), list(means("k"))), weights = "w"),
  model("lm", "mixed", "y ~ f * poly(x, 2) + ns(z, df = 3)", list(
    means("f"), means("f", at = list(x = c(2, 8))), trend("x", "f"), trend("x", "f", at = list(x = c(2, 8)), by = "x"), trend("z", "1")
  )),
  model("lm", "mixed", "y ~ f * log(x) + factor(dose) + old", c(weighted("f"), list(
    means("dose"), means("old"), means("f", at = list(dose = c(0, 20)))
  ))),
  model("lm", "mixed", "y ~ f * log(x) + k", list(trend("x", "f"), trend("log(x)", "f"), trend("x", "f", by = "k"))),
  model("lmer", "mixed", "y ~ f * x + g + (x | h)", list(
    means("f"), means("f", by = "g"), means("g", at = list(x = 7)), trend("x", "f"), trend("x", "1")
  )),
  model("lm", "mixed", "log(y) ~ f + x", list(means("f"), means("f", type = "response"))),
  model("lm", "mixed", "sqrt(y) ~ f + x", list(means("f", type = "response"))),
  model("lm", "mixed", "log(y + 1) ~ f + x", list(means("f", type = "response"))),
  model("lm", "mixed", "log1p(y) ~ f + x", list(means("f", type = "response"))),
  model("lm", "mixed", "log10(y) ~ f + x", list(means("f", type = "response"))),
  model("lm", "mixed", "log2(y) ~ f + x", list(means("f", type = "response"))),
  model("lmer", "mixed", "log(y) ~ f + g + (1 | h)", list(means("f", type = "response"))),
  model("lm", "nested", "y ~ block + farm + field", list(means("farm"), means("field"), means("block"), means("block", weights = "cells"),
    means("farm", weights = "proportional"), means("1"))),
  model("lm", "nested", "y ~ block + spray / farm / place", list(means("spray"), means("farm"), means("block"), means("place"))),
  model("lm", "nested", "y ~ block + farm / place", list(means("block"), means("farm"))),
  model("lm", "uneven", "y ~ block + farm + field", c(weighted("farm"), weighted("block"))),
  model("lm", "nested", "y ~ spray + block + farm", list(means("spray"), means("block"))),
  model("lm", "trial", "y ~ year + rep + entry + entry:year", list(means("entry"), means("year"), means("entry", by = "year"))),
  model("lmer", "trial", "y ~ entry + (1 | rep) + (1 | entry:year)", list(means("entry"))),
  model("glmer", "cbpp", "cbind(incidence, size - incidence) ~ period + (1 | herd)", list(
    means("period"), means("period", type = "response")
  ), "binomial"),
  model("glmer", "mixed", "count ~ f + g + x + offset(log(size)) + (1 | h)", c(list(
    means("f"), means("f", type = "response"), means("f", offset = 0, type = "response"), means("g", by = "f", type = "response"),
    means("f", at = list(x = 2), type = "response")
  ), weighted("f", type = "response")), "poisson"),
  model("glmer", "mixed", "cbind(yes, no) ~ f * x + (1 | h)", c(list(
    means("f", type = "response"), trend("x", "f")
  ), weighted("1")), "binomial"),
  model("lm", "mixed", "log(y) ~ f * x + g", list(
    means("f", regrid = "response"), means("f", by = "g", regrid = "response", cov_reduce = "range"),
    trend("x", "f", regrid = "response")
  )),
  model("lmer", "mixed", "sqrt(y) ~ f * x + g + (1 | h)", list(
    means("f", regrid = "response"), means("f", regrid = "response", weights = "cells"), trend("x", "f", regrid = "response")
  )),
  model("glmer", "mixed", "count ~ f * x + g + (1 | h)", list(
    means("f", regrid = "response"), trend("x", "f", regrid = "response"), means("1", regrid = "response")
  ), "poisson"),
  model("glmer", "cbpp", "cbind(incidence, size - incidence) ~ period + (1 | herd)", weighted("1", regrid = "response"), "binomial"),
  model("lm", "mixed", "y ~ f * x + poly(z, 2) + old", list(
    means("f", cov_reduce = "median"), means("f", by = "x", cov_reduce = "range"), means("f", cov_reduce = "range"),
    means("f", cov_reduce = list(x = "median")), trend("x", "f", cov_reduce = "median")
  ))
)

# ---- answers -------------------------------------------------------------------------------------------------------

fitted_model <- function(case) {
  rows <- c(DATA, HERE)[[case$data]]
  call <- list(as.formula(case$formula), data = rows)
  if (!is.null(case$weights)) call$weights <- rows[[case$weights]]
  switch(case$kind,
    lm = do.call(lm, call),
    lmer = do.call(lmerTest::lmer, c(call, control = list(TIGHT))),
    glmer = do.call(lme4::glmer, c(call, family = case$family, control = list(TIGHTER)))
  )
}

answer_of <- function(fit, asked, mode) {
  notes <- character()
  call <- c(list(fit), asked[setdiff(names(asked), c("trend", "type", "cov_reduce"))])
  if (!is.null(asked$cov_reduce)) call$cov.reduce <- if (is.list(asked$cov_reduce)) lapply(asked$cov_reduce, get) else get(asked$cov_reduce)
  if (!is.null(mode)) call$lmer.df <- mode
  if (!is.null(asked$trend)) call <- c(call, var = asked$trend, delta.var = 1e-5)
  table <- withCallingHandlers(
    do.call(if (is.null(asked$trend)) emmeans else emtrends, call),
    message = function(m) {
      notes <<- c(notes, conditionMessage(m))
      invokeRestart("muffleMessage")
    }
  )
  table <- as.data.frame(summary(table, type = if (is.null(asked$type)) "link" else asked$type))
  names(table)[names(table) %in% c("asymp.LCL", "lower.CL")] <- "lower"
  names(table)[names(table) %in% c("asymp.UCL", "upper.CL")] <- "upper"
  table[] <- lapply(table, function(column) if (is.factor(column)) as.character(column) else column)
  table$df[is.infinite(table$df)] <- NA
  list(table = as.list(table), notes = as.list(notes))
}

answers <- lapply(MODELS, function(case) {
  fit <- suppressMessages(suppressWarnings(fitted_model(case)))
  case$asked <- lapply(case$asked, function(asked) {
    modes <- if (case$kind == "lmer") c("satterthwaite", "kenward-roger") else list(NULL)
    asked$answers <- lapply(modes, function(mode) c(list(ddf = mode), answer_of(fit, asked, mode)))
    asked
  })
  case
})

versions <- sapply(c("lme4", "lmerTest", "pbkrtest", "emmeans"), function(p) as.character(packageVersion(p)))
answer <- list(
  versions = as.list(c(R = paste(R.version$major, R.version$minor, sep = "."), versions)), data = DATA, models = answers
)
path <- if (length(given)) given[1] else file.path(here, "means.json")
writeLines(toJSON(answer, digits = 12, auto_unbox = TRUE, null = "null", na = "null", dataframe = "columns"), path)
