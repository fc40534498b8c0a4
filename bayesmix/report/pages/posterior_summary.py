"""What `print(fit)` shows: the model, its effects and priors, notes, and last whether sampling had problems."""

import pandas as pd

from bayesmix.errors import counted
from bayesmix.inference.checks.diagnose import notes, verdict
from bayesmix.inference.shared.draws import constant_parameters
from bayesmix.inference.tables.auxiliary import auxiliary
from bayesmix.inference.tables.fixef import fixef
from bayesmix.inference.tables.varcorr import RESIDUAL, varcorr
from bayesmix.modelling.record import Fit
from bayesmix.posterior.layout import THRESHOLD, threshold_names
from bayesmix.report.pages.data_lines import data_lines
from bayesmix.report.pages.numbers import aligned, number, ordinal, rhat, row, whole
from bayesmix.report.pages.page import Block, Table, blocks_of
from bayesmix.report.pages.separation_summary import separation_block

_WIDEST = 150
_INDENT = " " * 9
_AT_MEANS = "at the predictors' means"


@blocks_of.register
def _blocks(fit: Fit, *, prob: float = 0.95, **_: object) -> tuple[Block, ...]:
    interval = f"{100 * prob:g} % equal-tailed intervals"
    blocks = [Block("", lines=_model_lines(fit))]
    if fit.design.all_random or "sigma" in constant_parameters(fit):
        heading = "Random effects" if fit.design.all_random else "Residual"
        blocks.append(Block(f"{heading} (standard deviations, {interval})", table=_random_table(fit, prob)))
    if threshold_names(fit.design) or any(predictor.fixed.names for predictor in fit.design.predictors):
        estimates = fixef(fit, prob=prob)
        table = _table_of(fit, estimates, ["mean", "sd", "lower", "upper"], estimates["sd"])
        blocks.append(Block(f"Fixed effects ({interval})", table=table))
    others = auxiliary(fit, prob=prob).drop(index="sigma", errors="ignore")
    if len(others):
        # By the median, with the digits of the interval: without overdispersion `shape` and `phi` have no mean.
        table = _table_of(fit, others, ["median", "lower", "upper"], (others["upper"] - others["lower"]) / 4)
        blocks.append(Block(f"Family-specific parameters ({interval})", table=table))
    blocks.append(Block("Priors", table=_prior_table(fit)))
    separation = separation_block(fit)
    if separation is not None:
        blocks.append(separation)
    blocks.append(Block("", lines=(*notes(fit), verdict(fit))))
    return tuple(blocks)


def _model_lines(fit: Fit) -> tuple[str, ...]:
    first, *further = fit.formulas
    lines = (f"Bayesian mixed model, {fit.family}", f"Formula: {first}", *(f"{_INDENT}{text}" for text in further))
    return (*lines, *data_lines(fit.design), *_draws_lines(fit))


def _draws_lines(fit: Fit) -> tuple[str, ...]:
    """The number of draws and their source, the method and the reason for it, and the attempts that were made."""
    sampling, weights = fit.sampling, fit.diagnostics.importance
    parameters = fit.route.sampled(fit.model)
    if weights:
        source = (
            f"{sampling.chains} x {sampling.draws} draws, resampled from {weights.n_values} importance-weighted ones "
            f"(effective sample size {weights.effective_size:.0f})"
        )
        method = f"importance sampling of {parameters}"
    else:
        thinned = f" (thinned by {sampling.thin})" if sampling.thin > 1 else ""
        chains = counted(sampling.chains, "chain")
        source = f"{chains} x {sampling.draws} draws{thinned} after {sampling.tune} warm-up steps"
        method = f"NUTS by {sampling.sampler} on {parameters}"
    seconds = f"{sampling.seconds:.{1 if sampling.seconds >= 1 else 2}f} s"
    reason = f"({fit.method}: {fit.reason})"
    both = f"{_INDENT}{method} {reason}"
    return (
        f"Draws:   {source}; seed {sampling.seed}, {seconds}",
        *((both,) if len(both) <= _WIDEST else (f"{_INDENT}{method}", f"{_INDENT}{reason}")),
        *_ladder_lines(fit),
    )


def _ladder_lines(fit: Fit) -> tuple[str, ...]:
    """The attempts after the first, each with its reason, and which one was kept if it was not the last."""
    ladder = fit.diagnostics.ladder
    tried = [
        f"{ordinal(number)} attempt: {row['remedy']} after {row['evidence']}"
        for number, row in ladder.iterrows()
        if number > 1
    ]
    if not tried:
        return ()
    kept = int(ladder.index[ladder["kept"]][0])
    if kept < len(ladder):
        tried.append(f"draws of the {ordinal(kept)} kept")
    return (f"{_INDENT}{'; '.join(tried)}",)


def _random_table(fit: Fit, prob: float) -> Table:
    frame = varcorr(fit, prob=prob)
    rows: list[list[str]] = []
    for term in fit.design.all_random:
        for position, name in enumerate(term.names):
            estimate = frame.loc[(term.group, name, name)]
            numbers = row(estimate[["mean", "lower", "upper"]], estimate["sd"])
            correlations = [
                _correlation(frame.loc[(term.group, earlier, name)], with_interval=term.k == 2)
                for earlier in term.names[:position]
            ]
            rows.append([term.group if position == 0 else "", name, *numbers, *correlations])
    if (RESIDUAL, "", "") in frame.index:
        estimate = frame.loc[(RESIDUAL, "", "")]
        rows.append([RESIDUAL, "", *row(estimate[["mean", "lower", "upper"]], estimate["sd"])])
    n_correlations = max((len(cells) - 5 for cells in rows), default=0)
    header = ["group", "term", "mean", "lower", "upper", *(["corr"] + [""] * (n_correlations - 1))[:n_correlations]]
    return Table(header, _filled(rows, len(header)), labels=2)


def _correlation(estimate: pd.Series, *, with_interval: bool) -> str:
    mean = number(estimate["mean"], 2)
    if not with_interval:
        return mean
    return f"{mean} [{number(estimate['lower'], 2)}, {number(estimate['upper'], 2)}]"


def _table_of(fit: Fit, frame: pd.DataFrame, columns: list[str], spread: pd.Series) -> Table:
    # The chains of importance sampling are parts of one weighted sample: they agree whatever the weights.
    by_chains = fit.diagnostics.importance is None
    rows = [
        [
            str(name),
            *row(estimate[columns], spread[name]),
            whole(estimate["ess_bulk"]),
            whole(estimate["ess_tail"]),
            *([rhat(estimate["rhat"])] if by_chains else []),
        ]
        for name, estimate in frame.iterrows()
    ]
    header = ["", *columns, "ESS bulk", "ESS tail", *(["R-hat"] if by_chains else [])]
    return Table(header, _filled(rows, len(header)), labels=1)


def _prior_table(fit: Fit) -> Table:
    centred = {
        predictor.fixed.intercept
        for predictor in fit.design.predictors
        if predictor.fixed.has_intercept and len(predictor.fixed.names) > 1
    }
    remarks = {name: f"  {_AT_MEANS}" for name in centred if name}
    if fit.design.response.thresholds:
        remarks[THRESHOLD] = f"  of the categories' probabilities{' ' + _AT_MEANS if fit.design.fixed.names else ''}"
    rows = [[name, f"{prior}{remarks.get(name, '')}"] for name, prior in fit.priors.items()]
    return Table(["", ""], rows, labels=2)


def _filled(rows: list[list[str]], width: int) -> list[list[str]]:
    """Rows of `width` cells; the decimal points of a column of numbers stand below each other."""
    columns = zip(*(cells + [""] * (width - len(cells)) for cells in rows), strict=True)
    shown = [aligned(cells) if all(_is_number(cell) for cell in cells if cell) else cells for cells in columns]
    return [list(cells) for cells in zip(*shown, strict=True)]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
