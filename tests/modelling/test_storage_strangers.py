"""A stranger's file whose digest fits: what is no fit gets one line, nothing else is read, nothing is executed.

Formula, family, priors and names of functions go through the whitelists that a user's own texts go through; the tests
of those are `test_priors.py`, `test_family_input.py` and those of the formula room.
"""

import hashlib
import io
import json
import os
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xarray as xr

import bayesmix as bm
from bayesmix.errors import ArgumentError, StoredFitError
from bayesmix.modelling.storage.data_bytes import to_bytes

FILES = Path(__file__).parent / "files"
MARK = b"\nbayesmix: SHA-256 of all bytes before this line\n"
DIGEST = 32


def sealed(content: bytes) -> bytes:
    return content + MARK + hashlib.sha256(content).digest()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The files of two fits, without their digests."""
    folder = tmp_path_factory.mktemp("whole")
    found = {}
    for name in ("gaussian_slopes", "binomial_counts", "joint_sigma"):
        content = bm.save(bm.load(FILES / f"format2_{name}.nc"), folder / name).read_bytes()
        found[name] = content[: -len(MARK) - DIGEST]
        assert content == sealed(found[name])
    return found


def refusal(path: Path) -> str:
    with pytest.raises(StoredFitError) as caught:
        bm.load(path)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 1000
    return message


@cache
def tree_of(content):
    with xr.open_datatree(io.BytesIO(content), engine="h5netcdf") as opened:
        return opened.load()


def crafted(whole, path, change, name="gaussian_slopes"):
    """The fit with `change(tree, about)` applied, and a digest that fits."""
    tree = tree_of(whole[name]).copy(deep=True)
    about = json.loads(tree.attrs["bayesmix"])
    changed = change(tree, about)
    tree = tree if changed is None else changed
    tree.attrs["bayesmix"] = json.dumps(about)
    file = io.BytesIO()
    tree.to_netcdf(file, engine="h5netcdf")
    path.write_bytes(sealed(file.getvalue()))
    return path


def with_draws(group, **variables):
    """A change that replaces variables of a group by what functions make of their values."""

    def change(tree, _about):
        dataset = tree[group].to_dataset()
        for name, make in variables.items():
            dataset[name] = (dataset[name].dims, make(dataset[name].to_numpy().copy()))
        tree[group] = xr.DataTree(dataset)

    return change


def with_entries(**entries):
    return lambda _tree, about: about.update(entries)


def with_sampling(**entries):
    return lambda _tree, about: about["sampling"].update(entries)


def without(*path):
    def change(_tree, about):
        for key in path[:-1]:
            about = about[key]
        del about[path[-1]]

    return change


def other_rows(tree, _about):
    rows = bm.load(FILES / "format2_gaussian_slopes.nc").data.assign(Days=lambda data: data["Days"] * 2)
    tree["data"] = xr.DataTree(xr.Dataset({"rows": ("byte", to_bytes(rows))}))


def rows_turned_round(tree, _about):
    rows = bm.load(FILES / "format2_gaussian_slopes.nc").data
    rows = rows.assign(Reaction=rows["Reaction"].to_numpy()[::-1])
    tree["data"] = xr.DataTree(xr.Dataset({"rows": ("byte", to_bytes(rows))}))


def fewer_draws(tree, _about):
    return tree.map_over_datasets(lambda group: group.isel(draw=slice(0, 11)) if "draw" in group.dims else group)


def first_nan(values):
    values[0, 0] = np.nan
    return values


NONSENSE = {
    "no number is a format": (with_entries(format="3"), "format is '3'"),
    "a format below 1": (with_entries(format=-5), "format is -5"),
    "a format of 0": (with_entries(format=0), "format is 0"),
    "no format": (without("format"), "format is None"),
    "true is no format": (with_entries(format=True), "format is True"),
    "null is no format": (with_entries(format=None), "format is None"),
    "a later format": (with_entries(format=99, version="9.1"), "format 99 of bayesmix 9.1"),
    "no formula": (without("formula"), "lacks 'formula'"),
    "a number as formula": (with_entries(formula=3), "'formula' = 3"),
    "a formula that is none": (with_entries(formula="Reaction ~ __import__('os')"), "make no model"),
    "a long formula": (with_entries(formula="y ~ " + "(" * 3000), "make no model"),
    "a long sum": (with_entries(formula="Reaction ~ " + " + ".join(["Days"] * 3000)), "formula"),
    "a deep formula": (with_entries(formula="Reaction ~ " + "-" * 3000 + "Days"), "formula"),
    "an unknown family": (with_entries(family="().__class__"), "make no model"),
    "a list as family": (with_entries(family=["gaussian"]), "'family'"),
    "no priors": (with_entries(priors={}), "no prior of Intercept, Days"),
    "a prior of nothing": (lambda _, about: about["priors"].update(x="Normal(0, 1)"), "make no model"),
    "a prior that is code": (lambda _, about: about["priors"].update(sigma="exit()"), "make no model"),
    "a prior that does not suit": (lambda _, about: about["priors"].update(sigma="LKJ(2)"), "make no model"),
    "priors in a list": (with_entries(priors=[1]), "'priors'"),
    "a column of weights that is not there": (with_entries(weights="w"), "make no model"),
    "an unknown method": (with_entries(method="auto"), "'method' = 'auto'"),
    "a missing count that is none": (with_entries(missing={"Days": -1}), "'missing'"),
    "an unknown entry": (with_entries(extra=1), "not known: 'extra'"),
    "no chains": (with_sampling(chains=0), "'chains' = 0"),
    "draws as a text": (with_sampling(draws="40"), "'draws' = '40'"),
    "more draws said than held": (with_sampling(draws=400), "2 chains of 400 draws, and 'posterior' has 40"),
    "fewer draws held than said": (fewer_draws, "2 chains of 40 draws, and 'posterior' has 11"),
    "a number of draws that no machine has": (with_sampling(draws=10**400), "'draws'"),
    "a time of 400 digits": (with_sampling(seconds=10**400), "'seconds'"),
    "a later format of no version": (with_entries(format=99, version=[[1]]), "format 99 of bayesmix unknown"),
    "an endless time": (with_sampling(seconds=float("inf")), "'seconds'"),
    "an unknown sampler": (with_sampling(sampler="guess"), "'sampler'"),
    "no design": (with_entries(design=None), "lacks 'design'"),
    "rows of another experiment": (other_rows, "do not give the design"),
    "responses of other rows": (rows_turned_round, "do not give the design"),
    "all draws NaN": (with_draws("posterior", Days=lambda v: v * np.nan), "no draw of 'Days' is finite"),
    "all draws infinite": (with_draws("posterior", sigma=lambda v: v + np.inf), "no draw of 'sigma' is finite"),
    "sigma below 0": (with_draws("posterior", sigma=lambda v: -v), "80 draws of 'sigma' lie beyond 0 to inf"),
    "a sd below 0": (with_draws("posterior", sd_Subject__Days=lambda v: v - 1e9), "'sd_Subject__Days' lie beyond 0"),
    "a correlation of 2": (with_draws("posterior", corr_Subject=lambda v: v * 0 + 2), r"'corr_Subject' lie beyond -1"),
    "effects NaN": (with_draws("posterior", **{"Days|Subject": lambda v: v * np.nan}), "no effect of"),
    "texts as draws": (with_draws("posterior", Days=lambda v: v.astype(str)), "'posterior' holds no numbers"),
    "no posterior": (lambda tree, _: tree.drop_nodes("posterior"), "no group posterior"),
    "no statistics": (lambda tree, _: tree.drop_nodes("sample_stats"), "no group sample_stats"),
    "no rows": (lambda tree, _: tree.drop_nodes("data"), "no rows of data"),
    "a parameter less": (
        lambda tree, _: tree.map_over_datasets(lambda group: group.drop_vars("sigma", errors="ignore")),
        "do not give the model",
    ),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_nonsense_gets_one_line(case, whole, tmp_path):
    change, words = NONSENSE[case]
    path = crafted(whole, tmp_path / "fit.nc", change)
    message = refusal(path)
    assert words in message, message


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"format": ' + "9" * 5000 + "}", "null", "[1, 2]", "\ud800"])
def test_a_description_that_is_no_json_gets_one_line(text, whole, tmp_path):
    path = tmp_path / "fit.nc"
    path.write_bytes(whole["gaussian_slopes"])
    with h5py.File(path, "r+") as file:
        file.attrs["bayesmix"] = text.encode("utf-8", "surrogatepass")
    path.write_bytes(sealed(path.read_bytes()))
    refusal(path)


def test_one_draw_that_is_not_finite_is_the_samplers_affair(whole, tmp_path):
    fit = bm.load(crafted(whole, tmp_path / "fit.nc", with_draws("posterior", Days=first_nan)))
    assert np.isnan(fit.diagnostics.parameters.loc["Days", "rhat"])
    assert bm.save(fit, tmp_path / "again.nc").is_file()


@pytest.mark.parametrize(
    ("term", "is_refused"),
    [
        ("scale(Days, 2)", True),
        ("scale(Days, 0, 2)", True),
        ("scale(Days, center = 3)", True),
        ("scale(Days)", False),
        ("scale(Days, FALSE) + I(Days^2)", False),
        ("scale(Days, scale = FALSE)", False),
    ],
)
def test_numbers_of_scale_meant_something_else_in_format_2(term, is_refused, whole, tmp_path):
    def change(_tree, about):
        del about["design"]
        about.update(format=2, formula=f"Reaction ~ {term} + (Days | Subject)")

    message = refusal(crafted(whole, tmp_path / "fit.nc", change))
    assert ("took the numbers of scale() for true or false" in message) == is_refused


def test_weights_of_importance_sampling_are_looked_at(whole, tmp_path):
    for make in (lambda v: v * np.nan, lambda v: v + np.inf, lambda v: v - np.inf):
        change = with_draws("importance", log_weight=make)
        message = refusal(crafted(whole, tmp_path / "fit.nc", change, "binomial_counts"))
        assert "weights of importance sampling" in message


def test_the_record_of_attempts_is_looked_at(whole, tmp_path):
    for ladder in ("{", "3", '"a"', "[1]", '{"a": 1}', 7):

        def change(tree, _about, ladder=ladder):
            tree["sample_stats"].attrs["ladder"] = ladder

        refusal(crafted(whole, tmp_path / "fit.nc", change, "joint_sigma"))


def link_out(file, path):
    file["posterior"]["Days2"] = h5py.ExternalLink(str(path), "secret")


def link_within(file, _path):
    file["posterior"]["Days2"] = h5py.SoftLink("/posterior/Days")


def outside_storage(file, path):
    file["posterior"].create_dataset("secret", (16,), dtype="u1", external=[(str(path), 0, 16)])


def group_elsewhere(file, path):
    file["secret"] = h5py.ExternalLink(str(path), "/")


def virtual(file, path):
    layout = h5py.VirtualLayout((16,), dtype="u1")
    layout[:] = h5py.VirtualSource(str(path), "secret", shape=(16,))
    file["posterior"].create_virtual_dataset("secret", layout)


def compressed(file, _path):
    file["posterior"].create_dataset("secret", (2**31,), dtype="f8", compression="gzip", chunks=(2**20,))


def not_held(file, _path):
    file["posterior"].create_dataset("secret", (2**40,), dtype="f8")


def not_held_chunks(file, _path):
    file["posterior"].create_dataset("secret", (2**40,), dtype="f8", chunks=(2**10,))


def one_text_a_thousand_times(file, _path):
    """4,096 texts that are one in the file."""
    group = file["posterior"]
    texts = group.create_dataset("secret", (4096,), dtype=h5py.string_dtype())
    texts[0] = "x" * 60_000
    file.flush()
    start = texts.id.get_offset()
    with open(file.filename, "r+b") as raw:
        raw.seek(start)
        entry = raw.read(16)
        raw.seek(start)
        raw.write(entry * 4096)


def references(file, _path):
    file["posterior"].create_dataset("secret", data=np.array([file.ref] * 3, dtype=h5py.ref_dtype))


def group_within(file, _path):
    file["posterior"]["again"] = file["/"]


def group_as_array(file, _path):
    file["secret"] = np.arange(3.0)


def odd_attribute(file, _path):
    file["posterior"].attrs["secret"] = file.ref


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (link_out, "links"),
        (link_within, "links"),
        (group_elsewhere, "links"),
        (outside_storage, "other files"),
        (virtual, "other files"),
        (compressed, "compressed"),
        (not_held, "does not hold"),
        (not_held_chunks, "does not hold"),
        (one_text_a_thousand_times, "declares"),
        (references, "of type"),
        (group_within, "groups within groups"),
        (group_as_array, "outside of groups"),
        (odd_attribute, "attribute"),
    ],
    ids=lambda value: getattr(value, "__name__", "_"),
)
@pytest.mark.parametrize("digest", ["with a digest", "as format 2"])
def test_nothing_outside_of_the_file_is_read_and_nothing_grows(change, words, digest, whole, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b"the user's own text of this file")
    content = (
        whole["gaussian_slopes"] if digest == "with a digest" else (FILES / "format2_gaussian_slopes.nc").read_bytes()
    )
    path = tmp_path / "fit.nc"
    path.write_bytes(content)
    with h5py.File(path, "r+") as file:
        change(file, secret)
    content = path.read_bytes()
    path.write_bytes(sealed(content) if digest == "with a digest" else content)
    message = refusal(path)
    assert words in message, message
    assert "the user's" not in message


def rows_of(table: pa.Table, **how) -> bytes:
    head, body = b"{}", io.BytesIO()
    pq.write_table(table, body, **how)
    return len(head).to_bytes(8, "little") + head + body.getvalue()


BOMBS = {
    "numbers": lambda: pa.table({"x": pa.DictionaryArray.from_arrays(np.zeros(3 * 10**8, np.int8), [1.5])}),
    "texts": lambda: pa.table({"x": pa.DictionaryArray.from_arrays(np.zeros(40_000, np.int32), ["x" * 10**6])}),
}


@pytest.mark.parametrize("kind", ["texts", pytest.param("numbers", marks=pytest.mark.slow)])
def test_rows_that_would_fill_the_memory_are_refused(kind, whole, tmp_path):
    stored = np.frombuffer(rows_of(BOMBS[kind](), compression="zstd"), dtype=np.uint8)

    def change(tree, _about):
        tree["data"] = xr.DataTree(xr.Dataset({"rows": ("byte", stored)}))

    assert "bytes in memory" in refusal(crafted(whole, tmp_path / "fit.nc", change))


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"\xff" * 40,
        (2**62).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"{}" + b"PAR1 no table PAR1",
        (9).to_bytes(8, "little") + b'{"x": {}}' + rows_of(pa.table({"x": [1]}))[10:],
        (50).to_bytes(8, "little") + b'{"x": {"values": [[1], {"a": 2}], "ordered": true}}'[:50],
    ],
    ids=["empty", "no length", "a long length", "no table", "no categories", "odd categories"],
)
def test_damaged_rows_get_one_line(stored, whole, tmp_path):
    def change(tree, _about):
        values = np.frombuffer(stored, dtype=np.uint8)
        tree["data"] = xr.DataTree(xr.Dataset({"rows": ("byte", values)}))

    assert "rows of data" in refusal(crafted(whole, tmp_path / "fit.nc", change))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no such files")
def test_what_is_no_file_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch()
    for path, words in [
        (tmp_path / "pipe", "no regular file"),
        (Path("/dev/zero"), "no regular file"),
        (tmp_path / "folder", "folder"),
        (tmp_path / "empty", "not NetCDF"),
        (tmp_path / "empty" / "fit.nc", "There is no file"),
        (tmp_path / ("x" * 300), "cannot be read: File name too long"),
        (Path("a\0b.nc"), "NUL"),
        (Path("~nobody/fit.nc"), "There is no file"),
    ]:
        assert words in refusal(path)
    for wrong in (None, pd.DataFrame(), 3, b"fit.nc"):
        with pytest.raises(ArgumentError, match=r"load\(path\) takes the name of a file"):
            bm.load(wrong)
    with pytest.raises(ArgumentError, match="functions is a mapping"):
        bm.load(FILES / "format2_gaussian_slopes.nc", functions=[len])


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="the system has no such rights")
def test_a_file_that_may_not_be_read_says_so(whole, tmp_path):
    path = tmp_path / "fit.nc"
    path.write_bytes(sealed(whole["gaussian_slopes"]))
    path.chmod(0)
    program = (
        "import os, sys, bayesmix as bm\n"
        "bm.load\n"
        "if os.geteuid() == 0: os.seteuid(65534)\n"
        "try: bm.load(sys.argv[1])\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents[:2]:
        folder.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("StoredFitError")
    assert "Permission denied" in done.stdout


def test_nothing_in_a_file_is_executed(whole, tmp_path):
    """Every text of the description at once is code that would leave a trace."""
    trace = tmp_path / "trace"
    code = f"__import__('os').system('touch {trace}')"
    for key in ("formula", "family", "weights", "method", "reason", "version"):
        path = crafted(whole, tmp_path / "fit.nc", with_entries(**{key: code}))
        with suppress(StoredFitError):
            str(bm.load(path))
    for name in ("sigma", code):
        refusal(crafted(whole, tmp_path / "fit.nc", lambda _, about, name=name: about["priors"].update({name: code})))
    assert not trace.exists()
