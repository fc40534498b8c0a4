# Bayes factors of fixed terms by R's BayesFactor: Rscript tests/references/make_bayes_factor.R
#
# The data are made here, with every digit, and stored beside the numbers. All factors are natural logarithms, of the
# model with the named term against that without it. BayesFactor integrates by quadrature with one g; with more it
# samples, and `error` is its estimate of the relative error of the factor.

suppressMessages({
  library(BayesFactor)
  library(jsonlite)
})
set.seed(14)

against <- function(full, reduced = NULL) {
  chosen <- function(model) {
    if (is.null(model)) return(list(log = 0, error = 0))
    list(log = model@bayesFactor$bf, error = model@bayesFactor$error)
  }
  a <- chosen(full)
  b <- chosen(reduced)
  list(log_bf = a$log - b$log, error = sqrt(a$error^2 + b$error^2))
}

one_way <- data.frame(f = factor(rep(letters[1:4], each = 6)))
one_way$y <- round(10 + rep(c(0, 0.4, 1.1, -0.3), each = 6) + rnorm(24), 3)
unequal <- one_way[-c(2, 3, 4, 5, 14, 15, 20), ]
line <- data.frame(x = round(runif(25, 2000, 2010), 2))
line$z <- round(0.3 * line$x + rnorm(25, 0, 2), 2)
line$y <- round(3 + 0.3 * (line$x - 2005) + rnorm(25), 3)
blocks <- expand.grid(f = factor(letters[1:4]), g = factor(1:7))
blocks$y <- round(20 + c(0, 0.9, 1.7, -0.2)[blocks$f] + rnorm(7, 0, 0.8)[blocks$g] + rnorm(28), 3)
two_way <- expand.grid(a = factor(c("p", "q", "r")), b = factor(c("u", "v")), rep = 1:5)
two_way$y <- round(5 + c(0, 1, 0)[two_way$a] + c(0, 1.5)[two_way$b] * c(1, -1, 1)[two_way$a] + rnorm(30), 3)

pair <- data.frame(rare = c(1, 0, 0, 0, 0, 1, rep(0, 10), 1, 0, 0, 0))
pair$y <- round(2 + 1.5 * pair$rare + rnorm(20), 3)

quiet <- function(...) lmBF(..., progress = FALSE)
many <- 2e6
found <- list(
  one_way = against(anovaBF(y ~ f, one_way, progress = FALSE)),
  one_way_wide = against(anovaBF(y ~ f, one_way, rscaleFixed = "ultrawide", progress = FALSE)),
  unequal = against(quiet(y ~ f, unequal)),
  two_groups = against(ttestBF(pair$y[pair$rare == 1], pair$y[pair$rare == 0])),
  line = against(regressionBF(y ~ x, line, progress = FALSE)),
  two_covariates = against(quiet(y ~ x + z, line)),
  two_covariates_wide = against(quiet(y ~ x + z, line, rscaleCont = 0.8)),
  two_way = against(quiet(y ~ a + b + a:b, two_way, iterations = many)),
  blocks = against(
    quiet(y ~ f + g, blocks, whichRandom = "g", iterations = many),
    quiet(y ~ g, blocks, whichRandom = "g", iterations = many)
  )
)
version <- paste(R.version.string, "BayesFactor", packageVersion("BayesFactor"))
data <- list(one_way = one_way, unequal = unequal, line = line, blocks = blocks, two_way = two_way, pair = pair)
path <- file.path("tests", "references", "bayes_factor.json")
write_json(list(version = version, data = data, found = found), path, auto_unbox = TRUE, digits = NA, pretty = TRUE)
