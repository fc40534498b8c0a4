"""How a question is asked of a fit: misuse and other kinds of fit are refused in one line, and tables print whole."""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import get_args

import pandas as pd

from bayesmix.hints import with_hints
from bayesmix.inference.shared.readable_table import readable
from bayesmix.modelling.kinds import refuse_other_kinds


def question[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """`function` as a question to `fit`, its first parameter, whose annotation names the kinds of fit that it takes.

    Raises
    ------
    ArgumentError
        `fit` is of another kind; the message says which kinds the question takes, and what answers it instead.
    """
    annotation = next(iter(signature(function).parameters.values())).annotation
    kinds = get_args(annotation) or (annotation,)

    @with_hints
    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        fit = args[0] if args else kwargs["fit"]
        refuse_other_kinds(fit, question=function.__name__, kinds=kinds)
        return function(*args, **kwargs)

    return checked


def table[**P](function: Callable[P, pd.DataFrame]) -> Callable[P, pd.DataFrame]:
    """`function` as a question whose answer, a data frame, prints whole."""
    return question(readable(function))
