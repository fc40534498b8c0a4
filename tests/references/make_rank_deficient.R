# Fits linear models and mixed models whose fixed parts are, most of them, rank-deficient, and stores what R makes of
# them: the columns that are dropped, coefficients with standard errors and degrees of freedom, tables of variance.
#
#     Rscript tests/references/make_rank_deficient.R [rank_deficient.json]
#
# Needs lme4, lmerTest, pbkrtest, car, estimability and jsonlite. The data are drawn here or come with R, and are stored
# beside the answers.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(pbkrtest)
  library(car)
  library(estimability)
  library(jsonlite)
})

TIGHT <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-11))
given <- commandArgs(trailingOnly = TRUE)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(20240613)

# ---- data ----------------------------------------------------------------------------------------------------------

with_cells <- warpbreaks
with_cells$loom <- factor(rep(paste0("l", 1:9), 6))
empty_cell <- droplevels(subset(with_cells, !(wool == "B" & tension == "H")))
empty_first <- droplevels(subset(with_cells, !(wool == "A" & tension == "M")))

# 35 entries in two years with two replicates; the last 12 were sown in the first year alone.
trial <- expand.grid(rep = c("r1", "r2"), entry = sprintf("E%02d", 1:35), year = c("Y1", "Y2"), stringsAsFactors = TRUE)
trial <- droplevels(subset(trial, !(year == "Y2" & as.integer(entry) > 23)))
trial$plot <- interaction(trial$year, trial$rep, drop = TRUE)
trial$y <- round(50 + c(0, -11.6)[trial$year] + rnorm(35, sd = 4)[trial$entry] +
  rnorm(70, sd = 7)[as.integer(interaction(trial$entry, trial$year))] + rnorm(4, sd = 3)[trial$plot] +
  rnorm(nrow(trial), sd = 6), 2)

# Two factors and two numbers, with a third that is their sum, unequal counts, and one cell without rows.
n <- 60
mixed <- data.frame(
  f = factor(sample(c("a", "b", "c"), n, TRUE, c(0.5, 0.3, 0.2))), g = factor(sample(c("u", "v", "w"), n, TRUE)),
  x = round(rnorm(n, 10, 2), 2), z = round(rnorm(n), 2), w = round(runif(n, 0.5, 2), 2),
  h = factor(sample(paste0("h", 1:8), n, TRUE))
)
mixed$total <- mixed$x + mixed$z
mixed$y <- round(3 + c(0, 1, 2)[mixed$f] + c(0, -1, 1)[mixed$g] + 0.4 * mixed$x + c(0, 0.2, -0.1)[mixed$f] * mixed$x +
  rnorm(8)[mixed$h] + rnorm(n), 2)
mixed$count <- rpois(n, exp(0.2 + c(0, 0.4, 0.8)[mixed$f] + 0.5 * mixed$z + rnorm(8, sd = 0.4)[mixed$h]))
mixed$yes <- rbinom(n, 1, plogis(0.8 * mixed$z + c(0, 0.5, -0.5)[mixed$g]))
holes <- droplevels(subset(mixed, !(f == "b" & g == "w")))
# Fields within farms, each with a label of its own; a farm that is sprayed or not as a whole.
nested <- expand.grid(plot = 1:3, field = 1:3, farm = c("A", "B", "C", "D"))
nested$spray <- factor(c(A = "no", B = "yes", C = "no", D = "yes")[nested$farm])
nested$field <- factor(paste0(nested$farm, nested$field))
nested$block <- factor(rep(paste0("b", 1:3), 12))
nested$y <- round(20 + rnorm(4)[nested$farm] + rnorm(12)[nested$field] + rnorm(36), 2)
nested$plot <- NULL
balanced <- expand.grid(g = paste0("g", 1:6), b = c("p", "q", "r"), a = c("k", "l"), stringsAsFactors = TRUE)
balanced$y <- round(5 + c(0, 2)[balanced$a] + c(0, 1, 3)[balanced$b] + rnorm(6)[balanced$g] + rnorm(36), 2)

DATA <- list(
  empty_cell = empty_cell, empty_first = empty_first, trial = trial, mixed = mixed, holes = holes, nested = nested,
  balanced = balanced, with_cells = with_cells
)

# ---- models --------------------------------------------------------------------------------------------------------

LM <- list(
  c("empty_cell", "breaks ~ wool * tension"),
  c("empty_first", "breaks ~ wool * tension"),
  c("empty_first", "breaks ~ 0 + wool * tension"),
  c("trial", "y ~ entry * year"),
  c("trial", "y ~ year + plot + entry + year:entry"),
  c("mixed", "y ~ x + z + total + f"),
  c("mixed", "y ~ total + f + x + z + I(2 * x)"),
  c("holes", "y ~ f * g + x"),
  c("holes", "y ~ f * g * x", "w"),
  c("nested", "y ~ spray + farm + field"),
  c("nested", "y ~ field + farm + block"),
  c("nested", "y ~ spray * block + block:farm"),
  c("mixed", "y ~ f * g + x"),
  c("mixed", "y ~ f * g + f:x + x", "w"),
  c("mixed", "y ~ f + g + z"),
  c("balanced", "y ~ a * b")
)
LMER <- list(
  c("empty_cell", "breaks ~ wool * tension + (1 | loom)"),
  c("empty_first", "breaks ~ wool * tension + (1 | loom)"),
  c("trial", "y ~ entry * year + (1 | year:rep)"),
  c("trial", "y ~ year * entry + (1 | year:rep)"),
  c("mixed", "y ~ x + z + total + f + (1 | h)"),
  c("holes", "y ~ f * g + x + (1 | h)"),
  c("holes", "y ~ f * g * x + (1 | h)"),
  c("nested", "y ~ spray + farm + block + (1 | field)"),
  c("nested", "y ~ spray * block + block:farm + (1 | field)"),
  c("mixed", "y ~ f * g + x + (1 | h)"),
  c("mixed", "y ~ f * x + g + (1 | h)"),
  c("balanced", "y ~ a * b + (1 | g)"),
  c("with_cells", "breaks ~ wool + (1 | loom)")
)

GLM <- list(
  c("holes", "count ~ f * g + z + I(2 * z)", "poisson"),
  c("holes", "yes ~ f * g + z", "binomial"),
  c("holes", "count ~ f * g + z + (1 | h)", "poisson"),
  c("holes", "count ~ x + z + total + (1 | h)", "poisson")
)

# ---- answers -------------------------------------------------------------------------------------------------------

plain <- function(table) {
  table <- as.data.frame(table)
  c(list(term = rownames(table)), lapply(setNames(as.list(table), make.names(names(table))), unname))
}

# F tests of hypotheses by hand: lmerTest has those of type 3 where cells are empty, car has not.
by_hypotheses <- function(fit, hypotheses) {
  beta <- coef(fit)[!is.na(coef(fit))]
  covariance <- vcov(fit, complete = FALSE) / sigma(fit)^2
  t(sapply(hypotheses, function(L) {
    if (is.null(L) || nrow(L) == 0) return(c(Df = 0, SS = 0))
    L <- L[!duplicated(round(L, 10)), , drop = FALSE]
    V <- L %*% covariance %*% t(L)
    estimate <- L %*% beta
    c(Df = qr(V, tol = 1e-9)$rank, SS = drop(t(estimate) %*% MASS::ginv(V) %*% estimate))
  }))
}

# The hypotheses depend on the fixed part alone: of any mixed model with it.
hypotheses_of <- function(formula, rows, type) {
  rows$any_group <- factor(rep(1:6, length.out = nrow(rows)))
  fit <- suppressMessages(suppressWarnings(lmerTest::lmer(update(formula, . ~ . + (1 | any_group)), rows)))
  attr(anova(fit, type = type, ddf = "Satterthwaite"), "hypotheses")
}

linear <- lapply(LM, function(case) {
  rows <- DATA[[case[1]]]
  formula <- as.formula(case[2])
  if (length(case) > 2) rows$.weight <- rows[[case[3]]]
  fit <- if (length(case) > 2) lm(formula, rows, weights = .weight) else lm(formula, rows)
  coefficients <- coef(fit)
  se <- setNames(rep(NA_real_, length(coefficients)), names(coefficients))
  se[rownames(coef(summary(fit)))] <- coef(summary(fit))[, 2]
  full <- !anyNA(coefficients)
  # Sum-to-zero contrasts, with which car's type 3 compares means.
  factors <- names(which(sapply(rows[all.vars(formula)], is.factor)))
  sums <- setNames(rep(list("contr.sum"), length(factors)), factors)
  three <- if (full && length(case) == 2 && length(factors)) {
    plain(car::Anova(lm(formula, rows, contrasts = sums), type = 3))
  }
  list(
    data = case[1], formula = case[2], weights = if (length(case) > 2) case[3],
    coefficients = unname(coefficients), se = unname(se), df = fit$df.residual, sigma = sigma(fit),
    r_squared = summary(fit)$r.squared, loglik = as.numeric(logLik(fit)), fitted = unname(fitted(fit)),
    type_one = plain(anova(fit)), type_two = plain(car::Anova(fit, type = 2, singular.ok = TRUE)), type_three = three,
    hypotheses_three = plain(by_hypotheses(fit, hypotheses_of(formula, rows, 3)))
  )
})

tables <- function(fit) {
  found <- list()
  for (ddf in c("Satterthwaite", "Kenward-Roger")) for (type in 1:3) {
    table <- suppressWarnings(anova(fit, type = type, ddf = ddf))
    found[[ddf]][[type]] <- plain(table)
  }
  found
}

mixed_models <- lapply(LMER, function(case) {
  rows <- DATA[[case[1]]]
  fit <- suppressMessages(suppressWarnings(lmerTest::lmer(as.formula(case[2]), rows, control = TIGHT)))
  dropped <- attr(getME(fit, "X"), "col.dropped")
  satterthwaite <- coef(summary(fit))
  kenward_roger <- coef(summary(fit, ddf = "Kenward-Roger"))
  list(
    data = case[1], formula = case[2], dropped = as.list(as.integer(dropped)),
    coefficients = unname(fixef(fit)), criterion = REMLcrit(fit), sigma = sigma(fit), theta = unname(getME(fit, "theta")),
    se = unname(satterthwaite[, 2]), df = unname(satterthwaite[, 3]),
    kr_se = unname(kenward_roger[, 2]), kr_df = unname(kenward_roger[, 3]),
    fitted = unname(fitted(fit)), anova = tables(fit)
  )
})

counts <- lapply(GLM, function(case) {
  rows <- DATA[[case[1]]]
  random <- grepl("|", case[2], fixed = TRUE)
  fit <- if (random) {
    tight <- glmerControl(tolPwrss = 1e-13, optimizer = "bobyqa", optCtrl = list(rhobeg = 0.02, rhoend = 1e-9))
    suppressMessages(suppressWarnings(glmer(as.formula(case[2]), rows, case[3], control = tight)))
  } else {
    glm(as.formula(case[2]), case[3], rows, control = glm.control(epsilon = 1e-9))
  }
  list(
    data = case[1], formula = case[2], family = case[3],
    coefficients = if (random) unname(fixef(fit)) else unname(coef(fit)[!is.na(coef(fit))]),
    se = unname(coef(summary(fit))[, 2]), deviance = as.numeric(-2 * logLik(fit)),
    dropped = as.list(if (random) as.integer(attr(getME(fit, "X"), "col.dropped")) else unname(which(is.na(coef(fit)))))
  )
})

# Which rows R calls estimable: rows of X, and random ones, of three of the designs.
tested <- lapply(LM[c(1, 2, 4, 8, 10)], function(case) {
  formula <- as.formula(case[2])
  X <- model.matrix(formula, DATA[[case[1]]])
  rows <- rbind(
    diag(ncol(X)), X[sample(nrow(X), 5), ], matrix(sample(0:1, 20 * ncol(X), TRUE), 20),
    matrix(rnorm(5 * nrow(X)), 5) %*% X
  )
  list(
    data = case[1], formula = case[2], rows = unname(rows), estimable = unname(is.estble(rows, nonest.basis(X)))
  )
})

versions <- sapply(c("lme4", "lmerTest", "pbkrtest", "car", "estimability"), function(p) as.character(packageVersion(p)))
answer <- list(
  versions = as.list(c(R = paste(R.version$major, R.version$minor, sep = "."), versions)),
  data = DATA, levels = lapply(DATA, function(rows) Filter(Negate(is.null), lapply(rows, levels))), lm = linear, lmer = mixed_models, counts = counts, estimable = tested
)
path <- if (length(given)) given[1] else file.path(here, "rank_deficient.json")
writeLines(toJSON(answer, digits = 15, auto_unbox = TRUE, null = "null", na = "null", dataframe = "columns"), path)
