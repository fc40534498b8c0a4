# Simulates categories without an order, fits them by maximum likelihood, and writes rows and fit to multinom.json.
#
#     Rscript tests/references/make_multinom.R
#
# Needs nnet and jsonlite.

suppressPackageStartupMessages({
  library(nnet)
  library(jsonlite)
})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(8)
n <- 300
x <- round(rnorm(n, 2), 3)
site <- rep(c("east", "north", "west"), length.out = n)
score <- cbind(0, -1.5 + 0.8 * x + 0.6 * (site == "west"), 0.5 - 0.4 * x - 0.7 * (site == "north"))
score <- score - log(-log(runif(3 * n)))
rows <- data.frame(choice = c("bus", "car", "train")[max.col(score)], x = x, site = site)

fit <- multinom(choice ~ x + site, rows, maxit = 1000, reltol = 1e-15, abstol = 1e-15, Hess = TRUE, trace = FALSE)

found <- list(
  version = list(R = R.version.string, nnet = as.character(packageVersion("nnet"))),
  rows = as.list(rows),
  columns = colnames(coef(fit)),
  coef = apply(coef(fit), 1, unname, simplify = FALSE),
  se = apply(summary(fit)$standard.errors, 1, unname, simplify = FALSE),
  loglik = as.numeric(logLik(fit)),
  fitted = unname(fitted(fit)[1:5, ])
)
write(toJSON(found, auto_unbox = TRUE, digits = 12), file.path(here, "multinom.json"))
