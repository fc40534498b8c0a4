"""The rows that a prediction is asked for."""

from bayesmix.formula.design import Design
from bayesmix.formula.frame import Frame
from bayesmix.formula.other_rows import OtherRows, other_rows, own_rows


def rows_asked(design: Design, newdata: Frame | None, *, groups: str, with_trials: bool = False) -> OtherRows:
    """The rows of `newdata`, or without it those of the fit; arguments as for `other_rows`."""
    if newdata is None:
        return own_rows(design, groups=groups)
    return other_rows(design, newdata, groups=groups, with_trials=with_trials)
