"""A second pass with priors from all loci: what it does to errors, what is kept of it, and for whom."""

import json

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError, BayesmixError, DataError, OutputError, PriorError
from bayesmix.loci.pooled import as_text, from_text, pooled_from_rows

FORMULA = "cbind(methylated, unmethylated) ~ treatment + (1 | tank)"
SD = "sd_tank__Intercept"
NAMES = ["Intercept", "treatment[trt]", SD]
WIDE = {"Intercept": "Normal(0, 2.5)", "treatment[trt]": "Normal(0, 2.5)", SD: "HalfStudentT(3, 2.5)"}
HOW = {"by": "locus", "workers": 1, "seed": 5, "progress": False}
ROW = {"parameter": SD, "prior": "Gamma(4, 7)", "before": WIDE[SD], "gain": 0.5, "n_loci": 200, "effective": 44.0}


def shallow(n_loci, depth, seed):
    """Loci with some `depth` reads in each of 12 samples of 6 tanks, and their true parameters."""
    rng = np.random.default_rng(seed)
    tank = np.repeat(np.arange(6), 2)
    truth = pd.DataFrame(
        {
            "Intercept": rng.normal(-0.5, 1, n_loci),
            "treatment[trt]": rng.normal(0, 0.5, n_loci),
            SD: rng.lognormal(np.log(0.4), 0.3, n_loci),
        }
    )
    eta = truth["Intercept"].to_numpy()[:, None] + truth["treatment[trt]"].to_numpy()[:, None] * (tank >= 3)
    eta = eta + (truth[SD].to_numpy()[:, None] * rng.normal(size=(n_loci, 6)))[:, tank]
    reads = rng.poisson(depth, (n_loci, 12))
    methylated = rng.binomial(reads, 1 / (1 + np.exp(-eta)))
    frame = pd.DataFrame(
        {
            "locus": np.repeat([f"cg{number:04d}" for number in range(n_loci)], 12),
            "treatment": np.tile(np.where(tank >= 3, "trt", "ctl"), n_loci),
            "tank": np.tile([f"k{number}" for number in tank], n_loci),
            "methylated": methylated.ravel(),
            "unmethylated": (reads - methylated).ravel(),
        }
    )
    return frame, truth


@pytest.fixture(scope="module")
def few():
    return shallow(3, 10, 1)[0]


@pytest.fixture(scope="module")
def pooled():
    return pooled_from_rows([ROW])


@pytest.fixture(scope="module")
def second(few, pooled, tmp_path_factory):
    store = tmp_path_factory.mktemp("second") / "store"
    return bm.fit_loci(FORMULA, few, "binomial", pooled=pooled, store=store, keep=["cg0001"], **HOW)


def test_it_is_the_prior_of_every_locus_and_is_printed(few, second):
    given = bm.fit_loci(FORMULA, few, "binomial", priors={SD: ROW["prior"]}, **HOW)
    pd.testing.assert_frame_equal(second.table, given.table)
    assert "Prior:   sd_tank__Intercept: Gamma(4, 7), pooled over 200 loci, before HalfStudentT(3, 2.5)" in str(second)
    assert "pooled" not in str(given)


def test_it_is_kept_and_given_to_a_run_on_fewer_loci(few, second):
    kept = json.loads((second.store / "manifest.json").read_text())
    assert json.loads(kept["pooled"]) == [ROW]
    one = few[few["locus"] == "cg0001"]
    alone = bm.fit_loci(FORMULA, one, "binomial", pooled=second.store, **HOW)
    assert alone.pooled.priors == second.pooled.priors == {SD: "Gamma(4, 7)"}
    row = second.table[second.table["locus"] == "cg0001"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone.table, row)
    again = bm.fit_loci(FORMULA, one, "binomial", pooled=alone.pooled, **HOW)
    pd.testing.assert_frame_equal(again.table, row)


def test_a_store_with_other_pooled_priors_is_refused(few, second, pooled):
    with pytest.raises(OutputError, match=r"differs in the priors: .*Gamma"):
        bm.fit_loci(FORMULA, few, "binomial", store=second.store, keep=["cg0001"], **HOW)
    other = pooled_from_rows([ROW | {"n_loci": 300}])
    with pytest.raises(OutputError, match="differs in the pooled priors"):
        bm.fit_loci(FORMULA, few, "binomial", pooled=other, store=second.store, keep=["cg0001"], **HOW)
    assert from_text(as_text(pooled)).priors == pooled.priors


def test_draws_tell_which_prior_they_were_drawn_under(second):
    with pytest.raises(ArgumentError, match=r"under the prior Gamma\(4, 7\); before has HalfNormal\(1\)"):
        bm.pooled_priors(second.draws, {SD: "HalfNormal(1)"})
    with pytest.raises(ArgumentError, match="do not tell which prior 'Intercept' had"):
        bm.pooled_priors(second.draws, ["Intercept"])
    with pytest.raises(DataError, match="of 1 locus; a distribution over loci needs at least 20"):
        bm.pooled_priors(second.draws, [SD])


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"pooled": 3}, ArgumentError, "pooled is what bm.pooled_priors returned"),
        ({"pooled": "nowhere"}, DataError, "'nowhere' is no store of loci"),
        ({"priors": {SD: "HalfNormal(1)"}}, ArgumentError, "has a prior in priors, HalfNormal.1., and one in pooled"),
        ({"formula": FORMULA.replace("tank", "treatment")}, PriorError, "which the model does not have"),
    ],
)
def test_a_mistake_is_told_in_one_line(changed, error, said, few, pooled):
    asked = {"formula": FORMULA, "data": few, "family": "binomial", "pooled": pooled, **HOW} | changed
    with pytest.raises(error, match=said) as caught:
        bm.fit_loci(**asked)
    assert isinstance(caught.value, BayesmixError)


def test_a_store_without_pooled_priors_says_so(few, tmp_path):
    bm.fit_loci(FORMULA, few[few["locus"] == "cg0000"], "binomial", store=tmp_path / "store", **HOW)
    with pytest.raises(DataError, match="had no pooled priors"):
        bm.fit_loci(FORMULA, few, "binomial", pooled=tmp_path / "store", **HOW)


@pytest.mark.slow
def test_it_lowers_errors_and_restores_convergence_at_low_coverage():
    """200 loci with three reads a sample: with wide priors most take a second attempt, with pooled ones hardly any.

    Of the intervals of 200 loci 95 % hold the truth, within four binomial errors.
    """
    data, truth = shallow(200, 3, 1)
    first = bm.fit_loci(FORMULA, data, "binomial", priors=WIDE, keep=True, keep_parameters=NAMES, **HOW)
    pooled = bm.pooled_priors(first.draws, NAMES)
    second = bm.fit_loci(FORMULA, data, "binomial", pooled=pooled, **HOW)
    assert (first.table["attempts"] > 1).mean() > 0.5
    assert (second.table["attempts"] > 1).mean() < 0.1
    assert set(second.status.index) <= {"ok", "separated"}
    for name, share in {"Intercept": 0.75, "treatment[trt]": 0.6, SD: 0.4}.items():
        error = [np.sqrt(np.mean((loci.table[f"{name}_mean"] - truth[name]) ** 2)) for loci in (first, second)]
        assert error[1] < share * error[0]
        held = (second.table[f"{name}_lower"] < truth[name]) & (truth[name] < second.table[f"{name}_upper"])
        assert held.mean() > 0.95 - 4 * np.sqrt(0.95 * 0.05 / 200)
