# Writes log densities of the Tweedie distribution by mgcv, which sums their series in its own way, to tweedie.json.
#
#     Rscript tests/references/make_tweedie.R
#
# Needs mgcv and jsonlite.

suppressPackageStartupMessages({
  library(mgcv)
  library(jsonlite)
})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
grid <- expand.grid(
  y = c(0, 1e-3, 0.05, 0.6, 2, 9, 60), mu = c(0.02, 0.7, 3, 40), dispersion = c(0.01, 0.4, 2, 20),
  power = c(1.05, 1.2, 1.5, 1.8, 1.95)
)
grid$log_density <- with(grid, ldTweedie(y, mu, p = power, phi = dispersion)[, 1])
# Far out the sum has no term left there.
grid <- grid[is.finite(grid$log_density) & grid$log_density > -600, ]
write_json(
  list(version = as.character(packageVersion("mgcv")), grid = grid), file.path(here, "tweedie.json"),
  digits = NA, dataframe = "columns", auto_unbox = TRUE
)
