"""`fit_loci` as its users call it: rows, stores, workers, and what is said of mistakes."""

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError, BayesmixError, DataError, FormulaError, OutputError, UnknownColumnError

FORMULA = "cbind(methylated, unmethylated) ~ treatment * time + (1 | tank)"


@pytest.fixture(scope="module")
def counts():
    return bm.load_data("methylation_simulated")


@pytest.fixture(scope="module")
def loci(counts):
    return bm.fit_loci(FORMULA, counts, "binomial", workers=1, seed=3, keep=["145"], progress=False)


def test_every_locus_has_a_row_near_that_of_its_own_fit(loci, counts):
    assert list(loci.table["locus"]) == ["20", "72", "128", "145"]
    assert dict(loci.status) == {"separated": 3, "ok": 1}
    own = bm.fixef(bm.fit(FORMULA, counts[counts["locus"] == "145"], "binomial", seed=1, progress=False))
    row = loci.table.set_index("locus").loc["145"]
    for name in own.index:
        error = own.loc[name, "sd"] * np.hypot(1 / np.sqrt(row["ess_bulk"]), 1 / np.sqrt(own.loc[name, "ess_bulk"]))
        assert abs(row[f"{name}_mean"] - own.loc[name, "mean"]) < 4 * error


def test_a_record_prints_what_became_of_the_loci(loci):
    assert str(loci).splitlines()[:4] == [
        "Loci: 4, one model each, binomial (logit)",
        f"Formula: {FORMULA}",
        "Draws:   4 x 250 a locus; seed 3",
        "Status:  3 separated, 1 ok",
    ]


def test_draws_are_kept_of_the_loci_that_were_named(loci):
    draws = loci.draws
    assert set(draws["locus"]) == {"145"}
    assert len(draws) == 1000
    row = loci.table.set_index("locus").loc["145"]
    assert draws["treatment[trt]"].mean() == pytest.approx(row["treatment[trt]_mean"])
    assert (draws["treatment[trt]"] < 0).mean() == pytest.approx(row["treatment[trt]_p_below"])


def test_a_store_goes_on_and_refuses_another_run(loci, counts, tmp_path):
    settings = {"workers": 1, "seed": 3, "keep": ["145"], "progress": False}
    path = tmp_path / "counts.csv.gz"
    counts.to_csv(path, index=False)
    stored = bm.fit_loci(FORMULA, path, "binomial", store=tmp_path / "store", **settings)
    pd.testing.assert_frame_equal(stored.table, loci.table)
    again = bm.fit_loci(FORMULA, path, "binomial", store=tmp_path / "store", **settings)
    pd.testing.assert_frame_equal(again.table, stored.table)
    other = settings | {"seed": 4}
    with pytest.raises(OutputError, match="differs in seed=: 3 there, 4 here"):
        bm.fit_loci(FORMULA, path, "binomial", store=tmp_path / "store", **other)
    with pytest.raises(OutputError, match="differs in the formula"):
        bm.fit_loci(FORMULA.replace("*", "+"), path, "binomial", store=tmp_path / "store", **settings)


@pytest.mark.slow
def test_workers_give_the_same_rows(loci, counts):
    apart = bm.fit_loci(FORMULA, counts, "binomial", workers=2, seed=3, keep=["145"], progress=False)
    pd.testing.assert_frame_equal(apart.table, loci.table)
    pd.testing.assert_frame_equal(apart.draws, loci.draws)


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"formula": FORMULA.replace("time", "tme")}, UnknownColumnError, "Did you mean 'time'"),
        ({"by": "Locus"}, UnknownColumnError, "Did you mean 'locus'"),
        ({"contrasts": "treatment[tr]"}, FormulaError, r"Did you mean 'treatment\[trt\]'"),
        ({"contrasts": "emmean[treatment=trt]"}, FormulaError, "stands for a marginal mean"),
        ({"workers": 0}, ArgumentError, "workers is a whole number of at least 1; got 0"),
        ({"sampler": "nut"}, ArgumentError, "Did you mean 'nuts'"),
        ({"keep": "145"}, ArgumentError, "keep has names of loci"),
        ({"keep_parameters": 3}, ArgumentError, "keep_parameters has names of parameters"),
        ({"weights": {"n": 1}}, ArgumentError, "weights"),
        ({"places": 3}, ArgumentError, "places are names of columns"),
        ({"executor": 4}, ArgumentError, "executor is a Dask client, the address of a Dask scheduler, or an executor"),
        ({"progress": "yes"}, ArgumentError, "progress is True or False"),
        ({"functions": 3}, DataError, "functions is a mapping"),
        ({"store": ""}, ArgumentError, "store is a folder"),
        ({"data": "nowhere.csv"}, DataError, "There is no file 'nowhere.csv'"),
    ],
)
def test_a_mistake_is_told_in_one_line_before_anything_is_fitted(changed, error, said, counts):
    asked = {"formula": FORMULA, "data": counts, "family": "binomial", "workers": 1, **changed}
    with pytest.raises(error, match=said) as caught:
        bm.fit_loci(**asked)
    assert isinstance(caught.value, BayesmixError)
    assert "\n" not in str(caught.value) or error is FormulaError


def test_functions_of_the_script_itself_are_not_sent_to_workers(counts):
    def doubled(x):
        return 2 * x

    doubled.__module__ = "__main__"
    with pytest.raises(ArgumentError, match="which the script or notebook itself defines"):
        bm.fit_loci(FORMULA, counts, "binomial", functions={"doubled": doubled}, workers=2)
