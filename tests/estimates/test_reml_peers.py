"""150 random models: `glmm` and `mixedlm`, which share no code with this package, find no smaller criterion.

They are given columns of size one. `bm.reml` is given the same data in units from 1e-6 to 1e6, which changes the
criterion by a known constant and must change nothing else: in such units `mixedlm` stops up to 800 above the minimum.

`mixedlm` can express all models. `glmm` has no `0 +` and no `||`, and wants every slope among the fixed terms: it is
asked for the rest, half of them.
"""

import warnings
from dataclasses import dataclass

import glmm
import mixedlm
import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

import bayesmix as bm

TERMS = ("(1 | {})", "(1 + x | {})", "(1 + x + z | {})", "(0 + x | {})", "(1 + x || {})")
N_EFFECTS = dict(zip(TERMS, (1, 2, 3, 1, 2), strict=True))
FIXED = {"1": (), "x": ("x",), "x + z": ("x", "z"), "x * z": ("x", "z", "x:z")}
ABOVE = 1e-5


@dataclass(frozen=True)
class Model:
    """`data` in units of size one; `units` of y, x and z."""

    formula: str
    fixed: str
    data: pd.DataFrame
    units: dict[str, float]
    reml: bool

    @property
    def scaled(self) -> pd.DataFrame:
        return self.data.assign(**{name: unit * self.data[name] for name, unit in self.units.items()})

    @property
    def constant(self) -> float:
        """What the units add to the criterion: y's to every residual, those of X's columns to |X'V^-1 X|."""
        n_free = len(self.data) - (1 + len(FIXED[self.fixed]) if self.reml else 0)
        columns = [np.prod([self.units[name] for name in term.split(":")]) for term in FIXED[self.fixed]]
        return 2 * n_free * np.log(self.units["y"]) + (2 * np.sum(np.log(columns)) if self.reml else 0.0)

    @property
    def for_glmm(self) -> bool:
        slopes = [name for name in ("x", "z") if f"+ {name} " in self.formula.partition("(")[2]]
        return "(0 +" not in self.formula and "||" not in self.formula and set(slopes) <= set(FIXED[self.fixed])


def random_model(seed: int) -> Model:
    """1 to 3 crossed factors with up to 3 effects a level, some of no variance; 12 to 300 rows."""
    rng = np.random.default_rng([4, seed])
    n = int(rng.choice([12, 20, 40, 80, 300]))
    x, z = rng.normal(size=(2, n))
    y, left, parts, groups = 1 + x + rng.normal(size=n), 0.6 * n, [], {}
    for name in ("g", "h", "i")[: int(rng.choice([1, 1, 2, 2, 3]))]:
        term = TERMS[int(rng.choice(len(TERMS), p=[0.35, 0.3, 0.1, 0.15, 0.1]))]
        n_levels = int(rng.integers(3, max(4, n // 5)))
        if N_EFFECTS[term] * n_levels > left:
            term, n_levels = TERMS[0], 3
        k = N_EFFECTS[term]
        left -= k * n_levels
        level = np.concatenate([np.arange(n_levels), rng.integers(0, n_levels, n - n_levels)])
        columns = [x] if term == TERMS[3] else [np.ones(n), x, z][:k]
        mixed = np.eye(k) + np.triu(rng.normal(size=(k, k)), 1)
        effects = (rng.choice([0, 0.2, 0.7, 2], size=k) * rng.normal(size=(n_levels, k))) @ mixed
        y += sum(column * effects[level, j] for j, column in enumerate(columns))
        groups[name] = [f"{name}{number:03d}" for number in rng.permutation(n_levels)[level]]
        parts.append(term.format(name))
    fixed = str(rng.choice(list(FIXED)))
    units = dict(zip(("y", "x", "z"), 10.0 ** rng.choice([-6, -3, 0, 0, 0, 3, 6], size=3), strict=True))
    data = pd.DataFrame({"y": y, "x": x, "z": z, **groups})
    return Model(" + ".join([f"y ~ {fixed}", *parts]), fixed, data, units, reml=seed % 4 > 0)


def of_mixedlm(model: Model) -> float:
    fit = mixedlm.lmer(model.formula, model.data, REML=model.reml, control=mixedlm.LmerControl(ftol=1e-12, gtol=1e-8))
    return float(fit.deviance)


def of_glmm(model: Model) -> float:
    return -2 * float(glmm.fit(model.data, model.formula, reml=model.reml, satterthwaite=False).loglik)


@pytest.mark.parametrize("seed", [*range(25), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(25, 150))])
def test_no_peer_finds_less(seed):
    model = random_model(seed)
    own = bm.reml(model.formula, model.scaled, reml=model.reml)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")  # of singular fits and few levels
        peers = [of_mixedlm(model)] + ([of_glmm(model)] if model.for_glmm else [])
    assert own.converged
    criterion = own.criterion - model.constant
    assert criterion <= min(peers) + ABOVE
    # The peers see the same model: nearly all are met from both sides.
    assert criterion >= min(peers) - 0.5


def test_the_models_are_what_is_said_of_them():
    models = [random_model(seed) for seed in range(150)]
    assert sum(model.for_glmm for model in models) >= 60
    assert {len(model.data) for model in models} == {12, 20, 40, 80, 300}
    assert sum(model.formula.count("|") - model.formula.count("||") > 1 for model in models) > 75
    assert sum(max(model.units.values()) / min(model.units.values()) >= 1e6 for model in models) > 50
