"""The table that breeders hand in: entries with adjusted means, predictions, reliabilities and ranks."""

from dataclasses import dataclass
from functools import singledispatch

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.display import Printed
from bayesmix.formula.design import Design
from bayesmix.hints import Listed
from bayesmix.inference.means.emmeans import emmeans
from bayesmix.inference.means.letters import BEST
from bayesmix.inference.shared.arguments import one_of, probability
from bayesmix.inference.shared.draws import group_effects
from bayesmix.inference.shared.question import question
from bayesmix.inference.trials.adjusted_means import AdjustedMeans, adjusted_means
from bayesmix.inference.trials.connectivity import entries_in_common
from bayesmix.inference.trials.genetic_terms import GeneticTerms, Variances, genetic_terms, variances_of
from bayesmix.inference.trials.genotype_errors import genotype_errors
from bayesmix.inference.trials.heritability import heritability
from bayesmix.inference.trials.selection import selection
from bayesmix.modelling.kinds import Fit, RemlFit, no_answer

N_RELIABILITY = 100
"""Draws of the variances for which reliabilities are worked out."""


@dataclass(frozen=True, eq=False, repr=False)
class TrialReport(Listed, Printed):
    """What a trial says of its entries.

    Attributes
    ----------
    formula, formula_fixed : str
        Of the model, and of the one with entries as fixed effects, which the adjusted means are of.
    group : str
        The entry.
    entries : pandas.DataFrame
        Indexed by `level`, the best first: `n_plots`, and `n_environments` in which the entry was tried, where the
        model has an interaction with them; `blue`, the adjusted mean with its `blue_se`; `blup`, the prediction, the
        mean over all plus the entry's effect, with `blup_se`, the standard error of the effect's prediction;
        `reliability`, 1 - error variance of the prediction / genetic variance; `deregressed`, the effect over its
        reliability; `weight`, for a second stage; `rank`, expected, with `rank_lower` and `rank_upper`.
    heritability : pandas.DataFrame
        As `bm.heritability` has it.
    connectivity : pandas.DataFrame or None
        Entries that two environments have in common.
    cv : float
        100 residual sd / mean response, per cent.
    sed, lsd, df : float
        Of the adjusted means: the root of the mean variance of a difference, the least significant difference at 5 %,
        and its degrees of freedom.
    prob : float
        Probability of the intervals.
    """

    formula: str
    formula_fixed: str
    group: str
    entries: pd.DataFrame
    heritability: pd.DataFrame
    connectivity: pd.DataFrame | None
    cv: float
    sed: float
    lsd: float
    df: float
    prob: float


@question
def trial_report(
    fit: Fit | RemlFit, group: str, *, environment: str | None = None, best: str = "highest", prob: float = 0.95
) -> TrialReport:
    """Adjusted means (BLUEs), predictions (BLUPs), reliabilities, ranks and heritabilities of a trial's entries.

    Parameters
    ----------
    fit
        A Gaussian fit by `bm.fit` or `bm.reml` whose random terms are intercepts, with ``(1 | group)``.
    group
        The grouping factor that is the entry, one column of the data.
    environment
        The column whose levels are to be connected by entries in common; by default what meets the entry in its first
        interaction, such as the year of ``(1 | entry:year)``.
    best
        ``"highest"`` or ``"lowest"``: which entries have the first ranks.
    prob
        Probability of the intervals.

    Returns
    -------
    TrialReport
        It prints as a page; ``report.entries.to_csv("entries.csv")`` writes the table, as for a genome-wide study.

    Raises
    ------
    UnknownTermError, UnknownColumnError
        `group` is no grouping factor, or `environment` no column.
    ArgumentError
        The family is not Gaussian with one residual sd, or a random term has slopes.
    DesignError
        With the entries as fixed effects there is no REML fit.

    Notes
    -----
    The adjusted means are of a REML fit with the entries as fixed effects, whose other variances are estimated anew.
    They average over the other fixed factors with equal weights; an entry without one, since a cell is empty, has nan.
    `weight` is the diagonal of the inverse of their covariance (Smith, Cullis & Gilmour 2001), for a second stage over
    several trials. Deregressed effects (Garrick, Taylor & Fernando 2009) undo the shrinkage, for studies that shrink
    again; they are far off where the reliability is near 0.

    The BLUPs of a posterior are posterior means and their errors posterior sds, in which is what is not known of the
    variances; the reliability is the mean over 100 draws of the variances of what it is under each.

    References
    ----------
    Henderson (1975), doi:10.2307/2529430; Smith et al. (2001), doi:10.1111/1467-842X.00163; Garrick et al. (2009),
    doi:10.1186/1297-9686-41-55
    """
    terms = genetic_terms(fit.design, group, question="trial_report")
    variances, best = variances_of(fit, terms, question="trial_report"), one_of(best, BEST, argument="best")
    prob = probability(prob)
    connectivity = entries_in_common(fit.design, terms, environment)
    adjusted = adjusted_means(fit.design, group, terms.genotype.levels)
    effects = _effects(fit, terms, variances)
    entries = _entries(terms, adjusted, effects, _overall(fit))
    ranks = selection(fit, group, top=1, best=best, prob=prob)[["rank", "rank_lower", "rank_upper"]]
    y = fit.design.response.values
    return TrialReport(
        formula=fit.design.formula.text,
        formula_fixed=adjusted.fit.formula,
        group=group,
        entries=entries.loc[ranks.index].join(ranks),
        heritability=heritability(fit, group, prob=prob),
        connectivity=connectivity,
        cv=float(100 * np.sqrt(np.mean(variances.residual)) / np.mean(y)),
        sed=adjusted.sed,
        lsd=adjusted.lsd,
        df=adjusted.df,
        prob=prob,
    )


@dataclass(frozen=True, eq=False)
class _Effects:
    """Predicted effects of the entries, the standard errors of the predictions, and their reliabilities."""

    mean: Floats
    se: Floats
    reliability: Floats


@singledispatch
def _effects(fit: object, terms: GeneticTerms, variances: Variances) -> _Effects:
    raise no_answer(_effects, fit, question="trial_report")


@_effects.register
def _of_posterior(fit: Fit, terms: GeneticTerms, variances: Variances) -> _Effects:
    draws = group_effects(fit, terms.genotype, slice(None))[:, 0]
    reliabilities = [_reliability(fit.design, terms, some)[1] for some in variances.thinned(N_RELIABILITY)]
    return _Effects(draws.mean(axis=1), draws.std(axis=1, ddof=1), np.mean(reliabilities, axis=0))


@_effects.register
def _of_reml(fit: RemlFit, terms: GeneticTerms, variances: Variances) -> _Effects:
    se, reliability = _reliability(fit.design, terms, variances)
    modes = next(modes for term, modes in zip(fit.design.random, fit.effects, strict=True) if term is terms.genotype)
    return _Effects(modes[:, 0], se, reliability)


def _reliability(design: Design, terms: GeneticTerms, variances: Variances) -> tuple[Floats, Floats]:
    """Standard errors of the predictions under some variances, and reliabilities; 0 where nothing is genetic."""
    sds, sigma = terms.in_order_of(design, variances), float(np.sqrt(variances.residual))
    errors, genetic = genotype_errors(design, terms.genotype, sds=sds, sigma=sigma).variance, float(variances.genotype)
    return np.sqrt(errors), 1 - errors / genetic if genetic > 0 else np.zeros(len(errors))


def _overall(fit: Fit | RemlFit) -> float:
    """The mean over all, of an entry whose effect is 0."""
    return float(emmeans(fit, "1")["emmean"].iloc[0])


def _entries(terms: GeneticTerms, adjusted: AdjustedMeans, effects: _Effects, overall: float) -> pd.DataFrame:
    reliable = np.where(effects.reliability > 0, effects.reliability, np.nan)
    tried = {"n_environments": terms.n_cells[0].astype(np.int64)} if terms.n_cells else {}
    columns = {
        "n_plots": terms.n_plots,
        **tried,
        "blue": adjusted.mean,
        "blue_se": adjusted.se,
        "blup": overall + effects.mean,
        "blup_se": effects.se,
        "reliability": effects.reliability,
        "deregressed": effects.mean / reliable,
        "weight": adjusted.weight,
    }
    return pd.DataFrame(columns, index=pd.Index(terms.genotype.levels, name="level", dtype=object))
