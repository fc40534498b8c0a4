"""Tables of Bayes factors: data frames that print as a page of few columns."""

from collections.abc import Callable

import pandas as pd

from bayesmix.inference.shared.readable_table import ReadableTable


class _Page(ReadableTable):
    """A table with a page of its own; what is taken from it is a table as any other.

    `attrs["formula"]`: that of the fitted model.
    """

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        return ReadableTable


class RandTable(_Page):
    """Each random term against its absence."""


class InclusionTable(_Page):
    """Each random term, averaged over what else may be in the model."""
