"""Numbers at the ends of what a computer has: one line names the column or the prior; no traceback, no wait."""

import numpy as np
import pandas as pd
import pytest
from bayesmix.modelling.exact.importance import pareto_k_of

from bayesmix.errors import DataError, PriorError
from bayesmix.modelling.fit import fit
from bayesmix.modelling.laplace import laplace
from bayesmix.modelling.reml import reml

random = np.random.default_rng(3)
N = 40
DATA = pd.DataFrame({"y": random.normal(10, 2, N), "x": random.normal(size=N), "g": np.repeat(list("abcd"), 10)})
DATA = DATA.assign(c=random.poisson(3, N), k=random.integers(0, 8, N), n=8, o=0.0)


@pytest.mark.parametrize("call", [fit, reml])
@pytest.mark.parametrize(
    ("formula", "changed", "message"),
    [
        ("y ~ x + (1 | g)", {"y": DATA.y * 1e155}, "y is beyond 1e.150 in size in 40 of 40 rows"),
        ("y ~ x + (1 | g)", {"y": DATA.y * 1e300}, "in 40 of 40 rows"),
        (
            "y ~ x + (1 | g)",
            {"y": DATA.y.where(DATA.index != 3, 1.7e308)},
            r"in 1 of 40 rows \(first in row 3: y = 1.7",
        ),
        ("y ~ x + (1 | g) + offset(o)", {"o": 1e308}, r"offset\(o\) is beyond 1e.150"),
    ],
)
def test_a_response_whose_square_is_no_number(call, formula, changed, message):
    with pytest.raises(DataError, match=message) as caught:
        call(formula, DATA.assign(**changed))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [1e17, 1e300])
@pytest.mark.parametrize(
    ("formula", "column", "family"),
    [
        ("c ~ x + (1 | g)", "c", "poisson"),
        ("c ~ x + (1 | g)", "c", "negative_binomial"),
        ("k | trials(n) ~ x + (1 | g)", "n", "binomial"),
        ("k | trials(n) ~ x + (1 | g)", "n", "beta_binomial"),
    ],
)
def test_counts_that_cannot_be_told_apart(formula, column, family, size):
    with pytest.raises(DataError, match=r"above 9.0072e.15 \(2\^53\) neighbouring|beyond 1e.150"):
        fit(formula, DATA.assign(**{column: DATA[column] * size}), family, progress=False)
    if family in ("poisson", "binomial"):
        with pytest.raises(DataError, match=r"2\^53|1e.150"):
            laplace(formula, DATA.assign(**{column: DATA[column] * size}), family)


@pytest.mark.parametrize(
    "prior",
    ["Exponential(1e300)", "Gamma(2, 1e300)", "InverseGamma(2, 1e300)", "HalfNormal(1e-300)", "LogNormal(0, 1e300)"],
)
@pytest.mark.parametrize("family", ["gaussian", "poisson"])
def test_priors_beyond_what_can_be_computed_with(prior, family):
    response = {"gaussian": "y", "poisson": "c"}[family]
    with pytest.raises(PriorError, match=r"'sd_g__Intercept'.*1e[+-]300, and its size may be 1e-50 to 1e\+50"):
        fit(f"{response} ~ x + (1 | g)", DATA, family, priors={"sd_g__Intercept": prior}, progress=False)


@pytest.mark.parametrize("prior", ["Exponential(1e49)", "Gamma(2, 1e49)", "HalfNormal(1e-49)", "Exponential(1e-49)"])
def test_priors_just_within(prior):
    found = fit("y ~ x + (1 | g)", DATA, priors={"sd_g__Intercept": prior}, draws=50, seed=1, progress=False)
    assert np.isfinite(found.posterior["posterior"]["x"]).all()


def test_weights_without_a_tail_are_not_trusted():
    assert pareto_k_of(np.zeros(4000)) == np.inf
    assert pareto_k_of(np.full(4000, -np.inf)) == np.inf
    assert pareto_k_of(np.concatenate([np.full(4000, -np.inf), [1.0, 2.0, 3.0]])) == np.inf
    assert pareto_k_of(np.random.default_rng(1).normal(size=4000)) < 0.7


def test_a_coefficient_pinned_at_a_point_for_counts():
    """The density cannot be followed along an sd of 1e-49: all parameters are sampled instead, or one line is said."""
    found = fit("c ~ x + (1 | g)", DATA, "poisson", priors={"x": "Normal(0, 1e-49)"}, draws=50, tune=50, seed=1,
                progress=False, remedies=False)  # fmt: skip
    assert float(np.abs(found.posterior["posterior"]["x"]).max()) < 1e-46
