"""From a formula's text to its terms: what `*`, `/`, `^`, `-`, `|` and `||` mean, as R and lme4 read them."""

from collections.abc import Collection
from dataclasses import replace
from itertools import combinations

from bayesmix.errors import ArgumentError, FormulaError, Span
from bayesmix.formula.allowed import check_expression
from bayesmix.formula.functions import FACTOR_FUNCTIONS, FUNCTIONS, NOT_SUPPORTED
from bayesmix.formula.syntax import Binary, Call, Name, Negative, Node, Number, Parenthesis, read_syntax, unparse
from bayesmix.formula.terms import INTERCEPT, Formula, RandomTerm, ResponseSpec, Term, label_of

_BARS = ("|", "||")


def parse(text: str, functions: Collection[str] = ()) -> Formula:
    """Read an lme4 formula.

    Parameters
    ----------
    text
        Such as ``"Reaction ~ Days + (Days | Subject)"``.
    functions
        Names of the caller's own functions that the formula may call as well.

    Returns
    -------
    Formula
        Response, fixed terms, random terms and offsets; nothing has been looked up in data yet.

    Raises
    ------
    FormulaError
        The text is no formula or asks for what is not supported; the token is marked and the message says
        what to write instead.

    Examples
    --------
    >>> [term.label for term in parse("y ~ x + (1 | a/b)").random]
    ['1 | a', '1 | a:b']
    """
    if not isinstance(text, str):
        raise ArgumentError(
            f'The formula comes first and is text, such as "y ~ x + (1 | g)"; got {type(text).__name__}.'
        )
    tree = read_syntax(text)
    return _Reader(text, functions).read(tree)


class _Reader:
    def __init__(self, text: str, functions: Collection[str]):
        self.text = text
        self.known = {*FUNCTIONS, *FACTOR_FUNCTIONS, *functions}
        self.offsets: list[Node] = []

    def fail(self, reason: str, span: Span) -> FormulaError:
        return FormulaError(reason, self.text, span)

    def read(self, tree: Binary) -> Formula:
        response = self.response(tree.left)
        bars: list[Binary] = []
        fixed_part = self.without_bars(tree.right, bars)
        terms = [INTERCEPT] if fixed_part is None else self.expand_with_intercept(fixed_part)
        random = [term for bar in bars for term in self.random_terms(bar)]
        self.refuse_repeats(random)
        return Formula(self.text, response, _by_degree(terms), tuple(random), tuple(self.offsets))

    # --- the response -------------------------------------------------------------------------------------

    def response(self, node: Node) -> ResponseSpec:
        text = label_of(node)
        if isinstance(node, Binary) and node.operator == "|":
            trials = node.right
            if not (isinstance(trials, Call) and trials.function == "trials" and len(trials.arguments) == 1):
                what = trials.function if isinstance(trials, Call) else ""
                instead = NOT_SUPPORTED.get(what, "write k | trials(n)")
                raise self.fail(f"After '|' the response takes trials(n) alone; {instead}.", trials.span)
            self.check(node.left, within_arithmetic=True)
            self.check(trials.arguments[0], within_arithmetic=True)
            return ResponseSpec(node.left, trials=trials.arguments[0], text=text)
        if isinstance(node, Call) and node.function in ("cbind", "p"):
            if len(node.arguments) != 2 or node.keywords:
                form = "cbind(k, n - k)" if node.function == "cbind" else "p(k, n)"
                raise self.fail(
                    f"{node.function}() takes 2 arguments, got {len(node.arguments)}; write {form}.",
                    node.span,
                )
            successes, second = node.arguments
            self.check(successes, within_arithmetic=True)
            self.check(second, within_arithmetic=True)
            if node.function == "cbind":
                return ResponseSpec(successes, failures=second, text=text)
            return ResponseSpec(successes, trials=second, text=text)
        self.check(node, within_arithmetic=True)
        return ResponseSpec(node, text=text)

    # --- the fixed part -----------------------------------------------------------------------------------

    def without_bars(self, node: Node, bars: list[Binary]) -> Node | None:
        """The fixed part: the random terms of the sum are moved to `bars`."""
        if isinstance(node, Parenthesis) and isinstance(node.inside, Binary) and node.inside.operator in _BARS:
            bars.append(replace(node.inside, span=node.span))
            return None
        if isinstance(node, Parenthesis) and isinstance(node.inside, Binary) and node.inside.operator in "+":
            inside = self.without_bars(node.inside, bars)
            return None if inside is None else Parenthesis(inside, node.span)
        if isinstance(node, Binary) and node.operator == "+":
            left, right = self.without_bars(node.left, bars), self.without_bars(node.right, bars)
            if left is None or right is None:
                return left if right is None else right
            return replace(node, left=left, right=right)
        if isinstance(node, Binary) and node.operator == "-":
            left = self.without_bars(node.left, bars)
            return Negative(node.right, node.span) if left is None else replace(node, left=left)
        return node

    def expand_with_intercept(self, node: Node) -> list[Term]:
        return self.expand(node, [INTERCEPT])

    def expand(self, node: Node, start: list[Term]) -> list[Term]:
        """The terms of a sum, added to or removed from `start`."""
        if isinstance(node, Binary) and node.operator in ("+", "-"):
            terms = self.expand(node.left, start)
            return self.combine(terms, node.right, remove=node.operator == "-")
        if isinstance(node, Negative):
            return self.combine(start, node.operand, remove=True)
        return self.combine(start, node, remove=False)

    def combine(self, terms: list[Term], node: Node, *, remove: bool) -> list[Term]:
        inside = node.inside if isinstance(node, Parenthesis) else node
        if isinstance(inside, Number) and inside.value in (0, 1):
            keep = (inside.value == 1) != remove
            rest = [term for term in terms if term != INTERCEPT]
            return [INTERCEPT, *rest] if keep else rest
        if isinstance(inside, Call) and inside.function == "offset":
            self.add_offset(inside, removed=remove)
            return terms
        new = self.product(node)
        if remove:
            absent = [term for term in new if term not in terms]
            if absent and not [term for term in new if term in terms]:
                raise self.fail(f"'{absent[0].label}' is removed here, but it is not in the formula.", node.span)
            return [term for term in terms if term not in new]
        return terms + [term for i, term in enumerate(new) if term not in terms and term not in new[:i]]

    def product(self, node: Node) -> list[Term]:
        """The terms of an expression without its intercept."""
        match node:
            case Parenthesis(inside):
                if isinstance(inside, Binary) and inside.operator in _BARS:
                    raise self.fail("A random term can only be added: write ... + (x | g).", node.span)
                return [t for t in self.expand(inside, []) if t != INTERCEPT]
            case Binary("*", left, right):
                a, b = self.product(left), self.product(right)
                return _unique(a + b + [x.times(y) for x in a for y in b])
            case Binary(":", left, right) | Binary("%in%", left, right):
                return _unique([x.times(y) for x in self.product(left) for y in self.product(right)])
            case Binary("/", left, right):
                a = self.product(left)
                whole = Term(tuple({label_of(v): v for t in a for v in t.variables}.values()))
                return _unique(a + [whole.times(y) for y in self.product(right)])
            case Binary("^", left, right):
                if not (isinstance(right, Number) and right.value.is_integer() and right.value >= 1):
                    raise self.fail("The power of a sum of terms is a whole number; write (a + b)^2.", right.span)
                return self.power(left, int(right.value))
            case Binary("+" | "-"):
                return [t for t in self.expand(node, []) if t != INTERCEPT]
            case Binary("|" | "||"):
                raise self.fail("A random term stands in parentheses: write (x | g).", node.operator_span)
        self.check(node, within_arithmetic=False)
        return [Term((node,))]

    def power(self, base: Node, power: int) -> list[Term]:
        terms = self.product(base)
        if isinstance(base, Name | Call) and power > 1:
            raise self.fail(
                f"{unparse(base)}^{power} means {unparse(base)} alone in a formula; "
                f"write I({unparse(base)}^{power}) or poly({unparse(base)}, {power}).",
                base.span,
            )
        products = []
        for size in range(1, min(power, len(terms)) + 1):
            for chosen in combinations(terms, size):
                product = chosen[0]
                for term in chosen[1:]:
                    product = product.times(term)
                products.append(product)
        return _unique(products)

    def add_offset(self, call: Call, *, removed: bool) -> None:
        if removed:
            raise self.fail("An offset cannot be removed; leave it out.", call.span)
        if len(call.arguments) != 1 or call.keywords:
            raise self.fail(f"offset() takes 1 argument, got {len(call.arguments)}; write offset(log(t)).", call.span)
        self.check(call.arguments[0], within_arithmetic=True)
        self.offsets.append(call.arguments[0])

    # --- random terms -------------------------------------------------------------------------------------

    def random_terms(self, bar: Binary) -> list[RandomTerm]:
        if isinstance(bar.left, Binary) and bar.left.operator in _BARS:
            raise self.fail(
                "Effects correlated across terms, (x | id | g), are not supported; write (x | g).",
                bar.operator_span,
            )
        n_offsets = len(self.offsets)
        terms = _by_degree(self.expand_with_intercept(bar.left))
        if len(self.offsets) > n_offsets:
            raise self.fail("An offset does not vary by group; write it in the fixed part.", bar.left.span)
        if not terms:
            raise self.fail("Nothing varies by group here; write (1 | g) or (x | g).", bar.left.span)
        groups = self.groups(bar.right)
        if bar.operator == "||":
            return [RandomTerm((term,), group, bar.span) for group in groups for term in terms]
        return [RandomTerm(tuple(terms), group, bar.span) for group in groups]

    def groups(self, node: Node) -> list[tuple[Node, ...]]:
        """`a/b` is a and a:b; `a:b` the combinations that occur."""
        match node:
            case Parenthesis(inside):
                return self.groups(inside)
            case Binary("/", left, right):
                outer = self.groups(left)
                return [*outer, outer[-1] + self.factors(right)]
            case Binary("+" | "*", left, right):
                both = " + ".join(f"(1 | {unparse(side)})" for side in (left, right))
                more = f" + (1 | {unparse(left)}:{unparse(right)})" if node.operator == "*" else ""
                raise self.fail(f"A random term has one grouping factor; write {both}{more}.", node.operator_span)
        return [self.factors(node)]

    def factors(self, node: Node) -> tuple[Node, ...]:
        match node:
            case Parenthesis(inside):
                return self.factors(inside)
            case Binary(":", left, right):
                return self.factors(left) + self.factors(right)
            case Name():
                return (node,)
            case Call(function, (Name() as column,), ()) if function in FACTOR_FUNCTIONS:
                return (column,)
            case Call(function) if function in NOT_SUPPORTED:
                raise self.fail(f"{function}(): {NOT_SUPPORTED[function]}.", node.span)
        raise self.fail(
            "A grouping factor is a column, a:b or a/b; make other groupings a column of the data.", node.span
        )

    def refuse_repeats(self, random: list[RandomTerm]) -> None:
        seen: set[tuple[frozenset[str], Term]] = set()
        for term in random:
            group = frozenset(label_of(part) for part in term.group)
            for part in term.terms:
                if (group, part) in seen:
                    what = "the intercept" if part == INTERCEPT else f"'{part.label}'"
                    raise self.fail(
                        f"In '{term.label}' {what} varies by {term.group_label} a second time; keep one of the two "
                        "(independent effects are written (x || g)).",
                        term.span,
                    )
                seen.add((group, part))

    def check(self, node: Node, *, within_arithmetic: bool) -> None:
        check_expression(node, self.text, self.known, within_arithmetic=within_arithmetic)


def _unique(terms: list[Term]) -> list[Term]:
    return list(dict.fromkeys(terms))


def _by_degree(terms: list[Term]) -> tuple[Term, ...]:
    """R's order: the intercept, then terms of one variable, of two, ..."""
    return tuple(sorted(terms, key=lambda term: len(term.variables)))
