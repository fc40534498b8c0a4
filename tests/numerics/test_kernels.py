"""Code kept on disk: never stale, whole under concurrent processes, and dispensable.

A small package with a copy of `kernels.py` stands for the numerics; each step is a process of its own.
"""

import os
import pickle
import shutil
import stat
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from bayesmix.numerics import kernels, private_files
from bayesmix.numerics.gaussian.coefficient_prior import CoefficientPrior, working_prior
from bayesmix.numerics.gaussian.conditional import conditional
from bayesmix.numerics.gaussian.cross_products import cross_products
from bayesmix.numerics.variance_parameters import n_parameters
from bayesmix.numerics.variance_posterior import evaluate, log_posterior_at, pack_posterior, packed_factors

from .conftest import draw_conditional, log_density_and_gradient

CALLEE = """
from mini.kernels import kernel

@kernel
def step(x):
    return x + 1
"""
CALLER = """
from mini.callee import step
from mini.kernels import kernel

@kernel(fastmath={"contract"})
def twice(x):
    return step(step(x))

@kernel
def total(x, y):
    found = x[0] * 0 + y[0] * 0
    for i in range(len(x)):
        found += x[i] * y[i]
    return found
"""
POINTER = """
from numba import types
from mini.callee import step
from mini.kernels import kernel_pointer

def _shifted(x):
    return step(x) + 10.0

shifted = kernel_pointer(types.double(types.double), _shifted)
"""


class Package:
    """A package of three files of kernels and one of a user of theirs, and the folder that keeps the code."""

    def __init__(self, folder: Path):
        self.folder, self.cache = folder, folder / "cache"
        self.callee = folder / "mini" / "callee.py"
        self.callee.parent.mkdir()
        shutil.copy(kernels.__file__, folder / "mini" / "kernels.py")
        self.callee.write_text(CALLEE)
        (folder / "mini" / "caller.py").write_text(CALLER)
        (folder / "pointer.py").write_text(POINTER)

    def start(self, program: str, **environment: str) -> subprocess.Popen:
        places = os.pathsep.join([str(self.folder), str(Path(kernels.__file__).parents[2])])
        variables = {**os.environ, "PYTHONPATH": places, "PYTHONDONTWRITEBYTECODE": "1"}
        variables |= {"NUMBA_CACHE_DIR": str(self.cache), **environment}
        command = [sys.executable, "-W", "error", "-c", program]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, env=variables, cwd=self.folder, **pipes)

    def run(self, program: str, **environment: str) -> str:
        return self.finish(self.start(program, **environment))

    @staticmethod
    def finish(process: subprocess.Popen) -> str:
        out, error = process.communicate(timeout=60)
        assert process.returncode == 0, error
        assert error == ""
        return out.strip()


@pytest.fixture
def package(tmp_path):
    return Package(tmp_path)


TWICE = "from mini.caller import twice; print(twice(0), sum(twice.stats.cache_misses.values()))"


def test_an_edited_callee_is_compiled_anew(package):
    assert package.run(TWICE) == "2 1"
    before = package.callee.stat()
    package.callee.write_text(CALLEE.replace("x + 1", "x + 3"))
    os.utime(package.callee, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert package.run(TWICE) == "6 1"
    package.callee.write_text(CALLEE)
    assert package.run(TWICE) == "2 0"  # what was kept of these very sources is taken from the disk


@pytest.mark.slow
def test_code_of_sources_edited_under_a_running_process_is_not_kept(package):
    edited = CALLEE.replace("x + 1", "x + 3")
    edit = f"import mini.kernels, pathlib; pathlib.Path({str(package.callee)!r}).write_text({edited!r})"
    assert package.run(f"{edit}; {TWICE}") == "6 1"
    package.callee.write_text(CALLEE)
    assert package.run(TWICE) == "2 1"


@pytest.mark.slow
def test_a_pointer_follows_its_own_file_and_its_callees(package):
    shifted = "from pointer import shifted; print(shifted.ctypes(0.0), shifted.cache_hits)"
    assert package.run(shifted) == "11.0 0"
    assert package.run(shifted) == "11.0 1"
    own = package.folder / "pointer.py"
    own.write_text(POINTER.replace("10.0", "20.0"))
    assert package.run(shifted) == "21.0 0"
    package.callee.write_text(CALLEE.replace("x + 1", "x + 3"))
    assert package.run(shifted) == "23.0 0"


def test_a_kernel_is_compiled_once_for_kernels_and_once_for_python(package):
    (package.folder / "mini" / "caller.py").write_text(
        CALLER + "\n@kernel\ndef numbers():\n    return step(1) + step(7)\n"
    )
    calls = "from mini.caller import numbers; from mini.callee import step; print(numbers(), step(5)"
    assert package.run(f"{calls}, len(step.inner.overloads), len(step.overloads))") == "10 6 1 1"


APART = """
from mini.callee import step
from mini.kernels import kernel

@kernel(apart=True)
def far(x):
    return x + 2

@kernel
def within(x):
    return far(x) + step(x)

@kernel(apart=True)
def outer(x):
    return within(x) * 2

@kernel
def start(x):
    return outer(x) + far(x)

@kernel
def later(x):
    return within(x)

@kernel(fastmath=True)
def fast(x):
    return far(x)
"""
FAR = """
from mini.apart import start
print(start(1), sum(start.stats.cache_misses.values()))
for code in start.inspect_llvm().values() if start.stats.cache_misses else ():
    declared = [line for line in code.splitlines() if line.startswith("declare")]
    print(*(name for name in ("far", "outer", "within") if any(name in line for line in declared)))
"""


def test_a_kernel_apart_is_not_compiled_into_its_callers_and_is_there_before_them(package):
    """Also where its own code was lost, and is compiled after others: its name is the same in every process."""
    (package.folder / "mini" / "apart.py").write_text(APART)
    assert package.run(FAR) == "13 1\nfar outer"
    assert package.run(FAR) == "13 0"
    kept = sorted(path.name.partition("-")[0] for path in package.cache.rglob("*.kernel"))
    assert kept == ["far", "outer", "start", "step", "within"]
    for name in ("far", "outer"):
        for path in package.cache.rglob(f"{name}-*"):
            path.unlink()
    assert package.run(f"from mini.caller import twice; twice(1)\n{FAR}") == "13 0"


def test_callers_of_callers_that_were_read_from_the_disk_know_what_stands_apart(package):
    (package.folder / "mini" / "apart.py").write_text(APART)
    later = "from mini.apart import later; print(later(1), sum(later.stats.cache_misses.values()))"
    assert package.run("from mini.apart import start; print(start(1))") == "13"
    assert package.run(later) == "5 1"
    assert package.run(later) == "5 0"


def test_a_kernel_apart_has_its_own_options_whoever_calls_it_first(package):
    (package.folder / "mini" / "apart.py").write_text(APART)
    fast = "from mini.apart import fast; print(fast(1), sum(fast.stats.cache_misses.values()))"
    assert package.run(fast) == "3 1"
    for path in package.cache.rglob("far-*"):
        path.unlink()
    assert package.run("from mini.apart import later; print(later(1))") == "5"
    assert package.run(fast) == "3 0"


@pytest.mark.slow
def test_a_kernel_apart_that_was_edited_is_compiled_anew_with_its_callers(package):
    place = package.folder / "mini" / "apart.py"
    place.write_text(APART)
    package.run(FAR)
    place.write_text(APART.replace("x + 2", "x"))
    assert package.run(FAR).startswith("7 1")


TYPES = ("int32", "int64", "float32", "float64", "complex64", "complex128")
TOTALS = """
import numpy as np
from mini.caller import total
for kind in {kinds}:
    for other in {others}:
        assert total(np.array([1, 2], dtype=kind), np.array([3, 4], dtype=other)) == 11
print(sum(total.stats.cache_hits.values()), sum(total.stats.cache_misses.values()))
"""
WAIT = """
import mini.caller, time
from pathlib import Path
Path({ready!r}).touch()
while not Path("go").exists():
    time.sleep(0.001)
"""


@pytest.mark.slow
def test_processes_at_once_keep_all_their_signatures(package):
    halves = [(kind, others) for kind in TYPES[:3] for others in (TYPES[:3], TYPES[3:])]
    waiting = [
        package.start(WAIT.format(ready=f"ready{i}") + TOTALS.format(kinds=[kind], others=list(others)))
        for i, (kind, others) in enumerate(halves)
    ]
    while not all((package.folder / f"ready{i}").exists() for i in range(len(halves))):
        assert all(process.poll() is None for process in waiting)
    (package.folder / "go").touch()
    for process in waiting:
        assert package.finish(process) == "0 3"
    assert package.run(TOTALS.format(kinds=TYPES[:3], others=TYPES)) == "18 0"


@pytest.mark.slow
def test_the_oldest_folders_are_removed(package):
    others = [package.cache / "bayesmix" / f"kernels-{number}" for number in range(12)]
    for number, other in enumerate(others):
        other.mkdir(parents=True)
        (other / "twice.kernel").touch()
        os.utime(other, (1e9 + number, 1e9 + number))
    assert package.run(TWICE) == "2 1"
    assert [other.exists() for other in others] == [False] * 5 + [True] * 7
    assert package.run(TWICE) == "2 0"


@pytest.mark.slow
@pytest.mark.parametrize("place", ["NUMBA_CACHE_DIR", "home"])
def test_without_a_folder_to_write_to(package, place):
    barrier = package.folder / "barrier"
    barrier.write_text("a file where a folder would have to be")
    below = str(barrier / "below")
    home = {"NUMBA_CACHE_DIR": "", "HOME": below, "XDG_CACHE_HOME": below, "LOCALAPPDATA": below}
    where = home if place == "home" else {place: below}
    assert package.run(TWICE, **where) == "2 1"
    assert package.run(TWICE, **where) == "2 1"


def test_a_full_disk(package):
    pytest.importorskip("resource")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))"
    assert package.run(f"{limit}; {TWICE}") == "2 1"
    assert not list(package.cache.rglob("twice*"))


@pytest.mark.slow
def test_a_damaged_file_is_compiled_anew(package):
    package.run(TWICE)
    (kept,) = package.cache.rglob("twice-*")
    whole = kept.read_bytes()
    for damaged in (b"", whole[:-20], whole[:500] + b"\0" * 50 + whole[550:]):
        kept.write_bytes(damaged)
        assert package.run(TWICE) == "2 1"
        assert package.run(TWICE) == "2 0"


class Planted:
    """Unpickled, it makes a file."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def planted(mark: Path) -> bytes:
    content = pickle.dumps(Planted(mark))
    return sha256(content).digest() + content


needs_owners = pytest.mark.skipif(not private_files.HAS_OWNERS, reason="files here have no owners")
NOTE = "is neither read from there nor kept"


def of_another_user(folder: Path, _: Path) -> None:
    os.chown(folder, 65534, 65534)


def file_of_another_user(_: Path, kept: Path) -> None:
    os.chown(kept, 65534, 65534)


def open_to_the_group(folder: Path, _: Path) -> None:
    folder.chmod(0o770)


def file_open_to_others(_: Path, kept: Path) -> None:
    kept.chmod(0o646)


def a_link(folder: Path, _: Path) -> None:
    elsewhere = folder.with_name("elsewhere")
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)


@needs_owners
@pytest.mark.parametrize(
    "disguise",
    [
        of_another_user,
        *(
            pytest.param(one, marks=pytest.mark.slow)
            for one in (file_open_to_others, file_of_another_user, open_to_the_group, a_link)
        ),
    ],
)
def test_what_another_user_could_have_written_is_not_run(package, disguise):
    if disguise in (of_another_user, file_of_another_user) and os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    package.run(TWICE)
    (kept,) = package.cache.rglob("twice-*")
    mark = package.folder / "mark"
    kept.write_bytes(planted(mark))
    disguise(kept.parent, kept)
    running = package.start(TWICE)
    said, noted = running.communicate()
    assert running.returncode == 0
    assert said.strip() == "2 1"
    assert not mark.exists()
    assert noted.count(NOTE) == 1
    assert len(noted.splitlines()) == 1


@pytest.mark.slow
@needs_owners
def test_a_link_for_a_file_is_replaced(package):
    package.run(TWICE)
    (kept,) = package.cache.rglob("twice-*")
    mark, elsewhere = package.folder / "mark", package.folder / "elsewhere"
    elsewhere.write_bytes(planted(mark))
    kept.unlink()
    kept.symlink_to(elsewhere)
    assert package.run(TWICE) == "2 1"
    assert not mark.exists()
    assert elsewhere.read_bytes() == planted(mark)
    assert package.run(TWICE) == "2 0"


@pytest.mark.slow
@needs_owners
def test_a_cache_below_a_shared_folder_is_for_us_alone(package):
    package.cache.mkdir(mode=0o777)
    package.cache.chmod(0o1777)
    assert package.run(TWICE) == "2 1"
    (kept,) = package.cache.rglob("twice-*")
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (kept, kept.parent, kept.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]
    assert package.run(TWICE) == "2 0"


@pytest.mark.slow
@needs_owners
@pytest.mark.parametrize("mode", [0o755, 0o775])
def test_the_folder_of_an_earlier_version_goes_on_working(package, mode):
    (package.cache / "bayesmix").mkdir(parents=True)
    (package.cache / "bayesmix").chmod(mode)
    assert package.run(TWICE) == "2 1"
    assert package.run(TWICE) == "2 0"


@needs_owners
def test_another_user_is_told_by_number(tmp_path, monkeypatch):
    private_files.write_own(tmp_path / "kernels" / "a", b"x")
    assert private_files.read_own(tmp_path / "kernels" / "a") == b"x"
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    if os.getuid() != 0:  # whatever is root's is trusted
        with pytest.raises(private_files.NotOwnError, match=f"belongs to another user, number {os.getuid()}"):
            private_files.read_own(tmp_path / "kernels" / "a")
        assert not private_files.is_own_folder(tmp_path / "kernels")


def test_without_owners_files_are_read_and_written_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr(private_files, "HAS_OWNERS", False)
    private_files.write_own(tmp_path / "kernels" / "a", b"x")
    private_files.write_own(tmp_path / "kernels" / "a", b"y")
    assert private_files.read_own(tmp_path / "kernels" / "a") == b"y"
    assert private_files.is_own_folder(tmp_path)
    assert [path.name for path in (tmp_path / "kernels").iterdir()] == ["a"]


def compile_all(model):
    """What fits compile: cross-products, density with gradient in both forms, conditional moments, draws."""
    products = cross_products(**model.data)
    for prior in (None, CoefficientPrior(np.zeros(products.p), np.ones(products.p))):
        given = {"products": products, "L": model.L, "sigma": model.sigma, "prior": prior}
        log_density_and_gradient(**given)
        conditional(**given)
    n_effects = products.p + sum(term.n_levels * term.k for term in model.terms)
    draw_conditional(**given, standard_normals=np.zeros((2, n_effects)))
    ks = np.array([term.k for term in model.terms])
    n = n_parameters(ks)
    buffer = pack_posterior(
        arrays=products.arrays,
        prior=working_prior(products, prior),
        ks=ks,
        kinds=np.zeros(n, dtype=np.int64),
        numbers=np.ones((n, 2)),
        centre=np.zeros(n),
        scale=np.eye(n),
    )
    log_posterior_at(buffer, np.zeros(n), np.empty(n))
    packed_factors(buffer, np.zeros((1, n)))
    p, m = products.p, products.arrangement.n_dense
    evaluate(buffer, np.zeros((1, n)), np.zeros((1, 2, p + m)), np.empty(1), np.empty((1, 2, p)), np.empty((1, 2, m)))


def compiled_signatures():
    """Number of signatures that are in memory, of every function of the numerics."""
    modules = [module for name, module in sys.modules.items() if name.startswith("bayesmix.numerics.")]
    functions = {value for module in modules for value in vars(module).values() if isinstance(value, kernels.Kernel)}
    return {
        (function.__module__, function.__qualname__): (len(function.overloads), len(function.inner.overloads))
        for function in functions
    }


def test_other_data_and_other_models_compile_nothing(gaussian):
    compile_all(gaussian.random_model(1))
    before = compiled_signatures()
    for seed in range(2, 12):
        compile_all(gaussian.random_model(seed))
    assert compiled_signatures() == before
    assert before["bayesmix.numerics.variance_posterior", "log_posterior_at"] == (1, 0)
