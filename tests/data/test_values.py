"""The bundled values are those that R and the books have: row order, levels and digits.

lme4's fitted values and group modes hang together with the data by identities that hold for the right data only.
"""

import re

import numpy as np
import pytest

from bayesmix.data import load_data
from bayesmix.data.catalogue import catalogue

from ..conftest import LME4_SETS

INTERCEPTS_ONLY = ["sleepstudy_int", "Dyestuff", "Dyestuff2", "Penicillin", "Pastes", "cake_unordered_temperature"]


def normalised(formula: str) -> str:
    return formula.replace(" ", "")


def test_every_fit_of_the_reference_is_compared(lme4):
    assert set(LME4_SETS) == set(lme4)


@pytest.mark.parametrize(("fit", "name"), LME4_SETS.items())
def test_rows_and_groups_are_as_many_as_lme4_found(fit, name, lme4):
    data = load_data(name)
    assert len(data) == lme4[fit]["nobs"]
    for group, n_levels in lme4[fit]["n_groups"].items():
        assert data.groupby(group.split(":"), observed=True).ngroups == n_levels


@pytest.mark.parametrize(("fit", "name"), LME4_SETS.items())
def test_group_levels_stand_in_lme4s_order(fit, name, lme4):
    data = load_data(name)
    for group, modes in lme4[fit]["ranef"].items():
        if ":" not in group:
            assert data[group].cat.categories.tolist() == modes["levels"]


@pytest.mark.parametrize(("fit", "name"), [item for item in LME4_SETS.items() if item[0] != "cake"])
def test_coefficients_are_named_after_all_levels_but_the_reference(fit, name, lme4):
    coefficients = [term for term in lme4[fit]["fixef"] if ":" not in term]
    for column in catalogue()[name].columns:
        named = [term.removeprefix(column.name) for term in coefficients if term.startswith(column.name)]
        if column.kind == "factor" and named:
            assert named == load_data(name)[column.name].cat.categories.tolist()[1:]


@pytest.mark.parametrize("name", ["sleepstudy", "Pastes", "cbpp", "grouseticks", "VerbAgg", "cake", "Penicillin"])
def test_example_is_a_formula_that_lme4_fitted(name, lme4):
    fitted = {normalised(lme4[fit]["formula"]): lme4[fit].get("family") for fit, of in LME4_SETS.items() if of == name}
    data_set = catalogue()[name]
    assert normalised(data_set.formula) in fitted
    family = data_set.family.replace("bernoulli", "binomial")  # glm's name for both
    assert (fitted[normalised(data_set.formula)] or "gaussian") == family


@pytest.mark.parametrize("fit", INTERCEPTS_ONLY)
def test_penalised_residual_sum_of_squares_is_lme4s(fit, lme4):
    # |y - fitted|^2 + sigma^2 sum (mode / sd)^2 = sigma^2 (n - p) at the REML estimate; lme4's default
    # optimiser is good to about 1e-5, which moves the identity by less than that.
    reference = lme4[fit]
    data, sigma = load_data(LME4_SETS[fit]), reference["sigma"]
    response = data[reference["formula"].split(" ~ ")[0]].to_numpy(float)
    sds = {row["grp"]: row["sdcor"] for row in reference["VarCorr"]}
    penalty = sum(
        np.sum((np.ravel(modes["mode"]) / sds[group]) ** 2) if sds[group] else 0.0
        for group, modes in reference["ranef"].items()
    )
    found = np.sum((response - reference["fitted"]) ** 2) + sigma**2 * penalty
    assert found == pytest.approx(sigma**2 * (len(data) - len(reference["fixef"])), rel=1e-5)


def unit_deviances(observed: np.ndarray, expected: np.ndarray) -> np.ndarray:
    ratio = np.where(observed > 0, observed / expected, 1.0)
    return 2 * observed * np.log(ratio)


def test_conditional_deviances_are_lme4s(lme4):
    ticks = load_data("grouseticks")["TICKS"].to_numpy(float)
    fitted = np.array(lme4["grouseticks_cHEIGHT"]["fitted"])
    poisson = np.sum(unit_deviances(ticks, fitted) - 2 * (ticks - fitted))
    assert poisson == pytest.approx(lme4["grouseticks_cHEIGHT"]["deviance"], rel=1e-6)

    cbpp, chance = load_data("cbpp"), np.array(lme4["cbpp"]["fitted"])
    cases, size = cbpp["incidence"].to_numpy(float), cbpp["size"].to_numpy(float)
    binomial = np.sum(unit_deviances(cases, size * chance) + unit_deviances(size - cases, size * (1 - chance)))
    assert binomial == pytest.approx(lme4["cbpp"]["deviance"], rel=1e-6)

    yes = (load_data("VerbAgg")["r2"] == "Y").to_numpy(float)
    chance = np.array(lme4["VerbAgg"]["fitted"])
    bernoulli = np.sum(unit_deviances(yes, chance) + unit_deviances(1 - yes, 1 - chance))
    assert bernoulli == pytest.approx(lme4["VerbAgg"]["deviance"], rel=1e-6)


def test_derived_columns_follow_from_the_others():
    ticks = load_data("grouseticks")
    np.testing.assert_allclose(ticks["cHEIGHT"], ticks["HEIGHT"] - ticks["HEIGHT"].mean(), atol=1e-12)
    cake = load_data("cake")
    assert cake["temperature"].astype(int).tolist() == cake["temp"].tolist()
    pastes = load_data("Pastes")
    assert (pastes["batch"].astype(str) + ":" + pastes["cask"].astype(str)).tolist() == pastes["sample"].tolist()
    answers = load_data("VerbAgg")
    assert ((answers["r2"] == "Y") == (answers["resp"] != "no")).all()
    names = "S[1-4](Want|Do)(Curse|Scold|Shout)"
    parts = answers["item"].astype(str).str.extract(names, flags=re.IGNORECASE)
    assert (parts[0].str.lower() == answers["mode"].astype(str)).all()
    assert (parts[1].str.lower() == answers["btype"].astype(str)).all()


def least_squares(name: str, *factors: str) -> tuple[float, int]:
    """Residual sum of squares and degrees of freedom of the additive model in `factors`, by projection."""
    data = load_data(name)
    columns = [np.ones(len(data))]
    for factor in factors:
        columns += [(data[factor] == level).to_numpy(float) for level in data[factor].cat.categories[1:]]
    matrix, response = np.column_stack(columns), data["yield"].to_numpy()
    coefficients, *_ = np.linalg.lstsq(matrix, response)
    residuals = response - matrix @ coefficients
    return float(residuals @ residuals), len(data) - np.linalg.matrix_rank(matrix)


def test_field_trials_give_the_published_analyses():
    # Numbers as the teaching material prints them.
    squares, df = least_squares("cochran_bib", "gen", "loc")
    assert (round(np.sqrt(squares / df), 3), df) == (4.465, 27)

    squares, df = least_squares("kfert", "rep", "K2O_lbac")
    assert round(np.sqrt(squares / df), 6) == 0.209010
    block_means = load_data("kfert").groupby("rep", observed=True)["yield"].mean()
    assert round(np.sqrt(block_means.var(ddof=1) - squares / df / 5), 6) == 0.187372

    irrigation = load_data("irrigation")
    means = irrigation.groupby(["irrigation", "variety"], observed=True)["yield"].mean()
    assert means["i1", "v1"] == pytest.approx(38.5)
    assert means["i4", "v1"] - means["i1", "v1"] == pytest.approx(3.5)
    assert means["i1", "v2"] - means["i1", "v1"] == pytest.approx(0.6)
    assert irrigation.groupby("field", observed=True)["irrigation"].nunique().eq(1).all()


def test_corn_hybrids_are_balanced_over_incomplete_blocks():
    data = load_data("cochran_bib")
    incidence = np.zeros((13, 13))
    np.add.at(incidence, (data["gen"].cat.codes, data["loc"].cat.codes), 1)
    np.testing.assert_array_equal(incidence @ incidence.T, np.ones((13, 13)) + 3 * np.eye(13))


def test_dragons_are_those_of_the_recipe_in_the_catalogue():
    # RandomState, whose stream NumPy keeps, and the order of draws that the note gives.
    rng = np.random.RandomState(2024)
    data = load_data("dragons_simulated")
    assert data["mountain"].cat.codes.is_monotonic_increasing
    counts = data["mountain"].value_counts(sort=False).tolist()
    assert counts == [34, 12, 40, 7, 28, 20, 16, 43]
    wingspans, scores, metal = [], [], []
    for n, centre in zip(counts, [40, 62, 75, 48, 33, 68, 57, 52], strict=True):
        z1, z2 = rng.standard_normal(2)
        wingspan = np.round(rng.uniform(centre - 25, centre + 25, n), 1)
        metallic = np.arange(n) % 2
        start, slope = 95 + 12 * z1, 0.9 + 0.12 * z1 + 0.3 * np.sqrt(0.84) * z2
        mean = start + slope * wingspan + metallic * (14 - 0.1 * wingspan)
        scores += np.round(mean + 12 * rng.standard_normal(n), 1).tolist()
        wingspans += wingspan.tolist()
        metal += np.where(metallic, "metallic", "chromatic").tolist()
    assert data["wingspan"].tolist() == wingspans
    assert data["scales"].tolist() == metal
    assert data["intelligence"].tolist() == scores
