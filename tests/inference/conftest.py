"""A posterior made of known draws, for `y ~ x + f + (x | g) + (1 | h) + (0 + f | h)`; nothing is sampled.

`made_up` builds it for any family; the tests know every draw and check the tables against plain loops.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayesmix.families.family import Family, read_family
from bayesmix.formula.design import Design, FixedEffects, GroupTerm, Response, TermColumns
from bayesmix.formula.terms import Formula
from bayesmix.modelling.diagnostics import diagnose_sampling
from bayesmix.modelling.record import Fit, Sampling
from bayesmix.priors.prior import Prior

N_OBS, N_CHAINS, N_DRAWS = 60, 4, 1000
G_LEVELS = ("g1", "g2", "g3", "g4", "g5", "g6")
H_LEVELS = ("h1", "h2", "h3", "h4", "h5")


@dataclass(frozen=True)
class MadeUp:
    """A fit and the draws it was made of, chains joined (4000 draws, last axis)."""

    fit: Fit
    draws: dict[str, np.ndarray]


def _design() -> Design:
    rng = np.random.default_rng(1)
    x, f = rng.normal(size=N_OBS), rng.integers(0, 3, N_OBS)
    cells = np.eye(3)[f]
    g, h = rng.integers(0, len(G_LEVELS), N_OBS), rng.integers(0, len(H_LEVELS), N_OBS)
    one = np.ones(N_OBS)
    intercept = TermColumns("1", (0,), "intercept")
    text = "y ~ x + f + (x | g) + (1 | h) + (0 + f | h)"
    return Design(
        formula=Formula(text, None, (), (), ()),  # type: ignore[arg-type]
        response=Response("y", rng.normal(size=N_OBS)),
        fixed=FixedEffects(
            np.column_stack([one, x, cells[:, 1:]]),
            ("Intercept", "x", "f[b]", "f[c]"),
            (
                TermColumns("Intercept", (0,), "intercept"),
                TermColumns("x", (1,), "numeric"),
                TermColumns("f", (2, 3), "factor", ("f",)),
            ),
        ),
        random=(
            GroupTerm(
                "x | g",
                "g",
                G_LEVELS,
                g,
                np.column_stack([one, x]),
                ("Intercept", "x"),
                (intercept, TermColumns("x", (1,), "numeric")),
            ),
            GroupTerm("1 | h", "h", H_LEVELS, h, one[:, None], ("Intercept",), (intercept,)),
            GroupTerm(
                "0 + f | h",
                "h",
                H_LEVELS,
                h,
                cells,
                ("f[a]", "f[b]", "f[c]"),
                (TermColumns("f", (0, 1, 2), "factor", ("f",)),),
            ),
        ),
        offset=rng.normal(size=N_OBS),
        weights=None,
        data=pd.DataFrame({"x": x, "f": f}, index=np.arange(N_OBS) * 3 + 7),
        n_dropped=0,
        missing={},
    )


_SHAPES = {
    "Intercept": (),
    "x": (),
    "f": ("f_dim",),
    "1|g": ("g__factor_dim",),
    "x|g": ("g__factor_dim",),
    "1|h": ("h__factor_dim",),
    "f|h": ("f__expr_dim", "h__factor_dim"),
    "sd_g__Intercept": (),
    "sd_g__x": (),
    "corr_g": ("corr_g_dim",),
    "sd_h__Intercept": (),
    "sd_h__f[a]": (),
    "sd_h__f[b]": (),
    "sd_h__f[c]": (),
    "corr_h": ("corr_h_dim",),
    "sigma": (),
}
_SIZES = {
    "f_dim": 2,
    "g__factor_dim": 6,
    "h__factor_dim": 5,
    "f__expr_dim": 3,
    "corr_g_dim": 1,
    "corr_h_dim": 3,
}


def _posterior(seed: int = 2) -> xr.Dataset:
    rng = np.random.default_rng(seed)
    variables = {}
    for name, dims in _SHAPES.items():
        values = rng.normal(rng.normal(), 0.5, size=(N_CHAINS, N_DRAWS, *(_SIZES[dim] for dim in dims)))
        if name.startswith("sd_") or name == "sigma":
            values = np.exp(values)
        if name.startswith("corr_"):
            values = np.tanh(values)
        variables[name] = (("chain", "draw", *dims), values)
    return xr.Dataset(variables)


def _joined(posterior: xr.Dataset) -> dict[str, np.ndarray]:
    return {
        name: np.moveaxis(values.to_numpy().reshape(-1, *values.shape[2:]), 0, -1) for name, values in posterior.items()
    }


def _statistics(seed: int = 3) -> xr.Dataset:
    rng = np.random.default_rng(seed)
    shape = (N_CHAINS, N_DRAWS)
    return xr.Dataset(
        {
            "diverging": (("chain", "draw"), np.zeros(shape, dtype=bool)),
            "energy": (("chain", "draw"), rng.normal(size=shape)),
            "reached_max_treedepth": (("chain", "draw"), np.zeros(shape, dtype=bool)),
        }
    )


def build(
    family: Family,
    design: Design | None = None,
    posterior: xr.Dataset | None = None,
    statistics: xr.Dataset | None = None,
    *,
    method: str = "joint",
    target_accept: float = 0.9,
) -> MadeUp:
    design = _design() if design is None else design
    posterior = _posterior() if posterior is None else posterior
    tree = xr.DataTree.from_dict(
        {"posterior": posterior, "sample_stats": _statistics() if statistics is None else statistics}
    )
    priors = {name: Prior("HalfStudentT", (3.0, 14.2)) for name in posterior if str(name).startswith("sd_")}
    fit = Fit(
        design=design,
        family=family,
        priors=priors,  # type: ignore[arg-type]
        posterior=tree,
        method=method,
        reason="as asked",
        sampling=Sampling(
            sampler="nutpie",
            draws=N_DRAWS,
            tune=500,
            chains=posterior.sizes["chain"],
            cores=2,
            seed=11,
            target_accept=target_accept,
            seconds=1.5,
        ),
        diagnostics=diagnose_sampling(tree, design, family.auxiliary),
    )
    return MadeUp(fit, _joined(posterior))


@pytest.fixture(scope="session")
def gaussian() -> MadeUp:
    design = replace(_design(), weights=np.random.default_rng(5).uniform(0.5, 2, N_OBS))
    return build(read_family("gaussian"), design)


@pytest.fixture(scope="session")
def binomial() -> MadeUp:
    rng = np.random.default_rng(4)
    trials = rng.integers(1, 20, N_OBS).astype(float)
    response = Response("p(k, n)", np.floor(trials * rng.uniform(size=N_OBS)), trials)
    return build(read_family("binomial"), replace(_design(), response=response))


@pytest.fixture(scope="session")
def poisson() -> MadeUp:
    counts = np.random.default_rng(6).poisson(3, N_OBS).astype(float)
    return build(read_family("poisson"), replace(_design(), response=Response("k", counts)))


@pytest.fixture(scope="session")
def design() -> Design:
    return _design()


@pytest.fixture
def posterior() -> xr.Dataset:
    """A fresh copy, for tests that plant faults."""
    return _posterior()


@pytest.fixture
def statistics() -> xr.Dataset:
    return _statistics()


@pytest.fixture(scope="session")
def make():
    """`build`, for tests that plant faults."""
    return build
