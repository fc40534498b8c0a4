"""A stored fit comes back whole, in another process too, and nothing half written is ever left."""

import os
import pickletools
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal

import arviz
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import xarray as xr

import bayesmix as bm
from bayesmix.errors import StoredFitError

SHORT = {"draws": 60, "tune": 150, "chains": 2, "seed": 3, "progress": False}


@pytest.fixture(scope="module")
def sleepstudy():
    data = bm.load_data("sleepstudy").assign(note="a", when=pd.Timestamp("2026-01-01"))
    data.loc[[3, 7], "Days"] = np.nan
    return bm.fit("Reaction ~ I(Days / 2) + (Days | Subject)", data, priors={"sigma": "HalfNormal(33.3)"}, **SHORT)


def test_round_trip(sleepstudy, tmp_path):
    path = bm.save(sleepstudy, tmp_path / "fit.nc")
    again = bm.load(path)
    assert str(again) == str(sleepstudy)
    xr.testing.assert_identical(
        again.posterior["posterior"].to_dataset(), sleepstudy.posterior["posterior"].to_dataset()
    )
    pd.testing.assert_frame_equal(again.data, sleepstudy.data)
    assert again.priors == sleepstudy.priors
    assert (again.sampling, again.method, again.family) == (sleepstudy.sampling, sleepstudy.method, sleepstudy.family)
    assert (again.design.n_dropped, again.design.missing) == (2, {"Days": 2})
    for question in (bm.fixef, bm.varcorr, bm.ranef, bm.augment, bm.tidy, bm.glance):
        pd.testing.assert_frame_equal(question(again), question(sleepstudy))
    assert set(again.pymc_model.named_vars) == set(sleepstudy.pymc_model.named_vars)


@pytest.mark.slow
def test_a_fresh_process_prints_the_same(sleepstudy, tmp_path):
    path = bm.save(sleepstudy, tmp_path / "fit.nc")
    program = f"import bayesmix as bm; print(bm.load({str(path)!r}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip("\n") == str(sleepstudy)


def test_arviz_opens_the_file(sleepstudy, tmp_path):
    opened = arviz.from_netcdf(bm.save(sleepstudy, tmp_path / "fit.nc"))
    np.testing.assert_array_equal(opened["posterior"]["sigma"], sleepstudy.posterior["posterior"]["sigma"])


def test_no_pickle_is_stored(sleepstudy, tmp_path):
    stored = bm.save(sleepstudy, tmp_path / "fit.nc").read_bytes()
    assert b"pickle" not in stored
    assert not any(stored[at : at + 2] == b"\x80\x04" and _is_pickle(stored[at:]) for at in range(len(stored) - 1))


def _is_pickle(stored: bytes) -> bool:
    try:
        return sum(1 for _ in zip(range(20), pickletools.genops(stored), strict=False)) == 20
    except ValueError:
        return False


def test_own_functions_are_asked_for(tmp_path):
    functions = {"half": lambda x: x / 2}
    result = bm.fit("Reaction ~ half(Days) + (1 | Subject)", bm.load_data("sleepstudy"), functions=functions, **SHORT)
    path = bm.save(result, tmp_path / "fit.nc")
    with pytest.raises(StoredFitError, match=r"functions=\{'half': \.\.\.\}"):
        bm.load(path)
    assert str(bm.load(path, functions=functions)) == str(result)


def test_a_failing_write_leaves_the_old_file_and_nothing_else(sleepstudy, tmp_path, monkeypatch):
    path = bm.save(sleepstudy, tmp_path / "fit.nc")
    before = path.read_bytes()

    def interrupted(*_args, **_keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr(xr.DataTree, "to_netcdf", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bm.save(sleepstudy, path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["fit.nc"]


def test_bad_files_get_one_line(sleepstudy, tmp_path):
    (tmp_path / "text.nc").write_text("no fit")
    xr.Dataset({"a": 1}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    for path, words in [
        (tmp_path / "absent.nc", "There is no file"),
        (tmp_path / "text.nc", "not NetCDF"),
        (tmp_path / "other.nc", "no fit that bayesmix stored"),
    ]:
        with pytest.raises(StoredFitError, match=words) as caught:
            bm.load(path)
        assert "\n" not in str(caught.value)
    for path, words in [(tmp_path / "no" / "fit.nc", "does not exist"), (tmp_path, "is a folder")]:
        with pytest.raises(StoredFitError, match=words):
            bm.save(sleepstudy, path)


def test_columns_of_several_types_are_named(tmp_path):
    data = bm.load_data("sleepstudy").assign(odd=["text", 3.5, None] * 60)
    result = bm.fit("Reaction ~ Days + (1 | Subject)", data, **SHORT)
    with pytest.raises(StoredFitError, match=r"several types.* \(odd\)"):
        bm.save(result, tmp_path / "fit.nc")
    assert os.listdir(tmp_path) == []


def test_the_file_can_be_read_by_others(sleepstudy, tmp_path):
    (tmp_path / "plain").touch()
    assert bm.save(sleepstudy, tmp_path / "fit.nc").stat().st_mode == (tmp_path / "plain").stat().st_mode


CATEGORIES = {
    "text": list("zyxwv"),
    "whole": [9, 3, 7, 1, 5],
    "decimal": [0.5, 0.1, 2.0, 1.0, 3.5],
    "boolean": [True, False],
    "interval": pd.interval_range(0, 5),
}


def test_categoricals_come_back_with_their_levels(tmp_path):
    """Each kind as a fixed factor and, with its categories ordered, as a grouping factor of one model."""
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"y": rng.normal(size=80)})
    for kind, categories in CATEGORIES.items():
        codes, groups = rng.integers(0, len(categories), (2, 80))
        data["y"] += 10 * codes
        data[f"f_{kind}"] = pd.Categorical.from_codes(codes, categories=categories)
        data[f"g_{kind}"] = pd.Categorical.from_codes(groups, categories=categories, ordered=True)
    terms = " + ".join(f"f_{kind} + (1 | g_{kind})" for kind in CATEGORIES)
    result = bm.fit(f"y ~ {terms}", data, **SHORT)
    again = bm.load(bm.save(result, tmp_path / "fit.nc"))
    assert again.design.fixed.names == result.design.fixed.names
    for term, stored in zip(result.design.random, again.design.random, strict=True):
        assert stored.levels == term.levels
    pd.testing.assert_frame_equal(bm.ranef(again), bm.ranef(result))
    pd.testing.assert_frame_equal(bm.fitted(again), bm.fitted(result))
    assert all(again.data[f"g_{kind}"].cat.ordered for kind in CATEGORIES)


ODD_COLUMNS = {
    "arrow dictionary": lambda g: g.astype(pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))),
    "arrow text": lambda g: g.astype(pd.ArrowDtype(pa.string())),
    "nullable text": lambda g: g.astype("string"),
    "objects": lambda g: pd.Series(list(g), dtype=object),
    "tuples as categories": lambda g: pd.Categorical.from_codes(
        pd.factorize(g)[0], pd.Index([(i, i + 1) for i in range(5)], tupleize_cols=False)
    ),
    "dates as categories": lambda g: pd.Categorical.from_codes(pd.factorize(g)[0], pd.date_range("2026", periods=5)),
    "numbers of 40 digits": lambda g: pd.Categorical.from_codes(
        pd.factorize(g)[0], pd.Index([10**40 + i for i in range(5)], dtype=object)
    ),
    "numbers and None": lambda g: pd.Series([None if i == 0 else int(i) for i in pd.factorize(g)[0]], dtype=object),
}
SLOW = ("arrow text", "objects", "dates as categories", "arrow dictionary", "numbers of 40 digits")


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"x": rng.normal(size=80), "g": [f"level {i % 5}" for i in range(80)]})
    return data.assign(y=data["x"] + rng.normal(size=5)[np.arange(80) % 5] + rng.normal(size=80))


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=pytest.mark.slow if kind in SLOW else ()) for kind in ODD_COLUMNS],
)
def test_columns_of_odd_types_come_back(kind, rows, tmp_path):
    """As a column that the formula does not name, and as the group that it names unless its levels are tuples."""
    column = ODD_COLUMNS[kind](rows["g"])
    used = {} if kind == "tuples as categories" else {"g": column}
    result = bm.fit("y ~ x + (1 | g)", rows.assign(unused=column, **used), **SHORT)
    again = bm.load(bm.save(result, tmp_path / "fit.nc"))
    for question in (bm.fixef, bm.varcorr, bm.ranef):
        pd.testing.assert_frame_equal(question(again), question(result))


NOT_STORED = {
    "tuples": (lambda data: data.assign(odd=[(1, 2)] * 80), r"several types.*\(odd\)"),
    "lists": (lambda data: data.assign(odd=[[1, 2], [3]] * 40), r"several types.*\(odd\)"),
    "objects": (lambda data: data.assign(odd=pd.Series([object()] * 80)), r"several types.*\(odd\)"),
    "half a character": (
        lambda data: data.assign(odd=pd.Series(["\ud800"] * 80, dtype=object)),
        r"several types.*\(odd\)",
    ),
    "half a character as a name": (
        lambda data: data.assign(odd=1).set_axis(pd.Index([*data.columns, "\ud800"], dtype=object), axis=1),
        "half a character in their names",
    ),
    "a number and the same as text": (
        lambda data: data.assign(**{"7": 1}).assign(odd=2).rename(columns={"odd": 7}),
        "7",
    ),
    "levels that Parquet writes with more digits": (
        lambda data: data.assign(g=[Decimal(i % 5) / 8 for i in range(80)]),
        "the levels of 'g'.*make the column a text",
    ),
    "an index of several types": (lambda data: data.set_index(pd.Index([1, "a"] * 40, dtype=object)), "their index"),
}


@pytest.mark.parametrize("kind", NOT_STORED)
def test_what_would_not_come_back_is_refused_by_save(kind, rows, tmp_path):
    change, words = NOT_STORED[kind]
    result = bm.fit("y ~ x + (1 | g)", change(rows), **SHORT)
    with pytest.raises(StoredFitError, match=words) as caught:
        bm.save(result, tmp_path / "fit.nc")
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_functions_that_give_other_numbers_are_refused(tmp_path):
    """Of the caller's own functions only the names are stored: those given to `load` must be those of the fit."""
    data = bm.load_data("sleepstudy")
    result = bm.fit("Reaction ~ half(Days) + (1 | Subject)", data, functions={"half": lambda x: x / 2}, **SHORT)
    path = bm.save(result, tmp_path / "fit.nc")
    with pytest.raises(StoredFitError, match="do not give the design that was fitted"):
        bm.load(path, functions={"half": lambda x: x / 3})
    bm.load(path, functions={"half": lambda x: x * 0.5})
    noise = np.random.default_rng(1)
    noisy = {"half": lambda x: x + noise.normal(size=len(x))}
    result = bm.fit("Reaction ~ half(Days) + (1 | Subject)", data, functions=noisy, **SHORT)
    with pytest.raises(StoredFitError, match="could not be loaded: its rows do not give the design"):
        bm.save(result, tmp_path / "other.nc")


def test_draws_that_are_none_are_refused_by_save(sleepstudy, tmp_path):
    dataset = sleepstudy.posterior["posterior"].to_dataset()
    cut_off = xr.DataTree.from_dict(
        {**dict(sleepstudy.posterior.children), "posterior": dataset.isel(draw=slice(0, 9))}
    )
    with pytest.raises(StoredFitError, match="2 chains of 60 draws, and 'posterior' has 9"):
        bm.save(replace(sleepstudy, posterior=cut_off), tmp_path / "fit.nc")
    negative = xr.DataTree.from_dict(
        {**dict(sleepstudy.posterior.children), "posterior": dataset.assign(sigma=-dataset["sigma"])}
    )
    with pytest.raises(StoredFitError, match="draws of 'sigma' lie beyond 0"):
        bm.save(replace(sleepstudy, posterior=negative), tmp_path / "fit.nc")


def test_a_fit_keeps_its_rows_when_the_caller_changes_the_data(tmp_path):
    data = bm.load_data("sleepstudy")
    result = bm.fit("Reaction ~ Days + (1 | Subject)", data, **SHORT)
    before = bm.augment(result)
    data["Days"] *= 100
    pd.testing.assert_frame_equal(bm.augment(result), before)
    pd.testing.assert_frame_equal(bm.augment(bm.load(bm.save(result, tmp_path / "fit.nc"))), before)


def test_a_fit_without_draws_is_refused(tmp_path):
    fit = bm.reml("Yield ~ 1 + (1 | Batch)", bm.load_data("Dyestuff2"))
    with pytest.raises(StoredFitError, match=r"save keeps the draws of fits by bm\.fit; got RemlFit") as caught:
        bm.save(fit, tmp_path / "fit.nc")
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())
