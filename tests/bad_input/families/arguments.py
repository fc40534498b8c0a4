"""Arguments of `fit`, `reml`, `laplace`, `lm` and `separation`.

The first `COUNT` seeds are one argument of `fit` each, all odd values and those below in a shuffled order.
"""

from random import Random

from odd import VALUES

SAMPLED = ("draws", "tune", "chains", "cores", "seed", "target_accept")
OF_FIT = (
    *SAMPLED,
    "method",
    "sampler",
    "keep_effects",
    "remedies",
    "progress",
    "weights",
    "na",
    "functions",
    "contrasts",
    "family",
    "priors",
)
OF_ESTIMATES = ("weights", "na", "functions", "contrasts")
WORDS = {
    "method": ("'auto'", "'marginal'", "'Marginal'", "'exact'", "['auto']"),
    "sampler": ("'auto'", "'importance'", "'nutpie '", "'stan'", "{'auto'}"),
    "family": (
        "'gaussian'", "'gaussian(log'", "'gaussian(identity)'", "'gaussian()'", "'gaussian(identity)(log)'",
        "'Gaussian'", "'t'", "Family('nosuch', 'x')", "Family('gaussian', 'nosuch')", "Family(None, None)",
        "'poisson'", "'cumulative'", "'beta'", "'binomial(probit)'", "'gaussian\\n'", "'__import__'",
        "('gaussian', 'log')",
    ),
    "na": ("'drop'", "'error'", "'omit'", "['drop']"),
    "weights": ("'w'", "'x'", "'f'", "'y'", "'nosuch'", "'log(w)'", "d['w']", "['w']", "'`w`'"),
    "functions": (
        "{'half': lambda v: v / 2}", "{'half': lambda v: 'x'}", "{'half': lambda v: 1 / 0}",
        "{'half': lambda v: v[:3]}", "{'half': lambda v: None}", "{'half': lambda: 1}", "{'half': 1}",
        "{'half': lambda v: v * nan}", "{'half': lambda v: [v]}", "{'half': lambda v: d}",
        "{'half': lambda v: 1}", "{'log': abs}", "{'half': lambda v: v * 1j}", "{1: abs}", "{'a b': abs}",
        "{'half': lambda v: v.astype(str)}", "{'half': lambda v: np.full(72, 1e308) * v}",
    ),
    "contrasts": (
        "{'f': 'sum'}", "{'f': 'Sum('}", "{'f': 'contr.sum(3)'}", "{'f': 'poly(scores = c(1, 2))'}", "{'x': 'sum'}",
        "{'f': np.eye(3)}", "{'f': np.ones((3, 2))}", "{'f': np.full((3, 2), nan)}", "{'f': [[[1]]]}", "{'f': [1, 2]}",
        "{'f': {'n': 'b - a'}}", "{'f': {'n': 'b'}}", "{'f': {'n': '1e400 * b'}}", "{'f': {'n': 'b - a', 'm': 1}}",
        "{'f': {'n': '(' * 99 + 'b'}}", "{'f': {'n': {'a': 1, 'b': 0, 'c': -1}}}", "{'f': {'n': {'a': 'x'}}}",
        "{'f': {'n': {(1, 2): 1}}}", "{'f': pd.DataFrame({'n': [1, 0, -1]}, index=list('abc'))}",
        "{'f': pd.DataFrame()}", "{'f': pd.DataFrame({'n': [1, 0, -1]})}", "{'f': d}", "{'f': d['x']}",
        "{'f': lambda f: f}", "{f: 1 for f in d}", "{'f': {1: 'b - a'}}", "{'f': {'n': 'b - a', 'N\\n': 'c - a'}}",
        "{'f': np.eye(3) * 1j}", "{'f': b'sum'}", "{'f': [[1e308], [0], [-1e308]]}", "{'f': [['a'], ['b'], ['c']]}",
        "{'nosuch': 'sum'}", "'sum'", "{'half(x)': 'sum'}",
    ),
    "draws": ("10", "9", "10**6 * 1000", "20.0", "'20'"),
    "tune": ("9", "10**9", "10**12", "'20'"),
    "chains": ("0", "10**9", "65", "2.0"),
    "seed": ("2**31", "2**32", "2**63", "-1", "1.0", "'1'"),
    "target_accept": ("0", "1", "2", "0.8", "'0.9'", "95"),
    "cores": ("0", "10**9", "-1", "1.5"),
}  # fmt: skip


def _each() -> list[tuple[str, str]]:
    cases = [(name, value) for name in OF_FIT for value in dict.fromkeys((*WORDS.get(name, ()), *VALUES))]
    Random("arguments").shuffle(cases)
    return cases


EACH = _each()
COUNT = len(EACH)


def make(seed: int) -> str:
    rng = Random(f"arguments {seed}")
    if seed < COUNT:
        return _call(rng, "go", dict([EACH[seed]]))
    front = rng.choice(["go"] * 5 + ["reml", "lm", "laplace", "separation"])
    known = OF_FIT if front == "go" else OF_ESTIMATES
    count = rng.choice([1, 1, 1, 2, 3]) if front == "go" else 1
    return _call(rng, front, {name: _value(rng, name) for name in rng.sample(known, count)})


def _call(rng: Random, front: str, given: dict[str, str]) -> str:
    formula = "y ~ half(x) + (1 | g)" if "functions" in given and rng.random() < 0.8 else "y ~ x + (1 | g)"
    if "contrasts" in given and rng.random() < 0.8:
        formula = formula.replace("x", "f")
    written = "".join(f", {name}={value}" for name, value in given.items())
    if front in ("laplace", "separation"):
        call = f"bm.{front}({formula.replace('y ~', 'b ~')!r}, d, 'bernoulli'{written})"
        return call if front == "separation" else f"look({call})"
    if front == "lm":
        formula = formula.replace(" + (1 | g)", "")
    # NUTS of the joint path takes seconds to compile; what it is given is looked at before.
    joint = "method" not in given and front == "go" and not {"tune", "target_accept", "sampler"} & set(given)
    return f"{front}({formula!r}{written}{', method=' + repr('marginal') if joint else ''})"


def _value(rng: Random, name: str) -> str:
    if name in WORDS and rng.random() < 0.5:
        return rng.choice(WORDS[name])
    return rng.choice(VALUES)
