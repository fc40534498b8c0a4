"""Links against values that 50-digit arithmetic gives."""

import numpy as np
import pytest

from bayesmix.numerics.links import LINKS

# Values of the inverse link, from the definitions in exact or 50-digit arithmetic.
INVERSES = [
    ("identity", -2.5, -2.5),
    ("log", -700.0, 9.859676543759770e-305),
    ("log", 1.0, 2.718281828459045),
    ("logit", 0.0, 0.5),
    ("logit", -800.0, 0.0),
    ("logit", 1000.0, 1.0),
    ("logit", -40.0, 4.248354255291589e-18),
    ("probit", 1.0, 0.8413447460685429),
    ("probit", -10.0, 7.619853024160526e-24),
    ("cloglog", 0.0, 0.6321205588285577),
    ("cloglog", -40.0, 4.248354255291589e-18),
    ("cloglog", 2000.0, 1.0),
]


@pytest.mark.parametrize(("name", "predictor", "mean"), INVERSES)
def test_inverse_values(name, predictor, mean):
    result = LINKS[name].inverse(np.array([predictor]))
    np.testing.assert_allclose(result, [mean], rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize("name", LINKS)
def test_link_undoes_inverse(name):
    predictor = np.array([-3.0, -0.5, 0.2, 1.2])
    np.testing.assert_allclose(LINKS[name].link(LINKS[name].inverse(predictor)), predictor, rtol=1e-10)
