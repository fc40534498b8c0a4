"""The sentence of a report on a coefficient whose size the data do not tell."""

import numpy as np
import pandas as pd

from bayesmix.errors import counted, listing
from bayesmix.modelling.record import Fit
from bayesmix.modelling.separation import Separated
from bayesmix.modelling.separation_text import count, place
from bayesmix.priors.coefficient import CoefficientPrior

_SIDES = {-1: "below 0", 1: "above 0"}


def sentence(
    fit: Fit, triage: Separated, number: int, posterior: pd.Series, prior: CoefficientPrior, prob: float
) -> str:
    """What was observed, whether the direction is supported, and what bounds the size.

    Parameters
    ----------
    fit
        The fit.
    triage
        What `separation_of` found.
    number
        Position of the coefficient.
    posterior
        Its `mean`, `lower`, `upper` and `p_direction`.
    prior
        Its prior.
    prob
        Probability of the interval. A direction is supported when the interval leaves out 0.
    """
    name, sign = fit.design.fixed.names[number], int(triage.signs[number])
    own = [one for one in triage.found if one.direction[number]] or list(triage.found)
    seen = listing(f"{count(one, fit.family)} in {place(one)}" for one in own if one.kind == "cell")
    why = f"the data have {seen}" if seen else f"a combination of predictors separates {counted(triage.n_rows, 'row')}"
    numbers = [float(posterior[column]) for column in ("mean", "lower", "upper")]
    decimals = max(0, 1 - int(np.floor(np.log10(max(numbers[2] - numbers[1], 1e-12)))))
    mean, lower, upper = (f"{value:.{decimals}f}" for value in numbers)
    size = f"{mean} [{lower}, {upper}] on the {fit.family.link} scale"
    where = f"the prior {prior.text}" if "(" in prior.text else "the priors"
    if sign == 0:
        return (
            f"The data do not determine {name} ({why}): its posterior, {size} (mean and {100 * prob:g} % interval), "
            f"rests on {where}."
        )
    p = float(posterior["p_direction"])
    supported = p >= (1 + prob) / 2
    verb = "is supported" if supported else "is not settled"
    away = "above" if sign > 0 else "below"
    return (
        f"Maximum likelihood has no finite estimate of {name}, as {why}. Its direction {verb} (posterior probability "
        f"of being {_SIDES[sign]}: {_probability(p, fit)}); its size, {size} (posterior mean and {100 * prob:g} % "
        f"interval), is bounded {away} by {where}, not by the data."
    )


def _probability(p: float, fit: Fit) -> str:
    """With three decimals, and no nearer to 1 than the draws can tell."""
    n_draws = fit.diagnostics.n_total
    if p >= 1 - 1 / n_draws:
        return f"> {1 - 10 ** -np.floor(np.log10(n_draws)):g}"
    return f"{p:.3f}"
