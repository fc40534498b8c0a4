"""What `fit` may not be given: one line each, before anything is sampled."""

import time
from functools import partial

import numpy as np
import pandas as pd
import pytest

from bayesmix.errors import ArgumentError, BayesmixError, DataError, FamilyError, PriorError, SamplingError
from bayesmix.estimates.laplace.laplace import laplace
from bayesmix.estimates.least_squares.lm import lm
from bayesmix.estimates.reml.reml import reml
from bayesmix.families.family import Family
from bayesmix.modelling import memory
from bayesmix.modelling.exact.route import ExactRoute
from bayesmix.modelling.fit import fit
from bayesmix.priors.prior import Prior


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(3)
    x = random.normal(size=40)
    return pd.DataFrame({"y": x + random.normal(size=40), "x": x, "g": np.repeat(list("abcdefgh"), 5)})


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"remedies": "a"}, ArgumentError, "remedies is True or False; got 'a'"),
        ({"remedies": None}, ArgumentError, "remedies is True or False; got None"),
        ({"progress": "a"}, ArgumentError, "progress is True or False; got 'a'"),
        ({"keep_effects": "a"}, ArgumentError, "keep_effects is True, False or None .*; got 'a'"),
        ({"keep_effects": 1}, ArgumentError, "keep_effects is True, False or None .*; got 1"),
        ({"functions": {"half": 1}}, DataError, "'half' stands for int"),
        ({"functions": {1: np.sqrt}}, DataError, "1 stands for ufunc"),
        ({"functions": 1}, DataError, "functions is a mapping.*got int"),
        ({"functions": ["sqrt"]}, DataError, "functions is a mapping.*got list"),
        ({"weights": 1}, ArgumentError, "weights is the name of a column; got int"),
        ({"weights": ["x"]}, ArgumentError, "weights is the name of a column; got list"),
        ({"weights": ""}, BayesmixError, "''"),
        ({"family": Family("nosuch", "x")}, FamilyError, "'nosuch' is not known"),
        ({"family": Family("gaussian", "logit")}, FamilyError, "Link 'logit' is not available"),
        ({"family": Family(None, "identity")}, FamilyError, "not known"),
        ({"priors": {"x": Prior("Normal", (None, 1))}}, PriorError, "Prior of 'x': a Prior is a name with numbers"),
        ({"priors": {"x": Prior("Normal", None)}}, PriorError, "'Normal' with None"),
        ({"priors": {"x": Prior("Normal", "01")}}, PriorError, "'Normal' with '01'"),
        ({"priors": {"x": Prior("Normal", (True, 1))}}, PriorError, r"'Normal' with \(True, 1\)"),
        ({"priors": {"x": Prior(None, (0, 1))}}, PriorError, "None with"),
        ({"priors": {"x": None}}, PriorError, "got NoneType"),
        ({"priors": [("x", "Normal(0, 1)")]}, PriorError, "priors is a mapping.*got list"),
        ({"priors": "Normal(0, 1)"}, PriorError, "'Normal.0, 1.' does not say whose prior it is; write priors={"),
        ({"draws": 10**9}, ArgumentError, "draws=1000000000 and tune=0 make more than 100,000,000 steps of every"),
        ({"tune": 10**9}, ArgumentError, "tune=1000000000 make more than 100,000,000 steps of every chain"),
        ({"draws": 10**30}, ArgumentError, "steps of every chain"),
        ({"draws": 9 * 10**7, "chains": 4000}, SamplingError, "GiB of memory, and there are .* GiB: take fewer"),
        ({"chains": 10**6}, SamplingError, "chains=1000000 take about"),
        ({"chains": 10**9}, ArgumentError, "chains=1000000000 are more than 1,000,000; four are plenty"),
        ({"chains": 10**400}, ArgumentError, "are more than 1,000,000"),
        ({"draws": 10**400}, ArgumentError, "make more than 100,000,000 steps"),
        ({"method": np.zeros(3)}, ArgumentError, "method=.* is not known. Methods: "),
        ({"sampler": pd.NA}, ArgumentError, "sampler=NAType is not known"),
        ({"tune": 99 * 10**6, "chains": 1000}, SamplingError, "tune=99000000, chains=1000 take about"),
        ({"chains": 10**6, "method": "joint"}, SamplingError, "GiB of memory"),
    ],
)
def test_one_line(data, given, error, message):
    began = time.perf_counter()
    with pytest.raises(error, match=message) as caught:
        fit("y ~ x + (1 | g)", data, **({"progress": False} | given))
    assert "\n" not in str(caught.value)
    assert time.perf_counter() - began < 30


def test_memory_is_asked_for_by_every_route(data, monkeypatch):
    monkeypatch.setattr(memory, "memory_there", lambda: 2**20)
    ways = {
        "importance": {},
        "nuts": {"tune": 200},
        "joint": {"method": "joint"},
        "pymc": {"sampler": "pymc"},
    }
    for way in ways.values():
        with pytest.raises(SamplingError, match=r"draws=50000.*and there are 0.000977 GiB: take fewer \(draws=\d+0\)"):
            fit("y ~ x + (1 | g)", data, draws=50_000, progress=False, **way)
    with pytest.raises(SamplingError, match="draws=50000"):
        fit("b ~ x + (1 | g)", data.assign(b=(data.y > 0) * 1), "bernoulli", draws=50_000,
            progress=False)  # fmt: skip


def test_effects_that_are_asked_for_cost_too(data, monkeypatch):
    monkeypatch.setattr(memory, "memory_there", lambda: 3 * 2**20)
    with pytest.raises(SamplingError, match="keep_effects=False"):
        fit("y ~ x + (1 | g)", data, draws=4000, keep_effects=True, progress=False)
    assert fit("y ~ x + (1 | g)", data, draws=4000, keep_effects=False, progress=False, seed=1) is not None


def test_the_draws_that_are_proposed_fit(data, monkeypatch):
    monkeypatch.setattr(memory, "memory_there", lambda: 2**20)
    with pytest.raises(SamplingError) as caught:
        fit("y ~ x + (1 | g)", data, draws=50_000, progress=False)
    fewer = int(str(caught.value).partition("take fewer (draws=")[2].partition(")")[0])
    assert fit("y ~ x + (1 | g)", data, draws=fewer, progress=False, seed=1).sampling.draws == fewer


def test_memory_that_runs_out_all_the_same(data, monkeypatch):
    def run_out(*_, **__):
        raise MemoryError

    monkeypatch.setattr(ExactRoute, "draw", run_out)
    with pytest.raises(SamplingError, match=r"Memory ran out \(.* GiB in all\): take fewer draws \(draws=1000"):
        fit("y ~ x + (1 | g)", data, progress=False)


def test_the_memory_of_a_limited_process(monkeypatch, tmp_path):
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (2**60, 2**60))
    assert 2**59 < memory._below_own_limit() < 2**60
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1000, 1000))
    assert memory._below_own_limit() == 0
    limit = tmp_path / "memory.max"
    limit.write_text("12345\n")
    monkeypatch.setattr(memory, "_CONTAINER_LIMITS", (str(tmp_path / "nosuch"), str(limit)))
    assert memory._of_container() == 12345
    limit.write_text("max\n")
    assert memory._of_container() == memory._UNLIMITED


@pytest.mark.parametrize("functions", [1, ["sqrt"], {"half": 1}])
def test_functions_at_every_door(data, functions):
    for call in (lm, reml, partial(laplace, family="poisson")):
        with pytest.raises(DataError, match="functions is a mapping"):
            call("y ~ x + (1 | g)", data, functions=functions)
