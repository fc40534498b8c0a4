"""What an audit says, in one sentence."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayesmix.modelling import audit_draws
from bayesmix.modelling.record import Fit
from bayesmix.modelling.settings import Sampling

_NUTS = "NUTS from dispersed starts"
_FEWEST = 100  # effective draws of a fit, for Monte Carlo errors that can be trusted


def sentence_of(table: pd.DataFrame, labels: Sequence[str], limit: float, sampling: Sampling) -> str:
    """Whether NUTS agrees with the fit, and where they are farthest apart.

    Parameters
    ----------
    table
        As `Audit` has it.
    labels
        What the parameters are called, in the order of the table.
    limit
        Of `z`.
    sampling
        How the fit was sampled.
    """
    size = table["z"].abs()
    n_compared = int(size.notna().sum())
    if not n_compared:
        return f"{_NUTS} cannot be compared with the fit: no number of it is finite."
    place = int(np.nanargmax(size))
    worst = table.iloc[place]
    where = f"{_of(str(worst.name[1]))} of {labels[place * len(labels) // len(table)]}"
    n_parameters = int(size.notna().groupby(level="parameter", sort=False).any().sum())
    among = f"{n_compared} compared numbers of {n_parameters} parameter{'s' * (n_parameters > 1)}"
    if not size.max() > limit:
        return (
            f"{_NUTS} agrees with the fit: of {among} the largest difference is {size.max():.1f} Monte Carlo errors "
            f"({where})."
        )
    return (
        f"{_NUTS} differs from the fit: {(size > limit).sum()} of {among} by more than {limit:.1f} Monte Carlo errors, "
        f"most of all the {where} ({worst['fit']:.4g}, by NUTS {worst['nuts']:.4g}: {size.max():.1f} errors). "
        f"{_advice(sampling)}"
    )


def _of(statistic: str) -> str:
    return {"mean": "mean", "sd": "posterior sd"}.get(statistic, f"{statistic} limit")


def _advice(sampling: Sampling) -> str:
    if sampling.sampler == "importance":
        return 'Take the draws of NUTS: fit with sampler="nutpie".'
    return f"Both are by NUTS, and one is not long enough: fit with draws={4 * sampling.draws}, and audit again."


def not_converged(trouble: str, method: str) -> str:
    """That NUTS says nothing."""
    remedy = "more draws= and tune=" if method == "joint" else "more draws="
    return f"{_NUTS} did not converge ({trouble}): it says nothing of the fit. Give audit {remedy}."


def fit_too_short(fit: Fit) -> str | None:
    """That the fit's own Monte Carlo errors are not known; None where they are."""
    parameters = audit_draws.without_effects(fit.diagnostics)
    effective = parameters[["ess_bulk", "ess_tail"]].min(axis=1).dropna()
    if not effective.empty and effective.min() >= _FEWEST:
        return None
    what = f"ESS {effective.min():.0f} < {_FEWEST} for {effective.idxmin()}" if len(effective) else "no ESS"
    return f"The fit has too few effective draws to be compared with NUTS ({what}). Fit with more draws=."
