"""What the net itself must find: one of each outcome; of no sample."""

CODES = (
    "1",
    "1 / 0",
    "raise type('Two', (BayesmixError,), {'__str__': lambda self: 'a\\nb'})('')",
    "os.abort()",
    "bm.fixef(None)",
    "__import__('time').sleep(60)",
)


def make(seed: int) -> str:
    return CODES[seed % len(CODES)]
