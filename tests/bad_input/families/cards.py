"""Analysis cards: mutated TOML, unknown keys, values of the wrong type, many digits and brackets."""

from random import Random

from odd import NAMES, code_of

from families.formulas import mutated

GOOD = """title = "A card"
[data]
path = "d.csv"
na = "drop"
[data.units]
x = "ms"
[model]
formula = "y ~ x + (1 | g)"
family = "gaussian"
[priors]
sd_g__Intercept = "HalfNormal(5)"
[sampler]
draws = 20
chains = 2
seed = 1
[report]
probability = 0.9
pictures = []
"""
KEYS = (
    "title", "source", "path", "na", "weights", "formula", "family", "auxiliary", "draws", "tune", "chains",
    "cores", "seed", "target_accept", "method", "keep_effects", "rand", "probability", "pictures", "x",
    "nosuch", "name", "specs", "contrasts", "rope", "letters", "entry", "top",
)  # fmt: skip
TABLES = (
    "data", "data.units", "data.keep", "data.factors", "model", "model.contrasts", "model.contrasts.f", "priors",
    "sampler", "questions", "report", "report.layers", "means", "means.a", "trial", "x", "data.x.y", '"a.b"',
    "[data]", "",
)  # fmt: skip
TOML = (
    "1", "-1", "0", "1.5", "nan", "inf", "-inf", "1e400", "true", '""', '"x"', "[]", '["x"]', "[[]]", "{}",
    "{a = 1}", "1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", "'''\na'''", '"""x"""', '"\\u0000"',
    '"\\uD800"', '"~/x.csv"', '"/dev/null"', '"/etc/passwd"', '"a\\u0000b"', '"/proc/self/mem"', '"."',
    '"y ~"', '"Normal(0"', "0xFF", "1_0", "9" * 30, "9" * 5000, "[" * 900 + "]" * 900, '"gaussian("',
    '["trace", "nosuch"]', '["trace"]', '"\\u001b[31m"', "x", "'", '"', "= 1", '"' + "x" * 3000 + '"',
    '["g0", "g1"]', "[1, 2]",
)  # fmt: skip
FILES = (
    "None",
    "1",
    "''",
    "'.'",
    "'~nosuchuser/x.toml'",
    "'a\\0b.toml'",
    "'x' * 300 + '.toml'",
    "'/dev/null'",
    "b'x'",
    "['a']",
    "'/proc/x'",
)


def make(seed: int) -> str:
    rng = Random(f"cards {seed}")
    way = rng.choice(["mutated", "mutated", "value", "value", "value", "key", "table", "bytes", "file", "run"])
    if way == "file":
        return f"read_card({rng.choice(FILES)})"
    if way == "bytes":
        content = rng.choice(
            [rng.randbytes(60), GOOD.encode("utf-16"), b"\xef\xbb\xbf" + GOOD.encode(), b"\xff" + GOOD.encode(), b""]
        )
        return f"card({content!r})"
    text = GOOD
    if way == "mutated":
        text = mutated(rng, text)
    elif way in ("value", "run"):
        key, lines = rng.choice(KEYS), text.split("\n")
        holders = [number for number, line in enumerate(lines) if line.startswith(f"{key} =")]
        line = f"{key} = {rng.choice(TOML)}"
        if holders:
            lines[holders[0]] = line
        else:
            lines.insert(rng.randrange(len(lines)), line)
        text = "\n".join(lines)
    elif way == "key":
        text += f"{code_of(rng.choice(NAMES)) if rng.random() < 0.5 else rng.choice(KEYS)} = {rng.choice(TOML)}\n"
    else:
        text += f"[{rng.choice(TABLES)}]\n{rng.choice(KEYS)} = {rng.choice(TOML)}\n"
    return f"card({shorter(text)}{', run=True' if way == 'run' or rng.random() < 0.1 else ''})"


def shorter(text: str) -> str:
    """The text as Python, long runs of one character as products."""
    code = ascii(text)
    for run in ("9" * 5000, "[" * 900, "]" * 900, "x" * 3000):
        if run in code:
            code = f"' + {run[0]!r} * {len(run)} + '".join(code.split(run)) if code[0] == "'" else code
    return code
