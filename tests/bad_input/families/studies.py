"""Cards of many loci: mutated TOML, unknown keys, values of the wrong type; all is checked and nothing fitted."""

from random import Random

from odd import NAMES, code_of

from families.cards import TOML, shorter
from families.formulas import mutated

GOOD = """title = "A study"
[data]
path = "counts.csv"
by = "locus"
[model]
formula = "cbind(methylated, unmethylated) ~ treatment + (1 | tank)"
family = "binomial"
[priors]
sd_tank__Intercept = "HalfNormal(1)"
[contrasts]
twice = "2 * treatment[trt]"
[coverage]
least_samples = 4
[sampler]
draws = 20
chains = 2
seed = 1
[keep]
loci = ["a"]
parameters = ["twice"]
[significant.first]
effect = "treatment[trt]"
q = 0.1
[report]
probability = 0.9
"""
KEYS = (
    "title", "source", "path", "by", "places", "methylated", "unmethylated", "total", "sheet", "sample", "files",
    "format", "context", "code", "collapse_strands", "least_reads", "most_quantile", "least_samples", "group",
    "least_per_group", "formula", "family", "auxiliary", "weights", "name", "draws", "tune", "chains", "seed",
    "target_accept", "audit", "log_marginal", "loci", "parameters", "effect", "q", "method", "prior_sd", "store",
    "workers", "cluster", "probability", "nosuch",
)  # fmt: skip
TABLES = (
    "data", "data.filter", "model", "model.codings", "model.codings.treatment", "priors", "contrasts", "contrasts.a",
    "coverage", "sampler", "keep", "significant", "significant.a", "run", "report", "questions", "means.a", "x",
    '"a.b"', "[data]", "",
)  # fmt: skip


def make(seed: int) -> str:
    rng = Random(f"studies {seed}")
    way = rng.choice(["mutated", "value", "value", "value", "key", "table"])
    text = GOOD
    if way == "mutated":
        text = mutated(rng, text)
    elif way == "value":
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
    return f"study({shorter(text)})"
