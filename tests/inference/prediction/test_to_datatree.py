"""One tree for ArviZ and Bambi: their own functions take it, and find what Bambi would have put there."""

import warnings

import arviz_plots
import arviz_stats
import bambi
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmix as bm
from bayesmix.errors import ArgumentError

SHORT = {"draws": 50, "chains": 2, "seed": 1, "progress": False, "remedies": False}


def made_data():
    sleepstudy = bm.load_data("sleepstudy")
    score = pd.qcut(sleepstudy["Reaction"], 3, labels=["low", "mid", "high"])
    return sleepstudy.assign(
        slow=(sleepstudy["Reaction"] > 300).astype(int),
        count=(sleepstudy["Reaction"] / 50).round().astype(int),
        score=pd.Categorical(score, ordered=True),
        even=np.where(sleepstudy["Days"] % 2 == 0, "even", "odd"),
    )


MODELS = {
    "gaussian": ("Reaction ~ Days + even + (Days | Subject)", "gaussian", "auto"),
    "gaussian, joint": ("Reaction ~ Days + even + (Days | Subject)", "gaussian", "joint"),
    "bernoulli": ("slow ~ Days + (1 | Subject)", "bernoulli", "auto"),
    "poisson, joint": ("count ~ Days + (1 | Subject)", "poisson", "joint"),
    "cumulative": ("score ~ Days + (1 | Subject)", "cumulative", "auto"),
    "a call": ("log(Reaction / 2) ~ Days + (1 | Subject)", "gaussian", "auto"),
}


# Those whose sampler PyTensor compiles take seconds.
COMPILED = ("gaussian, joint", "cumulative")


@pytest.fixture(
    scope="module",
    params=[
        "binomial",
        *(pytest.param(name, marks=pytest.mark.slow if name in COMPILED else ()) for name in MODELS),
    ],
)
def made(request):
    if request.param == "binomial":
        formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
        return bm.fit(formula, bm.load_data("cbpp"), "binomial", **SHORT)
    formula, family, method = MODELS[request.param]
    return bm.fit(formula, made_data(), family, method=method, **SHORT)


def predictor_of(made):
    return "period" if "period" in made.formula else "Days"


def test_bambi_interprets_the_posterior_itself(made):
    model, x = bm.bambi_model(made), predictor_of(made)
    assert len(bambi.interpret.predictions(model, made.posterior, conditional=x).summary) > 0
    assert len(bambi.interpret.comparisons(model, made.posterior, contrast=x).summary) > 0
    if x == "Days":
        assert len(bambi.interpret.slopes(model, made.posterior, wrt=x).summary) > 0


def test_densities_and_replicates_are_those_of_bambi(made):
    tree = bm.to_datatree(made, log_likelihood=True, posterior_predictive=True)
    model, own = bm.bambi_model(made), made.posterior.copy()
    model.compute_log_likelihood(own)
    model.predict(own, kind="response", random_seed=1)
    (name,) = own["posterior_predictive"].data_vars
    of_bambi = own["log_likelihood"][name].transpose("chain", "draw", "__obs__")
    np.testing.assert_allclose(tree["log_likelihood"][name], of_bambi, atol=1e-9)
    one, other = (group["posterior_predictive"][name] for group in (tree, own))
    assert one.dims == other.dims
    assert one.dtype == other.dtype == tree["observed_data"][name].dtype
    np.testing.assert_allclose(
        one.mean(("chain", "draw")), other.mean(("chain", "draw")), atol=5 * float(one.std()) / 7
    )
    np.testing.assert_allclose(one.mean(), other.mean(), atol=5 * float(one.std()) / np.sqrt(one.size))
    observed = model.backend.model.rvs_to_values[model.backend.model[name]].data
    np.testing.assert_array_equal(tree["observed_data"][name], np.asarray(observed).reshape(-1))


def test_arviz_takes_the_tree(made):
    tree = bm.to_datatree(made, log_likelihood=True, posterior_predictive=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of ArviZ, that a Pareto k is large
        found = arviz_stats.loo(tree)
        arviz_plots.plot_ppc_dist(tree, num_samples=10)
    plt.close("all")
    assert found.n_data_points == made.design.n_obs
    by_hand = bm.log_likelihood(made).to_numpy()
    assert found.elpd < np.log(np.exp(by_hand).mean(axis=(0, 1))).sum()


def test_only_what_is_asked_for_is_worked_out(made):
    tree = bm.to_datatree(made)
    assert set(tree.children) == {*made.posterior.children, "constant_data"}
    assert tree["constant_data"][predictor_of(made)].dims == ("__obs__",)
    assert not {"log_likelihood", "constant_data"} & set(made.posterior.children)
    replicates = [bm.to_datatree(made, posterior_predictive=True, seed=seed) for seed in (3, 3, 4)]
    first, again, other = (tree["posterior_predictive"].to_dataset() for tree in replicates)
    assert first.equals(again)
    assert not first.equals(other)


def test_draws_from_the_priors_are_distributed_as_these():
    made = bm.fit("Reaction ~ Days + (Days | Subject)", made_data(), **SHORT)
    tree = bm.to_datatree(made, prior=True)
    assert set(tree["prior"].data_vars) == set(tree["posterior"].data_vars)
    slope, deviation = made.priors["Days"].args, made.priors["sigma"].args
    for name, reference in (("Days", stats.norm(*slope)), ("sigma", stats.t(deviation[0], scale=deviation[1]))):
        drawn = tree["prior"][name].to_numpy().ravel()
        cdf = reference.cdf if name == "Days" else lambda x, reference=reference: 2 * reference.cdf(x) - 1
        assert stats.kstest(drawn, cdf).pvalue > 0.01
    replicate = tree["prior_predictive"]["Reaction"].to_numpy()[0]
    assert replicate.shape == (1000, 180)
    assert replicate.std(axis=0).mean() > 100
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        arviz_plots.plot_prior_posterior(tree, var_names=["sigma"])
    plt.close("all")


def test_a_stored_fit_has_the_observed_data_again_and_its_file_the_same_bytes(made, tmp_path):
    first, again = tmp_path / "first.nc", tmp_path / "again.nc"
    bm.save(made, first)
    loaded = bm.load(first)
    bm.save(loaded, again)
    assert first.read_bytes() == again.read_bytes()
    assert loaded.posterior["observed_data"].to_dataset().identical(made.posterior["observed_data"].to_dataset())
    assert b"observed_data" not in first.read_bytes()


def test_what_cannot_be_is_refused_in_one_line():
    data = made_data()
    flat = bm.fit("Reaction ~ Days + (1 | Subject)", data, priors={"Days": "Flat()"}, **SHORT)
    for ask, words in (
        (lambda: bm.to_datatree(flat, prior=True), "Flat.*prior of Days"),
        (lambda: bm.to_datatree(flat, log_likelihood=1), "log_likelihood is True or False; got 1"),
        (lambda: bm.to_datatree(bm.lm("Reaction ~ Days", data)), "to_datatree takes a fit by bm.fit; got LmFit"),
    ):
        with pytest.raises(ArgumentError, match=words) as caught:
            ask()
        assert "\n" not in str(caught.value)


def test_bambis_model_prints_formula_and_priors_of_the_fit():
    made = bm.fit(["Reaction ~ Days + (1 | Subject)", "sigma ~ Days"], made_data(), tune=50, **SHORT)
    said = str(bm.bambi_model(made))
    assert "Reaction ~ Days + (1 | Subject)" in said
    assert "sigma ~ Days" in said
    for name, prior in made.priors.items():
        assert f"{name} " in said
        assert f"~ {prior}" in said
    assert "Flat" not in said
    assert "bayesmix_" not in said
    assert max(len(line) for line in said.splitlines()) < 80
