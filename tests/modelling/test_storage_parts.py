"""What stands in a stranger's file beside a fit: nothing outside of it is read, and nothing grows."""

import io
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xarray as xr

import bayesmix as bm
from bayesmix.errors import ArgumentError

from .conftest import FILES, crafted, refusal, sealed


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
@pytest.mark.parametrize("digest", ["with a digest", pytest.param("as format 2", marks=pytest.mark.slow)])
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


@pytest.mark.slow
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
