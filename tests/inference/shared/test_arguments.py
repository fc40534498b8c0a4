"""Arguments of questions: each is checked once, and what is not one gets one short line."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError, BayesmixError, UnknownColumnError, UnknownTermError, shown
from bayesmix.inference.shared.arguments import (
    a_count,
    a_positive_number,
    a_switch,
    a_whole_seed,
    all_of,
    number_of,
    one_of,
    positive_numbers,
    probability,
)

HUGE = 10**5000
TAKEN = [
    (lambda: probability(np.float32(0.5)), 0.5),
    (lambda: probability(Fraction(1, 4)), 0.25),
    (lambda: a_count(np.int64(3), argument="draws"), 3),
    (lambda: a_switch(np.bool_(False), argument="refit"), False),
    (lambda: a_positive_number(2, argument="delta", meaning="a number"), 2.0),
    (lambda: positive_numbers((x for x in (1, 2)), argument="multipliers").tolist(), [1.0, 2.0]),
    (lambda: all_of("a", ("a", "b"), argument="effects"), ("a",)),
    (lambda: all_of(pd.Series(["b", "a"]), ("a", "b"), argument="effects"), ("b", "a")),
    (lambda: a_whole_seed(None, 7), 7),
    (lambda: number_of(np.mean, np.arange(3.0), name="it"), 1.0),
    (lambda: number_of(lambda v: v.max() > 1, np.arange(3.0), name="it"), 1.0),
    (lambda: number_of(lambda _: np.array(2), np.arange(3.0), name="it"), 2.0),
]


@pytest.mark.parametrize(("ask", "value"), TAKEN)
def test_what_is_taken_is_made_plain(ask, value):
    found = ask()
    assert found == value
    assert type(found) is type(value)


REFUSED = [
    (lambda: probability(95), "between 0 and 1; got 95. For a 95 % interval write prob=0.95"),
    (lambda: probability(np.nan), "got nan"),
    (lambda: probability(True), "got True"),
    (lambda: probability(Decimal("0.5")), "got Decimal"),
    (lambda: probability(HUGE), "a whole number of 16610 bits"),
    (lambda: probability(pd.DataFrame()), "got DataFrame"),
    (lambda: one_of(np.array(["a"]), ("a",), argument="kind"), "kind=ndarray is not known. Known: a"),
    (lambda: one_of("x" * 9000, ("a",), argument="kind"), "kind='xxx"),
    (lambda: all_of(None, ("a", "b"), argument="effects"), "effects is one or more of a, b; got None"),
    (lambda: all_of([], ("a", "b"), argument="effects"), "effects is empty"),
    (lambda: all_of(np.array(1.0), ("a", "b"), argument="effects"), "got ndarray"),
    (lambda: a_count(0, argument="draws"), "draws is a whole number of at least 1; got 0"),
    (lambda: a_count(2.0, argument="draws"), "got 2.0"),
    (lambda: a_switch("no", argument="refit"), "refit is True or False; got 'no'"),
    (lambda: a_whole_seed(-1, 0), "seed is a whole number from 0; got -1"),
    (lambda: a_positive_number(HUGE, argument="delta", meaning="a number"), "16610 bits"),
    (lambda: positive_numbers("12", argument="multipliers"), "sequence of positive numbers; got '12'"),
    (lambda: positive_numbers([1, -1], argument="multipliers"), r"positive numbers; got \[1, -1\]"),
    (lambda: positive_numbers([], argument="multipliers"), "multipliers is empty"),
    (lambda: positive_numbers([HUGE], argument="multipliers"), "bits"),
    (lambda: number_of(lambda _: 1 / 0, np.ones(3), name="The statistic 'a'"), "'a' .* raises ZeroDivisionError: div"),
    (lambda: number_of(lambda: 1, np.ones(3), name="it"), "raises TypeError"),
    (lambda: number_of(lambda _: "x", np.ones(3), name="it"), "it gives 'x'; it must give one finite number"),
    (lambda: number_of(lambda v: v, np.ones(3), name="it"), "gives 3 values"),
    (lambda: number_of(lambda _: None, np.ones(3), name="it"), "gives None"),
    (lambda: number_of(lambda _: np.nan, np.ones(3), name="it"), "gives nan"),
    (lambda: number_of(lambda _: HUGE, np.ones(3), name="it"), "bits"),
]


@pytest.mark.parametrize(("ask", "words"), REFUSED)
def test_what_is_refused_gets_a_short_line(ask, words):
    with pytest.raises(ArgumentError, match=words) as caught:
        ask()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_value_is_shown_short():
    assert shown([1, "a", None, 2.5, 3, 4]) == "[1, 'a', None, 2.5 and 2 more]"
    assert shown((np.float64(1),)) == "(1.0)"
    assert shown(np.arange(10**6)) == "ndarray"
    assert len(shown("x" * 10**6)) < 70
    assert len(shown(["x" * 10**6] * 10**6)) < 300


@pytest.fixture(scope="module")
def fit():
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"g": np.repeat([f"g{i}" for i in range(8)], 6), "x": rng.normal(size=48)})
    data["y"] = data["x"] + np.repeat(rng.normal(size=8), 6) + rng.normal(size=48)
    data["site"] = [None, *["north", "south"] * 23, "south"]
    data["mixed"] = [1, pd.Timestamp("2026-01-01")] * 24
    return bm.fit("y ~ x + (1 | g)", data, draws=20, seed=1, progress=False)


def test_questions_of_a_fit_that_end_in_one_line(fit):
    for ask, error, words in (
        (lambda: bm.shrinkage(fit, None), UnknownTermError, "None is no grouping factor"),
        (lambda: bm.ranef_draws(fit, None), UnknownTermError, "None is no grouping factor"),
        (lambda: bm.ranef_draws(fit, "g", levels=5), ArgumentError, "levels is a sequence of levels"),
        (lambda: bm.ranef_draws(fit, "g", levels="g0"), ArgumentError, r"such as levels=\[\"308\"\]; got 'g0'"),
        (lambda: bm.ranef(fit, group=pd.DataFrame()), UnknownTermError, "DataFrame is no grouping factor"),
        (lambda: bm.tidy(fit, effects=None), ArgumentError, "effects is one or more of"),
        (lambda: bm.prior_sensitivity(fit, drop=None), ArgumentError, "drop is a term of the model"),
        (lambda: bm.prior_sensitivity(fit, drop="1 | g", multipliers="a"), ArgumentError, "multipliers"),
        (lambda: bm.bayes_factor(fit, drop=1), ArgumentError, "drop is a term"),
        (lambda: bm.diagnose(fit, sensitivity="no"), ArgumentError, "sensitivity is True or False"),
        (lambda: bm.sensitivity(fit, priors=1), ArgumentError, "priors is one or more of"),
        (lambda: bm.ppc(fit, {"a": lambda _: "x"}), ArgumentError, "The statistic 'a' gives 'x'"),
        (lambda: bm.ppc(fit, {}), ArgumentError, "statistics is empty"),
        (lambda: bm.ppc(fit, by=["g"]), UnknownColumnError, r"by=\['g'\] is no column"),
        (lambda: bm.ppc(fit, by="site"), ArgumentError, "by='site' is missing in 1 of 48 rows"),
        (lambda: bm.loo(fit, by="site"), ArgumentError, "by='site' is missing in 1 of 48 rows"),
        (lambda: bm.loo(fit, by="mixed"), ArgumentError, r"without an order \(Timestamp, int\)"),
        (lambda: bm.loo(fit, by=["g"]), UnknownTermError, "no grouping factor of the model and no column"),
        (lambda: bm.separation(fit, weights="x"), ArgumentError, "A fit has its data, family, weights"),
        (lambda: bm.separation("y ~ x", fit.data, "poisson", weights=1), ArgumentError, "weights is the name of a col"),
        (lambda: bm.loo(fit, draws=29), ArgumentError, "takes 30 draws or more; got draws=29"),
    ):
        with pytest.raises(error, match=words) as caught:
            ask()
        assert isinstance(caught.value, BayesmixError)
        assert "\n" not in str(caught.value)


def test_leaving_out_takes_thirty_draws(fit):
    table = bm.loo(fit, draws=30).pointwise
    # What comes from marginal likelihoods has no weights, and so no k.
    assert np.isfinite(table.loc[table["method"] != "marginal", "pareto_k"]).all()
