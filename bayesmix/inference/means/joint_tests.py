"""Do the levels of each factor differ, on average over the others?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import singledispatch
from itertools import combinations

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats, Positions
from bayesmix.errors import ArgumentError
from bayesmix.estimates.estimability import with_left_out_columns
from bayesmix.estimates.reml.tests import ddf_record, no_f_note
from bayesmix.formula.design import Design
from bayesmix.formula.syntax import columns_in
from bayesmix.inference.means.contrast_rows import groups_by, interaction_rows
from bayesmix.inference.means.emmeans import emmeans
from bayesmix.inference.means.families import functions_of
from bayesmix.inference.means.linear_functions import LinearFunctions
from bayesmix.inference.means.reference_grid import ReferenceGrid, reference_grid
from bayesmix.inference.means.variables import GridVariable
from bayesmix.inference.shared.draws import fixed, joined
from bayesmix.inference.shared.question import table
from bayesmix.inference.tables.ddf_method import ddf_method
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer
from bayesmix.numerics.ddf import ExactDegrees, KenwardRoger, Satterthwaite, f_test

CONFOUNDED = "(confounded)"
_ZERO = 1e-8

type AnyFit = Fit | RemlFit | LaplaceFit | LmFit
type Record = Satterthwaite | KenwardRoger | ExactDegrees


@table
def joint_tests(
    fit: Fit | RemlFit | LaplaceFit | LmFit, *, by: str | Sequence[str] | None = None, ddf: str = "satterthwaite"
) -> pd.DataFrame:
    """Tests of main effects and interactions among marginal means, as `joint_tests` of R's emmeans.

    Parameters
    ----------
    fit
        A posterior, or a fit by `reml`, `laplace` or `lm`.
    by
        Variables at each of whose values the others are tested: simple effects.
    ddf
        Of REML fits: denominator degrees of freedom by ``"satterthwaite"`` or ``"kenward-roger"``.

    Returns
    -------
    pandas.DataFrame
        Indexed by `term`, and by the variables `by`: `num_df`, `den_df` (infinite of Laplace fits and posteriors), `f`
        and `p`. Of a posterior `f` and `p` are Wald's, from mean and covariance of the draws, and `p_beyond` is the
        share of the draws that lie as far from their mean as no difference does, or farther. Where cells are empty a
        column `note` says that a term is tested as far as it can be estimated, and a row ``(confounded)`` has what else
        differs among the cells but belongs to no single term.

    Raises
    ------
    ArgumentError
        `fit` is no fit; `ddf` is not known or not for this fit.
    UnknownTermError
        `by` is no variable of the fixed part.

    Notes
    -----
    A term is tested by the contrasts of consecutive levels of all its factors, on means over the other factors that
    weigh alike; numbers are compared at their mean minus and plus 1. In models with all cells this is type 3 of
    `anova`, except that there a factor is compared where a number that its effect depends on is 0, here at its mean.
    Denominators combine all contrasts of a term, as those of `anova` do; emmeans takes the least of their degrees of
    freedom.

    Of a posterior, distances are measured by the covariance of the draws: `p_beyond` is 1 less the probability of the
    ellipsoid about the mean that reaches to no difference, and has the resolution of the draws. Neither it nor `p` says
    how probable a term is; `bayes_factor(fit, drop=...)` does.

    References
    ----------
    Lenth (2016), doi:10.18637/jss.v069.i01; Searle, Speed & Milliken (1980), doi:10.1080/00031305.1980.10483031

    Examples
    --------
    >>> fit = bm.reml("yield ~ irrigation * variety + (1 | field)", bm.load_data("irrigation"))
    >>> bm.joint_tests(fit, by="variety")["f"].round(3).tolist()
    [0.251, 0.509]
    """
    ddf = ddf_method(fit, ddf)
    grid = reference_grid(fit.design, {}, None)
    at = {variable.name: _around(grid.design, variable) for variable in grid.variables if _is_number(variable)}
    shown = [variable.name for variable in grid.variables if variable.shown]
    split = functions_of(emmeans(fit, "1", by=by, at=at, ddf=ddf), question="joint_tests").by
    whole = _cells(fit, [name for name in shown if name not in split], split, at, ddf)
    families = groups_by(whole.labels, split)
    rows: list[_Row] = []
    tested = [np.empty((0, whole.rows.shape[1]))] * len(families)
    for names, nesters in _effects(grid, [name for name in shown if name not in split]):
        linear = _cells(fit, names, split, at, ddf)
        contrasts = interaction_rows(linear.labels, (*split, *nesters), "consec")
        for place, group in enumerate(groups_by(contrasts.labels, split)):
            hypothesis, note = _estimable(fit.design, contrasts.weights[group] @ linear.rows)
            tested[place] = np.concatenate([tested[place], hypothesis])
            rows.append(_Row(":".join(names), _values(contrasts.labels, split, group), hypothesis, note))
    for place, group in enumerate(families):
        differences, _ = _estimable(fit.design, np.diff(whole.rows[group], axis=0))
        rest = _uncorrelated(fit, differences, tested[place], ddf)
        rows.append(_Row(CONFOUNDED, _values(whole.labels, split, group), rest, ""))
    return _table(fit, [row for row in rows if len(row.hypothesis)], split, ddf)


@dataclass(frozen=True, eq=False)
class _Row:
    """A term, its values of the variables that split the table, its `hypothesis` (q, p), and what to know of it."""

    term: str
    values: tuple[object, ...]
    hypothesis: Floats
    note: str


def _is_number(variable: GridVariable) -> bool:
    """Whether a variable of the fixed part stands at its mean."""
    return variable.shown and variable.codes is None


def _around(design: Design, variable: GridVariable) -> list[float]:
    mean = float(design.data[variable.name].to_numpy(dtype=float).mean())
    return [mean - 1, mean + 1]


def _cells(
    fit: AnyFit, names: Sequence[str], by: Sequence[str], at: dict[str, list[float]], ddf: str
) -> LinearFunctions:
    """The means of all combinations of some variables."""
    means = emmeans(fit, list(names), by=list(by) or None, at=at, ddf=ddf)
    return functions_of(means, question="joint_tests")


def _effects(grid: ReferenceGrid, names: Sequence[str]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Sets of variables that meet in a term, the smaller first, and those among them in which others are nested."""
    terms = [
        {column.name for node in term.variables for column in columns_in(node)} for term in grid.design.formula.fixed
    ]
    terms += [{name, *outer} for name, outer in grid.nesting.items()]
    for size in range(1, len(names) + 1):
        for chosen in combinations(names, size):
            nesters = tuple(dict.fromkeys(outer for name in chosen for outer in grid.nesting.get(name, ())))
            if any(set(chosen) <= term for term in terms) and set(nesters) <= set(chosen):
                yield chosen, nesters


def _values(labels: pd.DataFrame, by: Sequence[str], group: Positions) -> tuple[object, ...]:
    return tuple(labels[name].iloc[group[0]] for name in by)


def _estimable(design: Design, rows: Floats) -> tuple[Floats, str]:
    """The combinations of `rows` (q, p) that the data determine, and a note where these are fewer."""
    rows = rows[np.any(np.abs(rows) > _ZERO, axis=1)]
    dependence = design.fixed.dependence
    if dependence is None or not len(rows):
        return rows, ""
    directions = np.linalg.qr(dependence.null_space * dependence.scale[:, None])[0]
    vectors, sizes, _ = np.linalg.svd((rows / dependence.scale) @ directions)
    rank = int(np.sum(sizes > _ZERO))
    return vectors[:, rank:].T @ rows, "tested as far as it can be estimated" if rank else ""


def _of_kept(design: Design, rows: Floats) -> Floats:
    """Estimable rows over the coefficients that were estimated."""
    fixed = design.fixed
    return rows[:, list(fixed.dependence.kept)] if fixed.reduced and fixed.dependence is not None else rows


def _uncorrelated(fit: AnyFit, rows: Floats, tested: Floats, ddf: str) -> Floats:
    """What the hypotheses `rows` say beyond those that are `tested`: combinations uncorrelated with these."""
    if not len(rows):
        return rows
    covariance = _estimated(fit, ddf)[1].covariance
    own, others = _of_kept(fit.design, rows), _of_kept(fit.design, tested)
    factor = np.linalg.cholesky(covariance)
    own, others = own @ factor, others @ factor
    if len(others):
        own = own - (own @ np.linalg.pinv(others)) @ others
    _, sizes, directions = np.linalg.svd(own, full_matrices=False)
    kept = sizes > _ZERO * np.linalg.norm(rows @ rows.T) ** 0.5
    back = np.linalg.solve(factor.T, directions[kept].T).T
    fixed = fit.design.fixed
    return back if fixed.dependence is None or not fixed.reduced else with_left_out_columns(fixed.dependence, back)


@singledispatch
def _estimated(fit: object, ddf: str) -> tuple[Floats, Record]:
    """Coefficients, and what is known of their errors."""
    raise no_answer(_estimated, fit, question="joint_tests")


@_estimated.register
def _of_posterior(fit: Fit, ddf: str) -> tuple[Floats, Record]:
    draws = joined(fixed(fit))
    return draws.mean(axis=1), ExactDegrees(np.atleast_2d(np.cov(draws)), np.inf)


@_estimated.register
def _of_reml(fit: RemlFit, ddf: str) -> tuple[Floats, Record]:
    return fit.beta, ddf_record(fit, ddf)


@_estimated.register
def _of_least_squares(fit: LmFit, ddf: str) -> tuple[Floats, Record]:
    return fit.beta, ExactDegrees(fit.vcov, float(fit.df_residual))


@_estimated.register
def _of_laplace(fit: LaplaceFit, ddf: str) -> tuple[Floats, Record]:
    if not fit.converged:
        raise ArgumentError(
            "joint_tests needs a maximum of the likelihood, which this fit does not have; bm.separation(fit) says why."
        )
    return fit.beta, ExactDegrees(fit.vcov, np.inf)


@singledispatch
def _of_draws(fit: object, hypotheses: Sequence[Floats]) -> dict[str, list[float]]:
    """The columns that only a posterior has, for each hypothesis (q, p)."""
    raise no_answer(_of_draws, fit, question="joint_tests")


@_of_draws.register(RemlFit)
@_of_draws.register(LaplaceFit)
@_of_draws.register(LmFit)
def _of_estimates(fit: AnyFit, hypotheses: Sequence[Floats]) -> dict[str, list[float]]:
    return {}


@_of_draws.register
def _beyond(fit: Fit, hypotheses: Sequence[Floats]) -> dict[str, list[float]]:
    coefficients, shares = joined(fixed(fit)), []
    for hypothesis in hypotheses:
        draws = hypothesis @ coefficients
        mean = draws.mean(axis=1)
        precision = np.linalg.pinv(np.atleast_2d(np.cov(draws)), hermitian=True)
        away = draws - mean[:, None]
        distances = np.einsum("id,ij,jd->d", away, precision, away)
        shares.append(float(np.mean(distances >= mean @ precision @ mean)))
    return {"p_beyond": shares}


def _table(fit: AnyFit, rows: Sequence[_Row], by: Sequence[str], ddf: str) -> pd.DataFrame:
    beta, record = _estimated(fit, ddf)
    tests = [f_test(record, beta, _of_kept(fit.design, row.hypothesis)) for row in rows]
    keys = [(row.term, *row.values) for row in rows]
    index = (
        pd.MultiIndex.from_tuples(keys, names=["term", *by])
        if by
        else pd.Index([row.term for row in rows], name="term", dtype=object)
    )
    frame = pd.DataFrame(
        {
            "num_df": [test.numerator for test in tests],
            "den_df": [test.denominator for test in tests],
            "f": [test.f for test in tests],
            "p": [test.p_value for test in tests],
            **_of_draws(fit, [row.hypothesis for row in rows]),
        },
        index=index,
    )
    frame = frame.astype({name: int if name == "num_df" else float for name in frame})
    notes = ["; ".join(filter(None, (row.note, no_f_note(test)))) for row, test in zip(rows, tests, strict=True)]
    return frame.assign(note=notes) if any(notes) else frame
