"""Every locus of two data sets against `bm.fit` on its rows, and malformed loci by the hundred."""

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.loci.block import LociBlock
from bayesmix.loci.engine.fit_block import fit_block
from bayesmix.loci.engine.model import loci_model
from bayesmix.loci.engine.settings import LociSettings

pytestmark = pytest.mark.slow


def as_block(data, by, covariates, counts):
    """The sample sheet of a long table, and its loci as one block."""
    sheet = data[covariates].drop_duplicates().reset_index(drop=True)
    place = {row: number for number, row in enumerate(sheet.itertuples(index=False, name=None))}
    names, lengths = np.unique(data[by].to_numpy(), return_counts=True)
    samples = np.array([place[row] for row in data[covariates].itertuples(index=False, name=None)])
    columns = {name: data[name].to_numpy() for name in counts}
    return sheet, LociBlock(tuple(map(str, names)), np.concatenate([[0], np.cumsum(lengths)]), samples, columns)


def differences(table, data, by, formula, family):
    """Means of the single fits less those of the rows in Monte Carlo errors; log ratios of the sds."""
    z, ratios = [], []
    rows = {row["locus"]: row for row in table.to_pylist()}
    for name, own in data.groupby(by):
        row = rows[str(name)]
        fit = bm.fit(formula, own, family, seed=7, draws=500, progress=False)
        for parameter, (mean, sd) in bm.fixef(fit)[["mean", "sd"]].iterrows():
            error = np.hypot(sd / np.sqrt(row["ess_bulk"]), sd / np.sqrt(1000))
            z.append((row[f"{parameter}_mean"] - mean) / error)
            ratios.append(np.log(row[f"{parameter}_sd"] / sd))
    return np.array(z), np.array(ratios)


@pytest.mark.parametrize("sampler", ["nuts", "importance"])
def test_two_hundred_simulated_loci_agree_with_single_fits(simulated_loci, sampler):
    data = simulated_loci.sort_values("locus", kind="stable")
    formula = "cbind(m, u) ~ treatment * time + (1 | tank)"
    sheet, block = as_block(data, "locus", ["treatment", "time", "tank"], ("m", "u"))
    settings = LociSettings(seed=11, sampler=sampler)
    table = fit_block(loci_model(formula, sheet, example=block, family="binomial", settings=settings), block).table
    statuses = pd.Series(table["status"].to_pylist())
    assert set(statuses) <= {"ok", "separated"}
    boundary = data.groupby("locus")["boundary"].any().to_numpy()
    assert (statuses[boundary] == "separated").mean() > 0.95
    some = data[data["locus"] % 4 == 0]
    z, ratios = differences(table, some, "locus", formula, "binomial")
    assert np.abs(z).max() < 4.5
    assert 0.6 < z.std() < 1.15
    assert np.abs(ratios.mean()) < 0.02


def test_twenty_real_loci_agree_with_single_fits(course_file):
    data = pd.read_csv(course_file("oyster_20loci.csv")).astype({"Treatment": str, "Day": str})
    data = data.sort_values("pos", kind="stable")
    formula = "cbind(methylated, unmethylated) ~ Treatment * Day + (1 | tankID)"
    sheet, block = as_block(data, "pos", ["Treatment", "Day", "tankID"], ("methylated", "unmethylated"))
    model = loci_model(formula, sheet, example=block, family="binomial", settings=LociSettings(seed=2))
    table = fit_block(model, block).table
    assert set(table["status"].to_pylist()) <= {"ok", "separated"}
    z, _ = differences(table, data, "pos", formula, "binomial")
    assert np.abs(z).max() < 4.5


def test_malformed_loci_have_a_status(sheet, block):
    """Cells changed at random into what no count is."""
    rng = np.random.default_rng(5)
    odd = [-1, 0.5, np.nan, None, "x", 10**6, 2**60, np.inf, -np.inf, 0, 1]
    model = loci_model(
        "cbind(methylated, unmethylated) ~ treatment * time + (1 | tank)", sheet, example=block, family="binomial"
    )
    for _ in range(60):
        columns = {name: values.astype(object).copy() for name, values in block.columns.items()}
        for _ in range(rng.integers(1, 40)):
            name = rng.choice(list(columns))
            columns[name][rng.integers(len(columns[name]))] = odd[rng.integers(len(odd))]
        samples = rng.integers(0, len(sheet), len(block.samples)) if rng.random() < 0.3 else block.samples
        changed = LociBlock(block.names, block.starts, samples, columns, block.places)
        table = fit_block(model, changed).table
        assert len(table) == len(block)
        for status in table["status"].to_pylist():
            assert status in ("ok", "separated", "low coverage", "diverged") or status.startswith("failed: ")
            assert "\n" not in status
            assert "Error" not in status
