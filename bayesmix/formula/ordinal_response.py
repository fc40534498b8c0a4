"""An ordinal response: the numbers of its categories, from 1."""

import numpy as np
import pandas as pd

from bayesmix.errors import DataError, counted, listing
from bayesmix.formula.columns import describe_type, is_numeric
from bayesmix.formula.design import Response
from bayesmix.formula.syntax import Name
from bayesmix.formula.terms import ResponseSpec
from bayesmix.formula.variables import Variables

FEWEST, MOST = 3, 50


def read_categories(spec: ResponseSpec, variables: Variables) -> Response:
    """A Categorical with an order, or whole numbers, whose distinct values are the categories.

    Raises
    ------
    DataError
        The values have no order, are no whole numbers, or a category of the Categorical does not occur.
    """
    node = spec.values
    if isinstance(node, Name) and not is_numeric(variables.column(node)):
        return _of_categorical(node.name, variables.column(node))
    values = variables.numbers(node)
    if values.ndim != 1:
        raise DataError(f"The response {spec.text} has {values.shape[1]} columns; it needs 1.")
    broken = values != np.round(values)
    if broken.any():
        raise DataError(
            f"The response {spec.text} is no whole number in {int(broken.sum())} of {len(values)} rows (first "
            f"{values[broken][0]:g}); categories are an ordered Categorical or whole numbers."
        )
    categories, codes = np.unique(values, return_inverse=True)
    if len(categories) > MOST:
        raise DataError(
            f"The response {spec.text} has {len(categories)} different values, too many for categories (at most "
            f"{MOST}); a family for counts or numbers may suit it."
        )
    return _response(spec.text, codes, tuple(f"{category:g}" for category in categories))


def _of_categorical(name: str, column: pd.Series) -> Response:
    dtype = column.dtype
    if not isinstance(dtype, pd.CategoricalDtype) or not dtype.ordered:
        known = dtype.categories if isinstance(dtype, pd.CategoricalDtype) else sorted(column.astype(str).unique())
        raise DataError(
            f"The response {name!r} is {describe_type(column)}, without an order; write pd.Categorical(data[{name!r}], "
            f"[{listing((repr(str(level)) for level in known), at_most=4)}], ordered=True) with the levels from lowest "
            'to highest, or without an order family="categorical".'
        )
    categories = tuple(str(category) for category in dtype.categories)
    codes = column.cat.codes.to_numpy()
    absent = [category for number, category in enumerate(categories) if not (codes == number).any()]
    if absent:
        raise DataError(
            f"The response {name!r} never is {listing(absent)}, so that its thresholds there are unknown; write "
            f"data[{name!r}].cat.remove_unused_categories()."
        )
    return _response(name, codes, categories)


def _response(text: str, codes: np.ndarray, categories: tuple[str, ...]) -> Response:
    if len(categories) < FEWEST:
        raise DataError(
            f"The response {text} has {counted(len(categories), 'category')} ({', '.join(categories)}); an "
            f'ordinal model needs {FEWEST} or more. Two are family="bernoulli".'
        )
    return Response(text, codes.astype(float) + 1, categories=categories, ordered=True)
