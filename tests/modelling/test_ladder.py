"""The ladder of remedies: each on evidence, each recorded, the same posterior by every way; what stays bad is said."""

from dataclasses import replace

import arviz_stats
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.inference.checks.diagnose import diagnose
from bayesmix.modelling.diagnostics import Attempt, Diagnostics, frame_of, to_text
from bayesmix.modelling.fit import fit
from bayesmix.modelling.joint import draws as joint_draws
from bayesmix.modelling.joint import ladder
from bayesmix.modelling.joint.best_attempt import MOST_TIMES, BestAttempt, Budget, steps_of
from bayesmix.modelling.joint.bridge import by_bridge, log_density_of
from bayesmix.modelling.joint.ladder import Free, Way, badness, next_step
from bayesmix.modelling.samplers.chains import thinned
from bayesmix.modelling.storage.storage import load, save

ALL = Free(target_accept=True, tune=True, mass_matrix=True, thin=20)
NONE = Free(target_accept=False, tune=False, mass_matrix=False, thin=1)
WAY = Way(target_accept=0.9, tune=1000, mass_matrix="diagonal", centred=(False, True))


def crossed(n_obs: int = 600, seed: int = 1) -> pd.DataFrame:
    """Counts of 12 groups with many rows each, whose effects are well known, and 30 groups of another factor."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": rng.normal(size=n_obs)})
    g, h = rng.integers(0, 12, n_obs), rng.integers(0, 30, n_obs)
    eta = 1 + 0.3 * frame["x"] + rng.normal(0, 0.8, 12)[g] + rng.normal(0, 0.1, 30)[h]
    frame["count"], frame["g"], frame["h"] = rng.poisson(np.exp(eta)), g.astype(str), h.astype(str)
    return frame


@pytest.fixture(scope="module")
def design():
    return build_design(parse("count ~ x + (1 | g) + (1 | h)"), crossed(), response="count")


def diagnostics(**changes) -> Diagnostics:
    """Of a run of 4 x 1000 draws in which all is well, but for `changes`; `ess` and `rhat` by parameter."""
    names = ["Intercept", "x", "sd_g__Intercept", "sd_h__Intercept"]
    parameters = pd.DataFrame({"rhat": 1.002, "ess_bulk": 2000.0, "ess_tail": 1900.0}, index=names)
    for column, values in (("ess_bulk", changes.pop("ess", {})), ("rhat", changes.pop("rhat", {}))):
        for name, value in values.items():
            parameters.loc[name, column] = value
    found = Diagnostics(parameters, 0, (0.9,) * 4, 0, None, 4, 4000)
    return replace(found, **changes)


def test_nothing_is_tried_when_all_is_well(design):
    assert next_step(WAY, diagnostics(), design, ALL, []) is None


@pytest.mark.parametrize(
    ("trouble", "way", "expected"),
    [
        ({"n_divergent": 3}, WAY, ("target_accept 0.95", "3 divergences")),
        ({"n_divergent": 1}, replace(WAY, target_accept=0.95), ("target_accept 0.99, tune 2000", "1 divergence")),
        ({"n_max_treedepth": 90}, WAY, ("low-rank mass matrix, tune 2000", "90 draws at the greatest tree depth")),
        ({"ess": {"sd_g__Intercept": 90}}, WAY, ("centred (1 | g)", "ESS 90 for sd_g__Intercept")),
        ({"ess": {"sd_h__Intercept": 90}}, WAY, ("non-centred (1 | h)", "ESS 90 for sd_h__Intercept")),
        ({"ess": {"x": 386}}, WAY, ("chains 2 times as long", "ESS 386 for x")),
        ({"rhat": {"sd_g__Intercept": 1.0102}}, WAY, ("chains 2 times as long", "R-hat 1.010 for sd_g__Intercept")),
        (
            {"ess": {"sd_g__Intercept": 300}},
            replace(WAY, thin=3),
            ("chains 6 times as long", "ESS 300 for sd_g__Intercept"),
        ),
        ({"ess": {"x": 90}}, WAY, ("chains 7 times as long", "ESS 90 for x")),
        ({"rhat": {"x": 1.3}, "ess": {"x": 20}}, WAY, ("chains 20 times as long", "R-hat 1.300 for x")),
        ({"ess": {"x": 90}}, replace(WAY, thin=20), ("low-rank mass matrix, tune 2000", "ESS 90 for x")),
        (
            {"n_divergent": 1, "ess": {"sd_g__Intercept": 250}},
            WAY,
            ("target_accept 0.95, chains 3 times as long", "1 divergence, ESS 250 for sd_g__Intercept"),
        ),
        ({"ebfmi": (0.9, 0.2, 0.9, 0.9)}, WAY, ("centred (1 | g)", "E-BFMI 0.20")),
        (
            {"n_divergent": 40, "ebfmi": (0.1, 0.9, 0.9, 0.9), "ess": {"sd_h__Intercept": 50}},
            WAY,
            ("non-centred (1 | h)", "40 divergences, E-BFMI 0.10"),
        ),
    ],
)
def test_each_step_has_its_evidence(design, trouble, way, expected):
    step = next_step(way, diagnostics(**trouble), design, ALL, [way])
    assert (step.remedy, step.evidence) == expected
    assert step.way != way


def test_what_was_given_is_respected(design):
    found = diagnostics(n_divergent=3, ess={"x": 50})
    assert next_step(WAY, found, design, NONE, [WAY]) is None
    step = next_step(WAY, found, design, replace(NONE, tune=True), [WAY])
    assert step.way == replace(WAY, tune=2000)


def test_nothing_is_tried_twice(design):
    found, tried = diagnostics(n_divergent=3, ess={"sd_g__Intercept": 60}), [WAY]
    remedies = []
    while (step := next_step(WAY, found, design, ALL, tried)) is not None:
        tried.append(step.way)
        remedies.append(step.remedy)
    assert remedies == [
        "target_accept 0.95", "target_accept 0.99, tune 2000", "centred (1 | g)", "chains 10 times as long",
        "low-rank mass matrix, tune 2000, chains 10 times as long",
    ]  # fmt: skip


def test_what_cannot_be_afforded_is_not_tried(design):
    """A cheaper remedy is taken where there is one, else none."""
    found = diagnostics(ess={"sd_g__Intercept": 200})
    cheap = next_step(WAY, found, design, ALL, [WAY], lambda way: way.thin == 1)
    assert cheap.remedy == "centred (1 | g)"
    assert next_step(WAY, found, design, ALL, [WAY], lambda _: False) is None


def test_costs_are_counted_in_gradients():
    """4 chains of 1,000 draws and as many tuning steps; a low-rank mass matrix of 120 parameters over 240 rows takes
    120^3 / (12 x 240) = 600 gradients more in each step of tuning."""
    budget = Budget(n=120, n_obs=240, chains=4, draws=1000)
    assert budget.cost(WAY, steps=7) == 4 * 2000 * 7
    assert budget.cost(replace(WAY, thin=5), steps=7) == 4 * 6000 * 7
    finer = replace(WAY, mass_matrix="low-rank", tune=2000)
    assert budget.cost(finer, steps=7) == 4 * (2000 * 607 + 1000 * 7)
    for way in (WAY, finer):
        for thin in (1, 2, 9):
            left = budget.cost(replace(way, thin=thin), steps=7)
            assert budget.longest(way, 7, left) == thin
            assert budget.longest(replace(way, thin=4), 7, left + 1) == thin
    assert budget.longest(WAY, 7, 10.0) == 1


def test_few_draws_say_nothing_of_mixing(design):
    few = diagnostics(ess={"x": 5}, rhat={"x": 1.4}, n_total=400)
    assert next_step(WAY, few, design, ALL, []) is None


def test_the_better_attempt_has_less_badness():
    well = Attempt("", "", 0.9, 1000, "diagonal", "", 0, 1.003, 900.0, 0.8, 0, 1.0)
    assert badness(well, 4, 4000) == 0
    for worse in ({"n_divergent": 2}, {"max_rhat": 1.1}, {"min_ess": 100.0}, {"min_ebfmi": 0.1}, {"max_rhat": np.inf}):
        assert badness(replace(well, **worse), 4, 4000) > 0
    frame = frame_of(to_text([replace(well, kept=False), well]))
    assert frame["kept"].tolist() == [False, True]
    assert frame.index.tolist() == [1, 2]


HOW = {"family": "poisson", "method": "joint", "seed": 3, "progress": False}
FORMULA = "count ~ x + (1 | g) + (1 | h)"


@pytest.fixture(scope="module")
def usual():
    return fit(FORMULA, crossed(), **HOW)


def same_posterior(one, other) -> None:
    """Means and sds of coefficients and sds within Monte Carlo error."""
    for name in ("Intercept", "x", "sd_g__Intercept", "sd_h__Intercept"):
        draws = [each.posterior["posterior"][name].to_numpy() for each in (one, other)]
        for what, estimate in (("mean", np.mean), ("sd", np.std)):
            error = np.hypot(*(float(arviz_stats.mcse(each, method=what)) for each in draws))
            assert abs(estimate(draws[0]) - estimate(draws[1])) < 4 * error, f"{what} of {name}"


def test_a_model_that_behaves_is_sampled_once(usual):
    rows = usual.diagnostics.ladder
    assert len(rows) == 1
    assert rows.loc[1, "kept"]
    assert (rows.loc[1, "remedy"], rows.loc[1, "centred"]) == ("", "1 | g")
    assert usual.sampling.centred == ("1 | g",)
    assert "attempt" not in str(usual)
    assert "problem" not in set(diagnose(usual)["severity"])


def test_the_wrong_parametrisation_is_mended_and_said(usual, monkeypatch, tmp_path):
    """Effects near 0 sampled as they are make a funnel: evidence, remedy, record, the same posterior, stored."""
    monkeypatch.setattr(joint_draws, "centred_terms", lambda *_: (True, True))
    mended = fit(FORMULA, crossed(), **HOW)
    rows = mended.diagnostics.ladder
    assert rows.loc[1, "n_divergent"] > 0
    assert rows.loc[1, "min_ebfmi"] < 0.3
    assert len(rows) == 2
    assert rows.loc[2, "remedy"] == "non-centred (1 | h)"
    assert rows.loc[2, "evidence"].startswith(f"{rows.loc[1, 'n_divergent']} divergences, E-BFMI 0.")
    assert rows.loc[2, "kept"]
    assert mended.sampling.centred == ("1 | g",)
    assert f"2nd attempt: non-centred (1 | h) after {rows.loc[2, 'evidence']}" in str(mended)
    assert "problem" not in set(diagnose(mended)["severity"])
    same_posterior(mended, usual)
    again = load(save(mended, tmp_path / "fit.nc"))
    assert again.sampling == mended.sampling
    pd.testing.assert_frame_equal(again.diagnostics.ladder, rows)
    points = again.posterior["unconstrained_posterior"]["point"].to_numpy()[:, -1]
    lp = again.posterior["sample_stats"]["lp"].to_numpy()[:, -1]
    np.testing.assert_allclose(log_density_of(again.pymc_model)(points), lp, rtol=1e-9)


@pytest.mark.slow
def test_what_stays_bad_is_said(monkeypatch):
    """Without remedies, or with the arguments given, one attempt is all there is, and its trouble is reported."""
    monkeypatch.setattr(joint_draws, "centred_terms", lambda *_: (True, True))
    bad = fit(FORMULA, crossed(), **HOW, remedies=False)
    assert len(bad.diagnostics.ladder) == 1
    assert {"divergences", "ebfmi"} <= set(diagnose(bad)["check"])
    assert "Sampling: problems" in str(bad)
    assert "attempt" not in str(bad)


@pytest.mark.slow
def test_the_marginal_likelihood_does_not_depend_on_the_parametrisation(usual, monkeypatch):
    monkeypatch.setattr(joint_draws, "centred_terms", lambda *_: (False, False))
    other = fit(FORMULA, crossed(), **HOW | {"draws": 8000}, remedies=False)
    both = [by_bridge(each.pymc_model, each.posterior, seed=4) for each in (usual, other)]
    assert abs(both[0].value - both[1].value) < 4 * np.hypot(*(each.error for each in both))


@pytest.mark.slow
def test_attempts_are_announced_and_cost_ten_times_the_first_at_most(monkeypatch, capsys):
    """Each with its reason, where nobody sees a bar too; 10,000 effective draws a chain are never reached."""
    monkeypatch.setattr(joint_draws, "centred_terms", lambda *_: (True, True))
    monkeypatch.setattr(ladder, "EFFECTIVE_PER_CHAIN", 10_000)
    foreseen, next_step = [], BestAttempt.next_step

    def watched(best):
        """All attempts so far and the next one, as its cost is foreseen, in times the first."""
        step = next_step(best)
        if step is not None:
            steps = steps_of(best._best.posterior, best._tried[best.at].thin)
            foreseen.append((best._spent + best._budget.cost(step.way, steps)) / (best._most / MOST_TIMES))
        return step

    monkeypatch.setattr(BestAttempt, "next_step", watched)
    how = HOW | {"progress": True, "target_accept": 0.9, "tune": 500, "draws": 200, "chains": 2}
    found = fit(FORMULA, crossed(), **how)
    rows = found.diagnostics.ladder
    later = rows.iloc[1:].iterrows()
    said = [f"Attempt {number} of at most 5: {row['remedy']}, after {row['evidence']}." for number, row in later]
    assert said
    assert " ".join(capsys.readouterr().err.split()) == " ".join(said)
    assert rows["thin"].max() > 1
    assert foreseen
    assert max(foreseen) <= MOST_TIMES
    fit(FORMULA, crossed(), **how | {"progress": False})
    assert capsys.readouterr().err == ""


def interrupting(monkeypatch, *, at: int):
    """Ctrl-C in the attempt of that number."""
    sample, calls = joint_draws.draw_by_kernel, []

    def interrupted(buffer, n, settings):
        calls.append(settings.attempt)
        if settings.attempt == at:
            raise KeyboardInterrupt
        return sample(buffer, n, settings)

    monkeypatch.setattr(joint_draws, "draw_by_kernel", interrupted)
    monkeypatch.setattr(joint_draws, "centred_terms", lambda *_: (True, True))
    return calls


def test_an_interrupt_at_a_prompt_keeps_the_attempts_that_are_finished(monkeypatch, capsys, tmp_path):
    calls = interrupting(monkeypatch, at=2)
    monkeypatch.setattr("sys.ps1", ">>> ", raising=False)
    found = fit(FORMULA, crossed(), **HOW, draws=300)
    assert calls == [1, 2]
    assert "Interrupted: attempt 2 of at most 5 is dropped, attempt 1 is kept." in capsys.readouterr().err
    rows = found.diagnostics.ladder
    assert rows["kept"].tolist() == [True, False]
    assert rows.loc[2, "remedy"] == "non-centred (1 | h) (interrupted)"
    assert np.isnan(rows.loc[2, "min_ess"])
    text = str(found)
    assert "(interrupted) after" in text
    assert "draws of the 1st kept" in text
    assert "Sampling: problems" in text
    pd.testing.assert_frame_equal(load(save(found, tmp_path / "fit.nc")).diagnostics.ladder, rows)


@pytest.mark.parametrize(("at", "prompt"), [(1, True), (2, False)])
def test_an_interrupt_of_the_first_attempt_or_of_a_script_ends_the_fit(monkeypatch, at, prompt):
    interrupting(monkeypatch, at=at)
    if prompt:
        monkeypatch.setattr("sys.ps1", ">>> ", raising=False)
    with pytest.raises(KeyboardInterrupt):
        fit(FORMULA, crossed(), **HOW, draws=250, tune=250)


@pytest.mark.slow
def test_chains_that_go_on_begin_with_the_draws_they_had(monkeypatch):
    """Of three times as many draws every third: the last of the first 600 is the 200th of those kept."""
    short = fit(FORMULA, crossed(), **HOW | {"draws": 600}, remedies=False)
    monkeypatch.setattr(joint_draws.ladder, "Way", lambda **way: Way(**way, thin=3))
    long = fit(FORMULA, crossed(), **HOW | {"draws": 400}, remedies=False)
    points = [each.posterior["unconstrained_posterior"]["point"].to_numpy() for each in (short, long)]
    np.testing.assert_array_equal(points[0][:, 2::3], points[1][:, :200])


@pytest.mark.slow
@pytest.mark.parametrize(("family", "centred"), [("bernoulli(probit)", ("1 | g",)), ("negative_binomial", ())])
def test_families_that_are_compiled_by_pymc(family, centred):
    """The same ladder; what a rough fit covers begins centred, and the density is that of `fit.pymc_model`."""
    many = crossed(1500)
    many["yes"] = many["count"] > 2
    response = "yes" if family.startswith("bernoulli") else "count"
    found = fit(f"{response} ~ x + (1 | g) + (1 | h)", many, family, seed=5, draws=500, chains=2, progress=False)
    assert found.diagnostics.ladder.loc[1, "centred"] == ", ".join(centred)
    assert found.diagnostics.n_divergent == 0
    points = found.posterior["unconstrained_posterior"]["point"].to_numpy()[:, -1]
    lp = found.posterior["sample_stats"]["lp"].to_numpy()[:, -1]
    np.testing.assert_allclose(log_density_of(found.pymc_model)(points), lp, rtol=1e-7)


def test_thinned_chains_keep_what_happened_between():
    """Of blocks of three draws the last; divergences of any of them count."""
    figures = {
        "diverging": [False, True, False, False, False, False],
        "reached_max_treedepth": [False] * 5 + [True],
        "n_steps": [1, 2, 3, 4, 5, 6],
        "energy": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
    }
    statistics = xr.Dataset({name: (("chain", "draw"), [values]) for name, values in figures.items()})
    posterior = xr.Dataset({"a": (("chain", "draw"), [np.arange(6.0)])}, {"draw": range(6)})
    tree = thinned(xr.DataTree.from_dict({"posterior": posterior, "sample_stats": statistics}), 3)
    assert tree["posterior"]["a"].to_numpy().tolist() == [[2.0, 5.0]]
    assert tree["posterior"]["draw"].to_numpy().tolist() == [0, 1]
    assert tree["sample_stats"]["diverging"].to_numpy().tolist() == [[True, False]]
    assert tree["sample_stats"]["reached_max_treedepth"].to_numpy().tolist() == [[False, True]]
    assert tree["sample_stats"]["n_steps"].to_numpy().tolist() == [[6, 15]]
    assert tree["sample_stats"]["energy"].to_numpy().tolist() == [[2.0, 5.0]]
