"""What is known to fail and waits to be mended: exception and place as a failure prints them. To be emptied."""

from pool import Result

WAITING: frozenset[tuple[str, str]] = frozenset()
FAMILIES: frozenset[str] = frozenset()


def is_waiting(result: Result) -> bool:
    return result.family in FAMILIES or (result.exception, result.place) in WAITING
