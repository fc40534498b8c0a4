"""Stored fits that a stranger changed, with digests that fit."""

import hashlib
import io
import json
from functools import cache
from pathlib import Path

import h5py
import pytest
import xarray as xr

import bayesmix as bm
from bayesmix.errors import StoredFitError

FILES = Path(__file__).parent / "files"
MARK = b"\nbayesmix: SHA-256 of all bytes before this line\n"
DIGEST = 32


def sealed(content: bytes) -> bytes:
    return content + MARK + hashlib.sha256(content).digest()


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """The files of three fits, without their digests."""
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
    stored = tree_of(whole[name])
    tree = stored.copy(deep=True)
    about = json.loads(tree.attrs["bayesmix"])
    changed = change(tree, about)
    tree = tree if changed is None else changed
    file = io.BytesIO(whole[name])
    if tree.identical(stored):  # to write the description alone takes a tenth of the time
        with h5py.File(file, "r+") as opened:
            opened.attrs["bayesmix"] = json.dumps(about)
    else:
        tree.attrs["bayesmix"] = json.dumps(about)
        file = io.BytesIO()
        tree.to_netcdf(file, engine="h5netcdf")
    path.write_bytes(sealed(file.getvalue()))
    return path
