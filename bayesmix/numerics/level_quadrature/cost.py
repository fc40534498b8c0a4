"""What one value of the density costs."""

from bayesmix.numerics.level_quadrature.rows import CountRows
from bayesmix.numerics.row_codes import BINOMIAL_LOGIT, POISSON_LOG

_NODES = 20
_PER_LEVEL = 20e-9
# a logit's row has one logarithm at a node; rows of a Poisson level share their nodes
_PER_ROW = {BINOMIAL_LOGIT: 8e-9, POISSON_LOG: 0.0}
_PER_ROW_OF_OTHERS = 60e-9


def value_cost(rows: CountRows) -> float:
    """Seconds of one value of the log posterior on one core, roughly."""
    per_row = _PER_ROW.get(rows.code, _PER_ROW_OF_OTHERS)
    n_rows, n_levels = len(rows.first), len(rows.starts) - 1
    return 1e-6 + n_rows * (20e-9 + max(_NODES if n_levels else 1, 1) * per_row) + n_levels * _NODES * _PER_LEVEL
