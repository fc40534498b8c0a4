"""A design as Bambi takes it: formula text, data frame and functions under fixed names, and the names given back.

bayesmix computes X itself, by R's rules. Bambi gets the same terms: plain columns as they are, and every function call
as an opaque function that evaluates it as the fit did (means, polynomials and levels included). Bambi evaluates the
text of its formula, and the text of a card or of a stored fit may be a stranger's. So response, columns and functions
have fixed names in it, and `give_names_back` gives the finished model theirs: Bambi and formulae look up columns of new
data by the names that their terms hold, and the draws of a term by the name of the term. Nothing is evaluated then.

The file needs (Bambi 0.21, formulae 0.6): `Model.data`, `.response_term`, `.conditional_parameters`; of a component
`.terms`, `.design.common`, `.design.group` with `.terms` and `.slices`; `.alias` of Bambi's terms; of formulae's terms
`.components`, of a group term `.expr` and `.factor`; `Variable.name`, `Call.call.args`, `LazyVariable.name`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import bambi
import numpy as np
import pandas as pd
from formulae.terms import call as formulae_call
from formulae.terms.call_resolver import LazyVariable
from formulae.terms.terms import Term as FormulaeTerm
from formulae.terms.variable import Variable

from bayesmix.arrays import Floats
from bayesmix.formula.coding import columns_of, first_factor_without_intercept, has_other_codings
from bayesmix.formula.columns import Factor, is_categorical, is_numeric
from bayesmix.formula.design import Design, prefixed
from bayesmix.formula.syntax import Binary, Call, Name, Node, columns_in
from bayesmix.formula.terms import INTERCEPT, Term
from bayesmix.formula.variables import Variables
from bayesmix.posterior.layout import without_slash

RESPONSE, SUCCESSES, TRIALS = "bayesmix_response", "bayesmix_successes", "bayesmix_trials"
OFFSET, COLUMN, FUNCTION = "bayesmix_offset", "bayesmix_column", "bayesmix_function"


@dataclass
class BambiTerms:
    """`texts`, the mean's first, `data` and `functions` are what `bambi.Model` takes.

    `columns` maps the fixed name of each predictor column to its own name. `labels` does so for the terms of each
    predictor, that of the mean under an empty name.
    """

    texts: list[str] = field(default_factory=list)
    data: pd.DataFrame = field(default_factory=pd.DataFrame)
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)

    def standing_for(self, column: str) -> str:
        """The name under which Bambi has a column."""
        return next(fixed for fixed, name in self.columns.items() if name == column)


def in_bambi_terms(design: Design, *, with_groups: bool) -> BambiTerms:
    """The formulas, the data and the functions of `design` for `bambi.Model`.

    Bambi makes a dense matrix of each random term and needs it only for its own predictions; a model for sampling is
    made without them.
    """
    frame = _frame(design)
    columns = {f"{COLUMN}_{i}": str(name) for i, name in enumerate(frame.columns)}
    bambi_terms = BambiTerms(data=frame.set_axis(list(columns), axis="columns"), columns=columns)
    first, *_ = described = with_terms(design)
    for part in described:
        response = _response(design, bambi_terms) if part is first else part.parameter
        bambi_terms.texts.append(
            f"{response} ~ {_predictor(part, bambi_terms, _grouping(design), with_groups=with_groups)}"
        )
    return bambi_terms


def with_terms(design: Design) -> tuple[Design, ...]:
    """The predictors that Bambi has, that of the response's formula first; that of a reference category is 0."""
    return design.predictors if design.shared is None else design.of_response


def _grouping(design: Design) -> set[str]:
    """The columns that are grouping factors somewhere."""
    random = [term for part in design.predictors for term in part.formula.random]
    return {part.name for term in random for part in term.group if isinstance(part, Name)}


def _predictor(design: Design, bambi_terms: BambiTerms, grouping: set[str], *, with_groups: bool) -> str:
    """The right-hand side of one formula."""
    bambi_terms.labels[design.parameter] = {}
    fixed = _terms(design.formula.fixed, design, bambi_terms, grouping, still=_still(design))
    # For the coding of factors Bambi adds an intercept to an ordinal model and takes it away again.
    parts = ["1" if design.fixed.has_intercept else "0", *fixed]
    if design.formula.offsets:
        offset = prefixed(design.parameter, OFFSET)
        bambi_terms.data[offset] = design.offset
        parts.append(f"offset({offset})")
    for random in design.formula.random if with_groups else ():
        inside = _terms(random.terms, design, bambi_terms, grouping)
        intercept = "1" if INTERCEPT in random.terms else "0"
        group = ":".join(bambi_terms.standing_for(part.name) for part in random.group if isinstance(part, Name))
        parts.append(f"({' + '.join([intercept, *inside])} | {group})")
    return " + ".join(parts)


def _frame(design: Design) -> pd.DataFrame:
    """The predictors; Categoricals become ordered, since formulae sorts the levels of others."""
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
    if response.ordered:
        codes = response.values.astype(int) - 1
        bambi_terms.data[RESPONSE] = pd.Categorical.from_codes(codes, list(response.categories), ordered=True)
    else:
        bambi_terms.data[RESPONSE] = response.values - bool(response.categories)
    return RESPONSE


def _terms(
    terms: Sequence[Term],
    design: Design,
    bambi_terms: BambiTerms,
    grouping: set[str],
    *,
    still: Mapping[Term, int] = MappingProxyType({}),
) -> list[str]:
    """All terms but the intercept; where a factor is coded in another way than formulae does, as plain numbers.

    `still`: the numbers of columns of terms whose columns do not vary.
    """
    as_numbers = has_other_codings(terms, _variables(design, design.data))
    coded = terms if as_numbers else ()
    return [
        _still_term(term, still[term], design, bambi_terms)
        if term in still
        else _term(term, coded, design, bambi_terms, grouping)
        for term in terms
        if term != INTERCEPT
    ]


def _term(term: Term, coded: Sequence[Term], design: Design, bambi_terms: BambiTerms, grouping: set[str]) -> str:
    """A term; `coded`: all terms of its predictor, where their columns are given as numbers."""
    parts = []
    for variable in term.variables:
        numeric_and_group = (
            isinstance(variable, Name) and variable.name in grouping and not is_categorical(design.data[variable.name])
        )
        if coded:
            parts.append(_opaque(bambi_terms, (variable,), _columns(design, variable, term, coded)))
        elif isinstance(variable, Binary | Call) or numeric_and_group:
            parts.append(_opaque(bambi_terms, (variable,), _evaluator(design, variable)))
        elif isinstance(variable, Name):
            parts.append(bambi_terms.standing_for(variable.name))
    text = ":".join(parts)
    bambi_terms.labels[design.parameter][text] = term.label
    return text


def _still(design: Design) -> dict[Term, int]:
    """Terms of the fixed part whose columns are the same in all rows, with the numbers of these columns."""
    terms = [term for term in design.formula.fixed if term != INTERCEPT]
    owners = [owner for owner in design.fixed.terms if owner.kind != "intercept"]
    return {
        term: len(owner.columns)
        for term, owner in zip(terms, owners, strict=True)
        if not np.ptp(design.fixed.matrix[:, list(owner.columns)], axis=0).any()
    }


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


def _opaque(bambi_terms: BambiTerms, nodes: Sequence[Node], evaluate: Callable[[pd.DataFrame], Any]) -> str:
    """The text of a call whose function evaluates expressions on their columns."""
    columns = list(dict.fromkeys(name.name for node in nodes for name in columns_in(node)))
    name = f"{FUNCTION}_{len(bambi_terms.functions)}"

    def opaque(*values: Any) -> Any:
        frame = pd.DataFrame({c: np.asarray(v) for c, v in zip(columns, values, strict=True)})
        return evaluate(frame)

    bambi_terms.functions[name] = opaque
    return f"{name}({', '.join(bambi_terms.standing_for(column) for column in columns)})"


def give_names_back(model: bambi.Model, bambi_terms: BambiTerms, design: Design) -> None:
    """Call the response, the columns and the terms of `model` as the formula does."""
    response = without_slash(design.response.name)
    model.response_term.alias = response
    model.data = model.data.rename(columns=bambi_terms.columns | {RESPONSE: response})
    for parameter, component in model.conditional_parameters.items():
        part = design.parts.get(parameter, design)
        labels = bambi_terms.labels[part.parameter]
        for term in component.terms.values():
            term.prefix = part.parameter  # of the response's formula too, where it describes a category
        common, group = component.design.common, component.design.group
        terms = [*common.terms.values()] if common is not None else []
        for name in (term.name for term in terms if term.name in labels):
            component.terms[name].alias = without_slash(prefixed(part.parameter, labels[name]))
        if group is not None:
            terms += [side for term in group.terms.values() for side in (term.expr, term.factor)]
            named = _group_names(group, labels, bambi_terms.columns)
            group.terms = {named[before]: term for before, term in group.terms.items()}
            group.slices = {named[before]: where for before, where in group.slices.items()}
            component.terms = {named.get(before, before): term for before, term in component.terms.items()}
        _name_columns(terms, bambi_terms.columns)


def _group_names(group: Any, labels: Mapping[str, str], columns: Mapping[str, str]) -> dict[str, str]:
    """Name both sides of the group terms, by which Bambi finds the dims of their draws; new names by old ones."""
    before = {id(term): name for name, term in group.terms.items()}
    for side in _distinct(term.factor for term in group.terms.values()):
        side.name = without_slash(":".join(columns[part] for part in side.name.split(":")))
    for side in _distinct(term.expr for term in group.terms.values()):
        if isinstance(side, FormulaeTerm):
            side.name = without_slash(labels[side.name])
    return {before[id(term)]: term.name for term in group.terms.values()}


def _name_columns(terms: Iterable[Any], columns: Mapping[str, str]) -> None:
    """Give the columns that terms look up in new data their own names."""
    parts = _distinct(part for term in terms for part in getattr(term, "components", ()))
    calls = [part for part in parts if isinstance(part, formulae_call.Call)]
    arguments = _distinct(argument for call in calls for argument in call.call.args)
    for holder in [part for part in parts if isinstance(part, Variable)] + arguments:
        if isinstance(holder, Variable | LazyVariable):
            holder.name = columns.get(holder.name, holder.name)


def _distinct(objects: Iterable[Any]) -> list[Any]:
    """Each object once: terms share parts, and naming a part twice would start from its first new name."""
    return list({id(part): part for part in objects}.values())
