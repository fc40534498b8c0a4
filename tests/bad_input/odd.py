"""Odd values, cells and names, each as the Python that makes it in the prelude."""

VALUES = (
    "None", "True", "0", "1", "-1", "3", "10**9", "10**30", "10**400", "0.5", "-0.5", "1.0", "nan", "inf",
    "-inf", "1e300", "1e-300", "1j", "decimal.Decimal('0.5')", "fractions.Fraction(1, 2)", "np.float32(0.5)",
    "np.int64(3)", "np.bool_(True)", "np.array([1, 2])", "np.array(0.5)", "np.array([])", "''", "'x'", "'g'",
    "'x | g'", "'nosuch'", "'\\x00'", "'\\ud800'", "'\\x1b[31mx'", "'x' * 5000", "'a\\nb'", "b'x'", "[]",
    "['x']", "['x', 1]", "['g0', 'g0']", "[1.0, nan]", "[10**400]", "[[]]", "()", "{}", "{'a': 1}",
    "{'a': lambda v: 'x'}", "{'a': lambda v: 1 / 0}", "{'a': lambda v: nan}", "{'a': lambda v: v}",
    "{'a': lambda v: None}", "{1: len}", "{'x'}", "[None]", "object()", "print", "pd.DataFrame()", "d",
    "d['x']", "pd.NA", "pd.NaT", "datetime.date(2026, 1, 1)", "fitted('gaussian')", "int", "Path('x')",
    "iter(())", "slice(3)",
)  # fmt: skip
"""Of arguments."""

CELLS = (
    "None", "nan", "inf", "-inf", "1e300", "-1e300", "1e-300", "5e-324", "10**400", "-10**30", "2**63", "True",
    "decimal.Decimal('1.5')", "decimal.Decimal('sNaN')", "decimal.Decimal('Infinity')",
    "fractions.Fraction(1, 3)", "1j", "[1, 2]", "(1, 2)", "{'a': 1}", "{1}", "frozenset({1})", "b'x'",
    "'\\ud800'", "'a\\x00b'", "''", "' '", "'\\n'", "'1'", "'nan'", "pd.NA", "pd.NaT",
    "datetime.datetime(2026, 1, 1)", "datetime.date(2026, 1, 1)", "pd.Timestamp('2026-01-01', tz='UTC')",
    "datetime.timedelta(1)", "pd.Period('2026-01')", "pd.Interval(0, 1)", "np.datetime64('NaT')",
    "np.float16(1)", "np.longdouble(1)", "np.array([1.0])", "np.array(1.0)", "object()", "int", "len",
    "pd.DataFrame()", "pd.Series([1])", "'x' * 100000",
)  # fmt: skip
"""In a column of objects."""

COLUMNS = (
    "d.{c}.to_numpy()", "list(d.{c})", "d.{c}.astype(object)", "d.{c}.astype('category')",
    "d.{c}.astype('string')", "d.{c}.astype(str).astype('category').cat.as_ordered()",
    "pd.Categorical(d.{c}.astype(str), ['nosuch', 'other'])", "pd.Categorical([None] * 72)",
    "pd.Categorical([(i % 3, 0) for i in range(72)])", "pd.Series([None] * 72, dtype=object)", "nan", "inf",
    "0", "1", "1e300", "1e-300", "True", "'a'", "''", "[[1]] * 72", "[{'a': 1}] * 72",
    "[{i} for i in range(72)]", "[(i % 12, 0) for i in range(72)]", "[b'%d' % (i % 12) for i in range(72)]",
    "[i % 12 + 1j for i in range(72)]", "pd.Series([10**400 + i % 12 for i in range(72)], dtype=object)",
    "[2**63 + i % 12 for i in range(72)]", "[decimal.Decimal(i % 12) for i in range(72)]",
    "[fractions.Fraction(i % 12, 7) for i in range(72)]", "pd.date_range('2026-01-01', periods=72)",
    "pd.timedelta_range('1D', periods=72)", "pd.period_range('2026-01', periods=72)",
    "pd.interval_range(0, 72)", "pd.array([i % 12 for i in range(72)], dtype='Int64')",
    "pd.array([None] * 72, dtype='Int64')", "pd.array([True, None] * 36, dtype='boolean')",
    "pd.array([i % 12 / 3 for i in range(72)], dtype='double[pyarrow]')",
    "pd.array([str(i % 12) for i in range(72)], dtype='string[pyarrow]')",
    "pd.array([[1]] * 72, dtype=pa_list)", "pd.array([str(i % 12) for i in range(72)], dtype=pa_dictionary)",
    "pd.arrays.SparseArray(np.arange(72) % 12)", "np.arange(72) % 12 * 1e308", "np.arange(72) % 12 * 5e-324",
    "np.arange(72) * 10.0**297", "np.arange(72) % 2", "np.arange(72)",
    "np.where(np.arange(72) == 5, inf, np.arange(72))", "np.where(np.arange(72) > 2, nan, np.arange(72))",
    "np.arange(72).astype('float16')", "np.arange(72).astype('complex64')",
    "np.arange(72).astype('uint64') + 2**63", "objects(['\\ud800' if i % 2 else 'x' for i in range(72)])",
    "['a\\x00' if i % 2 else 'a' for i in range(72)]", "[str(i % 12) * 3000 for i in range(72)]",
    "[i % 3 if i % 2 else str(i % 3) for i in range(72)]", "d.{c}.iloc[::-1]", "d.{c}.where(d.index % 7 > 0)",
    "np.repeat(np.arange(36), 2)", "d.{c}.rename('other')",
)  # fmt: skip
"""Whole columns in place of the column `{c}`."""

NAMES = (
    "a b", "a-b", "a.b", "1a", "`", "a`b", "``", "$", "$x$", "$5 to $10", "$x^$", "$$", "$^$",
    "from 5% ($1^) to 10% ($2)", "$\\frac{1}{0}$", "\\alpha", "_", "__", "<b>x</b>",
    "<script>alert(1)</script>", "&amp;", "[red]x[/red]", "[/]", "[bold", "{x}", "{0}", "%s", "%(x)s",
    "\x1b[31mx", "\x00", "a\nb", "a\tb", "\r", "\u202etxt", "\ufeff", "\u200b", "é", "日本", "🎉", "\ud800",
    "x" * 300, "Intercept", "sigma", "1|g", "x|g", "g__factor_dim", "sd_g__x", "chain", "draw", "I(x)", "log",
    "offset", "np", "__import__('os')", "0", "-1", "nan", "None", "NA", "True", "=1+1", "@x", "'", '"', "'''",
    "\\", "/", "../x", "a/b", "~", "a:b", "a*b", "a,b", "(a)", " ", "  x  ", "", "group", "level", "term",
    "row", ".fitted", "mean", "index", "T.x", "[T.x]", "x[a]", "#", ";", "|",
)  # fmt: skip
"""Of columns and levels."""


def code_of(text: str) -> str:
    """A text as Python writes it in ASCII; a long one of one character as a product."""
    if len(text) > 40 and len(set(text)) == 1:
        return f"{text[0]!a} * {len(text)}"
    return ascii(text)
