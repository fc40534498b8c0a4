"""What the priors of a fit say of a hypothesis: how probable it was, and the density of a linear expression."""

from dataclasses import dataclass, field, replace
from math import inf

import numpy as np
from scipy import stats

from bayesmix.arrays import Floats
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.inference.hypotheses.expression import Affine, affine, evaluate, names_in
from bayesmix.inference.hypotheses.local_density import Density, local_density
from bayesmix.inference.hypotheses.parameters import Effect, Spread, spreads_of
from bayesmix.inference.hypotheses.text import Hypothesis
from bayesmix.modelling.parameters import partial_shapes
from bayesmix.modelling.record import Fit
from bayesmix.numerics.links import LINKS
from bayesmix.posterior.layout import THRESHOLD, corr_name, sd_names, threshold_names
from bayesmix.priors.density import log_prior_density, prior_probability_below
from bayesmix.priors.prior import Prior, scipy_form

N_DRAWS = 100_000


class ImproperPriorError(Exception):
    """Nothing can be drawn from a flat prior; its text is the name of the parameter."""


@dataclass(frozen=True)
class Chance:
    """A probability with its Monte Carlo `error`; nan, with the `reason`, where there is none."""

    value: float
    error: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class PriorDraws:
    """Draws (n,) of parameters from the priors of a fit; each parameter has its own stream of random numbers."""

    fit: Fit
    effects: dict[str, Effect]
    n: int = N_DRAWS
    kept: dict[str, Floats] = field(default_factory=dict)

    def of(self, name: str) -> Floats:
        """Of a parameter as it is printed: an intercept at predictors equal to 0."""
        if name not in self.kept:
            self.kept[name] = self._drawn(name)
        return self.kept[name]

    def independent(self, name: str) -> Floats:
        """Of a parameter that has a prior of its own, an intercept at the predictors' means."""
        prior = self.fit.priors[name]
        if not prior.distribution.proper:
            raise ImproperPriorError(name)
        values = np.asarray(scipy_form(prior).rvs(size=self.n, random_state=self._rng(name)))
        values = np.abs(values) if prior.distribution.folded else values
        return values * self.of("sigma") if prior.of_sigma else values

    def base(self, name: str) -> Floats:
        """Of a parameter as `independent_parts` has it."""
        is_intercept = any(name == part.fixed.intercept for part in self.fit.design.predictors)
        return self.independent(name) if is_intercept else self.of(name)

    def _rng(self, name: str, *further: int) -> np.random.Generator:
        return np.random.default_rng([self.fit.sampling.seed, list(self.fit.priors).index(name), *further])

    def _drawn(self, name: str) -> Floats:
        design = self.fit.design
        if name in self.effects:
            return self._of_effect(self.effects[name])
        spread = spreads_of(design).get(name)
        if spread is not None and len(spread.pair) > 1:
            first, second = spread.pair
            rows = self._correlation_factor(spread.term)
            return np.sum(rows[first] * rows[second], axis=0)
        if spread is not None:
            return self.independent(sd_names(spread.term)[spread.pair[0]])
        if name in threshold_names(design):
            return self._of_thresholds()[threshold_names(design).index(name)]
        part = _predictor_of(design, name)
        if part is not None and name == part.fixed.intercept:
            return self.independent(name) - self._at_means(part)
        return self.independent(name)

    def _at_means(self, part: Design) -> Floats:
        """X beta without the intercept, at the predictors' means."""
        total = np.zeros(self.n)
        for name, mean in zip(part.fixed.names, part.fixed.matrix.mean(axis=0), strict=True):
            if mean and name != part.fixed.intercept:
                total += mean * self.of(name)
        return total

    def _of_thresholds(self) -> Floats:
        """(n_thresholds, n), by the probabilities of the categories at the predictors' means."""
        fit, n_categories = self.fit, len(self.fit.design.response.categories)
        concentration = np.full(n_categories, fit.priors[THRESHOLD].args[0])
        shares = self._rng(THRESHOLD).dirichlet(concentration, self.n).T
        categories = fit.family.record.ordered_categories
        if categories is None:
            raise ImproperPriorError(THRESHOLD)
        below, above = np.cumsum(shares, axis=0)[:-1], np.cumsum(shares[::-1], axis=0)[::-1][1:]
        with np.errstate(all="ignore"):
            at_means = LINKS[fit.family.link].link(categories.shares(shares, below, above)[0])
        return at_means + self._at_means(fit.design)

    def _correlation_factor(self, term: GroupTerm) -> Floats:
        """Rows (k, k, n) of the factor of the term's correlation matrix, from its partial correlations."""
        rows = np.zeros((term.k, term.k, self.n))
        rows[0, 0] = 1.0
        if term.k == 1:
            return rows
        part = next(part for part in self.fit.design.predictors if any(other is term for other in part.random))
        name = corr_name(term, part.random)
        shapes = partial_shapes(self.fit.priors[name].args[0], term.k)
        partials = 2 * self._rng(name).beta(shapes[:, None], shapes[:, None], (len(shapes), self.n)) - 1
        for place, (j, i) in enumerate(zip(*np.tril_indices(term.k, -1), strict=True)):
            left = 1 - np.sum(rows[j, :i] ** 2, axis=0)
            rows[j, i] = partials[place] * np.sqrt(np.maximum(left, 0))
            rows[j, j] = np.sqrt(np.maximum(1 - np.sum(rows[j, : i + 1] ** 2, axis=0), 0))
        return rows

    def _of_effect(self, effect: Effect) -> Floats:
        term, name = effect.term, sd_names(effect.term)[effect.column]
        normals = self._rng(sd_names(term)[0], effect.level + 1).standard_normal((term.k, self.n))
        return self.of(name) * np.sum(self._correlation_factor(term)[effect.column] * normals, axis=0)


def _predictor_of(design: Design, name: str) -> Design | None:
    return next((part for part in design.predictors if name in part.fixed.names), None)


def independent_parts(fit: Fit, expression: Affine) -> Affine:
    """A linear expression by the parameters that have priors of their own: intercepts at the predictors' means."""
    weights = dict(expression.weights)
    for part in fit.design.predictors:
        weight = expression.weights.get(part.fixed.intercept or "", 0.0)
        for name, mean in zip(part.fixed.names, part.fixed.matrix.mean(axis=0), strict=True):
            if weight and mean and name != part.fixed.intercept:
                weights[name] = weights.get(name, 0.0) - weight * mean
    return replace(expression, weights={name: weight for name, weight in weights.items() if weight})


def _normal(fit: Fit, parts: Affine) -> tuple[float, float] | None:
    """Mean and sd of a linear expression whose parameters all have normal priors of their own."""
    priors = [fit.priors.get(name) for name in parts.weights]
    if any(prior is None or prior.name != "Normal" for prior in priors):
        return None
    numbers = np.array([prior.args for prior in priors if prior])
    weights = np.array(list(parts.weights.values()))
    return float(parts.constant + weights @ numbers[:, 0]), float(np.sqrt(np.sum((weights * numbers[:, 1]) ** 2)))


def prior_probability(fit: Fit, hypothesis: Hypothesis, draws: PriorDraws) -> Chance:
    """How probable the priors make an interval: in closed form where there is one, else by draws."""
    linear = affine(hypothesis.expression)
    lower, upper = hypothesis.lower, hypothesis.upper
    if linear is not None:
        parts = independent_parts(fit, linear)
        normal = _normal(fit, parts)
        if normal is not None:
            below = stats.norm.cdf([lower, upper], *normal)
            return Chance(float(below[1] - below[0]))
        single = _single(fit, parts)
        if single is not None:
            (weight,) = parts.weights.values()
            ends = np.sort((np.array([lower, upper]) - parts.constant) / weight)
            below = np.where(np.isinf(ends), ends > 0, prior_probability_below(single, np.clip(ends, -1e300, 1e300)))
            return Chance(float(below[1] - below[0]))
    try:
        values = evaluate(hypothesis.expression, {name: draws.of(name) for name in names_in(hypothesis.expression)})
    except ImproperPriorError as error:
        return Chance(np.nan, np.nan, f"the prior of {error} is flat, so that nothing has a probability under it")
    known = np.isfinite(values)
    if not known.all():
        share = f"{1 - known.mean():.2g}"
        return Chance(np.nan, np.nan, f"the expression has no value in a share of {share} of the prior's draws")
    inside = float(np.mean((values > lower) & (values < upper)))
    return Chance(inside, float(np.sqrt(max(inside * (1 - inside), 1 / draws.n) / draws.n)))


def _single(fit: Fit, parts: Affine) -> Prior | None:
    """The prior of the only parameter, where it has a distribution function of its own."""
    if len(parts.weights) != 1:
        return None
    prior = fit.priors.get(next(iter(parts.weights)))
    known = prior is not None and prior.distribution.proper and prior.distribution.scipy and not prior.of_sigma
    return prior if known else None


def bounds_of(fit: Fit, expression: Affine) -> tuple[float, float]:
    """The least and greatest value that a linear expression can have."""
    lower = upper = expression.constant
    for name, weight in expression.weights.items():
        low, high = _support(fit, name)
        ends = sorted((weight * low, weight * high))
        lower, upper = lower + ends[0], upper + ends[1]
    return lower, upper


def _support(fit: Fit, name: str) -> tuple[float, float]:
    spread = spreads_of(fit.design).get(name)
    if spread is not None and len(spread.pair) > 1:
        return -1.0, 1.0
    prior = fit.priors.get(sd_names(spread.term)[spread.pair[0]] if spread else name)
    support = prior.distribution.support if prior else "real"
    if support == "interval" and prior:
        return prior.args[0], prior.args[1]
    return {"positive": (0.0, inf), "share": (0.0, 1.0)}.get(support, (-inf, inf))


def prior_density(fit: Fit, expression: Affine, point: float, draws: PriorDraws) -> Density:
    """Log density of a linear expression at a point under the priors.

    That of independent normals is normal. Otherwise the density of one parameter is averaged over draws of the others,
    or if none has one of its own, that of the draws is taken.
    """
    parts = independent_parts(fit, expression)
    try:
        normal = _normal(fit, parts)
        if normal is not None:
            return Density(float(stats.norm.logpdf(point, *normal)), 0.0)
        own = [name for name in parts.weights if _has_own_density(fit, name, parts)]
        if not own:
            return local_density(expression.at({name: draws.of(name) for name in expression.weights})[None], point)
        return _averaged(fit, parts, max(own, key=lambda name: abs(parts.weights[name])), point, draws)
    except ImproperPriorError as error:
        return Density(np.nan, np.nan, f"the prior of {error} is flat, so that its density says nothing")


def _has_own_density(fit: Fit, name: str, parts: Affine) -> bool:
    spreads = spreads_of(fit.design)
    spread = spreads.get(name)
    if name == "sigma" and len(parts.weights) > 1:
        return False  # priors of sds may be relative to it
    if spread is None:
        return name in fit.priors and fit.priors[name].distribution.log_density is not None
    if len(spread.pair) == 1:
        return True
    beside = [spreads[other] for other in parts.weights if other in spreads and other != name]
    return not any(other.term is spread.term and len(other.pair) > 1 for other in beside)


def _averaged(fit: Fit, parts: Affine, name: str, point: float, draws: PriorDraws) -> Density:
    weight, spread = parts.weights[name], spreads_of(fit.design).get(name)
    prior = _prior_of(fit, name, spread)
    if not prior.distribution.proper:
        raise ImproperPriorError(name)
    others = [(share, draws.base(other)) for other, share in parts.weights.items() if other != name]
    rest = parts.constant + sum((share * drawn for share, drawn in others), np.zeros(1))
    sigma = draws.of("sigma") if prior.of_sigma else np.ones(1)
    k = spread.term.k if spread else 2
    values = np.exp(log_prior_density(prior, (point - rest) / weight, k=k, sigma=sigma)) / abs(weight)
    mean = float(values.mean())
    if not mean > 0:
        return Density(np.nan, np.nan, "the priors have no density there")
    error = float(values.std(ddof=1) / np.sqrt(len(values)) / mean) if len(values) > 1 else 0.0
    return Density(float(np.log(mean)), error)


def _prior_of(fit: Fit, name: str, spread: Spread | None) -> Prior:
    if spread is None:
        return fit.priors[name]
    if len(spread.pair) == 1:
        return fit.priors[sd_names(spread.term)[spread.pair[0]]]
    part = next(part for part in fit.design.predictors if any(other is spread.term for other in part.random))
    return fit.priors[corr_name(spread.term, part.random)]
