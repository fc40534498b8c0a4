"""Which coefficients have no finite maximum likelihood estimate, and what does the posterior say about them?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Any

import numpy as np
import pandas as pd

from bayesmix.display import Printed
from bayesmix.errors import ArgumentError, FamilyError
from bayesmix.families.censoring import require_censorable
from bayesmix.families.family import Family, read_family
from bayesmix.families.table import FamilyText
from bayesmix.formula.design import Design
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.frame import Frame
from bayesmix.formula.matrices import build_design
from bayesmix.formula.missing import MissingRows
from bayesmix.formula.model_arguments import check_functions
from bayesmix.hints import Listed, with_hints
from bayesmix.inference.checks.separation_checks import sentence
from bayesmix.inference.shared.arguments import a_text, probability
from bayesmix.inference.shared.draws import fixed, joined
from bayesmix.inference.tables.fixef import fixef
from bayesmix.modelling.kinds import Fit, LaplaceFit, instead_of
from bayesmix.priors.coefficient import coefficient_prior
from bayesmix.separated_data.find import Separated, can_separate, separation_of
from bayesmix.separated_data.words import place, runaways, way_of


@dataclass(frozen=True, eq=False, repr=False)
class Separation(Listed, Printed):
    """Separation in data of counts; it prints as a page.

    Attributes
    ----------
    found : pandas.DataFrame
        One row per cell, combination of predictors or level of a grouping factor with one outcome alone: `kind`
        (``"cell"``, ``"combination"``, ``"group level"``), `where` (factors and levels), `outcome` (``"no success"``,
        ``"no failure"``, ``"both, separated"``, ``"nothing observed"``), `successes` (or counts), `trials` (nan for
        counts), `rows`, `coefficients` (those that run away along it, and where to; empty for a group level).
    coefficients : pandas.DataFrame
        Indexed by `coefficient`, those without a finite maximum likelihood estimate: `direction` (``"to +infinity"``,
        ``"to -infinity"``, ``"either way"``). For a fit by `bm.fit` also its `prior`, posterior `mean`, `sd`, `lower`,
        `upper`; `p_direction`, the posterior probability that it lies on that side of 0 (either way: the larger of
        both); `sd_ratio`, posterior to prior sd, 1 if the data say nothing, nan for a prior without sd;
        `prior_below`, the prior probability of less than the posterior median, 0.5 if it did not move; and the
        `sentence` for a report.
    complete : bool
        Whether every row is separated (Albert and Anderson's complete separation), else quasi-complete or none.
    design, family, triage
        The model, and the arrays behind the frames.
    prob : float or None
        Probability of the intervals; None without a posterior.
    """

    found: pd.DataFrame
    coefficients: pd.DataFrame
    complete: bool
    design: Design
    family: Family
    triage: Separated
    prob: float | None


@with_hints
def separation(
    fit: Fit | LaplaceFit | str | Sequence[str],
    data: Frame | None = None,
    family: FamilyText | Family | None = None,
    *,
    weights: str | None = None,
    na: MissingRows = "drop",
    functions: Mapping[str, Callable[..., Any]] | None = None,
    prob: float = 0.95,
) -> Separation:
    """Whether data of counts are separated, as R's `detect_separation`, and what the posterior says if they are.

    Data are separated if some cell of the fixed factors has no success, or no failure, or if a combination of
    predictors separates rows without successes from rows without failures. The likelihood then rises without end along
    a direction: maximum likelihood has no finite estimate, whatever the group effects are. The posterior has proper
    priors and is finite: the data give its direction, and the prior bounds its size.

    Parameters
    ----------
    fit
        A fit by `bm.fit` or `bm.laplace`; or a formula, to check before anything is fitted.
    data, family, weights, na, functions
        With a formula, as for `bm.fit`. If there are several formulas, that of the mean is checked.
    prob
        Probability of the posterior intervals.

    Returns
    -------
    Separation
        Frames `found` and `coefficients`; both empty if all is well.

    Raises
    ------
    FamilyError
        The response is no yes or no, no count out of trials and no count. Ordered categories, which can be separated
        too, are not checked.
    ArgumentError
        A formula comes without data or family, or a fit with data, family, weights or functions of its own.

    Notes
    -----
    Separation is found by linear programming in the directions that rows with both outcomes leave free. `sd_ratio` and
    `prior_below` of an intercept refer to its prior at predictors equal to 0, which the priors of all coefficients
    imply.

    References
    ----------
    Albert & Anderson (1984), doi:10.1093/biomet/71.1.1; Kosmidis & Schumacher, the R package detectseparation; Gelman,
    Jakulin, Pittau & Su (2008), doi:10.1214/08-AOAS191, for priors under separation.

    Examples
    --------
    >>> loci = bm.load_data("methylation_simulated")
    >>> formula = "cbind(methylated, unmethylated) ~ treatment * time + (1 | tank)"
    >>> triage = bm.separation(formula, loci[loci["locus"] == "20"], "binomial")
    >>> triage.found.empty, triage.coefficients.empty
    (False, False)
    """
    return _separation(fit, _Given(data, family, weights, na, functions), probability(prob))


@dataclass(frozen=True)
class _Given:
    """The arguments beside a formula; a fit has its own."""

    data: Frame | None
    family: FamilyText | Family | None
    weights: str | None
    na: MissingRows
    functions: Mapping[str, Callable[..., Any]] | None

    @property
    def is_nothing(self) -> bool:
        by_default = isinstance(self.na, str) and self.na == "drop"
        return by_default and all(value is None for value in (self.data, self.family, self.weights, self.functions))


@singledispatch
def _separation(fit: object, given: _Given, prob: float) -> Separation:
    raise ArgumentError(
        f"separation takes a fit by bm.fit or bm.laplace, or a formula; got {type(fit).__name__}."
        f"{instead_of('separation', fit)}"
    )


@_separation.register
def _of_formula(formulas: str | list | tuple, given: _Given, prob: float) -> Separation:
    if given.data is None or given.family is None:
        raise ArgumentError('With a formula separation needs data and family: separation(formula, data, "binomial").')
    family, weights, functions = _counting(read_family(given.family)), given.weights, given.functions
    weights = weights if weights is None else a_text(weights, argument="weights", meaning="the name of a column")
    check_functions(functions)
    parsed = parse_formulas(formulas, functions or (), auxiliary=family.auxiliary).mean
    require_censorable(parsed, family)
    design = build_design(
        parsed, given.data, response=family.response, weights=weights, na=given.na, functions=functions
    )
    return _of_design(design, family)


@_separation.register
def _of_estimates(fit: LaplaceFit, given: _Given, prob: float) -> Separation:
    return _of_fit(fit, given)


@_separation.register
def _of_posterior(fit: Fit, given: _Given, prob: float) -> Separation:
    separated = _of_fit(fit, given)
    return replace(separated, coefficients=_with_posterior(fit, separated, prob), prob=prob)


def _of_fit(fit: Fit | LaplaceFit, given: _Given) -> Separation:
    if not given.is_nothing:
        raise ArgumentError(
            "A fit has its data, family, weights and functions; leave them out, or give a formula in place of the fit."
        )
    return _of_design(fit.design, _counting(fit.family))


_OF_CATEGORIES = " Where a category never occurs at a level of a factor, print(fit) and bm.diagnose(fit) say so."


def _counting(family: Family) -> Family:
    if not can_separate(family):
        raise FamilyError(
            f"separation looks at yes-or-no responses, counts out of trials and counts; the family is {family}."
            f"{_OF_CATEGORIES if family.record.has_category_predictors else ''}"
        )
    return family


def _of_design(design: Design, family: Family) -> Separation:
    triage = separation_of(design, family)
    return Separation(
        found=_found(design, triage),
        coefficients=_coefficients(design, triage),
        complete=triage.complete,
        design=design,
        family=family,
        triage=triage,
        prob=None,
    )


_OUTCOMES = {-1: "no success", 0: "", 1: "no failure", 2: "nothing observed"}


def _found(design: Design, triage: Separated) -> pd.DataFrame:
    columns = ["kind", "where", "outcome", "successes", "trials", "rows", "coefficients"]
    rows: list[list[Any]] = []
    for pattern in triage.found:
        outcome = _OUTCOMES[pattern.side] or ("both, separated" if pattern.separates else _OUTCOMES[2])
        counts = [pattern.successes, pattern.trials, pattern.n_rows]
        rows.append([pattern.kind, place(pattern), outcome, *counts, runaways(design.fixed.names, pattern)])
    for pure in triage.levels:
        for i in np.flatnonzero(pure.outcome):
            outcome = _OUTCOMES[int(pure.outcome[i])]
            counts = [pure.successes[i], pure.trials[i], int(pure.n_rows[i])]
            rows.append(["group level", f"{pure.group} {pure.levels[i]}", outcome, *counts, ""])
    return pd.DataFrame(rows, columns=columns)


def _coefficients(design: Design, triage: Separated) -> pd.DataFrame:
    gone = np.flatnonzero(triage.coefficients)
    index = pd.Index([design.fixed.names[j] for j in gone], name="coefficient", dtype=object)
    return pd.DataFrame({"direction": [way_of(triage.signs[j]) for j in gone]}, index=index)


def _with_posterior(fit: Fit, separated: Separation, prob: float) -> pd.DataFrame:
    frame, triage = separated.coefficients, separated.triage
    gone = np.flatnonzero(triage.coefficients)
    priors = [coefficient_prior(fit.design.fixed, fit.priors, name) for name in frame.index]
    draws = joined(fixed(fit))[gone]
    share = np.mean(draws > 0, axis=1)
    of_sign = {1: share, -1: 1 - share, 0: np.maximum(share, 1 - share)}
    posterior = fixef(fit, prob=prob).loc[frame.index, ["mean", "sd", "lower", "upper"]]
    frame = frame.assign(prior=[prior.text for prior in priors]).join(posterior)
    frame = frame.assign(
        p_direction=[of_sign[int(triage.signs[j])][i] for i, j in enumerate(gone)],
        sd_ratio=[sd / prior.sd for sd, prior in zip(frame["sd"], priors, strict=True)],
        prior_below=[
            prior.below(float(np.median(of_coefficient))) for prior, of_coefficient in zip(priors, draws, strict=True)
        ],
    )
    sentences = [
        sentence(fit, triage, int(j), row, prior, prob)
        for j, (_, row), prior in zip(gone, frame.iterrows(), priors, strict=True)
    ]
    return frame.assign(sentence=sentences)
