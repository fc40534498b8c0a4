"""What `print(fit.diagnostics)` shows: the sampler's own figures, and the worst parameter of each kind."""

import pandas as pd

from bayesmix.errors import counted
from bayesmix.modelling.diagnostics import Diagnostics
from bayesmix.report.pages.numbers import rhat, whole
from bayesmix.report.pages.page import Block, blocks_of, ending_in_words


@blocks_of.register
def _blocks(found: Diagnostics) -> tuple[Block, ...]:
    of_chains = found.importance is None  # the parts of a weighted sample agree whatever the weights
    rows = [_row(str(kind), own, of_chains) for kind, own in found.parameters.groupby("kind", sort=False)]
    header = ["kind", "number", *["largest R-hat"] * of_chains, "smallest bulk ESS", "smallest tail ESS", ""]
    parts = [Block("", lines=_head(found))]
    if rows:
        parts.append(Block("Parameters (.parameters has each)", table=ending_in_words(header, rows)))
    if len(found.ladder) > 1:
        parts.append(Block("", lines=(f"{counted(len(found.ladder), 'attempt')} of NUTS: .ladder has each",)))
    return tuple(parts)


def _head(found: Diagnostics) -> tuple[str, ...]:
    draws = f"{counted(found.n_total, 'draw')} in {counted(found.n_chains, 'chain')}"
    weights = found.importance
    if weights is None:
        ebfmi = f"{min(found.ebfmi):.2f}" if found.ebfmi else "-"
        return (
            draws,
            f"NUTS: {counted(found.n_divergent, 'divergence')}, smallest E-BFMI {ebfmi}, "
            f"{counted(found.n_max_treedepth, 'draw')} at the greatest tree depth",
        )
    return (
        draws,
        f"Importance sampling: {counted(weights.n_values, 'value')}, effective sample size "
        f"{weights.effective_size:.0f}, Pareto k {weights.pareto_k:.2f} (limit {weights.greatest_k:.2f})",
        f"Log marginal likelihood {weights.log_marginal:.3f}, Monte Carlo error {weights.log_marginal_error:.3f}",
    )


def _row(kind: str, own: pd.DataFrame, of_chains: bool) -> list[str]:
    lowest = own[["ess_bulk", "ess_tail"]].min(axis=1).dropna()
    worst = str(own.index[0]) if len(own) == 1 else f"least for {lowest.idxmin()}" if len(lowest) else ""
    figures = [*[rhat(own["rhat"].max())] * of_chains, whole(own["ess_bulk"].min()), whole(own["ess_tail"].min())]
    return [kind, str(len(own)), *figures, worst]
