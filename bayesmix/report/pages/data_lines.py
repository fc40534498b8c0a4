"""What a page says of the data: rows, groups and factors with counts, successes, units, rows that were left out."""

import numpy as np
from numpy.typing import NDArray

from bayesmix.errors import counted, listing
from bayesmix.formula.design import Design, Response
from bayesmix.formula.factors import CountedFactor, counted_factors
from bayesmix.report.pages.units import units_of

_MOST_LEVELS = 8  # of a factor, that are listed with their counts
_INDENT = " " * 9


def data_lines(design: Design) -> tuple[str, ...]:
    """The lines from `Data:` on."""
    groups = {term.group: term for term in design.all_random}
    first = f"Data:    {counted(design.n_obs, 'observation')}"
    if groups:
        each = (
            f"{name} {term.n_levels}{_rows_each(np.bincount(term.index, minlength=term.n_levels))}"
            for name, term in groups.items()
        )
        first += f"; groups: {', '.join(each)}"
    lines = [first, *(f"{_INDENT}{_factor(factor)}" for factor in counted_factors(design))]
    if design.n_dropped:
        by_column = ", ".join(f"{column} {count}" for column, count in design.missing.items())
        lines.append(f"{_INDENT}{counted(design.n_dropped, 'row')} with missing values left out ({by_column})")
    lines += [f"{_INDENT}{line}" for line in (*_response_lines(design), *_unit_lines(design))]
    if design.weights_column:
        lines.append(f"{_INDENT}weights: {design.weights_column}")
    return tuple(lines)


def _rows_each(counts: NDArray[np.intp]) -> str:
    """` (10 rows each)` or ` (1 to 4 rows)`; levels without rows count too."""
    least, most = int(counts.min()), int(counts.max())
    return f" ({counted(most, 'row')} each)" if least == most else f" ({least} to {counted(most, 'row')})"


def _factor(factor: CountedFactor) -> str:
    """`period: 1 (15 rows), 2 (14), 3 (14), 4 (13)`, or the number of levels where they are many."""
    if len(factor.levels) > _MOST_LEVELS:
        return f"{factor.name}: {counted(len(factor.levels), 'level')}{_rows_each(factor.counts)}"
    texts = (level if level == level.strip() else repr(level) for level in factor.levels)
    first, *others = (f"{level} ({count:,}" for level, count in zip(texts, factor.counts, strict=True))
    unit = " row" if factor.counts[0] == 1 else " rows"
    return f"{factor.name}: {', '.join([first + unit + ')', *(text + ')' for text in others)])}"


def _response_lines(design: Design) -> list[str]:
    """The successes that were counted, or the meaning of the response's levels."""
    response = design.response
    if response.ordered:
        return [f"{response.name}: {' < '.join(response.categories)}"]
    if response.unordered:
        return [f"{response.name}: {_categories(response)}"]
    if response.levels:
        failure, success = response.levels
        return [f"{response.name}: probability of {success!r} (1) against {failure!r} (0); {_share(response.values)}"]
    if response.trials is not None:
        n_without = int(np.sum(response.trials == 0))
        without = f"; {counted(n_without, 'row')} without trials" if n_without else ""
        return [f"{response.name}: {_share(response.values, response.trials)}{without}"]
    if response.censoring is not None:
        return [f"{response.name}: {_bounds(response.censoring)}"]
    return []


def _categories(response: Response) -> str:
    """`car (80 rows), train (72) against bus (88), the reference`; of many the number in place of the names."""
    counts = np.bincount(response.values.astype(np.intp))[1:]
    reference, first, *others = (f"{name} ({n:,}" for name, n in zip(response.categories, counts, strict=True))
    if len(response.categories) > _MOST_LEVELS:
        further = f"{len(response.categories) - 1} categories{_rows_each(counts[1:])}"
        return f"{further} against {reference} rows), the reference"
    listed = ", ".join([f"{first} {'row' if counts[1] == 1 else 'rows'})", *(f"{other})" for other in others)])
    return f"{listed} against {reference}), the reference"


def _bounds(censoring: NDArray[np.intp]) -> str:
    """`censored in 30 of 100 rows (28 right, 2 left)`."""
    sides = {"right": int((censoring > 0).sum()), "left": int((censoring < 0).sum())}
    each = ", ".join(f"{count:,} {side}" for side, count in sides.items() if count)
    return f"censored in {sum(sides.values()):,} of {counted(len(censoring), 'row')} ({each})"


def _share(successes: NDArray[np.float64], trials: NDArray[np.float64] | None = None) -> str:
    """`418 of 1,553 (26.9 %)`."""
    total = float(len(successes) if trials is None else trials.sum())
    return f"{successes.sum():,.0f} of {total:,.0f}" + (f" ({100 * successes.sum() / total:.3g} %)" if total else "")


def _unit_lines(design: Design) -> list[str]:
    """Units of the columns of the formulas."""
    units = units_of(design)
    named = [name.name for predictor in design.predictors for name in predictor.formula.columns]
    known = [f"{name} {units[name]}" for name in dict.fromkeys(named) if units.get(name)]
    return [f"units: {listing(known, at_most=len(known))}"] if known else []
