"""Methylation counts at many loci, cells at 0 % and 100 % among them: nothing runs away and all converges.

The simulated loci were made outside this package; the truth that their counts were drawn from stands beside them.
"""

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm

pytestmark = pytest.mark.slow

SETTINGS = {"draws": 500, "progress": False}
FARTHEST, WIDEST = 8, 3  # on the logit scale
CELLS = [("ctl", "t1"), ("trt", "t1"), ("ctl", "t2"), ("trt", "t2")]
OF_CELLS = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1]])  # cells' logits from coefficients


def figures(fit):
    """What must hold of every fit, whatever the data."""
    parameters, fixed = fit.diagnostics.parameters, bm.fixef(fit)
    return {
        "method": fit.method,
        "runs_away": bool((fixed["mean"].abs() > FARTHEST).any() or (fixed["sd"] > WIDEST).any()),
        "divergent": fit.diagnostics.n_divergent,
        "ess": parameters[["ess_bulk", "ess_tail"]].min(axis=None),
        "rhat": parameters["rhat"].max(),
        "trusted": bool(fit.diagnostics.importance) and fit.diagnostics.importance.pareto_k < 0.7,
    }


def test_two_hundred_simulated_loci(simulated_loci):
    """Intervals of the 150 regular loci cover as they say; at the 50 others the direction is that of the cell."""
    rows, inside, directions = [], [], []
    for locus, data in simulated_loci.groupby("locus"):
        fit = bm.fit("cbind(m, u) ~ treatment * time + (1 | tank)", data, "binomial", seed=int(locus), **SETTINGS)
        rows.append(figures(fit))
        fixed = bm.fixef(fit)
        if not data["boundary"].any():
            logits = data.groupby(["treatment", "time"])["true_logit"].first()
            truth = np.linalg.solve(OF_CELLS, [logits[cell] for cell in CELLS])
            inside.append((fixed["lower"] <= truth) & (truth <= fixed["upper"]))
            continue
        cell = CELLS.index(tuple(data["boundary_cell"].iloc[0].split(":")))
        means = OF_CELLS @ fixed["mean"]
        others = np.delete(means, cell).mean()
        directions.append(np.sign(means[cell] - others) == (1 if data["boundary_value"].iloc[0] == 1 else -1))
    found = pd.DataFrame(rows)
    assert (found["method"] == "quadrature").all()
    assert not found["runs_away"].any()
    assert (found["divergent"] == 0).all()
    assert found["ess"].min() > 400
    assert found["rhat"].max() < 1.02  # of 500 draws a chain; these are parts of one weighted sample
    assert found["trusted"].all()
    assert len(directions) == 50
    assert all(directions)
    assert len(inside) == 150
    assert 0.92 < np.mean(inside) < 0.98


def test_twenty_real_loci(course_file):
    data = pd.read_csv(course_file("oyster_20loci.csv")).astype({"Treatment": str, "Day": str})
    rows = [
        figures(
            bm.fit(
                "cbind(methylated, unmethylated) ~ Treatment * Day + (1 | tankID)", own, "binomial", seed=1, **SETTINGS
            )
        )
        for _, own in data.groupby("pos")
    ]
    found = pd.DataFrame(rows)
    assert len(found) == 20
    assert (found["method"] == "quadrature").all()
    assert not found["runs_away"].any()
    assert (found["divergent"] == 0).all()
    assert found["ess"].min() > 400
    assert found["trusted"].all()
