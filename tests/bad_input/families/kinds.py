"""Every public function asked of every wrong kind of thing: as many seeds as the list has calls give each of them once.

Seeds in a row take calls that stand far apart, so that a part of the list is one of all functions and things.
"""

from math import gcd

from families.signatures import questions

FIRSTS = (
    "fitted('reml')", "fitted('lm')", "fitted('laplace')", "fitted('nogroup')", "fitted('poisson')", "None",
    "d", "'y ~ x'", "[fitted('gaussian'), fitted('gaussian')]", "1", "nan", "bm.fixef(fitted('gaussian'))",
    "object()", "{}", "bm.Fit", "{'a': fitted('gaussian'), 'b': fitted('reml')}",
)  # fmt: skip
ALL = tuple(question.call(first) for question in questions() if question.first for first in FIRSTS)
COUNT = len(ALL)
_STRIDE = next(step for step in range(61, COUNT) if gcd(step, COUNT) == 1)


def make(seed: int) -> str:
    return ALL[seed * _STRIDE % COUNT]
