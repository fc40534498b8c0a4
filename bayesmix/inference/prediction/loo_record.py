"""`Loo`: the result of leave-one-out cross-validation."""

from dataclasses import dataclass

import pandas as pd

from bayesmix.modelling.record import Fit


@dataclass(frozen=True, eq=False)
class Loo:
    """Expected log predictive density of rows or groups, each left out in turn.

    Attributes
    ----------
    elpd, se : float
        Sum over the left-out parts, natural logarithm, and its standard error from the spread over them.
    p : float
        How much better fitted data are predicted than left-out ones: an effective number of parameters.
    by : str
        The parts: ``"row"``, or the name of the group.
    pointwise : pandas.DataFrame
        Indexed by row label or level: `elpd` with its Monte Carlo error `mcse`, `p`, `pareto_k`, `n_rows`, `method`.
    k_limit : float
        Largest Pareto k up to which an estimate can be trusted: 0.7, for few draws less.
    fit : Fit
        The model.
    mcse : float
        Monte Carlo standard error of `elpd`: how much it would change with other draws.
    """

    elpd: float
    se: float
    p: float
    by: str
    pointwise: pd.DataFrame
    k_limit: float
    fit: Fit
    mcse: float

    @property
    def unreliable(self) -> pd.DataFrame:
        """Rows of `pointwise` whose Pareto k is above the limit, the worst first."""
        k = self.pointwise["pareto_k"]
        return self.pointwise[k > self.k_limit].sort_values("pareto_k", ascending=False, kind="stable")

    def __str__(self) -> str:
        part = "row" if self.by == "row" else f"level of {self.by}"
        lines = [
            f"Leave one {part} out: {len(self.pointwise)} left out, {self.fit.formula}",
            f"elpd {self.elpd:.1f} (se {self.se:.1f}, Monte Carlo error {self.mcse:.2g}), "
            f"effective parameters {self.p:.1f}",
            self.advice,
        ]
        return "\n".join(lines)

    __repr__ = __str__

    @property
    def advice(self) -> str:
        """Whether the estimate can be trusted, and if not which rows and what to do."""
        bad = self.unreliable
        if bad.empty:
            n_again = int((self.pointwise["method"] == "marginal").sum())
            them = "it" if n_again == 1 else "them"
            again = f"; {n_again} recomputed exactly, from the marginal likelihoods with and without {them}"
            greatest = self.pointwise["pareto_k"].max()
            return f"All Pareto k at most {greatest:.2f} (limit {self.k_limit:.2f}){again if n_again else ''}."
        named = ", ".join(f"{label} ({k:.2f})" for label, k in bad["pareto_k"].head(5).items())
        more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
        return (
            f"Not to be trusted: Pareto k above {self.k_limit:.2f} for {len(bad)} of {len(self.pointwise)}: "
            f"{named}{more}. The model fits them only because it has seen them: fit it without them and look, or "
            "use a family with longer tails."
        )
