"""Importance sampling of the variance parameters: when it is taken, what it says of itself, what follows when not."""

from time import sleep

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmix as bm
from bayesmix.errors import ArgumentError
from bayesmix.families.family import read_family
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.route import Request
from bayesmix.modelling.routes import choose_route
from bayesmix.modelling.samplers import importance
from bayesmix.modelling.samplers import weights as weights_file
from bayesmix.parallel import in_parallel
from bayesmix.priors.default_priors import default_priors

SETTINGS = {"seed": 1, "progress": False}


def noise(seed):
    """Nothing but noise under two correlated terms: the sds' posteriors are broad and far from normal."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "y": rng.normal(size=40),
            "x": rng.normal(size=40),
            "g": rng.integers(0, 15, 40),
            "h": rng.integers(0, 6, 40),
        }
    )


def test_print_says_which_and_why():
    fit = bm.fit("Reaction ~ Days + (Days | Subject)", bm.load_data("sleepstudy"), **SETTINGS)
    weights = fit.diagnostics.importance
    assert fit.method == "exact"
    assert fit.sampling.sampler == "importance"
    assert weights.pareto_k < 0.5
    assert 6000 < weights.effective_size < weights.n_values == 8000
    assert f"(effective sample size {weights.effective_size:.0f}); seed 1" in str(fit)
    assert "importance sampling of 4 variance parameters" in str(fit)
    assert f"Pareto k {weights.pareto_k:.2f})." in str(fit)
    groups = {"posterior", "sample_stats", "unconstrained_posterior", "importance", "observed_data"}
    assert set(fit.posterior.children) == groups


@pytest.mark.slow
def test_weights_that_cannot_be_trusted_give_way_to_nuts(monkeypatch):
    """With a limit that no weights keep: mixtures follow even these data."""
    assert bm.fit("y ~ x + (x | g) + (x | h)", noise(22), draws=500, **SETTINGS).sampling.sampler == "importance"
    monkeypatch.setattr(weights_file, "greatest_k", lambda _: -50.0)
    formula, data = "y ~ x + (x | g) + (x | h)", noise(22)
    fit = bm.fit(formula, data, draws=500, **SETTINGS)
    assert fit.sampling.sampler == "nutpie"
    assert fit.diagnostics.importance is None
    assert "importance sampling: Pareto k" in fit.reason
    assert "NUTS by nutpie on 7 variance parameters" in str(fit)
    asked = bm.fit(formula, data, draws=500, sampler="importance", **SETTINGS)
    assert asked.diagnostics.importance.pareto_k > asked.diagnostics.importance.greatest_k
    found = bm.diagnose(asked).set_index("check")
    assert found.loc["pareto_k", "severity"] == "problem"
    assert 'sampler="nutpie"' in found.loc["pareto_k", "advice"]
    assert "Sampling: problems: " in str(asked)


def test_the_number_of_cores_does_not_matter():
    data = bm.load_data("Penicillin")
    one, two = (
        bm.fit("diameter ~ 1 + (1 | plate) + (1 | sample)", data, draws=200, cores=cores, **SETTINGS).posterior
        for cores in (1, 2)
    )
    assert one.identical(two)


def test_copies_count_once(monkeypatch, tmp_path):
    """Where values are few, draws are copies of them; effective sizes count values, of effects also the fresh draws."""
    monkeypatch.setattr(importance, "_SECONDS", 0.0)
    fit = bm.fit("diameter ~ 1 + (1 | plate) + (1 | sample)", bm.load_data("Penicillin"), **SETTINGS)
    weights = fit.diagnostics.importance
    parameters = fit.diagnostics.parameters
    assert weights.n_values == 600
    by_kind = parameters.groupby("kind")["ess_bulk"]
    assert 0.6 * weights.effective_size < by_kind.get_group("sd").min() < 1.4 * weights.effective_size
    assert by_kind.get_group("group effect").median() > 2 * weights.effective_size
    assert bm.diagnose(fit, sensitivity=False)["severity"].tolist() == []
    # What is printed is what the verdict looks at, of a stored fit too.
    assert bm.fixef(fit).loc["Intercept", "ess_tail"] == parameters.loc["Intercept", "ess_tail"] < 3600
    assert bm.varcorr(fit)["ess_bulk"].tolist() == parameters.query("kind in ('sd', 'auxiliary')")["ess_bulk"].tolist()
    bm.save(fit, tmp_path / "fit.nc")
    pd.testing.assert_frame_equal(bm.varcorr(bm.load(tmp_path / "fit.nc")), bm.varcorr(fit))


def choice(formula, data, method="auto", sampler="auto", family="gaussian"):
    family = read_family(family)
    design = build_design(parse(formula), data, response=family.response)
    return choose_route(MixedModel(design, family, default_priors(design, family)), Request(method, sampler))


def test_what_is_chosen_and_what_if_it_fails():
    rng = np.random.default_rng(1)
    n = 9000
    data = pd.DataFrame({"y": rng.normal(size=n), "a": np.arange(n) % 2700, "b": np.arange(n) % 499})
    data["c"] = rng.integers(0, 2600, n)
    few = choice("y ~ 1 + (1 | a)", data)
    assert (few.route, few.sampler, few.otherwise.sampler, few.otherwise.route) == (
        "exact",
        "importance",
        "nutpie",
        "exact",
    )
    some = choice("y ~ 1 + (1 | a) + (1 | b)", data)
    assert (some.sampler, some.otherwise.route) == ("importance", "joint")
    assert "499 effects" in some.otherwise.reason
    many = choice("y ~ 1 + (1 | a) + (1 | c)", data)
    assert (many.route, many.sampler, many.otherwise) == ("joint", "nutpie", None)
    asked = choice("y ~ 1 + (1 | a) + (1 | c)", data, method="marginal")
    assert (asked.sampler, asked.otherwise.sampler, asked.otherwise.route) == ("importance", "nutpie", "exact")
    assert choice("y ~ 1 + (1 | a)", data, sampler="nutpie").route == "exact"
    assert choice("y ~ 1 + (1 | a)", data, sampler="importance").otherwise is None
    assert choice("y ~ 1 + (1 | a)", data, sampler="numpyro").route == "joint"


def test_settings_of_nuts_ask_for_nuts():
    data = bm.load_data("Dyestuff")
    fit = bm.fit("Yield ~ 1 + (1 | Batch)", data, draws=50, tune=50, chains=1, **SETTINGS)
    assert fit.sampling.sampler == "nutpie"
    assert "NUTS since tune= is given" in str(fit)
    with pytest.raises(ArgumentError, match=r"tune= is for NUTS"):
        bm.fit("Yield ~ 1 + (1 | Batch)", data, tune=50, sampler="importance", **SETTINGS)


def test_one_chain_of_independent_draws_is_enough():
    fit = bm.fit("Yield ~ 1 + (1 | Batch)", bm.load_data("Dyestuff"), chains=1, **SETTINGS)
    assert bm.diagnose(fit, sensitivity=False).empty
    assert fit.sampling.target_accept is None


def test_more_variance_parameters_than_weights_can_follow():
    rng = np.random.default_rng(2)
    data = pd.DataFrame(rng.normal(size=(400, 8)), columns=list("ytuvwxzs")).assign(g=np.arange(400) % 20)
    found = choice("y ~ 1 + (t + u + v + w + x + z + s | g)", data)
    assert (found.route, found.sampler) == ("exact", "nutpie")


def test_what_does_not_go_together_is_refused():
    data = noise(1)
    for arguments, words in (
        ({"sampler": "importance", "method": "joint"}, "the joint path has NUTS alone"),
        ({"sampler": "importance", "family": "gaussian(log)"}, "no closed form"),
        ({"sampler": "import"}, "Did you mean 'importance'"),
    ):
        with pytest.raises(ArgumentError, match=words.replace("(", r"\(")):
            choice("y ~ x + (1 | g)", data, **arguments)


@pytest.mark.parametrize("cores", [1, 3])
def test_an_error_in_a_part_stops_the_rest(cores):
    done = []

    def work(part):
        if part == 3:
            raise KeyboardInterrupt
        sleep(0.001)
        done.append(part)

    with pytest.raises(KeyboardInterrupt):
        in_parallel(work, range(1000), cores=cores)
    assert len(done) < 500


@pytest.mark.slow
def test_small_sds_are_drawn_as_often_as_a_grid_has_them():
    """P(sd < sigma / 4) of a balanced one-way layout, its covariance diagonal along overall, batches and within."""
    data = bm.load_data("Dyestuff")
    y = data["Yield"].to_numpy(float).reshape(6, 5)
    size = y.std(ddof=1)
    log_sd, log_sigma = np.meshgrid(np.linspace(-5, 3.5, 900), np.linspace(-1.5, 1.5, 400), indexing="ij")
    sd, sigma = size * np.exp(log_sd), size * np.exp(log_sigma)
    batches = 5 * sd**2 + sigma**2
    overall = batches + 30 * (2.5 * size) ** 2  # the intercept's prior lies at the mean of y
    between, within = 5 * ((y.mean(axis=1) - y.mean()) ** 2).sum(), ((y - y.mean(axis=1, keepdims=True)) ** 2).sum()
    log_p = -0.5 * (
        np.log(overall) + 5 * np.log(batches) + 24 * np.log(sigma**2) + between / batches + within / sigma**2
    )
    log_p += stats.t(3, 0, size).logpdf(sd) + stats.t(3, 0, size).logpdf(sigma) + log_sd + log_sigma
    weights = np.exp(log_p - log_p.max())
    expected = weights[sd < sigma / 4].sum() / weights.sum()
    shares = []
    for seed in range(40):
        draws = bm.fit("Yield ~ 1 + (1 | Batch)", data, sampler="importance", seed=seed, progress=False).posterior[
            "posterior"
        ]
        shares.append(float((draws["sd_Batch__Intercept"] < draws["sigma"] / 4).mean()))
    assert abs(np.mean(shares) - expected) < 4 * np.std(shares, ddof=1) / np.sqrt(40)
    assert np.std(shares, ddof=1) / np.sqrt(40) < 0.02 * expected
