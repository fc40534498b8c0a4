"""What is compiled while a model is sampled is no time of sampling."""

import os
import subprocess
import sys

import numba
import pytest
from numba.core import config

import bayesmix as bm
from bayesmix import compile_clock
from bayesmix.compile_clock import CompileClock, CompileNotice
from bayesmix.data import load_data
from bayesmix.errors import SamplingError
from bayesmix.estimates.laplace import laplace as laplace_file
from bayesmix.estimates.reml import reml as reml_file
from bayesmix.modelling import audit_draws
from bayesmix.modelling.fit import fit
from bayesmix.modelling.joint import draws as joint_draws
from bayesmix.modelling.samplers import draw as integrated_draws
from bayesmix.numerics.kernels import kernel


def test_compiling_counts_and_calling_does_not():
    twice = numba.njit(lambda x: 2 * x)
    with CompileClock() as first:
        assert twice(3) == 6
    with CompileClock() as second:
        assert twice(4) == 8
    assert first.seconds > 0
    assert second.seconds == 0
    twice(1.5)
    assert second.seconds == 0


def test_of_calls_within_calls_the_outermost_counts(monkeypatch):
    times = iter([10.0, 14.0, 20.0, 21.0])
    monkeypatch.setattr(compile_clock, "perf_counter", lambda: next(times))
    clock = CompileClock()
    for what in (clock.on_start, clock.on_start, clock.on_end, clock.on_end, clock.on_start, clock.on_end):
        what(None)
    clock.on_end(None)  # of a call that began before the clock
    assert clock.seconds == 5.0


class AllOfIt(CompileClock):
    def __exit__(self, *reason):
        super().__exit__(*reason)
        self.seconds = 1e9


@pytest.mark.parametrize("method", ["quadrature", "joint"])
def test_a_fit_prints_the_seconds_without_it(method, monkeypatch):
    monkeypatch.setattr(integrated_draws, "CompileClock", AllOfIt)
    monkeypatch.setattr(joint_draws, "CompileClock", AllOfIt)
    how = {"draws": 100, "chains": 2, "seed": 1, "progress": False, "method": method}
    found = fit("cbind(incidence, size - incidence) ~ period + (1 | herd)", load_data("cbpp"), "binomial", **how)
    assert found.sampling.seconds == 0


NOTICE = "Compiling, once per installation: this takes up to half a minute ...\n"


def tripled(x):
    return 3 * x


def test_kernels_that_are_not_on_disk_are_told_of_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))

    def told(function, *, shown: bool = True, numbers=(2, 2.5)) -> str:
        with CompileNotice(shown=shown):
            assert [function(x) for x in numbers] == [3 * x for x in numbers]
        return capsys.readouterr().err

    assert told(kernel(tripled), shown=False, numbers=(2,)) == ""
    assert told(kernel(tripled), numbers=(2,)) == ""  # it is on disk now
    assert told(kernel(tripled)) == NOTICE
    assert told(kernel(tripled)) == ""
    assert told(numba.njit(tripled)) == ""


def test_a_terminal_has_the_bar_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compile_clock, "can_show", lambda _: True)
    with CompileNotice(shown=True):
        assert kernel(tripled)(2) == 6
    assert capsys.readouterr().err == ""


FIRST = """
import bayesmix as bm
bm.fit("Yield ~ 1", bm.load_data("Dyestuff"), seed=1)
"""


@pytest.mark.slow
def test_the_first_fit_of_an_installation_says_so_and_the_second_is_silent(tmp_path):
    def run() -> str:
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
        found = subprocess.run([sys.executable, "-c", FIRST], env=environment, capture_output=True, text=True)
        return found.stderr

    assert [run(), run()] == [NOTICE, ""]


SLEEPSTUDY = ("Reaction ~ Days + (1 | Subject)", load_data("sleepstudy"))
CBPP = ("cbind(incidence, size - incidence) ~ period + (1 | herd)", load_data("cbpp"), "binomial")


@pytest.mark.parametrize(
    ("module", "name", "asked"),
    [
        (reml_file, "fit_reml", lambda: bm.reml(*SLEEPSTUDY)),
        (laplace_file, "fit_laplace", lambda: bm.laplace(*CBPP)),
        (audit_draws, "draw_again", lambda: bm.audit(bm.fit(*SLEEPSTUDY, draws=20, seed=1, progress=False))),
    ],
)
def test_other_first_calls_say_it_too(module, name, asked, tmp_path, monkeypatch, capsys):
    """They compile, as the first call of an installation does; then the test ends them."""

    def compiled(*_, **__):
        assert kernel(tripled)(2) == 6
        raise SamplingError("enough")

    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(module, name, compiled)
    with pytest.raises(SamplingError, match="enough"):
        asked()
    assert capsys.readouterr().err == NOTICE


def test_where_there_is_no_bar_a_terminal_has_the_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compile_clock, "can_show", lambda _: True)
    with CompileNotice(shown=True, has_bar=False):
        assert kernel(tripled)(2) == 6
    assert capsys.readouterr().err == NOTICE
