"""What a response gets that its family cannot have, and formulas of further parameters that make no sense: one line."""

import numpy as np
import pandas as pd
import pytest

from bayesmix.errors import BayesmixError, DataError, DesignError, FamilyError, FormulaError, PriorError
from bayesmix.families.table import ALIASES, FAMILIES, RESEMBLED
from bayesmix.modelling.fit import fit

N = 30


def table() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "y": rng.normal(size=N),
            "x": rng.normal(size=N),
            "g": np.repeat(np.arange(6), 5),
            "count": rng.poisson(3, N) + 1,
            "half": np.arange(N) + 0.5,
            "amount": rng.gamma(2, 1, N),
            "with_zero": np.where(np.arange(N) < 3, 0.0, rng.gamma(2, 1, N)),
            "below": np.where(np.arange(N) < 3, -1.0, 1.0),
            "share": rng.uniform(0.1, 0.9, N),
            "edge": np.where(np.arange(N) < 2, 1.0, 0.5),
            "percent": rng.uniform(5, 95, N),
            "k": rng.integers(0, 4, N),
            "n": 5,
            "one": 1,
            "yes": np.arange(N) % 2,
            "text": np.array(["low", "mid", "high"])[np.arange(N) % 3],
            "rating": pd.Categorical(np.array(["low", "mid"])[np.arange(N) % 2], ["low", "mid", "high"], ordered=True),
            "two": pd.Categorical(np.array(["low", "mid"])[np.arange(N) % 2], ["low", "mid"], ordered=True),
            "stars": np.arange(N) % 4 + 1,
            "sigma_x": rng.normal(size=N),
            "phi": rng.normal(size=N),
        }
    )


CASES = [
    ("half ~ x", "negative_binomial", DataError, "whole numbers from 0; in 30 of 30 rows they are not"),
    ("half ~ x", "zero_inflated_poisson", DataError, "whole numbers from 0"),
    ("count ~ x", "zero_inflated_poisson", DataError, "0 in none of 30 rows"),
    ("count ~ x", "hurdle_negative_binomial", DataError, "take the family without zero inflation or hurdle"),
    ("amount ~ x", "hurdle_gamma", DataError, "0 in none of 30 rows"),
    ("below ~ x", "hurdle_lognormal", DataError, "below 0 in 3 of 30 rows"),
    ("with_zero ~ x", "gamma", DataError, 'is 0 in 3 of 30 rows.*family="hurdle_gamma"'),
    ("below ~ x", "lognormal", DataError, 'below 0 in 3 of 30 rows.*family="gaussian"'),
    ("edge ~ x", "beta", DataError, "exactly 0 in 0 and exactly 1 in 2 of 30 rows.*beta_binomial"),
    ("percent ~ x", "beta", DataError, r"outside 0 to 1 in 30 of 30 rows.*I\(percent / 100\)"),
    ("k ~ x", "beta_binomial", DataError, r"has no trials; write cbind\(k, n - k\)"),
    ("p(yes, one) ~ x", "beta_binomial", DataError, 'at most 1 trial.*family="bernoulli"'),
    ("p(k, n) ~ x", "negative_binomial", FamilyError, 'family="binomial" or "beta_binomial"'),
    ("text ~ x", "cumulative", DataError, "without an order; write pd.Categorical"),
    ("rating ~ x", "cumulative", DataError, "never is high"),
    ("two ~ x", "stopping_ratio", DataError, '2 categories .low, mid.*family="bernoulli"'),
    ("half ~ x", "cumulative", DataError, "no whole number in 30 of 30 rows"),
    ("stars ~ 0 + x", "cumulative", DesignError, r"thresholds .* are its intercepts; leave out '0 \+'"),
    ("yes ~ x", "categorical", DataError, 'is 0 or 1; two values are family="bernoulli"'),
    ("count ~ x", "negbinom", FamilyError, "Did you mean.*negative_binomial"),
    ("amount ~ x", "gamma(inverse)", FamilyError, "Links of gamma: log"),
    (["y ~ x", "phi ~ x"], "gaussian", FormulaError, "those of the family are sigma"),
    (["count ~ x", "sigma ~ x"], "poisson", FormulaError, "the family has none"),
    (["y ~ x", "sgma ~ x"], "gaussian", FormulaError, "Did you mean 'sigma'"),
    (["y ~ x", "sigma ~ x", "sigma ~ 1"], "gaussian", FormulaError, "'sigma' has a formula already"),
    (["y ~ x", "log(sigma) ~ x"], "gaussian", FormulaError, "is of a further parameter"),
    (["y ~ x", "sigma ~ 0"], "gaussian", DesignError, "In the formula of sigma: there are neither"),
    (["y ~ x", "sigma ~ y"], "gaussian", DesignError, "The response 'y' is a predictor too"),
    (["y ~ sigma_x", "sigma ~ x"], "gaussian", DesignError, "Two coefficients would be called 'sigma_x'"),
    ("share ~ phi", "beta", DesignError, "called 'phi' .the family's parameter phi and a coefficient."),
    ([], "gaussian", FormulaError, "There is no formula"),
    ("k ~ x", "truncated_poisson", DataError, 'is 0 in [0-9]+ of 30 rows, .* for counts from 1; .*family="poisson"'),
    ("half ~ x", "truncated_negative_binomial", DataError, "whole numbers from 0; in 30 of 30 rows they are not"),
    ("share ~ x", "ordered_beta", DataError, '0 or 1 in none of 30 rows.*family="beta"'),
    ("yes ~ x", "zero_one_inflated_beta", DataError, '0 or 1 in all 30 rows; write family="bernoulli"'),
    ("percent ~ x", "ordered_beta", DataError, r"outside 0 to 1 in 30 of 30 rows.*I\(percent / 100\)"),
    ("edge ~ x", "beta", DataError, 'family="ordered_beta" or "zero_one_inflated_beta"'),
    ("with_zero ~ x", "weibull", DataError, "is 0 in 3 of 30 rows"),
    (["amount ~ x", "ndt ~ x"], "shifted_lognormal", FormulaError, "those of the family are sigma"),
]


@pytest.mark.parametrize(("formula", "family", "error", "says"), CASES)
def test_one_line(formula, family, error, says):
    with pytest.raises(error, match=says) as caught:
        fit(formula, table(), family)
    assert isinstance(caught.value, BayesmixError)
    assert "\n" not in str(getattr(caught.value, "reason", caught.value))


PRIORS = [
    ("amount ~ x", "shifted_lognormal", {"ndt": "Normal(0, 1)"}, "does not suit a bounded parameter; write Uniform"),
    ("amount ~ x", "shifted_lognormal", {"ndt": "Uniform(0, 5)"}, "reaches beyond 0 to .*, the least response"),
    ("share ~ x", "beta", {"phi": "Normal(0, 1)"}, "does not suit"),
    ("with_zero ~ x", "hurdle_gamma", {"hu": "Gamma(2, 1)"}, "does not suit a probability; write a prior on 0 to 1"),
    ("with_zero ~ x", "hurdle_gamma", {"hu": "Uniform(0, 2)"}, "reaches beyond 0 to 1"),
    (
        "stars ~ x",
        "cumulative",
        {"threshold": "Normal(0, 1)"},
        r"does not suit a set of thresholds; write Dirichlet\(alpha\)",
    ),
    ("stars ~ x", "cumulative", {"Intercept": "Normal(0, 1)"}, "the model does not have"),
    (["y ~ x", "sigma ~ x"], "gaussian", {"sigma": "HalfNormal(1)"}, "the model does not have.*sigma_Intercept"),
    (["y ~ x + (1 | g)", "sigma ~ x"], "gaussian", {"sd_g__Intercept": "HalfNormal(1) * sigma"}, "sigma"),
]


@pytest.mark.parametrize(("formula", "family", "priors", "says"), PRIORS)
def test_priors_that_do_not_suit(formula, family, priors, says):
    with pytest.raises(PriorError, match=says):
        fit(formula, table(), family, priors=priors)


def test_weights_are_for_residual_variances_and_shares():
    with pytest.raises(FamilyError, match="takes no weights"):
        fit("amount ~ x", table(), "gamma", weights="amount")


def test_rows_are_complete_for_all_formulas():
    data = table().assign(z=lambda d: d["x"].where(d["g"] > 0))
    with pytest.raises(DataError, match=r"5 of 30 rows have missing values \(z 5\)"):
        fit(["y ~ x", "sigma ~ z"], data, na="error")


@pytest.mark.parametrize(
    ("name", "near"),
    [("normal", "gaussian"), ("NB", "negative_binomial"), ("zip", "zero_inflated_poisson"), ("ordinal", "cumulative")],
)
def test_names_of_other_packages_have_the_nearest_family(name, near):
    with pytest.raises(FamilyError, match=f"Family '{name.lower()}' is not known. Nearest is '{near}'. Families: "):
        fit("y ~ x", table(), name)


def test_a_name_stands_for_one_family_or_comes_nearest_to_one():
    names = [name for family in FAMILIES.values() for name in (family.name, *family.aliases, *family.resembled)]
    assert len(names) == len(set(names)) == len(FAMILIES) + len(ALIASES) + len(RESEMBLED)
