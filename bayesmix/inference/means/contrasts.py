"""How do the means differ?"""

from collections.abc import Sequence
from dataclasses import replace
from functools import singledispatch

import numpy as np
import pandas as pd

from bayesmix.arrays import Flags, Floats
from bayesmix.errors import ArgumentError, shown
from bayesmix.estimates.estimability import estimable_rows
from bayesmix.formula.group_policies import with_policy
from bayesmix.hints import with_hints
from bayesmix.inference.means.contrast_draws import drawn_columns, equivalence_bounds
from bayesmix.inference.means.contrast_rows import ContrastRows, contrast_rows, interaction_rows
from bayesmix.inference.means.contrast_scale import ContrastScale, contrast_scale
from bayesmix.inference.means.contrast_tests import contrast_tests
from bayesmix.inference.means.contrast_weights import Method
from bayesmix.inference.means.families import families_of, functions_of
from bayesmix.inference.means.kinds_in_words import interval_notes
from bayesmix.inference.means.linear_functions import (
    Drawn,
    Estimated,
    LinearFunctions,
    combined_draws,
    evaluate,
)
from bayesmix.inference.means.table import MeansTable
from bayesmix.inference.shared.arguments import a_switch, one_of, probability
from bayesmix.modelling.kinds import LaplaceFit, LmFit, RemlFit, no_answer
from bayesmix.numerics.multiplicity import ADJUSTMENTS

_ALSO = {"bh": "fdr", "dunnett": "dunnettx", "multivariate-t": "mvt"}
_NEW = 'groups="new"'


@with_hints
def contrasts(
    means: MeansTable,
    method: Method = "pairwise",
    *,
    by: str | Sequence[str] | None = None,
    interaction: str | Sequence[Method] | None = None,
    ref: object = None,
    reverse: bool = False,
    adjust: str | None = None,
    rope: float | tuple[float, float] | None = None,
    type: str | None = None,
    prob: float | None = None,
) -> MeansTable:
    """Differences and other contrasts among means, as `contrast` and `pairs` of R's emmeans.

    Parameters
    ----------
    means
        A table by `emmeans` or `emtrends`, as it was returned.
    method
        ``"pairwise"``, all differences, or ``"revpairwise"``, with the other sign; ``"trt.vs.ctrl"``, each mean against
        the first, or against `ref`, and ``"trt.vs.ctrlk"``, against the last; ``"consec"``, each against the one
        before; ``"poly"``, orthogonal polynomials of the levels' numbers, as whole numbers; ``"eff"``, each against the
        average of all, and ``"del.eff"``, against that of all others; ``"mean_chg"``, the average of those after
        against that of those before; ``"identity"``, the means themselves. Or weights by name: a number for each mean
        in the order of the table, or a mapping from levels, the others 0.
    by
        Columns of `means` within whose values is compared. By default those of `means`; ``[]`` for none.
    interaction
        Contrasts of contrasts, in place of `method`: a set for all factors, or one for each.
    ref
        The control of ``"trt.vs.ctrl"``: a level, or several that are averaged.
    reverse
        Whether the signs are turned.
    adjust
        How p values and intervals of estimates allow for the number of contrasts in a family, of which there is one for
        each value of `by`: ``"none"``, ``"tukey"``, ``"dunnettx"``, ``"mvt"``, ``"sidak"``, ``"scheffe"``,
        ``"bonferroni"``, ``"holm"``, ``"hochberg"`` or ``"fdr"``. By default as emmeans: ``"tukey"`` for pairwise
        differences, ``"dunnettx"`` against a control, ``"mvt"`` for ``"consec"`` and ``"mean_chg"``, ``"fdr"`` for
        effects, else ``"none"``.
    rope
        Of posteriors: the largest difference that does not matter, or the lower and upper end of those; of ratios a
        number above 1, for that and its inverse.
    type
        ``"link"``, or ``"response"``: ratios if the link is log, odds ratios if it is logit; else differences of the
        link scale, which a note says. By default that of `means`. Differences of responses are contrasts of means by
        ``emmeans(..., regrid="response")``, which have no other scale.
    prob
        Probability of the intervals. By default that of `means`.

    Returns
    -------
    MeansTable
        A row for each contrast: `contrast`, the columns `by`, what follows, and where the data do not determine all
        contrasts `estimable`. Printed it says below how the number of contrasts was allowed for.

        Of estimates `estimate` (`ratio`, `odds_ratio`), `se`, `df`, `lower`, `upper`, `t` (of Laplace fits `z`, with
        infinite `df`) and `p`. Degrees of freedom are those of the contrast itself. `t` and `z` of ratios are those of
        their logarithms. A contrast that is not estimable is nan.

        Of posteriors `estimate` (the mean of the draws), `sd`, `lower`, `upper` (equal-tailed), `p_direction`, the
        probability of the sign that is more probable, and given `rope` `p_outside` and `p_inside`, the probabilities
        that the contrast matters and that it is practically none.

    Raises
    ------
    ArgumentError
        `means` is no table of means as it was returned; an argument is not known, or not for this kind of fit; weights
        do not fit the means.

    Notes
    -----
    Contrasts that cannot be estimated count in the size of a family, as in emmeans. Intervals of methods that go in
    steps (``"holm"``, ``"hochberg"``, ``"fdr"``) are Bonferroni's, as there. ``"mvt"`` takes degrees of freedom as they
    are, where emmeans cuts their decimals, and its numerical error is printed.

    A posterior's rows are not adjusted for their number: each says how probable one statement is given data and priors,
    and does not become less probable because others are made beside it. What keeps many comparisons from finding
    differences that are not there is a model that shrinks the means towards each other, `(1 | factor)`.

    References
    ----------
    Searle, Speed & Milliken (1980), doi:10.1080/00031305.1980.10483031; Dunnett (1955),
    doi:10.1080/01621459.1955.10501294; Gelman, Hill & Yajima (2012), doi:10.1080/19345747.2011.618213

    Examples
    --------
    >>> fit = bm.reml("yield ~ K2O_lbac + (1 | rep)", bm.load_data("kfert"))
    >>> means = bm.emmeans(fit, "K2O_lbac", ddf="kenward-roger")
    >>> bm.contrasts(means, {"first - last": [1, 0, 0, 0, -1]})[["estimate", "p"]].round(4).to_numpy().tolist()
    [[0.4, 0.0471]]
    """
    linear = functions_of(means, question="contrasts")
    by = families_of(linear, by)
    reverse = a_switch(reverse, argument="reverse")
    if interaction is None:
        rows = contrast_rows(linear.labels, by, method, ref=ref, reverse=reverse)
    else:
        rows = interaction_rows(linear.labels, by, interaction, ref=ref, reverse=reverse)
    prob = linear.prob if prob is None else probability(prob)
    scale = contrast_scale(linear, rows, type)
    contrasted = _combined(linear, rows, by, prob, scale)
    evaluated = evaluate(contrasted)
    if isinstance(evaluated, Drawn):
        return _of_draws(contrasted, evaluated, scale, adjust=adjust, rope=rope)
    return _of_estimates(contrasted, evaluated, rows, scale, adjust=adjust, rope=rope)


def _combined(
    linear: LinearFunctions, rows: ContrastRows, by: tuple[str, ...], prob: float, scale: ContrastScale
) -> LinearFunctions:
    """The contrasts as linear functions themselves."""
    weights = rows.weights
    combined = weights @ linear.rows
    return replace(
        linear,
        rows=combined,
        offset=weights @ linear.offset,
        labels=scale.named(rows.labels, rows.names),
        estimable=_determined(linear, weights, combined),
        type="response" if scale.is_ratio or linear.regridded else "link",
        specs=rows.names,
        by=by,
        prob=prob,
        group_rows=weights @ linear.group_rows,
        group_columns=tuple(weights @ columns for columns in linear.group_columns),
        drawn=None if linear.drawn is None else combined_draws(linear.drawn, weights),
        notes=(*_about_means(linear), *([scale.note] if scale.note else [])),
    )


def _of_estimates(
    linear: LinearFunctions,
    estimated: Estimated,
    rows: ContrastRows,
    scale: ContrastScale,
    *,
    adjust: object,
    rope: object,
) -> MeansTable:
    if rope is not None:
        raise ArgumentError(
            f"rope is of posteriors, whose draws are inside or outside; this is a fit of kind "
            f"{linear.fit.__class__.__name__}. Its intervals say which differences the data allow."
        )
    chosen = rows.adjustment if adjust is None else _adjustment(adjust)
    tests = contrast_tests(estimated, linear, rows, adjust=chosen, prob=linear.prob)
    values = scale.shown(estimated.estimate)
    se = estimated.se * scale.slope(estimated.estimate)
    # Without a maximum nothing is normal about the estimates.
    known = 1.0 if _has_maximum(linear.fit) else np.nan
    is_normal = bool(np.all(np.isinf(estimated.df[linear.estimable])))
    columns = {
        scale.column: values,
        "se": se,
        "df": estimated.df,
        "lower": scale.shown(tests.lower) * known,
        "upper": scale.shown(tests.upper) * known,
        "z" if is_normal else "t": tests.t * known,
        "p": tests.p * known,
    }
    return _table(linear, columns, tests.notes)


def _about_means(linear: LinearFunctions) -> list[str]:
    """What was said of the means that holds for contrasts too, which are of the link scale."""
    if not with_policy(linear.design.random, linear.groups, "new") or linear.transformation is None:
        return list(linear.lasting)
    others = [note for note in linear.lasting if not note.startswith(_NEW)]
    return [*others, f"{_NEW}: contrasts are those within a group, before averages over groups are taken."]


def _determined(linear: LinearFunctions, weights: Floats, combined: Floats) -> Flags:
    """Whether the data determine each contrast; one with a mean over cells of which there are none is nothing."""
    if linear.regridded:
        # Of responses a difference is known where both are.
        return ~np.any(weights[:, ~linear.estimable], axis=1)
    nothing = ~linear.estimable & ~np.any(linear.rows, axis=1)
    return estimable_rows(linear.design, combined) & ~np.any(weights[:, nothing], axis=1)


@singledispatch
def _has_maximum(fit: object) -> bool:
    raise no_answer(_has_maximum, fit, question="contrasts")


@_has_maximum.register
def _of_gaussian(_: RemlFit | LmFit) -> bool:
    return True


@_has_maximum.register
def _of_laplace(fit: LaplaceFit) -> bool:
    return fit.converged


def _adjustment(adjust: object) -> str:
    lower = adjust.lower() if isinstance(adjust, str) else adjust
    return one_of(_ALSO.get(lower, lower), ADJUSTMENTS, argument="adjust")  # type: ignore[call-overload]


def _of_draws(
    linear: LinearFunctions, drawn: Drawn, scale: ContrastScale, *, adjust: object, rope: object
) -> MeansTable:
    if adjust is not None and not (isinstance(adjust, str) and adjust == "none"):
        raise ArgumentError(
            f"adjust={shown(adjust)} is of p values; a posterior has none, and its probabilities do not depend on how "
            "many contrasts are looked at: leave it out."
        )
    bounds = equivalence_bounds(rope, ratio=scale.is_ratio)
    columns = drawn_columns(drawn, prob=linear.prob, bounds=bounds, shown_as=scale.shown)
    named = {scale.column if name == "mean" else name: values for name, values in columns.items()}
    notes = () if bounds is None else (f"p_inside: from {bounds.low:g} to {bounds.high:g}.",)
    return _table(linear, named, notes)


def _table(linear: LinearFunctions, columns: dict[str, Floats], notes: Sequence[str]) -> MeansTable:
    interval = interval_notes(linear.fit, prob=linear.prob, ddf=linear.ddf, groups=linear.groups)
    linear = replace(linear, notes=(*_unknown(linear), *linear.notes, *interval, *notes))
    unknown = {} if linear.estimable.all() else {"estimable": linear.estimable}
    table = MeansTable(pd.concat([linear.labels, pd.DataFrame(columns | unknown)], axis=1))
    table.linear = linear
    table.attrs |= {
        "notes": list(linear.notes),
        "groups": linear.groups,
        "type": linear.type,
        "prob": linear.prob,
    }
    return table


def _unknown(linear: LinearFunctions) -> list[str]:
    """How many contrasts the data do not determine."""
    unknown, n = int(np.sum(~linear.estimable)), len(linear.estimable)
    if not unknown:
        return []
    return [f"{unknown} of {n} contrasts {'is' if unknown == 1 else 'are'} not estimable."]
