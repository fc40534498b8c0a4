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

from bayesmix.formula.coding import columns_of, first_factor_without_intercept, has_other_codings
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
    fixed = _terms(design.formula.fixed, design, bambi_terms, grouping)
    # Of an ordinal response Bambi adds an intercept, for the coding of factors, and takes it away again.
    parts = ["1" if design.fixed.has_intercept else "0", *fixed]
    if design.formula.offsets:
        offset = prefixed(design.parameter, OFFSET)
        bambi_terms.data[offset] = design.offset
        parts.append(f"offset({offset})")
    for random in design.formula.random if with_groups else ():
        inside = _terms(random.terms, design, bambi_terms, grouping)
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


def _terms(terms: Sequence[Term], design: Design, bambi_terms: BambiTerms, grouping: set[str]) -> list[str]:
    """All terms but the intercept; where a factor is coded in another way than formulae does, as plain numbers."""
    as_numbers = has_other_codings(terms, _variables(design, design.data))
    coded = terms if as_numbers else ()
    return [_term(term, coded, design, bambi_terms, grouping) for term in terms if term != INTERCEPT]


def _term(term: Term, coded: Sequence[Term], design: Design, bambi_terms: BambiTerms, grouping: set[str]) -> str:
    """A term; `coded`: all terms of its predictor, where their columns are given as numbers."""
    parts = []
    for variable in term.variables:
        numeric_and_group = (
            isinstance(variable, Name) and variable.name in grouping and not is_categorical(design.data[variable.name])
        )
        if coded:
            parts.append(_opaque(bambi_terms, variable, _columns(design, variable, term, coded)))
        elif isinstance(variable, Binary | Call) or numeric_and_group:
            parts.append(_opaque(bambi_terms, variable, _evaluator(design, variable)))
        elif isinstance(variable, Name):
            parts.append(bambi_terms.standing_for(variable.name))
    text = ":".join(parts)
    bambi_terms.labels[design.parameter][text] = term.label
    return text


def _evaluator(design: Design, node: Node) -> Callable[[pd.DataFrame], Any]:
    def evaluate(data: pd.DataFrame) -> Any:
        values = _variables(design, data).variable(node)
        if isinstance(values, Factor):
            return pd.Series(pd.Categorical.from_codes(values.codes, list(values.levels), ordered=True))
        return values

    return evaluate


def _columns(design: Design, node: Node, term: Term, terms: Sequence[Term]) -> Callable[[pd.DataFrame], Any]:
    """The columns of a variable as they enter `term`: formulae knows no other coding than that against the first."""
    all_levels = term is first_factor_without_intercept(terms, _variables(design, design.data))

    def evaluate(data: pd.DataFrame) -> Any:
        columns, _, _ = columns_of(node, term, terms, _variables(design, data), all_levels)
        return columns[:, 0] if columns.shape[1] == 1 else columns

    return evaluate


def _variables(design: Design, data: pd.DataFrame) -> Variables:
    return Variables(design.formula.text, data, design.functions, dict(design.learnt), new=True)


def _opaque(bambi_terms: BambiTerms, node: Node, evaluate: Callable[[pd.DataFrame], Any]) -> str:
    """A call of a function that is given the columns and evaluates the expression on them."""
    columns = list(dict.fromkeys(name.name for name in columns_in(node)))
    name = f"{FUNCTION}_{len(bambi_terms.functions)}"

    def opaque(*values: Any) -> Any:
        frame = pd.DataFrame({c: np.asarray(v) for c, v in zip(columns, values, strict=True)})
        return evaluate(frame)

    bambi_terms.functions[name] = opaque
    return f"{name}({', '.join(bambi_terms.standing_for(column) for column in columns)})"
