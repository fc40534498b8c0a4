"""What `print(bm.lm(...))` shows: residuals, coefficients, residual sd, R-squared and F, as `summary(lm)`."""

import numpy as np

from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.inference.checks.level_checks import twin_lines
from bayesmix.inference.shared.estimability import left_out_lines
from bayesmix.inference.tables.fixef import fixef
from bayesmix.inference.tables.residuals import residuals
from bayesmix.report.pages.data_lines import data_lines
from bayesmix.report.pages.numbers import aligned, decimals_for, number, or_not_estimable, p_value
from bayesmix.report.pages.page import Block, Table, blocks_of

_DIGITS = 5  # of a standard error


@blocks_of.register
def _blocks(fit: LmFit, *, prob: float = 0.95, **_: object) -> tuple[Block, ...]:
    """The page of a fit, with confidence intervals of probability `prob`."""
    weighted = "Weighted residuals" if fit.design.weights is not None else "Residuals"
    return (
        Block("", lines=_model_lines(fit)),
        Block(weighted, table=_residual_table(fit)),
        Block(f"Coefficients ({100 * prob:g} % confidence intervals)", table=_coefficient_table(fit, prob)),
        Block("", lines=_closing_lines(fit)),
    )


def _model_lines(fit: LmFit) -> tuple[str, ...]:
    by = "weighted" if fit.design.weights is not None else "ordinary"
    return (f"Linear model, {by} least squares", f"Formula: {fit.formula}", *data_lines(fit.design))


def _residual_table(fit: LmFit) -> Table:
    decimals = decimals_for(fit.sigma, _DIGITS)
    weighted = fit.sigma * residuals(fit, kind="scaled")["estimate"]
    quantiles = np.quantile(weighted, [0, 0.25, 0.5, 0.75, 1])
    quantiles = quantiles.round(decimals) + 0.0  # no -0.0000
    return Table(["min", "1Q", "median", "3Q", "max"], [[number(value, decimals) for value in quantiles]], labels=0)


def _coefficient_table(fit: LmFit, prob: float) -> Table:
    frame = fixef(fit, prob=prob)
    decimals = [decimals_for(se, _DIGITS) for se in frame["se"]]
    columns = [
        *([number(value, n) for value, n in zip(frame[name], decimals, strict=True)] for name in ("estimate", "se")),
        [number(t, 3) for t in frame["t"]],
        [p_value(p) for p in frame["p"]],
        *([number(value, n) for value, n in zip(frame[name], decimals, strict=True)] for name in ("lower", "upper")),
    ]
    columns = [[or_not_estimable(cell) for cell in column] for column in columns]
    names = [str(name) for name in frame.index]
    shown = [aligned(column) if i != 3 else column for i, column in enumerate(columns)]
    return Table(["", "estimate", "se", "t", "p", "lower", "upper"], list(zip(names, *shown, strict=True)), labels=1)


def _closing_lines(fit: LmFit) -> tuple[str, ...]:
    sigma = number(fit.sigma, decimals_for(fit.sigma, 4))
    lines = [f"Residual standard deviation: {sigma} on {fit.df_residual} degrees of freedom"]
    f = fit.f_statistic
    if f is not None:
        about = "" if fit.design.fixed.has_intercept else " (about 0: no intercept)"
        lines += [
            f"R-squared: {fit.r_squared:.4f}, adjusted {fit.adj_r_squared:.4f}{about}",
            f"F: {number(f.value, decimals_for(f.value, 4))} on {f.df_model} and {f.df_residual} degrees of freedom, "
            f"p {_equals(p_value(f.p))}",
        ]
    lines.append(f"Log-likelihood: {fit.loglik:.2f}, AIC {fit.aic:.2f}, BIC {fit.bic:.2f}")
    return (*left_out_lines(fit.design.fixed), *twin_lines(fit.design), *lines)


def _equals(text: str) -> str:
    return text if text.startswith("<") else f"= {text}"
