"""The joint path: NUTS on all parameters, tried again in another way where its own figures say that it had trouble."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from time import perf_counter
from typing import Any

import numpy as np
import xarray as xr

from bayesmix.formula.design import Design
from bayesmix.modelling import ladder
from bayesmix.modelling.attempts import Attempt, frame_of, to_text
from bayesmix.modelling.chains import chains_at_once, sample_stats, settled_seed, thinned
from bayesmix.modelling.compile_nutpie import compile_model
from bayesmix.modelling.diagnostics import Diagnostics, diagnose_sampling
from bayesmix.modelling.families import Family
from bayesmix.modelling.fixed_columns import FixedColumns, fixed_columns
from bayesmix.modelling.joint_kernel import has_kernel, kernel_buffer
from bayesmix.modelling.method import TUNING_STEPS
from bayesmix.modelling.nuts_joint import draw_by_kernel, n_parameters, parameters_of
from bayesmix.modelling.nuts_nutpie import MOST_UNCONSTRAINED
from bayesmix.modelling.parallel import COMPILING
from bayesmix.modelling.priors import Prior
from bayesmix.modelling.pymc_model import build_model
from bayesmix.modelling.record import Sampling
from bayesmix.modelling.rough import centred_terms, rough_fit_of
from bayesmix.modelling.sampling import draw
from bayesmix.modelling.starts import Dispersed, start_about_points
from bayesmix.numerics.joint.rough import RoughFit

_TARGET_ACCEPT = 0.9
_MOST_LOW_RANK = 300  # parameters, of whose number a low-rank mass matrix takes the third power
_MOST_THIN = 50
_MOST_NUMBERS = 2**27  # that are held while chains of which not all is kept are sampled: 1 GiB


@dataclass(frozen=True)
class JointDraws:
    """What came of it: the tree as `sampling.draw` gives it, how it was sampled, and what its figures say."""

    posterior: xr.DataTree
    sampling: Sampling
    diagnostics: Diagnostics


@dataclass(eq=False)
class _Problem:
    """What is sampled, with what is worked out of it once for all attempts."""

    design: Design
    family: Family
    priors: Mapping[str, Prior]
    dispersed: Dispersed | None = None
    compiled: dict[tuple[bool, ...], Any] = field(default_factory=dict)

    @cached_property
    def fixed(self) -> FixedColumns:
        return fixed_columns(self.design)

    @cached_property
    def rough(self) -> RoughFit | None:
        return rough_fit_of(self.design, self.family, self.priors)

    @cached_property
    def has_kernel(self) -> bool:
        return has_kernel(self.design, self.family, self.priors)


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
    against it, from the same seed, up to four times more; the draws of the best attempt are kept. `tune` and
    `target_accept` that are given stay as they are. The first attempt is made as `begin` says, where another fit of the
    model has found out what it takes; by nutpie its chains start `dispersed`.
    """
    problem = _Problem(design, family, priors, dispersed)
    how = {"draws": draws, "chains": chains, "cores": chains_at_once(chains, cores), "seed": settled_seed(seed)}
    how |= {"progress": progress}
    n = n_parameters(design, problem.fixed)
    free = ladder.Free(
        target_accept=target_accept is None,
        tune=tune is None,
        mass_matrix=sampler == "nutpie" and n <= _MOST_LOW_RANK,
        thin=_most_thin(problem, draws * chains, n) if sampler == "nutpie" else 1,
    )
    way = begin or ladder.Way(
        target_accept=_TARGET_ACCEPT if target_accept is None else target_accept,
        tune=TUNING_STEPS["joint"] if tune is None else tune,
        mass_matrix="diagonal",
        centred=centred_terms(problem.rough, len(design.random)),
    )
    attempts: list[Attempt] = []
    tried: list[ladder.Way] = []
    step: ladder.Step | None = ladder.Step(way, "", "")
    at, least = 0, np.inf
    while step is not None:
        tried.append(step.way)
        found = _attempt(problem, step.way, sampler=sampler, **how)
        attempts.append(ladder.attempt_of(step, found.diagnostics, design, found.sampling.seconds))
        badness = ladder.badness(attempts[-1], chains, found.diagnostics.n_total)
        if len(attempts) == 1 or badness <= least:
            best, at, least = found, len(attempts) - 1, badness
        more = remedies and len(attempts) < ladder.MOST_ATTEMPTS
        step = ladder.next_step(tried[at], best.diagnostics, design, free, tried) if more else None
    return _recorded(best, tuple(replace(attempt, kept=number == at) for number, attempt in enumerate(attempts)))


def _attempt(problem: _Problem, way: ladder.Way, *, sampler: str, **how: Any) -> JointDraws:
    design, started = problem.design, perf_counter()
    sample = _by_kernel if sampler == "nutpie" and problem.has_kernel else _by_pymc_model
    posterior = thinned(sample(problem, way, sampler=sampler, **how | {"draws": way.thin * how["draws"]}), way.thin)
    sampling = Sampling(
        sampler=sampler,
        draws=how["draws"],
        tune=way.tune,
        chains=how["chains"],
        cores=how["cores"],
        seed=how["seed"],
        target_accept=way.target_accept,
        seconds=perf_counter() - started,
        centred=ladder.labels(design, way.centred),
        thin=way.thin,
    )
    return JointDraws(posterior, sampling, diagnose_sampling(posterior, design, problem.family.auxiliary))


def _most_thin(problem: _Problem, n_total: int, n: int) -> int:
    """Chains that are many times longer are for models that are sampled in seconds, with points that fit in memory."""
    return min(_MOST_THIN, _MOST_NUMBERS // (n_total * n)) if problem.has_kernel else 1


def _by_kernel(problem: _Problem, way: ladder.Way, *, sampler: str, **how: Any) -> xr.DataTree:  # noqa: ARG001
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


def _by_pymc_model(problem: _Problem, way: ladder.Way, *, sampler: str, **how: Any) -> xr.DataTree:
    centred = ladder.labels(problem.design, way.centred)
    if way.centred not in problem.compiled:
        # Compiled once for all attempts with the same terms centred.
        with COMPILING:
            built = build_model(problem.design, problem.family, problem.priors, centred=centred)
        compiled = compile_model(built.model, built.kept) if sampler == "nutpie" else None
        compiled = start_about_points(compiled, problem.dispersed)
        problem.compiled[way.centred] = built, compiled
    built, compiled = problem.compiled[way.centred]
    more = {"compiled": compiled, "mass_matrix": way.mass_matrix} if sampler == "nutpie" else {}
    tree, _ = draw(
        built.model,
        var_names=built.kept,
        sampler=sampler,
        tune=way.tune,
        target_accept=way.target_accept,
        **more,
        **how,
    )
    return tree


def _recorded(found: JointDraws, attempts: tuple[Attempt, ...]) -> JointDraws:
    """With all attempts beside the draws that were kept, and the time that they took together."""
    text = to_text(attempts)
    found.posterior["sample_stats"].attrs["ladder"] = text
    seconds = sum(attempt.seconds for attempt in attempts)
    return JointDraws(
        found.posterior,
        replace(found.sampling, seconds=seconds),
        replace(found.diagnostics, ladder=frame_of(text)),
    )
