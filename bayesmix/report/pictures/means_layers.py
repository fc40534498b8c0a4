"""What pictures of means show: panels, in each a layer for every level of a factor, and the observations behind."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmix.arrays import Flags, Floats
from bayesmix.errors import ArgumentError, listing, shown
from bayesmix.formula.columns import is_categorical, level_texts
from bayesmix.formula.design import Design
from bayesmix.formula.group_policies import with_policy
from bayesmix.inference.means.linear_functions import LinearFunctions
from bayesmix.inference.means.transformation import Transformation, transformation_of
from bayesmix.inference.shared.arguments import near_matches
from bayesmix.inference.shared.expectation import observed
from bayesmix.report.pages.units import response_text, response_unit, with_unit
from bayesmix.report.pictures.plot_look import shortened

MEANS = ("emmean", "prob", "rate", "response")
_JITTER = 0.09  # of the distance of two levels
_SEED = 1
_NAMED = 3.0  # inches of a name in a caption


@dataclass(frozen=True)
class MeansLayer:
    """The means of one level of a factor in one panel.

    `x` (n,) places along the axis; `mean`, `lower` and `upper` (n,), nan where a mean cannot be estimated; `letters`
    (n,), empty texts where there are none; ends of arrows `down` and `up` (n,), nan where there is none. `points_x`,
    `points_y`: the observations. Means that are `joined` have a line through them.
    """

    label: str
    x: Floats
    mean: Floats
    lower: Floats
    upper: Floats
    letters: tuple[str, ...]
    down: Floats
    up: Floats
    points_x: Floats
    points_y: Floats
    joined: bool


def one_of_columns(value: object, columns: Sequence[str], *, argument: str) -> str:
    """`value`, if it is one of the columns that tell the means apart."""
    if not isinstance(value, str) or value not in columns:
        hint = near_matches(value, columns)
        raise ArgumentError(
            f"{argument}={shown(value)} does not tell these means apart.{hint} What does: {listing(columns)}."
        )
    return value


def _transformation(linear: LinearFunctions) -> Transformation | None:
    """What leads to the response, of means that have been taken there cell by cell, too."""
    return transformation_of(linear.fit) if linear.regridded else linear.transformation


def points_of(linear: LinearFunctions, is_trend: bool) -> Floats | None:
    """The observations (n_obs,) on the scale of the means; None where that is not theirs."""
    design, transformation = linear.design, _transformation(linear)
    if is_trend or design.response.censoring is not None:
        return None
    if transformation is None:
        return observed(design.response)
    if transformation.of_response:
        values = design.response.values
        return transformation.inverse(values) if linear.type == "response" else values
    return observed(design.response) if linear.type == "response" else None


def rows_with(design: Design, name: str, label: object) -> Flags:
    """The rows of the data with this level, or this value, of a column; all rows if no row has it."""
    column = design.data[name]
    if is_categorical(column):
        values, texts = level_texts(column)
        found: Flags = np.asarray(values.get_indexer(pd.Index(column)) == list(texts).index(str(label)))
        return found
    numbers = column.to_numpy(dtype=float, na_value=np.nan)
    same: Flags = np.isclose(numbers, float(str(label)))
    return same if same.any() else np.ones(len(numbers), dtype=bool)


def jittered(places: Floats, step: float) -> Floats:
    """Places beside each other, the same ones whenever a picture is drawn."""
    spread: Floats = np.random.default_rng(_SEED).uniform(-_JITTER, _JITTER, len(places)) * step
    return places + spread


def label_of_means(linear: LinearFunctions, column: str) -> str:
    """The vertical axis: the response with its unit, its scale where that is another, or the name of a slope."""
    design, transformation = linear.design, _transformation(linear)
    if column not in MEANS:
        return column
    name = response_text(design)
    if transformation is None:
        return with_unit(name, response_unit(design))
    if transformation.of_response:
        return design.response.name if linear.type == "link" else f"{name}, taken back from {transformation.name}"
    if linear.type == "link":
        return f"{name} ({transformation.name} scale)"
    if column == "prob":
        return f"probability of {name}" if design.response.trials is None else f"proportion of {name}"
    return f"expected {name}"


_GROUPS = {
    "typical": "are 0",
    "fitted": "are averaged over the levels in the data",
    "new": "are averaged over their distribution",
}


def about_groups(linear: LinearFunctions) -> str:
    """What a caption says of the effects of groups; nothing where there are none."""
    said = []
    for policy, words in _GROUPS.items():
        groups = dict.fromkeys(term.group for term in with_policy(linear.design.random, linear.groups, policy))
        names = listing((shortened(group, _NAMED) for group in groups), at_most=3)
        said += [f" Effects of {names} {words}."] if groups else []
    return "".join(said)
