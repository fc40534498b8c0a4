"""Categories without an order: the maximum of R's multinom, two categories as a Bernoulli response, evidence."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp
from scipy.stats import multivariate_t, norm

import bayesmix as bm
from bayesmix.families.family import read_family
from bayesmix.formula import nominal_response
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design
from bayesmix.modelling.joint.coordinates import centred_terms_of_categories
from bayesmix.modelling.joint.ladder import labels
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.pymc_model.bambi_bridge import build_model
from bayesmix.priors.default_priors import default_priors
from bayesmix.priors.settled import settle_priors

from ..in_python import IN_PYTHON

QUIET = {"progress": False, "seed": 1, "draws": 500}
VAGUE = {"b": "Normal(0, 10)"}


@pytest.fixture(scope="module")
def choices(multinom) -> pd.DataFrame:
    return pd.DataFrame(multinom["rows"])


def a_model(formula, data, family="categorical", priors=None):
    family = read_family(family)
    design = build_design(parse_formulas(formula).mean, data, response=family.response, auxiliary=family.auxiliary)
    settled = settle_priors(default_priors(design, family), priors)
    return design, build_model(design, family, settled).model


def point_of(model, design, coefficients):
    """The values of the free variables that stand for `coefficients` by category, R's order."""
    point = dict(model.initial_point())
    for category, (intercept, x, *sites) in coefficients.items():
        means = design.parts[f"mu{category}"].fixed.matrix.mean(axis=0)
        point[f"mu{category}_Intercept_at_means"] = np.array(intercept + means[1:] @ [x, *sites])
        point[f"mu{category}_x"] = np.array(x)
        point[f"mu{category}_site"] = np.array(sites)
    return point


def test_the_density_is_greatest_where_multinom_is(multinom, choices):
    """Under flat priors it is the likelihood, which R says too."""
    flat = dict.fromkeys(("b", "Intercept"), "Flat()")
    design, model = a_model("choice ~ x + site", choices, priors=flat)
    point = point_of(model, design, multinom["coef"])
    assert model.compile_logp(mode=IN_PYTHON)(point) == pytest.approx(multinom["loglik"], abs=1e-7)
    slopes = model.compile_dlogp(mode=IN_PYTHON)(point)
    np.testing.assert_allclose(slopes, 0, atol=1e-4)


def test_far_out_the_density_and_its_slope_are_finite(multinom, choices):
    design, model = a_model("choice ~ x + site", choices)
    point = point_of(model, design, {name: [900.0, -700.0, 300.0, 50.0] for name in multinom["coef"]})
    assert np.isfinite(model.compile_logp(mode=IN_PYTHON)(point))
    assert np.isfinite(model.compile_dlogp(mode=IN_PYTHON)(point)).all()


def test_terms_about_which_the_data_tell_much_begin_centred():
    """As in other families: groups of many rows do, those of few do not."""
    rng, n = np.random.default_rng(4), 900
    g, h = rng.integers(0, 5, n), rng.integers(0, 300, n)
    scores = np.column_stack([np.zeros(n), rng.normal(size=5)[g], rng.normal(size=5)[g]]) + rng.gumbel(size=(n, 3))
    data = pd.DataFrame({"y": np.array(["a", "b", "c"])[scores.argmax(axis=1)], "g": g, "h": h})
    family = read_family("categorical")
    design = build_design(parse_formulas("y ~ 1 + (1 | g) + (1 | h)").mean, data, response="nominal", auxiliary=())
    priors = default_priors(design, family)
    centred = centred_terms_of_categories(MixedModel(design, family, priors))
    assert centred == (True, False, True, False)
    assert labels(design, centred) == ("mub: 1 | g", "muc: 1 | g")
    model = build_model(design, family, priors, centred=labels(design, centred)).model
    effects = sorted(variable.name for variable in model.free_RVs if "|" in variable.name)
    assert effects == ["mub_1|g", "mub_1|h_offset", "muc_1|g", "muc_1|h_offset"]


@pytest.fixture
def two(choices, monkeypatch) -> pd.DataFrame:
    """Two categories are refused; they are the same as a Bernoulli response."""
    monkeypatch.setattr(nominal_response, "FEWEST", 2)
    data = choices.assign(g=np.arange(len(choices)) % 20)
    return data.assign(choice=np.where(data["choice"] == "bus", "bus", "other"))


def test_two_categories_have_the_density_of_a_bernoulli_response(two):
    formula, rng = "choice ~ x + site + (x | g)", np.random.default_rng(5)
    (_, categorical), (_, bernoulli) = (a_model(formula, two, family) for family in ("categorical", "bernoulli"))
    densities = [model.compile_logp(mode=IN_PYTHON) for model in (categorical, bernoulli)]
    plain = {
        name: name.replace("corr_g__muother", "corr_g").replace("muother_", "") for name in categorical.initial_point()
    }
    assert set(plain.values()) == set(bernoulli.initial_point())
    for _ in range(3):
        point = {name: rng.normal(size=np.shape(v)) for name, v in categorical.initial_point().items()}
        same = {plain[name]: values for name, values in point.items()}
        assert densities[0](point) == pytest.approx(float(densities[1](same)), rel=1e-10)


@pytest.mark.slow
def test_two_categories_have_the_posterior_of_a_bernoulli_response(two):
    """The Bernoulli fit draws its group effects exactly, by quadrature."""
    found = bm.fit("choice ~ x + (1 | g)", two, "categorical", **QUIET)
    expected = bm.fit("choice ~ x + (1 | g)", two, "bernoulli", **{**QUIET, "draws": 2000})
    assert expected.method == "quadrature"
    pairs = [(bm.fixef(found), bm.fixef(expected)), (bm.varcorr(found), bm.varcorr(expected))]
    for one, other in pairs:
        for column in ("mean", "lower", "upper"):
            width = 1.0 if column == "mean" else 3.0  # quantiles in the tails vary more than a mean
            mcse = one["sd"].to_numpy() * np.sqrt(1 / one["ess_bulk"].to_numpy() + 1 / other["ess_bulk"].to_numpy())
            assert (np.abs(one[column].to_numpy() - other[column].to_numpy()) < 4 * width * mcse).all()


@pytest.fixture(scope="module")
def vague(choices) -> bm.Fit:
    return bm.fit("choice ~ x + site", choices, "categorical", priors=VAGUE, **QUIET)


@pytest.mark.slow
def test_a_posterior_under_vague_priors_is_about_the_estimates_of_multinom(multinom, vague):
    table = bm.fixef(vague)
    estimates = np.concatenate([multinom["coef"][name] for name in ("car", "train")])
    se = np.concatenate([multinom["se"][name] for name in ("car", "train")])
    assert (np.abs(table["mean"] - estimates) < 0.15 * se).all()  # the mean of a posterior of 300 rows is not its mode
    np.testing.assert_allclose(table["sd"], se, rtol=0.1)
    shares = bm.fitted(vague)["mean"].unstack("category").iloc[:5]
    np.testing.assert_allclose(shares, multinom["fitted"], atol=0.01)


def log_evidence(columns, choices):
    """By importance sampling about the mode, from a t distribution; intercepts are Normal(0, 2.5) at the means."""
    X = np.column_stack([np.ones(len(choices)), columns - columns.mean(axis=0)])
    y = np.array(["bus", "car", "train"]).searchsorted(choices["choice"])
    sd = np.array([2.5, *[10.0] * columns.shape[1]])

    def log_posterior(theta):
        beta = theta.reshape(*theta.shape[:-1], 2, X.shape[1])
        eta = np.einsum("np,...kp->...nk", X, beta)
        logs = log_softmax(np.concatenate([np.zeros_like(eta[..., :1]), eta], axis=-1), axis=-1)
        return logs[..., np.arange(len(y)), y].sum(axis=-1) + norm.logpdf(beta, 0, sd).sum(axis=(-1, -2))

    found = minimize(lambda theta: -log_posterior(theta), np.zeros(2 * X.shape[1]), method="BFGS")
    proposal = multivariate_t(found.x, found.hess_inv, df=6, seed=4)
    theta = proposal.rvs(20_000)
    return logsumexp(log_posterior(theta) - proposal.logpdf(theta)) - np.log(len(theta))


@pytest.mark.slow
def test_evidence_is_that_of_importance_sampling_by_hand(choices, vague):
    x, site = choices[["x"]].to_numpy(), pd.get_dummies(choices["site"], dtype=float).to_numpy()[:, 1:]
    larger, smaller = log_evidence(np.column_stack([x, site]), choices), log_evidence(x, choices)
    found = bm.log_marginal(vague)
    assert found.value == pytest.approx(larger, abs=4 * found.error + 0.05)
    factor = bm.bayes_factor(vague, drop="site")
    assert factor.smaller == "choice ~ x"
    assert factor.log10_bf == pytest.approx((larger - smaller) / np.log(10), abs=4 * factor.mcse + 0.05)
    assert factor.low < factor.log10_bf < factor.high


@pytest.mark.slow
def test_a_stored_fit_the_same_seed_and_draws_of_the_priors(choices, vague, tmp_path):
    stored = bm.load(bm.save(vague, tmp_path / "fit.nc"))
    assert str(stored) == str(vague)
    again = bm.fit("choice ~ x + site", choices, "categorical", priors=VAGUE, **QUIET)
    assert again.posterior["posterior"].equals(vague.posterior["posterior"])
    tree = bm.to_datatree(vague, prior=True)
    assert float(tree["prior"]["mutrain_x"].std()) == pytest.approx(10, rel=0.1)
    assert set(np.unique(tree["prior_predictive"]["choice"])) == {0, 1, 2}
