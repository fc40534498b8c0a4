"""`significant`: what is selected, how many of these are false, and what is said of the resolution of draws."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import norm

from bayesmix.errors import ArgumentError, DataError, UnknownTermError
from bayesmix.loci.multiplicity.significant import significant

EFFECT, PRIOR_SD, N_DRAWS = "treatment[trt]:time[t2]", 2.0, 4000


def methylome(seed, n, *, null_share, spread):
    """Effects of loci, and the posteriors that fits with the prior Normal(0, 2) give, from 4,000 draws."""
    rng = np.random.default_rng(seed)
    effects = np.where(rng.random(n) < null_share, 0.0, rng.normal(0, spread, n))
    errors = rng.gamma(8, 0.4 / 8, n)
    estimates = rng.normal(effects, errors)
    precision = errors**-2 + PRIOR_SD**-2
    mean, sd = estimates * errors**-2 / precision, precision**-0.5
    below = rng.binomial(N_DRAWS, norm.cdf(-mean / sd)) / N_DRAWS
    names = [f"cg{number}" for number in range(n)]
    frame = pd.DataFrame({"locus": names, "chr": "chr1", "pos": np.arange(n), "status": "ok"})
    frame = frame.assign(**{f"{EFFECT}_mean": mean, f"{EFFECT}_sd": sd, f"{EFFECT}_p_below": below})
    return effects, frame


def arrow(frame):
    table = pa.Table.from_pandas(frame, preserve_index=False)
    return table.replace_schema_metadata({"n_draws": str(N_DRAWS)})


@pytest.mark.parametrize("null_share", [0.5, 0.9])
@pytest.mark.parametrize("level", [0.05, 0.2])
def test_two_groups_keep_the_false_discovery_rate(null_share, level):
    effects, frame = methylome(1, 10_000, null_share=null_share, spread=1.0)
    answer = significant(frame, EFFECT, q=level, prior_sd=PRIOR_SD)
    chosen = answer["selected"].to_numpy()
    assert chosen.sum() > 200
    assert (effects[chosen] == 0).mean() < level + 3 * np.sqrt(level * (1 - level) / chosen.sum())
    assert answer["q"][chosen].max() <= level
    assert (answer["lfsr"] >= answer["lfdr"]).all()


def test_shares_of_draws_keep_it_where_their_prior_is_that_of_the_loci():
    effects, frame = methylome(2, 10_000, null_share=0.0, spread=PRIOR_SD)
    answer = significant(arrow(frame), EFFECT, q=0.02, method="lfsr")
    chosen = answer["selected"].to_numpy()
    wrong = np.sign(effects) != np.sign(answer["estimate"])
    assert wrong[chosen].mean() < 0.02 + 3 * np.sqrt(0.02 * 0.98 / chosen.sum())
    for low, high in ((0, 0.1), (0.1, 0.3), (0.3, 0.5)):
        of_rate = ((answer["lfsr"] > low) & (answer["lfsr"] <= high)).to_numpy()
        said = answer["lfsr"][of_rate].mean()
        assert abs(wrong[of_rate].mean() - said) < 4 * np.sqrt(said * (1 - said) / of_rate.sum())


def test_a_share_of_0_is_told_with_its_resolution():
    _, frame = methylome(3, 500, null_share=0.5, spread=2.0)
    answer = significant(arrow(frame), EFFECT, method="lfsr")
    n_zero = (answer["lfsr"] == 0).sum()
    assert n_zero > 10
    assert answer["q"].min() == pytest.approx(1 / N_DRAWS)
    assert f"{n_zero} are < 1/4000, told as 0" in str(answer)


def test_what_has_no_result_counts_nowhere():
    _, frame = methylome(4, 300, null_share=0.5, spread=1.0)
    failed = frame.copy()
    failed.loc[[0, 7], [f"{EFFECT}_mean", f"{EFFECT}_sd", f"{EFFECT}_p_below"]] = np.nan
    answer = significant(failed, EFFECT)
    assert answer.loc[[0, 7], ["estimate", "lfdr", "lfsr", "q"]].isna().all(axis=None)
    assert not answer.loc[[0, 7], "selected"].any()
    without = significant(failed.drop([0, 7]), EFFECT)
    np.testing.assert_array_equal(answer.drop([0, 7])["q"], without["q"])
    assert "of 298 loci selected" in str(answer)


def test_kinds_of_tables_give_one_answer(tmp_path):
    _, frame = methylome(5, 200, null_share=0.5, spread=1.0)
    pq.write_table(arrow(frame[:120]), tmp_path / "a.parquet")
    pq.write_table(arrow(frame[120:]), tmp_path / "b.parquet")
    expected = significant(arrow(frame), EFFECT, method="lfsr")
    for table in (tmp_path, str(tmp_path)):
        pd.testing.assert_frame_equal(significant(table, EFFECT, method="lfsr"), expected)
    pd.testing.assert_frame_equal(significant(frame, EFFECT, method="lfsr", n_draws=N_DRAWS), expected)


REFUSED = {
    "effect": ({"effect": "treatment[trt]:time[t3]"}, UnknownTermError, r"Did you mean 'treatment\[trt\]:time\[t2\]'"),
    "no text": ({"effect": 3}, ArgumentError, "effect is a coefficient or contrast"),
    "q": ({"q": 5}, ArgumentError, "q is a false discovery rate between 0 and 1, such as 0.05; got 5"),
    "method": ({"method": "lfdr"}, ArgumentError, "method='lfdr' is not known. Did you mean 'lfsr'"),
    "prior": ({"prior_sd": 0}, ArgumentError, "prior_sd is the sd of a normal prior"),
    "draws": ({"method": "lfsr"}, ArgumentError, "give n_draws="),
    "no file": ({"loci": "nowhere"}, DataError, "no file or folder 'nowhere'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case):
    settings, kind, message = REFUSED[case]
    _, frame = methylome(6, 20, null_share=0.5, spread=1.0)
    given = {"loci": frame, "effect": EFFECT, **settings}
    with pytest.raises(kind, match=message):
        significant(given.pop("loci"), given.pop("effect"), **given)
