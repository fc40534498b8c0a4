"""VerbAgg, grouseticks and cbpp on the joint path beside their maximum likelihood fits, where both should be near."""

import numpy as np
import pytest

from bayesmix.data import load_data
from bayesmix.inference.checks.diagnose import diagnose
from bayesmix.inference.tables.fixef import fixef
from bayesmix.inference.tables.ranef import ranef
from bayesmix.inference.tables.varcorr import varcorr
from bayesmix.modelling.fit import fit
from bayesmix.modelling.laplace import laplace

pytestmark = pytest.mark.slow

MODELS = {
    "VerbAgg": ("r2 ~ Anger + Gender + btype + situ + (1 | id) + (1 | item)", "bernoulli"),
    "grouseticks": ("TICKS ~ YEAR + cHEIGHT + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION)", "poisson"),
    "cbpp": ("cbind(incidence, size - incidence) ~ period + (1 | herd)", "binomial"),
}


def beside(name: str, *, chains: int = 4):
    formula, family = MODELS[name]
    posterior = fit(formula, load_data(name), family, method="joint", chains=chains, seed=1, progress=False)
    return posterior, laplace(formula, load_data(name), family)


def modes_agree(posterior, likelihood, group: str, within: float) -> None:
    """Posterior means of a group's effects follow the conditional modes."""
    both = [frame[frame["group"] == group] for frame in (ranef(posterior), ranef(likelihood))]
    assert np.corrcoef(both[0]["mean"], both[1]["estimate"])[0, 1] > within


def near(posterior, likelihood, *, coefficients: float, sds: float) -> None:
    """Coefficients within a share of a standard error, sds within a factor. The posterior allows for unknown sds."""
    ours, theirs = fixef(posterior), fixef(likelihood)
    assert (np.abs(ours["mean"] - theirs["estimate"]) / theirs["se"]).max() < coefficients
    assert (ours["sd"] / theirs["se"]).between(0.85, 1.3).all()
    ratio = varcorr(posterior)["median"] / varcorr(likelihood)["estimate"]
    assert ratio.between(1 / sds, sds).all(), ratio


def test_verbagg():
    """316 persons, 24 items: centred both, one attempt, thousands of effective draws."""
    posterior, likelihood = beside("VerbAgg")
    assert posterior.sampling.centred == ("1 | id", "1 | item")
    assert len(posterior.diagnostics.ladder) == 1
    assert posterior.diagnostics.parameters["ess_bulk"].min() > 1500
    assert "problem" not in set(diagnose(posterior)["severity"])
    near(posterior, likelihood, coefficients=0.3, sds=1.15)
    modes_agree(posterior, likelihood, "id", 0.999)
    modes_agree(posterior, likelihood, "item", 0.99)


def test_cbpp():
    posterior, likelihood = beside("cbpp")
    assert len(posterior.diagnostics.ladder) == 1
    assert "problem" not in set(diagnose(posterior)["severity"])
    near(posterior, likelihood, coefficients=0.35, sds=1.25)
    modes_agree(posterior, likelihood, "herd", 0.99)


def test_grouseticks():
    """One effect for every row, and broods that all but stand for their locations. Of two chains and 588 parameters one
    may have an R-hat just above 1.01 by chance: the same chains then go on."""
    posterior, likelihood = beside("grouseticks", chains=2)
    assert len(posterior.diagnostics.ladder) <= 2
    assert posterior.diagnostics.ladder["min_ess"].min() > 500
    assert posterior.diagnostics.parameters["ess_bulk"].min() > 500
    assert "problem" not in set(diagnose(posterior)["severity"])
    near(posterior, likelihood, coefficients=0.35, sds=1.25)
    modes_agree(posterior, likelihood, "BROOD", 0.98)
