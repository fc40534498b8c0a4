"""Which cells, combinations and levels are named, for every family of counts."""

import numpy as np
import pandas as pd
import pytest

from bayesmix.families.family import read_family
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.modelling import separation_notice
from bayesmix.separated_data.find import can_separate, separation_of
from bayesmix.separated_data.words import count, levels_line, place, runaways


def looked_at(formula, data, family):
    family = read_family(family)
    design = build_design(parse(formula), data, response=family.response)
    return design, separation_of(design, family)


def said(formula, data, family):
    """Of every finding: where, count, coefficients."""
    design, triage = looked_at(formula, data, family)
    return [(place(one), count(one, read_family(family)), runaways(design.fixed.names, one)) for one in triage.found]


@pytest.mark.slow
def test_the_simulated_loci_with_a_boundary_cell_and_no_others(overlaps, simulated_loci):
    """200 loci, each also by the other side of the theorem of alternatives."""
    flagged, by_alternative, boundary = [], [], []
    for locus, rows in simulated_loci.groupby("locus"):
        design, triage = looked_at("cbind(m, u) ~ treatment * time + (1 | tank)", rows, "binomial")
        flagged.append(bool(triage.coefficients.any()))
        X, response = design.fixed.matrix, design.response
        by_alternative.append(not overlaps(X, response.values, response.trials))
        boundary.append(bool(rows["boundary"].iloc[0]))
        for found in triage.found:
            cell, value = rows[["boundary_cell", "boundary_value"]].iloc[0]
            assert [level for _, level in found.where] == cell.split(":"), locus
            assert found.side == (1 if float(value) else -1)
            own = rows[(rows["treatment"] == found.where[0][1]) & (rows["time"] == found.where[1][1])]
            assert (found.successes, found.trials, found.n_rows) == (own["m"].sum(), own["n"].sum(), len(own))
    assert flagged == by_alternative == boundary
    assert sum(flagged) == 50


def test_real_loci_where_glmer_runs_away(overlaps, course_file):
    """lme4 1.1-31 has an estimate or a standard error beyond 10 at six of the 20, and no warning but "singular"."""
    data = pd.read_csv(course_file("oyster_20loci.csv"))
    formula = "cbind(methylated, unmethylated) ~ factor(Treatment) * factor(Day) + (1 | tankID)"
    flagged = {}
    for locus, rows in data.groupby("cg_index"):
        design, triage = looked_at(formula, rows, "binomial")
        X, response = design.fixed.matrix, design.response
        assert bool(triage.coefficients.any()) != overlaps(X, response.values, response.trials)
        if triage.found:
            flagged[locus] = [place(found) for found in triage.found]
    assert list(flagged) == [391, 393, 705, 724, 873, 875]
    assert flagged[875] == ["factor(Treatment) 2800, factor(Day) 9"]
    assert flagged[724] == ["factor(Treatment) 2800", "factor(Day) 80"]


@pytest.fixture
def table():
    """Two factors and a number, four rows a cell, both outcomes everywhere."""
    rng = np.random.default_rng(8)
    cells = [(a, b) for a in ("a1", "a2") for b in ("b1", "b2", "b3")]
    rows = [(a, b, x, k, 4) for a, b in cells for x, k in zip(rng.normal(size=4), (1, 3, 2, 1), strict=True)]
    frame = pd.DataFrame(rows, columns=["a", "b", "x", "k", "n"])
    return frame.assign(y=frame["k"] // 2, g=np.tile(["g1", "g2", "g3", "g4"], 6))


BINOMIAL = "cbind(k, n - k)"


def cell_of(table, a, b):
    return (table["a"] == a) & (table["b"] == b)


def test_a_cell_by_its_coefficient(table):
    table.loc[cell_of(table, "a2", "b3"), "k"] = 0
    expected = ("a a2, b b3", "0 of 16", "a[a2]:b[b3] to -infinity")
    assert said(f"{BINOMIAL} ~ a * b + (1 | g)", table, "binomial") == [expected]
    assert said(f"{BINOMIAL} ~ b * a + x", table, "binomial")[0][0] in ("b b3, a a2", "a a2, b b3")
    # Without the interaction the cell has no coefficient of its own, and the others hold it.
    assert said(f"{BINOMIAL} ~ a + b + (1 | g)", table, "binomial") == []


def test_numbers_of_two_values_are_named_as_cells(table):
    table["dose"], table["day"] = table["a"].map({"a1": 400, "a2": 2800}), table["b"].map({"b1": 9, "b2": 9, "b3": 80})
    table.loc[cell_of(table, "a2", "b3"), "k"] = 0
    (found,) = said(f"{BINOMIAL} ~ dose * day", table, "binomial")
    assert found[:2] == ("dose 2800, day 80", "0 of 16")
    assert said(f"{BINOMIAL} ~ dose + day", table, "binomial") == []
    (wide,) = said(f"{BINOMIAL} ~ dose * I(day / 10) + x", table, "binomial")
    assert wide[0] == "dose 2800, I(day / 10) 8"


def test_a_cell_that_no_coefficient_moves_alone(table):
    """Slopes by a factor without its intercepts: a2 is empty, but its slope cannot lower rows on both sides of 0."""
    table.loc[table["a"] == "a2", "k"] = 0
    assert said(f"{BINOMIAL} ~ x:a", table, "binomial") == []
    (found,) = said(f"{BINOMIAL} ~ I(x - 10):a", table, "binomial")
    assert found == ("I(x - 10):a[a2]", "0 of 48", "I(x - 10):a[a2] to +infinity")


def test_a_full_cell_of_the_reference_levels(table):
    table.loc[cell_of(table, "a1", "b1"), "k"] = 4
    (found,) = said(f"{BINOMIAL} ~ a * b", table, "binomial")
    assert found[:2] == ("a a1, b b1", "16 of 16")
    ways = dict(part.split(" to ") for part in found[2].split(", "))
    assert ways.pop("Intercept") == "+infinity"
    assert ways == {
        "a[a2]": "-infinity",
        "b[b2]": "-infinity",
        "b[b3]": "-infinity",
        "a[a2]:b[b2]": "+infinity",
        "a[a2]:b[b3]": "+infinity",
    }
    (alone,) = said(f"{BINOMIAL} ~ 0 + a:b", table, "binomial")
    assert alone == ("a a1, b b1", "16 of 16", "a[a1]:b[b1] to +infinity")


def test_the_largest_cell_is_named(table):
    """All of a2 empty: not three cells but one, and the coefficients within it are not determined."""
    table.loc[table["a"] == "a2", "k"] = 0
    assert said(f"{BINOMIAL} ~ a * b", table, "binomial") == [("a a2", "0 of 48", "a[a2] to -infinity")]
    design, triage = looked_at(f"{BINOMIAL} ~ a * b", table, "binomial")
    by_name = dict(zip(design.fixed.names, zip(triage.coefficients, triage.signs, strict=True), strict=True))
    assert by_name["a[a2]"] == (True, -1)
    assert by_name["a[a2]:b[b2]"] == (True, 0)
    assert by_name["b[b2]"] == (False, 0)
    table["k"] = 0
    assert said(f"{BINOMIAL} ~ a * b", table, "binomial") == [("all rows", "0 of 96", "Intercept to -infinity")]
    assert looked_at(f"{BINOMIAL} ~ a * b", table, "binomial")[1].complete


def test_two_cells_and_a_combination(table):
    """Two empty cells, and x that parts the rows of a third."""
    for b in ("b1", "b2"):
        table.loc[cell_of(table, "a2", b), "k"] = 0
    third = cell_of(table, "a2", "b3")
    table.loc[third, "k"] = np.where(table.loc[third, "x"].rank() > 2, 4, 0)
    formula = f"{BINOMIAL} ~ a * b + x:a"
    places = [found[0] for found in said(formula, table, "binomial")]
    assert places[:2] == ["a a2, b b1", "a a2, b b2"]
    assert "x:a[a2]" in places[2]
    _, triage = looked_at(formula, table, "binomial")
    assert [found.n_rows for found in triage.found] == [4, 4, 4]
    assert not triage.complete


@pytest.mark.parametrize(
    ("family", "told"),
    [
        ("poisson", "no count above 0 (4 rows)"),
        ("bernoulli", "0 of 4"),
        ("bernoulli(probit)", "0 of 4"),
        ("binomial(cloglog)", "0 of 4"),
        ("negative_binomial", "no count above 0 (4 rows)"),
        ("zero_inflated_poisson", "no count above 0 (4 rows)"),
        ("zero_inflated_negative_binomial", "no count above 0 (4 rows)"),
    ],
)
def test_families(table, family, told):
    table.loc[cell_of(table, "a2", "b3"), "y"] = 0
    assert can_separate(read_family(family))
    assert said("y ~ a * b + (1 | g)", table, family) == [("a a2, b b3", told, "a[a2]:b[b3] to -infinity")]
    table.loc[cell_of(table, "a2", "b3"), "y"] = 1
    full = said("y ~ a * b + (1 | g)", table, family)
    assert full == ([] if "above" in told else [("a a2, b b3", "4 of 4", "a[a2]:b[b3] to +infinity")])


@pytest.mark.parametrize("family", ["beta_binomial", "zero_inflated_binomial"])
def test_families_of_trials(table, family):
    table.loc[cell_of(table, "a2", "b3"), "k"] = 0
    table.loc[cell_of(table, "a1", "b2") & (table["g"] == "g1"), "k"] = 0
    expected = ("a a2, b b3", "0 of 16", "a[a2]:b[b3] to -infinity")
    assert said(f"{BINOMIAL} ~ a * b + (1 | g)", table, family) == [expected]


@pytest.mark.parametrize("family", ["hurdle_poisson", "hurdle_negative_binomial"])
def test_a_hurdle_s_mean_is_told_by_counts_above_0(table, family):
    """A zero-truncated mean is lowest where all counts are 1; where all are 0 nothing is known of it."""
    table.loc[(table["a"] == "a1") & (table["g"] == "g1"), "k"] = 0
    table.loc[cell_of(table, "a2", "b3"), "k"] = 1
    assert said("k ~ a * b", table, family) == [("a a2, b b3", "no count above 1 (4 rows)", "a[a2]:b[b3] to -infinity")]
    table.loc[cell_of(table, "a2", "b3"), "k"] = 0
    assert said("k ~ a * b", table, family) == [
        ("a a2, b b3", "no count above 0 (4 rows)", "a[a2]:b[b3] not determined")
    ]


def test_a_cell_without_trials(table):
    table.loc[cell_of(table, "a2", "b3"), ["k", "n"]] = 0
    found = said(f"{BINOMIAL} ~ a * b", table, "binomial")
    assert found == [("a a2, b b3", "no trials (4 rows)", "a[a2]:b[b3] not determined")]
    design, triage = looked_at(f"{BINOMIAL} ~ a * b", table, "binomial")
    assert not triage.found[0].separates
    assert [design.fixed.names[j] for j in np.flatnonzero(triage.coefficients)] == ["a[a2]:b[b3]"]
    assert not triage.signs.any()


def test_levels_of_a_grouping_factor(table):
    table.loc[table["g"] == "g2", "k"] = 0
    table.loc[table["g"] == "g3", "k"] = 4
    table.loc[table["g"] == "g4", ["k", "n"]] = 0
    _, triage = looked_at(f"{BINOMIAL} ~ x + (1 | g)", table, "binomial")
    (pure,) = triage.levels
    assert pure.outcome.tolist() == [0, -1, 1, 2]
    assert levels_line(pure, read_family("binomial")) == (
        "g: of 4 levels 1 with no success (g2), 1 with no failure (g3), 1 with no trials (g4)"
    )


def test_families_whose_likelihood_has_a_maximum():
    assert not can_separate(read_family("gaussian"))
    for family in ("gaussian(log)", "gamma", "beta", "student_t", "hurdle_gamma", "hurdle_lognormal"):
        assert not can_separate(read_family(family)), family


def test_whoever_watches_is_told_before_sampling(table, monkeypatch, capsys):
    table.loc[cell_of(table, "a2", "b3"), "k"] = 0
    design, _ = looked_at(f"{BINOMIAL} ~ a * b", table, "binomial")
    separation_notice.tell_of_separation(design, read_family("binomial"), shown=True)
    assert capsys.readouterr().err == ""  # nobody watches a pipe
    monkeypatch.setattr(separation_notice, "can_show", lambda _: True)
    separation_notice.tell_of_separation(design, read_family("binomial"), shown=False)
    assert capsys.readouterr().err == ""
    separation_notice.tell_of_separation(design, read_family("binomial"), shown=True)
    said = " ".join(capsys.readouterr().err.split())
    assert said == (
        "Separation: a a2, b b3: 0 of 16; a[a2]:b[b3] to -infinity. How far it goes is bounded by the prior."
    )
