"""A fourth route: what a new one has to give, and that fits, tables, evidence and both samplers follow from it.

The toy integrates the mean out of `y ~ 1` by a formula of its own; the exact route, which shares no code with it, has
the same posterior.
"""

from dataclasses import dataclass
from math import log, pi

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesmix as bm
from bayesmix.errors import ArgumentError
from bayesmix.modelling import routes
from bayesmix.modelling.assemble import as_posterior
from bayesmix.modelling.route import Choice, IntegratedRoute
from bayesmix.modelling.samplers.compiled import compiled_functions
from bayesmix.modelling.samplers.integrated import Accuracy, Values
from bayesmix.modelling.samplers.mode import climb
from bayesmix.modelling.settings import METHODS
from bayesmix.numerics.buffer import floats, floats_2, pack
from bayesmix.numerics.importance import SplitT, propose
from bayesmix.numerics.kernels import kernel

PRIORS = {"Intercept": "Normal(1, 2)", "sigma": "HalfNormal(3)"}
SETTINGS = {"seed": 4, "progress": False}


@pytest.fixture
def data():
    return pd.DataFrame({"y": np.random.default_rng(2).normal(1.5, 0.8, size=12)})


@kernel
def log_sigma_at(buffer, x):
    return floats(buffer, 1) + floats_2(buffer, 2) @ x


@kernel
def log_density_at(buffer, x, gradient):
    """y ~ Normal(1, sigma^2 I + 4 1 1'), sigma ~ HalfNormal(3), at log sigma; the slope by differences."""
    n, mean, squares = floats(buffer, 0)
    values = np.empty(2)
    for i, step in enumerate((0.0, 1e-6)):
        t = log_sigma_at(buffer, x + step)[0]
        variance = np.exp(2 * t)
        whole = variance + 4 * n
        fit = squares / variance + n * (mean - 1) ** 2 / whole
        values[i] = -0.5 * (n * log(2 * pi) + (n - 1) * 2 * t + np.log(whole) + fit)
        values[i] += 0.5 * log(2 / pi) - log(3.0) - variance / 18 + t
    gradient[0] = (values[1] - values[0]) / 1e-6
    return values[0]


@dataclass(frozen=True)
class ToyProposal:
    model: "ToyModel"
    mode: object
    sizes: tuple

    def values(self, size, stream, rng, advance):
        drawn = propose(SplitT(np.full((1, 2), 1.2), 5.0), size, rng)
        theta = self.mode.point + drawn.points @ self.mode.scale.T
        found = self.model.log_densities(self.model.buffer(np.zeros(1), np.eye(1)), theta, cores=1)
        return Values(drawn.points, theta, found, found - drawn.log_densities + self.mode.log_volume, None)

    def refined(self, points, weights, rng):
        return self

    def chosen(self, given, positions):
        return None


@dataclass(frozen=True)
class ToyModel:
    design: object
    names = ("sigma",)
    start = np.zeros(1)
    fewest_values = 2000
    seconds_per_value = 1e-6

    @property
    def y(self):
        return self.design.response.values

    @property
    def functions(self):
        return compiled_functions("toy", log_density_at, log_sigma_at)

    def buffer(self, centre, scale):
        about = np.array([len(self.y), self.y.mean(), ((self.y - self.y.mean()) ** 2).sum()])
        return pack([about, centre, scale])

    def log_densities(self, buffer, points, *, cores):
        return np.array([log_density_at(buffer, point, np.empty(1)) for point in points])

    def approximations(self):
        yield self, climb(log_density_at, self.buffer(np.zeros(1), np.eye(1)), self.start, np.ones(1))

    def reported(self, theta):
        return theta

    def accuracy(self, theta):
        return Accuracy()

    def proposal(self, mode, n_values, settings, rng):
        return ToyProposal(self, mode, (n_values,))

    def given(self, theta, settings):
        return None

    def posterior(self, theta, given, settings):
        shape, sigma = (settings.chains, settings.draws), np.exp(theta[:, 0])
        precision = len(self.y) / sigma**2 + 1 / 4
        mean = (self.y.sum() / sigma**2 + 1 / 4) / precision
        drawn = mean + np.random.default_rng(settings.seed).normal(size=len(sigma)) / np.sqrt(precision)
        return as_posterior(
            self.design,
            fixed=drawn.reshape(*shape, 1),
            sds=[],
            correlations=[],
            effects=[],
            auxiliary={"sigma": sigma.reshape(shape)},
        )


class ToyRoute(IntegratedRoute):
    name = "toy"

    def why_not(self, model):
        return None if model.design.fixed.names == ("Intercept",) and not model.design.random else "toys are small"

    def choose(self, model, request, obstacle):
        return Choice(self.name, "importance" if request.sampler == "auto" else request.sampler, "a toy")

    def integrated(self, model):
        return ToyModel(model.design)


@pytest.mark.parametrize("sampler", ["auto", "nutpie"])
def test_a_route_is_added_by_one_entry(monkeypatch, data, sampler):
    exact = bm.fit("y ~ 1", data, priors=PRIORS, sampler=sampler, **SETTINGS)
    evidence = bm.log_marginal(exact).value
    monkeypatch.setattr(routes, "ROUTES", (ToyRoute(), *routes.ROUTES))
    fit = bm.fit("y ~ 1", data, priors=PRIORS, sampler=sampler, **SETTINGS)
    assert (exact.method, fit.method, fit.reason) == ("exact", "toy", "a toy")
    assert fit.sampling.sampler == {"auto": "importance", "nutpie": "nutpie"}[sampler]
    assert "(toy: a toy)" in str(fit)
    assert bm.diagnose(fit, sensitivity=False).query("severity == 'problem'").empty
    for question in (bm.fixef, bm.varcorr):
        one, other = question(exact), question(fit)
        error = np.hypot(*(table["sd"] / np.sqrt(table["ess_bulk"]) for table in (one, other)))
        assert (abs(one["mean"] - other["mean"]) < 4 * error).all()
    assert bm.log_marginal(fit).value == pytest.approx(evidence, abs=0.03)
    # Tables that ask for nothing of the route.
    assert len(bm.fitted(fit)) == len(bm.residuals(fit)) == 12
    assert isinstance(bm.to_datatree(fit), xr.DataTree)


def test_what_a_route_does_not_take_goes_on_to_the_next(monkeypatch, data):
    monkeypatch.setattr(routes, "ROUTES", (ToyRoute(), *routes.ROUTES))
    data["x"] = np.arange(12.0)
    assert bm.fit("y ~ x", data, draws=50, **SETTINGS).method == "exact"


def test_methods_are_the_routes(data):
    assert ("auto", *(route.name for route in routes.ROUTES), "marginal") == METHODS
    with pytest.raises(ArgumentError, match='method="quadrature" does not apply: gaussian'):
        bm.fit("y ~ 1", data, method="quadrature", **SETTINGS)
    with pytest.raises(ArgumentError, match='sampler="importance" goes with method="exact" or "quadrature"'):
        bm.fit("y ~ 1", data, method="joint", sampler="importance", **SETTINGS)
    for method in ("exact", "marginal"):
        assert bm.fit("y ~ 1", data, method=method, draws=50, **SETTINGS).method == "exact"
