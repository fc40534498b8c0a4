"""A random term within an interaction is not tested alone: its model is the same in other columns."""

import pytest

import bayesmix as bm
from bayesmix.errors import UnknownTermError

FORMULA = "intelligence ~ wingspan * scales + (wingspan * scales | mountain)"
PART = "in (wingspan + scales + wingspan:scales | mountain)"


def test_rand_has_the_row_of_lmertest_alone():
    """Without wingspan the columns of wingspan:scales span the same: df 0, and nothing was tested."""
    data = bm.load_data("dragons_simulated")
    table = bm.rand(bm.reml(FORMULA, data))
    assert table.index.tolist() == ["<none>", f"wingspan:scales {PART}"]
    smaller = bm.reml("intelligence ~ wingspan * scales + (wingspan + scales | mountain)", data)
    assert table["loglik"].iloc[1] == pytest.approx(smaller.loglik, abs=1e-6)
    assert table["df"].iloc[1] == 4


def test_it_is_explained_and_not_denied():
    fit = bm.fit(FORMULA, bm.load_data("dragons_simulated"), draws=50, chains=2, seed=1, progress=False)
    for question in (bm.bayes_factor, bm.prior_sensitivity):
        with pytest.raises(UnknownTermError) as caught:
            question(fit, drop=f"scales {PART}")
        assert "is contained in wingspan:scales, which" in str(caught.value)
        assert f"drop 'wingspan:scales {PART}' first" in str(caught.value)
