"""Priors: texts, objects, names and numbers that are none."""

from random import Random

from odd import NAMES, VALUES, code_of

from families.formulas import mutated

PARAMETERS = (
    "Intercept", "x", "f", "f[b]", "sigma", "sd_g__Intercept", "sd_g__x", "corr_g", "g", "sd", "b", "*", "1|g",
    "nosuch", "", "SIGMA", "sd_g", "sd_h__Intercept", "cor_g", "x:f", "sigma_x", "nu",
)  # fmt: skip
DISTRIBUTIONS = (
    "Normal", "HalfNormal", "StudentT", "HalfStudentT", "Cauchy", "HalfCauchy", "Exponential", "Gamma",
    "InverseGamma", "Beta", "LKJ", "Flat", "HalfFlat", "Uniform", "LogNormal", "ScaleFree", "Laplace",
    "normal", "Norm", "Dirichlet", "eval", "Weibull",
)  # fmt: skip
NUMBERS = (
    "0", "1", "-1", "2.5", "1e300", "1e-300", "1e308", "1e400", "-1e400", "inf", "nan", "1/0", "1e", "0x10",
    "1_0", "1,2", "", "a", "sigma", "(1)", "2**2", "1" * 400, "'1'", "None", "mu=0", "sigma=1", "sigma=-1",
    "sigma=1, sigma=2", "nu=3", "x=1", "1;2", "__import__('os')", "5e-324", "0.0", "-0.0", "1e16",
)  # fmt: skip
GOOD = ("Normal(0, 1)", "HalfStudentT(3, 10)", "LKJ(2)", "HalfCauchy(0.5) * sigma", "ScaleFree(0.5)", "Exponential(1)")
OBJECTS = (
    "Prior('Normal', None)", "Prior('Normal', (None, 1))", "Prior('Normal', (0,))",
    "Prior('Normal', (0, 1, 2))", "Prior(None, (0, 1))", "Prior('nosuch', ())", "Prior('Normal', (nan, inf))",
    "Prior('Normal', ('a', 'b'))", "Prior(1, 2)", "Prior('HalfNormal', (1e300,))",
    "Prior('HalfNormal', [1.0])", "Prior('HalfNormal', (-1.0,))", "Prior('Normal', 'ab')",
)  # fmt: skip


def make(seed: int) -> str:
    rng = Random(f"priors {seed}")
    if rng.random() < 0.06:
        return f"settle({rng.choice(VALUES)})"
    count = rng.choice([1, 1, 1, 2, 3])
    given = ", ".join(f"{_parameter(rng)}: {_prior(rng)}" for _ in range(count))
    if rng.random() < 0.12:
        # Of standard deviations alone: these are on the exact path, which is fast.
        name = rng.choice(["sigma", "sd_g__Intercept", "sd_g__x", "corr_g"])
        return f"go('y ~ x + (x | g)', priors={{{name!r}: {_prior(rng)}}}, method='marginal')"
    return f"settle({{{given}}})"


def _parameter(rng: Random) -> str:
    return rng.choice(
        [code_of(rng.choice(PARAMETERS)), code_of(rng.choice(PARAMETERS)), code_of(rng.choice(NAMES)), "1"]
    )


def _prior(rng: Random) -> str:
    way = rng.random()
    if way < 0.12:
        return rng.choice(OBJECTS)
    if way < 0.24:
        return rng.choice(VALUES)
    if way < 0.5:
        return code_of(mutated(rng, rng.choice(GOOD)))
    inside = ", ".join(rng.choice(NUMBERS) for _ in range(rng.choice([0, 1, 1, 2, 2, 3])))
    text = f"{rng.choice(DISTRIBUTIONS)}({inside})"
    return code_of(
        rng.choice([text, text, text, f"{text} * sigma", f"{text} * 2", f"truncated({text}, 0, 1)", text[:-1]])
    )
