"""One locus with its data and its cells, as plain pandas has them, and a report of many."""

import re

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError, OutputError, UnknownTermError

FORMULA = "cbind(methylated, unmethylated) ~ treatment * time + (1 | tank)"
EFFECT = "treatment[trt]:time[t2]"


@pytest.fixture(scope="module")
def counts():
    frame = bm.load_data("methylation_simulated")
    bad = frame[(frame["locus"] == "20") & (frame["treatment"] == "trt")].assign(locus="<b>bad</b>")
    return pd.concat([frame.assign(chr="chr1", pos=7), bad.assign(chr="chr2", pos=9)], ignore_index=True)


@pytest.fixture(scope="module")
def loci(counts, tmp_path_factory):
    store = tmp_path_factory.mktemp("loci") / "store"
    return bm.fit_loci(FORMULA, counts, "binomial", workers=1, seed=3, store=store, progress=False)


def test_data_cells_and_posterior_are_those_of_the_locus(loci, counts):
    found = bm.locus(loci, "145")
    own = counts[counts["locus"] == "145"]
    sums = own.groupby(["treatment", "time"], observed=True)[["methylated", "unmethylated"]].sum()
    cells = found.cells.set_index(["treatment", "time"])
    assert dict(cells["successes"]) == dict(sums["methylated"])
    assert dict(cells["trials"]) == dict(sums.sum(axis=1))
    np.testing.assert_allclose(cells["proportion"], sums["methylated"] / sums.sum(axis=1))
    assert (cells["samples"] == 6).all()
    assert sorted(found.data["methylated"]) == sorted(own["methylated"])
    row = loci.table.set_index("locus").loc["145"]
    assert found.posterior.loc[EFFECT, "mean"] == row[f"{EFFECT}_mean"]
    assert found.posterior.loc[EFFECT, "p_below"] == row[f"{EFFECT}_p_below"]
    assert found.place == {"chr": "chr1", "pos": 7}
    text = str(found)
    assert text.startswith("Locus 145 (chr chr1, pos 7): ok")
    assert "117     143       0.818" in text
    assert "sampler nuts" in text


def test_a_locus_that_failed_has_its_data_and_no_posterior(loci):
    found = bm.locus(loci, "<b>bad</b>")
    assert found.status.startswith("failed")
    assert not len(found.posterior)
    assert len(found.data) == 12
    assert "<b>" not in found._repr_html_().replace("<b>Cells</b>", "").replace("<b>Data</b>", "")


def test_a_measurement_has_means(counts):
    loci = bm.fit_loci("methylated ~ treatment", counts, workers=1, draws=20, progress=False)
    found = bm.locus(loci, "145")
    means = counts[counts["locus"] == "145"].groupby("treatment")["methylated"].mean()
    assert dict(found.cells.set_index("treatment")["mean"]) == dict(means)


def test_unknown_loci_are_refused(loci):
    with pytest.raises(UnknownTermError, match=r"no locus '14' among the 5\. Did you mean '145'"):
        bm.locus(loci, "14")
    with pytest.raises(ArgumentError, match=r"loci is what bm\.fit_loci returned"):
        bm.locus(loci.table, "145")


def test_a_report_has_pictures_a_table_and_a_page_for_each_of_the_top_loci(loci, tmp_path):
    file = bm.loci_report(loci, EFFECT, tmp_path / "new" / "report.html", top=2)
    page = file.read_text()
    assert page.count("<section>") == 2
    assert page.count("data:image/png;base64,") == 4 + 2
    judged = bm.significant(loci, EFFECT)
    for name in judged.nsmallest(2, "lfdr")["locus"]:
        assert f"<h2>{name}</h2>" in page
    assert "Status:  3 separated, 1 ok, 1 failed" in page
    assert "&lt;b&gt;bad" in page
    assert "<b>bad" not in page
    assert not re.findall(r"src='(?!data:)", page)
    again = bm.loci_report(loci, EFFECT, tmp_path / "again.html", top=2)
    assert again.read_bytes() == file.read_bytes()


def test_a_report_of_a_store_or_a_table_ends_with_the_table(loci, tmp_path):
    for number, source in enumerate((loci.store, loci.table)):
        page = bm.loci_report(source, EFFECT, tmp_path / f"{number}.html").read_text()
        assert "<section>" not in page
        assert page.count("data:image/png;base64,") == 4


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"path": "report.pdf"}, ArgumentError, "its name ends in .html"),
        ({"path": 3}, ArgumentError, "path is the name of an HTML file"),
        ({"top": -1}, ArgumentError, "top is a number of loci from 0 to 500"),
        ({"effect": "time"}, UnknownTermError, "The loci have no effect 'time'"),
        ({"path": "a\0.html"}, ArgumentError, "has a NUL in it"),
    ],
)
def test_a_mistake_of_a_report_is_told_in_one_line(changed, error, said, loci):
    with pytest.raises(error, match=said):
        bm.loci_report(**{"loci": loci, "effect": EFFECT, "path": "report.html", **changed})


def test_a_report_that_cannot_be_written_says_so(loci, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        bm.loci_report(loci, EFFECT, tmp_path / "file" / "report.html", top=0)
