"""`fit`: from a formula to a posterior, in steps each of which can be called alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bayesmix.compile_clock import CompileNotice
from bayesmix.errors import QuadratureError
from bayesmix.families.censoring import require_censorable
from bayesmix.families.family import Family, read_family
from bayesmix.families.table import FamilyText
from bayesmix.formula.contrasts import Contrasts
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.frame import Frame
from bayesmix.formula.matrices import build_design
from bayesmix.formula.missing import MissingRows
from bayesmix.formula.model_arguments import check_functions
from bayesmix.hints import with_hints
from bayesmix.modelling.arguments import check_arguments, check_weights
from bayesmix.modelling.dependence_notice import require_told_apart
from bayesmix.modelling.diagnostics import trouble_with_weights
from bayesmix.modelling.memory import within_memory
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.observed_data import with_observed_data
from bayesmix.modelling.record import Fit
from bayesmix.modelling.route import Choice, Request, RouteDraws
from bayesmix.modelling.routes import choose_route, route_named, without_quadrature
from bayesmix.modelling.samplers.chains import chains_at_once, settled_seed
from bayesmix.modelling.separation_notice import require_bounded, tell_of_separation
from bayesmix.modelling.settings import Method, Sampler, SamplerSettings
from bayesmix.priors.default_priors import column_sds, default_priors
from bayesmix.priors.given import Given
from bayesmix.priors.settled import settle_priors


@with_hints
def fit(
    formula: str | Sequence[str],
    data: Frame,
    family: FamilyText | Family = "gaussian",
    *,
    priors: Given = None,
    weights: str | None = None,
    na: MissingRows = "drop",
    functions: Mapping[str, Callable[..., Any]] | None = None,
    contrasts: Contrasts | None = None,
    draws: int = 1000,
    tune: int | None = None,
    chains: int = 4,
    cores: int | None = None,
    seed: int | None = None,
    method: Method = "auto",
    sampler: Sampler = "auto",
    target_accept: float | None = None,
    keep_effects: bool | None = None,
    remedies: bool = True,
    progress: bool = True,
) -> Fit:
    """Fit a Bayesian mixed model.

    Parameters
    ----------
    formula
        As for lme4's `lmer` and `glmer`: ``"Reaction ~ Days + (Days | Subject)"``. `(x | g)` has correlated
        effects, `(x || g)` independent ones; counts out of trials are written ``cbind(k, n - k)``, ``p(k, n)`` or
        ``k | trials(n)``, a response of which some rows are only bounds ``time | cens(censored)``. A sequence of
        formulas gives further parameters of the family predictors of their own, on the log or logit scale:
        ``["y ~ x + (1 | g)", "sigma ~ x + (1 | g)"]``. With ``family="categorical"`` each category but the first has a
        predictor with the formula of the response, or with one of its own, ``"muB ~ x"``.
    data
        One row for each observation, in a frame of pandas, polars, Arrow or another library that narwhals knows, or in
        a dict of columns; answers are of pandas. Text, true/false and Categorical columns are factors; the first level
        is the reference, and a Categorical or Enum keeps the order of its levels. One that is ordered has R's
        polynomial coding. Pictures show the units in ``data.attrs["units"]``, by column.
    family
        Such as ``"binomial"``, ``"negative_binomial"`` or ``"student_t"``; ``docs/families.md`` has all of them. A link
        stands in parentheses: ``"binomial(probit)"``.
    priors
        Priors that replace the defaults, by parameter: ``{"sd_Subject__Days": "HalfNormal(20)"}``. `print(fit)`
        shows all of them; ``docs/priors.md`` has the defaults and says why. The prior of a group sd may be relative
        to the residual one, ``"HalfCauchy(0.5) * sigma"``; ``"ScaleFree(0.5)"`` is that for the sd of a slope times
        the sd of its column, which does not depend on units. ``{"b": "normal(0, 5)"}``, brms's ``"prior(normal(0, 5),
        class = b)"``, one or several, and `bambi.Prior` are read where they mean the same. Columns that depend on each
        other, as where cells of a crossing are empty, all keep their priors: `print(fit)` says what only these know,
        and flat ones are refused there.
    weights
        A column of positive numbers: the residual variance of a row is sigma^2 / weight, and the default prior of
        sigma is for a row of median weight. For a binomial share, the numbers of trials.
    na
        ``"drop"`` leaves out rows with a missing value in a column of the formula and counts them; ``"error"``
        refuses them.
    functions
        Your own functions that the formula may call, by name: each takes columns as arrays and returns a number for
        each row.
    contrasts
        Codings of factors by name: ``{"f": "sum"}``, also ``"treatment"``, ``"helmert"``, ``"poly"``, ``"sdif"`` (each
        level against the one before), ``"treatment('b')"``; a matrix or data frame with a row for each level; or
        comparisons of levels by name, ``{"f": {"b-a": "b - a", "c-ab": "c - (a + b) / 2"}}``. `docs/formulas.md`
        has them all. By default each level is compared with the first, and levels with an order are polynomials.
    draws, tune, chains
        Draws kept of each chain, tuning steps of NUTS, and the number of chains. Tuning takes 1000 steps by default,
        but 200 on the exact and the quadrature route, which start from the mode and the curvature there. A chain has at
        most 100 million steps, and draws that do not fit in memory are refused.
    cores
        Chains that run at the same time; by default as many as there are cores.
    seed
        The same seed gives the same draws in any process, on one machine with the same versions. By default a seed is
        drawn; ``fit.sampling.seed`` records it.
    method
        The route from model to posterior. ``"exact"``, for Gaussian and lognormal models with Normal or flat priors on
        the coefficients: coefficients and group effects are integrated out in closed form, the variance parameters
        alone are sampled, and the rest is drawn exactly. ``"quadrature"``, for counts with at most one random intercept
        (binomial, Bernoulli, beta-binomial, Poisson, negative binomial): its effects are integrated out numerically,
        all other parameters are sampled, and the effects are drawn exactly. ``"joint"``: NUTS on all parameters.
        ``"auto"``: one of the first two if it applies and is cheaper; `print(fit)` says which and why.
        ``"marginal"``, the name of earlier versions, asks for whichever of the first two applies.
    sampler
        ``"importance"``: independent values of the remaining parameters from a heavy-tailed distribution about the
        mode, weighted and resampled; their Pareto k and effective size are among the diagnostics. ``"nutpie"``,
        ``"pymc"`` or ``"numpyro"``: NUTS; the latter two take the joint route. ``"auto"``: importance sampling if
        effects are integrated out, with more values if the weights do not hold the limits of an interval; NUTS if the
        weights still cannot be trusted, if `tune` or `target_accept` is given, and on the joint route.
        ``docs/exact_path.md`` says how this is judged.
    target_accept
        Acceptance probability that the step size of NUTS is tuned to, by default 0.9; a higher one is slower and copes
        with harder posteriors.
    keep_effects
        Whether the posterior of the exact or the quadrature route holds every draw of the effects of the largest
        grouping factor. By default it does up to 33 million numbers; beyond, `ranef` and other questions draw effects
        again when they need them.
    remedies
        Whether NUTS on all parameters is tried again after trouble, up to four times and for some ten times the
        gradients of the first attempt, with a remedy for that trouble: longer chains of which not all draws are kept, a
        higher `target_accept`, a longer `tune`, a low-rank mass matrix, another parametrisation of a term's effects.
        The model, its priors and the settings that you gave stay as they are. `print(fit)` has a line on what was tried
        and why, and on any trouble that remains; ``fit.diagnostics.ladder`` has every attempt.
    progress
        Show a progress bar in a terminal or a notebook, and say when NUTS is tried again and why.

    Returns
    -------
    Fit
        Prints like `summary(lmer)`; `fixef`, `varcorr`, `ranef` and the others ask it questions.

    Raises
    ------
    FormulaError, DataError, DesignError, FamilyError, PriorError, ArgumentError, SamplingError
        One line that says what is wrong and what to do; nothing was fitted.
    KeyboardInterrupt
        Sampling was interrupted; nothing is kept. At a prompt or in a notebook, an interrupt of a later attempt of NUTS
        gives the fit with the best finished attempt.

    Examples
    --------
    >>> sleepstudy = bm.load_data("sleepstudy")
    >>> fit = bm.fit("Reaction ~ Days + (Days | Subject)", sleepstudy, seed=1)
    >>> fit.method, fit.sampling.sampler
    ('exact', 'importance')
    """
    check_arguments(
        method=method,
        draws=draws,
        tune=tune,
        chains=chains,
        cores=cores,
        target_accept=target_accept,
        seed=seed,
        keep_effects=keep_effects,
        remedies=remedies,
        progress=progress,
    )
    check_functions(functions)
    family = read_family(family)
    check_weights(weights, family)
    parsed = parse_formulas(formula, functions or (), auxiliary=family.modelled)
    require_censorable(parsed.mean, family)
    design = build_design(
        parsed.mean,
        data,
        response=family.response,
        weights=weights,
        na=na,
        functions=functions,
        contrasts=contrasts,
        parts=parsed.parts,
        auxiliary=family.auxiliary,
    )
    settled = settle_priors(default_priors(design, family), priors, column_sds(design, family))
    require_bounded(design, family, settled)
    require_told_apart(design, settled)
    tell_of_separation(design, family, shown=progress)
    model = MixedModel(design, family, settled)
    of_nuts = tuple(name for name, value in (("tune", tune), ("target_accept", target_accept)) if value is not None)
    request = Request(method, sampler, of_nuts)
    choice = choose_route(model, request)
    settings = SamplerSettings(
        sampler=choice.sampler,
        draws=int(draws),
        chains=int(chains),
        cores=chains_at_once(int(chains), None if cores is None else int(cores)),
        seed=settled_seed(None if seed is None else int(seed)),
        tune=None if tune is None else int(tune),
        target_accept=target_accept,
        keep_effects=keep_effects,
        remedies=remedies,
        progress=progress,
    )
    with CompileNotice(shown=progress):
        choice, drawn = draw_as_chosen(model, request, choice, settings)
    posterior = with_observed_data(drawn.posterior, design, family)
    reason = choice.reason + route_named(choice.route).remark(posterior)
    return Fit(design, family, settled, posterior, choice.route, reason, drawn.sampling, drawn.diagnostics)


def draw_as_chosen(
    model: MixedModel, request: Request, choice: Choice, settings: SamplerSettings
) -> tuple[Choice, RouteDraws]:
    """The posterior by the chosen route, or by its alternative if that cannot be trusted, with the final choice."""
    try:
        drawn = _draw(model, choice, settings)
        trouble = trouble_with_weights(drawn.posterior) if choice.otherwise else None
        if choice.otherwise and trouble:
            choice = replace(choice.otherwise, reason=f"{choice.otherwise.reason}; importance sampling: {trouble}")
            drawn = _draw(model, choice, settings)
    except QuadratureError as error:
        choice = without_quadrature(request, choice, error)
        drawn = _draw(model, choice, settings)
    return choice, drawn


def _draw(model: MixedModel, choice: Choice, settings: SamplerSettings) -> RouteDraws:
    route, settings = route_named(choice.route), replace(settings, sampler=choice.sampler)
    with within_memory(route, model, settings):
        return route.draw(model, settings)
