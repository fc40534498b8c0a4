"""The joint route: NUTS on all parameters, tried again in another way if its diagnostics show trouble."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bayesmix.arrays import Floats
from bayesmix.compile_clock import CompileClock
from bayesmix.formula.design import Design
from bayesmix.modelling.assemble import as_posterior, correlation_factors
from bayesmix.modelling.diagnostics import diagnose_sampling
from bayesmix.modelling.joint import ladder
from bayesmix.modelling.joint.best_attempt import BestAttempt, Budget
from bayesmix.modelling.joint.compile_nutpie import compile_model
from bayesmix.modelling.joint.coordinates import (
    centred_terms,
    centred_terms_of_categories,
    nested_factors,
    rough_fit_of,
)
from bayesmix.modelling.joint.density import effect_starts, has_kernel, kernel_buffer
from bayesmix.modelling.joint.pymc_nuts import sample_by_nutpie, sample_by_pymc
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.parameters import FixedColumns, fixed_columns
from bayesmix.modelling.pymc_model.bambi_bridge import BuiltModel, build_model
from bayesmix.modelling.route import RouteDraws
from bayesmix.modelling.samplers.chains import points_of, thinned, tree_of_chains
from bayesmix.modelling.samplers.compiled import CompiledFunctions, compiled_functions
from bayesmix.modelling.samplers.nutpie_chains import run_density
from bayesmix.modelling.samplers.progress import SamplingProgress
from bayesmix.modelling.settings import MOST_UNCONSTRAINED, TARGET_ACCEPT, SamplerSettings
from bayesmix.numerics.joint.points import expand_points, log_density_at, parameters_at
from bayesmix.numerics.joint.rough_fit import RoughFit
from bayesmix.parallel import COMPILING
from bayesmix.terminal import at_a_prompt, tell

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit

TUNE = 1000
"""Tuning steps by default."""

_MOST_THIN = 50
_MOST_NUMBERS = 2**27  # 1 GiB, held while chains are sampled of which not all draws are kept


@dataclass(eq=False)
class _Problem:
    """The model and settings, with everything that is computed once for all attempts."""

    model: MixedModel
    settings: SamplerSettings
    compiled: dict[tuple[bool, ...], tuple[BuiltModel, Any]] = field(default_factory=dict)

    @cached_property
    def fixed(self) -> FixedColumns:
        return fixed_columns(self.model.design)

    @cached_property
    def rough(self) -> RoughFit | None:
        return rough_fit_of(self.model)

    @cached_property
    def centred(self) -> tuple[bool, ...]:
        """Which terms begin centred; nested intercepts, whose coordinates follow the sds, do not."""
        if self.model.family.record.has_category_predictors:
            return centred_terms_of_categories(self.model)
        terms = centred_terms(self.rough, len(self.model.design.random))
        nested = self.by_kernel and nested_factors(self.model.design) is not None
        return (False,) * len(terms) if nested else terms

    @cached_property
    def by_kernel(self) -> bool:
        return self.settings.sampler == "nutpie" and has_kernel(self.model)


def draw_joint(model: MixedModel, settings: SamplerSettings, *, begin: ladder.Way | None = None) -> RouteDraws:
    """Sample the posterior of a model by NUTS on all its parameters.

    If an attempt has trouble (`ladder`) and remedies are wanted, the model is sampled again with a remedy for it, from
    the same seed, up to four times more, and for some ten times the gradients of the first attempt (`best_attempt`);
    the draws of the best attempt are kept. A `tune` or `target_accept` that the user gave stays as it is. The first
    attempt begins with the settings of `begin`, if another fit of the model has found out what it takes.

    Raises
    ------
    KeyboardInterrupt
        The user interrupted the first attempt, or any attempt outside a prompt; at a prompt finished attempts are kept.
    """
    problem = _Problem(model, settings)
    design, draws, chains, by_nutpie = model.design, settings.draws, settings.chains, settings.sampler == "nutpie"
    n = sum(effect_starts(part, len(part.fixed.names))[1] for part in design.predictors)
    free = ladder.Free(
        target_accept=settings.target_accept is None,
        tune=settings.tune is None,
        mass_matrix=by_nutpie,
        thin=min(_MOST_THIN, _MOST_NUMBERS // (draws * chains * n)) if by_nutpie else 1,
    )
    way = begin or ladder.Way(
        target_accept=TARGET_ACCEPT if settings.target_accept is None else settings.target_accept,
        tune=TUNE if settings.tune is None else settings.tune,
        mass_matrix="diagonal",
        centred=problem.centred,
    )
    first = ladder.Step(way, "", "")
    best = BestAttempt(Budget(n, design.n_obs, chains, draws), free, first, design, _attempt(problem, way, 1))
    while settings.remedies and (step := best.next_step()) is not None:
        started, number = perf_counter(), len(best.attempts) + 1
        tell(f"{_label(number)}: {step.remedy}, after {step.evidence}.", shown=settings.progress)
        try:
            best.add(step, _attempt(problem, step.way, number))
        except KeyboardInterrupt:
            if not at_a_prompt():
                raise
            best.add_interrupted(step, perf_counter() - started)
            tell(f"Interrupted: {_label(number)} is dropped, attempt {best.at + 1} is kept.", shown=True)
            break
    return best.recorded()


def _label(attempt: int) -> str:
    return f"attempt {attempt} of at most {ladder.MOST_ATTEMPTS}"


def _attempt(problem: _Problem, way: ladder.Way, attempt: int) -> RouteDraws:
    design, settings = problem.model.design, problem.settings
    if not problem.by_kernel:
        _compile_for(problem, way)
    run = replace(
        settings,
        draws=way.thin * settings.draws,
        tune=way.tune,
        target_accept=way.target_accept,
        mass_matrix=way.mass_matrix,
        attempt=attempt,
    )
    sample = _by_kernel if problem.by_kernel else _by_pymc_model
    started = perf_counter()
    with CompileClock() as compiling:
        posterior = thinned(sample(problem, way, run), way.thin)
    seconds = perf_counter() - started - compiling.seconds
    sampling = run.record(seconds, thin=way.thin, centred=ladder.labels(design, way.centred))
    return RouteDraws(posterior, sampling, diagnose_sampling(posterior, design, problem.model.family.auxiliary))


def _by_kernel(problem: _Problem, way: ladder.Way, run: SamplerSettings) -> xr.DataTree:
    """Draws on the compiled density; the points are those of the PyMC model with the same terms centred."""
    model, fixed = problem.model, problem.fixed
    buffer = kernel_buffer(model, centred=way.centred, rough=problem.rough)
    tree = draw_by_kernel(buffer, n_parameters(model.design, fixed), run)
    points = tree["posterior"]["q"].transpose("chain", "draw", ...).to_numpy()
    posterior = parameters_of(points, buffer, model.design, fixed)
    return tree_of_chains(posterior, tree, points if points.size <= MOST_UNCONSTRAINED else None)


def functions() -> CompiledFunctions:
    """The density, and the map to the parameters q (n,) with the log of its Jacobian."""
    return compiled_functions("joint", log_density_at, parameters_at, (("q", None), ("log_jacobian", 1)))


def draw_by_kernel(buffer: Floats, n: int, settings: SamplerSettings) -> xr.DataTree:
    """nutpie's draws of `q` (n,) with its statistics; `logp` is the log density of q."""
    with SamplingProgress(settings.chains, shown=settings.progress, attempt=settings.attempt) as bar:
        tree = run_density(functions(), buffer, n, settings, bar)
    statistics = tree["sample_stats"]
    statistics["logp"] = statistics["logp"] - tree["posterior"]["log_jacobian"]
    return tree


def parameters_of(points: Floats, buffer: Floats, design: Design, fixed: FixedColumns) -> xr.Dataset:
    """The posterior at `points` (n_chains, n_draws, n)."""
    shape, p = points.shape[:2], len(fixed.names)
    packed, effects = expand_points(buffer, np.ascontiguousarray(points.reshape(-1, points.shape[-1])))
    sds, correlations, by_term, start = [], [], [], 0
    for term, (sd, rows) in zip(design.random, correlation_factors(packed, [t.k for t in design.random]), strict=True):
        row, column = np.tril_indices(term.k, -1)
        sds.append(sd.reshape(*shape, -1))
        correlations.append((rows @ np.swapaxes(rows, -1, -2))[:, row, column].reshape(*shape, -1))
        stop = start + term.k * term.n_levels
        by_term.append(np.swapaxes(effects[:, start:stop].reshape(*shape, term.k, term.n_levels), -1, -2))
        start = stop
    return as_posterior(
        design,
        fixed=_coefficients(points[..., :p], design, fixed),
        sds=sds,
        correlations=correlations,
        effects=by_term,
        auxiliary={},
    )


def _coefficients(values: Floats, design: Design, fixed: FixedColumns) -> Floats:
    """Coefficients in the order of the design, with the intercept at predictors equal to 0."""
    values = values.copy()
    if len(fixed.means):
        values[..., -1] -= values[..., :-1] @ fixed.means
    return values[..., [fixed.names.index(name) for name in design.fixed.names]]


def n_parameters(design: Design, fixed: FixedColumns) -> int:
    """The length of q."""
    return effect_starts(design, len(fixed.names))[1]


def _compile_for(problem: _Problem, way: ladder.Way) -> None:
    """Compile once for all attempts with the same terms centred; this does not count as time of sampling."""
    if way.centred not in problem.compiled:
        model, by_nutpie = problem.model, problem.settings.sampler == "nutpie"
        with COMPILING:
            centred = ladder.labels(model.design, way.centred)
            built = build_model(model.design, model.family, model.priors, centred=centred)
        problem.compiled[way.centred] = built, compile_model(built.model, built.kept) if by_nutpie else None


def _by_pymc_model(problem: _Problem, way: ladder.Way, run: SamplerSettings) -> xr.DataTree:
    built, compiled = problem.compiled[way.centred]
    if compiled is None:
        return sample_by_pymc(built.model, built.kept, run)
    return sample_by_nutpie(compiled, built.kept, run)


def draw_joint_again(fit: "Fit", settings: SamplerSettings) -> RouteDraws:
    """The posterior of a fit once more, begun as the fit ended; dispersed chains start about its draws."""
    points = points_of(fit.posterior)
    if settings.dispersed is not None and points is not None:
        dispersed = replace(settings.dispersed, points=points.reshape(-1, points.shape[-1]))
        settings = replace(settings, dispersed=dispersed)
    return draw_joint(fit.model, settings, begin=_way_of(fit, settings))


def _way_of(fit: "Fit", settings: SamplerSettings) -> ladder.Way | None:
    """How the draws of the fit were made in the end; None if another sampler made them.

    If the fit kept one of several draws, no more draws are made than it made.
    """
    if fit.sampling.sampler != settings.sampler:
        return None
    made = fit.sampling.thin * fit.diagnostics.n_total
    attempts = fit.diagnostics.ladder
    kept = attempts[attempts["kept"]] if len(attempts) else attempts
    return ladder.Way(
        target_accept=fit.sampling.target_accept or TARGET_ACCEPT,
        tune=max(fit.sampling.tune, TUNE) if settings.tune is None else settings.tune,
        mass_matrix=str(kept["mass_matrix"].iloc[0]) if len(kept) else "diagonal",
        centred=tuple(term.label in fit.sampling.centred for term in fit.design.random_of_response),
        thin=max(1, min(fit.sampling.thin, made // settings.n_total)),
    )
