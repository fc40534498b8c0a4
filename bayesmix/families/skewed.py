"""Skewed responses on the whole line: skew normal and exponentially modified normal."""

from typing import Literal

from bayesmix.families.auxiliary import ALPHA, BETA, SIGMA
from bayesmix.families.record import FamilyRecord, PymcRecipe
from bayesmix.numerics.row_distribution import skewed as rows

type SkewedText = Literal[
    "skew_normal", "skew_normal(identity)",
    "exgaussian", "exgaussian(identity)", "exgauss",
]  # fmt: skip

SKEW_NORMAL = FamilyRecord(
    name="skew_normal",
    links=("identity",),
    response="number",
    auxiliary=(SIGMA, ALPHA),
    distribution=rows.SKEW_NORMAL,
    in_pymc=PymcRecipe("SkewNormalOfMean"),
)

EXGAUSSIAN = FamilyRecord(
    name="exgaussian",
    aliases=("exgauss",),
    resembled=("exgaus",),
    links=("identity",),
    response="number",
    auxiliary=(SIGMA, BETA),
    distribution=rows.EXGAUSSIAN,
    in_pymc=PymcRecipe("ExGaussianOfMean"),
)
