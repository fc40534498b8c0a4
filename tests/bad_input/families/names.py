"""Odd names of columns and levels, in models that are fitted, printed, drawn and stored."""

from random import Random

from odd import NAMES, code_of

CASES = (
    ("level('f', {name}, of='a')", "'y ~ x + f + (1 | g)'"),
    ("level('g', {name}, of='g0')", "'y ~ x + (x | g)'"),
    ("level('g', {name})", "'y ~ x + (1 | g)'"),
    ("named('x', {name})", "'y ~ `{{}}` + (`{{}}` | g)'.format({name}, {name})"),
    ("named('g', {name})", "'y ~ x + (1 | `{{}}`)'.format({name})"),
    ("named('y', {name})", "'`{{}}` ~ x + (1 | g)'.format({name})"),
    ("named('f', {name})", "'y ~ x + `{{}}` + (1 | g)'.format({name})"),
    ("named('x', {name})", "'y ~ log(`{{}}` + 9) + (1 | g)'.format({name})"),
)

PICTURES = (
    "plot_ranef", "plot_lines", "plot_trace", "plot_compare_reml", "plot_shrinkage", "plot_residuals", "plot_ppc",
    "plot_sd",
)  # fmt: skip


def make(seed: int) -> str:
    rng = Random(f"names {seed}")
    name = code_of(rng.choice(NAMES) + rng.choice(["", "", "", rng.choice(NAMES)]))
    data, formula = (part.format(name=f"({name})" if "*" in name else name) for part in rng.choice(CASES))
    fit = f"go({formula}, {data})"
    pictures = ", ".join(repr(picture) for picture in rng.sample(PICTURES, 2))
    return rng.choice([f"drawn({fit}, {pictures})", f"drawn({fit}, {pictures})", f"kept({fit})"])
