"""`ManyModel`: one Gaussian model for every response, with the plan by which its values are drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pickle import dumps

import numpy as np
import pandas as pd
import pyarrow as pa

from bayesmix.arrays import Flags, Floats
from bayesmix.errors import DataError
from bayesmix.families.family import read_family
from bayesmix.formula.frame import checked_frame
from bayesmix.formula.terms import Formula
from bayesmix.loci.engine.parameters import Parameter, parameters_of
from bayesmix.loci.responses.pattern import OneModel, parsed_formula, pattern_models
from bayesmix.loci.responses.schema import many_schema
from bayesmix.loci.responses.settings import ManySettings
from bayesmix.loci.responses.source import ResponseFrame
from bayesmix.loci.responses.standard import standardised
from bayesmix.numerics.responses.learning import Plan, learn_plan, sigma_grid
from bayesmix.numerics.responses.space import ResponseSpace, project
from bayesmix.parallel import one_blas_thread
from bayesmix.priors.given import Given, by_parameter
from bayesmix.priors.prior import Prior

_SAMPLE = 1000  # responses that plans are learnt from
_LEAST_SIGMA = 1e-3  # of the sd of a response, the least residual sd that the grid reaches
_MARGIN = 0.4  # of the least residual sd that any response seems to have


@dataclass(frozen=True, eq=False)
class ManyModel:
    """A model for every response, made by `many_model`.

    `sheet` has the columns of the design that the formula uses, a row for each sample; `complete` (n_samples,) says
    which miss none. `priors` are those given, by parameter, for a response of sd 1. `parameters` and `terms` are what
    the table tells of, `tested` the random terms with Bayes factors; `intercept` is the place of the intercept, `ks`
    the columns of each term. `plans` are those of the model and of each smaller one; `least` is the least residual sd
    of their grids.
    """

    formula: Formula
    sheet: pd.DataFrame
    complete: Flags
    parameters: tuple[Parameter, ...]
    intercept: int
    ks: tuple[int, ...]
    terms: tuple[str, ...]
    tested: tuple[str, ...]
    plans: tuple[Plan, ...]
    least: float
    settings: ManySettings
    priors: Mapping[str, str | Prior]

    @property
    def schema(self) -> pa.Schema:
        """The columns of the table of results, of which `docs/many_responses.md` has the meaning."""
        return many_schema(self.parameters, self.terms, self.tested, self.settings)

    @cached_property
    def digest(self) -> str:
        """What tells this model from others within a process."""
        return sha256(dumps(self)).hexdigest()

    def log_sigma(self, n_samples: int) -> Floats:
        """The grid of sigma for responses with values at so many samples."""
        return sigma_grid(n_samples, self.least)


def many_model(formula: str, source: ResponseFrame, *, priors: Given, settings: ManySettings) -> ManyModel:
    """The model of every response, with all that is wrong with it said before any is fitted.

    Raises
    ------
    FormulaError, DataError, DesignError, PriorError, ArgumentError
        One line that says what is wrong and what to do.
    """
    parsed = parsed_formula(formula, source.sheet.columns)
    used = [name.name for name in parsed.predictor_columns]
    sheet = checked_frame(source.sheet, used)[used] if used else pd.DataFrame(index=source.sheet.index)
    complete = sheet.notna().all(axis=1).to_numpy()
    rows = _most_frequent(np.isfinite(source.values) & complete[:, None])
    if not rows.any():
        raise DataError("No response has a value at a sample that is complete in the columns of the formula.")
    models = pattern_models(parsed, sheet[rows], priors, factors=settings.bayes_factors)
    given = by_parameter(priors, models.whole.priors)
    plans, least = _plans((models.whole, *models.smaller), source, rows, settings.seed)
    design = models.whole.design
    return ManyModel(
        formula=parsed,
        sheet=sheet.reset_index(drop=True),
        complete=complete,
        parameters=parameters_of(design, read_family("gaussian")),
        intercept=design.fixed.names.index(design.fixed.intercept or ""),
        ks=tuple(term.k for term in design.random),
        terms=tuple(f"({term.label})" for term in design.random),
        tested=models.labels,
        plans=plans,
        least=least,
        settings=settings,
        priors=given,
    )


def _most_frequent(present: Flags) -> Flags:
    """The samples that the most responses have values at, (n_samples,)."""
    patterns, counts = np.unique(present.T, axis=0, return_counts=True)
    # Of patterns as frequent as each other that with the most samples.
    return patterns[np.lexsort((patterns.sum(axis=1), counts))[-1]]


def _plans(
    models: tuple[OneModel, ...], source: ResponseFrame, rows: Flags, seed: int
) -> tuple[tuple[Plan, ...], float]:
    """A plan for each model, learnt from responses that have values at the same samples; the least residual sd."""
    alike = np.flatnonzero(np.isfinite(source.values[rows]).all(axis=0))
    chosen = alike[np.unique(np.linspace(0, len(alike) - 1, min(len(alike), _SAMPLE)).round().astype(int))]
    scaled = standardised(source.values[np.ix_(rows, chosen)])
    usable = scaled.values[:, scaled.usable]
    with one_blas_thread():
        least = _least_sigma(models[0].shared(np.zeros(2)).space, usable)
        grid = sigma_grid(int(rows.sum()), least)
        plans = []
        for model in models:
            shared = model.shared(grid)
            plans.append(learn_plan(shared, project(shared.space, usable), seed=seed))
    return tuple(plans), least


def _least_sigma(space: ResponseSpace, responses: Floats) -> float:
    """A residual sd below that of all these responses, as least squares on all columns of X and Z has it."""
    degrees = space.n_obs - space.rank
    if degrees < 1 or not responses.shape[1]:
        return _LEAST_SIGMA
    left = np.sqrt(project(space, responses).left / degrees)
    # Few degrees of freedom may leave much less than there is.
    return float(np.clip(_MARGIN * left.min(), _LEAST_SIGMA, 0.3))
