"""What `print` shows of `fit.design`, the model's arrays, and of `fit.diagnostics`, the worst parameters."""

import pandas as pd

from bayesmix.errors import counted
from bayesmix.formula.design import Design
from bayesmix.inference.shared.estimability import left_out_lines
from bayesmix.modelling.diagnostics import Diagnostics
from bayesmix.report.pages.numbers import rhat, whole
from bayesmix.report.pages.page import Block, blocks_of, ending_in_words

_MOST_NAMES = 12


@blocks_of.register
def _design(design: Design) -> tuple[Block, ...]:
    head = (f"Design of {design.formula.text}", f"{counted(design.n_obs, 'row')}; response {design.response.name}")
    rows = [row for predictor in design.predictors for row in _rows(predictor)]
    left_out = left_out_lines(design.fixed)
    return (
        Block("", lines=head),
        Block("Arrays", table=ending_in_words(["where", "shape", "columns"], rows, labels=2)),
        *([Block("", lines=left_out)] if left_out else []),
    )


def _rows(design: Design) -> list[list[str]]:
    at = f'.parts["{design.parameter}"]' if design.parameter else ""
    n = design.n_obs
    rows = []
    if not at:
        rows.append([".response.values", f"({n},)", design.response.name])
        if design.response.trials is not None:
            rows.append([".response.trials", f"({n},)", "trials"])
        if design.response.censoring is not None:
            rows.append([".response.censoring", f"({n},)", "1 right, -1 left, 0 observed"])
    rows.append([f"{at}.fixed.matrix", f"({n}, {len(design.fixed.names)})", _names(design.fixed.names)])
    for i, term in enumerate(design.random):
        columns = f"{_names(term.names)}; by {counted(term.n_levels, 'level')} of {term.group}"
        rows.append([f"{at}.random[{i}].columns", f"({n}, {term.k})", columns])
    if design.weights is not None and not at:
        rows.append([".weights", f"({n},)", str(design.weights_column)])
    return rows


def _names(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


@blocks_of.register
def _diagnostics(diagnostics: Diagnostics) -> tuple[Block, ...]:
    of_chains = diagnostics.importance is None  # the parts of a weighted sample agree whatever the weights
    kinds = diagnostics.parameters.groupby("kind", sort=False)
    rows = [_row_of_kind(str(kind), parameters, of_chains) for kind, parameters in kinds]
    header = ["kind", "number", *["largest R-hat"] * of_chains, "smallest bulk ESS", "smallest tail ESS", ""]
    parts = [Block("", lines=_sampler_lines(diagnostics))]
    if rows:
        parts.append(Block("Parameters (.parameters has each)", table=ending_in_words(header, rows)))
    if len(diagnostics.ladder) > 1:
        parts.append(Block("", lines=(f"{counted(len(diagnostics.ladder), 'attempt')} of NUTS: .ladder has each",)))
    return tuple(parts)


def _sampler_lines(diagnostics: Diagnostics) -> tuple[str, ...]:
    draws = f"{counted(diagnostics.n_total, 'draw')} in {counted(diagnostics.n_chains, 'chain')}"
    weights = diagnostics.importance
    if weights is None:
        ebfmi = f"{min(diagnostics.ebfmi):.2f}" if diagnostics.ebfmi else "-"
        return (
            draws,
            f"NUTS: {counted(diagnostics.n_divergent, 'divergence')}, smallest E-BFMI {ebfmi}, "
            f"{counted(diagnostics.n_max_treedepth, 'draw')} at the greatest tree depth",
        )
    return (
        draws,
        f"Importance sampling: {counted(weights.n_values, 'value')}, effective sample size "
        f"{weights.effective_size:.0f}, Pareto k {weights.pareto_k:.2f} (limit {weights.greatest_k:.2f})",
        f"Log marginal likelihood {weights.log_marginal:.3f}, Monte Carlo error {weights.log_marginal_error:.3f}",
    )


def _row_of_kind(kind: str, parameters: pd.DataFrame, of_chains: bool) -> list[str]:
    lowest = parameters[["ess_bulk", "ess_tail"]].min(axis=1).dropna()
    worst = f"least for {lowest.idxmin()}" if len(lowest) else ""
    if len(parameters) == 1:
        worst = str(parameters.index[0])
    rhats = [rhat(parameters["rhat"].max())] if of_chains else []
    sizes = [whole(parameters[name].min()) for name in ("ess_bulk", "ess_tail")]
    return [kind, str(len(parameters)), *rhats, *sizes, worst]
