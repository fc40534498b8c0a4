"""`Audit`: what NUTS from dispersed starts says of a fit."""

from dataclasses import dataclass

import pandas as pd

from bayesmix import display
from bayesmix.modelling.settings import Sampling

AGREES, DIFFERS, NO_VERDICT = "agrees", "differs", "no verdict"


@dataclass(frozen=True, eq=False, repr=False)
class Audit:
    """A fit beside NUTS on all that is sampled, from dispersed starts and another seed.

    Attributes
    ----------
    verdict : str
        ``"agrees"``, ``"differs"``, or ``"no verdict"`` where NUTS did not converge or the fit has too few draws.
    sentence : str
        The verdict in one sentence, with the number of compared numbers and the largest difference.
    table : pandas.DataFrame
        Indexed by `parameter` and `statistic` (``"mean"``, ``"sd"``, ``"2.5 %"``, ``"97.5 %"``): `fit`, `nuts`, their
        `difference` (fit less nuts), `mcse` (Monte Carlo standard error of the difference, of both together) and `z`,
        the one over the other. All are nan of draws that are not finite.
    limit : float
        The size of `z` up to which differences are chance: by chance alone less than one right fit of 100 goes
        beyond it anywhere.
    max_rhat, min_ess, n_divergent : float, float, int
        Of NUTS: the largest R-hat and the smallest effective size, bulk or tail, of the compared parameters, and
        divergences.
    seed : int
        Of the audit.
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

    def __repr__(self) -> str:
        return display.as_text(self)

    def _repr_html_(self) -> str:
        return display.as_html(self)
