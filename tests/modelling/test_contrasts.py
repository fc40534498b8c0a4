"""Fits with coded factors: stored and read again, the PyMC model, and a model without one of its terms."""

import json

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import StoredFitError
from bayesmix.formula.reduce import fixed_reductions
from bayesmix.modelling.reduced import reduced_model
from bayesmix.modelling.storage.description import description_of, from_json, to_json
from bayesmix.modelling.storage.model import model_of

COMPARISONS = {"b-a": "b - a", "c-ab": "c - (a + b) / 2"}
GIVEN = {
    "f": [
        COMPARISONS,
        "sum",
        np.array([[-1.0, 0], [0, -1], [1, 1]]),
        pd.DataFrame({"n": [1, 0, -1]}, index=list("cba")),
    ],
    "h": ["sum"] * 4,
}
SHORT = {"draws": 50, "chains": 2, "seed": 2, "progress": False}


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(6)
    n = 144
    frame = pd.DataFrame(
        {"f": np.resize(list("abc"), n), "h": np.resize(list("uvvuv"), n), "g": np.repeat(np.arange(12), 12)}
    )
    frame["o"] = pd.Categorical(np.resize(["lo", "mid", "hi", "top"], n), ["lo", "mid", "hi", "top"], ordered=True)
    return frame.assign(y=rng.normal(size=n) + (frame["f"] == "b") + rng.normal(size=12)[frame["g"]])


@pytest.mark.parametrize("number", range(4))
def test_stored_and_read_again(number, data, tmp_path):
    contrasts = {"f": GIVEN["f"][number], "h": GIVEN["h"][number]}
    fit = bm.fit("y ~ f * h + o + (1 | g)", data, contrasts=contrasts, **SHORT)
    again = bm.load(bm.save(fit, tmp_path / "fit.nc"))
    assert again.design.fixed.names == fit.design.fixed.names
    np.testing.assert_array_equal(again.design.fixed.matrix, fit.design.fixed.matrix)
    pd.testing.assert_frame_equal(bm.fixef(again), bm.fixef(fit))
    pd.testing.assert_frame_equal(bm.fitted(again), bm.fitted(fit))
    bm.save(again, tmp_path / "again.nc")
    assert str(bm.load(tmp_path / "again.nc")) == str(fit)


def test_ordered_factors_of_earlier_formats_keep_the_coding_that_they_had(data):
    """Up to format 3 each level was compared with the first."""
    fit = bm.fit("y ~ o + (1 | g)", data, contrasts={"o": "treatment"}, **SHORT)
    entries = json.loads(to_json(description_of(fit)))
    del entries["contrasts"]
    earlier = model_of(from_json(json.dumps(entries | {"format": 3})), fit.data, None)
    assert earlier.design.fixed.names == fit.design.fixed.names == ("Intercept", "o[mid]", "o[hi]", "o[top]")
    plain = bm.fit("y ~ x + (1 | g)", data.assign(x=data.index * 1.0), **SHORT)
    assert "contrasts" not in json.loads(to_json(description_of(plain)))


@pytest.mark.parametrize("contrasts", [3, {"f": 3}, {"f": {}}, {"f": {"n": [1, "x"]}}, {"f": {"n": {"a": None}}}])
def test_contrasts_of_a_strangers_file_are_looked_at(contrasts, data):
    fit = bm.fit("y ~ f + (1 | g)", data, **SHORT)
    entries = json.loads(to_json(description_of(fit)))
    with pytest.raises(StoredFitError, match="'contrasts'"):
        from_json(json.dumps(entries | {"contrasts": contrasts}))


def test_a_model_without_a_term_keeps_the_contrasts_of_the_others(data):
    """`rand` and Bayes factors fit it on the same rows: there f is gone, h stays as it was coded."""
    reml = bm.reml("y ~ h + (f | g)", data, contrasts={"f": "sum", "h": "sum"})
    table = bm.rand(reml)
    slope = bm.reml("y ~ h + (1 | g)", data, contrasts={"h": "sum"})
    assert table["loglik"].iloc[1] == pytest.approx(slope.loglik, abs=1e-6)


def test_a_posterior_without_a_fixed_term_is_of_the_other_contrasts(data):
    fit = bm.fit("y ~ f + h + (1 | g)", data, contrasts={"f": "sum", "h": "sum"}, **SHORT)
    without = {part.label: part.formula for part in fixed_reductions(fit.design.formula)}
    assert reduced_model(fit, without["f"]).design.fixed.names == ("Intercept", "h[S.u]")
    assert reduced_model(fit, without["h"]).design.contrasts == {"f": "sum"}


@pytest.mark.slow
def test_the_joint_route_has_the_posterior_of_the_exact_one(data):
    """NUTS on all parameters of the PyMC model, within four Monte Carlo errors; Bambi predicts what we do."""
    formula, contrasts = "y ~ C(f, Sum) * h + (C(f, Sum) | g)", {"h": "helmert"}
    exact = bm.fit(formula, data, contrasts=contrasts, seed=3, draws=2000, progress=False)
    joint = bm.fit(formula, data, contrasts=contrasts, method="joint", seed=3, progress=False)
    assert exact.method == "exact"
    one, other = bm.fixef(exact), bm.fixef(joint)
    error = np.hypot(one["sd"] / np.sqrt(one["ess_bulk"]), other["sd"] / np.sqrt(other["ess_bulk"]))
    assert (np.abs(one["mean"] - other["mean"]) < 4 * error).all()
    assert set(joint.pymc_model.named_vars) >= {"C(f)", "h", "C(f):h", "sd_g__C(f)[S.a]", "C(f)|g"}
    model = bm.bambi_model(joint)
    predicted = model.predict(joint.posterior, data=data.head(9), inplace=False).posterior["mu"]
    expected = bm.fitted(joint)["mean"].to_numpy()[:9]
    np.testing.assert_allclose(predicted.mean(("chain", "draw")), expected, rtol=1e-8)
