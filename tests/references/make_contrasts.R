# Contrasts of marginal means, compact letters and joint tests by emmeans and multcompView, and the multivariate t of
# mvtnorm; stores them with the data.
#
#     Rscript tests/references/make_contrasts.R [contrasts.json]
#
# Needs lme4, lmerTest, pbkrtest, emmeans, multcompView, mvtnorm and jsonlite. The data are drawn here, come with R, or lie
# in bayesmix/data/files.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(pbkrtest)
  library(emmeans)
  library(multcompView)
  library(mvtnorm)
  library(jsonlite)
})
TIGHT <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-11))
TIGHTER <- glmerControl(tolPwrss = 1e-13, optimizer = "bobyqa", optCtrl = list(rhobeg = 0.02, rhoend = 1e-9))
given <- commandArgs(trailingOnly = TRUE)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(20250211)

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
  f = factor(sample(c("a", "b", "c", "d"), n, TRUE, c(0.4, 0.3, 0.2, 0.1))), g = factor(sample(c("u", "v"), n, TRUE)),
  x = round(runif(n, 1, 9), 2), h = factor(sample(paste0("h", 1:8), n, TRUE))
)
eta <- 0.6 + c(0, 0.4, 0.9, 0.2)[mixed$f] + c(0, -0.5)[mixed$g] + 0.08 * mixed$x + rnorm(8, sd = 0.4)[mixed$h]
mixed$y <- round(10 * eta + c(0, 1, -1, 0)[mixed$f] * mixed$x + rnorm(n, sd = 3), 3)
mixed$count <- rpois(n, exp(eta))
crops <- data.frame(
  cultivar = factor(rep(sprintf("c%02d", 1:9), each = 4)),
  y = round(rep(c(50, 53, 47, 58, 55, 44, 60, 52, 49), each = 4) + rnorm(36, sd = 3), 2)
)
DATA <- list(warpbreaks = warpbreaks, irrigation_hole = irrigation_hole, mixed = mixed, crops = crops)
HERE <- list(
  irrigation = irrigation, kfert = bundled("kfert", c("K2O_lbac", "rep")), cochran_bib = bundled("cochran_bib"),
  cake = bundled("cake", c("recipe", "replicate", "temperature")), cbpp = bundled("cbpp", c("herd", "period"))
)

# ---- cases: data, model, and what is asked of it ---------------------------------------------------------------------

model <- function(kind, data, formula, asked, family = NULL) {
  list(kind = kind, data = data, formula = formula, family = family, asked = asked)
}
contr <- function(specs, method, ...) list(what = "contrasts", specs = specs, method = method, ...)
letters_of <- function(specs, ...) list(what = "letters", specs = specs, ...)
joint <- function(...) list(what = "joint_tests", ...)
ADJUST <- c("none", "tukey", "dunnettx", "sidak", "scheffe", "bonferroni", "holm", "hochberg", "fdr")
METHODS <- c("pairwise", "revpairwise", "trt.vs.ctrl", "trt.vs.ctrlk", "poly", "eff", "del.eff")
all_adjusted <- function(specs, method, ...) lapply(ADJUST, function(one) contr(specs, method, adjust = one, ...))
all_methods <- function(specs, ...) lapply(METHODS, function(one) contr(specs, one, ...))

MODELS <- list(
  model("lm", "kfert", "yield ~ K2O_lbac + rep", c(
    list(contr("K2O_lbac", list("first - last" = c(1, 0, 0, 0, -1)))), all_methods("K2O_lbac"), list(letters_of("K2O_lbac"))
  )),
  model("lmer", "kfert", "yield ~ K2O_lbac + (1 | rep)", c(
    list(contr("K2O_lbac", list("first - last" = c(1, 0, 0, 0, -1)))), all_adjusted("K2O_lbac", "pairwise")
  )),
  model("lm", "cochran_bib", "yield ~ gen + loc", list(contr("gen", "pairwise", adjust = "none"), contr("gen", "pairwise"))),
  model("lmer", "cochran_bib", "yield ~ gen + (1 | loc)", list(
    contr("gen", "pairwise", adjust = "none"), contr("gen", "pairwise"), contr("gen", "trt.vs.ctrl", adjust = "holm")
  )),
  model("lm", "warpbreaks", "breaks ~ wool * tension", c(
    all_adjusted("tension", "pairwise"), all_adjusted("tension", "trt.vs.ctrl"), all_adjusted("tension", "pairwise", by = "wool"),
    all_methods("tension", by = "wool"), list(
      contr("tension", "consec", adjust = "none"), contr("tension", "mean_chg", adjust = "none"),
      contr(c("tension", "wool"), "pairwise"), contr(c("tension", "wool"), "pairwise", interaction = "pairwise"),
      contr(c("tension", "wool"), "pairwise", interaction = c("poly", "pairwise")),
      contr("tension", list(a = c(1, -1, 0), b = c(1, 1, -2)), adjust = "tukey"), contr("tension", "pairwise", adjust = "mvt"),
      contr("tension", "trt.vs.ctrl", adjust = "mvt"), contr("tension", "trt.vs.ctrl", ref = c("L", "M")),
      letters_of("tension", by = "wool"), letters_of(c("tension", "wool")), joint(), joint(by = "wool")
    )
  )),
  model("lmer", "irrigation", "yield ~ irrigation * variety + (1 | field)", list(
    contr("irrigation", "pairwise"), contr("variety", "pairwise"), contr("variety", "pairwise", by = "irrigation"),
    contr("irrigation", "pairwise", by = "variety"), contr("irrigation", "trt.vs.ctrl", by = "variety"),
    contr("irrigation", "pairwise", adjust = "holm"), contr(c("irrigation", "variety"), "pairwise"), joint(), joint(by = "variety")
  )),
  model("lmer", "irrigation_hole", "yield ~ irrigation * variety + (1 | field)", list(
    contr("irrigation", "pairwise", adjust = "none"), contr("irrigation", "pairwise"), contr(c("irrigation", "variety"), "pairwise"),
    joint(), joint(by = "variety")
  )),
  model("lmer", "cake", "angle ~ recipe * temperature + (1 | recipe:replicate)", list(
    contr("recipe", "pairwise"), contr("temperature", "poly"), contr("temperature", "trt.vs.ctrl"),
    contr("temperature", "pairwise", by = "recipe", adjust = "holm"), joint()
  )),
  model("lm", "mixed", "y ~ f * g + x", list(
    contr("f", "pairwise"), contr("f", "eff", by = "g"), contr("f", "pairwise", adjust = "scheffe"), joint(),
    joint(by = "g")
  )),
  model("lm", "mixed", "y ~ f * x + g", list(joint())),
  model("lmer", "mixed", "y ~ f + g + x + (1 | h)", list(contr("f", "pairwise"), contr("f", "trt.vs.ctrl", ref = "c"), joint())),
  model("lm", "crops", "y ~ cultivar", list(
    letters_of("cultivar"), letters_of("cultivar", adjust = "none"), letters_of("cultivar", alpha = 0.5, adjust = "holm")
  )),
  model("glmer", "cbpp", "cbind(incidence, size - incidence) ~ period + (1 | herd)", list(
    contr("period", "pairwise"), contr("period", "pairwise", type = "response"), contr("period", "trt.vs.ctrl", type = "response"),
    contr("period", "identity", type = "response", adjust = "none"), joint()
  ), "binomial"),
  model("glmer", "mixed", "count ~ f + g + x + (1 | h)", list(
    contr("f", "pairwise", type = "response"), contr("f", "eff", type = "response")
  ), "poisson")
)

# ---- answers -------------------------------------------------------------------------------------------------------

fitted_model <- function(case) {
  call <- list(as.formula(case$formula), data = c(DATA, HERE)[[case$data]])
  switch(case$kind,
    lm = do.call(lm, call),
    lmer = do.call(lmerTest::lmer, c(call, control = list(TIGHT))),
    glmer = do.call(lme4::glmer, c(call, family = case$family, control = list(TIGHTER)))
  )
}

plain <- function(table) {
  table <- as.data.frame(table)
  names(table)[names(table) %in% c("asymp.LCL", "lower.CL")] <- "lower"
  names(table)[names(table) %in% c("asymp.UCL", "upper.CL")] <- "upper"
  table[] <- lapply(table, function(column) if (is.factor(column)) as.character(column) else column)
  if (!is.null(table$df)) table$df[is.infinite(table$df)] <- NA
  if (!is.null(table$df2)) table$df2[is.infinite(table$df2)] <- NA
  as.list(table)
}

answer_of <- function(fit, asked, mode) {
  means_call <- c(list(fit), asked[intersect(names(asked), c("specs", "by"))])
  if (!is.null(mode)) means_call$lmer.df <- mode
  if (asked$what == "joint_tests") {
    table <- do.call(joint_tests, means_call)
    return(plain(table))
  }
  means <- do.call(emmeans, means_call)
  if (asked$what == "letters") {
    call <- c(list(means, Letters = letters, reversed = TRUE), asked[intersect(names(asked), c("adjust", "alpha"))])
    if (is.null(call$adjust)) call$adjust <- "tukey"
    table <- do.call(multcomp::cld, call)
    names(table) <- sub("\\.group", "letters", names(table))
    return(plain(table)[c(names(means@levels), "emmean", "letters")])
  }
  call <- c(list(means), asked[intersect(names(asked), c("method", "interaction", "adjust", "type", "ref"))])
  plain(summary(do.call(contrast, call), infer = c(TRUE, TRUE)))
}

quiet <- function(value) suppressMessages(suppressWarnings(value))
answers <- lapply(MODELS, function(case) {
  fit <- quiet(fitted_model(case))
  case$asked <- lapply(case$asked, function(asked) {
    modes <- if (case$kind == "lmer") c("satterthwaite", "kenward-roger") else list(NULL)
    asked$answers <- lapply(modes, function(mode) list(ddf = mode, table = quiet(answer_of(fit, asked, mode))))
    asked
  })
  case
})

# ---- adjustments of given statistics, integer polynomials, and letters of given pairs --------------------------------

block <- function(k) {
  weights <- t(combn(k, 2, function(pair) replace(replace(numeric(k), pair[1], 1), pair[2], -1)))
  cov2cor(weights %*% diag(1 / seq(2, 8, length.out = k)) %*% t(weights))
}
families <- lapply(list(c(4, 12), c(5, 27.5), c(6, Inf)), function(one) {
  k <- one[1]
  t <- round(qnorm(seq(0.02, 0.97, length.out = k * (k - 1) / 2)) * 1.9, 4)
  df <- one[2]
  corr <- block(k)
  # mvtnorm takes whole degrees of freedom, 0 for those of a normal.
  exact <- if (df == Inf || df == round(df)) {
    sapply(abs(t), function(c) 1 - pmvt(rep(-c, length(t)), rep(c, length(t)),
      df = if (df == Inf) 0 else df, corr = corr, algorithm = GenzBretz(maxpts = 2e6, abseps = 1e-6)))
  }
  list(
    means = k, df = if (df == Inf) NULL else df, t = t, correlation = corr, mvt = exact,
    tukey = ptukey(sqrt(2) * abs(t), k, df, lower.tail = FALSE), tukey_quantile = qtukey(0.9, k, df) / sqrt(2),
    steps = lapply(c(holm = "holm", hochberg = "hochberg", fdr = "fdr"), function(m) p.adjust(2 * pt(-abs(t), df), m))
  )
})
polynomials <- lapply(2:12, function(k) unname(as.list(emmeans:::poly.emmc(seq_len(k)))))
display <- lapply(1:40, function(case) {
  n <- sample(3:9, 1)
  pairs <- t(combn(n, 2))
  differ <- abs(pairs[, 1] - pairs[, 2]) * 0.25 + rnorm(nrow(pairs), sd = 0.35) > 0.7
  names(differ) <- paste(pairs[, 1], pairs[, 2], sep = "-")
  list(n = n, differ = unname(differ), letters = unname(multcompLetters(differ)$Letters))
})

versions <- sapply(
  c("lme4", "lmerTest", "pbkrtest", "emmeans", "multcompView", "mvtnorm"), function(p) as.character(packageVersion(p))
)
answer <- list(
  versions = as.list(c(R = paste(R.version$major, R.version$minor, sep = "."), versions)), data = DATA, models = answers,
  families = families, polynomials = polynomials, letters = display
)
path <- if (length(given)) given[1] else file.path(here, "contrasts.json")
writeLines(toJSON(answer, digits = 10, auto_unbox = TRUE, null = "null", na = "null", dataframe = "columns"), path)
