"""What `print(fit.design)` shows: the arrays of a model, by name and size."""

from bayesmix.errors import counted
from bayesmix.formula.design import Design
from bayesmix.report.pages.page import Block, blocks_of, ending_in_words

_MOST_NAMES = 12


@blocks_of.register
def _blocks(design: Design) -> tuple[Block, ...]:
    head = (f"Design of {design.formula.text}", f"{counted(design.n_obs, 'row')}; response {design.response.name}")
    rows = [row for predictor in design.predictors for row in _rows(predictor)]
    return (
        Block("", lines=head),
        Block("Arrays", table=ending_in_words(["where", "shape", "columns"], rows, labels=2)),
    )


def _rows(design: Design) -> list[list[str]]:
    at = f'.parts["{design.parameter}"]' if design.parameter else ""
    n = design.n_obs
    found = [
        [f"{at}.response.values", f"({n},)", design.response.name] if not at else [],
        [f"{at}.fixed.matrix", f"({n}, {len(design.fixed.names)})", _names(design.fixed.names)],
        *(
            [
                f"{at}.random[{i}].columns",
                f"({n}, {term.k})",
                f"{_names(term.names)}; by {counted(term.n_levels, 'level')} of {term.group}",
            ]
            for i, term in enumerate(design.random)
        ),
    ]
    if design.response.trials is not None and not at:
        found.insert(1, [".response.trials", f"({n},)", "trials"])
    if design.response.censoring is not None and not at:
        found.insert(1, [".response.censoring", f"({n},)", "1 right, -1 left, 0 observed"])
    if design.weights is not None and not at:
        found.append([".weights", f"({n},)", str(design.weights_column)])
    return [row for row in found if row]


def _names(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
