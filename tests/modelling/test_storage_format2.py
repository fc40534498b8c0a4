"""Fits that format 2 stored, before files had a checksum, are still read, with the tables that they gave then.

Each file holds 2 chains of 40 draws, seed 3: `Reaction ~ Days + (Days | Subject)` of sleepstudy with a prior given;
cbpp by importance sampling; an ordered factor, levels with `/`, `,` and Greek letters, and missing values; NUTS on all
parameters with a formula for sigma. `format2_tables.json` holds what the version that wrote them answered.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.priors.prior import to_text

FILES = Path(__file__).parent / "files"
TABLES = json.loads((FILES / "format2_tables.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", TABLES)
def test_a_fit_of_format_2_loads_with_the_same_tables(name):
    fit, then = bm.load(FILES / f"format2_{name}.nc"), TABLES[name]
    assert (list(fit.formulas), str(fit.family)) == (then["formulas"], then["family"])
    renamed = {"marginal": "exact" if fit.family.is_gaussian_identity else "quadrature"}
    assert fit.method == renamed.get(then["method"], then["method"])
    assert (len(fit.data), fit.design.n_dropped, fit.design.missing) == tuple(
        then[key] for key in ("rows", "n_dropped", "missing")
    )
    assert {parameter: to_text(prior) for parameter, prior in fit.priors.items()} == then["priors"]
    for question in (bm.fixef, bm.varcorr, bm.ranef):
        assert_same_table(question(fit), then[question.__name__], fit.sampling.sampler)


def assert_same_table(table: pd.DataFrame, then: dict[str, list], sampler: str) -> None:
    """Equal but for the order in which another processor may sum: 1e-13 of the numbers' own size.

    Effective sizes of importance sampling came from an autocorrelation then; here 80 draws are 80 values.
    """
    now = table.reset_index()
    assert list(now) == list(then)
    for column, values in then.items():
        if sampler == "importance" and column.startswith("ess_"):
            np.testing.assert_allclose(now[column], 80)
        elif pd.api.types.is_numeric_dtype(now[column]):
            np.testing.assert_allclose(now[column], np.array(values, dtype=float), rtol=1e-13, atol=1e-13)
        else:
            assert now[column].fillna("").tolist() == ["" if value != value else value for value in values]
