"""Labels with the units of the data: `data.attrs["units"]`, by column, as cards give them."""

from collections.abc import Mapping

from bayesmix.formula.design import Design


def units_of(design: Design) -> dict[str, str]:
    """Units by column; empty where none is known, or where the attribute is something else."""
    units = design.data.attrs.get("units")
    return {str(name): str(unit) for name, unit in units.items()} if isinstance(units, Mapping) else {}


def response_with_unit(design: Design) -> str:
    """`Reaction (ms)`; an expression such as log(y) has no unit."""
    return with_unit(design.response.name, units_of(design).get(design.response.name, ""))


def unit_of_coefficient(design: Design, name: str) -> str:
    """The unit of a coefficient on the response's scale, `ms per day`; empty where it is not known."""
    units = units_of(design)
    unit = units.get(design.response.name, "")
    if name not in design.data.columns:
        # An intercept and a factor's levels are in the response's unit; of products and functions none is claimed.
        plain = name == "Intercept" or (name.endswith("]") and name.split("[")[0] in design.data.columns)
        return unit if plain and ":" not in name else ""
    return f"{unit} per {units[name]}" if unit and name in units else ""


def with_unit(label: str, unit: str) -> str:
    return f"{label} ({unit})" if unit else label
