"""Which entries are to be promoted, and what is gained?"""

from functools import singledispatch
from typing import Any

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats, Positions
from bayesmix.errors import ArgumentError
from bayesmix.inference.means.letters import BEST
from bayesmix.inference.means.ranks import rank_columns
from bayesmix.inference.shared.arguments import a_count, one_of, probability
from bayesmix.inference.shared.draws import group_effects
from bayesmix.inference.shared.question import table
from bayesmix.inference.shared.readable_table import ReadableTable
from bayesmix.inference.shared.summarise import SHOWN, summarise
from bayesmix.inference.trials.genetic_terms import GeneticTerms, genetic_terms, variances_of
from bayesmix.inference.trials.genotype_errors import genotype_covariance
from bayesmix.modelling.kinds import Fit, RemlFit, no_answer

N_DRAWS = 4000
MOST_ENTRIES = 5000
"""Entries of an estimate whose covariance is held whole."""


@table
def selection(
    fit: Fit | RemlFit, group: str, *, top: int = 5, best: str = "highest", prob: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """Entries by their predicted effects: how likely each is among the best, and what promoting the `top` gains.

    Parameters
    ----------
    fit
        A fit by `bm.fit` or `bm.reml` whose random terms are intercepts, with ``(1 | group)``.
    group
        The grouping factor that is the entry.
    top
        How many are to be promoted.
    best
        ``"highest"`` or ``"lowest"``: which effects are wanted.
    prob
        Probability of the intervals, of effects, ranks and gain.
    seed
        For the draws of a REML fit.

    Returns
    -------
    pandas.DataFrame
        Indexed by `level`, the best first by the mean of its effect: `mean`, `sd`, `lower`, `upper` of the effect, on
        the link scale, as a deviation from the mean of all entries that might be tried; `p_best`, the probability of
        being the best of those in the trial; `p_top`, of being among the best `top`; `rank`, expected, with
        `rank_lower` and `rank_upper`, whole numbers. The first `top` are promoted: ``attrs["gain"]`` has `mean`,
        `lower` and `upper` of their mean effect, ``attrs["n_right"]`` how many of them are expected among the true best
        `top`.

    Raises
    ------
    UnknownTermError
        `group` is no grouping factor of the model.
    ArgumentError
        `top` exceeds the number of entries; a REML fit of more than 5,000 entries; a random term has slopes.

    Notes
    -----
    Ranks are taken within each draw. Effects are shrunk by the model, so that the gain needs no correction for having
    looked for the best. A REML fit has 4,000 draws of the effects about their BLUPs, normal with the covariance of the
    prediction errors; its variances count as known, so that probabilities are nearer to 0 and 1 than those of the
    posterior.

    References
    ----------
    Laird & Louis (1989), doi:10.3102/10769986014001029; Henderson (1975), doi:10.2307/2529430
    """
    terms = genetic_terms(fit.design, group, question="selection")
    top, best, prob = a_count(top, argument="top"), one_of(best, BEST, argument="best"), probability(prob)
    m = terms.genotype.n_levels
    if top > m:
        raise ArgumentError(f"top={top} exceeds the number of levels of {group!r}, {m}.")
    draws, known = _effects(fit, terms=terms, seed=seed)
    summary = summarise(draws, prob)
    wanted = -draws if best == "highest" else draws
    order = np.argsort(-summary.mean if best == "highest" else summary.mean, kind="stable")
    ranks = rank_columns(wanted, top, prob)
    columns = summary.columns(*SHOWN) | {name: ranks[name] for name in ("p_best", "p_top", "rank")}
    columns |= {"rank_lower": np.floor(ranks["lower"]), "rank_upper": np.ceil(ranks["upper"])}
    ordered = {name: values[order] for name, values in columns.items()}
    levels = [terms.genotype.levels[place] for place in order]
    frame = ReadableTable(ordered, index=pd.Index(levels, name="level", dtype=object))
    frame.attrs |= _of_promoted(draws, order[:top], ranks["p_top"], prob)
    frame.attrs["notes"] = _notes(top, frame.attrs, known)
    return frame


@singledispatch
def _effects(fit: object, *, terms: GeneticTerms, seed: int) -> tuple[Floats, tuple[str, ...]]:
    """Draws of the effects of all entries, (m, n_draws), and what to know of them."""
    raise no_answer(_effects, fit, question="selection")


@_effects.register
def _of_posterior(fit: Fit, *, terms: GeneticTerms, seed: int) -> tuple[Floats, tuple[str, ...]]:
    return group_effects(fit, terms.genotype, slice(None))[:, 0], ()


@_effects.register
def _of_reml(fit: RemlFit, *, terms: GeneticTerms, seed: int) -> tuple[Floats, tuple[str, ...]]:
    m, variances = terms.genotype.n_levels, variances_of(fit, terms, question="selection")
    if m > MOST_ENTRIES:
        raise ArgumentError(
            f"{terms.genotype.group!r} has {m} levels, and the covariance of the predictions is formed for up to "
            f"{MOST_ENTRIES}; bm.fit draws the effects of more."
        )
    sds = terms.in_order_of(fit.design, variances)
    covariance = genotype_covariance(fit.design, terms.genotype, sds=sds, sigma=fit.sigma)
    modes = next(modes for term, modes in zip(fit.design.random, fit.effects, strict=True) if term is terms.genotype)
    sizes, axes = np.linalg.eigh(covariance)
    standard = np.random.default_rng(seed).standard_normal((m, N_DRAWS))
    standard -= standard.mean(axis=1, keepdims=True)  # so that the mean of the draws is the BLUP
    draws = modes + axes @ (np.sqrt(np.maximum(sizes, 0.0))[:, None] * standard)
    return draws, ("The variances count as known, so that probabilities are nearer to 0 and 1 than they should be.",)


def _of_promoted(draws: Floats, promoted: Positions, p_top: Floats, prob: float) -> dict[str, object]:
    gain = summarise(draws[promoted].mean(axis=0), prob)
    return {
        "gain": {name: float(getattr(gain, name)) for name in ("mean", "lower", "upper")},
        "n_right": float(p_top[promoted].sum()),
        "prob": prob,
    }


def _notes(top: int, attrs: dict[str, Any], known: tuple[str, ...]) -> tuple[str, ...]:
    gain = attrs["gain"]
    means = "entry differs" if top == 1 else f"{top} entries differ on average"
    told = (
        f"The promoted {means} from the mean of all by {gain['mean']:.3g} [{gain['lower']:.3g}, {gain['upper']:.3g}]; "
        f"{attrs['n_right']:.2g} of {top} are expected to be among the true best {top}."
    )
    return (told, *known)
