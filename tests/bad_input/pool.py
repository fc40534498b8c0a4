"""Worker processes that serve many inputs each, with a time limit; one that hangs or dies is replaced."""

import json
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WARMING = 600.0  # seconds for imports, and for kernels that are compiled in an empty cache


@dataclass(frozen=True)
class Result:
    """What came of an input: `outcome` is ``"answer"``, ``"refused"``, ``"failed"``, ``"hung"`` or ``"died"``."""

    family: str
    seed: int
    code: str
    outcome: str
    exception: str
    place: str
    message: str
    seconds: float

    @property
    def is_fault(self) -> bool:
        return self.outcome not in ("answer", "refused")


class Worker:
    """One process, and the texts that go to it and come from it."""

    def __init__(self) -> None:
        self.errors = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115, closed with the worker
        environment = os.environ | {"MPLBACKEND": "agg", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "worker.py")],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        if self._answer(WARMING) is None:
            raise RuntimeError(f"A worker did not start: {self.said()[-2000:]}")

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put("")

    def _answer(self, seconds: float) -> dict | None:
        """The next line, or None from a process that hangs or is gone."""
        try:
            line = self.lines.get(timeout=seconds)
        except queue.Empty:
            return None
        return json.loads(line) if line else None

    def _ask(self, task: dict) -> bool:
        """Whether the process took a task; one that is gone does not."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(task) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return False
        return True

    def said(self) -> str:
        self.errors.seek(0)
        return self.errors.read()

    def run(self, family: str, seed: int, limit: float) -> Result:
        started = time.monotonic()
        made = self._answer(limit) if self._ask({"family": family, "seed": seed, "limit": limit}) else None
        found = self._answer(limit + 2) if made else None
        seconds = time.monotonic() - started
        code = made["code"] if made else "(while it was made)"
        if found is None:
            return self._lost(family, seed, code, seconds, limit)
        exception, place = found.get("exception", ""), found.get("place", "")
        return Result(family, seed, code, found["outcome"], exception, place, found["message"], seconds)

    def _lost(self, family: str, seed: int, code: str, seconds: float, limit: float) -> Result:
        """Of an input that hung or killed the process; where, by the frames it left behind."""
        try:
            status = self.process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            status = None
        said = self.said()
        self.stop()
        frames = re.findall(r'File ".*?/bayesmix/((?!tests)[^"]*)", line \d+ in (\S+)', said)
        place = " ".join(frames[0]) if frames else "unknown"
        outcome = "hung" if status is None else "died"
        what = f"more than {limit:g} s" if status is None else f"exit status {status}"
        return Result(family, seed, code, outcome, what, place, said[-300:], seconds)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.errors.close()


def run_all(tasks: Iterable[tuple[str, int]], *, workers: int = 2, limit: float = 60.0) -> Iterator[Result]:
    """The results of all tasks, as they come; each of the workers takes the next one when it is free."""
    waiting: queue.Queue[tuple[str, int]] = queue.Queue()
    for task in tasks:
        waiting.put(task)
    done: queue.Queue[Result | Exception | None] = queue.Queue()

    def serve() -> None:
        worker: Worker | None = None
        try:
            while True:
                family, seed = waiting.get_nowait()
                worker = worker or Worker()
                result = worker.run(family, seed, limit)
                done.put(result)
                if result.outcome in ("hung", "died"):
                    worker = None
        except queue.Empty:
            pass
        except Exception as error:  # told to the caller, who would wait for ever
            done.put(error)
        finally:
            if worker is not None:
                worker.stop()
            done.put(None)

    for _ in range(workers):
        threading.Thread(target=serve, daemon=True).start()
    finished = 0
    while finished < workers:
        result = done.get()
        if result is None:
            finished += 1
        elif isinstance(result, Exception):
            raise result
        else:
            yield result
