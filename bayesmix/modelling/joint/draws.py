"""The joint path: NUTS on all parameters, tried again in another way where its own figures say that it had trouble."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesmix.compile_clock import CompileClock
from bayesmix.modelling.diagnostics import diagnose_sampling
from bayesmix.modelling.fixed_columns import FixedColumns, fixed_columns
from bayesmix.modelling.joint import ladder
from bayesmix.modelling.joint.best_attempt import BestAttempt
from bayesmix.modelling.joint.budget import Budget
from bayesmix.modelling.joint.compile_nutpie import compile_model
from bayesmix.modelling.joint.density import has_kernel, kernel_buffer
from bayesmix.modelling.joint.nested_coordinates import nested_factors
from bayesmix.modelling.joint.nutpie_nuts import MOST_UNCONSTRAINED
from bayesmix.modelling.joint.nuts import draw_by_kernel, n_parameters, parameters_of
from bayesmix.modelling.joint.rough import centred_terms, rough_fit_of
from bayesmix.modelling.joint.sample_pymc_model import draw
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.pymc_model.build import BuiltModel, build_model
from bayesmix.modelling.route import RouteDraws
from bayesmix.modelling.samplers.chains import sample_stats, thinned
from bayesmix.modelling.samplers.starts import start_about_points
from bayesmix.modelling.settings import TARGET_ACCEPT, SamplerSettings, Sampling
from bayesmix.numerics.joint.rough_fit import RoughFit
from bayesmix.parallel import COMPILING
from bayesmix.terminal import at_a_prompt, tell

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit

TUNE = 1000
"""Steps by default."""

_MOST_THIN = 50
_MOST_NUMBERS = 2**27  # that are held while chains of which not all is kept are sampled: 1 GiB


@dataclass(eq=False)
class _Problem:
    """What is sampled, with what is worked out of it once for all attempts."""

    model: MixedModel
    settings: SamplerSettings
    compiled: dict[tuple[bool, ...], tuple[BuiltModel, Any]] = field(default_factory=dict)

    @cached_property
    def fixed(self) -> FixedColumns:
        return fixed_columns(self.model.design)

    @cached_property
    def rough(self) -> RoughFit | None:
        return rough_fit_of(self.model.design, self.model.family, self.model.priors)

    @cached_property
    def centred(self) -> tuple[bool, ...]:
        """Which terms begin centred: none of nested intercepts, whose coordinates follow the sds."""
        terms = centred_terms(self.rough, len(self.model.design.random))
        nested = self.by_kernel and nested_factors(self.model.design) is not None
        return (False,) * len(terms) if nested else terms

    @cached_property
    def by_kernel(self) -> bool:
        return self.settings.sampler == "nutpie" and has_kernel(self.model.design, self.model.family, self.model.priors)


def draw_joint(model: MixedModel, settings: SamplerSettings, *, begin: ladder.Way | None = None) -> RouteDraws:
    """Sample the posterior of a model by NUTS on all its parameters.

    Where an attempt has trouble (`ladder`) and remedies are wanted, the model is sampled again with what helps against
    it, from the same seed, up to four times more, and for some ten times the gradients of the first attempt
    (`budget`); the draws of the best attempt are kept. `tune` and `target_accept` that are given stay as they are. The
    first attempt is made as `begin` says, where another fit of the model has found out what it takes; by nutpie its
    chains start dispersed where the settings say so.

    Raises
    ------
    KeyboardInterrupt
        Interrupted in the first attempt, or elsewhere than at a prompt; at a prompt what is finished is kept.
    """
    problem = _Problem(model, settings)
    design, draws, chains, by_nutpie = model.design, settings.draws, settings.chains, settings.sampler == "nutpie"
    n = n_parameters(design, problem.fixed)
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
    sample = _by_kernel if problem.by_kernel else _by_pymc_model
    started = perf_counter()
    with CompileClock() as compiling:
        posterior = thinned(sample(problem, way, attempt), way.thin)
    sampling = Sampling(
        sampler=settings.sampler,
        draws=settings.draws,
        tune=way.tune,
        chains=settings.chains,
        cores=settings.cores,
        seed=settings.seed,
        target_accept=way.target_accept,
        seconds=max(perf_counter() - started - compiling.seconds, 0.0),
        centred=ladder.labels(design, way.centred),
        thin=way.thin,
    )
    return RouteDraws(posterior, sampling, diagnose_sampling(posterior, design, problem.model.family.auxiliary))


def _run(problem: _Problem, way: ladder.Way, attempt: int) -> dict[str, Any]:
    """What the samplers of all parameters are told alike."""
    settings = problem.settings
    return {
        "draws": way.thin * settings.draws,
        "tune": way.tune,
        "chains": settings.chains,
        "cores": settings.cores,
        "seed": settings.seed,
        "target_accept": way.target_accept,
        "progress": settings.progress,
    } | ({"mass_matrix": way.mass_matrix, "attempt": attempt} if settings.sampler == "nutpie" else {})


def _by_kernel(problem: _Problem, way: ladder.Way, attempt: int) -> xr.DataTree:
    """On the compiled density; the points are those of the PyMC model with the same terms centred."""
    model, fixed = problem.model, problem.fixed
    buffer = kernel_buffer(model.design, model.family, model.priors, centred=way.centred, rough=problem.rough)
    n = n_parameters(model.design, fixed)
    tree = draw_by_kernel(buffer, n, dispersed=problem.settings.dispersed, **_run(problem, way, attempt))
    points = tree["posterior"]["q"].transpose("chain", "draw", ...).to_numpy()
    posterior = parameters_of(points, buffer, model.design, fixed)
    posterior.attrs = {"sample_dims": ["chain", "draw"]}
    kept = {"posterior": posterior, "sample_stats": sample_stats(tree)}
    if points.size <= MOST_UNCONSTRAINED:
        coords = {name: posterior.coords[name].to_numpy() for name in ("chain", "draw")}
        kept["unconstrained_posterior"] = xr.Dataset({"point": (("chain", "draw", "free_parameter"), points)}, coords)
    return xr.DataTree.from_dict(kept)


def _compile_for(problem: _Problem, way: ladder.Way) -> None:
    """Once for all attempts with the same terms centred; what it takes is no time of sampling."""
    if way.centred not in problem.compiled:
        model, by_nutpie = problem.model, problem.settings.sampler == "nutpie"
        with COMPILING:
            centred = ladder.labels(model.design, way.centred)
            built = build_model(model.design, model.family, model.priors, centred=centred)
        compiled = compile_model(built.model, built.kept) if by_nutpie else None
        problem.compiled[way.centred] = built, compiled and start_about_points(compiled, problem.settings.dispersed)


def _by_pymc_model(problem: _Problem, way: ladder.Way, attempt: int) -> xr.DataTree:
    built, compiled = problem.compiled[way.centred]
    more = {} if compiled is None else {"compiled": compiled}
    tree, _ = draw(
        built.model, var_names=built.kept, sampler=problem.settings.sampler, **more, **_run(problem, way, attempt)
    )
    return tree


def draw_joint_again(fit: "Fit", settings: SamplerSettings) -> RouteDraws:
    """The posterior of a fit once more, begun in the way that it ended with; dispersed chains start about its draws."""
    if settings.dispersed is not None:
        settings = replace(settings, dispersed=replace(settings.dispersed, points=_unconstrained(fit)))
    return draw_joint(fit.model, settings, begin=_way_of(fit, settings))


def _way_of(fit: "Fit", settings: SamplerSettings) -> ladder.Way | None:
    """How the draws of the fit were made in the end; None where another sampler made them.

    Of longer chains as many draws in all are made as are kept now.
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
        centred=tuple(term.label in fit.sampling.centred for term in fit.design.random),
        thin=max(1, min(fit.sampling.thin, made // settings.n_total)),
    )


def _unconstrained(fit: "Fit") -> NDArray[np.float64] | None:
    """Draws of all parameters on the whole line (n_total, n), where the fit holds them."""
    group = fit.posterior.children.get("unconstrained_posterior")
    if group is None or "point" not in group.data_vars:
        return None
    points = group["point"].transpose("chain", "draw", ...).to_numpy()
    return points.reshape(-1, points.shape[-1])
