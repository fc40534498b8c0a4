"""What `print(bm.reml(...))` shows: `summary(lmer)` with lmerTest, and what to know of a fit on the boundary."""

from textwrap import wrap

import numpy as np
import pandas as pd

from bayesmix.errors import ArgumentError
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.estimates.reml.tests import ddf_notes
from bayesmix.inference.checks.level_checks import twin_lines
from bayesmix.inference.shared.estimability import left_out_lines
from bayesmix.inference.tables.fixef import fixef
from bayesmix.inference.tables.residuals import residuals
from bayesmix.inference.tables.varcorr import RESIDUAL, varcorr
from bayesmix.report.pages.data_lines import data_lines
from bayesmix.report.pages.numbers import aligned, decimals_for, number, or_not_estimable, p_value
from bayesmix.report.pages.page import Block, Table, blocks_of

_DIGITS = 5  # of a standard error, a variance, a standard deviation
_WIDTH = 110
_MOST_CORRELATED = 12  # coefficients whose correlations fit on a page
_DEFAULT = "satterthwaite"
_METHODS = {"satterthwaite": "Satterthwaite", "kenward-roger": "Kenward-Roger"}


@blocks_of.register
def _blocks(fit: RemlFit, *, prob: float = 0.95, ddf: str = "satterthwaite") -> tuple[Block, ...]:
    """The page of a fit, with degrees of freedom by `ddf` and confidence intervals of probability `prob`."""
    parts = [
        Block("", lines=_model_lines(fit)),
        Block("Scaled residuals", table=_residual_table(fit)),
        Block("Random effects" if fit.design.random else "Residual", table=_random_table(fit)),
    ]
    closing = [*left_out_lines(fit.design.fixed), *twin_lines(fit.design), *_singular_lines(fit), *_optimum_lines(fit)]
    if len(fit.beta):
        fixed, notes = _fixed_effects(fit, prob, ddf)
        parts += [fixed, *_correlations(fit)]
        closing += notes
    return (*parts, Block("", lines=tuple(closing))) if closing else tuple(parts)


def _model_lines(fit: RemlFit) -> tuple[str, ...]:
    method = "REML" if fit.reml else "maximum likelihood"
    lines = [f"Linear mixed model by {method}", f"Formula: {fit.formula}", *data_lines(fit.design)]
    criterion = f"{fit.criterion:.1f}"
    figures = f"log-likelihood {fit.loglik:.1f}, AIC {fit.aic:.1f}, BIC {fit.bic:.1f}"
    lines.append(f"{'REML criterion' if fit.reml else 'Deviance'}: {criterion} ({figures})")
    return tuple(lines)


def _residual_table(fit: RemlFit) -> Table:
    scaled = residuals(fit, kind="scaled")["estimate"]
    quantiles = np.quantile(scaled, [0, 0.25, 0.5, 0.75, 1]).round(4) + 0.0  # no -0.0000
    return Table(["min", "1Q", "median", "3Q", "max"], [[number(value, 4) for value in quantiles]], labels=0)


def _random_table(fit: RemlFit) -> Table:
    sds = varcorr(fit)["estimate"]
    variances = varcorr(fit, scale="variance")["estimate"]
    rows: list[list[str]] = []
    for term in fit.design.random:
        for position, name in enumerate(term.names):
            at = (term.group, name, name)
            earlier = [sds[(term.group, other, name)] for other in term.names[:position]]
            correlations = ["" if np.isnan(value) else f"{value:.2f}" for value in earlier]
            rows.append(
                [term.group if position == 0 else "", name, _size(variances[at]), _size(sds[at]), *correlations]
            )
    at = (RESIDUAL, "", "")
    rows.append([RESIDUAL, "", _size(variances[at]), _size(sds[at])])
    width = max(map(len, rows))
    full = [cells + [""] * (width - len(cells)) for cells in rows]
    columns = [list(column) for column in zip(*full, strict=True)]
    columns[2:4] = [aligned(column) for column in columns[2:4]]
    header = ["group", "term", "variance", "sd", *(["corr"] + [""] * width)[: width - 4]]
    return Table(header, [list(cells) for cells in zip(*columns, strict=True)], labels=2)


def _size(value: float) -> str:
    return "0" if value == 0 else number(value, decimals_for(value, _DIGITS))


def _fixed_effects(fit: RemlFit, prob: float, ddf: str) -> tuple[Block, list[str]]:
    """The coefficients and what to know of their degrees of freedom; where these cannot be had, t alone."""
    try:
        frame = fixef(fit, prob=prob, ddf=ddf)
    except ArgumentError as error:
        if ddf != _DEFAULT:
            raise
        return Block("Fixed effects (no degrees of freedom)", table=_estimate_table(fit)), wrap(
            str(error), _WIDTH, break_on_hyphens=False
        )
    notes = ddf_notes(fit, ddf)
    heading = f"Fixed effects ({_METHODS[ddf]} df, {100 * prob:g} % confidence intervals)"
    return Block(heading, table=_fixed_table(frame)), [
        line for note in notes for line in wrap(note, _WIDTH, break_on_hyphens=False)
    ]


def _estimate_table(fit: RemlFit) -> Table:
    se = np.sqrt(np.diag(fit.vcov))
    decimals = [decimals_for(value, _DIGITS) for value in se]
    columns = [
        [str(name) for name in fit.design.fixed.names],
        *(aligned([number(v, n) for v, n in zip(values, decimals, strict=True)]) for values in (fit.beta, se)),
        aligned([number(t, 3) for t in fit.beta / se]),
    ]
    return Table(["", "estimate", "se", "t"], list(zip(*columns, strict=True)), labels=1)


def _correlations(fit: RemlFit) -> list[Block]:
    """Correlations of the coefficients' estimates, below the diagonal."""
    p = len(fit.beta)
    if not 2 <= p <= _MOST_CORRELATED:
        return []
    se = np.sqrt(np.diag(fit.vcov))
    values = fit.vcov / np.outer(se, se)
    rows = [
        [f"({i + 1}) {name}", *(number(round(value, 3) + 0.0, 3) for value in values[i, :i]), *[""] * (p - 1 - i)]
        for i, name in enumerate(fit.design.fixed.names)
    ]
    header = ["", *(f"({i + 1})" for i in range(p - 1))]
    return [Block("Correlation of the fixed effects' estimates", table=Table(header, rows, labels=1))]


def _fixed_table(frame: pd.DataFrame) -> Table:
    decimals = [decimals_for(se, _DIGITS) for se in frame["se"]]

    def column(name: str) -> list[str]:
        return shown([number(value, n) for value, n in zip(frame[name], decimals, strict=True)])

    def shown(cells: list[str]) -> list[str]:
        return aligned([or_not_estimable(cell) for cell in cells])

    columns = [
        [str(name) for name in frame.index],
        column("estimate"),
        column("se"),
        shown([number(df, decimals_for(df, 6)) for df in frame["df"]]),
        shown([number(t, 3) for t in frame["t"]]),
        [or_not_estimable(p_value(p)) for p in frame["p"]],
        column("lower"),
        column("upper"),
    ]
    header = ["", "estimate", "se", "df", "t", "p", "lower", "upper"]
    return Table(header, list(zip(*columns, strict=True)), labels=1)


def _singular_lines(fit: RemlFit) -> tuple[str, ...]:
    if not fit.singular:
        return ()
    lines = []
    for term in fit.singular:
        effects = (
            "its effect has no variance" if term.k == 1 else f"its {term.k} effects vary in {term.rank} directions"
        )
        lines.append(f"Singular fit, {term.term}: {effects.replace('in 1 directions', 'in 1 direction')}.")
        lines += [f"  {direction[0].upper()}{direction[1:]}." for direction in term.directions]
    return (
        *lines,
        "The criterion is least at this boundary; that does not show that nothing varies there. bm.fit gives the",
        "posterior of what may.",
    )


def _optimum_lines(fit: RemlFit) -> tuple[str, ...]:
    if fit.converged:
        return ()
    return (
        f"NOT AT AN OPTIMUM: the projected gradient of the criterion is {fit.gradient_size:.2g}; do not use these "
        "estimates.",
        "Usual causes: columns of a random term that nearly depend on each other, or almost no residual.",
    )
