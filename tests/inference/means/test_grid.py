"""Rows of means against brute force: predictions over the grid, averaged by loops; what a grid and its names are."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError, UnknownTermError

FORMULA = "y ~ f * poly(x, 2) + g * k + ns(z, df = 3)"


@pytest.fixture(scope="module")
def fit(mixed):
    return bm.lm(FORMULA, mixed)


def averages(fit, data, name, share_of) -> list[float]:
    """Means of predictions at the means of x and z; `share_of` gives a cell's rows by its levels of f, g and k."""
    levels = {one: sorted(data[one].unique()) for one in ("f", "g", "k")}
    cells = pd.DataFrame(list(product(*levels.values())), columns=list(levels))
    cells["x"], cells["z"] = data["x"].mean(), data["z"].mean()
    cells["predicted"] = bm.predict(fit, cells, type="link")["estimate"].to_numpy()
    cells["share"] = [share_of(row) for row in cells.itertuples()]
    return [float(np.average(own["predicted"], weights=own["share"])) for _, own in cells.groupby(name)]


def test_means_are_averages_of_predictions(fit, mixed):
    def rows_of(**levels) -> int:
        return int(np.logical_and.reduce([mixed[name] == level for name, level in levels.items()]).sum())

    shares = {
        "equal": lambda _: 1,
        "proportional": lambda row: rows_of(g=row.g, k=row.k),
        "outer": lambda row: rows_of(g=row.g) * rows_of(k=row.k),
        "cells": lambda row: rows_of(f=row.f, g=row.g, k=row.k),
        "flat": lambda row: rows_of(f=row.f, g=row.g, k=row.k) > 0,
    }
    for weights, share_of in shares.items():
        found = bm.emmeans(fit, "f", weights=weights)
        np.testing.assert_allclose(found["emmean"], averages(fit, mixed, "f", share_of), rtol=1e-10)


def test_means_by_the_cells_are_those_of_what_was_fitted(mixed):
    """In a model of cells the means weighted by cells are those of the data."""
    fit = bm.lm("y ~ f * g * k", mixed.query("not (f == 'c' and g == 'v')"))
    found = bm.emmeans(fit, "k", weights="cells")
    np.testing.assert_allclose(found["emmean"], fit.data.groupby("k")["y"].mean(), rtol=1e-10)


def test_all_kinds_of_fit_have_the_same_rows(mixed, invent):
    fixed = "y ~ f * x + g"
    fits = [
        bm.lm(fixed, mixed),
        bm.reml(f"{fixed} + (1 | h)", mixed),
        bm.laplace("count ~ f * x + g + (1 | h)", mixed, "poisson"),
        invent(f"{fixed} + (1 | h)", mixed),
        invent("count ~ f * x + g + (1 | h)", mixed, "poisson"),
    ]
    rows = [bm.emmeans(fit, "f", by="g", at={"x": [3]}).linear.rows for fit in fits]
    for other in rows[1:]:
        np.testing.assert_array_equal(other, rows[0])
    means = [bm.emmeans(fit, "f", by="g", at={"x": 3}) for fit in fits]
    for found in means:
        assert found[["f", "g"]].to_numpy().tolist() == [[f, g] for g in "uv" for f in "abc"]
        assert list(found)[2:4] in (["emmean", "se"], ["emmean", "sd"])


def test_a_posterior_has_the_summaries_of_its_draws(mixed, invent):
    fit = invent("y ~ f * x + g + (1 | h)", mixed)
    found = bm.emmeans(fit, "f", prob=0.8)
    beta = np.stack([fit.posterior["posterior"][name].to_numpy().ravel() for name in ("Intercept", "x", "g")])
    first = beta[0] + mixed["x"].mean() * beta[1] + 0.5 * beta[2]
    expected = [first.mean(), first.std(ddof=1), *np.quantile(first, [0.1, 0.9])]
    np.testing.assert_allclose(found.loc[0, ["emmean", "sd", "lower", "upper"]].astype(float), expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("specs", "by", "labels"),
    [
        ("f", None, ["f"]),
        (["f", "g"], None, ["f", "g"]),
        ("~ f", None, ["f"]),
        ("~ f | g", None, ["f", "g"]),
        ("f | g", None, ["f", "g"]),
        ("f:g", None, ["f", "g"]),
        ("~ f * g", "k", ["f", "g", "k"]),
        ("~ f + g | k", None, ["f", "g", "k"]),
        ("f", ["g", "k"], ["f", "g", "k"]),
        (("g",), "f", ["g", "f"]),
        ("x", None, ["x"]),
        ("1", None, ["1"]),
    ],
)
def test_how_means_are_asked_for(fit, specs, by, labels):
    found = bm.emmeans(fit, specs, by)
    assert list(found.linear.labels) == labels
    n_by = len(found.linear.by)
    assert (*found.linear.specs, *found.linear.by) == (tuple(labels) if labels != ["1"] else ())
    assert n_by == (0 if by is None and "|" not in str(specs) else len(labels) - len(found.linear.specs))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"specs": "ff"}, "'ff' is no variable of the fixed part. Did you mean 'f'?"),
        ({"specs": ["f", "trt"]}, "'trt' is no variable of the fixed part. Variables: f, x, g, k, z."),
        ({"specs": "f", "by": "gg"}, "by: 'gg' is no variable"),
        ({"specs": "pairwise ~ f"}, "write bm.contrasts(bm.emmeans(fit, 'f'), 'pairwise')."),
        ({"specs": "f - g"}, "cannot be read"),
        ({"specs": "~"}, "cannot be read"),
        ({"specs": []}, "specs is empty"),
        ({"specs": 3}, "specs is one or more names of variables"),
        ({"specs": {"f": 1}}, "specs is one or more names of variables"),
        ({"specs": "f", "by": "g | k"}, "by has a '|', which is of specs"),
        ({"specs": "f", "at": {"q": 1}}, "at has 'q', which is no variable of the fixed part."),
        ({"specs": "f", "at": {"f": "d"}}, "at of 'f' has 'd', which is no level of it. Levels: a, b, c."),
        ({"specs": "f", "at": {"f": ["a", "a"]}}, "names a level twice"),
        ({"specs": "f", "at": {"f": []}}, "at of 'f' is empty"),
        ({"specs": "f", "at": {"x": "high"}}, "at of 'x' is a number or more, finite ones; got 'high'."),
        ({"specs": "f", "at": {"x": [1, float("nan")]}}, "finite ones; got nan"),
        ({"specs": "f", "at": {"x": [1, 1]}}, "at of 'x' has a number twice"),
        ({"specs": "f", "at": {"x": []}}, "at of 'x' is empty"),
        ({"specs": "f", "at": "x"}, "at gives values by variable"),
        ({"specs": "f", "weights": "equals"}, "weights='equals' is not known. Did you mean 'equal'?"),
        ({"specs": "f", "groups": "all"}, "groups='all' is not known."),
        ({"specs": "f", "type": "respons"}, "type='respons' is not known. Did you mean 'response'?"),
        ({"specs": "f", "offset": "mean"}, "offset is a finite number; got 'mean'."),
        ({"specs": "f", "prob": 95}, "For a 95 % interval write prob=0.95."),
        ({"specs": "f", "ddf": "kenward-roger"}, "is for REML fits"),
    ],
)
def test_what_cannot_be_asked_is_one_line(fit, arguments, said):
    with pytest.raises((ArgumentError, UnknownTermError)) as caught:
        bm.emmeans(fit, **arguments)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_grouping_factor_has_no_marginal_means(mixed):
    fit = bm.reml("y ~ f + (1 | h)", mixed)
    with pytest.raises(UnknownTermError, match=r"h groups the effects of a random term: bm.coef\(fit\) has its levels"):
        bm.emmeans(fit, "h")


def test_a_grid_too_large_names_its_factors():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({f"f{i}": [f"l{j}" for j in rng.integers(0, 12, 300)] for i in range(6)})
    fit = bm.lm("y ~ f0 + f1 + f2 + f3 + f4 + f5", data.assign(y=rng.normal(size=300)))
    with pytest.raises(ArgumentError, match=r"2\.99e\+06 cells \(12 f0 x 12 f1 x 12 f2 x 12 f3 x 12 f4 x 12 f5\)"):
        bm.emmeans(fit, "f0")
    # Levels that at= leaves out make nothing nested in what they leave.
    assert len(bm.emmeans(fit, "f0", at={f"f{i}": "l3" for i in (2, 3, 4, 5)})) == 12


def test_levels_keep_the_type_of_their_column(mixed):
    """Categoricals in their order, true/false, numbers that the formula makes a factor, levels written as numbers."""
    data = mixed.assign(
        f=pd.Categorical(mixed["f"], ["c", "a", "b"]), flag=mixed["x"] > 5, year=np.where(mixed["z"] > 0, 2024, 2023)
    )
    fit = bm.lm("y ~ f * flag + factor(dose) + C(year, Sum) + old", data)
    assert bm.emmeans(fit, "f")["f"].tolist() == ["c", "a", "b"]
    assert bm.emmeans(fit, "flag")["flag"].tolist() == ["False", "True"]
    assert bm.emmeans(fit, "dose")["dose"].tolist() == [0, 10, 20]
    assert bm.emmeans(fit, "factor(dose)", at={"dose": [10, 0.0]})["dose"].tolist() == [10, 0]
    assert bm.emmeans(fit, "year")["year"].tolist() == [2023, 2024]
    # As in emmeans a number with two values in the data is taken at each.
    assert bm.emmeans(fit, "old")["old"].tolist() == [0, 1]
    np.testing.assert_allclose(
        bm.emmeans(fit, "1")["emmean"], bm.emmeans(fit, "1", at={"old": 0.5, "f": ["a", "b", "c"]})["emmean"]
    )


def test_offsets_are_at_their_mean_or_as_asked(mixed):
    fit = bm.laplace("count ~ f + offset(log(size)) + (1 | h)", mixed, "poisson")
    without = bm.emmeans(fit, "f", offset=0)["emmean"]
    np.testing.assert_allclose(bm.emmeans(fit, "f")["emmean"] - without, np.log(mixed["size"]).mean())
    np.testing.assert_allclose(bm.emmeans(fit, "f", at={"size": 10})["emmean"] - without, np.log(10))
    of_two = bm.emmeans(fit, "f", at={"size": [10, 20]})["emmean"] - without
    np.testing.assert_allclose(of_two, np.log([10, 20]).mean())


def test_means_that_are_not_estimable_name_the_empty_cells():
    data = bm.load_data("irrigation").query("not (irrigation == 'i4' and variety == 'v2')")
    for fit in (bm.lm("yield ~ irrigation * variety", data), bm.reml("yield ~ irrigation*variety + (1|field)", data)):
        found = bm.emmeans(fit, "irrigation")
        assert found["estimable"].tolist() == [True, True, True, False]
        assert found.loc[3, ["emmean", "se", "df", "lower", "upper"]].isna().all()
        assert found.attrs["notes"][0] == "1 of 4 is not estimable: no rows at irrigation:variety i4:v2."
        assert bm.emmeans(fit, ["irrigation", "variety"])["estimable"].sum() == 7
        assert bm.emmeans(fit, "irrigation", weights="cells")["estimable"].all()


def test_of_a_posterior_the_prior_tells_what_is_not_estimable(invent):
    data = bm.load_data("irrigation").query("not (irrigation == 'i4' and variety == 'v2')")
    found = bm.emmeans(invent("yield ~ irrigation * variety + (1 | field)", data), "irrigation")
    assert found["estimable"].tolist() == [True, True, True, False]
    assert found["emmean"].notna().all()
    assert found.attrs["notes"][0] == (
        "1 of 4 is not estimable, only the priors tell its value: no rows at irrigation:variety i4:v2."
    )


def test_nested_factors_are_averaged_within(means_of_r):
    nested = pd.DataFrame(means_of_r["data"]["nested"])
    fit = bm.lm("y ~ block + farm + field", nested)
    found = bm.emmeans(fit, "farm")
    # A field is averaged over in its farm alone: of a balanced part these are the means of the data.
    by_field = nested.groupby(["farm", "field"])["y"].mean()
    np.testing.assert_allclose(found["emmean"], by_field.groupby("farm").mean(), rtol=1e-10)
    assert "Nested: field in farm; averages are within." in found.attrs["notes"]
    assert list(bm.emmeans(fit, "field").linear.labels) == ["field", "farm"]
    assert len(bm.emmeans(fit, "field")) == nested["field"].nunique()
    assert bm.emmeans(fit, "block", by="field").linear.by == ("farm", "field")


def test_a_table_remembers_its_functions_and_a_part_of_it_does_not(fit):
    found = bm.emmeans(fit, "f")
    assert found.linear.labels["f"].tolist() == ["a", "b", "c"]
    for part in (found.iloc[:2], found[["emmean"]], found.sort_values("emmean"), found.round(1)):
        assert getattr(part, "linear", None) is None


def test_means_without_rows_that_have_weights(mixed, invent):
    """The mean over what was observed in a cell where nothing was."""
    data = mixed.query("not (f == 'c' and g == 'v')")
    for fit in (bm.lm("y ~ f + g + k", data), invent("y ~ f + g + k + (1 | h)", data)):
        found = bm.emmeans(fit, ["f", "g"], weights="cells")
        assert found["estimable"].tolist() == [True] * 5 + [False]
        assert found["emmean"].notna().tolist() == [True] * 5 + [False]
        assert found.attrs["notes"][0] == "1 of 6 is without rows in the data that have weights."
        assert bm.emmeans(fit, ["f", "g"])["estimable"].all()
