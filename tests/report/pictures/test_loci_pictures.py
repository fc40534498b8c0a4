"""Pictures of many loci: what is drawn is what the table has."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import bayesmix as bm
from bayesmix.errors import ArgumentError, DataError, UnknownTermError
from bayesmix.report.pictures.loci_points import natural
from bayesmix.report.pictures.plot_look import VERMILION
from bayesmix.report.pictures.plot_status import status_counts

EFFECT = "treatment[trt]:time[t2]"
PLOTS = [bm.plot_volcano, bm.plot_manhattan, bm.plot_coverage]


def methylome(n, *, null_share=0.8, spread=1.5, chromosomes=("chr1", "chr2", "chr10"), seed=1):
    rng = np.random.default_rng(seed)
    effects = np.where(rng.random(n) < null_share, 0.0, rng.normal(0, spread, n))
    reads = rng.integers(50, 2000, n)
    errors = 8 / np.sqrt(reads)
    means = rng.normal(effects, errors)
    frame = pd.DataFrame(
        {
            "locus": [f"cg_{number}_$x$" for number in range(n)],
            "chr": rng.choice(chromosomes, n),
            "pos": rng.integers(0, 1000, n),
            "status": "ok",
            "n_reads": reads,
            f"{EFFECT}_mean": means,
            f"{EFFECT}_sd": errors,
            f"{EFFECT}_p_below": rng.binomial(1000, norm.cdf(-means / errors)) / 1000,
        }
    )
    frame.attrs["n_draws"] = 1000
    return frame


@pytest.fixture(scope="module")
def loci():
    frame = methylome(400)
    frame.loc[[3, 7], [f"{EFFECT}_mean", f"{EFFECT}_sd", f"{EFFECT}_p_below"]] = np.nan
    frame.loc[[3, 7], "status"] = "low coverage"
    return frame


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def drawn(ax):
    """Places (n, 2) of all points, and which are red, in the order in which they are drawn."""
    places = [np.asarray(shown.get_offsets()) for shown in ax.collections]
    red = np.concatenate(
        [
            [plt.matplotlib.colors.to_hex(one) == VERMILION.lower() for one in shown.get_facecolors()]
            for shown in ax.collections
        ]
    )
    return np.concatenate(places), red


def points(ax):
    places, red = drawn(ax)
    order = np.lexsort(places.T)
    return places[order], red[order]


@pytest.mark.parametrize("plot", PLOTS)
def test_a_point_for_each_locus_with_results_and_red_ones_for_those_that_are_selected(plot, loci):
    judged = bm.significant(loci, EFFECT)
    ax = plot(loci, EFFECT)
    places, red = points(ax)
    known = judged["lfdr"].notna().to_numpy()
    assert len(places) == known.sum() == 398
    assert red.sum() == judged["selected"].sum() > 5
    rates = np.maximum(judged["lfdr"].to_numpy()[known], 1e-8)
    means, reads = (loci[name].to_numpy()[known] for name in (f"{EFFECT}_mean", "n_reads"))
    expected = {
        "plot_volcano": np.column_stack([means, rates]),
        "plot_coverage": np.column_stack([reads, means]),
    }
    if plot.__name__ in expected:
        wanted = expected[plot.__name__]
        order = np.lexsort(wanted.T)
        np.testing.assert_allclose(places, wanted[order])
        np.testing.assert_array_equal(red, judged["selected"].to_numpy()[known][order])
    title = ax.get_title(loc="left")
    assert f"{judged['selected'].sum()} of 398 loci selected at a false discovery rate of 0.05" in " ".join(
        title.split()
    )
    assert "2 without results" in " ".join(title.split())


def test_chromosomes_stand_beside_each_other_in_their_natural_order(loci):
    ax = bm.plot_manhattan(loci, EFFECT, labels=0)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["chr1", "chr2", "chr10"]
    places, _ = drawn(ax)
    lengths = loci[loci["status"] == "ok"].groupby("chr")["pos"].agg(lambda pos: pos.max() - pos.min())
    gap = 0.01 * lengths.sum()
    assert np.ptp(places[:, 0]) == pytest.approx(lengths.sum() + 2 * gap)
    assert sorted(["X", "10", "2", "2b"], key=natural) == ["2", "2b", "10", "X"]


def test_without_places_loci_follow_each_other(loci):
    ax = bm.plot_manhattan(loci.drop(columns=["chr", "pos"]), EFFECT)
    places, _ = drawn(ax)
    np.testing.assert_array_equal(np.sort(places[:, 0]), np.arange(398))
    assert ax.get_xlabel() == "locus, in the order of the results"


def test_shares_of_draws_that_are_0_lie_at_the_resolution_as_triangles(loci):
    ax = bm.plot_volcano(loci, EFFECT, method="lfsr")
    judged = bm.significant(loci, EFFECT, method="lfsr")
    places, _ = drawn(ax)
    assert places[:, 1].min() == pytest.approx(1 / 1000)
    assert (places[:, 1] == 1 / 1000).sum() == (judged["lfsr"] <= 1 / 1000).sum()


@pytest.mark.parametrize("plot", PLOTS)
def test_no_locus_selected_one_locus_and_many(plot):
    none = plot(methylome(60, null_share=1.0), EFFECT)
    assert "None of 60 loci selected" in none.get_title(loc="left")
    assert not drawn(none)[1].any()
    assert len(drawn(plot(methylome(1), EFFECT))[0]) == 1
    many = plot(methylome(3000), EFFECT, caption=False)
    assert all(shown.get_rasterized() for shown in many.collections)
    many.figure.draw_without_rendering()


def test_names_of_the_most_certain_loci_are_written_as_they_are(loci):
    ax = bm.plot_volcano(loci, EFFECT, labels=3)
    names = [text.get_text().replace(r"\$", "$") for text in ax.texts if text.get_text().startswith("cg_")]
    selected = set(bm.significant(loci, EFFECT).query("selected")["locus"])
    assert 1 <= len(names) <= 3
    assert set(names) <= selected


def test_bars_are_the_numbers_of_loci_of_each_status():
    status = ["ok"] * 5 + ["low coverage"] * 2 + [f"failed: reason {number}" for number in range(9)]
    frame = pd.DataFrame({"locus": range(16), "status": status})
    counts = status_counts(frame["status"])
    assert counts["ok"] == 5
    assert counts["failed: 4 other reasons"] == 4
    assert counts.sum() == 16
    ax = bm.plot_status(frame)
    assert [bar.get_width() for bar in ax.patches] == list(counts)
    assert "Status of 16 loci" in [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("plot", PLOTS)
def test_a_mistake_is_told_in_one_line(plot, loci):
    with pytest.raises(UnknownTermError, match=r"The loci have no effect 'treatment'"):
        plot(loci, "treatment")
    with pytest.raises(ArgumentError, match="labels is the most names"):
        plot(loci, EFFECT, labels=-1)
    with pytest.raises(DataError, match="No locus has results"):
        plot(loci.iloc[[3, 7]], EFFECT, method="lfsr")
    with pytest.raises(DataError, match="no column 'status'"):
        bm.plot_status(loci.drop(columns="status"))
    with pytest.raises(DataError, match="neither n_reads nor n_samples"):
        bm.plot_coverage(loci.drop(columns="n_reads"), EFFECT)
