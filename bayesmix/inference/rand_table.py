"""Tables of Bayes factors: data frames that print as a page of few columns."""

from collections.abc import Callable

import pandas as pd

from bayesmix import display


class _Page(pd.DataFrame):
    """A data frame like any other, but for the way it is shown; what is taken from it is a plain one.

    `attrs["formula"]`: that of the fitted model.
    """

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        return pd.DataFrame

    def __repr__(self) -> str:
        return display.as_text(self)

    def _repr_html_(self) -> str:
        return display.as_html(self)


class RandTable(_Page):
    """Each random term against its absence."""


class InclusionTable(_Page):
    """Each random term, averaged over what else may be in the model."""
