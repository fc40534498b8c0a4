"""Contrasts within every family of a table of means: what combines its rows, and what the combinations are called."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats, Positions
from bayesmix.errors import ArgumentError, listing, shown
from bayesmix.inference.means.contrast_weights import Level, Method, contrast_weights
from bayesmix.inference.shared.arguments import items_of

_OPERATORS = re.compile(r"[-+*/]")


@dataclass(frozen=True, eq=False)
class Family:
    """Contrasts that are judged together: their positions `rows` among all, and how many means they compare."""

    rows: Positions
    n_compared: int


@dataclass(frozen=True, eq=False)
class ContrastRows:
    """K contrasts of m means.

    `weights` (K, m); `labels`: what tells the contrasts apart, the columns `names` and those that split them into
    families. `families` in their order; `adjustment` of p values if none is asked for; `is_pairwise`: whether all
    contrasts are differences of two means.
    """

    weights: Floats
    labels: pd.DataFrame
    names: tuple[str, ...]
    families: tuple[Family, ...]
    adjustment: str
    is_pairwise: bool


def contrast_rows(
    labels: pd.DataFrame, by: Sequence[str], method: Method, *, ref: object = None, reverse: bool = False
) -> ContrastRows:
    """The contrasts `method` among the means with the same values in the columns `by` of `labels`, (m, n_columns)."""
    return _contrasted(labels, by, method, ref=ref, reverse=reverse, name="contrast", with_factor=True)


def interaction_rows(
    labels: pd.DataFrame, by: Sequence[str], methods: object, *, ref: object = None, reverse: bool = False
) -> ContrastRows:
    """Contrasts of contrasts: those of the first column of `labels` outside `by`, compared along the second, and so on.

    Raises
    ------
    ArgumentError
        There are more methods than columns, or the means are not those of all combinations.
    """
    columns = [str(column) for column in labels.columns if column not in by]
    given: list[Method] | None = [methods] if isinstance(methods, str) else items_of(methods)
    if isinstance(methods, Mapping) or given is None:
        raise ArgumentError(
            f'interaction is a set of contrasts, such as "pairwise", or a list with one for each factor; '
            f"got {shown(methods)}."
        )
    if not given or len(given) > len(columns):
        raise ArgumentError(
            f"interaction={shown(methods)} has {len(given)} sets of contrasts, and the means vary by "
            f"{len(columns)} factors: {listing(columns)}."
        )
    chosen = (given * len(columns))[: len(columns)]
    names: list[str] = []
    weights = np.eye(len(labels))
    # The last first, so that the contrasts of the first factor vary fastest, as the means do.
    for column, method in reversed(list(zip(columns, chosen, strict=True))):
        name = f"{column}_{method}" if isinstance(method, str) else f"{column}_custom"
        others = [str(other) for other in labels.columns if other != column]
        step = _contrasted(labels, others, method, ref=ref, reverse=reverse, name=name, with_factor=False)
        weights, names = step.weights @ weights, [name, *names]
        labels = step.labels
    labels = labels[[*names, *by]].reset_index(drop=True)
    families = tuple(Family(rows, len(rows)) for rows in groups_by(labels, by))
    return ContrastRows(weights, labels, tuple(names), families, "none", False)


def _contrasted(
    labels: pd.DataFrame, by: Sequence[str], method: Method, *, ref: object, reverse: bool, name: str, with_factor: bool
) -> ContrastRows:
    groups = groups_by(labels, by)
    levels = labels.drop(columns=list(by))
    texts, plain = level_texts(levels, with_factor=with_factor), level_texts(levels, with_factor=False)
    blocks, parts, families, n_rows = [], [], [], 0
    for group in groups:
        of_group = [Level(texts[place], plain[place]) for place in group]
        one = contrast_weights(method, of_group, ref=ref, reverse=reverse)
        block = np.zeros((len(one.names), len(labels)))
        block[:, group] = one.weights
        blocks.append(block)
        values = {column: [labels[column].iloc[group[0]]] * len(one.names) for column in by}
        parts.append(pd.DataFrame({name: list(one.names), **values}, dtype=object))
        families.append(Family(np.arange(n_rows, n_rows + len(one.names)), len(group)))
        n_rows += len(one.names)
    if n_rows == 0:
        raise ArgumentError(f"method={shown(method)} needs at least two means to compare in a family; there is one.")
    whole = pd.concat(parts, ignore_index=True)
    return ContrastRows(np.concatenate(blocks), whole, (name,), tuple(families), one.adjustment, one.is_pairwise)


def groups_by(labels: pd.DataFrame, by: Sequence[str]) -> list[Positions]:
    """Positions of the rows of each family, families in the order of their first rows."""
    if not by:
        return [np.arange(len(labels))]
    keys = [tuple(row) for row in labels[list(by)].itertuples(index=False)]
    number = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    codes = np.array([number[key] for key in keys])
    return [np.flatnonzero(codes == place) for place in range(len(number))]


def level_texts(labels: pd.DataFrame, *, with_factor: bool = True) -> list[str]:
    """One text for each row of `labels`, as emmeans writes levels in the names of contrasts.

    Levels that are numbers have the name of their factor before them, and those that read like a sum are in brackets.
    """
    columns = []
    for name in labels.columns:
        texts = [str(value) for value in labels[name]]
        prefix = str(name) if with_factor and all(_is_number(text) for text in texts) else ""
        columns.append([prefix + text for text in texts])
    joined = [" ".join(texts) for texts in zip(*columns, strict=True)]
    return [f"({text})" if with_factor and _OPERATORS.search(text) else text for text in joined]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
