"""The curve of evidence against the prior's scale shows the numbers of the table."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import bayesmix as bm
from bayesmix.errors import UnknownTermError


@pytest.fixture(scope="module")
def dyestuff():
    return bm.fit("Yield ~ 1 + (1 | Batch)", bm.load_data("Dyestuff2"), draws=100, seed=1, progress=False)


def test_the_line_is_the_table_and_is_drawn_where_it_is_told(dyestuff):
    ax = Figure().subplots()
    assert bm.plot_sensitivity(dyestuff, "1 | Batch", ax=ax) is ax
    table = bm.prior_sensitivity(dyestuff, drop="(1 | Batch)")
    curve = next(line for line in ax.lines if len(line.get_xdata()) == len(table))
    np.testing.assert_allclose(curve.get_xdata(), table.index)
    np.testing.assert_allclose(curve.get_ydata(), table["log10_bf"])
    point = next(line for line in ax.lines if line.get_marker() == "o")
    assert float(point.get_ydata()[0]) == pytest.approx(bm.bayes_factor(dyestuff, drop="(1 | Batch)").log10_bf)
    assert any(str(dyestuff.priors["sd_Batch__Intercept"]) in text.get_text() for text in ax.texts)
    low, high = ax.get_ylim()
    assert low < table["log10_bf"].min()
    assert high > 0


def test_fixed_terms_have_a_curve_of_their_own_prior():
    fit = bm.fit("yield ~ irrigation + variety", bm.load_data("irrigation"), draws=20, seed=1, progress=False)
    ax = bm.plot_sensitivity(fit, ["variety"], scale=0.4)
    words = {text.get_text() for text in [*ax.texts, *ax.get_figure().texts]}
    assert {"Evidence for variety", "Cauchy(0.4) * sigma"} <= words
    table = bm.prior_sensitivity(fit, "variety", scale=0.4)
    curve = next(line for line in ax.lines if len(line.get_xdata()) == len(table))
    np.testing.assert_allclose(curve.get_ydata(), table["log10_bf"])


def test_what_is_not_there_is_refused(dyestuff):
    with pytest.raises(UnknownTermError, match="Batch"):
        bm.plot_sensitivity(dyestuff, "(1 | batch)")
