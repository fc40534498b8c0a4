"""Which terms are left when those that tell least go one by one?"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmix.display import Printed
from bayesmix.errors import ArgumentError, shown
from bayesmix.formula.reduce import Reduction, fixed_reductions, reductions
from bayesmix.formula.terms import INTERCEPT
from bayesmix.hints import Listed
from bayesmix.inference.evidence.drop1 import drop1
from bayesmix.inference.evidence.rand import rand
from bayesmix.inference.evidence.reduced_fits import reduced_reml
from bayesmix.inference.shared.arguments import all_of, items_of
from bayesmix.inference.shared.question import question
from bayesmix.inference.shared.readable_table import ReadableTable
from bayesmix.inference.tables.ddf_method import ddf_method
from bayesmix.modelling.kinds import RemlFit


@dataclass(frozen=True, eq=False, repr=False)
class Elimination(Listed, Printed):
    """What backward elimination did.

    Attributes
    ----------
    random : pandas.DataFrame
        Indexed by `term`: `eliminated`, the turn at which the term went, 0 for terms that stay; the model without it
        (`npar`, `loglik`, `aic`) and its test, as `rand` has them. ``<none>`` is the model that it began with.
    fixed : pandas.DataFrame
        Indexed by `term`: `eliminated`, and the F tests of `drop1` at that turn, or of the model that is left.
    fit : RemlFit
        The model that is left.
    formula, reduced : str
        Of the model that it began with, and of the one that is left.
    alpha_random, alpha_fixed : float
        Terms with larger p values went.
    """

    random: pd.DataFrame
    fixed: pd.DataFrame
    fit: RemlFit
    formula: str
    alpha_random: float
    alpha_fixed: float

    @property
    def reduced(self) -> str:
        """The formula of the model that is left."""
        return self.fit.formula


@question
def step(
    fit: RemlFit,
    *,
    alpha_random: float = 0.1,
    alpha_fixed: float = 0.05,
    keep: str | Iterable[str] = (),
    ddf: str = "satterthwaite",
) -> Elimination:
    """Backward elimination of random terms, then of fixed ones, as lmerTest's `step`.

    Parameters
    ----------
    fit
        A fit by `reml`.
    alpha_random, alpha_fixed
        The term with the largest p value goes while that is larger than this; 1 keeps all.
    keep
        Fixed terms that stay, as `anova` names them.
    ddf
        Denominator degrees of freedom of the F tests, ``"satterthwaite"`` or ``"kenward-roger"``.

    Returns
    -------
    Elimination
        The turns, and the model that is left.

    Raises
    ------
    ArgumentError
        `fit` is no fit by `reml`; an alpha does not lie between 0 and 1; `keep` names a term that the model does not
        have; `ddf` is not known or not for this fit.

    Notes
    -----
    Random terms go by the likelihood-ratio test of `rand`, with the chi-square p value, which is too large where a
    variance of 0 is tested; so does lmerTest. A fixed term goes only when no interaction contains it.

    Tests and intervals of the model that is left do not know of the search: they are too good, the more terms there
    were. Where the model follows from the design, as in a trial, keep it whole; to compare few models use `lrt`, and
    for a posterior `bayes_factor` and `inclusion`, which averages over models.

    References
    ----------
    Kuznetsova, Brockhoff & Christensen (2017), doi:10.18637/jss.v082.i13; on the consequences Harrell (2015),
    Regression Modeling Strategies, section 4.3, doi:10.1007/978-3-319-19425-7

    Examples
    --------
    >>> fit = bm.reml("angle ~ recipe * temp + (1 | recipe:replicate) + (1 | replicate)", bm.load_data("cake"))
    >>> bm.step(fit).reduced
    'angle ~ temp + (1 | recipe:replicate) + (1 | replicate)'
    """
    alpha_random, alpha_fixed = (
        _share(value, name) for value, name in ((alpha_random, "alpha_random"), (alpha_fixed, "alpha_fixed"))
    )
    ddf, kept = ddf_method(fit, ddf), _kept(fit, keep)
    random, left = _without_random(fit, alpha_random)
    fixed, left = _without_fixed(left, alpha_fixed, kept, ddf)
    return Elimination(random, fixed, left, fit.formula, alpha_random, alpha_fixed)


def _share(value: object, name: str) -> float:
    """`value`, if it is a number from 0 to 1."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise ArgumentError(f"{name} is a p value, a number from 0 to 1; got {shown(value)}.")
    return float(value)


def _kept(fit: RemlFit, keep: str | Iterable[str]) -> frozenset[str]:
    if items_of(keep) == []:
        return frozenset()
    labels = [term.label for term in fit.design.formula.fixed if term != INTERCEPT]
    return frozenset(all_of(keep, labels, argument="keep"))


def _without_random(fit: RemlFit, alpha: float) -> tuple[pd.DataFrame, RemlFit]:
    tests = rand(fit)
    rows, turn = [tests.iloc[[0]].assign(eliminated=0)], 0
    while True:
        candidates = {part.label: part for part in reductions(fit.design.formula)}
        worst = _worst(tests, candidates, alpha)
        if worst is None:
            rows.append(tests.loc[list(candidates)].assign(eliminated=0))
            return _below_one_another(rows, without=("dropped",)), fit
        turn += 1
        rows.append(tests.loc[[worst]].assign(eliminated=turn))
        fit = reduced_reml(fit, candidates[worst].formula)
        tests = rand(fit)


def _without_fixed(fit: RemlFit, alpha: float, kept: frozenset[str], ddf: str) -> tuple[pd.DataFrame, RemlFit]:
    rows: list[pd.DataFrame] = []
    while True:
        tests = drop1(fit, ddf=ddf)
        candidates = {part.label: part for part in fixed_reductions(fit.design.formula) if part.label not in kept}
        worst = _worst(tests, candidates, alpha)
        if worst is None:
            return _below_one_another([*rows, tests.assign(eliminated=0)]), fit
        rows.append(tests.loc[[worst]].assign(eliminated=len(rows) + 1))
        fit = reduced_reml(fit, candidates[worst].formula)


def _worst(tests: pd.DataFrame, candidates: dict[str, Reduction], alpha: float) -> str | None:
    """The candidate with the largest p value, if that is larger than `alpha`; without a test a term stays."""
    p_values = tests.loc[list(candidates), "p"].astype(float)
    if not len(p_values) or np.isnan(p_values).all() or not p_values.max() > alpha:
        return None
    return str(p_values.idxmax())


def _below_one_another(rows: list[pd.DataFrame], without: tuple[str, ...] = ()) -> ReadableTable:
    frame = pd.concat([row for row in rows if len(row)] or rows).drop(columns=list(without))
    answer = ReadableTable(frame[["eliminated", *(name for name in frame if name != "eliminated")]])
    answer.attrs.clear()
    return answer
