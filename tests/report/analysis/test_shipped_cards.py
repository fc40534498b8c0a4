"""The cards in models/: what they find, beside what is known of their data."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayesmix.errors import CardError, DataError
from bayesmix.inference.checks.diagnose import diagnose
from bayesmix.inference.evidence.rand import rand
from bayesmix.inference.tables.fixef import fixef
from bayesmix.inference.tables.varcorr import varcorr
from bayesmix.modelling.record import Fit
from bayesmix.modelling.storage.storage import load
from bayesmix.report.analysis.analysis import analyse, run_card
from bayesmix.report.analysis.card import ModelPart, QuestionsPart, ReportPart, read_card
from bayesmix.report.analysis.card_data import card_data
from bayesmix.report.analysis.card_plan import plan_card

TOP = Path(__file__).parents[3]
DRAGONS, DYESTUFF2 = TOP / "models" / "dragons.toml", TOP / "models" / "dyestuff2.toml"
METHYLATION = TOP / "models" / "boundary_methylation.toml"


@pytest.fixture(scope="module")
def dragons() -> Fit:
    return analyse(plan_card(read_card(DRAGONS)), progress=False).fit


def test_dragons_hold_the_values_they_were_made_with(dragons):
    assert not (diagnose(dragons)["severity"] == "problem").any()
    table = fixef(dragons, prob=0.999)
    truth = {"Intercept": 95, "wingspan": 0.9, "scales[metallic]": 14, "wingspan:scales[metallic]": -0.1}
    assert table.index.tolist() == list(truth)
    for name, value in truth.items():
        assert table.loc[name, "lower"] < value < table.loc[name, "upper"], name
    table = varcorr(dragons, prob=0.999)
    for labels, value in {
        ("mountain", "Intercept", "Intercept"): 12,
        ("mountain", "wingspan", "wingspan"): 0.3,
        ("mountain", "Intercept", "wingspan"): 0.4,
        ("Residual", "", ""): 12,
    }.items():
        assert table.loc[labels, "lower"] < value < table.loc[labels, "upper"], labels


def test_dragons_take_a_course_file_by_its_path(tmp_path: Path, course_file):
    """One line of the card replaced by the one that its comment gives, and REML's estimates of that file."""
    text = DRAGONS.read_text()
    lines = text.splitlines()
    (source,) = [line for line in lines if line.startswith("source = ")]
    (path,) = [line for line in lines if line.startswith("# path = ")]
    assert 'path = "dragons.csv"' in path
    card = tmp_path / "dragons.toml"
    card.write_text(text.replace(path, "").replace(source, path.removeprefix("# ")))
    (tmp_path / "dragons.csv").symlink_to(course_file("dragons_unrounded.csv"))
    plan = plan_card(read_card(card))
    assert plan.design.n_obs == 200
    table = fixef(analyse(plan_card(read_card(card)), progress=False).fit)
    reml = [89.285, 1.00255, 15.677, -0.0923]
    # Priors are wide beside the likelihood: the posterior mean lies within a fraction of its sd of REML.
    assert (np.abs(table["mean"] - reml) < 0.25 * table["sd"]).all()


def test_dyestuff2_says_how_large_a_standard_deviation_may_still_be():
    fit = analyse(plan_card(read_card(DYESTUFF2)), progress=False).fit
    sd = fit.posterior["posterior"]["sd_Batch__Intercept"].to_numpy()
    counts, _ = np.histogram(sd, bins=8, range=(0, 4))
    assert counts.argmax() == 0  # its mode is where REML puts the estimate
    assert (np.diff(counts) < 0).all()
    assert np.quantile(sd, 0.975) < 3.716  # less than the sd of the response


@pytest.mark.slow
def test_dyestuff2_asks_whether_batches_differ(tmp_path: Path):
    said = []
    written = run_card(DYESTUFF2, tmp_path / "out", progress=False, show=said.append)
    assert {"rand.csv", "sensitivity_1-Batch.png"} <= set(written.files)
    table = pd.read_csv(tmp_path / "out" / "rand.csv").set_index("term")
    fit = load(tmp_path / "out" / "fit.nc")
    assert table.loc["(1 | Batch)", "log10_bf"] == rand(fit).loc["(1 | Batch)", "log10_bf"]
    words = "from strong against the term to not worth more than a bare mention, by the scale of the prior"
    assert words in said[0]
    with pytest.raises(CardError, match="none"):
        plan_card(replace(read_card(DYESTUFF2), model=ModelPart("Yield ~ 1")))


COMPARED = {"compare_intervals", "compare_groups"}


@pytest.mark.slow
def test_a_methylation_locus_with_an_empty_cell(tmp_path: Path):
    """One locus of the file is kept, and its empty cell is spoken of in the summary and in tables of its own."""
    written = run_card(METHYLATION, tmp_path / "out", progress=False, show=lambda _: None)
    found = pd.read_csv(written.folder / "separation.csv").iloc[0]
    assert found[["where", "successes", "trials", "rows"]].tolist() == ["treatment trt, time t2", 0, 108, 6]
    row = pd.read_csv(written.folder / "separation_coefficients.csv").set_index("coefficient").iloc[0]
    assert row.name == "treatment[trt]:time[t2]"
    assert row["p_direction"] > 0.99
    assert -9 < row["mean"] < -4
    summary = (written.folder / "summary.txt").read_text()
    assert "24 observations; groups: tank 12" in summary
    assert "treatment trt, time t2: 0 of 108" in summary
    assert "Sampling: no problems" in summary


def test_rows_to_keep_must_be_there():
    card = read_card(METHYLATION)
    assert len(card_data(card)) == 24
    other = replace(card, data=replace(card.data, keep={"locus": ("72", "73")}))
    with pytest.raises(DataError, match="keeps levels of 'locus' that do not occur: '73'"):
        card_data(other)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("card", "pictures"),
    [
        (DRAGONS, {"lines", "ranef_mountain", "sd", "corr", "residuals", "qq", "ppc"} | COMPARED),
        (DYESTUFF2, {"ranef_Batch", "sd", "residuals", "qq", "ppc", "sensitivity_1-Batch"} | COMPARED),
    ],
)
def test_folder_of_results(card: Path, pictures: set[str], tmp_path: Path):
    written = run_card(card, tmp_path / "out", progress=False, show=lambda _: None)
    assert {Path(file).stem for file in written.files if file.endswith(".png")} == pictures
    assert "Sampling: no problems" in (written.folder / "summary.txt").read_text()
    compared = (written.folder / "compare_reml.txt").read_text()
    assert compared.startswith("REML beside the posterior: ")
    assert ("REML 0, posterior median" in compared) == (card == DYESTUFF2)


BY_R = {
    "kfert": {
        "means_potash": {"emmean": [7.92, 8.12, 7.81, 7.58, 7.52], "se": [0.162] * 5, "df": [5.57] * 5},
        "contrasts_extremes": {"estimate": [0.4], "se": [0.171], "df": [8], "t": [2.344], "p": [0.0471]},
    },
    "kfert_fixed": {
        "means_potash": {"emmean": [7.92, 8.12, 7.81, 7.58, 7.52], "se": [0.121] * 5, "df": [8] * 5},
        "contrasts_extremes": {"estimate": [0.4], "se": [0.171], "df": [8], "t": [2.344], "p": [0.0471]},
    },
    "cochran_bib": {
        "means_hybrids": {"emmean": [34.17116, 29.04064, 30.10793, 28.07579, 30.34293, 27.59169], "df": [38.32] * 6},
        "contrasts_hybrids": {"estimate": [5.13], "se": [3.42], "df": [32.65], "t": [1.502], "p": [0.1427]},
    },
    "irrigation": {
        "means_irrigation": {"emmean": [38.5, 39.7, 39.2, 42.0, 39.1, 39.9, 39.6, 43.8]},
        "contrasts_variety": {"estimate": [-0.6, -0.2, -0.4, -1.8], "df": [4] * 4},
    },
    "clover": {"means_years": {"estimable": [1, 1]}, "contrasts_years": {"p": [0.018]}},
}
"""What emmeans of R gives, rounded, by card and table; of the hybrids the first six."""


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_R)
def test_designs_of_trials_have_their_means(name: str, tmp_path: Path):
    """Estimates as R prints them; priors pull the posterior's means by less than half of their sds."""
    card = read_card(TOP / "models" / f"{name}.toml")
    card = replace(card, questions=QuestionsPart(audit=False), report=ReportPart(pictures=()))
    folder = run_card(card, tmp_path / "out", progress=False, show=lambda _: None).folder
    for table, columns in BY_R[name].items():
        found = pd.read_csv(folder / f"estimated_{table}.csv").sort_values(_labels(folder, table), kind="stable")
        for column, values in columns.items():
            for value, given in zip(found[column], values, strict=False):
                assert abs(value - given) <= 0.5 * 10.0 ** -_decimals(given) * 1.0001, (table, column)
        drawn = pd.read_csv(folder / f"{table}.csv").sort_values(_labels(folder, table), kind="stable")
        column = "emmean" if "emmean" in found else "estimate"
        assert (np.abs(drawn[column].to_numpy() - found[column].to_numpy()) < 0.5 * drawn["sd"].to_numpy()).all()
    assert all((folder / f"means_{one}.png").exists() for one in card.means)


def _labels(folder: Path, table: str) -> list[str]:
    """The columns that tell rows apart, the slowest first: letters have put the rows in another order."""
    columns = pd.read_csv(folder / f"{table}.csv").columns.tolist()
    return columns[: columns.index("emmean" if "emmean" in columns else "estimate")][::-1]


def _decimals(value: float) -> int:
    return len(str(value).partition(".")[2]) if isinstance(value, float) else 0
