"""What the names, the order and the units of data must not change, through `fit` from end to end.

Default priors follow the units of y and of the predictors, both samplers walk in coordinates in which the posterior is
about standard normal, and random numbers belong to positions: with one seed most of these give the same draws up to
rounding. Where positions change, by sorted names or by the order of terms, posteriors agree within Monte Carlo error.
"""

from functools import cache

import arviz_stats
import numpy as np
import pandas as pd
import pytest

from bayesmix.modelling.fit import fit

N_OBS = 60
FORMULA = "y ~ x + (x | g) + (1 | h)"
SAMPLERS = ["importance", "nutpie"]

ROUNDING = {"importance": 1e-6, "nutpie": 1e-4}
"""In posterior sds. Seen: 1e-10, and 1e-7 where the trajectories of NUTS let rounding grow."""


def simulated():
    rng = np.random.default_rng(3)
    g, h = np.arange(N_OBS) % 10, rng.integers(0, 5, N_OBS)
    x = rng.normal(4, 2, N_OBS)
    effects = rng.normal(size=(10, 2))
    y = 20 + 3 * effects[g, 0] + (1 + effects[g, 1]) * x + rng.normal(size=5)[h] + 2 * rng.normal(size=N_OBS)
    known = rng.normal(scale=3, size=N_OBS)
    letters = np.array(list("abcdefghij"))
    return pd.DataFrame({"y": y, "x": x, "g": letters[g], "h": letters[h], "known": known, "one": 1.0})


ROWS = simulated()


def posterior(rows=ROWS, formula=FORMULA, *, sampler, **settings):
    """Posterior and log marginal likelihood (nan after NUTS)."""
    settings = {"draws": 150, "chains": 2, "seed": 1, "progress": False} | settings
    found = fit(formula, rows, sampler=sampler, method="exact", **settings)
    weights = found.diagnostics.importance
    return found.posterior["posterior"].to_dataset(), weights.log_marginal if weights else np.nan


original = cache(posterior)


def differences(first, second):
    """Of each variable the greatest difference of draws, in sds of the first."""
    assert set(first.data_vars) == set(second.data_vars)
    return {
        name: float(np.abs(second[name].to_numpy() - values.to_numpy()).max() / values.std())
        for name, values in first.items()
    }


# Of each change what is done to the rows, what undoes it in the posterior, and the log marginal likelihood's share.
CHANGES = {
    "rows in another order": (lambda rows: rows.sample(frac=1, random_state=1), lambda found: found, 0),
    "levels with other names in the same order": (
        lambda rows: rows.assign(g="group " + rows["g"], h="H" + rows["h"]),
        lambda found: found,
        0,
    ),
    "y in thousandths": (
        lambda rows: rows.assign(y=1000 * rows["y"]),
        lambda found: (found / 1000).assign(corr_g=found["corr_g"]),
        -N_OBS * np.log(1000),
    ),
    "y a million higher": (
        lambda rows: rows.assign(y=rows["y"] + 1e6),
        lambda found: found.assign(Intercept=found["Intercept"] - 1e6),
        0,
    ),
    "x in other units": (
        lambda rows: rows.assign(x=0.3048 * rows["x"]),
        lambda found: found.assign({name: 0.3048 * found[name] for name in ("x", "x|g", "sd_g__x")}),
        0,
    ),
}


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("change", CHANGES)
def test_the_same_draws_after_a_change_of(change, sampler):
    forth, back, log_factor = CHANGES[change]
    before, log_marginal = original(sampler=sampler)
    after, changed = posterior(forth(ROWS), sampler=sampler)
    assert max(differences(before, back(after)).values()) < ROUNDING[sampler]
    if sampler == "importance":
        # The density of 1000 y is 1000 times lower in each of its coordinates.
        np.testing.assert_allclose(changed, log_marginal + log_factor, rtol=0, atol=1e-7)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_where_x_is_0_matters_to_the_intercept_alone(sampler):
    """Without slopes by group, whose intercept is at x = 0; the prior of the fixed one is at the mean of x."""
    formula = "y ~ x + (1 | g)"
    before, _ = posterior(formula=formula, sampler=sampler)
    after, _ = posterior(ROWS.assign(x=ROWS["x"] + 2000), formula, sampler=sampler)
    restored = after.assign(Intercept=after["Intercept"] + 2000 * after["x"])
    assert max(differences(before, restored).values()) < ROUNDING[sampler]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_an_offset_is_taken_from_y(sampler):
    before, _ = posterior(ROWS.assign(y=ROWS["y"] - ROWS["known"]), sampler=sampler)
    after, _ = posterior(formula=FORMULA.replace("x +", "x + offset(known) +"), sampler=sampler)
    assert max(differences(before, after).values()) < ROUNDING[sampler]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_weights_count_against_sigma(sampler):
    """Weights of 1 are no weights; weights of 4 make sigma, and with it its prior, twice as large.

    There the search for the mode begins elsewhere, and ends within 0.0001 of it: no longer rounding.
    """
    before, log_marginal = posterior(priors={"sigma": "HalfNormal(2)"}, sampler=sampler)
    ones, _ = posterior(weights="one", priors={"sigma": "HalfNormal(2)"}, sampler=sampler)
    assert max(differences(before, ones).values()) < ROUNDING[sampler]
    fours, changed = posterior(ROWS.assign(one=4.0), weights="one", priors={"sigma": "HalfNormal(4)"}, sampler=sampler)
    assert_agree(before, fours.assign(sigma=fours["sigma"] / 2))
    if sampler == "importance":
        np.testing.assert_allclose(changed, log_marginal, rtol=0, atol=1e-3)


OTHER_NAMES = {
    # Every level has random numbers by its position: the effects are drawn anew, all else is not touched.
    "g": (dict(zip("abcdefghij", "JBHDFEGCIA", strict=True)), ("1|g", "x|g")),
    # The smaller factor is drawn before the larger one.
    "h": (dict(zip("abcde", "tsrpq", strict=True)), ("1|h", "1|g", "x|g")),
}


@pytest.mark.parametrize("factor", [1e-8, 1e6])
def test_a_factor_on_all_weights_goes_into_sigma_alone(factor):
    """Under default priors, that of sigma among them; the density of y and its integral stay."""
    rows = ROWS.assign(weight=np.random.default_rng(4).uniform(0.3, 3, N_OBS))
    before, log_marginal = posterior(rows, weights="weight", sampler="importance")
    changed_rows = rows.assign(weight=factor * rows["weight"])
    after, changed = posterior(changed_rows, weights="weight", sampler="importance")
    restored = after.assign(sigma=after["sigma"] / np.sqrt(factor))
    assert max(differences(before, restored).values()) < ROUNDING["importance"]
    np.testing.assert_allclose(changed, log_marginal, rtol=0, atol=1e-6)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("group", OTHER_NAMES)
def test_names_that_sort_otherwise_change_no_posterior(group, sampler):
    names, drawn_anew = OTHER_NAMES[group]
    before, log_marginal = original(sampler=sampler)
    after, changed = posterior(ROWS.assign(**{group: ROWS[group].map(names)}), sampler=sampler)
    after = renamed_back(after, group, names)
    kept = [name for name in before.data_vars if name not in drawn_anew]
    assert max(differences(before[kept], after[kept]).values()) < ROUNDING[sampler]
    if sampler == "importance":
        np.testing.assert_allclose(changed, log_marginal, rtol=0, atol=1e-7)
    for name in drawn_anew:
        assert differences(before[[name]], after[[name]])[name] > 0.1
    assert_agree(before, after)


def renamed_back(found, group, names):
    dim = f"{group}__factor_dim"
    back = {new: old for old, new in names.items()}
    return found.assign_coords({dim: [back[level] for level in found[dim].to_numpy()]}).sortby(dim)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_order_of_terms_changes_no_posterior(sampler):
    after, _ = posterior(formula="y ~ (1 | h) + (x | g) + x", sampler=sampler, seed=2)
    assert_agree(original(sampler=sampler)[0], after)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_sign_of_x_is_the_sign_of_its_effects_and_correlations(sampler):
    after, _ = posterior(ROWS.assign(x=-ROWS["x"]), sampler=sampler, seed=2)
    assert_agree(original(sampler=sampler)[0], after.assign({name: -after[name] for name in ("x", "x|g", "corr_g")}))


def assert_agree(first, second):
    """Means and sds within 4.5 Monte Carlo errors: some hundred comparisons."""
    for name in first.data_vars:
        for what in ("mean", "sd"):
            errors = [arviz_stats.mcse(found[name], method=what) for found in (first, second)]
            ours, theirs = (
                getattr(found[name], what.replace("sd", "std"))(("chain", "draw")) for found in (first, second)
            )
            z = (ours - theirs) / np.sqrt(errors[0] ** 2 + errors[1] ** 2)
            assert float(np.abs(z).max()) < 4.5, f"{what} of {name}"
