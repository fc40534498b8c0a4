"""A censored response: of some rows only a bound is known, `time | cens(censored)`, as in brms."""

import numpy as np
from numpy.typing import NDArray

from bayesmix.arrays import Positions
from bayesmix.errors import DataError, FamilyError, counted, listing, shown
from bayesmix.formula.columns import is_numeric
from bayesmix.formula.design import Response
from bayesmix.formula.response_checks import refuse_others
from bayesmix.formula.syntax import Name, Node, unparse
from bayesmix.formula.terms import ResponseSpec, label_of
from bayesmix.formula.variables import Variables

KINDS = ("real", "positive")
"""Kinds of responses that may be censored."""

_OF_TEXTS = {"none": 0, "right": 1, "left": -1, "false": 0, "true": 1, "0": 0, "1": 1, "-1": -1}
_INSTEAD = "write 0 or none where it was observed, 1 or right where it is a lower bound, -1 or left where an upper one"


def read_censored(spec: ResponseSpec, variables: Variables, *, kind: str) -> Response:
    """The values, which of censored rows are bounds, and which rows are censored.

    Raises
    ------
    FamilyError
        The family's response is of another kind than `KINDS`.
    DataError
        A code is not known, every row is censored, or the values are none that the family has.
    """
    if spec.censoring is None or kind not in KINDS:
        raise FamilyError(f"The response {spec.text} is censored, which this family's cannot be.")
    name = label_of(spec.values)
    values = variables.numbers(spec.values)
    if values.ndim != 1:
        raise DataError(f"The response {name} has {values.shape[1]} columns; it needs 1.")
    refuse_others(name, values, kind)
    censoring = _codes(spec.censoring, variables)
    n_censored = int((censoring != 0).sum())
    if n_censored == len(values):
        raise DataError(
            f"The response {spec.text} is censored in all {counted(n_censored, 'row')}; nothing was observed. cens() "
            "is 1 where the event was not seen: of R's status, 1 where it was, write cens(1 - status)."
        )
    return Response(name, values, censoring=censoring if n_censored else None)


def _codes(node: Node, variables: Variables) -> Positions:
    """-1, 0 or 1 of each row."""
    if isinstance(node, Name) and not is_numeric(variables.column(node)):
        given = variables.column(node).astype(str).to_numpy(dtype=object)
        codes = np.array([_OF_TEXTS.get(text.strip().lower(), 2) for text in given])
    else:
        given = variables.numbers(node)
        if given.ndim != 1:
            raise DataError(f"cens({unparse(node)}) has {given.shape[1]} columns; it needs 1.")
        codes = np.where(np.isin(given, (-1, 0, 1)), given, 2).astype(int)
    _refuse_unknown(unparse(node), given, codes)
    return codes.astype(np.intp)


def _refuse_unknown(text: str, given: NDArray, codes: NDArray) -> None:
    unknown = codes == 2
    if not unknown.any():
        return
    unknown_codes = list(dict.fromkeys(given[unknown].tolist()))
    values = listing((shown(value) for value in unknown_codes), at_most=3)
    interval = (
        "; intervals are not supported" if any(str(value).lower() == "interval" for value in unknown_codes) else ""
    )
    raise DataError(
        f"cens({text}) is {values} in {int(unknown.sum())} of {len(codes)} rows, which is no censoring"
        f"{interval}: {_INSTEAD}."
    )
