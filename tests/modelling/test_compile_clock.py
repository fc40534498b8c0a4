"""What is compiled while a model is sampled is no time of sampling."""

import numba
import pytest

from bayesmix.data import load_data
from bayesmix.modelling import compile_clock, joint_draws
from bayesmix.modelling.compile_clock import CompileClock
from bayesmix.modelling.fit import fit


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


@pytest.mark.parametrize("method", ["marginal", "joint"])
def test_a_fit_prints_the_seconds_without_it(method, monkeypatch):
    monkeypatch.setattr(compile_clock, "CompileClock", AllOfIt)
    monkeypatch.setattr(joint_draws, "CompileClock", AllOfIt)
    how = {"draws": 100, "chains": 2, "seed": 1, "progress": False, "method": method}
    found = fit("cbind(incidence, size - incidence) ~ period + (1 | herd)", load_data("cbpp"), "binomial", **how)
    assert found.sampling.seconds == 0
