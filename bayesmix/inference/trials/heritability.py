"""How much of the variance between entries is genetic?"""

from functools import singledispatch

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.errors import DesignError, listing
from bayesmix.estimates.reml.fit_design import fit_reml
from bayesmix.formula.design import Design
from bayesmix.inference.shared.arguments import probability
from bayesmix.inference.shared.question import table
from bayesmix.inference.shared.readable_table import ReadableTable
from bayesmix.inference.shared.summarise import summarise
from bayesmix.inference.trials.entry_mean import EntryMean, entry_mean, words
from bayesmix.inference.trials.genetic_terms import GeneticTerms, Variances, genetic_terms, variances_of
from bayesmix.inference.trials.genotype_errors import genotype_errors
from bayesmix.modelling.kinds import Fit, RemlFit, no_answer

_SUMMARIES = ("mean", "median", "sd", "lower", "upper")
N_CULLIS = 400
"""Draws of the variances for which prediction errors are worked out."""

MEASURES = ("plot", "total", "repeatability", "entry_mean", "Cullis", "genetic_correlation")


@table
def heritability(
    fit: Fit | RemlFit,
    group: str,
    *,
    environments: float | None = None,
    plots: float | None = None,
    prob: float = 0.95,
) -> pd.DataFrame:
    """Heritabilities of a trial's entries in the broad sense, each by its name.

    With the variances of the entries, g, of their interactions with environments, v_t for each random term such as
    ``(1 | entry:year)``, of the residual, e, and of the terms of the trial's design, d, the measures are

    ``plot``                 g / (g + sum v_t + e): of one plot, design effects taken off
    ``total``                g / (g + sum v_t + sum d + e): of one plot as it stands
    ``repeatability``        (g + sum v_t) / (g + sum v_t + e): correlation of two plots of an entry in one environment
    ``entry_mean``           g / (g + sum v_t / n_t + e / n): of the mean of an entry
    ``Cullis``               1 - w / (2 g), w the mean variance of the difference of two BLUPs
    ``genetic_correlation``  g / (g + sum v_t): correlation of an entry's values in two environments

    Parameters
    ----------
    fit
        A Gaussian fit by `bm.fit` or `bm.reml` whose random terms are intercepts, with ``(1 | group)``.
    group
        The grouping factor that is the entry, genotype or line. Terms that have it among their factors, such as
        ``(1 | entry:year)``, are its interactions; all others belong to the design.
    environments, plots
        For `entry_mean` of a trial that is planned: environments in which an entry is tried (the n_t of every
        interaction), and plots of an entry in all, n. By default those of the data, as harmonic means over the entries.
    prob
        Probability of the interval (posterior).

    Returns
    -------
    pandas.DataFrame
        Indexed by `measure`. Posterior: `mean`, `median`, `sd`, `lower` and `upper` (equal-tailed), and `reml`, the
        value of the REML fit of the same model to the same rows (nan where there is none). REML: `estimate`.
        ``attrs["n"]`` has the numbers that `entry_mean` took, by term, ``attrs["notes"]`` sentences to read first.

    Raises
    ------
    UnknownTermError
        `group` is no grouping factor of the model.
    ArgumentError
        The family is not Gaussian with one residual sd, a random term has slopes, or a number is not positive.

    Notes
    -----
    `plot` and `entry_mean` are those of Nyquist (1991), the latter with harmonic means as Holland, Nyquist &
    Cervantes-Martinez (2003); `repeatability` is an upper bound of `plot` (Falconer & Mackay 1996, chapter 8). With
    entries tried unequally often the mean of an entry is no single thing: `Cullis` (Cullis, Smith & Coombes 2006) is
    the share of the genetic variance of a difference that the BLUPs explain, and needs no balance; in a balanced trial
    of one environment the two agree. Its draws are of at most 400 values of the variances, with the coefficients
    estimated under each. Entries are taken as unrelated, so that dominance and epistasis are in g. Weights: e is of
    weight 1, and n sums weights.

    Where the variance of the entries is 0 at the REML estimate, `Cullis` is nan.

    References
    ----------
    Nyquist (1991), doi:10.1080/07352689109382313; Holland et al. (2003), doi:10.1002/9780470650202.ch2;
    Cullis et al. (2006), doi:10.1198/108571106X154443; Piepho & Moehring (2007), doi:10.1534/genetics.107.074229
    """
    terms = genetic_terms(fit.design, group, question="heritability")
    prob = probability(prob)
    tried = entry_mean(terms, environments, plots)
    columns = _heritability(fit, terms=terms, tried=tried, prob=prob)
    frame = ReadableTable(columns, index=pd.Index(MEASURES, name="measure"))
    frame.attrs |= {"group": group, "n": tried.by_term(terms), "notes": _notes(terms, tried)}
    return frame


@singledispatch
def _heritability(fit: object, *, terms: GeneticTerms, tried: EntryMean, prob: float) -> dict[str, Floats]:
    raise no_answer(_heritability, fit, question="heritability")


@_heritability.register
def _of_posterior(fit: Fit, *, terms: GeneticTerms, tried: EntryMean, prob: float) -> dict[str, Floats]:
    variances = variances_of(fit, terms, question="heritability")
    shares = _shares(variances, tried)
    shares["Cullis"] = np.array([_cullis(fit.design, terms, some) for some in variances.thinned(N_CULLIS)])
    summaries = [summarise(shares[measure], prob).columns(*_SUMMARIES) for measure in MEASURES]
    columns = {name: np.concatenate([summary[name] for summary in summaries]) for name in _SUMMARIES}
    return columns | {"reml": _by_reml(fit.design, terms, tried)}


def _by_reml(design: Design, terms: GeneticTerms, tried: EntryMean) -> Floats:
    """Of the REML fit to the same rows; nan where it refuses."""
    try:
        estimated = fit_reml(design)
    except DesignError:
        return np.full(len(MEASURES), np.nan)
    return _heritability(
        estimated,
        terms=genetic_terms(estimated.design, terms.genotype.group, question="heritability"),
        tried=tried,
        prob=0.95,
    )["estimate"]


@_heritability.register
def _of_reml(fit: RemlFit, *, terms: GeneticTerms, tried: EntryMean, prob: float) -> dict[str, Floats]:
    variances = variances_of(fit, terms, question="heritability")
    shares = _shares(variances, tried)
    shares["Cullis"] = np.array(_cullis(fit.design, terms, variances))
    return {"estimate": np.array([float(shares[measure]) for measure in MEASURES])}


def _shares(variances: Variances, tried: EntryMean) -> dict[str, Floats]:
    """All measures but Cullis', by name."""
    genotype, residual = variances.genotype, variances.residual
    genetic = sum(variances.interactions, start=genotype)
    with np.errstate(invalid="ignore"):  # 0 / 0: no genetic variance at all
        return {
            "plot": genotype / (genetic + residual),
            "total": genotype / sum(variances.others, start=genetic + residual),
            "repeatability": genetic / (genetic + residual),
            "entry_mean": genotype / (genotype + tried.variance_beside_genotype(variances)),
            "genetic_correlation": genotype / genetic,
        }


def _cullis(design: Design, terms: GeneticTerms, variances: Variances) -> float:
    genotype = float(variances.genotype)
    if genotype == 0:
        return np.nan
    sds, sigma = terms.in_order_of(design, variances), float(np.sqrt(variances.residual))
    errors = genotype_errors(design, terms.genotype, sds=sds, sigma=sigma)
    return 1 - errors.of_differences / (2 * genotype)


def _notes(terms: GeneticTerms, tried: EntryMean) -> tuple[str, ...]:
    group = terms.genotype.group
    notes = [f"entry_mean is of {words(tried, terms)} for each level of {group}; Cullis of the data as they are."]
    if not terms.interactions:
        notes.append(
            f"The model has no interaction such as (1 | {group}:year), so that plot and repeatability agree and what "
            "the entries do in other years is not allowed for."
        )
    others = listing([f"(1 | {term.group})" for term in terms.others])
    if others:
        notes.append(f"Of the trial's design, and in total alone: {others}.")
    return tuple(notes)
