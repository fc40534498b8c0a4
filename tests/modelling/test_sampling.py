"""Sampling: the same seed gives the same draws, every sampler the same posterior, only what is asked is kept."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import arviz_stats
import numpy as np
import pymc as pm
import pytest
import xarray as xr

import bayesmix as bm
from bayesmix.errors import SamplingError
from bayesmix.modelling.joint import pymc_nuts
from bayesmix.modelling.joint.compile_nutpie import compile_model
from bayesmix.modelling.samplers.chains import chains_at_once, sample_stats, settled_seed
from bayesmix.modelling.samplers.progress import SamplingProgress
from bayesmix.modelling.settings import JOINT_SAMPLERS, SamplerSettings

Y = np.array([1.2, 0.3, 2.5, 1.9, 0.8, 1.4])
FAST = {"draws": 200, "tune": 200, "chains": 2, "cores": 2, "target_accept": 0.9, "progress": False}


def draw(model: pm.Model, *, var_names: list[str], sampler: str = "nutpie", **settings) -> xr.DataTree:
    """The draws of a sampler by name."""
    if sampler == "nutpie":
        return pymc_nuts.sample_by_nutpie(
            compile_model(model, var_names), var_names, SamplerSettings(sampler, **settings)
        )
    return pymc_nuts.sample_by_pymc(model, var_names, SamplerSettings(sampler, **settings))


def normal_mean(n_rows: int = len(Y)) -> pm.Model:
    """Normal data with sd 1 and a mean with prior N(0, 2): the posterior is known in closed form."""
    with pm.Model(coords={"row": range(n_rows)}) as model:
        mean = pm.Normal("mean", 0, 2)
        pm.Deterministic("twice", 2 * mean)
        mu = pm.Deterministic("mu", mean + np.zeros(n_rows), dims="row")
        pm.Normal("y", mu, 1, observed=np.resize(Y, n_rows), dims="row")
    return model


@pytest.fixture(scope="module")
def model():
    return normal_mean()


def exact_mean_and_sd() -> tuple[float, float]:
    precision = len(Y) + 1 / 4
    return Y.sum() / precision, precision**-0.5


def test_same_seed_same_draws(model):
    first = draw(model, var_names=["mean"], seed=5, **FAST)
    again = draw(model, var_names=["mean"], seed=5, **FAST)
    one_core = draw(model, var_names=["mean"], seed=5, **(FAST | {"cores": 1}))
    other = draw(model, var_names=["mean"], seed=6, **FAST)
    values = first["posterior"]["mean"].to_numpy()
    np.testing.assert_array_equal(values, again["posterior"]["mean"])
    np.testing.assert_array_equal(values, one_core["posterior"]["mean"])
    assert not np.any(values == other["posterior"]["mean"].to_numpy())
    assert not np.any(values[0] == values[1])


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["pymc", "numpyro"])
def test_same_seed_same_draws_by_the_others(model, sampler):
    first = draw(model, var_names=["mean"], seed=5, sampler=sampler, **FAST)
    again = draw(model, var_names=["mean"], seed=5, sampler=sampler, **FAST)
    other = draw(model, var_names=["mean"], seed=6, sampler=sampler, **FAST)
    np.testing.assert_array_equal(first["posterior"]["mean"], again["posterior"]["mean"])
    assert np.any(first["posterior"]["mean"].to_numpy() != other["posterior"]["mean"].to_numpy())


def test_a_seed_is_drawn_where_none_is_given():
    assert settled_seed(7) == 7
    assert settled_seed(None) != settled_seed(None)


@pytest.mark.parametrize(("method", "tune"), [("exact", 60), ("joint", 70)])
def test_a_run_is_recorded(method, tune):
    dyestuff, settings = bm.load_data("Dyestuff"), {"draws": 40, "tune": tune, "chains": 2, "cores": 1, "seed": 5}
    how = {"method": method, "sampler": "nutpie", "target_accept": 0.85, "remedies": False, "progress": False}
    record = bm.fit("Yield ~ 1 + (1 | Batch)", dyestuff, **settings, **how).sampling
    assert (record.sampler, record.target_accept, record.thin) == ("nutpie", 0.85, 1)
    assert {name: getattr(record, name) for name in settings} == settings
    assert record.seconds > 0


def test_only_what_is_asked_is_kept(model):
    tree = draw(model, var_names=["mean", "twice"], seed=1, **FAST)
    assert set(tree.children) == {"posterior", "sample_stats", "unconstrained_posterior"}
    assert list(tree["posterior"].data_vars) == ["mean", "twice"]
    assert dict(tree["posterior"].sizes) == {"chain": 2, "draw": 200}
    np.testing.assert_allclose(tree["posterior"]["twice"], 2 * tree["posterior"]["mean"])


def check_statistics(tree) -> None:
    statistics = tree["sample_stats"]
    assert statistics["diverging"].dtype == bool
    assert statistics["reached_max_treedepth"].dtype == bool
    assert statistics["tree_depth"].dtype == np.int64
    assert not statistics["reached_max_treedepth"].any()
    assert statistics["tree_depth"].min() >= 1
    assert np.all(statistics["acceptance_rate"] > 0)
    for name in ("energy", "lp", "step_size", "n_steps"):
        assert np.isfinite(statistics[name]).all()
    problems, _ = arviz_stats.diagnose(tree, show_diagnostics=False, return_diagnostics=True)
    assert not problems


@pytest.mark.parametrize("sampler", ["nutpie", pytest.param("pymc", marks=pytest.mark.slow),
                                     pytest.param("numpyro", marks=pytest.mark.slow)])  # fmt: skip
def test_every_sampler_finds_the_exact_posterior(model, sampler):
    longer = {"draws": 1000, "tune": 500, "cores": 1}
    tree = draw(model, var_names=["mean"], sampler=sampler, seed=3, **(FAST | longer))
    values = tree["posterior"]["mean"]
    mean, sd = exact_mean_and_sd()
    mcse = float(arviz_stats.mcse(values, method="mean"))
    mcse_sd = float(arviz_stats.mcse(values, method="sd"))
    assert abs(float(values.mean()) - mean) < 4 * mcse
    assert abs(float(values.std()) - sd) < 4 * mcse_sd
    check_statistics(tree)


@pytest.mark.parametrize(
    ("depth", "flag"),
    [("depth", {"maxdepth_reached": [[False, True]]}), ("tree_depth", {"reached_max_treedepth": [[False, True]]}),
     ("tree_depth", {})],
)  # fmt: skip
def test_statistics_get_the_names_that_arviz_reads(depth, flag):
    columns = {depth: np.array([[3, 10]], dtype=np.uint64), "n_steps": [[7.0, 1023.0]], "diverging": [[True, False]]}
    given = xr.Dataset({name: (("chain", "draw"), np.asarray(values)) for name, values in (columns | flag).items()})
    statistics = sample_stats(xr.DataTree.from_dict({"sample_stats": given}))
    np.testing.assert_array_equal(statistics["reached_max_treedepth"], [[False, True]])
    np.testing.assert_array_equal(statistics["diverging"], [[True, False]])
    np.testing.assert_array_equal(statistics["tree_depth"], [[3, 10]])


def test_numpyro_not_installed(model, monkeypatch):
    monkeypatch.setattr("bayesmix.modelling.joint.pymc_nuts.find_spec", lambda _: None)
    with pytest.raises(SamplingError, match=r"pip install bayesmix\[numpyro\]"):
        draw(model, var_names=["mean"], sampler="numpyro", seed=1, **FAST)


@pytest.mark.parametrize("sampler", ["nutpie", pytest.param("pymc", marks=pytest.mark.slow)])
def test_a_density_that_is_nowhere_finite(sampler):
    with pm.Model() as impossible:
        mean = pm.Normal("mean")
        pm.Uniform("y", 0, 1, observed=[2.0])
        pm.Normal("z", mean, 1, observed=[0.0])
    with pytest.raises(SamplingError, match="log density is not finite at any starting point") as caught:
        draw(impossible, var_names=["mean"], sampler=sampler, seed=1, **FAST)
    assert "\n" not in str(caught.value)


@pytest.fixture
def interrupts():
    """A process in the background of a shell is started with interrupts ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts")
def test_interrupting_stops_the_chains(model, monkeypatch):
    reports = []

    def interrupt_once(_, chains):
        if not reports:
            os.kill(os.getpid(), signal.SIGINT)
        reports.append(chains)

    monkeypatch.setattr(SamplingProgress, "update", interrupt_once)
    # While the exception is held the sampler is not collected: only a cancel stops it.
    with pytest.raises(KeyboardInterrupt) as held:
        draw(model, var_names=["mean"], seed=1, **(FAST | {"draws": 5_000_000}))
    time.sleep(0.3)
    n_reports = len(reports)
    time.sleep(0.5)
    assert held.value is not None
    assert n_reports == len(reports) >= 1
    tree = draw(model, var_names=["mean"], seed=1, **FAST)
    assert tree["posterior"].sizes["draw"] == 200


def test_nothing_is_printed(model, capfd, caplog):
    draw(model, var_names=["mean"], seed=1, **(FAST | {"progress": True}))
    few = FAST | {"draws": 60, "cores": 1, "progress": True}
    draw(model, var_names=["mean"], seed=1, sampler="pymc", **few)
    assert capfd.readouterr() == ("", "")
    assert not caplog.records  # PyMC's handler writes to the stream of the time it was imported


def test_chains_at_once(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    assert [chains_at_once(4, None), chains_at_once(2, None), chains_at_once(4, 8)] == [3, 2, 4]
    assert [chains_at_once(4, 1), chains_at_once(4, 0)] == [1, 1]


def test_every_sampler_has_a_test():
    assert set(JOINT_SAMPLERS) == {"nutpie", "pymc", "numpyro"}


def cut_off(chains: int, draws: int) -> xr.DataTree:
    values = xr.Dataset({"mean": (("chain", "draw"), np.zeros((chains, draws)))})
    return xr.DataTree.from_dict({"posterior": values})


@pytest.mark.parametrize("sampler", ["pymc", "numpyro"])
@pytest.mark.parametrize("shape", [(2, 199), (1, 200)])
def test_what_pymc_keeps_of_an_interrupted_run_is_not_kept(model, sampler, shape, monkeypatch):
    monkeypatch.setattr(pm, "sample", lambda **_: cut_off(*shape))
    with pytest.raises(KeyboardInterrupt):
        draw(model, var_names=["mean"], sampler=sampler, seed=1, **FAST)


def interrupted_in_compiled_code(**_):
    try:
        raise SystemError("returned a result with an exception set") from KeyboardInterrupt()
    except SystemError as error:
        raise SystemError("Apply node that caused the error") from error


def interrupted_while_tuning(**_):
    raise ValueError("Not enough samples to build a trace.")


@pytest.mark.parametrize("sample", [interrupted_in_compiled_code, interrupted_while_tuning])
def test_an_interrupt_that_comes_as_another_error(model, sample, monkeypatch):
    monkeypatch.setattr(pm, "sample", sample)
    with pytest.raises(KeyboardInterrupt):
        draw(model, var_names=["mean"], sampler="pymc", seed=1, **FAST)


def test_another_error_of_pymc_is_passed_on(model, monkeypatch):
    def fail(**_):
        raise ValueError("something else")

    monkeypatch.setattr(pm, "sample", fail)
    with pytest.raises(ValueError, match="something else"):
        draw(model, var_names=["mean"], sampler="pymc", seed=1, **FAST)


@pytest.mark.usefixtures("interrupts")
def test_an_interrupted_chain_of_pymc_is_not_followed_by_the_next(model, monkeypatch):
    """PyMC itself takes the interrupt for the end of this one chain."""
    chains = []
    count = pymc_nuts._Steps.__call__

    def counted(self, trace, draw):
        count(self, trace, draw)
        chains.append(draw.chain)
        if len(chains) == 300:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(pymc_nuts._Steps, "__call__", counted)
    with pytest.raises(KeyboardInterrupt):
        draw(model, var_names=["mean"], sampler="pymc", seed=1, **(FAST | {"cores": 1, "draws": 100_000}))
    assert chains == [0] * 300


# Sampling says when it begins, by a file: what comes before it, imports and compiling, takes as long as it takes.
BEGINS = """
import os, signal
from pathlib import Path

def announced(owner, name):
    call = getattr(owner, name)
    def begins(*arguments, **settings):
        Path(os.environ["BEGUN"]).touch()
        return call(*arguments, **settings)
    setattr(owner, name, begins)

if "{sampler}" == "nutpie":
    import nutpie
    announced(nutpie, "sample")
elif "{sampler}" == "pymc":
    from pymc.sampling import mcmc
    announced(mcmc, "_mp_sample")
    announced(mcmc, "_sample_many")
else:
    from numpyro.infer import MCMC
    announced(MCMC, "run")
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a script runs in the background ignores it
"""

PROGRAM = f"""{BEGINS}
import bayesmix as bm
fit = bm.fit("Reaction ~ Days + (1 | Subject)", bm.load_data("sleepstudy"), "student_t", sampler="{{sampler}}",
             draws={{draws}}, tune=200, chains=2, cores={{cores}}, seed=1, progress=False)
print("a fit came of it", fit.posterior["posterior"].sizes)
"""


SHELL = f"""{BEGINS}
import sys
from bayesmix.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


# One program of NumPyro's makes all draws, and an interrupt waits for its end.
MANY = {"pymc": 1_000_000, "numpyro": 30_000, "nutpie": 1_000_000}


def interrupted(command: list[str], delay: float, begun: Path) -> tuple[int, str]:
    """What is left of a process and all that it started, which get SIGINT as by Ctrl-C in a terminal; `delay` seconds
    after sampling has begun."""
    ours = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "start_new_session": True}
    with subprocess.Popen(command, env=os.environ | {"BEGUN": str(begun)}, **ours) as running:
        try:
            while not begun.exists():
                assert running.poll() is None, running.communicate()[0]
                time.sleep(0.05)
            time.sleep(delay)
            os.killpg(running.pid, signal.SIGINT)
            said = running.communicate(timeout=300)[0]
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
    begun.unlink()
    return running.returncode, said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sampler", "cores", "delay"),
    [
        *(("pymc", cores, delay) for cores in (1, 2) for delay in (0.2, 3.0)),  # while it tunes, and later
        *(("nutpie", cores, 1.0) for cores in (1, 2)),
        ("numpyro", 1, 5.0),  # the number of cores is nothing to it
    ],
)
def test_ctrl_c_in_python_keeps_nothing(sampler, cores, delay, tmp_path):
    program = PROGRAM.format(sampler=sampler, cores=cores, draws=MANY[sampler])
    status, said = interrupted([sys.executable, "-W", "ignore", "-c", program], delay, tmp_path / "begun")
    assert status != 0
    assert "KeyboardInterrupt" in said
    assert "a fit came of it" not in said


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["pymc", "numpyro", "nutpie"])
def test_ctrl_c_at_the_shell_writes_nothing(sampler, tmp_path):
    formula, data, out = "Reaction ~ Days + (1 | Subject)", "sleepstudy", tmp_path / "results"
    command = [sys.executable, "-W", "ignore", "-c", SHELL.format(sampler=sampler), "fit", formula, data]
    command += ["--family", "student_t", "--sampler", sampler, "--draws", str(MANY[sampler]), "--out", str(out)]
    status, said = interrupted(command, 3.0, tmp_path / "begun")
    assert status == 130
    assert "Draws" not in said
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())
