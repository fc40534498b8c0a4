"""Labels with the units of the data, which cards give: ``data.attrs["units"]`` maps columns to units."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from bayesmix.formula.design import Design
from bayesmix.formula.syntax import unparse


@dataclass(frozen=True)
class Shown:
    """What a picture shows of a `group`, with its `label`: the levels' coefficient `term`, or (None) their mean."""

    group: str
    term: str | None
    label: str


def what_is_shown(design: Design, group: str, term: str | None) -> Shown:
    """The levels' mean, whose label is the response, or their coefficient, as in `slope of Days (ms per day)`."""
    if term is None:
        return Shown(group, term, response_with_unit(design))
    name = term if term == "Intercept" else f"slope of {term}"
    return Shown(group, term, with_unit(name, unit_of_coefficient(design, term)))


def units_of(design: Design) -> dict[str, str]:
    """Units by column; the mapping is empty where no unit is known, or where the attribute is something else."""
    return units_in(design.data)


def units_in(data: pd.DataFrame) -> dict[str, str]:
    """Units by column of a frame, as `units_of`."""
    units = data.attrs.get("units")
    return {str(name): str(unit) for name, unit in units.items()} if isinstance(units, Mapping) else {}


def response_text(design: Design) -> str:
    """The response in a few words: its name, or what is counted out of trials or of a factor's levels."""
    response, written = design.response, design.formula.response
    if response.levels is not None:
        return f"{response.name} = {response.levels[1]}"
    return response.name if response.trials is None else unparse(written.values)


def response_unit(design: Design) -> str:
    """The response's unit; expressions such as log(y), proportions and categories have none."""
    response = design.response
    numbers = response.levels is None and response.trials is None and not response.categories
    return units_of(design).get(response.name, "") if numbers else ""


def response_with_unit(design: Design) -> str:
    """`Reaction (ms)`."""
    return with_unit(design.response.name, response_unit(design))


def column_with_unit(design: Design, name: str) -> str:
    """`Days (day)`."""
    return with_unit(name, units_of(design).get(name, ""))


def unit_of_coefficient(design: Design, name: str) -> str:
    """The unit of a coefficient on the response's scale, as in `ms per day`; empty where it is not known."""
    units, unit = units_of(design), response_unit(design)
    if name not in design.data.columns:
        # An intercept and a factor's levels are in the response's unit; for products and functions it is not known.
        plain = name == "Intercept" or (name.endswith("]") and name.split("[")[0] in design.data.columns)
        return unit if plain and ":" not in name else ""
    return f"{unit} per {units[name]}" if unit and name in units else ""


def with_unit(label: str, unit: str) -> str:
    """`label (unit)`, or `label` where there is no unit."""
    return f"{label} ({unit})" if unit else label
