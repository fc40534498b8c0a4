"""How well environments are connected: entries that were tried in both of two."""

import numpy as np
import pandas as pd

from bayesmix.formula.design import Design
from bayesmix.inference.shared.arguments import a_column, column_levels
from bayesmix.inference.trials.genetic_terms import GeneticTerms, factors_of_groups


def entries_in_common(design: Design, terms: GeneticTerms, environment: str | None) -> pd.DataFrame | None:
    """Entries that two environments have in common, and on the diagonal those of each; None where there is no factor.

    Parameters
    ----------
    environment
        A column of the data; by default what meets the entry in the first of its interactions.

    Raises
    ------
    UnknownColumnError, ArgumentError
        `environment` is no column of the data, or has missing values.
    """
    names = _met(design, terms) if environment is None else [a_column(design.data, environment, argument="environment")]
    if not names:
        return None
    parts = [column_levels(design.data, name, argument="environment") for name in names]
    codes, place = np.unique(np.column_stack([codes for codes, _ in parts]), axis=0, return_inverse=True)
    levels = [":".join(str(part[1][code]) for part, code in zip(parts, row, strict=True)) for row in codes]
    tried = np.zeros((len(levels), terms.genotype.n_levels), dtype=np.int64)
    tried[place, terms.genotype.index] = 1
    index = pd.Index(levels, name=":".join(names), dtype=object)
    return pd.DataFrame(tried @ tried.T, index=index, columns=pd.Index(levels, name="entries in common", dtype=object))


def _met(design: Design, terms: GeneticTerms) -> list[str]:
    """Columns that meet the entry in the first of its interactions."""
    if not terms.interactions:
        return []
    factors = factors_of_groups(design)
    own = factors[terms.genotype.group]
    others = (name for name in factors[terms.interactions[0].group] if name not in own)
    return [name for name in others if name in design.data.columns]
