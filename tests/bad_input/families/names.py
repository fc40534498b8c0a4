"""Odd names of columns and levels, in models that are fitted, printed, drawn and stored."""

from random import Random

from odd import NAMES, code_of

CASES = (
    ("with_(f=d.f.replace('a', {name}))", "'y ~ x + f + (1 | g)'"),
    ("with_(g=d.g.replace('g0', {name}))", "'y ~ x + (x | g)'"),
    ("with_(g=d.g + {name})", "'y ~ x + (1 | g)'"),
    ("named('x', {name})", "'y ~ `{{}}` + (`{{}}` | g)'.format({name}, {name})"),
    ("named('g', {name})", "'y ~ x + (1 | `{{}}`)'.format({name})"),
    ("named('y', {name})", "'`{{}}` ~ x + (1 | g)'.format({name})"),
    ("named('f', {name})", "'y ~ x + `{{}}` + (1 | g)'.format({name})"),
    ("named('x', {name})", "'y ~ log(`{{}}` + 9) + (1 | g)'.format({name})"),
)


def make(seed: int) -> str:
    rng = Random(f"names {seed}")
    name = code_of(rng.choice(NAMES) + rng.choice(["", "", "", rng.choice(NAMES)]))
    data, formula = (part.format(name=f"({name})" if "*" in name else name) for part in rng.choice(CASES))
    return f"drawn(go({formula}, {data}))"
