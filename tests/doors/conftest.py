"""A watch over what a process does while a stranger's text goes through it, and texts that would do something."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import bambi
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytensor
import pytest
from pytensor.compile.mode import Mode

import bayesmix as bm
from bayesmix.families.family import read_family
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design
from bayesmix.modelling.pymc_model.bambi_bridge import build_bambi_model
from bayesmix.numerics.kernels import cache_folder
from bayesmix.priors.default_priors import default_priors

PROCESS = (
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "os.system",
    "pty.spawn",
    "subprocess.Popen",
)
FILE = ("os.chmod", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate")
IN_PYTHON = Mode(linker="py", optimizer=None)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
SECRET = "/etc/passwd"


class Watch:
    """What happened while it was on: processes, sockets, code that holds a canary, and files outside `allowed`."""

    def __init__(self) -> None:
        self.on = False
        self.allowed: list[str] = []
        self.seen: list[str] = []

    def hook(self, event: str, args: tuple) -> None:
        if not self.on:
            return
        if event in PROCESS or event.startswith(("socket.", "ctypes.dlopen", "webbrowser.", "urllib.")):
            self.seen.append(f"{event} {args!r:.200}")
        elif event == "exec" and "pwned" in repr(args[0].co_consts):
            self.seen.append(f"{event} {args[0].co_consts!r:.200}")
        elif event == "open" and isinstance(args[0], str | bytes | os.PathLike):
            path, writes = os.fspath(args[0]), bool(args[2] & WRITES)
            if os.fsdecode(path) == SECRET or (writes and not self.is_allowed(path)):
                self.seen.append(f"open {path!r} {args[1:]!r}")
        elif event in FILE and not self.is_allowed(args[0]):
            self.seen.append(f"{event} {args!r:.200}")

    def is_allowed(self, path: object) -> bool:
        if not isinstance(path, str | bytes | os.PathLike):
            return True  # an open descriptor: its opening was looked at
        whole = os.path.realpath(os.fsdecode(path))
        return whole == os.devnull or any(whole.startswith(folder) for folder in self.allowed)


WATCH = Watch()


def _bytes_of(command: str) -> str:
    return " ,".join(str(code) for code in command.encode())


ENCODED = f"import os; os.system(bytes([{_bytes_of('id > pwned')}]).decode())"
RUNS = f"np.testing.runstring('{ENCODED}', np.show_config('dicts'))"
IMPORTS = "__import__('os').system('id > pwned')"
TEXTS = {
    "python": IMPORTS,
    "added to a formula": f" + {RUNS} ",
    "closes a call": f") + {RUNS} + I(x",
    "closes backticks": f"x` + {RUNS} + `x",
    "braces": f"{{{IMPORTS}}}",
    "quotes": f"'); {IMPORTS}; ('",
    "double quotes": f'"); {IMPORTS} #"',
    "lines": f"a\n{IMPORTS}\nb",
    "format": "{0.__class__.__init__.__globals__} %(x)s %n",
    "query": f"@{IMPORTS} or index == 0",
    "shell": "$(id > pwned); `id > pwned` | id > pwned & ;",
    "path": "../../pwned",
    "absolute path": "/tmp/pwned",
    "url": "http://127.0.0.1:9/pwned",
    "secret": f"file://{SECRET}",
    "tex": r"$\immediate\write18{id > pwned}$",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "markup": f"[link=file://{SECRET}]x[/link][red]",
    "terminal": "\x1b]0;pwned\x07\x1b[31mred",
    "spreadsheet": "=cmd|' /C id > pwned'!A0",
    "dunder": "__class__.__mro__[-1].__subclasses__()",
    "keyword": "lambda",
    "its own name": "bayesmix_column_0",
}
"""Texts of a stranger, by what they try."""


def as_name(text: str) -> str:
    """The text as the name of a column that a formula can quote."""
    return text.replace("`", "'").replace("\n", " ").replace("\x1b", "").replace("\x07", "")


RESPONSES = {
    "real": "{0}y",
    "number": "{0}y",
    "positive": "{0}y",
    "positive_with_zeros": "{0}z",
    "not_negative": "{0}z",
    "share": "{0}s",
    "share_with_ends": "{0}e",
    "binary": "{0}b",
    "proportion": "{0}k",
    "trials": "{0}k",
    "trials_with_zeros": "{0}k",
    "count": "{0}k",
    "count_with_zeros": "{0}k",
    "count_without_zeros": "{0}c",
    "ordinal": "{0}o",
    "nominal": "{0}v",
}
OUT_OF_TRIALS = ("proportion", "trials", "trials_with_zeros")


def of_a_stranger(text: str, family: str) -> tuple[pd.DataFrame, str]:
    """Data whose columns and levels are called by `text`, and a formula of them whose response suits the family."""
    rng = np.random.default_rng(5)
    n, name = 72, as_name(text)
    levels = [f"{name} {i}" for i in range(6)]
    data = pd.DataFrame(
        {
            f"{name}y": rng.normal(5, 1, n).clip(1),
            name: rng.normal(size=n),
            f"{name}f": rng.choice(levels[:3], n),
            f"{name}g": np.repeat(levels, n // 6),
            f"{name}z": rng.normal(5, 1, n).clip(1) * (np.arange(n) % 4 > 0),
            f"{name}k": rng.integers(0, 5, n),
            f"{name}n": 6,
            f"{name}s": rng.uniform(0.1, 0.9, n),
            f"{name}o": pd.Categorical.from_codes(np.arange(n) % 3, levels[:3], ordered=True),
            f"{name}v": np.array(levels[:3])[np.arange(n) % 3],
            f"{name}b": np.arange(n) % 2,
            f"{name}c": np.arange(n) % 5 + 1,
            f"{name}e": np.arange(n) % 9 / 8,
        }
    ).assign(**({} if text == name else {text: 1.0}))
    kind = read_family(family).response
    column = f"`{RESPONSES[kind].format(name)}`"
    response = f"I({column} * 1)" if kind in ("real", "positive") else column
    if kind in OUT_OF_TRIALS:
        response = f"cbind({column}, `{name}n` - {column})"
    return data, f"{response} ~ `{name}` + log(`{name}s`) + `{name}f` + (`{name}` | `{name}g`)"


def models_of(formula: str, family: str, data: pd.DataFrame) -> Iterator[bambi.Model]:
    """The model that is sampled and the one for predictions, whose log density is finite where it starts."""
    chosen = read_family(family)
    formulas = parse_formulas(formula, auxiliary=chosen.auxiliary)
    design = build_design(formulas.mean, data, response=chosen.response, auxiliary=chosen.auxiliary)
    priors = default_priors(design, chosen)
    with pytensor.config.change_flags(mode="Mode", linker="py"):
        for for_prediction in (False, True):
            model = build_bambi_model(design, chosen, priors, for_prediction=for_prediction)
            point = model.backend.model.initial_point()
            assert np.isfinite(model.backend.model.compile_logp(mode=IN_PYTHON)(point))
            yield model


@pytest.fixture(scope="session")
def _libraries_are_loaded() -> None:
    """What libraries do once, such as asking a compiler for its version, is done before the watch begins."""
    data, formula = of_a_stranger("x", "cumulative")
    assert len(list(models_of(formula, "cumulative", data))) == 2
    bm.lm("xy ~ ns(x, df = 3)", data)  # statsmodels, which looks for polars, and scipy's splines
    fit = bm.fit("xy ~ x + (1 | xg)", data, draws=20, tune=20, chains=1, seed=1, progress=False)
    with tempfile.TemporaryDirectory() as folder:
        bm.load(bm.save(fit, Path(folder) / "fit.nc"))
        bm.plot_ranef(fit)
        plt.gcf().savefig(Path(folder) / "picture.png")
    plt.close("all")


@pytest.fixture(scope="session")
def _is_hooked(_libraries_are_loaded) -> None:
    """Not before it is needed: a hook cannot be taken away, and what comes after it is slower."""
    sys.addaudithook(WATCH.hook)


@pytest.fixture
def watched(tmp_path, monkeypatch, _is_hooked) -> Callable[[], object]:
    """A block in which nothing may run: no process, no socket, no file outside the folder of the test."""
    monkeypatch.chdir(tmp_path)

    @contextmanager
    def block() -> Iterator[None]:
        caches = (cache_folder(), Path(pytensor.config.base_compiledir).parent, Path(mpl.get_cachedir()))
        WATCH.allowed = [os.path.realpath(folder) for folder in (tmp_path, *caches, tempfile.gettempdir())]
        WATCH.seen = []
        WATCH.on = True
        try:
            yield
        finally:
            WATCH.on = False
        assert not WATCH.seen, WATCH.seen
        assert not [path for path in tmp_path.rglob("*") if "pwned" in path.name]
        assert not [name for name in os.listdir(tempfile.gettempdir()) if name.startswith("pwned")]

    return block
