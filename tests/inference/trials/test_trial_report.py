"""The breeder's table: adjusted means as lmer and emmeans have them, reliabilities from the full covariance."""

import json

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import ArgumentError, UnknownColumnError

from ...conftest import REFERENCES
from .conftest import MODEL, error_covariance

OF_R = json.loads((REFERENCES / "trials.json").read_text())


@pytest.fixture(scope="module")
def report(by_reml):
    return bm.trial_report(by_reml, "entry")


def test_adjusted_means_are_those_of_emmeans(report):
    entries = report.entries.loc[OF_R["entry"]]
    np.testing.assert_allclose(entries["blue"], OF_R["emmean"], rtol=1e-6)
    np.testing.assert_allclose(entries["blue_se"], OF_R["se"], rtol=1e-4)
    np.testing.assert_allclose(entries["weight"], OF_R["weight"], rtol=1e-4)
    assert report.sed == pytest.approx(OF_R["sed"], rel=1e-4)
    assert report.formula_fixed == "biomass ~ year + entry + (1 | year:rep) + (1 | entry:year)"


def test_predictions_have_the_errors_of_the_full_covariance(report, by_reml):
    sds = {term.group: float(L[0, 0]) for term, L in zip(by_reml.design.random, by_reml.L, strict=True)}
    covariance = error_covariance(by_reml.design, [sds[term.group] for term in by_reml.design.random], by_reml.sigma)
    modes = bm.ranef(by_reml, "entry").set_index("level")["estimate"]
    entries = report.entries.loc[modes.index]
    errors = np.diag(covariance["entry"])
    np.testing.assert_allclose(entries["blup_se"], np.sqrt(errors), rtol=1e-9)
    reliability = 1 - errors / sds["entry"] ** 2
    np.testing.assert_allclose(entries["reliability"], reliability, rtol=1e-9)
    np.testing.assert_allclose(entries["deregressed"], modes / reliability, rtol=1e-9)
    beta = bm.fixef(by_reml)["estimate"]
    np.testing.assert_allclose(entries["blup"], beta["Intercept"] + beta["year[25AL]"] / 2 + modes, rtol=1e-9)


def test_figures_of_the_trial(report, by_reml, clover):
    assert report.cv == pytest.approx(100 * by_reml.sigma / clover["biomass"].mean())
    assert report.lsd / report.sed == pytest.approx(2.07, abs=0.02)  # t with 22 degrees of freedom
    years = clover.groupby("entry")["year"].nunique()
    both = years.eq(2).sum()
    assert report.connectivity.to_numpy().tolist() == [[29, both], [both, 29]]
    assert (report.entries["n_plots"] == clover.groupby("entry").size().loc[report.entries.index]).all()
    assert (
        report.entries["n_environments"] == clover.groupby("entry")["year"].nunique().loc[report.entries.index]
    ).all()
    assert report.entries["blup"].is_monotonic_decreasing


def test_a_posterior_has_the_same_adjusted_means_and_its_own_predictions(posterior, report):
    of_draws = bm.trial_report(posterior, "entry")
    same = report.entries.loc[of_draws.entries.index]
    np.testing.assert_allclose(of_draws.entries["blue"], same["blue"], rtol=1e-6)
    draws = bm.ranef_draws(posterior, "entry").sel(term="Intercept").stack(all=("chain", "draw")).to_pandas()
    np.testing.assert_allclose(of_draws.entries["blup_se"], draws.std(axis=1).loc[of_draws.entries.index], rtol=1e-6)
    assert of_draws.entries["reliability"].between(0, 1).all()


def test_it_prints_within_80_columns(report):
    lines = str(report).splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("17CCC") for line in lines)
    assert "SED 11.66" in str(report)
    assert "<table" in report._repr_html_()


def test_entries_without_an_adjusted_mean_say_so(clover):
    """The interaction with the year as a fixed effect: entries of one year have no mean over both."""
    fit = bm.reml(
        "biomass ~ year + (1 | year:rep) + (1 | entry)", clover[clover["entry"].str[:2].isin(["17", "18", "21"])]
    )
    numbered = clover.assign(entry=clover["entry"].astype("category").cat.codes + 1)
    of_numbers = bm.trial_report(bm.reml(MODEL, numbered), "entry")
    np.testing.assert_allclose(np.sort(of_numbers.entries["blue"]), np.sort(OF_R["emmean"]), rtol=1e-6)
    assert bm.trial_report(fit, "entry", environment="year").connectivity.shape == (2, 2)
    assert bm.trial_report(fit, "entry").connectivity is None


def test_misuse(by_reml, clover):
    with pytest.raises(UnknownColumnError, match="Did you mean 'year'"):
        bm.trial_report(by_reml, "entry", environment="yaer")
    with pytest.raises(ArgumentError, match="in one column"):
        bm.trial_report(by_reml, "entry:year")
    counts = clover.assign(n=(clover["biomass"] / 10).round())
    with pytest.raises(ArgumentError, match="takes a fit by"):
        bm.trial_report(bm.laplace("n ~ year + (1 | entry)", counts, "poisson"), "entry")
    assert isinstance(bm.trial_report(by_reml, "entry").entries, pd.DataFrame)
