"""Frames: odd cells, odd columns, odd shapes."""

from random import Random

from odd import CELLS, COLUMNS

SHAPES = (
    "d.iloc[:0]", "d.iloc[:1]", "d.iloc[:2]", "d.iloc[:, :0]", "pd.DataFrame()", "d.T",
    "pd.concat([d, d], axis=1)", "pd.concat([d, d['x']], axis=1)",
    "pd.concat([d, d['nosuch' if 'nosuch' in d else 'z'].rename('x')], axis=1)", "d.set_index(['g', 'h'])",
    "d.set_index(['g', 'h'], drop=False)", "d.set_index('g')", "d.set_axis([0] * 72)",
    "d.set_axis([nan] * 72)", "d.set_axis(pd.MultiIndex.from_product([d.columns, ['a']]), axis=1)",
    "d.to_dict()", "d.to_dict('list')", "d.to_dict('series')", "d.to_numpy()", "d['y']",
    "list(d.columns)", "None", "1", "'d'",
    "{'y': [1, 2], 'x': [1, 2]}", "d.columns", "[d, d]", "d.rename(columns={'x': 1})",
    "d.rename(columns={'x': None})", "d.rename(columns={'z': ('a', 'b')})", "d.rename(columns={'z': nan})",
    "d.convert_dtypes()", "d.convert_dtypes(dtype_backend='pyarrow')", "d.astype(object)", "d.astype(str)",
    "d.astype('category')", "d.astype('string')", "d.groupby('g')", "d.iloc[::-1]",
    "d.sample(frac=3, replace=True, random_state=1)", "d.drop(columns='g')", "d[d.g == 'g0']", "d[d.f == 'a']",
    "d.mask(d == d.iloc[0])", "d.iloc[:8]", "pd.concat([d.iloc[:3], d.iloc[70:]])", "d.assign(g=d.index)",
    "d * 2", "d.replace('g0', '')", "d.set_index(pd.date_range('2026', periods=72))",
    "d.set_index(pd.CategoricalIndex(d.f))",
)  # fmt: skip
FORMULAS = (
    "y ~ x + f + (1 | g)",
    "y ~ x + (x | g)",
    "y ~ f + (1 | h)",
    "y ~ x + z + (1 | g/h)",
    "y ~ x",
    "y ~ f + log(w)",
)
COUNTS = {"binomial": "cbind(k, n - k) ~ x + (1 | g)", "poisson": "c ~ x + (1 | g)", "bernoulli": "b ~ x + (1 | g)"}


def make(seed: int) -> str:
    rng = Random(f"frames {seed}")
    family = rng.choice(list(COUNTS)) if rng.random() < 0.2 else None
    columns = "kncbxg" if family else "yyxxfggw"
    column = rng.choice(columns)
    frame = rng.choice(
        [
            f"cell({column!r}, {rng.choice(CELLS)}, {rng.choice([0, 3, 71])})",
            f"with_({column}={rng.choice(COLUMNS).replace('{c}', column)})",
            f"with_({column}={_scaled(rng, column)})",
            rng.choice(SHAPES),
        ]
    )
    if family:
        return f"go({COUNTS[family]!r}, {frame}, {family!r}, method='marginal')"
    formula = rng.choice([one for one in FORMULAS if column in one] or FORMULAS)
    weights = (
        f", weights='{rng.choice(['w', 'x', 'f', 'y', 'nosuch'])}'" if rng.random() < 0.15 or column == "w" else ""
    )
    na = ", na='error'" if rng.random() < 0.1 else ""
    call = "lm" if "|" not in formula else rng.choice(["reml", "reml", "go"])
    return f"{call}({formula!r}, {frame}{weights}{na})"


def _scaled(rng: Random, column: str) -> str:
    """A column at the end of what numbers can be."""
    factor = rng.choice(
        ["1e300", "1e308", "1e200", "1e100", "1e-100", "1e-300", "1e-320", "1e16", "0", "-1", "inf", "nan"]
    )
    whole = f"d.{column}.map(len) * {factor}" if column in "fgh" else f"d.{column} * {factor}"
    return rng.choice([whole, f"d.{column if column not in 'fgh' else 'x'} + {factor}"])
