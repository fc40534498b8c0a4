"""The joint path: NUTS on all parameters, tried again in another way where its own figures say that it had trouble."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from time import perf_counter
from typing import Any

import xarray as xr

from bayesmix.formula.design import Design
from bayesmix.modelling.diagnostics import diagnose_sampling
from bayesmix.modelling.families import Family
from bayesmix.modelling.fixed_columns import FixedColumns, fixed_columns
from bayesmix.modelling.joint import ladder
from bayesmix.modelling.joint.best_attempt import BestAttempt, JointDraws
from bayesmix.modelling.joint.budget import Budget
from bayesmix.modelling.joint.compile_nutpie import compile_model
from bayesmix.modelling.joint.density import has_kernel, kernel_buffer
from bayesmix.modelling.joint.nested_coordinates import nested_factors
from bayesmix.modelling.joint.nutpie_nuts import MOST_UNCONSTRAINED
from bayesmix.modelling.joint.nuts import draw_by_kernel, n_parameters, parameters_of
from bayesmix.modelling.joint.rough import centred_terms, rough_fit_of
from bayesmix.modelling.joint.sample_pymc_model import draw
from bayesmix.modelling.method import TUNING_STEPS
from bayesmix.modelling.parallel import COMPILING
from bayesmix.modelling.priors import Prior
from bayesmix.modelling.pymc_model.build import BuiltModel, build_model
from bayesmix.modelling.record import Sampling
from bayesmix.modelling.samplers.chains import chains_at_once, sample_stats, settled_seed, thinned
from bayesmix.modelling.samplers.compile_clock import CompileClock
from bayesmix.modelling.samplers.progress import at_a_prompt, tell
from bayesmix.modelling.samplers.starts import Dispersed, start_about_points
from bayesmix.numerics.joint.rough import RoughFit

_TARGET_ACCEPT = 0.9
_MOST_THIN = 50
_MOST_NUMBERS = 2**27  # that are held while chains of which not all is kept are sampled: 1 GiB


@dataclass(eq=False)
class _Problem:
    """What is sampled, with what is worked out of it once for all attempts."""

    design: Design
    family: Family
    priors: Mapping[str, Prior]
    sampler: str
    dispersed: Dispersed | None = None
    compiled: dict[tuple[bool, ...], tuple[BuiltModel, Any]] = field(default_factory=dict)

    @cached_property
    def fixed(self) -> FixedColumns:
        return fixed_columns(self.design)

    @cached_property
    def rough(self) -> RoughFit | None:
        return rough_fit_of(self.design, self.family, self.priors)

    @cached_property
    def centred(self) -> tuple[bool, ...]:
        """Which terms begin centred: none of nested intercepts, whose coordinates follow the sds."""
        terms = centred_terms(self.rough, len(self.design.random))
        nested = self.by_kernel and nested_factors(self.design) is not None
        return (False,) * len(terms) if nested else terms

    @cached_property
    def by_kernel(self) -> bool:
        return self.sampler == "nutpie" and has_kernel(self.design, self.family, self.priors)


def draw_joint(
    design: Design,
    family: Family,
    priors: Mapping[str, Prior],
    *,
    sampler: str,
    draws: int,
    tune: int | None,
    chains: int,
    cores: int | None,
    seed: int | None,
    target_accept: float | None,
    progress: bool,
    remedies: bool = True,
    begin: ladder.Way | None = None,
    dispersed: Dispersed | None = None,
) -> JointDraws:
    """Sample the posterior of a model by NUTS on all its parameters; arguments as `fit` takes them.

    Where an attempt has trouble (`ladder`) and `remedies` are wanted, the model is sampled again with what helps
    against it, from the same seed, up to four times more, and for some ten times the gradients of the first attempt
    (`budget`); the draws of the best attempt are kept. `tune` and `target_accept` that are given stay as they are. The
    first attempt is made as `begin` says, where another fit of the model has found out what it takes; by nutpie its
    chains start `dispersed`.

    Raises
    ------
    KeyboardInterrupt
        Interrupted in the first attempt, or elsewhere than at a prompt; at a prompt what is finished is kept.
    """
    problem = _Problem(design, family, priors, sampler, dispersed)
    how = {"draws": draws, "chains": chains, "cores": chains_at_once(chains, cores), "seed": settled_seed(seed)}
    how |= {"progress": progress}
    n = n_parameters(design, problem.fixed)
    free = ladder.Free(
        target_accept=target_accept is None,
        tune=tune is None,
        mass_matrix=sampler == "nutpie",
        thin=min(_MOST_THIN, _MOST_NUMBERS // (draws * chains * n)) if sampler == "nutpie" else 1,
    )
    way = begin or ladder.Way(
        target_accept=_TARGET_ACCEPT if target_accept is None else target_accept,
        tune=TUNING_STEPS["joint"] if tune is None else tune,
        mass_matrix="diagonal",
        centred=problem.centred,
    )
    first = ladder.Step(way, "", "")
    best = BestAttempt(Budget(n, design.n_obs, chains, draws), free, first, design, _attempt(problem, way, 1, **how))
    while remedies and (step := best.next_step()) is not None:
        started, number = perf_counter(), len(best.attempts) + 1
        tell(f"{_label(number)}: {step.remedy}, after {step.evidence}.", shown=progress)
        try:
            best.add(step, _attempt(problem, step.way, number, **how))
        except KeyboardInterrupt:
            if not at_a_prompt():
                raise
            best.add_interrupted(step, perf_counter() - started)
            tell(f"Interrupted: {_label(number)} is dropped, attempt {best.at + 1} is kept.", shown=True)
            break
    return best.recorded()


def _label(attempt: int) -> str:
    return f"attempt {attempt} of at most {ladder.MOST_ATTEMPTS}"


def _attempt(problem: _Problem, way: ladder.Way, attempt: int, **how: Any) -> JointDraws:
    design = problem.design
    if not problem.by_kernel:
        _compile_for(problem, way)
    sample = _by_kernel if problem.by_kernel else _by_pymc_model
    started = perf_counter()
    with CompileClock() as compiling:
        longer = how | {"draws": way.thin * how["draws"], "attempt": attempt}
        posterior = thinned(sample(problem, way, **longer), way.thin)
    sampling = Sampling(
        sampler=problem.sampler,
        draws=how["draws"],
        tune=way.tune,
        chains=how["chains"],
        cores=how["cores"],
        seed=how["seed"],
        target_accept=way.target_accept,
        seconds=max(perf_counter() - started - compiling.seconds, 0.0),
        centred=ladder.labels(design, way.centred),
        thin=way.thin,
    )
    return JointDraws(posterior, sampling, diagnose_sampling(posterior, design, problem.family.auxiliary))


def _by_kernel(problem: _Problem, way: ladder.Way, **how: Any) -> xr.DataTree:
    """On the compiled density; the points are those of the PyMC model with the same terms centred."""
    design, fixed = problem.design, problem.fixed
    buffer = kernel_buffer(design, problem.family, problem.priors, centred=way.centred, rough=problem.rough)
    n = n_parameters(design, fixed)
    how |= {"tune": way.tune, "target_accept": way.target_accept, "mass_matrix": way.mass_matrix}
    tree = draw_by_kernel(buffer, n, dispersed=problem.dispersed, **how)
    points = tree["posterior"]["q"].transpose("chain", "draw", ...).to_numpy()
    posterior = parameters_of(points, buffer, design, fixed)
    posterior.attrs = {"sample_dims": ["chain", "draw"]}
    kept = {"posterior": posterior, "sample_stats": sample_stats(tree)}
    if points.size <= MOST_UNCONSTRAINED:
        coords = {name: posterior.coords[name].to_numpy() for name in ("chain", "draw")}
        kept["unconstrained_posterior"] = xr.Dataset({"point": (("chain", "draw", "free_parameter"), points)}, coords)
    return xr.DataTree.from_dict(kept)


def _compile_for(problem: _Problem, way: ladder.Way) -> None:
    """Once for all attempts with the same terms centred; what it takes is no time of sampling."""
    if way.centred not in problem.compiled:
        with COMPILING:
            centred = ladder.labels(problem.design, way.centred)
            built = build_model(problem.design, problem.family, problem.priors, centred=centred)
        compiled = compile_model(built.model, built.kept) if problem.sampler == "nutpie" else None
        compiled = start_about_points(compiled, problem.dispersed)
        problem.compiled[way.centred] = built, compiled


def _by_pymc_model(problem: _Problem, way: ladder.Way, *, attempt: int, **how: Any) -> xr.DataTree:
    built, compiled = problem.compiled[way.centred]
    more = (
        {"compiled": compiled, "mass_matrix": way.mass_matrix, "attempt": attempt}
        if problem.sampler == "nutpie"
        else {}
    )
    tree, _ = draw(
        built.model,
        var_names=built.kept,
        sampler=problem.sampler,
        tune=way.tune,
        target_accept=way.target_accept,
        **more,
        **how,
    )
    return tree
