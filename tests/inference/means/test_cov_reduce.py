"""Where covariates stand in a reference grid, beside the values that `at` would name."""

import numpy as np
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError, BayesmixError


@pytest.fixture(scope="module")
def fit(mixed):
    return bm.lm("y ~ f * x + I(z^2) + old", mixed)


@pytest.mark.parametrize(
    ("cov_reduce", "at"),
    [
        ("median", lambda d: {"x": d["x"].median(), "z": d["z"].median()}),
        (np.max, lambda d: {"x": d["x"].max(), "z": d["z"].max()}),
        ({"x": lambda values: values.min()}, lambda d: {"x": d["x"].min()}),
        ({"old": "median"}, lambda d: {"old": d["old"].median()}),
        ("range", lambda d: {"x": [d["x"].min(), d["x"].max()], "z": [d["z"].min(), d["z"].max()]}),
        ({"z": "range"}, lambda d: {"z": [d["z"].min(), d["z"].max()]}),
    ],
)
def test_covariates_stand_where_they_are_reduced_to(fit, mixed, cov_reduce, at):
    columns = ["emmean", "se", "lower"]
    found, other = bm.emmeans(fit, "f", cov_reduce=cov_reduce), bm.emmeans(fit, "f", at=at(mixed))
    np.testing.assert_allclose(found[columns], other[columns], rtol=1e-12)
    assert found.attrs["notes"] == other.attrs["notes"]


def test_values_that_at_names_are_left_alone(fit, mixed):
    found = bm.emmeans(fit, "f", at={"x": 2}, cov_reduce="median")
    other = bm.emmeans(fit, "f", at={"x": 2, "z": mixed["z"].median()})
    np.testing.assert_allclose(found["emmean"], other["emmean"], rtol=1e-12)
    slopes = bm.emtrends(fit, "z", cov_reduce="median")
    np.testing.assert_allclose(slopes["z.trend"], 2 * mixed["z"].median() * bm.fixef(fit)["estimate"]["I(z^2)"])


def test_the_data_are_not_changed(fit, mixed):
    before = mixed["x"].copy()

    def careless(values):
        values[:] = 0.0
        return 1.0

    bm.emmeans(fit, "f", cov_reduce=careless)
    assert fit.design.data["x"].equals(before)


def fails(_):
    raise RuntimeError("first\nsecond")


@pytest.mark.parametrize(
    ("cov_reduce", "said"),
    [
        ("medain", 'cov_reduce is "mean", "median", "range" or a function'),
        (3, "cov_reduce is"),
        ({"x": 3}, "cov_reduce is"),
        ({"xx": "median"}, "cov_reduce has 'xx', which is no variable of the fixed part. Did you mean 'x'?"),
        ({"f": "median"}, "cov_reduce has 'f', which is a factor"),
        (fails, "cov_reduce of 'x' fails ('first')"),
        (lambda values: values, "cov_reduce of 'x' has a number twice"),
        (lambda _: np.nan, "cov_reduce of 'x' is a number or more, finite ones"),
        (lambda _: [], "cov_reduce of 'x' is empty"),
    ],
)
def test_what_reduces_nothing_is_one_line(fit, cov_reduce, said):
    with pytest.raises(ArgumentError) as caught:
        bm.emmeans(fit, "f", cov_reduce=cov_reduce)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_names_of_emmeans_lead_to_those_here(fit):
    with pytest.raises(BayesmixError, match="that is regrid="):
        bm.emmeans(fit, "f", transform="response")
    with pytest.raises(BayesmixError, match='regrid="response" has slopes of the response'):
        bm.emtrends(fit, "x", type="response")
    with pytest.raises(BayesmixError, match="that is cov_reduce="):
        bm.emmeans(fit, "f", reduce="median")
