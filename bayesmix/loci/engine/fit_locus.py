"""One locus, from its rows to draws with a status, whatever happens to it."""

from dataclasses import dataclass

import numpy as np

from bayesmix.errors import BayesmixError, QuadratureError, one_line
from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.formula.response import COUNTS
from bayesmix.loci.engine.drawn import Drawn
from bayesmix.loci.engine.locus import Coverage, Locus, coverage_of
from bayesmix.loci.engine.parameters import draws_of_fit
from bayesmix.loci.engine.patterns import Patterns
from bayesmix.loci.engine.samplers import sampled
from bayesmix.loci.engine.settings import seed_of
from bayesmix.modelling.evidence import log_marginal_of_fit
from bayesmix.modelling.fit import fit
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.record import Fit
from bayesmix.separated_data.find import can_separate, separation_of

OK, SEPARATED, LOW_COVERAGE, DIVERGED, FAILED = (
    "ok",
    "separated",
    "low coverage",
    "diverged",
    "failed: ",
)


@dataclass(frozen=True, eq=False)
class FittedLocus:
    """The `status` of a locus, what there was of it, and its draws, None where it was not fitted."""

    status: str
    coverage: Coverage
    drawn: Drawn | None = None


def fit_locus(patterns: Patterns, locus: Locus, *, audited: bool = False) -> FittedLocus:
    """Fit a locus, by NUTS too if it is `audited`; an error of any kind is its status, so that other loci go on."""
    coverage = Coverage(len(np.unique(locus.samples)), None)
    try:
        family, frame = (
            patterns.family,
            patterns.response_frame(locus.samples, locus.columns),
        )
        coverage = coverage_of(locus, patterns.parsed.mean, frame, counts=family.response in COUNTS)
        if coverage.low(patterns.model.settings):
            return FittedLocus(LOW_COVERAGE, coverage)
        pattern = patterns.pattern(locus.samples, locus.columns)
        if pattern.integrated:
            mixed = pattern.model(patterns.response(frame), family)
            found, separated = (
                _integrated(patterns, locus, mixed, audited),
                _separated(mixed.design, family),
            )
        else:
            found, separated = _whole(patterns, locus, attempt=1)
    except BayesmixError as error:
        return FittedLocus(FAILED + _line_of(error), coverage)
    except Exception as error:
        return FittedLocus(f"{FAILED}{type(error).__name__}: {_line_of(error)}", coverage)
    if not found.converged:
        return FittedLocus(DIVERGED, coverage, found)
    return FittedLocus(SEPARATED if separated else OK, coverage, found)


def _line_of(error: Exception) -> str:
    return one_line(" ".join(str(error).split()))


def _integrated(patterns: Patterns, locus: Locus, mixed: MixedModel, audited: bool) -> Drawn:
    """Draws with the group effects integrated out; by `bm.fit` if these do not converge, or if that is asked for."""
    settings, found = patterns.model.settings, None
    if settings.sampler != "fit":
        try:
            found = sampled(mixed, settings, locus=locus.name, audited=audited)
        except QuadratureError:
            found = None
        if found is not None and found.converged:
            return found
    of_fit, _ = _whole(patterns, locus, attempt=1 if found is None else found.attempts + 1)
    return of_fit if found is None or of_fit.converged else found


def _whole(patterns: Patterns, locus: Locus, *, attempt: int) -> tuple[Drawn, bool]:
    """Draws by `bm.fit`, and whether the data separate."""
    model, settings = patterns.model, patterns.model.settings
    seed = seed_of(settings.seed, locus.name, attempt)
    fitted = fit(
        model.formula,
        patterns.frame(locus.samples, locus.columns),
        patterns.family,
        priors=patterns.priors_for(locus.samples, locus.columns),
        weights=model.weights,
        functions=model.functions,
        contrasts=model.codings,
        draws=settings.draws,
        chains=settings.chains,
        cores=1,
        seed=seed,
        keep_effects=False,
        progress=False,
    )
    drawn = drawn_of_fit(fitted, seed, attempt, log_marginal=settings.log_marginal)
    return drawn, _separated(fitted.design, fitted.family)


def drawn_of_fit(fitted: Fit, seed: int, attempt: int, *, log_marginal: bool) -> Drawn:
    """The draws of a fit with its own diagnostics: those by importance sampling hold copies, which count once."""
    diagnostics = fitted.diagnostics
    figures = diagnostics.parameters[diagnostics.parameters["kind"] != "group effect"]
    return Drawn(
        draws_of_fit(fitted),
        sampler="fit",
        seed=seed,
        attempts=attempt,
        rhat=float(figures["rhat"].max(skipna=False)),
        ess_bulk=float(figures["ess_bulk"].min(skipna=False)),
        ess_tail=float(figures["ess_tail"].min(skipna=False)),
        divergences=diagnostics.n_divergent,
        pareto_k=np.nan if diagnostics.importance is None else diagnostics.importance.pareto_k,
        log_marginal=log_marginal_of_fit(fitted).value if log_marginal else np.nan,
    )


def _separated(design: Design, family: Family) -> bool:
    """Whether a cell or a combination of predictors separates successes from failures."""
    return can_separate(family) and any(found.separates for found in separation_of(design, family).found)
