"""What damages files and writing: flipped bits, zeroed blocks, cuts, full disks, processes killed at any step."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError, StoredFitError

FILES = Path(__file__).parent / "files"
ONE = FILES / "format2_gaussian_slopes.nc"
NAMES = ("gaussian_slopes", "binomial_counts", "categorical_missing", "joint_sigma")
SEAL_SIZE = 49 + 32  # the line before the digest, and the digest
PATIENCE = 120  # seconds for a process that takes some


@pytest.fixture(scope="module")
def fit():
    return bm.load(ONE)


@pytest.fixture(scope="module")
def stored(fit, tmp_path_factory):
    return bm.save(fit, tmp_path_factory.mktemp("stored") / "fit.nc").read_bytes()


def tables(fit):
    return [question(fit) for question in (bm.fixef, bm.varcorr, bm.ranef)]


def fate(content, path, expected):
    """What becomes of a file: ``"refused"``, ``"same"``, or ``"other numbers"``; an error of another kind is raised."""
    path.write_bytes(content)
    try:
        found = tables(bm.load(path))
    except StoredFitError as error:
        return "refused" if "\n" not in str(error) else "several lines"
    return "same" if all(map(lambda one, other: one.equals(other), found, expected)) else "other numbers"


def flipped(content, bit):
    damaged = bytearray(content)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


def test_every_flipped_bit_is_noticed(fit, stored, tmp_path):
    expected, rng = tables(fit), np.random.default_rng(1)
    assert fate(stored, tmp_path / "fit.nc", expected) == "same"
    for bit in rng.integers(8 * len(stored), size=40):
        assert fate(flipped(stored, int(bit)), tmp_path / "fit.nc", expected) == "refused", bit


@pytest.mark.parametrize("step", [37, pytest.param(5, marks=pytest.mark.slow)])
def test_the_bits_of_the_digest_are_noticed_too(step, fit, stored, tmp_path):
    """Of every byte one or two, in every place of a byte."""
    expected = tables(fit)
    for bit in range(8 * (len(stored) - SEAL_SIZE), 8 * len(stored), step):
        assert fate(flipped(stored, bit), tmp_path / "fit.nc", expected) == "refused", bit


@pytest.mark.parametrize("shorter", [1, 32, SEAL_SIZE, SEAL_SIZE + 1, 5000, 50_000])
def test_files_cut_short_are_refused(shorter, fit, stored, tmp_path):
    assert fate(stored[:-shorter], tmp_path / "fit.nc", tables(fit)) == "refused"


def test_a_file_cannot_be_made_one_of_format_2(stored, tmp_path):
    older = stored.replace(b'"format": 4', b'"format": 2')
    assert older != stored
    for content, words in [(older, "by their digest"), (stored[:-SEAL_SIZE], "digest is missing")]:
        (tmp_path / "fit.nc").write_bytes(content)
        with pytest.raises(StoredFitError, match=words):
            bm.load(tmp_path / "fit.nc")


DAMAGES = """
import sys
from pathlib import Path
sys.path.insert(0, {folder!r})
from test_storage_damage import FILES, bm, damages, fate, tables
name, folder, version = sys.argv[1:]
path = FILES / f"format2_{{name}}.nc"
fit = bm.load(path)
path = path if version == "2" else bm.save(fit, Path(folder) / "fit.nc")
expected, damaged = tables(fit), Path(folder) / "damaged.nc"
fates = [fate(content, damaged, expected) for content in damages(path.read_bytes(), 20 if version == "2" else 40)]
print(*sorted(set(fates)), sep=",")
"""


def damages(content, n):
    """4 n flipped bits, n zeroed blocks, n cuts."""
    rng = np.random.default_rng(7)
    for bit in rng.integers(8 * len(content), size=4 * n):
        yield flipped(content, int(bit))
    for size in rng.choice([8, 64, 512], size=n):
        start = int(rng.integers(len(content) - size))
        yield content[:start] + bytes(size) + content[start + size :]
    for end in rng.integers(len(content), size=n):
        yield content[:end]


@pytest.mark.slow
@pytest.mark.parametrize("version", ["2", "3"])
@pytest.mark.parametrize("name", NAMES)
def test_all_damages_end_in_one_line_or_the_same_numbers(name, version, tmp_path):
    """No error of another kind, no hang, no death; of format 2, which has no digest, other numbers may come."""
    program = DAMAGES.format(folder=str(Path(__file__).parent))
    command = [sys.executable, "-c", program, name, tmp_path, version]
    done = subprocess.run(command, capture_output=True, text=True, timeout=10 * PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.strip().split(",")) <= {"same", "refused"} | ({"other numbers"} if version == "2" else set())


@pytest.mark.slow
def test_a_damaged_collection_of_texts_of_format_2_does_not_hang(tmp_path):
    """HDF5 looks for its end for ever when the size of an entry is 0."""
    content = bytearray((FILES / "format2_binomial_counts.nc").read_bytes())
    start = content.index(b"GCOL") + 16
    content[start : start + 16] = bytes(16)
    (tmp_path / "fit.nc").write_bytes(content)
    program = "import sys, bayesmix as bm\ntry: bm.load(sys.argv[1])\nexcept Exception as error: print(repr(error))"
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "fit.nc"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert done.stdout.startswith("StoredFitError")


SAVES = """
import resource, sys
import bayesmix as bm
fit = bm.load(sys.argv[1])
if sys.argv[3] != "any":
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
try:
    bm.save(fit, sys.argv[2])
    print("saved")
except Exception as error:
    print(type(error).__name__, error, sep=": ")
print(len(bm.fixef(fit)))
"""


def saves(path, limit):
    """What a process prints that saves a fit and goes on; of a death the lines of the error."""
    command = [sys.executable, "-c", SAVES, ONE, path, str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, (done.returncode, done.stderr)
    return done.stdout.splitlines()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the system has no such limit")
@pytest.mark.parametrize("limit", [0, 20_000, 60_000])
def test_a_disk_that_takes_no_more_costs_one_line(limit, stored, tmp_path):
    (tmp_path / "fit.nc").write_bytes(stored)
    said, n_coefficients = saves(tmp_path / "fit.nc", limit)
    assert said == f"StoredFitError: {str(tmp_path / 'fit.nc')!r} cannot be written: File too large."
    assert n_coefficients == "2"
    assert (tmp_path / "fit.nc").read_bytes() == stored
    assert os.listdir(tmp_path) == ["fit.nc"]


@pytest.mark.slow
def test_a_full_disk_costs_one_line(stored, tmp_path):
    """A file system in memory, of which more and more is taken."""
    mount = tmp_path / "small"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(mount)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("no file system may be mounted here")
    try:
        (mount / "fit.nc").write_bytes(stored)
        outcomes = []
        for kilobytes in range(0, 230, 45):
            (mount / "fill").write_bytes(bytes(1000 * kilobytes))
            said, _ = saves(mount / "fit.nc", "any")
            outcomes.append(said)
            again = tables(bm.load(mount / "fit.nc"))
            assert all(one.equals(other) for one, other in zip(again, tables(bm.load(ONE)), strict=True))
            assert sorted(os.listdir(mount)) == ["fill", "fit.nc"]
        refusal = f"StoredFitError: {str(mount / 'fit.nc')!r} cannot be written: No space left on device."
        assert set(outcomes) == {"saved", refusal}
    finally:
        subprocess.run(["umount", str(mount)], check=True)


KILLED = """
import os, signal, sys
import bayesmix as bm
from bayesmix import disk
fit, path = bm.load(sys.argv[1]), sys.argv[2]
bm.save(fit, path)

def dying_at(step):
    left = [step]
    def trace(frame, event, _argument):
        if frame.f_code.co_filename == disk.__file__:
            left[0] -= event == "line"
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace
    return trace

step = 0
while True:
    child = os.fork()
    if child == 0:
        sys.settrace(dying_at(step))
        bm.save(fit, path)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    left = [name for name in os.listdir(os.path.dirname(path)) if name != "fit.nc"]
    same = bm.fixef(bm.load(path)).equals(bm.fixef(fit))
    print(step, os.WIFSIGNALED(status), same, len(left))
    if not os.WIFSIGNALED(status):
        break
    step += 1
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_process_killed_at_any_step_leaves_a_whole_file_and_no_more_than_one_other(tmp_path):
    command = [sys.executable, "-c", KILLED, ONE, str(tmp_path / "fit.nc")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=10 * PATIENCE, check=True)
    steps = [line.split() for line in done.stdout.splitlines()]
    assert len(steps) > 30
    assert all(same == "True" for _, _, same, _ in steps)
    assert {int(left) for *_, left in steps} == {0, 1}
    assert steps[-1][-1] == "0"
    assert os.listdir(tmp_path) == ["fit.nc"]


@pytest.mark.parametrize("wrong", [None, 3, b"fit.nc", io.BytesIO()])
def test_what_is_no_path_is_refused(wrong, fit):
    with pytest.raises(ArgumentError, match=r"save\(fit, path\) takes the name of a file"):
        bm.save(fit, wrong)


def test_places_that_take_no_file_get_one_line(fit, tmp_path):
    (tmp_path / "file").touch()
    for path, words in [
        (tmp_path / ("x" * 300), "File name too long"),
        (tmp_path / ("x" * 300) / "fit.nc", "does not exist"),
        ("a\0b.nc", "NUL"),
        (tmp_path / "file" / "fit.nc", "does not exist"),
        ("~nobody/fit.nc", "expanduser"),
        *([("/proc/fit.nc", "cannot be written")] if os.path.isdir("/proc") else []),
    ]:
        with pytest.raises(StoredFitError, match=words) as caught:
            bm.save(fit, path)
        assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == ["file"]
    for wrong in (None, fit.data):
        with pytest.raises(StoredFitError, match="save keeps the draws of fits"):
            bm.save(wrong, tmp_path / "fit.nc")


def test_the_description_says_what_is_read(stored):
    """Whoever reads the file by other means finds the format in it."""
    start = stored.index(b'{"format": 4')
    about, _ = json.JSONDecoder().raw_decode(stored[start : start + 10_000].decode("utf-8", "replace"))
    assert about["design"]["n_obs"] == 180
