"""Tables of marginal means and slopes, which remember the functions that they were made of."""

from bayesmix.inference.means.linear_functions import LinearFunctions
from bayesmix.inference.shared.readable_table import ReadableTable


class MeansTable(ReadableTable):
    """Marginal means or slopes, a row each; below them it prints what to know of them.

    `linear` has the linear functions behind the rows, which contrasts are made of. A part of the table, or another
    order of its rows, is a plain table without them.
    """

    linear: LinearFunctions | None = None
