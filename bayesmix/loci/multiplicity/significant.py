"""`significant`: the loci whose effect is not 0, with the share of false ones among them."""

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, DataError, counted, did_you_mean, shown
from bayesmix.hints import with_hints
from bayesmix.inference.shared.readable_table import NOTES, readable
from bayesmix.loci.inputs.chunked_table import as_numbers
from bayesmix.loci.inputs.count_matrices import PLACES
from bayesmix.loci.multiplicity.result_table import ResultTable, checked_effect, effect_columns, result_table
from bayesmix.numerics.multiplicity.false_discovery import bayesian_q, false_sign_rates
from bayesmix.numerics.multiplicity.two_groups import effect_posterior, two_groups, without_prior

type Method = Literal["two_groups", "lfsr"]
METHODS: tuple[str, ...] = get_args(Method.__value__)
_LARGEST = 1e50  # of what may be an estimate


@with_hints
@readable
def significant(
    loci: Any,
    effect: str,
    *,
    q: float = 0.05,
    method: Method = "two_groups",
    prior_sd: float | None = None,
    n_draws: int | None = None,
) -> pd.DataFrame:
    """The loci with an effect, so many that at most a share `q` of them is expected to be false.

    Parameters
    ----------
    loci
        The results of `fit_loci` or `fit_many`, their table as a frame, or the Parquet file or folder of it.
    effect
        A coefficient or contrast that was told of every locus, such as ``"treatment[trt]"``.
    q
        The Bayesian false discovery rate that is allowed: the mean local rate of the loci that are selected.
    method
        ``"two_groups"``: the effects of all loci together tell how many are 0 and how large the others are, and each
        locus is judged with that as its prior. ``"lfsr"``: the posterior of each locus by itself, whose share of draws
        on the other side of 0 is the rate. That is calibrated where the prior of the effect in the fits is the
        distribution of effects over loci; where many effects are 0, and the prior is wide, more of the selected ones
        are false than `q`.
    prior_sd
        Standard deviation of the normal prior around 0 that the effect had in the fits, which ``"two_groups"`` takes
        out before it puts its own; None for a prior that is wide beside the data.
    n_draws
        Draws of each locus, where the table does not tell.

    Returns
    -------
    pandas.DataFrame
        A row for each locus, in their order: ``locus``, its place and ``status``; ``estimate`` and ``sd`` of the effect
        (of the two groups, where these are asked for); ``lfdr``, the probability that it is 0 (of the two groups
        alone); ``lfsr``, that it has not the sign of the estimate; ``q``, the mean rate of all loci that are selected
        with this one; ``selected``. Loci without results are nan, and count nowhere. ``attrs["notes"]``
        says how many were selected, and how finely draws tell probabilities.

    Raises
    ------
    UnknownTermError
        There is no such effect; the message lists those there are.
    ArgumentError
        An argument means nothing.

    Notes
    -----
    A probability from S draws is a multiple of 1 / S: a share of 0 is "less than 1 / S", is told as it is, and counts
    as 1 / S where rates are averaged. The posterior of an effect is taken as normal by ``"two_groups"``, which counts
    10 loci of effect 0 beside the data, so that their share is not underestimated. The other effects have one mode, at
    0, and the same distribution on both sides of it: where they all lie at one distance to one side, too few loci are
    taken for 0, and more of the selected ones are false than `q`.

    References
    ----------
    Stephens (2017), doi:10.1093/biostatistics/kxw041; Efron (2008), doi:10.1214/07-STS236
    """
    check_selection(q=q, method=method, prior_sd=prior_sd, n_draws=n_draws)
    columns = ["locus", "response", *PLACES, "status", *effect_columns(effect)]
    table = result_table(loci, [*columns, "sampler"])
    table = replace(table, frame=checked_effect(table.frame, effect))
    draws = table.n_draws if n_draws is None else n_draws
    judged = _by_two_groups(table, effect, prior_sd) if method == "two_groups" else _by_sign(table, effect, draws)
    selected = judged.q <= q
    answer = table.frame[[name for name in columns[:-3] if name in table.frame.columns]].reset_index(drop=True)
    answer = answer.assign(estimate=judged.estimate, sd=judged.sd)
    if judged.lfdr is not None:
        answer["lfdr"] = judged.lfdr
    answer = answer.assign(lfsr=judged.lfsr, q=judged.q, selected=selected)
    n_known = int(np.isfinite(judged.q).sum())
    answer.attrs[NOTES] = (
        f"{int(selected.sum()):,} of {counted(n_known, 'locus').replace('locuss', 'loci')} selected for {effect} at a "
        f"Bayesian false discovery rate of {q:g}.",
        *judged.notes,
        *_of_screening(table.frame, selected),
    )
    return answer


def _of_screening(frame: pd.DataFrame, selected: NDArray[np.bool_]) -> tuple[str, ...]:
    """What is said of loci that are selected on screening alone."""
    if "sampler" not in frame.columns:
        return ()
    n = int((selected & (frame["sampler"] == "importance").to_numpy()).sum())
    return (f"{n:,} of these were only screened; bm.audit_loci fits them by NUTS.",) if n else ()


@dataclass(frozen=True)
class _Judged:
    """What is said of each locus; all (n_loci,)."""

    estimate: Floats
    sd: Floats
    lfsr: Floats
    q: Floats
    notes: tuple[str, ...]
    lfdr: Floats | None = None


def _figures(table: ResultTable, effect: str) -> tuple[Floats, Floats, Floats]:
    found = []
    for name in effect_columns(effect):
        numbers, bad = as_numbers(table.frame[name])
        if bad is not None:
            raise DataError(f"Column {name!r} of the loci has {bad}, which is no number.")
        found.append(np.where(np.abs(numbers) < _LARGEST, numbers, np.nan))
    mean, sd, below = found
    return mean, sd, below


def _by_sign(table: ResultTable, effect: str, n_draws: int | None) -> _Judged:
    mean, sd, below = _figures(table, effect)
    if n_draws is None:
        raise ArgumentError(
            "The table does not tell how many draws a locus has, which bounds its rates; give n_draws=."
        )
    lfsr = false_sign_rates(below)
    finest = 1 / n_draws
    n_zero = int((lfsr == 0).sum())
    note = (
        f"Probabilities are shares of {n_draws:,} draws; {n_zero:,} are < 1/{n_draws}, told as 0 and averaged as that.",
    )
    return _Judged(mean, sd, lfsr, bayesian_q(np.maximum(lfsr, finest)), note)


def _by_two_groups(table: ResultTable, effect: str, prior_sd: float | None) -> _Judged:
    mean, sd, _ = _figures(table, effect)
    estimates, errors = (mean, sd) if prior_sd is None else without_prior(mean, sd, prior_sd)
    estimates = np.where(np.isfinite(mean) & (sd > 1 / _LARGEST), estimates, np.nan)
    if not np.isfinite(estimates).any():
        raise ArgumentError(f"No locus has an estimate of {effect}.")
    groups = two_groups(estimates, errors)
    answer = effect_posterior(groups, estimates, errors)
    largest = float(np.sqrt(groups.weights[1:] @ groups.scales[1:] ** 2 / max(1 - groups.null_share, 1e-300)))
    note = f"Two groups: {100 * groups.null_share:.0f} % of the loci without an effect, sd of the others {largest:.2g}."
    q = bayesian_q(answer.false_discovery)
    return _Judged(answer.mean, answer.sd, answer.false_sign, q, (note,), answer.false_discovery)


def check_selection(*, q: Any = 0.05, method: Any = "two_groups", prior_sd: Any = None, n_draws: Any = None) -> None:
    """Refuse arguments of `significant` that mean nothing.

    Raises
    ------
    ArgumentError
        One line with the argument and what it may be.
    """
    if isinstance(q, bool) or not isinstance(q, int | float) or not 0 < q < 1:
        raise ArgumentError(f"q is a false discovery rate between 0 and 1, such as 0.05; got {shown(q)}.")
    if not isinstance(method, str) or method not in METHODS:
        hint = did_you_mean(method, METHODS) if isinstance(method, str) else ""
        raise ArgumentError(f"method={shown(method)} is not known.{hint} Methods: {', '.join(METHODS)}.")
    is_number = isinstance(prior_sd, int | float) and not isinstance(prior_sd, bool)
    if prior_sd is not None and not (is_number and 1e-100 < prior_sd < 1e100):
        raise ArgumentError(f"prior_sd is the sd of a normal prior, above 0, or None; got {shown(prior_sd)}.")
    if n_draws is not None and (isinstance(n_draws, bool) or not isinstance(n_draws, int) or n_draws < 1):
        raise ArgumentError(f"n_draws is a whole number from 1; got {shown(n_draws)}.")
