"""What is told of responses: figures of parameters and shares on their own scales, and the draws that are kept."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from bayesmix.arrays import Floats, Integers
from bayesmix.loci.engine.schema import FIGURES
from bayesmix.loci.responses.model import ManyModel
from bayesmix.loci.responses.schema import many_draws_schema, share_names
from bayesmix.loci.responses.standard import Standardised
from bayesmix.numerics.responses.draws import Draws, mixtures


@dataclass(frozen=True)
class Evidence:
    """A log marginal likelihood with its Monte Carlo standard error."""

    value: float
    error: float


@dataclass(frozen=True)
class Told:
    """`names` of columns and their `values` (R, n); `draws` (R, n_parameters, N) of the parameters of the model."""

    names: tuple[str, ...]
    values: Floats
    draws: Floats

    def row(self, number: int) -> dict[str, float]:
        """The columns of a response."""
        return dict(zip(self.names, self.values[number].tolist(), strict=True))


def told_of(model: ManyModel, drawn: Draws, scaled: Standardised, positions: Integers) -> Told:
    """The figures of responses, `positions` among those that were `scaled`."""
    sd, mean = scaled.sd[positions][:, None, None], scaled.mean[positions][:, None]
    tail = (1 - model.settings.prob) / 2
    probabilities = np.array([tail, 0.5, 1 - tail])
    coefficients = drawn.coefficients * sd
    coefficients[:, model.intercept] += mean
    parameters = [coefficients, _in_order(model, drawn, sd)]
    every = np.concatenate([*parameters, *([drawn.shares] if model.settings.shares else [])], axis=1)
    figures, below = _of_draws(every, probabilities)
    if drawn.given is not None:
        centre = drawn.given.centre * sd
        centre[:, model.intercept] += mean
        exact = mixtures(centre, drawn.given.spread * sd, probabilities)
        p = centre.shape[1]
        figures[:, :p, 0], figures[:, :p, 1], figures[:, :p, 2:], below[:, :p] = (
            exact.mean,
            exact.sd,
            exact.quantiles,
            exact.below,
        )
    names: list[str] = []
    columns: list[Floats] = []
    signed = {parameter.name: parameter.signed for parameter in model.parameters}
    shares = share_names(model.terms) if model.settings.shares else ()
    for number, name in enumerate((*signed, *shares)):
        names += [f"{name}_{figure}" for figure in FIGURES]
        columns += list(figures[:, number].T)
        if signed.get(name, False):
            names.append(f"{name}_p_below")
            columns.append(below[:, number])
    return Told(tuple(names), np.stack(columns, axis=1), np.concatenate(parameters, axis=1))


def _of_draws(draws: Floats, probabilities: Floats) -> tuple[Floats, Floats]:
    """Mean, sd and quantiles of draws (R, n, N), shape (R, n, 5), and the share of them below 0, (R, n)."""
    quantiles = np.quantile(np.sort(draws, axis=-1), probabilities, axis=-1)
    figures = np.stack([draws.mean(axis=-1), draws.std(axis=-1), *quantiles], axis=-1)
    return figures, (draws < 0).mean(axis=-1)


def _in_order(model: ManyModel, drawn: Draws, sd: Floats) -> Floats:
    """Draws of sds and correlations, term after term, and of sigma, (R, n, N)."""
    parts, of_sd, of_corr = [], 0, 0
    for k in model.ks:
        n_pairs = k * (k - 1) // 2
        parts.append(drawn.sds[:, of_sd : of_sd + k] * sd)
        if n_pairs:
            parts.append(drawn.correlations[:, of_corr : of_corr + n_pairs])
        of_sd, of_corr = of_sd + k, of_corr + n_pairs
    return np.concatenate([*parts, drawn.sigma[:, None] * sd], axis=1)


def kept_draws(model: ManyModel, name: str, told: Told, number: int) -> pa.Table:
    """The draws of a response."""
    draws = told.draws[number]
    columns: dict[str, Any] = {"response": [name] * draws.shape[1], "draw": np.arange(draws.shape[1], dtype=np.int32)}
    columns |= {parameter.name: draws[place] for place, parameter in enumerate(model.parameters)}
    return pa.table(columns, schema=many_draws_schema(model.parameters))
