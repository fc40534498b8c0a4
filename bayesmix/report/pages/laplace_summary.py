"""What `print(bm.laplace(...))` shows: the model, random and fixed effects, and whether a maximum was found."""

import numpy as np

from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.inference.checks.level_checks import twin_lines
from bayesmix.inference.shared.estimability import left_out_lines
from bayesmix.inference.tables.fixef import fixef
from bayesmix.report.pages.data_lines import data_lines
from bayesmix.report.pages.numbers import aligned, aligned_rows, decimals_for, number, p_value
from bayesmix.report.pages.page import Block, Table, blocks_of, wrapped

_WIDTH = 110
_DIGITS = 4  # of a standard error, and of a sd


@blocks_of.register
def _blocks(fit: LaplaceFit, *, prob: float = 0.95, **_: object) -> tuple[Block, ...]:
    """The page of a Laplace fit, with confidence intervals of probability `prob`."""
    parts = [Block("", lines=_model_lines(fit))]
    if not fit.converged:
        heading = "No maximum was found; the numbers below are where the search stopped"
        parts.append(Block(heading, lines=wrapped(fit.reason, _WIDTH)))
    if fit.design.random:
        parts.append(Block("Random effects (standard deviations)", table=_random_table(fit)))
    if fit.design.fixed.names:
        tests = f" (Wald tests, {100 * prob:g} % confidence intervals)" if fit.converged else ""
        parts.append(Block(f"Fixed effects{tests}", table=_fixed_table(fit, prob)))
    closing = [
        *left_out_lines(fit.design.fixed),
        *twin_lines(fit.design),
        *([f"The search ended at {fit.reason}."] if fit.converged else []),
    ]
    if closing:
        parts.append(Block("", lines=closing))
    return tuple(parts)


def _model_lines(fit: LaplaceFit) -> tuple[str, ...]:
    return (
        f"Mixed model by maximum likelihood (Laplace approximation), {fit.family}",
        f"Formula: {fit.formula}",
        *data_lines(fit.design),
        f"Fit:     -2 log likelihood {fit.criterion:.4f}, AIC {fit.aic:.2f}, BIC {fit.bic:.2f}, "
        f"{fit.n_parameters} parameters",
    )


def _random_table(fit: LaplaceFit) -> Table:
    rows = []
    for term, L in zip(fit.design.random, fit.L, strict=True):
        sds = np.sqrt(np.sum(L**2, axis=1))
        for i, (name, sd) in enumerate(zip(term.names, sds, strict=True)):
            with np.errstate(invalid="ignore"):
                correlations = [number(float(L[i] @ L[j] / (sd * sds[j])), 2) for j in range(i)]
            shown = "0" if sd == 0 else number(float(sd), decimals_for(float(sd), _DIGITS))
            rows.append([term.group if i == 0 else "", name, shown, *correlations])
    width = max(map(len, rows))
    rows = [cells + [""] * (width - len(cells)) for cells in rows]
    header = ["group", "term", "sd", *(["corr"] + [""] * width)[: width - 3]]
    return Table(header, aligned_rows(rows, slice(2, None)), labels=2)


def _fixed_table(fit: LaplaceFit, prob: float) -> Table:
    frame = fixef(fit, prob=prob)
    decimals = [decimals_for(float(se), _DIGITS) for se in frame["se"]]
    estimated = ~frame.index.isin(list(fit.design.fixed.left_out))

    def column(name: str) -> list[str]:
        return shown([number(float(value), n) for value, n in zip(frame[name], decimals, strict=True)])

    def shown(cells: list[str]) -> list[str]:
        return aligned([cell if known else "NA" for cell, known in zip(cells, estimated, strict=True)])

    columns = {"": [str(name) for name in frame.index], "estimate": column("estimate"), "se": column("se")}
    if fit.converged:
        columns |= {
            "z": shown([number(float(z), 3) for z in frame["z"]]),
            "p": [p_value(float(p)) if known else "NA" for p, known in zip(frame["p"], estimated, strict=True)],
            "lower": column("lower"),
            "upper": column("upper"),
        }
    return Table(list(columns), [list(cells) for cells in zip(*columns.values(), strict=True)], labels=1)
