"""What tests of several rooms share."""

import gc
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

# PyTensor notes for every variable of a graph which lines made it; that takes a good part of the time to build a model.
os.environ.setdefault("PYTENSOR_FLAGS", "traceback__limit=0")

REFERENCES = Path(__file__).parent / "references"
COURSE_FILES = Path(__file__).parents[2] / "shared" / "data"
# The Gaussian fits of lme4.json: the data set of each, and its formula as bayesmix writes it.
LME4_GAUSSIAN = {
    "sleepstudy_int": ("sleepstudy", "Reaction ~ Days + (1 | Subject)"),
    "sleepstudy_corr": ("sleepstudy", "Reaction ~ Days + (Days | Subject)"),
    "sleepstudy_slope": ("sleepstudy", "Reaction ~ Days + (0 + Days | Subject)"),
    "sleepstudy_uncorr": ("sleepstudy", "Reaction ~ Days + (Days || Subject)"),
    "Dyestuff": ("Dyestuff", "Yield ~ 1 + (1 | Batch)"),
    "Dyestuff2": ("Dyestuff2", "Yield ~ 1 + (1 | Batch)"),
    "Penicillin": ("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)"),
    "Pastes": ("Pastes", "strength ~ 1 + (1 | batch/cask)"),
    # Here temperature has polynomial contrasts: coefficients differ, effects and fitted values do not.
    "cake": ("cake", "angle ~ recipe * temperature + (1 | recipe:replicate)"),
    "cake_unordered_temperature": ("cake", "angle ~ recipe * temperature + (1 | recipe:replicate)"),
}
# The data set of every fit there.
LME4_SETS = {name: source for name, (source, _) in LME4_GAUSSIAN.items()} | {
    "cbpp": "cbpp",
    "grouseticks": "grouseticks",
    "grouseticks_cHEIGHT": "grouseticks",
    "VerbAgg": "VerbAgg",
}


# Files that have different kernels compiled, where none are there yet: they come first, so that two processes do not
# compile the same ones at the same time.
COMPILE_MOST = (
    "loci/engine/test_fit_block.py",
    "numerics/test_reml.py",
    "modelling/test_counts.py",
    "numerics/test_gaussian_conditional.py",
    "modelling/test_joint_kernel.py",
    "numerics/test_laplace.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that compile most before all others."""
    tests = Path(__file__).parent
    place = {tests / name: number for number, name in enumerate(COMPILE_MOST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: the collector of garbage need not look through them hundreds of times."""
    gc.freeze()
    gc.set_threshold(20_000)


@pytest.fixture(scope="session")
def lme4() -> dict[str, dict[str, Any]]:
    """What R's lme4, lmerTest and pbkrtest found, by the name of the fit."""
    stored = json.loads((REFERENCES / "lme4.json").read_text(encoding="utf-8"))
    return {name: fit for name, fit in stored.items() if "formula" in fit}


@pytest.fixture(scope="session")
def brms() -> dict[str, Any]:
    """Posterior summaries of R's brms, over several seeds each."""
    return json.loads((REFERENCES / "brms.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def survreg() -> dict[str, Any]:
    """Fits of censored times by R's survreg, and their rows."""
    return json.loads((REFERENCES / "survreg.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def multinom() -> dict[str, Any]:
    """The fit of three categories by multinom of R's nnet, and its rows."""
    return json.loads((REFERENCES / "multinom.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def exact_log_marginal() -> dict[str, Any]:
    """Logarithms of marginal likelihoods by quadrature, by data set and formula."""
    return json.loads((REFERENCES / "exact_log_marginal.json").read_text(encoding="utf-8"))


@pytest.fixture
def simulated_loci() -> pd.DataFrame:
    """Counts of 200 loci with the truth that they were drawn from, 50 of them with a cell at 0 % or 100 %."""
    return pd.read_csv(REFERENCES / "meth_sim.csv.gz")


@pytest.fixture(scope="session")
def course_file() -> Callable[[str], Path]:
    """The path of a file that may not be shipped with bayesmix; the test is skipped where it is not there."""

    def path_of(name: str) -> Path:
        if not (COURSE_FILES / name).is_file():
            pytest.skip(f"{name} may not be shipped with bayesmix, and ../shared/data does not hold it")
        return COURSE_FILES / name

    return path_of


@pytest.fixture(scope="session")
def overlaps() -> Callable[..., bool]:
    """Whether data have a finite maximum likelihood estimate, by the other side of the theorem of alternatives.

    Stiemke (1915): either some direction raises a row's likelihood and lowers none's, or the rows balance: with weights
    of at least 1 for rows with one outcome, and any for the others, the sum of the rows is 0 in every column.
    """

    def balanced(X: np.ndarray, y: np.ndarray, trials: np.ndarray | None) -> bool:
        keep = np.ones(len(y), dtype=bool) if trials is None else trials > 0
        X, y = X[keep] / np.abs(X).max(axis=0), y[keep]
        sign = np.where(y == 0, -1.0, 0.0)
        if trials is not None:
            sign = np.where(y == trials[keep], 1.0, sign)
        pure = sign != 0
        found = linprog(
            np.zeros(len(y)),
            A_eq=(np.where(pure, sign, 1.0)[:, None] * X).T,
            b_eq=np.zeros(X.shape[1]),
            bounds=[(1, None) if one else (None, None) for one in pure],
            method="highs-ipm",
        )
        assert found.status in (0, 2)
        return found.status == 0

    return balanced
