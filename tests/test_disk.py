"""What is written takes its place complete, what a killed process left is removed, and devices are not read."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bayesmix import disk


def test_a_file_is_written_with_the_usual_rights_and_replaced(tmp_path):
    (tmp_path / "plain").touch()
    for content in (b"old", memoryview(b"new")):
        disk.write_whole(tmp_path / "file", content)
    assert (tmp_path / "file").read_bytes() == b"new"
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert sorted(os.listdir(tmp_path)) == ["file", "plain"]


@pytest.mark.parametrize("name", ["ü" * 100, "\N{GRINNING FACE}" * 60, "x" * 255])
def test_long_names_have_room_for_the_scratch_file(name, tmp_path):
    disk.write_whole(tmp_path / name, b"content")
    assert os.listdir(tmp_path) == [name]


def test_a_refusal_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    disk.write_whole(tmp_path / "file", b"old")

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        disk.write_whole(tmp_path / "file", b"new")
    assert os.listdir(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


WRITES_SLOWLY = """
import os, sys, time
from pathlib import Path
from bayesmix import disk
def waiting(handle):
    print("writing", flush=True)
    time.sleep(60)
os.fsync = waiting
disk.write_whole(Path(sys.argv[1]), b"new")
"""


@pytest.mark.skipif(disk.fcntl is None, reason="the system knows no locks")
def test_only_what_a_killed_process_left_is_removed(tmp_path):
    path = tmp_path / "file"
    with subprocess.Popen([sys.executable, "-c", WRITES_SLOWLY, str(path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == b"writing\n"
        (left,) = os.listdir(tmp_path)
        disk.write_whole(path, b"of this process")
        assert sorted(os.listdir(tmp_path)) == sorted([left, "file"])
        disk.write_whole(tmp_path / "other", b"")
        os.kill(writer.pid, signal.SIGKILL)
    assert left in os.listdir(tmp_path)
    disk.write_whole(tmp_path / "other", b"")
    assert left in os.listdir(tmp_path)
    disk.write_whole(path, b"of this process")
    assert sorted(os.listdir(tmp_path)) == ["file", "other"]


def test_without_locks_what_is_a_day_old_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "fcntl", None)
    old, new, foreign = (tmp_path / f".file.unfinished-{end}" for end in ("abcdefgh", "hgfedcba", "mine"))
    for path in (old, new, foreign):
        path.touch()
    for path in (old, foreign):
        os.utime(path, (time.time() - 2 * 86400,) * 2)
    disk.write_whole(tmp_path / "file", b"content")
    assert sorted(os.listdir(tmp_path)) == sorted(["file", new.name, foreign.name])


@pytest.mark.skipif(disk.fcntl is None, reason="the system knows no locks")
def test_a_scratch_file_that_was_taken_for_abandoned_is_made_anew(tmp_path, monkeypatch):
    holds = []

    def removed_at_once(handle):
        holds.append(handle)
        if len(holds) == 1:
            for name in os.listdir(tmp_path):
                (tmp_path / name).unlink()
        return True

    monkeypatch.setattr(disk, "_hold", removed_at_once)
    disk.write_whole(tmp_path / "file", b"content")
    assert (len(holds), os.listdir(tmp_path)) == (2, ["file"])


def test_a_file_is_read_whole_or_not_at_all(tmp_path):
    (tmp_path / "file").write_bytes(b"head and body")
    assert disk.read_regular(tmp_path / "file") == b"head and body"
    assert disk.read_regular(tmp_path / "file", beginning=b"head") == b"head and body"
    assert disk.read_regular(tmp_path / "file", beginning=b"tail") == b"head"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_devices_pipes_and_folders_are_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(OSError, match="no regular file"):
            disk.read_regular(path)
