"""Commands: `bayesmix fit`, `run`, `loci` and `data` with odd arguments, in this process."""

from random import Random

from odd import NAMES, code_of

from families.formulas import GOOD, mutated

ODD = (
    "", "-", "--", "-1", "0", "x", "1e9", "nan", "9" * 30, "9" * 5000, "~nosuchuser/x", "/proc/x",
    "/dev/null/x", "x" * 300, "\x00", "\ud800", "nosuch.csv", "d.csv", ".", "..", "/", "=", "a=b",
    "Normal(0,1)", "x=Normal(0,1)", "x=", "=Normal(0, 1)", "\x1b[31m", "y ~", "sigma ~ x", "$x$", "[red]",
)  # fmt: skip
OPTIONS = (
    "--family", "--auxiliary", "--prior", "--weights", "--na", "--draws", "--tune", "--chains", "--seed",
    "--target-accept", "--method", "--sampler", "--prob", "--out", "--nosuch", "-q", "--help",
)  # fmt: skip


def make(seed: int) -> str:
    rng = Random(f"shell {seed}")
    command = rng.choice(["fit", "fit", "fit", "run", "loci", "data", "nosuch", ""])
    arguments = [command]
    if command == "fit":
        formula = rng.choice(["y ~ x + (1 | g)", mutated(rng, rng.choice(GOOD)), rng.choice(ODD)])
        arguments += [formula, rng.choice(["d.csv", "d.csv", "d.csv", "sleepstudy", rng.choice(ODD)])]
        arguments += ["--draws", "20", "--seed", "1", "--method", "marginal"]
    else:
        arguments += [rng.choice(ODD) for _ in range(rng.choice([0, 1, 1, 2]))]
    for _ in range(rng.choice([0, 1, 1, 2])):
        arguments += [rng.choice(OPTIONS), rng.choice([*ODD, *NAMES])]
    return f"shell({', '.join(code_of(one) for one in arguments if one or rng.random() < 0.5)})"
