"""Answers about categories without an order, of a fit with made-up draws, each against numbers worked out by hand."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib import pyplot as plt
from scipy.special import log_softmax, softmax

import bayesmix as bm
from bayesmix.errors import ArgumentError
from bayesmix.families.family import read_family
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design
from bayesmix.inference.evidence.tested_term import reduction_named
from bayesmix.inference.prediction.held_out_groups import group_log_likelihoods, levels_of, rows_by_level
from bayesmix.modelling.diagnostics import diagnose_sampling
from bayesmix.modelling.record import Sampling
from bayesmix.modelling.reduced import reduced_model
from bayesmix.priors.default_priors import default_priors
from bayesmix.priors.settled import settle_priors

N, CHAINS, DRAWS = 60, 2, 50
MODES = ("bus", "car", "train")


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "choice": np.array(MODES)[np.where(np.arange(N) % 5 == 0, 2, np.arange(N) % 2)],
            "x": rng.normal(size=N),
            "f": np.array(["u", "v"])[np.arange(N) % 2],
            "g": np.arange(N) // 10,
        },
        index=pd.RangeIndex(100, 100 + N),
    )


@pytest.fixture(scope="module")
def fit(data) -> bm.Fit:
    """Of ``choice ~ x + (1 | g)``."""
    family = read_family("categorical")
    design = build_design(parse_formulas("choice ~ x + (1 | g)").mean, data, response="nominal", auxiliary=())
    rng, draw = np.random.default_rng(1), ("chain", "draw")
    variables = {}
    for name in ("mucar", "mutrain"):
        scalars = {f"{name}_Intercept": 0.3, f"{name}_x": -0.5, f"sd_g__{name}_Intercept": 1.0}
        variables |= {each: (draw, at * np.exp(0.1 * rng.normal(size=(CHAINS, DRAWS)))) for each, at in scalars.items()}
        variables[f"{name}_1|g"] = ((*draw, "g__factor_dim"), rng.normal(size=(CHAINS, DRAWS, 6)))
    no = np.zeros((CHAINS, DRAWS), dtype=bool)
    statistics = {
        "diverging": (draw, no),
        "energy": (draw, rng.normal(size=no.shape)),
        "reached_max_treedepth": (draw, no),
    }
    coords = {"chain": range(CHAINS), "draw": range(DRAWS)}
    levels = {"g__factor_dim": list(design.parts["mucar"].random[0].levels)}
    tree = xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset(variables, coords=coords | levels),
            "sample_stats": xr.Dataset(statistics, coords=coords),
        }
    )
    sampling = Sampling(
        sampler="nutpie", draws=DRAWS, tune=50, chains=CHAINS, cores=1, seed=7, target_accept=0.9, seconds=0.1
    )
    priors, diagnostics = default_priors(design, family), diagnose_sampling(tree, design, ())
    return bm.Fit(design, family, priors, tree, "joint", "as asked", sampling, diagnostics)


def shares_by_hand(fit, *, with_groups=True):
    """Probabilities (N, 3, n_draws)."""
    draws = fit.posterior["posterior"].to_dataset().stack(all=("chain", "draw"))
    scores = [np.zeros((N, CHAINS * DRAWS))]
    for name in ("mucar", "mutrain"):
        eta = draws[f"{name}_Intercept"].to_numpy() + np.outer(fit.data["x"], draws[f"{name}_x"])
        effects = draws[f"{name}_1|g"].transpose("g__factor_dim", "all").to_numpy()[fit.data["g"]]
        scores.append(eta + effects * with_groups)
    return softmax(np.stack(scores, axis=1), axis=1)


def test_default_priors_are_those_of_a_logit_link(fit, data):
    sd_x = data["x"].std()
    for name in ("mucar", "mutrain"):
        assert str(fit.priors[f"{name}_Intercept"]) == "Normal(0, 2.5)"
        assert fit.priors[f"{name}_x"].args == pytest.approx((0, 2.5 / sd_x))
        assert str(fit.priors[f"sd_g__{name}_Intercept"]) == "HalfNormal(1)"
    family = read_family("categorical")
    cells = build_design(parse_formulas("choice ~ 0 + f").mean, data, response="nominal", auxiliary=())
    counts = data["choice"].value_counts()
    mean, sd = default_priors(cells, family)["mutrain_f[v]"].args
    assert (mean, sd) == pytest.approx((np.log(counts["train"] / counts["bus"]), 2.5))


def test_tables_name_the_predictors(fit):
    names = ["mucar_Intercept", "mucar_x", "mutrain_Intercept", "mutrain_x"]
    assert bm.fixef(fit).index.tolist() == names
    covariance = bm.vcov(fit)
    assert covariance.index.tolist() == covariance.columns.tolist() == names
    assert np.sqrt(np.diag(covariance)) == pytest.approx(bm.fixef(fit)["sd"].to_numpy())
    assert bm.varcorr(fit).index.get_level_values("term1").tolist() == ["mucar_Intercept", "mutrain_Intercept"]
    assert bm.ranef(fit)["term"].unique().tolist() == ["mucar_Intercept", "mutrain_Intercept"]
    assert len(bm.coef(fit)) == 6 * 4
    assert bm.tidy(fit)["term"].tolist()[:4] == names
    assert bm.glance(fit)["family"].item() == "categorical"
    text = str(fit)
    assert "choice: car (24 rows), train (12) against bus (24), the reference" in text
    assert text.count("choice ~ x + (1 | g)") == 1


@pytest.mark.parametrize(("groups", "column"), [("fitted", ".fitted"), ("typical", ".fixed")])
def test_probabilities_of_each_category(fit, groups, column):
    shares = shares_by_hand(fit, with_groups=groups == "fitted")
    table = bm.fitted(fit, groups=groups)
    np.testing.assert_allclose(table["mean"].to_numpy().reshape(N, 3), shares.mean(axis=-1), rtol=1e-10)
    np.testing.assert_allclose(table["upper"].to_numpy().reshape(N, 3), np.quantile(shares, 0.975, axis=-1), rtol=1e-6)
    assert table.loc[(100, "train"), "mean"] == pytest.approx(shares[0, 2].mean())
    augmented = bm.augment(fit)
    assert augmented[f"{column}[car]"].to_numpy() == pytest.approx(shares[:, 1].mean(axis=-1))
    assert ".resid" not in augmented


def test_other_rows_have_the_probabilities_of_the_same_rows(fit):
    rows = fit.data.iloc[[3, 17]][["x", "g"]]
    shares = shares_by_hand(fit)[[3, 17]]
    np.testing.assert_allclose(bm.predict(fit, rows)["mean"], shares.mean(axis=-1).ravel(), rtol=1e-10)


def test_log_likelihood_is_the_log_of_the_observed_categorys_share(fit):
    number = np.array(MODES).searchsorted(fit.data["choice"])
    expected = np.log(shares_by_hand(fit)[np.arange(N), number])
    found = bm.log_likelihood(fit).to_numpy().reshape(CHAINS * DRAWS, N).T
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_simulated_categories_occur_as_often_as_the_model_says(fit):
    simulated = bm.posterior_predict(fit)
    shares = shares_by_hand(fit)
    for number in (1, 2, 3):
        p = shares[:, number - 1]
        se = np.sqrt((p * (1 - p)).sum()) / p.size
        assert float((simulated == number).mean()) == pytest.approx(p.mean(), abs=4 * se)
    table = bm.ppc(fit)
    assert table.index.tolist() == list(MODES)
    assert table["observed"].tolist() == pytest.approx([0.4, 0.4, 0.2])
    assert bm.ppc(fit, "train", by="f").index.tolist() == [("u", "train"), ("v", "train")]
    figure = bm.plot_ppc(fit).figure
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == list(MODES)
    plt.close("all")


REFUSED = {
    "residuals": lambda fit: bm.residuals(fit),
    "plot_residuals": lambda fit: bm.plot_residuals(fit),
    "plot_qq": lambda fit: bm.plot_qq(fit),
    "plot_lines": lambda fit: bm.plot_lines(fit, "x", "g"),
    "plot_shrinkage": lambda fit: bm.plot_shrinkage(fit, "g"),
    "predictions": lambda fit: bm.predictions(fit),
    "comparisons": lambda fit: bm.comparisons(fit, "x"),
    "slopes": lambda fit: bm.slopes(fit, "x"),
    'predict with type="link"': lambda fit: bm.predict(fit, type="link"),
    'predict with interval="prediction"': lambda fit: bm.predict(fit, interval="prediction"),
}


@pytest.mark.parametrize("question", REFUSED)
def test_what_takes_numbers_is_refused(question, fit):
    with pytest.raises(ArgumentError) as caught:
        REFUSED[question](fit)
    assert str(caught.value).startswith(f"The categories of 'choice' have no order, so that {question} has no numbers")


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda fit: bm.emmeans(fit, "x"), "so that a grid of predictors has no numbers to show"),
        (lambda fit: bm.emtrends(fit, "x"), "so that a grid of predictors has no numbers to show"),
        (lambda fit: bm.joint_tests(fit), "so that a grid of predictors has no numbers to show"),
        (lambda fit: bm.heritability(fit, "g"), "so that heritability has no numbers to show"),
        (lambda fit: bm.plot_ppc(fit, kind="calibration"), "use kind='rootogram'."),
        (lambda fit: bm.plot_ppc(fit, kind="density"), "use kind='rootogram'."),
        (lambda fit: bm.plot_ppc(fit, statistic="mean"), "use kind='rootogram'."),
        (lambda fit: bm.ppc(fit, "mean"), "'mean'"),
        (lambda fit: bm.overdispersion(fit), "See ppc(fit)."),
        (lambda fit: bm.compare_reml(fit), "neither a REML nor a Laplace fit of categorical"),
        (lambda fit: bm.equivalence(fit), "no single residual sd"),
    ],
)
def test_other_refusals(ask, words, fit):
    with pytest.raises(ArgumentError) as caught:
        ask(fit)
    assert words in str(caught.value)


def test_groups_left_out_have_the_effects_on_all_categories_integrated_out(fit):
    """On a fine grid of both effects."""
    index, levels = levels_of(fit, "g")
    rows, positions = rows_by_level(index, len(levels))[2], np.array([3, 40, 99])
    found = group_log_likelihoods(fit, index, positions)(rows)
    draws = fit.posterior["posterior"].to_dataset().stack(all=("chain", "draw"))
    chosen = np.searchsorted(MODES, fit.data["choice"].to_numpy()[rows])
    u, step = np.linspace(-8, 8, 321, retstep=True)
    both = np.stack(np.meshgrid(u, u, indexing="ij"))
    for number, at in enumerate(positions):
        scores = [np.zeros((len(rows), *both.shape[1:]))]
        for effect, name in zip(both, ("mucar", "mutrain"), strict=True):
            intercept, slope = draws[f"{name}_Intercept"][at].item(), draws[f"{name}_x"][at].item()
            fixed_part = intercept + fit.data["x"].to_numpy()[rows] * slope
            scores.append(fixed_part[:, None, None] + effect * draws[f"sd_g__{name}_Intercept"][at].item())
        logs = log_softmax(np.stack(scores), axis=0)
        log_likelihood = sum(logs[category, row] for row, category in enumerate(chosen))
        density = np.exp(log_likelihood - (both**2).sum(axis=0) / 2) / (2 * np.pi)
        assert found[number] == pytest.approx(np.log(density.sum() * step**2), abs=2e-5)


def test_leaving_out_groups_of_categories(fit):
    found = bm.loo(fit, by="g")
    assert found.pointwise.index.tolist() == list("012345")
    assert (found.pointwise["method"] == "quadrature").all()
    assert np.isfinite(found.elpd)


def test_a_dropped_term_leaves_all_predictors(fit):
    smaller = reduced_model(fit, reduction_named(fit, "x").formula)
    assert smaller.tested == ("mucar_x", "mutrain_x")
    assert reduced_model(fit, reduction_named(fit, "(1 | g)").formula).tested == (
        "sd_g__mucar_Intercept",
        "sd_g__mutrain_Intercept",
    )


@pytest.mark.parametrize(
    ("call", "names", "prior"),
    [
        ("set_prior('normal(0, 1)', class = 'b')", ["mucar_x", "mutrain_x"], "Normal(0, 1)"),
        ("set_prior('normal(0, 1)', class = 'b', dpar = 'mucar')", ["mucar_x"], "Normal(0, 1)"),
        ("set_prior('normal(0, 1)', class = 'Intercept')", ["mucar_Intercept", "mutrain_Intercept"], "Normal(0, 1)"),
        ("set_prior('normal(0, 3)', class = 'sd', dpar = 'mutrain')", ["sd_g__mutrain_Intercept"], "HalfNormal(3)"),
        (
            "set_prior('normal(0, 3)', class = 'sd')",
            ["sd_g__mucar_Intercept", "sd_g__mutrain_Intercept"],
            "HalfNormal(3)",
        ),
    ],
)
def test_priors_in_the_words_of_brms(call, names, prior, fit):
    settled = settle_priors(fit.priors, call)
    changed = [name for name in settled if settled[name] != fit.priors[name]]
    assert changed == names
    assert {str(settled[name]) for name in changed} == {prior}
