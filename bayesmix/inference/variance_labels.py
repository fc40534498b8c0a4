"""How the rows of `varcorr` are called, for every kind of fit."""

import pandas as pd

from bayesmix.formula.design import Design
from bayesmix.posterior.layout import column_pairs

RESIDUAL = "Residual"

Label = tuple[str, str, str]


def labels_of(design: Design) -> list[Label]:
    """Group and two columns: of each random term the standard deviations, then the correlations."""
    labels: list[Label] = []
    for term in design.all_random:
        labels += [(term.group, name, name) for name in term.names]
        labels += [(term.group, first, second) for first, second in column_pairs(term)]
    return labels


def as_index(labels: list[Label]) -> pd.MultiIndex:
    return pd.MultiIndex.from_tuples(labels, names=["group", "term1", "term2"])
