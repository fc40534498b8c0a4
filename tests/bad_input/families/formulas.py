"""Formulas: soups of tokens, good ones mutated, deep and long ones, arguments given twice."""

from random import Random

from odd import NAMES, code_of

GOOD = (
    "y ~ x + (1 | g)", "y ~ x + f + (x | g)", "y ~ x * f + (x || g)", "y ~ 0 + f + (0 + x | g)", "y ~ x",
    "y ~ 1", "y ~ poly(x, 2) + (1 | g/h)", "log(c + 1) ~ scale(x) + (1 | g) + (1 | h)",
    "y ~ I(x^2) + offset(z) + (1 | g:h)", "y ~ center(x) : f + (f | h)", "y ~ (x + z + f)^2 - x:z",
    "y ~ factor(n) + x", "sqrt(c) ~ x - 1 + (1 | h)", "y ~ x %in% f", "y ~ x + (x + z | g) + (0 + z | h)",
    "scale(y, 1, 2) ~ scale(x, center = FALSE)", "y ~ C(f, Sum) * x + (C(f, Sum) | g)",
    "y ~ bs(x, df = 5, knots = c(-1, 1)) + ns(z, df = 3)",
    "y ~ cut(x, c(-9, 0, 9), right = FALSE) + relevel(f, ref = 'b')",
    "y ~ factor(n, levels = c(1, 2), labels = c('a', 'b')) + ifelse(x > mean(x), 1, sd(x)) * pi",
    "y ~ I(f %in% c('a', 'b')) + ordered(f, levels = c('c', 'b', 'a')) + C(h, contr.treatment, base = 2)",
)  # fmt: skip
OF_COUNTS = ("cbind(k, n - k) ~ x + (1 | g)", "p(k, n) ~ f + (x | g)", "k | trials(n) ~ x", "c ~ x + (1 | g)")
TOKENS = (
    "y", "x", "z", "f", "g", "h", "k", "n", "c", "w", "nosuch", "1", "0", "-1", "2", "1e308", "1e-320",
    "99999999999999999999", "0x1F", "1_000", ".5", "TRUE", "FALSE", "NULL", "NA", "Inf", "pi", "+", "-", "*",
    "/", "^", "**", ":", "|", "||", "~", "~~", "(", ")", "((", "))", "[", "]", "{", "}", ",", ";", "=", "==",
    "!=", "<", ">", "<=", "&", "!", "%in%", "%%", "%/%", "@", "#", "?", "$", "\\", "`", "'a'", '"a"', "'", '"',
    ".", "..", "...", "_", " ", "\n", "\t", "\x00", "\ud800", "é", "日本", "\u200b", "I(", "log(", "exp(",
    "sqrt(", "scale(", "poly(", "center(", "factor(", "offset(", "cbind(", "p(", "trials(", "s(", "mo(", "C(",
    "as.numeric(", "abs(", "log1p(", "x.y", "x.__class__", "__import__('os')", "lambda x: x", "center = ",
    "degree = 2", "raw = TRUE", "scale = 0", "y ~", "(1 | g)", "(x | g)", "(1 | g/h)", "(x || g)", "`x`",
    "`a b`", "bs(", "ns(", "cut(", "ifelse(", "relevel(", "ordered(", "c(", "mean(", "1:3", "Sum", "contr.poly",
    "df = 4", "knots = c(0)", "levels = c('a')", "ref = 'b'", "T", "contr.sum(3)",
)  # fmt: skip
DEEP = (
    "'y ~ ' + ' + '.join(['x'] * {n})", "'y ~ ' + '-' * {n} + 'x'", "'y ~ ' + '(' * {n} + 'x' + ')' * {n}",
    "'y ~ I(' + '-' * {n} + 'x)'", "'y ~ I(' + 'x^' * {n} + '2)'", "'y ~ I(' + 'x+' * {n} + 'x)'",
    "'y ~ x' + ':z' * {n}", "'y ~ x' + '*z' * {n}", "'y ~ ' + 'log(' * {n} + 'x' + ')' * {n}",
    "'y ~ ' + '(1 | g) + ' * {n} + 'x'", "'y ~ x + (1 | ' + 'g/' * {n} + 'h)'",
    "'y ~ (' + 'x + ' * {n} + 'f)^2'", "'y ~ x^' + '9' * {n}", "'y ~ ' + '9' * {n}", "'x' * {n} + ' ~ x'",
    "'y ~ ' + ' ' * {n} + 'x'", "'-' * {n} + 'y ~ x'", "'y ~ x' + ' - x' * {n}", "'~' * {n}",
    "'y ~ `' + 'x' * {n} + '`'", "'y ~ poly(x, {n})'", "'y ~ (x + z + f)^{n}'", "'(' * {n}", "'`' * {n}",
)  # fmt: skip
CALLS = (
    "scale(x, 0, 2)", "scale(x, 3)", "scale(x, center = 1, center = 2)", "scale(x, nosuch = 1)",
    "poly(x, 2, degree = 3)", "poly(x, degree = 2, degree = 3)", "poly(x, 0)", "poly(x, -1)", "poly(x, 1.5)",
    "poly(x, 1e9)", "poly(x, z)", "poly(x)", "poly(f, 2)", "log(-1)", "log(x, base = 2)", "log()", "log(f)",
    "scale()", "scale(f)", "I()", "I(x, z)", "I(x > 0)", "I(x / 0)", "I(x %% 2)", "I('a')", "offset(1e308)",
    "offset(f)", "offset(x, z)", "factor(x)", "factor(y)", "C(f, Treatment)", "exp(exp(exp(c)))", "I(c^1e9)",
    "I(10^c^c)", "cbind(x, z)", "p(x, z)", "x:x", "f:f:f", "I(x == f)", "I(f == 'a')", "scale(x, scale = 0)",
    "C(f, Sum)", "C(f, sum(x))", "C(f, 'helmert')", "C(x, Poly)", "C(f, Treatment(9))", "C(f, Treatment(x))", "C()",
    "C(f, c(1, 2))", "C(f, Sum, 1)", "C(f, contr.poly, scores = c(1, 'a'))", "C(f, contr.poly, scores = 1:3)",
    "C(C(f, Sum), Sum)", "C(log(x), Sum)", "bs(x, 1e9)", "bs(x, df = -1)", "bs(x, degree = 0)", "bs(x, degree = 99)",
    "bs(f)", "bs(x, knots = c(1, 1))", "bs(x, knots = x)", "bs(c, df = 30)", "bs(x, Boundary.knots = 3)", "ns(x, 0)",
    "ns(x, df = 1e308)", "ns(x, knots = 1:99)", "ns(n)", "cut(x)", "cut(x, 1)", "cut(x, 1e9)", "cut(x, c(0, 0))",
    "cut(x, c(-Inf, Inf))", "cut(x, 'a')", "cut(f, 2)", "cut(x, 3, labels = 'a')", "cut(x, 3, dig.lab = 99)",
    "cut(x, 2:1e9)", "cut(x, c(-9, 0, 9), labels = c('a', 'a'))", "relevel(f)", "relevel(f, 'q')", "relevel(x, 2)",
    "relevel(f, c('a', 'b'))", "factor(f, labels = 'q')", "factor(f, levels = NULL)", "factor(f, TRUE)", "ordered(x)",
    "ordered(f, c('b', 'a'))", "ordered(y)", "factor(f, ordered = 'a')", "ifelse(f, 1, 2)", "ifelse(x > 0, 'a', 1)",
    "ifelse(x > 0, 'a', 'a')", "ifelse(x, x)", "ifelse(log(x) > 0, 1, 2)", "ifelse(x > 0, f, 1)", "mean(f)", "mean(x)",
    "sd(x, 2)", "I(mean(mean(x)))", "max(poly(x, 2))", "I(f %in% 'a')", "I(f %in% f)", "I(x %in% c(1, 2))",
    "I(f %in% c(1, 2))", "x %in% c(1, 2)", "c(1, 2)", "I(c(1, 2) * x)", "I(1:3)", "I(pi)", "I(T * x)", "pi",
    "I(Inf * x)", "scale(x, TRUE, FALSE, 1)", "scale(x, scale = 'a')", "center(x, 1)", "log(log(log(x)))",
)  # fmt: skip


def make(seed: int) -> str:
    rng = Random(f"formulas {seed}")
    way = rng.choice(["soup", "soup", "mutated", "mutated", "mutated", "call", "call", "deep", "name", "several"])
    if way == "deep":
        formula = rng.choice(DEEP).format(n=rng.choice([2, 20, 60, 100, 300, 1000, 5000]))
    elif way == "call":
        formula = code_of(f"{rng.choice(['y', 'y', 'c', rng.choice(CALLS)])} ~ {_with_call(rng)}")
    elif way == "name":
        name = rng.choice(NAMES)
        formula = code_of(rng.choice(["y ~ `{}` + (1 | g)", "`{}` ~ x", "y ~ x + (1 | `{}`)"]).format(name))
    elif way == "several":
        parts = [rng.choice(GOOD), *(rng.choice(["sigma ~ x", "nu ~ 1", "sigma ~", "y ~ x", "1"]) for _ in range(2))]
        formula = rng.choice([ascii(parts), "[]", "('y ~ x',)", "[None]", "None", "1", "{'y ~ x'}", "b'y ~ x'"])
        return f"go({formula})"
    else:
        formula = code_of(_soup(rng) if way == "soup" else mutated(rng, rng.choice(GOOD)))
    counts = rng.random() < 0.1 and way == "mutated"
    if counts:
        formula = code_of(mutated(rng, rng.choice(OF_COUNTS)))
        return f"go({formula}, d, {rng.choice(['binomial', 'poisson', 'beta_binomial'])!r}, method='marginal')"
    return f"{rng.choice(['reml', 'reml', 'reml', 'lm', 'go', 'design'])}({formula})"


def _soup(rng: Random) -> str:
    response = rng.choice(["y ~ ", "y ~ ", "", "log(c) ~ ", "~ "])
    return response + rng.choice(["", " "]).join(rng.choice(TOKENS) for _ in range(rng.randint(1, 12)))


def _with_call(rng: Random) -> str:
    call = rng.choice(CALLS)
    return rng.choice(["{}", "x + {}", "x + ({} | g)", "{} * f", "x + (1 | {})", "x + (1 | g) + {}"]).format(call)


def mutated(rng: Random, text: str) -> str:
    """A good text with one to three characters or tokens lost, doubled, swapped or put in."""
    for _ in range(rng.randint(1, 3)):
        at, other = rng.randrange(len(text) + 1), rng.randrange(len(text) + 1)
        first, last = sorted((at, other))
        text = rng.choice(
            [
                text[:at] + text[at + 1 :],
                text[:at] + rng.choice(TOKENS) + text[at:],
                text[:first] + text[last:],
                text[:last] + text[first:],
                text[:at] + rng.choice(TOKENS) + text[at + 1 :],
            ]
        )
    return text
