"""Every public function asked of every wrong kind of thing: the seed is the place in the list of all."""

from families.signatures import questions

FIRSTS = (
    "fitted('reml')", "fitted('lm')", "fitted('laplace')", "fitted('nogroup')", "fitted('poisson')", "None",
    "d", "'y ~ x'", "[fitted('gaussian'), fitted('gaussian')]", "1", "nan", "bm.fixef(fitted('gaussian'))",
    "object()", "{}", "bm.Fit", "{'a': fitted('gaussian'), 'b': fitted('reml')}",
)  # fmt: skip
ALL = tuple(question.call(first) for question in questions() if question.first for first in FIRSTS)
COUNT = len(ALL)


def make(seed: int) -> str:
    return ALL[seed % COUNT]
