"""A process that makes inputs, runs them and judges what comes of each: lines of JSON in and out.

In: ``{"family": ..., "seed": ..., "limit": seconds}``. Out: first ``{"code": ...}``, then, once it has run,
``{"outcome": ..., "exception": ..., "place": ..., "message": ...}``. What an input prints goes nowhere; where the
process was when it hung or died is in its standard error.
"""

import contextlib
import faulthandler
import json
import os
import re
import resource
import sys
import traceback
import warnings
from collections.abc import Iterator
from typing import Any

import prelude
from families import FAMILIES

MOST_MEMORY = 6 * 2**30
LONGEST, LONGEST_OF_QUESTIONS = 2000, 500  # characters of a message


def main() -> None:
    # What is printed by an input must not come between the answers.
    answers = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    faulthandler.enable()
    warnings.simplefilter("ignore")
    with little_memory():
        names = warm()
        tell(answers, {"ready": True})
        for line in sys.stdin:
            task = json.loads(line)
            tell(answers, {"code": make(task["family"], task["seed"])})
            tell(answers, served(task["family"], task["seed"], names, limit=task["limit"]))


@contextlib.contextmanager
def little_memory() -> Iterator[None]:
    """What asks for too much of it is refused, not the whole machine."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def served(family: str, seed: int, names: dict[str, Any], *, limit: float, exits: bool = False) -> dict[str, str]:
    """What came of an input, and its line; past the limit the process says where it is, and ends if it `exits`."""
    code = make(family, seed)
    faulthandler.dump_traceback_later(limit, exit=exits)
    try:
        longest = LONGEST_OF_QUESTIONS if family in ("questions", "kinds") else LONGEST
        return judged(code, names, longest) | {"code": code}
    finally:
        faulthandler.cancel_dump_traceback_later()


def warm() -> dict[str, Any]:
    """The names of the prelude, its fits made: they take seconds once, which no input is charged with."""
    for model in prelude.MODELS:
        prelude.fitted(model)
    prelude.stored()
    return {name: value for name, value in vars(prelude).items() if not name.startswith("__")}


def make(family: str, seed: int) -> str:
    return FAMILIES[family].make(seed)


def tell(answers: Any, what: dict[str, Any]) -> None:
    answers.write(json.dumps(what) + "\n")
    answers.flush()


def judged(code: str, names: dict[str, Any], longest: int) -> dict[str, str]:
    """What came of a line: ``"answer"``, ``"refused"``, or ``"failed"`` with exception, place and message."""
    try:
        exec(compile(code, "<input>", "exec"), dict(names))
    except prelude.BayesmixError as error:
        wrong = fault_of(error, longest)
        if wrong:
            return {"outcome": "failed", "exception": wrong, "place": place_of(error), "message": str(error)[:400]}
        return {"outcome": "refused", "message": str(error)[:400]}
    except BaseException as error:  # whatever else comes out is the fault that is looked for
        kind, message = type(error).__name__, ascii(str(error))[1:-1][:400]
        return {"outcome": "failed", "exception": kind, "place": place_of(error), "message": message}
    finally:
        figures = sys.modules.get("matplotlib.pyplot")
        if figures:
            figures.close("all")
    return {"outcome": "answer", "message": ""}


def fault_of(error: Exception, longest: int) -> str:
    """What is wrong with a message, or an empty text: one line, of a formula three."""
    text = str(error)
    lines = text.split("\n")
    if len(lines) != (3 if isinstance(error, prelude.FormulaError) else 1):
        return f"message of {len(lines)} lines"
    if not all(line.isprintable() for line in lines):
        return "message with control characters"
    return f"message of more than {longest} characters" if len(text) > longest else ""


def place_of(error: BaseException) -> str:
    """Where in the package it came from, the innermost: file and function."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/bayesmix/" in frame.filename and "/tests/" not in frame.filename]
    if not own:
        last = frames[-1]
        return f"not in bayesmix: {os.path.basename(last.filename)} {last.name}"
    return f"{re.sub('.*/bayesmix/', '', own[-1].filename)} {own[-1].name}"


if __name__ == "__main__":
    main()
