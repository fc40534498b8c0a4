"""What is said below a table of predictions: of what the intervals are, and whose group effects the rows have."""

from bayesmix.formula.design import Design

_EFFECTS = {
    "fitted": "fitted, of own levels",
    "typical": "typical, all 0",
    "new": "new, of unseen levels",
}


def prediction_notes(design: Design, *, of: str, groups: str, prob: float) -> tuple[str, ...]:
    """A line for `attrs`; `of` is what the intervals are of, and models without random terms have no group effects."""
    effects = f" Group effects: {_EFFECTS[groups]}." if design.all_random else ""
    return (f"{100 * prob:g} % intervals of {of}.{effects}",)
