"""`fit_many` beside `bm.fit` response by response, its stores to the byte, and what is said of mistakes."""

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError, BayesmixError, DataError, FormulaError, OutputError, PriorError
from bayesmix.loci.coordinator import Coordinator
from bayesmix.loci.responses import engine
from bayesmix.loci.responses.fit_block import fit_responses
from bayesmix.loci.responses.manifest import many_manifest
from bayesmix.loci.responses.model import many_model
from bayesmix.loci.responses.settings import ManySettings
from bayesmix.loci.responses.source import read_responses
from bayesmix.loci.store.store import Store
from bayesmix.loci.tasks import Rate

FORMULA = "~ treatment + (1 | donor) + (1 | batch)"
N = 48
DRAWS = 1000


def study(n_responses, seed=3):
    """12 donors with 4 samples each, 6 batches, responses whose shares of the variance differ."""
    rng = np.random.default_rng(seed)
    donor, batch = np.repeat(np.arange(12), 4), rng.permutation(np.arange(N) % 6)
    treatment = np.tile([0, 1], N // 2)
    design = pd.DataFrame(
        {
            "treatment": np.where(treatment, "drug", "control"),
            "donor": [f"d{level}" for level in donor],
            "batch": [f"b{level}" for level in batch],
        },
        index=[f"s{row}" for row in range(N)],
    )
    sds = np.sqrt(np.column_stack([rng.beta(0.8, 2, n_responses), rng.beta(0.5, 6, n_responses)]))
    Y = rng.normal(size=(12, n_responses))[donor] * sds[:, 0] + rng.normal(size=(6, n_responses))[batch] * sds[:, 1]
    Y += 0.6 * rng.normal(size=(N, n_responses)) + 1.5 * treatment[:, None] * (np.arange(n_responses) % 3 == 0)
    Y = 7 + 0.4 * Y
    return pd.DataFrame(Y, index=design.index, columns=[f"g{number}" for number in range(n_responses)]), design


@pytest.fixture(scope="module")
def data():
    return study(40)


@pytest.fixture(scope="module")
def many(data):
    return bm.fit_many(FORMULA, *data, workers=1, keep=["g1"], progress=False)


@pytest.fixture(scope="module")
def single(data):
    """The same model of two responses by `bm.fit`."""
    Y, design = data
    return {
        name: bm.fit(f"y {FORMULA}", design.assign(y=Y[name]), seed=1, cores=1, progress=False) for name in ("g0", "g7")
    }


def assert_near(row, fitted):
    """Means, limits and tails within four Monte Carlo standard errors of both, sds within four of theirs."""
    posterior = fitted.posterior["posterior"].to_dataset()
    draws = {
        name: posterior[name].to_numpy().ravel() for name in ("sd_donor__Intercept", "sd_batch__Intercept", "sigma")
    }
    for name in bm.fixef(fitted).index:
        variable = name.partition("[")[0]
        draws[name] = posterior[variable].to_numpy().ravel()
    size = 1 / (1 / min(row["effective"], DRAWS) + 1 / fitted.diagnostics.importance.effective_size)
    for name, values in draws.items():
        sd, tail = values.std(), 0.975
        assert abs(row[f"{name}_mean"] - values.mean()) < 4 * sd / np.sqrt(size), name
        kurtosis = np.mean((values - values.mean()) ** 4) / sd**4
        assert abs(row[f"{name}_sd"] / sd - 1) < 4 * np.sqrt((kurtosis - 1) / 4 / size), name
        for limit, share in ((row[f"{name}_lower"], 1 - tail), (row[f"{name}_upper"], tail)):
            # The share of the draws below the limit is what it should be.
            assert abs((values < limit).mean() - share) < 4.5 * np.sqrt(share * (1 - share) / size), name


@pytest.mark.parametrize("name", ["g0", "g7"])
def test_a_response_has_the_posterior_of_its_own_fit(many, single, name):
    row = many.table.set_index("response").loc[name]
    assert_near(row, single[name])
    own = bm.log_marginal(single[name])
    assert abs(row["log_marginal"] - own.value) < 4 * np.hypot(row["log_marginal_mcse"], own.error)
    rand = bm.rand(single[name])
    for label in rand.index:
        error = np.hypot(row[f"{label}_log10_bf_mcse"], rand.loc[label, "mcse"])
        assert abs(row[f"{label}_log10_bf"] - rand.loc[label, "log10_bf"]) < 4 * error
    shares = bm.variance_shares(single[name])
    for part in shares.index:
        error = shares.loc[part, "sd"] * np.sqrt(2 / min(row["effective"], DRAWS))
        assert abs(row[f"share_{part}_mean"] - shares.loc[part, "mean"]) < 4 * error
    assert sum(row[f"share_{part}_mean"] for part in shares.index) == pytest.approx(1)


def test_every_response_has_a_row_and_draws_are_kept_of_those_named(many):
    table = many.table
    assert (table["status"] == "ok").all()
    assert (table["sampler"] == "shared").all()
    assert (table["pareto_k"] < 0.7).all()
    assert (table["effective"] > 100).all()
    assert str(many).splitlines()[:2] == ["Responses: 40, one Gaussian model each", f"Formula: y {FORMULA}"]
    draws, row = many.draws, table.set_index("response").loc["g1"]
    assert list(draws["response"]) == ["g1"] * DRAWS
    assert draws["sigma"].mean() == pytest.approx(row["sigma_mean"])
    assert draws["treatment[drug]"].mean() == pytest.approx(
        row["treatment[drug]_mean"], abs=row["treatment[drug]_sd"] / 8
    )


def test_units_change_nothing_but_units(data, many):
    Y, design = data
    turned = bm.fit_many(FORMULA, 1000 * Y + 5000, design, workers=1, progress=False).table
    before = many.table
    for name in ("treatment[drug]_mean", "sd_donor__Intercept_upper", "sigma_sd"):
        np.testing.assert_allclose(turned[name], 1000 * before[name], rtol=1e-6)
    np.testing.assert_allclose(turned["Intercept_mean"], 1000 * before["Intercept_mean"] + 5000, rtol=1e-9)
    np.testing.assert_allclose(turned["log_marginal"], before["log_marginal"] - N * np.log(1000), rtol=1e-9)
    np.testing.assert_allclose(turned["(1 | donor)_log10_bf"], before["(1 | donor)_log10_bf"], atol=1e-6)


class StoppedError(Exception):
    pass


def test_the_final_table_is_the_same_to_the_byte_whatever_the_chunks_and_interruptions(data, tmp_path):
    source = read_responses(*data)
    settings = ManySettings(draws=200, keep=frozenset({"g3", "g30"}))
    model = many_model(FORMULA, source, priors=None, settings=settings)

    class Sized(Rate):
        @property
        def size(self):
            return sizes.pop(0) if len(sizes) > 1 else sizes[0]

    def run(folder, fit):
        results = Store(folder)
        results.begin(many_manifest(model, source.digest))
        Coordinator(source, model, fit, results, rate=Sized()).run()
        return [(folder / name).read_bytes() for name in ("loci.parquet", "draws.parquet")]

    sizes = [1000]
    whole = run(tmp_path / "whole", fit_responses)
    done = []

    def stopped(model, block):
        if len(done) == 3:
            raise StoppedError
        done.append(len(block))
        return fit_responses(model, block)

    sizes = [1, 7, 2, 5]
    with pytest.raises(StoppedError):
        run(tmp_path / "parts", stopped)
    assert done == [1, 7, 2]
    sizes = [3, 19, 4]
    assert run(tmp_path / "parts", fit_responses) == whole


def test_a_store_goes_on_and_refuses_another_run(data, many, tmp_path):
    settings = {"store": tmp_path / "store", "workers": 1, "progress": False}
    stored = bm.fit_many(FORMULA, *data, **settings, keep=["g1"])
    pd.testing.assert_frame_equal(stored.table, many.table)
    with pytest.raises(OutputError, match="differs in the data"):
        bm.fit_many(FORMULA, data[0] + 1, data[1], **settings, keep=["g1"])
    with pytest.raises(OutputError, match="differs in seed=: 0 there, 5 here"):
        bm.fit_many(FORMULA, *data, **settings, keep=["g1"], seed=5)


def test_missing_values_leave_samples_out(data):
    Y, design = data
    holes = Y.iloc[:, :3].copy()
    holes.iloc[[4, 9], 1] = np.nan
    table = bm.fit_many(FORMULA, holes, design, workers=1, progress=False, bayes_factors=False).table
    assert list(table["n_samples"]) == [N, N - 2, N]
    kept = design.index[[row for row in range(N) if row not in (4, 9)]]
    alone = bm.fit_many(FORMULA, Y.loc[kept, ["g1"]], design.loc[kept], workers=1, progress=False, bayes_factors=False)
    row, own = table.iloc[1], alone.table.iloc[0]
    for name in ("treatment[drug]", "sigma", "sd_donor__Intercept"):
        error = own[f"{name}_sd"] * np.sqrt(1 / row["effective"] + 1 / own["effective"])
        assert abs(row[f"{name}_mean"] - own[f"{name}_mean"]) < 4 * error
    assert abs(row["log_marginal"] - own["log_marginal"]) < 4 * np.hypot(
        row["log_marginal_mcse"], own["log_marginal_mcse"]
    )


def test_what_cannot_be_fitted_is_a_row_with_the_reason(data):
    Y, design = data
    strange = Y.iloc[:, :2].assign(constant=3.0, endless=np.inf, nothing=np.nan, few=Y["g0"].where(np.arange(N) < 2))
    table = bm.fit_many(FORMULA, strange, design, workers=1, progress=False).table.set_index("response")
    assert list(table["status"][:2]) == ["ok", "ok"]
    assert table.loc["constant", "status"] == "failed: it is constant"
    assert table.loc["endless", "status"] == "failed: it has infinite values"
    assert table.loc["nothing", "status"].startswith("failed: no sample has a value")
    assert table.loc["few", "status"].startswith("failed: ")
    assert table.loc["few", "n_samples"] == 2


def test_constants_alone_are_rows_too(data):
    _, design = data
    constant = pd.DataFrame({"a": 1.0, "b": 2.0}, index=design.index)
    table = bm.fit_many(FORMULA, constant, design, workers=1, progress=False).table
    assert list(table["status"]) == ["failed: it is constant"] * 2


def test_a_response_whose_weights_cannot_be_trusted_has_a_fit_of_its_own(data, single, monkeypatch):
    Y, design = data
    monkeypatch.setattr(engine, "LEAST_AT_LAST", 1e9)
    many = bm.fit_many(FORMULA, Y[["g7"]], design, workers=1, draws=2000, progress=False, seed=1)
    row = many.table.iloc[0]
    assert (row["sampler"], row["status"]) == ("fit", "ok")
    assert "1 fitted alone" in str(many)
    assert_near(row, single["g7"])
    assert row["log_marginal"] == pytest.approx(bm.log_marginal(single["g7"]).value, abs=0.1)


def test_significant_takes_the_results(many):
    found = bm.significant(many, "treatment[drug]", q=0.1)
    assert list(found["response"]) == list(many.table["response"])
    third = np.arange(40) % 3 == 0
    assert found["selected"][third].mean() > 0.8
    assert found["selected"][~third].mean() < 0.2


def test_samples_are_matched_by_their_names(data):
    Y, design = data
    shuffled = Y.sample(frac=1, random_state=1)[["g0", "g1"]]
    table = bm.fit_many(FORMULA, shuffled, design, workers=1, progress=False).table
    wanted = bm.fit_many(FORMULA, Y[["g0", "g1"]], design, workers=1, progress=False).table
    pd.testing.assert_frame_equal(table, wanted)


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"Y": lambda Y: Y.T}, DataError, "give Y.T"),
        ({"Y": lambda Y: Y.iloc[:40]}, DataError, "Y has 40 rows, the design 48 samples"),
        ({"Y": lambda Y: Y.rename(index={"s3": "t3"})}, DataError, "lacks 1 sample: s3"),
        ({"Y": lambda Y: Y.assign(text="a")}, DataError, "Column 'text' of Y is"),
        ({"Y": lambda Y: Y.set_axis(["a"] * 40, axis=1)}, DataError, "'a' twice"),
        ({"Y": lambda Y: Y.iloc[:, :0]}, DataError, "no columns"),
        ({"Y": lambda Y: Y.to_numpy()[:, 0]}, DataError, "1 dimensions"),
        ({"formula": "~ treatmnt + (1 | donor)"}, BayesmixError, "treatment"),
        ({"formula": "~ 0 + treatment + (1 | donor)"}, ArgumentError, "no intercept"),
        ({"formula": "log(y) ~ treatment"}, ArgumentError, "log\\(y\\)"),
        ({"formula": "treatment + (1 | donor)"}, FormulaError, "is missing"),
        ({"formula": 3}, ArgumentError, "formula is a text"),
        ({"priors": {"treatment[drug]": "Laplace(0, 1)"}}, PriorError, "share no values"),
        ({"priors": {"treatment[drug]": "Flat()"}}, PriorError, "flat"),
        ({"priors": {"sd_donr__Intercept": "HalfNormal(1)"}}, PriorError, "sd_donor__Intercept"),
        ({"priors": {"sd_donor__Intercept": "InverseGamma(2, 1)"}}, PriorError, "density 0 at 0"),
        ({"draws": 3}, ArgumentError, "from 100"),
        ({"prob": 2}, ArgumentError, "between 0 and 1"),
        ({"seed": -1}, ArgumentError, "seed is"),
        ({"keep": 3}, ArgumentError, "keep has names"),
        ({"shares": "yes"}, ArgumentError, "shares is True or False"),
        ({"workers": 0}, ArgumentError, "workers is"),
        ({"store": ""}, ArgumentError, "store is a folder"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(data, change, kind, words):
    Y, design = data
    given = {"formula": FORMULA, "workers": 1, "progress": False} | change
    Y = given.pop("Y", lambda Y: Y)(Y)
    with pytest.raises(kind, match=words) as raised:
        bm.fit_many(given.pop("formula"), Y, design, **given)
    assert isinstance(raised.value, FormulaError) or "\n" not in str(raised.value)


@pytest.mark.slow
def test_the_posteriors_of_many_responses_are_those_of_their_own_fits():
    Y, design = study(400, seed=8)
    table = bm.fit_many(FORMULA, Y, design, workers=1, progress=False).table.set_index("response")
    off = []
    for name in Y.columns[::20]:
        fitted = bm.fit(f"y {FORMULA}", design.assign(y=Y[name]), seed=1, cores=1, progress=False)
        assert_near(table.loc[name], fitted)
        own = bm.log_marginal(fitted)
        off.append((table.loc[name, "log_marginal"] - own.value) / table.loc[name, "log_marginal_mcse"])
    assert np.sqrt(np.mean(np.square(off))) < 1.5


@pytest.mark.slow
def test_the_weights_of_nearly_all_responses_can_be_trusted():
    table = bm.fit_many(FORMULA, *study(3000, seed=5), workers=1, draws=200, progress=False).table
    assert (table["sampler"] == "shared").mean() > 0.99
