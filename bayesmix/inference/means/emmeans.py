"""What are the means, with all else alike?"""

from collections.abc import Mapping, Sequence
from typing import Any

from bayesmix.errors import ArgumentError, shown
from bayesmix.estimates.estimability import estimable_rows
from bayesmix.inference.means.averaging import WEIGHTS
from bayesmix.inference.means.build import Means, Rows, means_of, rows_of, with_outer
from bayesmix.inference.means.cell_functions import Shift, estimable_means
from bayesmix.inference.means.cells import is_cell
from bayesmix.inference.means.columns import columns_of
from bayesmix.inference.means.covariates import CovReduce, read_reduction
from bayesmix.inference.means.linear_functions import LinearFunctions
from bayesmix.inference.means.modelled_parts import parts_of_mean
from bayesmix.inference.means.notes import Asked, lasting_notes, notes_on
from bayesmix.inference.means.reference_grid import ReferenceGrid, reference_grid
from bayesmix.inference.means.regrid import RESPONSE, read_regrid, regridded
from bayesmix.inference.means.specs import read_specs
from bayesmix.inference.means.table import MeansTable
from bayesmix.inference.means.transformation import transformation_of
from bayesmix.inference.shared.arguments import one_of, probability
from bayesmix.inference.shared.policies import read_groups
from bayesmix.inference.shared.question import table
from bayesmix.inference.shared.readable_table import NOTES
from bayesmix.inference.tables.ddf_method import ddf_method
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit

TYPES = ("link", RESPONSE)


@table
def emmeans(
    fit: Fit | RemlFit | LaplaceFit | LmFit,
    specs: str | Sequence[str],
    by: str | Sequence[str] | None = None,
    at: Mapping[str, Any] | None = None,
    *,
    type: str = "link",
    weights: str = "equal",
    groups: str | Mapping[str, str] = "typical",
    offset: float | None = None,
    cov_reduce: CovReduce = "mean",
    regrid: str | None = None,
    prob: float = 0.95,
    ddf: str = "satterthwaite",
) -> MeansTable:
    """Marginal means, as R's emmeans has them: predictions over a reference grid, averaged.

    The grid has every combination of the levels of the factors in the fixed part, and covariates at their means. Means
    are linear functions of the coefficients, the same for a posterior as for estimates.

    Parameters
    ----------
    fit
        A fitted model.
    specs
        The variables whose levels are told apart: ``"f"``, ``["f", "g"]``, or as in R ``"~ f * g"``, ``"~ f | g"``.
        ``"1"`` is the mean over all. A covariate stands at its mean, or at the values that `at` gives.
    by
        Variables that split the means into families, within which `contrasts` compares them.
    at
        Values by variable: some levels of a factor, or one or more values of a covariate, ``{"x": [0, 10]}``. Functions
        of a covariate, such as ``poly(x, 2)``, are evaluated there.
    type
        ``"link"``: of the linear predictor. ``"response"``: taken back to the response, by the link's inverse and, of a
        response such as ``log(y)``, by that function's.
    weights
        How the levels of the other factors weigh. ``"equal"``: alike. ``"proportional"``: combinations of them by their
        rows in the data; ``"outer"``: by the products of those of each factor; ``"cells"``: by the rows of each cell,
        which gives the means of what was observed; ``"flat"``: alike, of cells with rows.
    groups
        The effects of groups. ``"typical"``: 0. ``"fitted"``: those of the levels in the data, averaged; each
        combination of levels counts once, and one that lies in a single level of a factor counts there alone.
        ``"new"``: those of new levels; on the response scale averaged over their distribution, on the link scale as
        ``"typical"``. Or one by grouping factor, ``{"site": "fitted", "year": "new"}``; those that are not named are
        typical.
    offset
        What stands for the formula's offsets; by default their mean in the data, and where `at` or the grid has the
        offset's variables, their values there.
    cov_reduce
        At which values covariates stand that `at` does not name: ``"mean"``, ``"median"``, ``"range"`` (both ends), or
        a function of the values in the data (n_obs,) that gives a number or more. One for all, which leaves numbers
        with two values alone, or one by covariate, ``{"x": np.median}``; the others are then at their means.
    regrid
        ``"response"``: every cell of the grid is taken to the response before cells are averaged, so that the rows are
        averages of expected responses and their contrasts differences of these. None: linear predictors are averaged.
    prob
        Probability of the interval.
    ddf
        Of REML fits: degrees of freedom by ``"satterthwaite"`` or ``"kenward-roger"``, the latter with adjusted
        standard errors. (emmeans takes the latter by default.)

    Returns
    -------
    pandas.DataFrame
        A row for each combination of levels, the first of `specs` varying fastest and `by` last, in columns of their
        names. `emmean`, or with ``type="response"`` `prob`, `rate` or `response`. Posterior: its mean, `sd`, `lower`
        and `upper` (equal-tailed). Estimates: `se`, `df` (infinite for Laplace fits), `lower` and `upper` (from t); on
        the response scale `se` is by the delta method and the interval taken back from the link scale, with
        ``regrid="response"`` symmetric. `estimable`: whether the data determine the mean; where they do not, estimates
        are nan, and of a posterior only the priors tell it.

        Printed it says below what it averages over and what was done with group effects; ``attrs["notes"]`` has these
        sentences, ``attrs["groups"]``, ``attrs["type"]``, ``attrs["weights"]`` and ``attrs["prob"]`` what was asked.
        `linear` has the linear functions, of which contrasts are made.

    Raises
    ------
    UnknownTermError
        `specs` or `by` names what is no variable of the fixed part.
    ArgumentError
        Another argument cannot be read, or the grid has more than 2,000,000 cells.

    Notes
    -----
    Factors are columns of text, Categoricals, true/false columns and those of which the formula makes a factor. As in
    emmeans a number with two values in the data counts as one. A factor is nested in another if each of its levels
    occurs with one level of the other alone, or if the formula says so (``site/rep``); it is then averaged over within
    the levels of the other, and means of it are shown with them.

    On the response scale ``"typical"`` is the response of a group whose effects are 0, ``"new"`` that of the average
    group; `docs/means.md` shows by how much they differ. Of zero-inflated and hurdle families the mean includes the
    zeros, of ordinal ones it is the mean number of the category. Where it depends on a further parameter with a formula
    of its own, as on `zi` by ``zi ~ x``, responses are averaged as by ``regrid="response"``, over a grid of the
    variables of both formulas.

    References
    ----------
    Searle, Speed & Milliken (1980), doi:10.1080/00031305.1980.10483031; Lenth (2016), doi:10.18637/jss.v069.i01

    Examples
    --------
    >>> fit = bm.reml("yield ~ irrigation * variety + (1 | field)", bm.load_data("irrigation"))
    >>> bm.emmeans(fit, "irrigation")["emmean"].round(1).tolist()
    [38.8, 39.8, 39.4, 42.9]
    """
    at, offset, scale = as_mapping(at), _number(offset), one_of(type, TYPES, argument="type")
    parts = parts_of_mean(fit) if read_regrid(regrid) or scale == RESPONSE else {}
    policies = read_groups(fit.design, groups, default="typical")
    reduction = read_reduction(cov_reduce)
    grid = reference_grid(fit.design, at, offset, reduction=reduction, parts=parts, groups=policies)
    known = [variable.name for variable in grid.variables if variable.shown]
    specs_read = with_outer(grid.nesting, read_specs(fit.design, known, specs, by))
    asked = Asked(
        specs=specs_read,
        weights=one_of(weights, WEIGHTS, argument="weights"),
        groups=policies,
        type=scale,
        prob=probability(prob),
        ddf=ddf_method(fit, ddf),
        regrid=read_regrid(regrid) or bool(parts),
    )
    means = means_of(grid, specs_read, asked.weights)
    rows = rows_of(grid, means)
    return means_table(linear_functions(fit, grid, means, rows, asked), asked, _name(fit, asked))


def _name(fit: Fit | RemlFit | LaplaceFit | LmFit, asked: Asked) -> str:
    """What the column of the means is called, unless they are taken back from the link scale."""
    transformation = transformation_of(fit)
    return transformation.column if asked.regrid and transformation is not None else "emmean"


def as_mapping(at: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if at is not None and not isinstance(at, Mapping):
        raise ArgumentError(f'at gives values by variable, such as {{"x": [0, 10]}}; got {shown(at)}.')
    return at or {}


def _number(offset: float | None) -> float | None:
    if offset is not None and not is_cell(offset):
        raise ArgumentError(f"offset is a finite number; got {shown(offset)}.")
    return None if offset is None else float(offset)


def linear_functions(
    fit: Fit | RemlFit | LaplaceFit | LmFit,
    grid: ReferenceGrid,
    means: Means,
    rows: Rows,
    asked: Asked,
    shifts: Sequence[Shift] = (None,),
) -> LinearFunctions:
    """The means, or slopes, as linear functions of the fit's coefficients; `shifts` as in `regridded`."""
    transformation = transformation_of(fit)
    by_cell = asked.regrid and transformation is not None
    estimable = estimable_means(grid, means) if by_cell else estimable_rows(fit.design, rows.fixed) & means.there
    linear = LinearFunctions(
        fit=fit,
        rows=rows.fixed,
        offset=rows.offset,
        labels=means.labels,
        estimable=estimable,
        groups=asked.groups,
        type=asked.type,
        specs=asked.specs.names,
        by=asked.specs.by,
        prob=asked.prob,
        ddf=asked.ddf,
        group_rows=rows.group_rows,
        mean_effects=rows.mean_effects,
        group_columns=rows.group_columns,
        transformation=transformation,
        notes=notes_on(fit, grid, means, asked, rows=rows, estimable=estimable, transformation=transformation),
        group_weights=rows.group_weights,
        lasting=lasting_notes(fit, grid, means, asked, rows=rows, estimable=estimable, transformation=transformation),
    )
    return regridded(linear, grid, means, shifts) if asked.regrid else linear


def means_table(linear: LinearFunctions, asked: Asked, name: str) -> MeansTable:
    """The table of these functions, the estimates in a column called `name`."""
    answer = MeansTable(columns_of(linear, name))
    answer.linear = linear
    answer.attrs |= {
        NOTES: list(linear.notes),
        "groups": asked.groups,
        "type": linear.type,
        "weights": asked.weights,
        "prob": asked.prob,
    }
    return answer
