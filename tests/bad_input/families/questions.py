"""Every public function with odd values of its other arguments, alone or two at a time, of fits that it answers.

The first `COUNT` seeds are one odd argument each, all of them in a shuffled order; later ones are two at a time.
"""

from random import Random

from odd import VALUES

from families.signatures import FIRST, MODELS, Question, questions

OTHER_FITS = ("fitted('gaussian')", "fitted('crossed')", "fitted('binomial')", "fitted('poisson')", "fitted('reml')")


def _all() -> list[tuple[Question, str, str]]:
    asked = [question for question in questions() if question.name not in MODELS]
    cases = [(question, name, value) for question in asked for name in question.others for value in VALUES]
    Random("questions").shuffle(cases)
    return cases


ALL = _all()
COUNT = len(ALL)


def make(seed: int) -> str:
    question, name, value = ALL[seed % COUNT]
    if seed < COUNT:
        return question.call(None, **{name: value})
    rng = Random(f"questions {seed}")
    others = {name: value, rng.choice(question.others): rng.choice(VALUES)}
    first = None if question.name in FIRST or question.star else rng.choice(OTHER_FITS)
    return question.call(first, **others)
