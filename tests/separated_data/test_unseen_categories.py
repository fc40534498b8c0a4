"""Cells in which a category never occurs, against the theorem of Albert & Anderson by linear programming."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from bayesmix.errors import PriorError
from bayesmix.families.family import read_family
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design
from bayesmix.modelling.separation_notice import require_bounded
from bayesmix.priors.default_priors import default_priors
from bayesmix.priors.settled import settle_priors
from bayesmix.separated_data.categories import unseen_categories, unseen_line

CATEGORIES = np.array(["a", "b", "c"])


def a_design(formula, data):
    return build_design(parse_formulas(formula).mean, data, response="nominal", auxiliary=())


def is_separated(design):
    """Whether coefficients exist that make no row's category less probable against any other, and some row's more."""
    X, y = design.parts["mub"].fixed.matrix, design.response.values.astype(int) - 1
    rows = []
    for x, own in zip(X, y, strict=True):
        for other in range(3):
            if other != own:
                signs = (np.arange(1, 3) == own).astype(float) - (np.arange(1, 3) == other)
                rows.append(np.concatenate([sign * x for sign in signs]))
    A = np.array(rows)
    found = linprog(-A.sum(axis=0), A_ub=-A, b_ub=np.zeros(len(A)), bounds=(-1, 1))
    assert found.status == 0
    return -found.fun > 1e-6


@pytest.mark.parametrize("formula", ["y ~ f", "y ~ f * h", "y ~ f + h"])
def test_a_saturated_model_is_separated_where_a_category_is_not_seen(formula):
    """Without the product, combinations may separate too: then it is so in one direction alone."""
    outcomes = set()
    for seed in range(12):
        rng = np.random.default_rng(seed)
        n = 60
        data = pd.DataFrame({"f": CATEGORIES[rng.integers(0, 3, n)], "h": rng.integers(0, 2, n).astype(str)})
        p = np.array([0.5, 0.4, 0.1]) if seed % 2 else np.array([0.1, 0.2, 0.7])
        data["y"] = [*CATEGORIES, *rng.choice(CATEGORIES, n - 3, p=p)]
        design = a_design(formula, data)
        found = bool(unseen_categories(design))
        assert found <= is_separated(design)
        assert found == is_separated(design) or formula == "y ~ f + h"
        outcomes.add(found)
    assert outcomes == {False, True} or formula == "y ~ f * h"


@pytest.fixture
def data() -> pd.DataFrame:
    f = np.repeat(["u", "v"], 12)
    y = np.where(f == "u", CATEGORIES[np.arange(24) % 3], CATEGORIES[np.arange(24) % 2])
    return pd.DataFrame({"y": y, "f": f, "x": np.arange(24) % 7 * 1.0})


def test_what_is_said(data):
    lines = [unseen_line(unseen) for unseen in unseen_categories(a_design("y ~ f + x", data))]
    assert lines == ["f v: c in 0 of 12 rows; its log odds there to -infinity"]
    never_a = data.assign(y=data["y"].replace({"a": "c", "c": "a"}))
    (line,) = [unseen_line(unseen) for unseen in unseen_categories(a_design("y ~ f", never_a))]
    assert line == "f v: a, the reference, in 0 of 12 rows; all log odds against it there to +infinity"
    assert unseen_categories(a_design("y ~ x + f:x", data)) == ()  # no intercept of its own at v


def test_flat_priors_are_refused_there(data):
    design, family = a_design("y ~ f", data), read_family("categorical")
    priors = settle_priors(default_priors(design, family), {"muc_f[v]": "Flat()"})
    with pytest.raises(PriorError, match=r"f v: c in 0 of 12 rows.*muc_f\[v\] is Flat\(\)"):
        require_bounded(design, family, priors)
