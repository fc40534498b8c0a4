"""Confidence intervals of standard deviations against the profile of a balanced design's criterion in closed form."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

import bayesmix as bm
from bayesmix.errors import ArgumentError

SCALES = ("sd", "variance", "covariance")


def sums_of_squares(data):
    """Of blocks and of what is left in a randomised complete block design, with their degrees of freedom."""
    cells = data.pivot(index="rep", columns="K2O_lbac", values="yield").to_numpy()
    n_blocks, n_treatments = cells.shape
    blocks = n_treatments * np.sum((cells.mean(axis=1) - cells.mean()) ** 2)
    left = cells - cells.mean(axis=1, keepdims=True) - cells.mean(axis=0) + cells.mean()
    return blocks, n_blocks - 1, np.sum(left**2), (n_blocks - 1) * (n_treatments - 1), n_treatments


def profile_ends(data, prob, *, reml=True):
    """Where -2 log likelihood, restricted or not, minimised over the other sd, is as far above its minimum as
    chi-square(1) has probability `prob` below: of the blocks' sd and of the residual one."""
    ss_blocks, df_blocks, ss_left, df_left, n_treatments = sums_of_squares(data)
    if not reml:  # the coefficients take no degree of freedom
        df_blocks, df_left = df_blocks + 1, df_left + n_treatments - 1

    def criterion(sd_block, sigma):
        mean_square = sigma**2 + n_treatments * sd_block**2
        left = df_left * np.log(sigma**2) + ss_left / sigma**2
        return left + df_blocks * np.log(mean_square) + ss_blocks / mean_square

    def profiled(of_one, low, high):
        return optimize.minimize_scalar(of_one, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).fun

    def of_blocks(sd):
        return profiled(lambda sigma: criterion(sd, sigma), 1e-3, 5)

    def of_sigma(sigma):
        return profiled(lambda sd: criterion(sd, sigma), 0, 5)

    least, step = profiled(of_blocks, 0, 5), stats.chi2(1).ppf(prob)
    sigma, sd = np.sqrt(ss_left / df_left), np.sqrt((ss_blocks / df_blocks - ss_left / df_left) / n_treatments)
    root = {"xtol": 1e-10}
    ends = []
    for profile, best in ((of_blocks, sd), (of_sigma, sigma)):
        beyond = lambda x, profile=profile: profile(x) - least - step  # noqa: E731
        lower = 0.0 if beyond(1e-6) < 0 else optimize.brentq(beyond, 1e-3, best, **root)
        ends.append((lower, optimize.brentq(beyond, best, 5, **root)))
    return np.array(ends)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("prob", [0.5, 0.95])
def test_the_profile_of_a_balanced_design(prob, reml):
    """Of maximum likelihood R 4.2 prints 0.01254 to 0.49909 for the blocks: its lower end is interpolated."""
    data = bm.load_data("kfert")
    table = bm.varcorr(bm.reml("yield ~ K2O_lbac + (1 | rep)", data, reml=reml), intervals=True, prob=prob)
    assert list(table) == ["estimate", "lower", "upper"]
    np.testing.assert_allclose(table[["lower", "upper"]], profile_ends(data, prob, reml=reml), rtol=1e-5, atol=1e-6)


def test_scales_and_correlations():
    fit = bm.reml("Reaction ~ Days + (Days | Subject)", bm.load_data("sleepstudy"))
    tables = {scale: bm.varcorr(fit, scale=scale, intervals=True) for scale in SCALES}
    ends = {scale: table[["lower", "upper"]].to_numpy() for scale, table in tables.items()}
    np.testing.assert_allclose(ends["variance"][[0, 1, 3]], ends["sd"][[0, 1, 3]] ** 2)
    np.testing.assert_allclose(ends["variance"][2], ends["sd"][2])
    assert np.isnan(ends["covariance"]).all(axis=1).tolist() == [False, False, True, False]
    np.testing.assert_allclose(ends["covariance"][[0, 1, 3]], ends["variance"][[0, 1, 3]])
    table = tables["sd"]
    assert ((table["lower"] < table["estimate"]) & (table["estimate"] < table["upper"])).all()
    pd.testing.assert_frame_equal(tables["sd"][["estimate"]], bm.varcorr(fit))


def test_where_there_are_none():
    cbpp = bm.load_data("cbpp")
    laplace = bm.laplace("p(incidence, size) ~ period + (1 | herd)", cbpp, "binomial")
    with pytest.raises(ArgumentError, match="Laplace fit has no intervals"):
        bm.varcorr(laplace, intervals=True)
    with pytest.raises(ArgumentError, match="intervals is True or False"):
        bm.varcorr(laplace, intervals=1)
