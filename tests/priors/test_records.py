"""Every record of a prior is whole: density, SciPy's distribution, compiled densities and scale say the same."""

from pathlib import Path

import numpy as np
import pytest

from bayesmix.numerics import prior_codes as codes
from bayesmix.numerics.level_quadrature.posterior import COEFFICIENT, parameter
from bayesmix.numerics.prior_densities import coefficient_prior, group_sd
from bayesmix.priors.density import log_prior_density, prior_probability_below
from bayesmix.priors.prior import FLAT, Prior, coefficient_kind, prior_numbers, scaled, scipy_form, sd_prior
from bayesmix.priors.reading import read_prior
from bayesmix.priors.table import DISTRIBUTIONS

PAGE = (Path(__file__).parents[2] / "docs" / "priors.md").read_text()
WHERE = {
    "real": "coefficients",
    "positive": "sds and other positive parameters",
    "interval": "coefficients, sds, other positive parameters, probabilities",
    "share": "probabilities",
    "simplex": "thresholds",
    "correlation": "correlations",
}


def a_prior(name: str, *, of_sigma: bool = False) -> Prior:
    """With the numbers 1.2, 1.9, 2.6, ..."""
    return Prior(name, tuple(1.2 + 0.7 * i for i in range(len(DISTRIBUTIONS[name].arguments))), of_sigma)


OF_ONE_NUMBER = [name for name, distribution in DISTRIBUTIONS.items() if distribution.scipy]
OF_SDS = [name for name, distribution in DISTRIBUTIONS.items() if distribution.sd_kernel]
OF_COEFFICIENTS = [name for name, distribution in DISTRIBUTIONS.items() if distribution.coefficient_kernel]
POINTS = np.array([0.02, 0.7, 1.3, 1.5, 1.8, 6.0])


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_record_is_whole(name):
    record = DISTRIBUTIONS[name]
    assert record.name == name
    assert record.support in WHERE
    assert record.proper == (name != FLAT)
    assert (record.log_density is None) == (record.support == "simplex")
    assert (record.scipy is None) == (record.support in ("simplex", "correlation") or not record.proper)
    assert (record.size is None) == (record.support != "positive")
    positive = record.support in ("positive", "interval") and not record.per_column_sd
    assert (record.sd_kernel is not None) == positive
    assert (record.coefficient_kernel is not None) == (record.support in ("real", "interval") and record.proper)
    assert (record.scaled is not None) == (positive or (record.support == "real" and record.proper))
    assert not record.of_sigma or positive
    assert record.per_column_sd is None or DISTRIBUTIONS[record.per_column_sd].of_sigma


def test_the_distributions_are_those_of_the_page():
    section = PAGE.split("## Distributions\n")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")][2:]
    expected = [
        [f"`{record.signature}`", WHERE[record.support], "yes" if record.of_sigma else "no"]
        for record in DISTRIBUTIONS.values()
    ]
    assert [[cell.strip() for cell in row] for row in rows] == expected


@pytest.mark.parametrize("name", OF_ONE_NUMBER)
def test_the_density_is_that_of_scipy(name):
    prior = a_prior(name)
    expected = scipy_form(prior).logpdf(POINTS) + np.log(2) * prior.distribution.folded
    np.testing.assert_allclose(log_prior_density(prior, POINTS), expected, rtol=1e-10)


@pytest.mark.parametrize("name", OF_SDS)
@pytest.mark.parametrize("of_sigma", [False, True])
def test_the_compiled_density_of_a_sd(name, of_sigma):
    if of_sigma and not DISTRIBUTIONS[name].of_sigma:
        return
    prior = a_prior(name, of_sigma=of_sigma)
    kind, numbers = sd_prior(prior)
    for x in (-2.0, 0.3, 0.5, 1.1):
        sd, slope, density, *_ = group_sd(kind, *numbers, x, 0.4)
        expected = log_prior_density(prior, sd, sigma=np.exp(0.4)) + np.log(slope)
        assert density == pytest.approx(float(expected), rel=1e-10)


@pytest.mark.parametrize("name", OF_COEFFICIENTS)
def test_both_compiled_densities_of_a_coefficient(name):
    prior, unit = a_prior(name), 1.7
    kind, numbers = coefficient_kind(prior), prior_numbers(prior)
    for x in (-2.0, 0.3, 1.1):
        value, slope, density, _ = parameter(COEFFICIENT, kind, *numbers, unit, x)
        assert density == pytest.approx(float(log_prior_density(prior, value) + np.log(slope)), rel=1e-10)
        if kind in codes.UNBOUNDED:
            found, _ = coefficient_prior(kind, *numbers, x)
            assert found == pytest.approx(float(log_prior_density(prior, x)), rel=1e-10)


def test_each_code_has_its_prior():
    named = {name: value for name, value in vars(codes).items() if name.isupper() and isinstance(value, int)}
    of_coefficients = {"NORMAL", "STUDENT_T", "LAPLACE", "UNIFORM"}
    assert {coefficient_kind(a_prior(name)) for name in OF_COEFFICIENTS} == {named[name] for name in of_coefficients}
    of_sds = {value for name, value in named.items() if name not in {*of_coefficients, "OF_SIGMA"}}
    assert {sd_prior(a_prior(name))[0] for name in OF_SDS} == of_sds
    assert max(of_sds) < codes.OF_SIGMA


@pytest.mark.parametrize("name", [name for name, record in DISTRIBUTIONS.items() if record.scaled])
def test_scaled_is_the_prior_of_a_multiple(name):
    """Of 3 times a positive parameter; of a coefficient three times as wide about the same location."""
    prior = a_prior(name)
    wide = scaled(prior, 3.0)
    centre = 0.0
    if prior.distribution.support == "real":
        centre = prior.args[[argument.meaning for argument in prior.distribution.arguments].index("location")]
    found = log_prior_density(wide, centre + 3.0 * (POINTS - centre))
    np.testing.assert_allclose(found, log_prior_density(prior, POINTS) - np.log(3.0), rtol=1e-10)


@pytest.mark.parametrize("name", [name for name, record in DISTRIBUTIONS.items() if record.size])
def test_the_size_is_where_the_prior_lies(name):
    prior = a_prior(name)
    below = prior_probability_below(prior, np.array([0.02, 1.0, 50.0]) * prior.distribution.size(*prior.args))
    assert below[0] < 0.2 < below[1] + 0.1
    assert below[2] > 0.9


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_its_arguments_have_ranges(name):
    record = DISTRIBUTIONS[name]
    assert all(argument.name and argument.meaning for argument in record.arguments)
    assert read_prior(str(a_prior(name))).distribution is record
