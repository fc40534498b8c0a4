"""A row for every locus: independent of the block, its figures those of `bm.fit`, and a status where there are none."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

import bayesmix as bm
from bayesmix.errors import DataError
from bayesmix.loci.block import LociBlock, joined
from bayesmix.loci.engine.fit_block import fit_block
from bayesmix.loci.engine.model import loci_model
from bayesmix.loci.engine.settings import LociSettings, seed_of

FORMULA = "cbind(methylated, unmethylated) ~ treatment * time + (1 | tank)"
LATE = "treatment[trt] + treatment[trt]:time[t2]"


@pytest.fixture(scope="module")
def model(sheet, block):
    settings = LociSettings(seed=5, keep=frozenset({"locus1"}))
    return loci_model(FORMULA, sheet, example=block, family="binomial", contrasts={"late": LATE}, settings=settings)


@pytest.fixture(scope="module")
def fitted(model, block):
    return fit_block(model, block)


def changed(block: LociBlock, **columns) -> LociBlock:
    return replace(block, columns={**block.columns, **columns})


def statuses(model, block):
    return fit_block(model, block).table["status"].to_pylist()


def test_every_locus_has_a_row_of_the_schema(model, block, fitted):
    table = fitted.table
    assert table.schema == model.schema
    assert table["locus"].to_pylist() == list(block.names)
    assert table["pos"].to_pylist() == [0, 10, 20, 30, 40]
    assert set(table["status"].to_pylist()) == {"ok"}
    assert set(table["n_samples"].to_pylist()) == {24}
    reads = block.columns["methylated"] + block.columns["unmethylated"]
    assert table["n_reads"].to_pylist() == list(np.add.reduceat(reads, block.starts[:-1]))
    assert min(table["ess_bulk"].to_pylist()) >= 400


def test_rows_depend_on_neither_chunks_nor_order_nor_process(model, block, fitted):
    again = pickle.loads(pickle.dumps(model))
    order = [3, 0, 4, 1, 2]
    mixed = joined([block.part(number, number + 1) for number in order])
    parts = [fit_block(again, mixed.part(0, 2)), fit_block(again, mixed.part(2, 5))]
    rows = [row for part in parts for row in part.table.to_pylist()]
    by_name = {row["locus"]: row for row in fitted.table.to_pylist()}
    assert rows == [by_name[f"locus{number}"] for number in order]
    assert parts[1].draws.equals(fitted.draws)


def test_figures_are_those_of_the_draws(model, fitted):
    draws, row = fitted.draws.to_pandas(), fitted.table.to_pylist()[1]
    assert len(draws) == model.settings.n_draws
    assert set(draws["locus"]) == {"locus1"}
    for name in model.names:
        values = draws[name]
        assert row[f"{name}_mean"] == pytest.approx(values.mean(), rel=1e-12)
        assert row[f"{name}_sd"] == pytest.approx(values.std(ddof=1), rel=1e-12)
        assert row[f"{name}_lower"] == pytest.approx(np.quantile(values, 0.025), rel=1e-12)
        assert row[f"{name}_upper"] == pytest.approx(np.quantile(values, 0.975), rel=1e-12)
    assert row["late_p_below"] == (draws["late"] < 0).mean()
    np.testing.assert_allclose(draws["late"], draws["treatment[trt]"] + draws["treatment[trt]:time[t2]"], atol=1e-12)
    assert "sd_tank__Intercept_p_below" not in row


def frame_of(sheet, block, number):
    rows = block.rows(number)
    columns = {name: values[rows] for name, values in block.columns.items()}
    return sheet.iloc[block.samples[rows]].reset_index(drop=True).assign(**columns)


def compare(row, fit):
    """Means and quantiles against those of a fit, in Monte Carlo errors of both."""
    draws = dict(zip(fit.design.fixed.names, bm.fixef(fit)["mean"], strict=True))
    for name, mean in draws.items():
        sd = row[f"{name}_sd"]
        error = sd * np.sqrt(1 / row["ess_bulk"] + 1 / 2000)
        assert abs(row[f"{name}_mean"] - mean) < 4.5 * error, name
        assert row[f"{name}_sd"] == pytest.approx(bm.fixef(fit).loc[name, "sd"], rel=0.2), name


def test_figures_agree_with_those_of_the_single_fit(sheet, block, fitted):
    for number in (0, 3):
        fit = bm.fit(FORMULA, frame_of(sheet, block, number), "binomial", seed=9, progress=False)
        compare(fitted.table.to_pylist()[number], fit)


def test_seeds_follow_from_the_name_alone(fitted):
    assert fitted.table["seed"].to_pylist()[0] == seed_of(5, "locus0", fitted.table["attempts"].to_pylist()[0])
    assert len({seed_of(seed, name, attempt) for seed in (1, 2) for name in "ab" for attempt in (1, 2)}) == 8


def test_what_is_wrong_with_a_locus_is_its_status(model, block):
    n = len(block.samples) // len(block)
    methylated = block.columns["methylated"].astype(object).copy()
    methylated[0] = -1
    methylated[n] = "many"
    methylated[2 * n : 3 * n] = 0
    methylated[3 * n] = 2.5
    unmethylated = block.columns["unmethylated"].copy()
    unmethylated[2 * n : 3 * n] = 0
    got = statuses(model, changed(block, methylated=methylated, unmethylated=unmethylated))
    assert got[0].startswith("failed: cbind(methylated, unmethylated): successes are whole numbers from 0")
    assert got[1].startswith("failed: ")
    assert "text" in got[1]
    assert got[2] == "low coverage"
    assert "2.5" in got[3]
    assert got[4] == "ok"
    assert all("\n" not in status for status in got)


def test_a_locus_without_rows_or_without_a_reference_is_said_so(model, block):
    control = np.flatnonzero(block.samples[block.rows(0)] < 12)
    rest = np.flatnonzero(block.samples[block.rows(0)] >= 12)
    empty = LociBlock(
        ("none", "treated", "control"),
        np.array([0, 0, len(rest), len(rest) + len(control)]),
        block.samples[np.concatenate([rest, control])],
        {name: values[np.concatenate([rest, control])] for name, values in block.columns.items()},
        {name: values[:3] for name, values in block.places.items()},
    )
    table = fit_block(model, empty).table
    assert table["status"].to_pylist()[0] == "low coverage"
    assert (
        table["status"].to_pylist()[1] == "failed: no sample with treatment 'ctl', with which the others are compared"
    )
    assert table["status"].to_pylist()[2].startswith("failed: ")


def test_samples_that_miss_a_value_are_left_out_as_by_the_single_fit(model, sheet, block):
    methylated = block.columns["methylated"].astype(float)
    methylated[[0, 7]] = np.nan
    row = fit_block(model, changed(block, methylated=methylated).part(0, 1)).table.to_pylist()[0]
    assert row["n_samples"] == 22
    frame = frame_of(sheet, changed(block, methylated=methylated), 0)
    compare(row, bm.fit(FORMULA, frame, "binomial", seed=2, progress=False))


def test_separated_loci_are_fitted_and_said_to_be_so(model, block, sheet):
    methylated, unmethylated = (block.columns[name].copy() for name in ("methylated", "unmethylated"))
    treated = (sheet["treatment"] == "trt").to_numpy()[block.samples]
    methylated[treated] = 0
    row = fit_block(
        model, changed(block, methylated=methylated, unmethylated=unmethylated).part(0, 1)
    ).table.to_pylist()[0]
    assert row["status"] == "separated"
    assert row["treatment[trt]_upper"] < 0


def test_low_coverage_is_what_the_settings_say(model, block):
    strict = replace(model, settings=replace(model.settings, least_reads=10**6))
    assert statuses(strict, block) == ["low coverage"] * 5
    strict = replace(model, settings=replace(model.settings, least_samples=25))
    table = fit_block(strict, block).table
    assert table["status"].to_pylist() == ["low coverage"] * 5
    assert table["sampler"].to_pylist() == [None] * 5


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"starts": np.array([0, 5])}, "where each locus begins"),
        ({"samples": np.array([99] * 120)}, "beyond the 24 rows of the sample sheet"),
        ({"columns": {}}, "has no methylated, unmethylated"),
        ({"places": {}}, "has no chr, pos"),
    ],
)
def test_a_block_of_another_model_is_refused(model, block, wrong, message):
    with pytest.raises(DataError, match=message):
        fit_block(model, replace(block, **wrong))


def test_models_without_quadrature_are_those_of_the_single_fit(sheet, block):
    counts = block.part(0, 2)
    rng = np.random.default_rng(1)
    real = replace(counts, columns={"m": rng.normal(size=len(counts.samples))})
    model = loci_model("m ~ treatment + (1 | tank)", sheet, example=real, settings=LociSettings(seed=1, draws=100))
    rows = fit_block(model, real).table.to_pylist()
    for number, row in enumerate(rows):
        assert (row["sampler"], row["status"], row["n_reads"]) == ("fit", "ok", None)
        frame = frame_of(sheet, real, number)
        fit = bm.fit("m ~ treatment + (1 | tank)", frame, draws=100, seed=seed_of(1, row["locus"]), progress=False)
        assert row["treatment[trt]_mean"] == pytest.approx(bm.fixef(fit).loc["treatment[trt]", "mean"], rel=1e-12)
        assert row["sigma_mean"] == pytest.approx(bm.auxiliary(fit).loc["sigma", "mean"], rel=1e-12)


def test_priors_that_are_given_are_those_of_every_locus(sheet, block):
    priors = {"treatment[trt]": "Normal(0, 0.01)"}
    model = loci_model(FORMULA, sheet, example=block, family="binomial", priors=priors)
    row = fit_block(model, block.part(0, 1)).table.to_pylist()[0]
    assert abs(row["treatment[trt]_mean"]) < 0.01
    assert row["treatment[trt]_sd"] < 0.012


def test_default_priors_that_follow_from_the_response_are_those_of_the_locus(sheet, block):
    """The mean of the intercept's prior on a log link is the log of the mean count."""
    counts = np.where(np.arange(len(block.samples)) < 24, 1000, 1) * (1 + block.columns["methylated"])
    changed_block = replace(block, columns={"count": counts})
    model = loci_model("count ~ treatment + (1 | tank)", sheet, example=changed_block, family="negative_binomial")
    rows = fit_block(model, changed_block.part(0, 2)).table.to_pylist()
    assert rows[0]["sampler"] == "nuts"
    for row, number in zip(rows, (0, 1), strict=True):
        fit = bm.fit(
            "count ~ treatment + (1 | tank)",
            frame_of(sheet, changed_block, number),
            "negative_binomial",
            seed=4,
            progress=False,
        )
        compare(row, fit)


def screening(model, **settings):
    return replace(model, settings=replace(model.settings, sampler="importance", keep=frozenset(), **settings))


def test_screening_agrees_with_nuts(model, block, fitted):
    screened = fit_block(screening(model, audit=0.0), block).table.to_pylist()
    for row, by_nuts in zip(screened, fitted.table.to_pylist(), strict=True):
        assert row["sampler"] == "importance"
        assert row["pareto_k"] < 0.7
        assert row["audit_z"] is None
        for name in model.names:
            error = np.hypot(
                row[f"{name}_sd"] / np.sqrt(row["ess_bulk"]), by_nuts[f"{name}_sd"] / np.sqrt(by_nuts["ess_bulk"])
            )
            assert abs(row[f"{name}_mean"] - by_nuts[f"{name}_mean"]) < 4.5 * error, name
            assert row[f"{name}_sd"] == pytest.approx(by_nuts[f"{name}_sd"], rel=0.25), name


def test_audited_loci_have_both(model, block):
    table = fit_block(screening(model, audit=0.0), block.part(0, 2), audit={"locus1"}).table
    plain, audited = table.to_pylist()
    assert (plain["sampler"], audited["sampler"]) == ("importance", "nuts")
    assert audited["pareto_k"] < 0.7
    assert 0 < audited["audit_z"] < 4.5
    everything = fit_block(screening(model, audit=1.0), block.part(0, 2)).table
    assert everything["sampler"].to_pylist() == ["nuts", "nuts"]
    assert everything.slice(1).equals(table.slice(1))


def test_a_level_without_samples_leaves_its_columns_empty(sheet, block):
    three = sheet.assign(time=np.resize(["t1", "t2", "t3"], len(sheet)))
    formula = "cbind(methylated, unmethylated) ~ time + (1 | tank)"
    priors = {"time[t3]": "Normal(0, 1)"}
    model = loci_model(formula, three, example=block, family="binomial", priors=priors, contrasts="time[t3] - time[t2]")
    kept = np.flatnonzero((three["time"] != "t3").to_numpy()[block.samples[block.rows(0)]])
    without = LociBlock(
        ("two levels",),
        np.array([0, len(kept)]),
        block.samples[kept],
        {name: values[kept] for name, values in block.columns.items()},
        {name: values[:1] for name, values in block.places.items()},
    )
    row = fit_block(model, without).table.to_pylist()[0]
    assert row["status"] == "ok"
    assert row["time[t3]_mean"] is None
    assert row["time[t3] - time[t2]_p_below"] is None
    assert row["time[t2]_mean"] is not None


def test_evidence_of_a_term_is_the_difference_of_two_models(sheet, block):
    """Against `bm.rand`, whose Bayes factor is the same comparison by its own importance sampling."""
    values = []
    for term in (" + (1 | tank)", ""):
        formula = f"cbind(methylated, unmethylated) ~ treatment{term}"
        settings = LociSettings(seed=2, log_marginal=True)
        model = loci_model(formula, sheet, example=block, family="binomial", settings=settings)
        values.append(fit_block(model, block.part(0, 1)).table["log_marginal"].to_pylist()[0])
    frame = frame_of(sheet, block, 0)
    formula = "cbind(methylated, unmethylated) ~ treatment + (1 | tank)"
    found = bm.rand(bm.fit(formula, frame, "binomial", seed=3, progress=False))
    assert (values[0] - values[1]) / np.log(10) == pytest.approx(found["log10_bf"].iloc[0], abs=0.06)
