"""A design in Bambi's words: formula text, data frame and functions.

bayesmix works out X itself, by R's rules. Bambi is given the same terms: plain columns as they are, every function call
as an opaque function that evaluates it as the fit did (means, polynomials and levels included). Bambi evaluates the
text of its formula, and that of a card or of a stored fit may be a stranger's: response, columns and functions stand in
it under fixed names of our own, and `bambi_names` gives the finished model theirs back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.formula.columns import Factor, is_categorical, is_numeric
from bayesmix.formula.design import Design, prefixed
from bayesmix.formula.syntax import Binary, Call, Name, Node, columns_in
from bayesmix.formula.terms import INTERCEPT, Term
from bayesmix.formula.variables import Variables

RESPONSE, SUCCESSES, TRIALS = "bayesmix_response", "bayesmix_successes", "bayesmix_trials"
OFFSET, COLUMN, FUNCTION = "bayesmix_offset", "bayesmix_column", "bayesmix_function"


@dataclass
class BambiTerms:
    """`texts`, the mean's first, `data` and `functions` are what `bambi.Model` takes.

    `columns` has the name of each predictor column by the one that stands for it, `labels` those of the terms, for each
    predictor, the mean's under an empty name.
    """

    texts: list[str] = field(default_factory=list)
    data: pd.DataFrame = field(default_factory=pd.DataFrame)
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)

    def standing_for(self, column: str) -> str:
        """The name under which Bambi has a column."""
        return next(ours for ours, own in self.columns.items() if own == column)


def in_bambi_terms(design: Design, *, with_groups: bool) -> BambiTerms:
    """The formulas, the data and the functions of `design` for `bambi.Model`.

    Bambi needs the random terms for its own predictions alone, and makes a dense matrix of each: for sampling they are
    left out.
    """
    frame = _frame(design)
    columns = {f"{COLUMN}_{i}": str(name) for i, name in enumerate(frame.columns)}
    bambi_terms = BambiTerms(data=frame.set_axis(list(columns), axis="columns"), columns=columns)
    for part in design.predictors:
        response = part.parameter or _response(design, bambi_terms)
        bambi_terms.texts.append(
            f"{response} ~ {_predictor(part, bambi_terms, _grouping(design), with_groups=with_groups)}"
        )
    return bambi_terms


def _grouping(design: Design) -> set[str]:
    """The columns that are grouping factors somewhere."""
    random = [term for part in design.predictors for term in part.formula.random]
    return {part.name for term in random for part in term.group if isinstance(part, Name)}


def _predictor(design: Design, bambi_terms: BambiTerms, grouping: set[str], *, with_groups: bool) -> str:
    """The right-hand side of one formula."""
    bambi_terms.labels[design.parameter] = {}
    owners = [owner for owner in design.fixed.terms if owner.kind != "intercept"]
    fixed = [
        _term(term, design, bambi_terms, grouping)
        if np.ptp(design.fixed.matrix[:, list(owner.columns)], axis=0).any()
        else _still_term(term, len(owner.columns), design, bambi_terms)
        for term, owner in zip(_without_intercept(design), owners, strict=True)
    ]
    # Of an ordinal response Bambi adds an intercept, for the coding of factors, and takes it away again.
    parts = ["1" if design.fixed.has_intercept else "0", *fixed]
    if design.formula.offsets:
        offset = prefixed(design.parameter, OFFSET)
        bambi_terms.data[offset] = design.offset
        parts.append(f"offset({offset})")
    for random in design.formula.random if with_groups else ():
        inside = [_term(term, design, bambi_terms, grouping) for term in random.terms if term != INTERCEPT]
        one = "1" if INTERCEPT in random.terms else "0"
        group = ":".join(bambi_terms.standing_for(part.name) for part in random.group if isinstance(part, Name))
        parts.append(f"({' + '.join([one, *inside])} | {group})")
    return " + ".join(parts)


def _frame(design: Design) -> pd.DataFrame:
    """The predictors; Categoricals are ordered, since formulae sorts the levels of those that are not."""
    columns = [name.name for part in design.predictors for name in part.formula.predictor_columns]
    names = list(dict.fromkeys(columns))
    frame = design.data[names].reset_index(drop=True)
    for name in sorted(_grouping(design)):
        if not is_categorical(frame[name]):
            frame[name] = pd.Categorical(frame[name])
    for name in names:
        if is_categorical(frame[name]) and not pd.api.types.is_bool_dtype(frame[name].dtype):
            frame[name] = frame[name].astype("category")
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            frame[name] = frame[name].cat.remove_unused_categories().cat.as_ordered()
        elif is_numeric(frame[name]) and not pd.api.types.is_bool_dtype(frame[name].dtype):
            frame[name] = frame[name].to_numpy(dtype=float)
    return frame


def _response(design: Design, bambi_terms: BambiTerms) -> str:
    response = design.response
    if response.trials is not None:
        bambi_terms.data[SUCCESSES] = response.values.astype(int)
        bambi_terms.data[TRIALS] = response.trials.astype(int)
        return f"p({SUCCESSES}, {TRIALS})"
    if response.categories:
        codes = response.values.astype(int) - 1
        bambi_terms.data[RESPONSE] = pd.Categorical.from_codes(codes, list(response.categories), ordered=True)
    else:
        bambi_terms.data[RESPONSE] = response.values
    return RESPONSE


def _term(term: Term, design: Design, bambi_terms: BambiTerms, grouping: set[str]) -> str:
    parts = []
    for variable in term.variables:
        numeric_and_group = (
            isinstance(variable, Name) and variable.name in grouping and not is_categorical(design.data[variable.name])
        )
        if isinstance(variable, Binary | Call) or numeric_and_group:
            parts.append(_opaque(bambi_terms, (variable,), _evaluator(design, variable)))
        elif isinstance(variable, Name):
            parts.append(bambi_terms.standing_for(variable.name))
    text = ":".join(parts)
    bambi_terms.labels[design.parameter][text] = term.label
    return text


def _without_intercept(design: Design) -> list[Term]:
    return [term for term in design.formula.fixed if term != INTERCEPT]


def _still_term(term: Term, n_columns: int, design: Design, bambi_terms: BambiTerms) -> str:
    """A term whose columns are the same in all rows, such as the only cell that is empty.

    Bambi refuses it, though it never uses these columns: it has the matrix of the design. Here they count the rows.
    """

    def count(data: pd.DataFrame) -> Floats:
        rows = np.arange(float(len(data)))
        return rows if n_columns == 1 else np.tile(rows[:, None], (1, n_columns))

    text = _opaque(bambi_terms, term.variables, count)
    bambi_terms.labels[design.parameter][text] = term.label
    return text


def _evaluator(design: Design, node: Node) -> Callable[[pd.DataFrame], Any]:
    def evaluate(data: pd.DataFrame) -> Any:
        values = Variables(design.formula.text, data, design.functions, dict(design.learnt), new=True).variable(node)
        if isinstance(values, Factor):
            return pd.Series(pd.Categorical.from_codes(values.codes, list(values.levels)))
        return values

    return evaluate


def _opaque(bambi_terms: BambiTerms, nodes: Sequence[Node], evaluate: Callable[[pd.DataFrame], Any]) -> str:
    """A call of a function that is given the columns of some expressions and evaluates these on them."""
    columns = list(dict.fromkeys(name.name for node in nodes for name in columns_in(node)))
    name = f"{FUNCTION}_{len(bambi_terms.functions)}"

    def opaque(*values: Any) -> Any:
        frame = pd.DataFrame({c: np.asarray(v) for c, v in zip(columns, values, strict=True)})
        return evaluate(frame)

    bambi_terms.functions[name] = opaque
    return f"{name}({', '.join(bambi_terms.standing_for(column) for column in columns)})"
