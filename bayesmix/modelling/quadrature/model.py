"""Counts with one random intercept: data and priors for the density with the group effects integrated out.

The effects are drawn exactly given everything else in a draw. Every draw of a level has its own random numbers, so that
effects need not be kept: they can be drawn again at any time and in any order, the same to the last digit.
"""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.formula.design import Design
from bayesmix.modelling.blocks import work_in_stretches
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.parameters import on_the_line
from bayesmix.numerics.level_quadrature.draws import draw_effects
from bayesmix.numerics.level_quadrature.posterior import (
    COEFFICIENT,
    FOLDABLE,
    FOLDED,
    POSITIVE,
    Parameters,
    pack_counts,
)
from bayesmix.numerics.level_quadrature.rows import CountRows, count_rows, of_all_rows, value_cost
from bayesmix.numerics.prior_codes import UNIFORM
from bayesmix.posterior import layout
from bayesmix.priors.prior import coefficient_kind, prior_numbers, sd_prior

_DRAWS_AT_ONCE = 128
_TYPICAL_SD, _TYPICAL_AUXILIARY = (
    0.5,
    5.0,
)  # of a group, and of a further parameter: the search for the mode begins here


@dataclass(frozen=True)
class Counts:
    """A model of counts with its group effects integrated out, which leaves theta (n,).

    `rows` are the data; `parameters` are the roles and priors of theta, `names` (n,) their names. The search for the
    mode begins at `start` (n,), and theta lies within some `spread` (n,) of it. The intercept is at the `means` (p,) of
    the columns, 0 for its own column; None without an intercept.
    """

    rows: CountRows
    parameters: Parameters
    names: tuple[str, ...]
    start: Floats
    spread: Floats
    means: Floats | None
    intercept: int

    @property
    def p(self) -> int:
        """The number of coefficients."""
        return self.rows.X.shape[1]

    @property
    def n_levels(self) -> int:
        return len(self.rows.starts) - 1

    @property
    def folded(self) -> int | None:
        """The position in theta of an sd whose sign means nothing."""
        positions = np.flatnonzero(self.parameters.roles == FOLDED)
        return int(positions[0]) if len(positions) else None

    def buffer(self, centre: Floats, scale: Floats, fineness: float) -> Floats:
        """The buffer that the compiled functions read, with theta = centre + scale x."""
        return pack_counts(self.rows, self.parameters, centre=centre, scale=scale, fineness=fineness)

    def plain_buffer(self, fineness: float) -> Floats:
        """The buffer that the compiled functions read, with theta as it is."""
        n = self.parameters.n
        return self.buffer(np.zeros(n), np.eye(n), fineness)

    def seconds_per_value(self) -> float:
        return value_cost(self.rows)


def integrate_effects(model: MixedModel) -> Counts:
    """Collect data and priors of a model that nothing keeps from the quadrature route."""
    design, family, priors = model.design, model.family, model.priors
    means = _means(design)
    X = design.fixed.matrix if means is None else design.fixed.matrix - means
    term = design.random[0] if design.random else None
    rows = count_rows(
        code=family.record.row_codes[family.link],
        y=design.response.values,
        trials=design.response.trials,
        X=X,
        offset=design.offset,
        index=term.index if term else None,
        n_levels=term.n_levels if term else 0,
    )
    guess, information = of_all_rows(rows)
    sizes = np.sqrt(np.mean(X**2, axis=0))
    sizes = np.where(sizes > 0, sizes, 1.0)
    names, roles, kinds, numbers, units, start, spread = [], [], [], [], [], [], []
    for name, size in zip(design.fixed.names, sizes, strict=True):
        kind = coefficient_kind(priors[name])
        names.append(name)
        roles.append(COEFFICIENT)
        kinds.append(kind)
        numbers.append(prior_numbers(priors[name]))
        units.append(1 / size)
        start.append(guess - float(np.mean(design.offset)) if name == "Intercept" and kind != UNIFORM else 0.0)
        spread.append(1 / np.sqrt(1 + information))
    positive = [(name, _TYPICAL_SD) for name in (layout.sd_names(term) if term else ())]
    positive += [(name, _TYPICAL_AUXILIARY) for name in family.auxiliary]
    for name, typical in positive:
        kind, pair = sd_prior(priors[name])
        folded = term is not None and name in layout.sd_names(term) and kind in FOLDABLE
        names.append(name)
        roles.append(FOLDED if folded else POSITIVE)
        kinds.append(kind)
        numbers.append((*pair, 0.0))
        units.append(1.0)
        start.append(typical if folded else on_the_line(typical, priors[name]))
        spread.append(1 / np.sqrt(2 * max(term.n_levels, 1)) if folded and term else 0.5)
    return Counts(
        rows=rows,
        parameters=Parameters(
            np.array(roles, dtype=np.int64),
            np.array(kinds, dtype=np.int64),
            np.array(numbers, dtype=float).reshape(-1, 3),
            np.array(units, dtype=float),
        ),
        names=tuple(names),
        start=np.array(start, dtype=float),
        spread=np.array(spread, dtype=float),
        means=means,
        intercept=design.fixed.names.index("Intercept") if design.fixed.has_intercept else 0,
    )


def _means(design: Design) -> Floats | None:
    """Means of the predictors' columns, 0 for the intercept's own; None without an intercept."""
    if not design.fixed.has_intercept:
        return None
    means = design.fixed.matrix.mean(axis=0)
    means[design.fixed.names.index("Intercept")] = 0.0
    return means


def coefficients_at_zero(model: Counts, values: Floats) -> Floats:
    """Coefficients (n_points, p) with the intercept at predictors equal to 0, from `parameter_values` (n_points, n)."""
    beta = values[:, : model.p].copy()
    if model.means is not None:
        beta[:, model.intercept] -= beta @ model.means
    return beta


@dataclass(frozen=True)
class CountsEffects:
    """All that the effects depend on: the model, the draws `theta` (n_total, n), and the seed."""

    model: Counts
    theta: Floats
    seed: int

    def effects(self, number: int, levels: Positions, *, cores: int = 1) -> Floats:
        """Effects (n_total, n_levels, 1) of some `levels` of the only term."""
        buffer = self.model.plain_buffer(1.0)
        chosen = np.ascontiguousarray(levels, dtype=np.int64)
        drawn = np.empty((len(self.theta), len(chosen)))

        def work(part: slice) -> None:
            draw_effects(buffer, self.theta[part], part.start, chosen, self.seed, drawn[part])

        work_in_stretches(work, len(self.theta), _DRAWS_AT_ONCE, cores=cores)
        return drawn[:, :, None]
