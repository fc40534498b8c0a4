"""Every record of a family is whole, and its compiled densities are that of its rows: no other place lists families."""

import ast
from pathlib import Path

import numpy as np
import pytest

from bayesmix.families.family import Family, read_family
from bayesmix.families.table import AUXILIARY, FAMILIES
from bayesmix.formula.response import COUNTS, OUT_OF_TRIALS, RESPONSE_KINDS
from bayesmix.numerics import row_codes
from bayesmix.numerics.level_quadrature.rows import count_rows
from bayesmix.numerics.links import LINKS
from bayesmix.numerics.row_distribution.compiled import apart_from_predictor, log_density
from bayesmix.numerics.row_distribution.parts import Predicted
from bayesmix.priors.reading import read_prior
from bayesmix.priors.table import DISTRIBUTIONS

PACKAGE = Path(__file__).parents[2] / "bayesmix"
CODES = {value: name for name, value in vars(row_codes).items() if name.isupper() and isinstance(value, int)}
COMPILED = [(name, link) for name, record in FAMILIES.items() for link in record.row_codes]
BY_LAPLACE = [(name, link) for name, record in FAMILIES.items() for link in record.laplace]
OWN = 3.7


@pytest.mark.parametrize("name", FAMILIES)
def test_a_record_is_whole(name):
    record = FAMILIES[name]
    assert record.name == name
    assert all(read_family(alias) == Family(name, record.links[0]) for alias in record.aliases)
    assert set(record.links) <= set(LINKS)
    assert record.response in RESPONSE_KINDS
    assert all(AUXILIARY[parameter.name] is parameter for parameter in record.auxiliary)
    assert (record.ordered_categories is not None) == (record.response == "ordinal")
    assert record.has_category_predictors == (record.response == "nominal")
    assert (record.overdispersed is not None) == (record.response in (*COUNTS, *OUT_OF_TRIALS))
    assert set(record.row_codes) in (set(), set(record.links))
    assert set(record.laplace) in (set(), set(record.links))
    assert not record.of_log or record.links == ("identity",)


def test_default_priors_of_further_parameters_are_priors():
    for parameter in AUXILIARY.values():
        read_prior(parameter.prior, parameter.name, "probability" if parameter.link == "logit" else None)


def test_each_code_has_its_family():
    assert {code for record in FAMILIES.values() for code in record.row_codes.values()} == set(CODES)
    for record in FAMILIES.values():
        for link, code in record.row_codes.items():
            name = "binomial" if record.name == "bernoulli" else record.name
            assert CODES[code] == f"{name}_{link}".upper()
    assert set(row_codes.IN_JOINT) <= set(CODES)


def rows_of(name):
    """Counts, their trials, and linear predictors (n, 1)."""
    rng = np.random.default_rng(3)
    trials = np.full(9, 1.0 if name == "bernoulli" else 8.0)
    y = rng.integers(0, trials.astype(int) + 1).astype(float)
    return y, trials, rng.normal(size=(9, 1))


def density_of_rows(name, link, y, trials, eta):
    own = {parameter.name: np.full((1, 1), OWN) for parameter in FAMILIES[name].auxiliary}
    predicted = Predicted(eta, link, {"trials": trials[:, None], "weights": np.ones((1, 1)), **own})
    return FAMILIES[name].distribution.log_density(y[:, None], predicted).sum()


@pytest.mark.parametrize(("name", "link"), COMPILED)
def test_the_compiled_density_is_that_of_the_rows(name, link):
    y, trials, eta = rows_of(name)
    code = FAMILIES[name].row_codes[link]
    rows = count_rows(
        code=code, y=y, trials=trials, X=eta, offset=np.zeros(9), index=np.arange(9, dtype=np.intp), n_levels=9
    )
    total = rows.log_constant
    for x, first, second, count in zip(rows.X[:, 0], rows.first, rows.second, rows.count, strict=True):
        total += log_density(code, x, first, second, count, OWN)
        total += apart_from_predictor(code, first, second, count, OWN)[0]
    np.testing.assert_allclose(total, density_of_rows(name, link, y, trials, eta), rtol=1e-10)


@pytest.mark.parametrize(("name", "link"), BY_LAPLACE)
def test_the_likelihood_of_laplace_is_that_of_the_rows(name, link):
    y, trials, eta = rows_of(name)
    likelihood = FAMILIES[name].laplace[link]
    total = likelihood.terms(eta[:, 0], y, trials).log_density.sum() + likelihood.log_constant(y, trials)
    np.testing.assert_allclose(total, density_of_rows(name, link, y, trials, eta), rtol=1e-10)
    near = LINKS[link].inverse(likelihood.near(y, trials)) * (1 if link == "log" else trials)
    assert (np.abs(near - y) <= 0.5).all()


def texts_in(node: ast.AST) -> set[str]:
    """Texts that are keys of a dictionary, or members of a tuple, list or set."""
    members = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", [])
    return {member.value for member in members if isinstance(member, ast.Constant) and isinstance(member.value, str)}


@pytest.mark.parametrize(("names", "room"), [(set(FAMILIES), "families"), (set(DISTRIBUTIONS), "priors")])
def test_no_other_place_lists_them(names, room):
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text()
        if path.parent.name == room or sum(f'"{name}"' in text for name in names) < 2:
            continue
        for node in ast.walk(ast.parse(text)):
            listed = texts_in(node) & names
            assert len(listed) < 2, f"{path.relative_to(PACKAGE)}:{node.lineno} lists {listed}: put it in {room}"


@pytest.mark.parametrize("name", FAMILIES)
def test_an_additive_family_has_the_linear_predictor_as_its_mean(name):
    """Without the zeros of its own; effects are then in the unit of the response."""
    if FAMILIES[name].distribution.probabilities:
        return
    eta = np.array([0.3, 0.6])
    for link in FAMILIES[name].links:
        given = dict.fromkeys(("trials", "weights", *AUXILIARY), np.full(2, OWN))
        nothing = dict.fromkeys(("zi", "hu"), np.zeros(2)) | {"zoi": np.full(2, 1e-300), "coi": np.full(2, 0.5)}
        mean = FAMILIES[name].distribution.mean({"mu": LINKS[link].inverse(eta), **given, **nothing})
        assert np.allclose(mean, eta) == Family(name, link).is_additive
