"""What came out: sentences for the results of a paper."""

from collections.abc import Iterator
from functools import singledispatch
from math import floor

import numpy as np
import pandas as pd

from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.inference.checks.diagnose import verdict
from bayesmix.inference.means.joint_tests import joint_tests
from bayesmix.inference.shared.draws import fixed, joined
from bayesmix.inference.tables.anova import anova
from bayesmix.inference.tables.fixef import fixef
from bayesmix.inference.tables.varcorr import RESIDUAL, varcorr
from bayesmix.modelling.kinds import no_answer
from bayesmix.modelling.record import Fit
from bayesmix.report.pages.numbers import decimals_for, number, row

MOST_COEFFICIENTS = 12


def results_sentences(fit: Fit | RemlFit | LaplaceFit | LmFit, prob: float, ddf: str) -> list[str]:
    """Coefficients or terms, spreads, and what a reader has to be told."""
    names = [name for name in fit.design.fixed.names if name != fit.design.fixed.intercept]
    told = _terms(fit, ddf) if len(names) > MOST_COEFFICIENTS else _coefficients(fit, names, prob, ddf)
    return [*told, *_spreads(fit, prob), *_cautions(fit)]


def _coefficients(fit: Fit | RemlFit | LaplaceFit | LmFit, names: list[str], prob: float, ddf: str) -> Iterator[str]:
    table, kind = fixef(fit, prob=prob, ddf=ddf), "credible interval" if isinstance(fit, Fit) else "CI"
    for place, name in enumerate(names):
        line = table.loc[name]
        value, low, high = row(line[[_middle(table), "lower", "upper"]], line[_spread(table)])
        interval = f"{100 * prob:g} % {kind} {low} to {high}"
        subject = f"The coefficient of {name} was" if place == 0 else f"that of {name}"
        ending = ";" if place + 1 < len(names) else "."
        yield f"{subject} {value} ({interval}{_test(fit, line, name)}){ending}"


def _middle(table: pd.DataFrame) -> str:
    return "mean" if "mean" in table else "estimate"


def _spread(table: pd.DataFrame) -> str:
    return "sd" if "sd" in table else "se"


@singledispatch
def _test(fit: object, line: pd.Series, name: str) -> str:
    raise no_answer(_test, fit, question="write_up")


@_test.register(RemlFit)
@_test.register(LmFit)
def _t_test(fit: RemlFit | LmFit, line: pd.Series, name: str) -> str:
    return f", t({line['df']:.4g}) = {line['t']:.3f}, {p_text(line['p'])}"


@_test.register
def _z_test(fit: LaplaceFit, line: pd.Series, name: str) -> str:
    return f", z = {line['z']:.3f}, {p_text(line['p'])}" if fit.converged else ""


@_test.register
def _share(fit: Fit, line: pd.Series, name: str) -> str:
    draws = joined(fixed(fit))[fit.design.fixed.names.index(name)]
    above = float(np.mean(draws > 0))
    sign, share = (">", above) if above >= 0.5 else ("<", 1 - above)
    resolution = 1 / draws.size
    text = f"> {floor(1e4 * (1 - resolution)) / 1e4:.4f}" if share > 1 - resolution else f"= {share:.3f}"
    return f", P({sign} 0) {text}"


def p_text(p: float) -> str:
    """A p value in three decimals."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _terms(fit: Fit | RemlFit | LaplaceFit | LmFit, ddf: str) -> Iterator[str]:
    """A test of each term, where its coefficients are too many to be listed."""
    if isinstance(fit, Fit):
        tests, statistic = joint_tests(fit), lambda line: f"Wald's F({line['num_df']:.0f}) = {line['f']:.2f}"
    elif isinstance(fit, LaplaceFit):
        tests, statistic = anova(fit), lambda line: f"chi-square({line['df']:.0f}) = {line['chisq']:.2f}"
    elif isinstance(fit, RemlFit):
        tests = anova(fit, ddf=ddf)
        statistic = lambda line: f"F({line['num_df']:.0f}, {line['den_df']:.4g}) = {line['f']:.2f}"  # noqa: E731
    else:
        tests = anova(fit).iloc[:-1]
        statistic = lambda line: f"F({line['df']:.0f}, {fit.df_residual}) = {line['f']:.2f}"  # noqa: E731
    known = tests[tests["p"].notna()]
    parts = [f"{term}: {statistic(line)}, {p_text(line['p'])}" for term, line in known.iterrows()]
    yield f"Tests of the terms: {'; '.join(parts)}."


def _spreads(fit: Fit | RemlFit | LaplaceFit | LmFit, prob: float) -> Iterator[str]:
    if isinstance(fit, LmFit):
        yield f"The residual standard deviation was {fit.sigma:.4g} ({fit.df_residual} df, R2 = {fit.r_squared:.3f})."
        return
    table = varcorr(fit, prob=prob)
    for group, lines in table.groupby(level="group", sort=False):
        said = [_spread_text(labels, line) for labels, line in lines.iterrows()]
        who = "The residuals" if group == RESIDUAL else f"Levels of {group}"
        yield f"{who} varied with {', '.join(said)}."


def _spread_text(labels: tuple[str, str, str], line: pd.Series) -> str:
    group, first, second = labels
    if group == RESIDUAL:
        what = "standard deviation"
    elif first == second:
        what = f"standard deviation {{}} in the {'intercept' if first == 'Intercept' else f'effect of {first}'}"
    else:
        what = f"correlation {{}} of {first} and {second}"
    if "mean" not in line:
        digits = "0" if line["estimate"] == 0 else f"{line['estimate']:.3g}"
        value = "not estimable" if np.isnan(line["estimate"]) else digits
    else:
        decimals = decimals_for(line["sd"])
        mean, low, high = (number(line[name], decimals) for name in ("mean", "lower", "upper"))
        value = f"{mean} ({low} to {high})"
    return what.format(value) if "{}" in what else f"{what} {value}"


@singledispatch
def _cautions(fit: object) -> list[str]:
    raise no_answer(_cautions, fit, question="write_up")


@_cautions.register
def _of_reml(fit: RemlFit) -> list[str]:
    said = [] if fit.converged else ["The search did not end at an optimum: these numbers are not to be reported."]
    for term in fit.singular:
        said.append(f"The fit is singular: in {term.term} {' and '.join(term.directions)}.")
    return [*said, *_left_out(fit)]


@_cautions.register
def _of_laplace(fit: LaplaceFit) -> list[str]:
    said = [] if fit.converged else [f"There is no maximum, and these numbers are no estimates. {fit.reason}"]
    return [*said, *_left_out(fit)]


@_cautions.register
def _of_least_squares(fit: LmFit) -> list[str]:
    return _left_out(fit)


@_cautions.register
def _of_posterior(fit: Fit) -> list[str]:
    return [verdict(fit)]


def _left_out(fit: RemlFit | LaplaceFit | LmFit) -> list[str]:
    names = list(fit.design.fixed.left_out)
    return [f"Not estimable, and left out, were {', '.join(names)}."] if names else []
