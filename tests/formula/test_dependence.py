"""Columns of the fixed part that depend on others: which, why, in the words of the design, and the null space."""

import numpy as np
import pandas as pd
import pytest

from bayesmix.errors import DesignError
from bayesmix.formula.dependent_columns import independent_columns
from bayesmix.formula.matrices import build_design, new_rows
from bayesmix.formula.parse import parse


@pytest.fixture(scope="module")
def trial() -> pd.DataFrame:
    """Two years with two blocks each; 10 entries, of which three were sown in one year alone."""
    cells = [
        (entry, year) for entry in range(10) for year in (24, 25) if (entry, year) not in ((1, 24), (4, 25), (7, 25))
    ]
    rows = [(f"E{entry}", f"Y{year}", f"{year}-{block}") for entry, year in cells for block in (1, 2)]
    data = pd.DataFrame(rows, columns=["entry", "year", "rep"])
    rng = np.random.default_rng(3)
    data["x"] = rng.normal(size=len(data))
    return data.assign(
        y=rng.normal(size=len(data)),
        z=rng.normal(size=len(data)),
        dose=data["entry"].str[1:].astype(float) ** 2,
        fahrenheit=32 + 1.8 * data["x"],
        site="S" + data["year"],
        code=data["entry"].str.lower(),
    )


@pytest.mark.parametrize(
    ("fixed", "reasons"),
    [
        ("year + rep", ["rep is nested in year"]),
        ("rep + year", ["rep is nested in year"]),
        (
            "year + rep + entry + entry:year",
            [
                "rep is nested in year",
                "3 of 20 cells of entry:year are empty (E1:Y24, E4:Y25, E7:Y25)",
                "never observed",
            ],
        ),
        ("entry * year", ["3 of 20 cells of entry:year are empty (E1:Y24, E4:Y25, E7:Y25)", "never observed"]),
        ("entry + code", ["code and entry group the rows in the same way"]),
        ("year + site", ["site and year group the rows in the same way"]),
        ("entry + dose", ["dose is the same in all rows of each level of entry"]),
        ("x + fahrenheit", ["fahrenheit is a linear function of x"]),
        ("x + I(2 * x) + I(x + 1)", ["I(2 * x) is a linear function of x", "I(x + 1) is a linear function of x"]),
        ("z + x + I(x + z)", ["it is a combination of z, x"]),
        ("x + one", ["one is 3 in all 34 rows"]),
        ("year / rep", ["never observed", "rep is nested in year"]),
    ],
)
def test_the_reasons_are_those_of_the_design(fixed, reasons, trial):
    found = build_design(parse(f"y ~ {fixed}"), trial.assign(one=3.0)).fixed.dependence.reasons
    assert list(dict.fromkeys(why.partition(", each of")[0] for why in found.values())) == reasons


def test_what_is_kept_is_of_full_rank_and_spans_the_rest(trial):
    for fixed in (
        "entry * year",
        "entry * year + fahrenheit + x",
        "0 + entry * year",
        "year / rep + x + I(2 * x)",
        "rep + year + entry:year:x",
    ):
        design = build_design(parse(f"y ~ {fixed}"), trial)
        X, found = design.fixed.matrix, design.fixed.dependence
        rank = np.linalg.matrix_rank(X)
        assert len(found.kept) == rank == np.linalg.matrix_rank(X[:, list(found.kept)])
        # As R: a column goes if it lies in the span of those before it.
        for j in range(X.shape[1]):
            adds = np.linalg.matrix_rank(X[:, : j + 1]) > np.linalg.matrix_rank(X[:, :j])
            assert (j in found.kept) == adds
        np.testing.assert_allclose(X @ found.null_space, 0, atol=1e-9)
        assert np.linalg.matrix_rank(found.null_space) == X.shape[1] - rank
        reduced = independent_columns(design)
        assert reduced.fixed.names == tuple(name for name in found.names if name not in found.reasons)
        assert independent_columns(reduced) is reduced
        np.testing.assert_array_equal(reduced.fixed.matrix, X[:, list(found.kept)])
        again = new_rows(reduced, trial.iloc[::-1])
        np.testing.assert_allclose(again.fixed, reduced.fixed.matrix[::-1])
        np.testing.assert_allclose(again.every_column, X[::-1])
        owned = [column for term in reduced.fixed.terms for column in term.columns]
        assert owned == list(range(rank))


def test_a_year_far_from_zero_is_no_second_intercept(trial):
    years = trial.assign(when=2.0e6 + np.arange(len(trial)) % 3)
    fixed = build_design(parse("y ~ entry + when + I(when^2)"), years).fixed
    assert fixed.dependence is None
    assert fixed.left_out == {}


def test_more_columns_than_rows_that_leave_no_residual(trial):
    few = trial.iloc[:8]
    with pytest.raises(DesignError, match="The fixed part has 16 coefficients for 8 observations; leave terms out"):
        build_design(parse("y ~ factor(x) * z"), few)


def test_a_single_empty_cell_in_the_formula_of_sigma(trial):
    rows = trial[~((trial["entry"] == "E0") & (trial["year"] == "Y24"))]
    rows = rows[rows["entry"].isin(["E0", "E2", "E3"])]
    mean, sigma = parse("y ~ x"), parse("sigma ~ entry * year")
    part = build_design(mean, rows, parts={"sigma": sigma}).parts["sigma"]
    assert part.fixed.dependence.reasons == {
        "sigma_entry[E3]:year[Y25]": "1 of 6 cells of entry:year is empty (E0:Y24)"
    }
