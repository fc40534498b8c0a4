"""Marginal means in hypotheses, ``emmean[treatment=trt, time=t2]``: linear expressions of the coefficients."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, UnknownTermError, did_you_mean, listing, shown
from bayesmix.estimates.estimability import estimable_rows
from bayesmix.formula.design import Design
from bayesmix.inference.hypotheses.expression import Affine, names_in, replaced, written_out
from bayesmix.inference.hypotheses.text import Hypothesis
from bayesmix.inference.hypotheses.tokens import MEAN_USAGE, without_quotes
from bayesmix.inference.means.build import Means, means_of, rows_of, with_outer
from bayesmix.inference.means.not_estimable import reasons
from bayesmix.inference.means.notes import interaction_met
from bayesmix.inference.means.reference_grid import ReferenceGrid, reference_grid
from bayesmix.inference.means.specs import OVERALL, Specs
from bayesmix.inference.means.transformation import transformation_of
from bayesmix.inference.means.variables import GridVariable, aliases, grid_variables
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit


@dataclass(frozen=True, eq=False)
class NamedMean:
    """A marginal mean on the link scale, group effects at 0: `row` (p,) over all columns of the fixed part, `constant`.

    `is_estimable`: whether the data determine it; where not, `reason` says why. `notes` are what to know of it.
    """

    name: str
    linear: Affine
    row: Floats
    is_estimable: bool
    reason: str
    notes: tuple[str, ...]


def means_into(
    found: dict[str, NamedMean], fit: Fit | RemlFit | LaplaceFit | LmFit
) -> Callable[[tuple[str, ...]], str]:
    """A reader of marginal means, which are put into `found` by name."""

    def read(parts: tuple[str, ...]) -> str:
        mean = mean_named(fit, parts)
        found[mean.name] = mean
        return mean.name

    return read


def mean_named(fit: Fit | RemlFit | LaplaceFit | LmFit, parts: tuple[str, ...]) -> NamedMean:
    """The mean at the levels and values that `parts` give, ``("f=a", "x=2")``, averaged as by `emmeans`.

    Raises
    ------
    ArgumentError, UnknownTermError
        A part cannot be read, or names what the fixed part does not have; the data have no such combination.
    """
    at = _values(fit.design, parts)
    written = ", ".join(f"{name}={value}" for name, value in at.items())
    grid = reference_grid(fit.design, at, None)
    specs = with_outer(grid.nesting, Specs(tuple(at), ()))
    means = means_of(grid, specs, "equal")
    name = f"emmean[{written or OVERALL}]"
    _require_one(name, means, at)
    rows = rows_of(grid, means)
    estimable = estimable_rows(fit.design, rows.fixed)
    every_name, row = fit.design.fixed.every_name, rows.fixed[0]
    weights = {column: float(weight) for column, weight in zip(every_name, row, strict=True) if weight}
    transformation = transformation_of(fit)
    scale = f"Means are on the {transformation.name} scale." if transformation else ""
    why = "" if estimable[0] else reasons(grid, means, rows.fixed, ~estimable)
    notes = tuple(note for note in (_misleading(grid, specs), scale) if note)
    return NamedMean(name, Affine(float(rows.offset[0]), weights), row, bool(estimable[0]), why, notes)


def _misleading(grid: ReferenceGrid, specs: Specs) -> str:
    met = interaction_met(grid, {*specs.names, *specs.by})
    if met is None:
        return ""
    names = listing(met.others)
    return (
        f"{listing(specs.names)} interacts with {names} ({met.label}): means over it may mislead; name its levels too."
    )


def _values(design: Design, parts: Sequence[str]) -> dict[str, Any]:
    """Levels and numbers by variable, in the order in which they are written."""
    if parts == (OVERALL,):
        return {}
    if not any(parts):
        raise ArgumentError(f"A mean of what? Write {MEAN_USAGE}.")
    variables = {variable.name: variable for variable in grid_variables(design, {}) if variable.shown}
    other, found = aliases(design), {}
    for part in parts:
        written, sign, value = part.partition("=")
        name = without_quotes(written)
        name = other.get(name, name)
        if name not in variables:
            raise _unknown(design, name, list(variables))
        if not sign or not value.strip():
            raise ArgumentError(
                f"At which {'level' if variables[name].is_factor else 'value'} of {name!r}? Write {MEAN_USAGE}."
            )
        if name in found:
            raise ArgumentError(f"{name!r} is given twice; a mean is {MEAN_USAGE}.")
        found[name] = _value(variables[name], without_quotes(value))
    return found


def _unknown(design: Design, name: str, variables: Sequence[str]) -> UnknownTermError:
    group = any(term.group == name for term in design.random)
    hint = f" It groups the effects of a random term: ranef[{name}, level]." if group else did_you_mean(name, variables)
    have = f"Variables: {listing(variables)}." if variables else "The fixed part has no variables."
    return UnknownTermError(f"{shown(name)} is no variable of the fixed part.{hint} {have}")


def _value(variable: GridVariable, text: str) -> str | float:
    if variable.is_factor:
        levels = [str(label) for label in variable.labels]
        if text not in levels:
            raise ArgumentError(
                f"{variable.name!r} has no level {shown(text)}.{did_you_mean(text, levels)} Levels: {listing(levels)}."
            )
        return text
    try:
        number = float(text)
    except ValueError:
        raise ArgumentError(f"{variable.name!r} is a number; got {shown(text)}. Write {MEAN_USAGE}.") from None
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _require_one(name: str, means: Means, at: dict[str, Any]) -> None:
    """Refuse what is several means, of a nested factor whose levels recur, and what no data have."""
    further = [str(column) for column in means.labels.columns if column not in at and at]
    if len(means.there) > 1:
        raise ArgumentError(
            f"{name} is {len(means.there)} means, since {listing(at)} is nested; name {listing(further)} too."
        )
    if not len(means.there) or not means.there[0]:
        raise ArgumentError(f"{name}: the data have no such combination.")


def with_coefficients(hypothesis: Hypothesis, means: dict[str, NamedMean]) -> Hypothesis:
    """The same hypothesis with coefficients in place of means."""
    named = [name for name in names_in(hypothesis.expression) if name in means]
    if not named:
        return hypothesis
    by = {name: written_out(means[name].linear, hypothesis.expression.span) for name in named}
    return Hypothesis(
        hypothesis.label, hypothesis.text, replaced(hypothesis.expression, by), hypothesis.lower, hypothesis.upper
    )


def notes_on_means(hypothesis: Hypothesis, means: dict[str, NamedMean]) -> list[str]:
    """What to know of the means of a hypothesis, each sentence once."""
    named = [means[name] for name in names_in(hypothesis.expression) if name in means]
    return list(dict.fromkeys(note for mean in named for note in mean.notes))


def empty_cells(hypothesis: Hypothesis, means: dict[str, NamedMean]) -> str:
    """Which of the means of a hypothesis the data do not determine, and why; empty if they determine all."""
    named = [means[name] for name in names_in(hypothesis.expression) if name in means]
    return "; ".join(
        f"{mean.name} is not estimable{f' ({mean.reason})' if mean.reason else ''}"
        for mean in named
        if not mean.is_estimable
    )
