"""`Audit`: what NUTS from dispersed starts says of a fit, in numbers and in one sentence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmix.display import Printed
from bayesmix.hints import Listed
from bayesmix.modelling import audit_draws
from bayesmix.modelling.record import Fit
from bayesmix.modelling.settings import Sampling

AGREES, DIFFERS, NO_VERDICT = "agrees", "differs", "no verdict"

_NUTS = "NUTS from dispersed starts"
_FEWEST = 100  # effective draws of a fit, for Monte Carlo errors that can be trusted


@dataclass(frozen=True, eq=False, repr=False)
class Audit(Listed, Printed):
    """A fit beside NUTS for all sampled parameters, from dispersed starts and another seed.

    Attributes
    ----------
    verdict : str
        ``"agrees"``, ``"differs"``, or ``"no verdict"`` if NUTS did not converge or the fit has too few draws.
    sentence : str
        The verdict in one sentence, with the number of compared numbers and the largest difference.
    table : pandas.DataFrame
        Indexed by `parameter` and `statistic` (``"mean"``, ``"sd"``, ``"2.5 %"``, ``"97.5 %"``): `fit`, `nuts`, their
        `difference` (fit minus nuts), `mcse` (Monte Carlo standard error of the difference) and `z`, their ratio. All
        are nan if draws are not finite.
    limit : float
        The size of `z` up to which differences are taken for chance: by chance alone fewer than one correct fit in 100
        exceeds it anywhere.
    max_rhat, min_ess, n_divergent : float, float, int
        NUTS' largest R-hat and smallest effective size, bulk or tail, of the compared parameters, and its divergences.
    seed : int
        The seed of the audit.
    sampling : Sampling
        How NUTS was run; its seed is made from `seed`.
    """

    verdict: str
    sentence: str
    table: pd.DataFrame
    limit: float
    max_rhat: float
    min_ess: float
    n_divergent: int
    seed: int
    sampling: Sampling

    @property
    def n_compared(self) -> int:
        """How many numbers were compared."""
        return int(self.table["z"].notna().sum())


def sentence_of(table: pd.DataFrame, labels: Sequence[str], limit: float, sampling: Sampling) -> str:
    """Whether NUTS agrees with the fit, and where they are farthest apart.

    `table` and `limit` are those of `Audit`, `labels` the names of the parameters in the order of the table, `sampling`
    says how the fit was sampled.
    """
    size = table["z"].abs()
    n_compared = int(size.notna().sum())
    if not n_compared:
        return f"{_NUTS} cannot be compared with the fit: no number of it is finite."
    place = int(np.nanargmax(size))
    worst = table.iloc[place]
    statistic = {"mean": "mean", "sd": "posterior sd"}.get(worst.name[1], f"{worst.name[1]} limit")
    where = f"{statistic} of {labels[place * len(labels) // len(table)]}"
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


def _advice(sampling: Sampling) -> str:
    if sampling.sampler == "importance":
        return 'Take the draws of NUTS: fit with sampler="nutpie".'
    return f"Both are by NUTS, and one is not long enough: fit with draws={4 * sampling.draws}, and audit again."


def not_converged(trouble: str, method: str) -> str:
    """The sentence if NUTS did not converge."""
    remedy = "more draws= and tune=" if method == "joint" else "more draws="
    return f"{_NUTS} did not converge ({trouble}): it says nothing of the fit. Give audit {remedy}."


def fit_too_short(fit: Fit) -> str | None:
    """The sentence if the fit's own Monte Carlo errors are not known; None if they are."""
    parameters = audit_draws.without_effects(fit.diagnostics)
    effective = parameters[["ess_bulk", "ess_tail"]].min(axis=1).dropna()
    if not effective.empty and effective.min() >= _FEWEST:
        return None
    figure = f"ESS {effective.min():.0f} < {_FEWEST} for {effective.idxmin()}" if len(effective) else "no ESS"
    return f"The fit has too few effective draws to be compared with NUTS ({figure}). Fit with more draws=."
