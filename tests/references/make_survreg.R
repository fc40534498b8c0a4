# Simulates censored times, fits them by maximum likelihood, and writes rows and fits to survreg.json.
#
#     Rscript tests/references/make_survreg.R
#
# Needs survival and jsonlite.

suppressPackageStartupMessages({
  library(survival)
  library(jsonlite)
})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(5)
n <- 150
x <- round(rnorm(n), 3)
treated <- rep(0:1, length.out = n)
event <- 20 * exp(0.4 * x + 0.5 * treated) * rweibull(n, shape = 1.6)
end <- runif(n, 10, 70)
rows <- data.frame(time = round(pmin(event, end), 3), censored = as.integer(event > end), x = x, treated = treated)

# The log likelihood is that of the times, not of their logarithms.
fitted_by <- function(dist) {
  control <- survreg.control(rel.tolerance = 1e-13, maxiter = 100)
  fit <- survreg(Surv(time, 1 - censored) ~ x + treated, rows, dist = dist, control = control)
  list(coef = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))), scale = fit$scale, loglik = fit$loglik[2])
}

found <- list(
  version = list(R = R.version.string, survival = as.character(packageVersion("survival"))),
  rows = as.list(rows),
  fits = sapply(c("weibull", "exponential", "lognormal", "gaussian"), fitted_by, simplify = FALSE)
)
write(toJSON(found, auto_unbox = TRUE, digits = 12), file.path(here, "survreg.json"))
