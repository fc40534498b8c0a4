"""From a formula's text to its terms: what `*`, `/`, `^`, `-`, `|` and `||` mean, as R and lme4 read them."""

from collections.abc import Collection
from dataclasses import replace

from bayesmix.errors import ArgumentError, FormulaError, Span
from bayesmix.formula.allowed import check_expression
from bayesmix.formula.factor_functions import FACTOR_FUNCTIONS
from bayesmix.formula.functions import FUNCTIONS, NOT_SUPPORTED
from bayesmix.formula.grammar import read_syntax
from bayesmix.formula.sums import BARS, MOST_TERMS, MOST_VARIABLES, Sum, SumReader
from bayesmix.formula.syntax import COMPARISONS, Binary, Call, Name, Negative, Node, Parenthesis, operations, unparse
from bayesmix.formula.terms import INTERCEPT, Formula, RandomTerm, ResponseSpec, Term, label_of

_AFTER_BAR = {"trials": "k | trials(n)", "cens": "time | cens(censored)"}
"""What may follow the response, and how it is written."""


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
        The text is no formula, asks for what is not supported, or for more than can be read (500,000 characters,
        10,000 terms, 50 variables in a term, parentheses 50 deep); the token is marked and the message says what to
        write instead.

    Examples
    --------
    >>> [term.label for term in parse("y ~ x + (1 | a/b)").random]
    ['1 | a', '1 | a:b']
    """
    if not isinstance(text, str):
        several = ' Several, such as ["y ~ x", "sigma ~ x"], are of bm.fit.' if isinstance(text, list | tuple) else ""
        raise ArgumentError(
            f'The formula comes first and is text, such as "y ~ x + (1 | g)"; got {type(text).__name__}.{several}'
        )
    if isinstance(functions, str) or not isinstance(functions, Collection):
        raise ArgumentError(f'functions is a mapping, such as {{"half": half}}; got {type(functions).__name__}.')
    tree = read_syntax(text)
    return _Reader(text, functions).read(tree)


class _Reader:
    def __init__(self, text: str, functions: Collection[str]):
        self.text = text
        self.known = {*FUNCTIONS, *FACTOR_FUNCTIONS, *functions}
        self.sums = SumReader(text, self.known)

    def fail(self, reason: str, span: Span) -> FormulaError:
        return FormulaError(reason, self.text, span)

    def read(self, tree: Binary) -> Formula:
        response = self.response(tree.left)
        bars: list[Binary] = []
        fixed_part = self.without_bars(tree.right, bars)
        fixed = Sum() if fixed_part is None else self.sums.read(fixed_part)
        random = [term for bar in bars for term in self.random_terms(bar)]
        if len(random) > MOST_TERMS:
            raise self.fail(
                f"The formula has {len(random)} random terms; at most {MOST_TERMS} are read.", random[MOST_TERMS].span
            )
        self.refuse_repeats(random)
        return Formula(self.text, response, _by_degree(fixed.with_intercept()), tuple(random), tuple(fixed.offsets))

    # --- the response -------------------------------------------------------------------------------------

    def response(self, node: Node) -> ResponseSpec:
        text = label_of(node)
        if isinstance(node, Binary) and node.operator == "|":
            return self.response_with_addition(node, text)
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

    def response_with_addition(self, node: Binary, text: str) -> ResponseSpec:
        """`k | trials(n)` or `time | cens(censored)`."""
        addition = node.right
        if not (isinstance(addition, Call) and addition.function in _AFTER_BAR):
            function = addition.function if isinstance(addition, Call) else ""
            instead = NOT_SUPPORTED.get(function, f"write {' or '.join(_AFTER_BAR.values())}")
            raise self.fail(
                f"After '|' the response takes trials(n) or cens(censored) alone; {instead}.", addition.span
            )
        name, form = addition.function, _AFTER_BAR[addition.function]
        if len(addition.arguments) != 1 or addition.keywords:
            got = len(addition.arguments) + len(addition.keywords)
            interval = "; intervals, with a second bound, are not supported" if name == "cens" and got == 2 else ""
            raise self.fail(f"{name}() takes 1 argument, got {got}{interval}; write {form}.", addition.span)
        argument = addition.arguments[0]
        self.check(node.left, within_arithmetic=True)
        self.check(argument, within_arithmetic=True)
        if name == "trials":
            return ResponseSpec(node.left, trials=argument, text=text)
        return ResponseSpec(node.left, censoring=argument, text=text)

    def without_bars(self, node: Node, bars: list[Binary]) -> Node | None:
        """The fixed part: the random terms of the sum are moved to `bars`."""
        if isinstance(node, Parenthesis):
            inside = node.inside
            while isinstance(inside, Parenthesis):
                inside = inside.inside
            if isinstance(inside, Binary) and inside.operator in BARS:
                bars.append(replace(inside, span=node.span))
                return None
            if isinstance(inside, Binary) and inside.operator in ("+", "-"):
                rest = self.without_bars(inside, bars)
                return None if rest is None else Parenthesis(rest, node.span)
        if isinstance(node, Binary) and node.operator in COMPARISONS:  # binds less than `+`: y ~ x > 3 + (1 | g)
            left, right = (self.without_bars(side, bars) for side in (node.left, node.right))
            return replace(node, left=left, right=right) if left is not None and right is not None else node
        first, following = operations(node, ("+", "-"))
        if not following:
            return node
        rest = self.without_bars(first, bars)
        for operation in following:
            right = self.without_bars(operation.right, bars) if operation.operator == "+" else operation.right
            if rest is None:
                rest = Negative(operation.right, operation.span) if operation.operator == "-" else right
            elif right is not None:
                rest = replace(operation, left=rest, right=right)
        return rest

    # --- random terms -------------------------------------------------------------------------------------

    def random_terms(self, bar: Binary) -> list[RandomTerm]:
        if isinstance(bar.left, Binary) and bar.left.operator in BARS:
            raise self.fail(
                "Effects correlated across terms, (x | id | g), are not supported; write (x | g).",
                bar.operator_span,
            )
        effects = self.sums.read(bar.left)
        terms = _by_degree(effects.with_intercept())
        if effects.offsets:
            raise self.fail("An offset does not vary by group; write it in the fixed part.", bar.left.span)
        if not terms:
            raise self.fail("Nothing varies by group here; write (1 | g) or (x | g).", bar.left.span)
        groups = self.groups(bar.right)
        largest = max(len(group) for group in groups)
        if largest > MOST_VARIABLES:
            raise self.fail(
                f"A group is a combination of {largest} columns here; at most {MOST_VARIABLES} are read.",
                bar.right.span,
            )
        if bar.operator == "||":
            return [RandomTerm((term,), group, bar.span) for group in groups for term in terms]
        return [RandomTerm(tuple(terms), group, bar.span) for group in groups]

    def groups(self, node: Node) -> list[tuple[Node, ...]]:
        """`a/b` is a and a:b; `a:b` the combinations that occur."""
        match node:
            case Parenthesis(inside):
                return self.groups(inside)
            case Binary("/"):
                first, following = operations(node, "/")
                nested = self.groups(first)
                for operation in following:
                    nested.append(nested[-1] + self.factors(operation.right))
                return nested
            case Binary("+" | "*", left, right):
                both = " + ".join(f"(1 | {unparse(side)})" for side in (left, right))
                more = f" + (1 | {unparse(left)}:{unparse(right)})" if node.operator == "*" else ""
                raise self.fail(f"A random term has one grouping factor; write {both}{more}.", node.operator_span)
        return [self.factors(node)]

    def factors(self, node: Node) -> tuple[Node, ...]:
        match node:
            case Parenthesis(inside):
                return self.factors(inside)
            case Binary(":"):
                first, following = operations(node, ":")
                return tuple(
                    [
                        part
                        for side in (first, *[operation.right for operation in following])
                        for part in self.factors(side)
                    ]
                )
            case Name():
                return (node,)
            case Call("factor" | "as.factor" | "C", (Name() as column,), ()):
                return (column,)
            case Call(function) if function in NOT_SUPPORTED:
                raise self.fail(f"{function}(): {NOT_SUPPORTED[function]}.", node.span)
        raise self.fail(
            "A grouping factor is a column, a:b or a/b; make other groupings a column of the data.", node.span
        )

    def refuse_repeats(self, random: list[RandomTerm]) -> None:
        seen: set[tuple[frozenset[str], Term]] = set()
        groups: dict[str, frozenset[str]] = {}
        for term in random:
            group = frozenset(label_of(part) for part in term.group)
            if groups.setdefault(term.group_label, group) != group:
                raise self.fail(
                    f"A column is called as the combinations {term.group_label} are; rename the column.", term.span
                )
            for part in term.terms:
                if (group, part) in seen:
                    repeated = "the intercept" if part == INTERCEPT else f"'{part.label}'"
                    raise self.fail(
                        f"In '{term.label}' {repeated} varies by {term.group_label} a second time; keep one of the two "
                        "(independent effects are written (x || g)).",
                        term.span,
                    )
                seen.add((group, part))

    def check(self, node: Node, *, within_arithmetic: bool) -> None:
        check_expression(node, self.text, self.known, within_arithmetic=within_arithmetic)


def _by_degree(terms: list[Term]) -> tuple[Term, ...]:
    """R's order: the intercept, then terms of one variable, of two, ..."""
    return tuple(sorted(terms, key=lambda term: len(term.variables)))
