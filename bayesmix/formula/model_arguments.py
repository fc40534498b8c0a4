"""What a model may be given beside formula and data: the name of a column of weights, functions by name."""

from collections.abc import Mapping
from typing import Any

from bayesmix.errors import ArgumentError, DataError


def check_weights_name(weights: Any) -> None:
    """Refuse weights that are no name of a column.

    Raises
    ------
    ArgumentError
        One line that says what they are.
    """
    if weights is not None and not isinstance(weights, str):
        raise ArgumentError(f"weights is the name of a column; got {type(weights).__name__}. Make it a column of data.")


def check_functions(functions: Any) -> None:
    """Refuse what is no mapping from names to functions.

    Raises
    ------
    DataError
        One line with the entry that is none.
    """
    if functions is None:
        return
    if not isinstance(functions, Mapping):
        raise DataError(f'functions is a mapping, such as {{"half": half}}; got {type(functions).__name__}.')
    for name, function in functions.items():
        if not isinstance(name, str) or not callable(function):
            raise DataError(
                f'functions is a mapping from names to functions, such as {{"half": half}}; {name!r} stands for '
                f"{type(function).__name__}."
            )
