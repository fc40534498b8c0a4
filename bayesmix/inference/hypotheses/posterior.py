"""A hypothesis about a posterior: the share of draws in which it holds beside the prior's, or densities at a point."""

from dataclasses import dataclass
from math import log

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError
from bayesmix.inference.hypotheses.expression import affine, evaluate, names_in
from bayesmix.inference.hypotheses.marginal_means import (
    NamedMean,
    empty_cells,
    means_into,
    notes_on_means,
    with_coefficients,
)
from bayesmix.inference.hypotheses.parameters import Effect, draws_of, effects_into, names_of_draws
from bayesmix.inference.hypotheses.point import linear_at_a_point, point_evidence
from bayesmix.inference.hypotheses.prior import PriorDraws, prior_probability
from bayesmix.inference.hypotheses.text import Hypothesis, read_hypothesis
from bayesmix.inference.shared.draws import joined
from bayesmix.inference.shared.estimability import coefficients_beside
from bayesmix.inference.shared.summarise import error_of_share, sampling_quality, summarise
from bayesmix.modelling.record import Fit


@dataclass(frozen=True)
class Evidence:
    """How probable a hypothesis is, and was: fields as the columns of `bm.hypothesis`."""

    probability: float
    mcse: float
    prior: float
    evidence_ratio: float
    limit: str
    log10_bf: float
    log10_bf_mcse: float
    method: str
    note: str


def of_posterior(fit: Fit, texts: dict[str, str], prob: float) -> pd.DataFrame:
    """The table of `bm.hypothesis` for a posterior."""
    effects: dict[str, Effect] = {}
    means: dict[str, NamedMean] = {}
    names, of_effects, of_means = names_of_draws(fit), effects_into(effects, fit.design), means_into(means, fit)
    read = [read_hypothesis(label, text, names, of_effects, of_means) for label, text in texts.items()]
    prior = PriorDraws(fit, effects)
    rows = [_row(fit, hypothesis, means, effects, prior, prob) for hypothesis in read]
    return pd.DataFrame(rows, index=pd.Index(list(texts), name="hypothesis", dtype=object))


def _row(
    fit: Fit,
    written: Hypothesis,
    means: dict[str, NamedMean],
    effects: dict[str, Effect],
    prior: PriorDraws,
    prob: float,
) -> dict[str, object]:
    hypothesis = with_coefficients(written, means)
    values = draws_of(fit, names_in(hypothesis.expression), effects)
    drawn = _drawn(hypothesis, values)
    summary = summarise(joined(drawn), prob)
    if hypothesis.is_point:
        found = _at_point(fit, hypothesis, effects, values, prior)
    else:
        found = _between(fit, hypothesis, drawn, prior)
    notes = (found.note, _of_priors_alone(fit, hypothesis, written, means), *notes_on_means(written, means))
    note = " ".join(part for part in notes if part)
    return {
        **{name: float(getattr(summary, name)) for name in ("mean", "sd", "lower", "upper")},
        "probability": found.probability,
        "mcse": found.mcse,
        "prior": found.prior,
        "evidence_ratio": found.evidence_ratio,
        "limit": found.limit,
        "bayes_factor": float(10.0 ** np.clip(found.log10_bf, -300, 300)),
        "log10_bf": found.log10_bf,
        "log10_bf_mcse": found.log10_bf_mcse,
        "method": found.method,
        "note": note,
    }


def _drawn(hypothesis: Hypothesis, values: dict[str, Floats]) -> Floats:
    """The expression in each draw, by chain."""
    drawn = evaluate(hypothesis.expression, values)
    known = np.isfinite(drawn)
    if not known.all():
        raise ArgumentError(
            f"{hypothesis.text!r}: the expression has no finite value in {np.sum(~known)} of {drawn.size} draws, as "
            "the logarithm of a negative number has none."
        )
    return drawn


def _between(fit: Fit, hypothesis: Hypothesis, drawn: Floats, prior: PriorDraws) -> Evidence:
    inside = (drawn > hypothesis.lower) & (drawn < hypothesis.upper)
    share = float(inside.mean())
    chance = prior_probability(fit, hypothesis, prior)
    ratio, limit = _odds(share, _effective(fit, drawn))
    mcse = error_of_share(fit, inside.astype(float))
    before = chance.value / (1 - chance.value) if 0 < chance.value < 1 else np.nan
    notes = [f"No Bayes factor: {chance.reason}."] if chance.reason else []
    if not chance.reason and not 0 < chance.value < 1:
        notes.append(f"No Bayes factor: its prior probability is {chance.value:g} as far as can be told.")
    with np.errstate(all="ignore"):
        of_prior = chance.error / (chance.value * (1 - chance.value))
        of_share = 0.0 if limit else mcse / (share * (1 - share))
    return Evidence(
        probability=share,
        mcse=mcse,
        prior=chance.value,
        evidence_ratio=ratio,
        limit=limit,
        log10_bf=float(np.log10(ratio / before)),
        log10_bf_mcse=float(np.hypot(of_prior, of_share) / log(10)) if before > 0 and not limit else np.nan,
        method="share of draws",
        note=" ".join(notes),
    )


def _effective(fit: Fit, drawn: Floats) -> float:
    """How many independent draws of the expression the posterior is worth, at most all of them."""
    effective = float(sampling_quality(fit, drawn[None])["ess_bulk"][0])
    return min(effective, drawn.size) if np.isfinite(effective) else float(drawn.size)


def _odds(share: float, effective: float) -> tuple[float, str]:
    """Posterior odds; beyond the greatest that as many draws can tell, that one, and that they are above or below."""
    greatest = max(effective - 1.0, 1.0)
    odds = share / (1 - share) if share < 1 else np.inf
    if odds > greatest:
        return greatest, ">"
    return (odds, "") if odds >= 1 / greatest else (1 / greatest, "<")


def _at_point(
    fit: Fit, hypothesis: Hypothesis, effects: dict[str, Effect], values: dict[str, Floats], prior: PriorDraws
) -> Evidence:
    linear = linear_at_a_point(fit, hypothesis, effects)
    found = point_evidence(fit, linear, hypothesis.lower, values, prior)
    if found.reason:
        return _without_number(found.method, f"No number: {found.reason}.")
    share = found.probability
    return Evidence(
        probability=share,
        mcse=share * (1 - share) * log(10) * found.error,
        prior=0.5,
        evidence_ratio=float(10.0 ** np.clip(found.log10_bf, -300, 300)),
        limit="",
        log10_bf=found.log10_bf,
        log10_bf_mcse=found.error,
        method=found.method,
        note="",
    )


def _without_number(method: str, note: str) -> Evidence:
    return Evidence(
        probability=np.nan,
        mcse=np.nan,
        prior=np.nan,
        evidence_ratio=np.nan,
        limit="",
        log10_bf=np.nan,
        log10_bf_mcse=np.nan,
        method=method,
        note=note,
    )


def _of_priors_alone(fit: Fit, hypothesis: Hypothesis, written: Hypothesis, means: dict[str, NamedMean]) -> str:
    """That the data know nothing of a coefficient that depends on others, or of a mean: the priors decide."""
    named = set(names_in(hypothesis.expression))
    for part in fit.design.predictors:
        dependence = part.fixed.dependence
        if dependence is None:
            continue
        places = {name: place for place, name in enumerate(dependence.names)}
        row = np.zeros(len(places))
        linear = affine(hypothesis.expression)
        for name in named & set(places):
            row[places[name]] = linear.weights.get(name, 0.0) if linear else 1.0
        moved = row @ dependence.null_space
        for place in np.flatnonzero(np.abs(moved) > 1e-9 * np.abs(row).max(initial=1.0)):
            empty = empty_cells(written, means)
            if empty:
                return f"Only the priors tell the value: {empty}."
            beside = ", ".join(coefficients_beside(dependence, int(place)))
            told = f"from {beside}" if beside else "at all"
            return f"The data do not tell {dependence.dependent[int(place)]} {told}: the priors decide."
    return ""
