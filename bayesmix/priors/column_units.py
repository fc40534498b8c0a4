"""The units of a design's columns, on which default priors are based; those of a product come from its variables.

The spread of a product says nothing. The sd of ``f[b]:year`` depends on the origin of years and on how rare the level
is. Its coefficient is a difference of slopes, in units of y / sd(year) whatever the share of b and the origin of years
are. And ``f[b]`` beside it is the difference in the year 0. If the difference at the mean year and that of the slopes
are independent, with scales s and s / sd(year), its scale is

    s sqrt(1 + (mean(year) / sd(year))^2),

so that the origin of a covariate carries no information on the coefficients. With centred covariates every scale stays
as it is. ``I(year^2)`` beside ``year`` is a product, too: year times year.

The unit of a factor's column is how far apart its levels are there, 1 between 0 and 1 and 2 between -1 and 1: the
difference that a coefficient makes between levels has the same scale under every coding, and however rare a level is.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb, prod

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.formula.coding import coding_within, columns_of
from bayesmix.formula.codings import reach_of_columns
from bayesmix.formula.columns import Factor
from bayesmix.formula.design import Design, FixedEffects, TermColumns
from bayesmix.formula.syntax import Binary, Call, Name, Node, Number
from bayesmix.formula.terms import INTERCEPT, Term, label_of
from bayesmix.formula.variables import Variables

_POWERS = (2, 3, 4)


def fixed_units(design: Design) -> Floats:
    """The unit of each fixed column, (p,): sd of a number, 1 for 0/1 columns and the intercept, products for products.

    Of other columns of a factor it is the distance of its levels. If nothing takes up the predictors' means, root mean
    squares take the place of sds.
    """
    centred = design.fixed.is_centred or bool(cell_means(design.fixed))
    return _units(design, _fixed_terms(design), design.fixed.terms, design.fixed.matrix, centred=centred)


def group_units(design: Design) -> tuple[Floats, ...]:
    """The units (k,) of the columns of each random term."""
    return tuple(
        _units(design, written.terms, term.terms, term.columns, centred=True)
        for written, term in zip(design.formula.random, design.random, strict=True)
    )


def fixed_reach(design: Design) -> Floats:
    """The factors (p,) by which scales of fixed coefficients grow because these stand for covariates at 0; most are 1.

    A cell mean stands for all covariates at 0. The intercept has 1, as its prior is that at the predictors' means.
    """
    fixed, cells = design.fixed, cell_means(design.fixed)
    reach = np.ones(len(fixed.names))
    if not (fixed.is_centred or cells):
        return reach
    terms, variables = _fixed_terms(design), _variables(design)
    products = [_product(term, terms, design) for term in terms]
    for product, owner in zip(products, fixed.terms, strict=True):
        if owner.kind != "intercept":
            of_cells = fixed.names[owner.columns[0]] in cells
            inner = [product.powers, Counter()] if of_cells else [product.powers]
            reach[list(owner.columns)] = np.sqrt(1 + _beyond(inner, products, variables))
    return reach


def cell_means(fixed: FixedEffects) -> set[str]:
    """Names of the columns of the factor, or crossing, that has one for each level; empty beside an intercept.

    Every row has a 1 in one of them: like an intercept, they hold the level of the response.
    """
    if fixed.is_centred:
        return set()
    for term in fixed.terms:
        columns = fixed.matrix[:, list(term.columns)]
        if _is_zero_one(columns) and (columns.sum(axis=1) == 1).all():
            return {fixed.names[column] for column in term.columns}
    return set()


@dataclass(frozen=True)
class _Product:
    """A term as a product: its `bases` in their order, each to a power, and the `powers` by label."""

    bases: tuple[tuple[Node, int], ...]
    powers: Counter[str]

    @property
    def nodes(self) -> Mapping[str, Node]:
        return {label_of(base): base for base, _ in self.bases}


def _product(term: Term, terms: Iterable[Term], design: Design) -> _Product:
    labels = {label for other in terms for label in other.labels}
    bases = tuple(_power(variable, labels, design) for variable in term.variables)
    powers: Counter[str] = Counter()
    for base, power in bases:
        powers[label_of(base)] += power
    return _Product(bases, powers)


def _power(variable: Node, labels: set[str], design: Design) -> tuple[Node, int]:
    """Base and exponent of ``I(x^2)`` where x is in a term as well; else the variable itself."""
    match variable:
        case Call("I", (Binary("^" | "**", Name() as base, Number(exponent)),)):
            if exponent in _POWERS and base.name in labels and "I" not in design.functions:
                return base, int(exponent)
    return variable, 1


def _fixed_terms(design: Design) -> tuple[Term, ...]:
    """The terms of the formula in the order of `design.fixed.terms`."""
    return tuple(term for term in design.formula.fixed if not (design.fixed.has_thresholds and term == INTERCEPT))


def _variables(design: Design) -> Variables:
    return Variables(design.formula.text, design.data, design.functions, dict(design.learnt), new=True)


def _units(
    design: Design, terms: Sequence[Term], owners: Sequence[TermColumns], matrix: Floats, *, centred: bool
) -> Floats:
    units = np.ones(matrix.shape[1])
    for term, owner in zip(terms, owners, strict=True):
        block = matrix[:, list(owner.columns)]
        product = _product(term, terms, design)
        if owner.kind == "factor" and product.powers.total() == 1:
            units[list(owner.columns)] = _units_of_factor(term.variables[0], block, _variables(design))
        elif product.powers.total() == 1:
            units[list(owner.columns)] = [_unit(column, centred) for column in block.T]
        elif not _is_zero_one(block):
            variables, products = _variables(design), [1.0]
            for variable, (base, power) in zip(term.variables, product.bases, strict=True):
                node = base if power > 1 else variable
                own = _units_within(node, term, terms, variables, centred)
                products = [before * unit**power for unit in own for before in products]
            units[list(owner.columns)] = products
    return units


def _units_of_factor(node: Node, columns: Floats, variables: Variables) -> Floats:
    """Of a factor that is a term of its own."""
    factor = variables.variable(node)
    if _is_zero_one(columns) or not isinstance(factor, Factor):
        return np.ones(columns.shape[1])
    return reach_of_columns(variables.coding(node, factor))


def _units_within(node: Node, term: Term, terms: Sequence[Term], variables: Variables, centred: bool) -> list[float]:
    """Of one variable of a product."""
    values = variables.variable(node)
    if isinstance(values, Factor):
        return list(reach_of_columns(coding_within(node, values, term, terms, variables, all_levels=False)))
    columns, _, _ = columns_of(node, term, terms, variables, all_levels=False)
    return [_unit(column, centred) for column in columns.T]


def _unit(column: Floats, centred: bool) -> float:
    if _is_zero_one(column):
        return 1.0
    sd = float(np.std(column, ddof=1)) if centred else 0.0
    return sd or float(np.sqrt(np.mean(column**2)))


def _is_zero_one(columns: Floats) -> bool:
    return bool(np.isin(columns, (0.0, 1.0)).all())


def _beyond(inner: Iterable[Counter[str]], products: Iterable[_Product], variables: Variables) -> float:
    """Sum over products that contain `inner`, as (x - mean)^n does x^k: squares of their other factors at 0, in sds."""
    squares: dict[frozenset[tuple[str, int]], float] = {}
    for product in products:
        for powers in inner:
            more = product.powers - powers
            if more and powers <= product.powers:
                squares[frozenset(more.items())] = prod(
                    comb(product.powers[label], power) ** 2
                    * _distance(variables.variable(product.nodes[label])) ** power
                    for label, power in more.items()
                )
    return sum(squares.values())


def _distance(values: Factor | Floats) -> float:
    """(mean / sd)^2; 0 for a factor and for 0/1 columns, as a coefficient beside them is that of the rows at 0."""
    if isinstance(values, Factor):
        return 0.0
    columns = values[:, None] if values.ndim == 1 else values
    varying = [column for column in columns.T if not _is_zero_one(column) and np.ptp(column) > 0]
    return float(sum((column.mean() / column.std(ddof=1)) ** 2 for column in varying))
