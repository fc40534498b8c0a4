"""What was fitted to what, and how: sentences for the methods of a paper."""

from collections.abc import Iterator, Mapping
from functools import singledispatch
from importlib.metadata import version

from bayesmix.errors import counted, listing
from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.modelling.diagnostics import extremes
from bayesmix.modelling.kinds import family_of, no_answer
from bayesmix.modelling.record import Fit
from bayesmix.priors.prior import Prior

CORRECTIONS = {"satterthwaite": "Satterthwaite's", "kenward-roger": "Kenward and Roger's"}
_MOST_NAMES = 4


def methods_sentences(fit: Fit | RemlFit | LaplaceFit | LmFit, ddf: str) -> list[str]:
    """The model, its parts, its data, and the estimation."""
    return [
        *_model(fit),
        *_data(fit.design),
        *_estimation(fit, ddf),
        f"The software was bayesmix {version('bayesmix')}.",
    ]


def _model(fit: Fit | RemlFit | LaplaceFit | LmFit) -> Iterator[str]:
    design, family = fit.design, family_of(fit)
    written = fit.formulas if isinstance(fit, Fit) else (fit.formula,)
    usual = family.link == family.record.links[0]
    kind = family.record.called or family.name.replace("_", "-") if usual else f"{family}"
    mixed = " mixed" if design.all_random else ""
    yield f"We fitted a {'Bayesian ' if isinstance(fit, Fit) else ''}{kind}{mixed} model, {'; '.join(written)}."
    effects = [_random(term) for term in design.all_random]
    if effects:
        yield f"It has {_and(effects)}."


def _random(term: GroupTerm) -> str:
    own = [name.removeprefix(f"{term.parameter}_") if term.parameter else name for name in term.names]
    slopes = [name for name in own if name != "Intercept"]
    parts = ["random intercepts"] if "Intercept" in own else []
    parts += [f"random effects of {_and(slopes)}"] if slopes else []
    correlated = ", correlated with each other," if term.k > 1 else ""
    whose = f" on {term.parameter}" if term.parameter else ""
    return f"{_and(parts)}{correlated} for the {counted(term.n_levels, 'level')} of {term.group}{whose}"


def _data(design: Design) -> Iterator[str]:
    yield f"The data were {counted(design.n_obs, 'observation')} of {design.response.name}."
    if design.n_dropped:
        were = "was" if design.n_dropped == 1 else "were"
        yield f"{counted(design.n_dropped, 'row')} with missing values {were} left out."
    if design.weights_column:
        yield f"Rows were weighted by {design.weights_column}."


@singledispatch
def _estimation(fit: object, ddf: str) -> list[str]:
    raise no_answer(_estimation, fit, question="write_up")


@_estimation.register
def _of_reml(fit: RemlFit, ddf: str) -> list[str]:
    by = "restricted maximum likelihood (REML)" if fit.reml else "maximum likelihood"
    return [f"It was estimated by {by}; t tests have {CORRECTIONS[ddf]} degrees of freedom."]


@_estimation.register
def _of_laplace(fit: LaplaceFit, ddf: str) -> list[str]:
    return ["It was estimated by maximum likelihood with Laplace's approximation; tests are Wald's."]


@_estimation.register
def _of_least_squares(fit: LmFit, ddf: str) -> list[str]:
    return ["It was estimated by least squares."]


@_estimation.register
def _of_posterior(fit: Fit, ddf: str) -> list[str]:
    sampling, weights = fit.sampling, fit.diagnostics.importance
    drawn = f"{sampling.chains} x {sampling.draws} draws"
    if weights:
        how = f"{drawn} were resampled from {weights.n_values} importance-weighted values of the variance parameters"
        quality = f"effective sample size {weights.effective_size:.0f}"
    else:
        how = f"{drawn} were taken by NUTS ({sampling.sampler}) after {sampling.tune} warm-up steps of each chain"
        rhat, sizes = extremes(fit.diagnostics.parameters)
        quality = f"R-hat at most {rhat.max():.3f}, effective sample sizes at least {sizes.min():.0f}"
        quality += f", {counted(fit.diagnostics.n_divergent, 'divergent transition')}"
    said = [f"Of the posterior {how} (seed {sampling.seed}; {quality})."]
    return [*said, f"Priors were {'; '.join(_priors(fit.priors))}."]


def _priors(priors: Mapping[str, Prior]) -> Iterator[str]:
    """The parameters of each prior, with the first of them by name."""
    for prior in dict.fromkeys(map(str, priors.values())):
        names = [name for name, other in priors.items() if str(other) == prior]
        yield f"{listing(names, at_most=_MOST_NAMES)} ~ {prior}"


def _and(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
