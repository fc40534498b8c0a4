# Writes model_matrix.json: columns and values of R's model.matrix for codings of factors and for functions of a formula,
# the same on new rows, and fits of lmer with coded factors that vary by group.
#
#     Rscript tests/references/make_model_matrix.R [model_matrix.json]
#
# Needs MASS, splines, lme4 and jsonlite.

suppressPackageStartupMessages({
  library(MASS)
  library(splines)
  library(lme4)
  library(jsonlite)
})

given <- commandArgs(trailingOnly = TRUE)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(13)
n <- 48
rows <- data.frame(
  y = round(rnorm(n), 3),
  x = round(runif(n, -2, 3), 3),
  z = round(rexp(n), 3),
  k = rep(c(1, 2, 4), 16),
  f = rep(c("a", "b", "c"), c(24, 16, 8)),  # no cell of two factors is empty
  h = rep(c("u", "u", "v"), 16),
  o = rep(c("lo", "mid", "hi", "top"), 12)
)
STEPS <- c("lo", "mid", "hi", "top")
typed <- function(data) {
  data$f <- factor(data$f, levels = c("a", "b", "c"))
  data$h <- factor(data$h, levels = c("u", "v"))
  data$o <- factor(data$o, levels = STEPS, ordered = TRUE)
  data
}
new <- rows[c(3, 9, 14, 20, 27, 35), ]
new$x <- c(-3.5, -1.2, 0, 1.77, 2.9, 4.25)
new$k <- c(1, 2, 4, 4, 2, 1)  # all levels: R takes those of factor(k) from the new rows
new$f <- c("a", "b", "c", "c", "b", "a")
new$o <- c(STEPS, "lo", "hi")
new$z <- c(0.1, 0.5, 1, 1.5, 2, 2.5)

custom <- matrix(c(-0.5, 0.25, 0.25, 0, -1, 1), 3, dimnames = list(c("a", "b", "c"), c("a.bc", "b.c")))

# Of a formula and contrasts: what R makes of them, and whether its predictions keep what was learnt.
row_of <- function(right, contrasts = NULL, keeps = TRUE) {
  formula <- as.formula(paste("y ~", right))
  data <- typed(rows)
  frame <- model.frame(formula, data, drop.unused.levels = TRUE)
  matrix <- model.matrix(terms(frame), frame, contrasts.arg = contrasts)
  found <- list(formula = right, columns = I(colnames(matrix)), values = unname(matrix))
  if (!is.null(contrasts)) {
    found$contrasts <- lapply(contrasts, function(one) if (is.matrix(one)) as.list(as.data.frame(one)) else one)
  }
  if (keeps) {
    later <- suppressWarnings(
      model.frame(delete.response(terms(frame)), typed(new), xlev = .getXlevels(terms(frame), frame))
    )
    found$new <- unname(model.matrix(delete.response(terms(frame)), later, contrasts.arg = attr(matrix, "contrasts")))
  }
  found
}

codings <- c("contr.treatment", "contr.sum", "contr.helmert", "contr.poly", "contr.sdif", "contr.SAS")
shapes <- c(
  "C(f, %s)", "0 + C(f, %s)", "C(f, %s) * h", "h * C(f, %s)", "C(f, %s) * C(h, %s)", "C(f, %s):x", "C(f, %s) * x",
  "x + x:C(f, %s)", "C(f, %s) / h", "h / C(f, %s)", "0 + C(f, %s):h", "0 + h + C(f, %s)", "0 + C(f, %s) * x",
  "C(f, %s) * h * x", "C(o, %s) + C(o, %s):C(f, %s)", "0 + x + C(o, %s)", "0 + C(f, %s):C(h, %s)"
)
coded <- list()
for (coding in codings) for (shape in shapes) coded <- c(coded, list(row_of(gsub("%s", coding, shape))))
more <- c(
  "C(f, contr.treatment, base = 2)", "C(f, contr.treatment(3, base = 3)) * x", "o", "0 + o", "o * x", "x:o", "o * f",
  "0 + f + o", "C(o, contr.treatment)", "C(o, contr.poly, scores = c(1, 2, 4, 8))", "C(factor(k), contr.sum)",
  "C(relevel(f, ref = \"b\"), contr.sum)", "C(cut(x, c(-9, 0, 1, 9)), contr.sdif)"
)
coded <- c(coded, lapply(more, row_of))
by_argument <- function(...) list(...)
for (coding in codings) coded <- c(coded, list(row_of("f * h + x", by_argument(f = coding, h = "contr.sum"))))
for (right in c("f", "0 + f", "f * h", "f:x", "f * o", "0 + h + h:f")) {
  coded <- c(coded, list(row_of(right, by_argument(f = custom))))
}
coded <- c(coded, list(row_of("o * x", by_argument(o = "contr.treatment")), row_of("f * o", by_argument(o = "contr.sum"))))

functions <- c(
  "bs(x)", "bs(x, df = 5)", "bs(x, 6)", "bs(x, knots = c(-1, 0.5, 2))", "bs(x, df = 4, degree = 2)", "bs(x, degree = 1)",
  "bs(x, df = 6, intercept = TRUE) - 1", "bs(x, df = 5, Boundary.knots = c(-3, 4))", "bs(x, df = 7, degree = 4)",
  "bs(x, df = 5, Boundary.knots = c(-1, 2))", "ns(x)", "ns(x, df = 2)", "ns(x, df = 3)", "ns(x, 5)",
  "ns(x, knots = c(0, 1))", "ns(x, df = 4, intercept = TRUE) - 1", "ns(x, df = 3, Boundary.knots = c(-1, 2))",
  "ns(x, df = 3) * f", "poly(x, 3)", "poly(x, degree = 2)", "poly(x, 2, raw = TRUE)", "poly(x, 3, raw = T)",
  "poly(log(z + 1), 2)", "scale(x)", "cut(x, c(-9, 0, 1, 9))", "cut(x, c(-9, 0, 1, 9), right = FALSE)",
  "cut(k, c(1, 2, 4), include.lowest = TRUE)", "cut(k, c(1, 2, 5), right = FALSE, include.lowest = TRUE)",
  "cut(x, c(-9, 0.123456, 9))", "cut(x, c(-9, 0.123456, 9), dig.lab = 5)", "cut(x, c(-9, 0, 1, 9), labels = c(\"low\", \"mid\", \"high\"))",
  "cut(x, c(-Inf, 0, 1, Inf), ordered_result = TRUE)", "cut(z * 123456, c(-1, 12345, 123456, Inf))",
  "ifelse(x > 0, 1, 0)", "ifelse(x > 0, x, 0)", "ifelse(f == \"a\", x, z)", "ifelse(x > 0, \"up\", \"down\")",
  "ifelse(x > 1, \"high\", ifelse(x > 0, \"mid\", \"low\"))", "ifelse(f %in% c(\"a\", \"c\"), 1, 0) * x",
  "I(f %in% c(\"a\", \"b\"))", "I(k %in% 1:2)", "I(sin(2 * pi * x))", "I(x^2 * pi)", "relevel(f, ref = \"b\")", "relevel(f, \"c\") * h",
  "relevel(f, ref = 2)", "factor(f, levels = c(\"c\", \"a\", \"b\"))", "factor(k, levels = c(4, 1, 2), labels = c(\"four\", \"one\", \"two\"))",
  "factor(k, labels = c(\"few\", \"few\", \"many\"))", "factor(k, c(2, 1, 4)) * x", "factor(o, ordered = FALSE)",
  "ordered(f, levels = c(\"b\", \"a\", \"c\"))", "ordered(k)", "factor(k, ordered = TRUE)", "as.ordered(f) * x", "factor(o)", "(f + h + x)^2",
  "(f + h + x)^3 - f:h", "(x + z + k)^2", "x + offset(z)", "x * z - 1", "I((x > 0) * (x < 2))"
)
learners <- c(
  "scale(x, T, F)", "0 + cut(x, 3)", "0 + cut(z, 4, right = FALSE)", "cut(x, 3)", "cut(z, 4)", "cut(k, 2)", "cut(x, 3, dig.lab = 2)", "cut(x, 3, right = FALSE)", "I(x - mean(x))",
  "I((x - mean(x)) / sd(x))", "I(x > median(x))", "I(x / max(x))", "I(x - min(x))", "I((z - min(z)) / (max(z) - min(z)))"
)
functions <- c(lapply(functions, row_of), lapply(learners, row_of, keeps = FALSE))

# Groups of 20 rows, in which the effects of f vary.
groups <- 15
many <- data.frame(g = rep(seq_len(groups), each = 20), f = sample(c("a", "b", "c"), 20 * groups, TRUE, c(0.5, 0.3, 0.2)))
many$o <- sample(c("lo", "mid", "hi"), nrow(many), TRUE)
effects <- matrix(rnorm(3 * groups), groups) %*% diag(c(1.5, 1, 1.2))
many$y <- round(
  10 + c(a = 0, b = 1, c = 3)[many$f] + c(lo = 0, mid = 1, hi = 1.5)[many$o] +
    effects[cbind(many$g, match(many$f, c("a", "b", "c")))] + rnorm(nrow(many), sd = 0.8), 3
)
fits <- lapply(
  c(
    "y ~ C(f, contr.sum) + (C(f, contr.sum) | g)", "y ~ C(f, contr.helmert) * o + (C(f, contr.helmert) | g)",
    "y ~ o + (o | g)", "y ~ C(f, contr.sdif) + o + (0 + C(f, contr.sdif) | g)", "y ~ C(f, contr.poly) + (1 | g)"
  ),
  function(formula) {
    data <- transform(many, f = factor(f), o = factor(o, levels = c("lo", "mid", "hi"), ordered = TRUE), g = factor(g))
    fit <- lmer(as.formula(formula), data, control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-11)))
    sds <- as.data.frame(VarCorr(fit))
    list(
      formula = formula, criterion = unname(getME(fit, "devcomp")$cmp["REML"]), beta = unname(fixef(fit)),
      se = unname(sqrt(diag(as.matrix(vcov(fit))))), sds = sds$sdcor[is.na(sds$var2)]
    )
  }
)
versions <- c(R = as.character(getRversion()), sapply(c("MASS", "splines", "lme4"), function(p) as.character(packageVersion(p))))
out <- if (length(given)) given[1] else file.path(here, "model_matrix.json")
writeLines(toJSON(
  list(versions = as.list(versions), data = rows, new = new, coded = coded, functions = functions, many = many, fits = fits),
  digits = NA, auto_unbox = TRUE, dataframe = "columns", matrix = "rowmajor"
), out)
