"""The NetCDF of a stored fit as bytes and back, closed by a digest of all of them.

The digest (SHA-256) follows the last byte of the NetCDF, where HDF5, xarray and ArviZ do not look. It covers names,
types, numbers and HDF5's own structure, so that no bit of the file can change unnoticed. It shows that the file is as
it was written, not who wrote it: a stranger's file may have a digest that fits. HDF5 allows a file to take values from
other files, to repeat a byte a billion times, and to declare arrays that it does not hold; such files are refused
before a value is read. Only the bytes in memory are opened.
"""

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager

import h5py
import numpy as np
import xarray as xr

from bayesmix.errors import StoredFitError
from bayesmix.visible import is_unicode

DESCRIPTION = "bayesmix"
"""The attribute of the root that marks a stored fit."""
SIGNATURE = b"\x89HDF\r\n\x1a\n"
_BEFORE_DIGEST = b"\nbayesmix: SHA-256 of all bytes before this line\n"
_DIGEST_SIZE = hashlib.sha256().digest_size
_SEAL_SIZE = len(_BEFORE_DIGEST) + _DIGEST_SIZE

# The entry of a text of variable length in the file: its length in bytes, and the place of the bytes.
_TEXT = np.dtype([("length", "<u4"), ("address", "<u8"), ("number", "<u4")])
_WITHOUT_VALUES = b"This is a netCDF dimension but not a netCDF variable"
_HEAP = re.compile(rb"GCOL\x01\0{3}")  # begins a collection of texts
_MOST_TEXT = 2**30  # bytes, if every text of an attribute is as long as the file
_OF_DIMENSIONS = ("DIMENSION_LIST", "REFERENCE_LIST")  # references among the file's own arrays


def to_netcdf(tree: xr.DataTree) -> io.BytesIO:
    """A tree as the bytes of a NetCDF-4 file and their digest.

    Raises
    ------
    StoredFitError
        NetCDF cannot hold a name or a value; the message names it.
    """
    _refuse_texts(tree)
    file = io.BytesIO()
    try:
        tree.to_netcdf(file, engine="h5netcdf")
    except (ValueError, TypeError, OSError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise StoredFitError(f"The fit cannot be stored: NetCDF has no place for a value of it ({reason}).") from error
    digest = hashlib.sha256(file.getbuffer()).digest()
    file.seek(0, io.SEEK_END)
    file.write(_BEFORE_DIGEST + digest)
    return file


def has_right_digest(content: memoryview) -> bool:
    """Whether the bytes end with a digest of all others; False without a digest.

    Raises
    ------
    StoredFitError
        The digest is one of other bytes.
    """
    if bytes(content[-_SEAL_SIZE:-_DIGEST_SIZE]) != _BEFORE_DIGEST:
        return False
    if hashlib.sha256(content[:-_SEAL_SIZE]).digest() != bytes(content[-_DIGEST_SIZE:]):
        raise StoredFitError(
            "its bytes are not those that were written, by their digest; take another copy, or fit again."
        )
    return True


@contextmanager
def opened(file: io.BytesIO) -> Iterator[xr.DataTree]:
    """The tree, whose values are read on demand within the block.

    Raises
    ------
    StoredFitError
        The bytes are not NetCDF, are damaged, or refer to values outside them.
    """
    try:
        with file.getbuffer() as content:
            _require_whole_heaps(content)
        with file.getbuffer() as content, h5py.File(file, "r") as inside:
            if DESCRIPTION not in inside.attrs:
                raise StoredFitError("it is NetCDF, but no fit that bayesmix stored.")
            _require_plain(inside, content)
        with xr.open_datatree(file, engine="h5netcdf") as tree:
            yield tree
    except StoredFitError:
        raise
    except MemoryError as error:
        raise StoredFitError("there is not the memory for its values.") from error
    except Exception as error:  # damaged bytes: HDF5, h5netcdf and xarray raise errors of many kinds
        raise StoredFitError("it is not NetCDF, or it is damaged.") from error


def _refuse_texts(tree: xr.DataTree) -> None:
    """Refuse texts that HDF5 cannot keep: it ends them at a NUL and stores them as UTF-8."""
    for group in tree.children.values():
        for name, coord in group.coords.items():
            texts = [value for value in coord.to_numpy().ravel() if isinstance(value, str)]
            for text in (str(name), *texts):
                if "\0" in text or not is_unicode(text):
                    raise StoredFitError(
                        f"The fit cannot be stored: {text!r} of {str(name)!r} has a NUL or half a character in it, for "
                        "which NetCDF has no place; rename it before the fit."
                    )


def _require_plain(inside: h5py.File, content: memoryview) -> None:
    """Refuse anything but groups of arrays whose values are all in the file."""
    declared = 0
    _require_short_attributes(inside, len(content))
    for name in inside:
        group = _linked(inside, name)
        if not isinstance(group, h5py.Group):
            raise StoredFitError("it holds arrays outside of groups, as no stored fit does.")
        _require_short_attributes(group, len(content))
        for inner in group:
            dataset = _linked(group, inner)
            if not isinstance(dataset, h5py.Dataset):
                raise StoredFitError("it holds groups within groups, as no stored fit does.")
            _require_short_attributes(dataset, len(content))
            declared += _size_in_memory(dataset, content)
    if declared > len(content):
        raise StoredFitError(f"it declares {declared} bytes of values and has {len(content)}; that is no stored fit.")


def _require_whole_heaps(content: memoryview) -> None:
    """Refuse texts that do not follow each other up to the end of their collection, which HDF5 would seek for ever."""
    if not all(_is_whole(content, heap.start()) for heap in _HEAP.finditer(content)):
        raise StoredFitError("it is damaged: its texts do not stand where they should.")


def _is_whole(content: memoryview, start: int) -> bool:
    """Whether the entries fill the collection that begins at `start`, whose size follows in 8 bytes.

    An entry has its number (2 bytes), 6 bytes that do not matter, its size (8), and its bytes up to a multiple of 8.
    Number 0 is free space, whose size includes those 16 bytes; fewer than 16 bytes are free without an entry.
    """
    end = start + int.from_bytes(content[start + 8 : start + 16], "little")
    place = start + 16
    while place + 16 <= end <= len(content):
        size = int.from_bytes(content[place + 8 : place + 16], "little")
        if bytes(content[place : place + 2]) != b"\0\0":
            size = 16 + -(-size // 8) * 8
        if size < 16:
            return False
        place += size
    return place <= end <= len(content)


def _linked(group: h5py.Group, name: str) -> h5py.HLObject:
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise StoredFitError(
            "it has links to other places or files, which are not followed; have it saved by bayesmix itself."
        )
    return group[name]


def _size_in_memory(dataset: h5py.Dataset, content: memoryview) -> int:
    """The bytes that the values of a dataset take."""
    if dataset.is_virtual or dataset.external:
        raise StoredFitError("it takes values from other files, which are not read; have it saved by bayesmix itself.")
    settings, kind = dataset.id.get_create_plist(), dataset.dtype
    if settings.get_nfilters() or dataset.shape is None:
        raise StoredFitError("its values are compressed or empty, as those of no stored fit are.")
    is_text = h5py.check_string_dtype(kind) is not None
    if not is_text and kind.kind not in "iufb":
        raise StoredFitError(f"it holds values of type {kind}, as no stored fit does.")
    if bytes(dataset.attrs.get("NAME", b"")).startswith(_WITHOUT_VALUES):
        return 0
    size = dataset.size * (_TEXT if kind.kind == "O" else kind).itemsize
    if dataset.id.get_storage_size() < size:
        raise StoredFitError(f"it declares {size} bytes of {dataset.name!r} that it does not hold.")
    return size + (_length_of_texts(dataset, content) if kind.kind == "O" else 0)


def _length_of_texts(dataset: h5py.Dataset, content: memoryview) -> int:
    """The bytes of all texts, many of which may share one place in the file."""
    start = dataset.id.get_offset()
    if start is None:
        raise StoredFitError(f"its texts {dataset.name!r} stand in a way that no stored fit has.")
    return int(np.frombuffer(content, _TEXT, count=dataset.size, offset=start)["length"].sum(dtype=np.uint64))


def _require_short_attributes(item: h5py.HLObject, n_bytes: int) -> None:
    for name in item.attrs:
        if name in _OF_DIMENSIONS:
            continue
        attribute = item.attrs.get_id(name)
        is_text = attribute.dtype.kind == "O"
        if attribute.dtype.kind not in "OSiufb" or (is_text and h5py.check_string_dtype(attribute.dtype) is None):
            raise StoredFitError(f"its attribute {name!r} is of type {attribute.dtype}, as none of a stored fit is.")
        if int(np.prod(attribute.shape, dtype=object)) * (n_bytes if is_text else 1) > max(n_bytes, _MOST_TEXT):
            raise StoredFitError(f"its attribute {name!r} is longer than the file.")
