"""What is wrong with a model of loci is said once, before a locus is fitted."""

import numpy as np
import pytest

from bayesmix.errors import BayesmixError, DataError
from bayesmix.loci.engine.model import loci_model
from bayesmix.loci.engine.settings import LociSettings

FORMULA = "cbind(methylated, unmethylated) ~ treatment * time + (1 | tank)"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"formula": FORMULA.replace("treatment", "tretment")}, "tretment"),
        ({"family": "binomal"}, "binomal"),
        ({"priors": {"treatment[x]": "Normal(0, 1)"}}, "treatment"),
        ({"contrasts": "treatment[trt] + time[t3]"}, "time"),
        ({"contrasts": {"late": {"time[t3]": 1}}}, "time"),
        ({"contrasts": "treatment[trt] < 0.5"}, "compares with a number"),
        ({"functions": {"twice": lambda x: 2 * x}}, "cannot be sent to other processes"),
        ({"settings": LociSettings(sampler="nut")}, "Did you mean 'nuts'"),
        ({"settings": LociSettings(draws=2)}, "draws is a whole number of at least 8"),
        ({"settings": LociSettings(prob=95)}, "prob is a number between 0 and 1"),
    ],
)
def test_what_is_wrong_with_a_model_is_said_before_a_locus_is_fitted(sheet, block, wrong, message):
    given = {"formula": FORMULA, "family": "binomial", **wrong}
    with pytest.raises(BayesmixError, match=message):
        loci_model(given.pop("formula"), sheet, example=block, **given)


def test_a_model_compares_columns_of_the_sheet_alone(sheet, block):
    with pytest.raises(DataError, match="both have methylated"):
        loci_model(FORMULA, sheet.assign(methylated=1), example=block, family="binomial")


def test_a_random_share_is_audited():
    settings = LociSettings(seed=3, audit=0.02)
    share = np.mean([settings.audits(f"cg{number}") for number in range(20_000)])
    assert abs(share - 0.02) < 4 * np.sqrt(0.02 * 0.98 / 20_000)
