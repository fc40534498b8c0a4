"""Normal responses, and Student's t for outliers."""

from typing import Literal

from bayesmix.families.auxiliary import NU, SIGMA
from bayesmix.families.record import FamilyRecord, PymcRecipe
from bayesmix.numerics.row_distribution import continuous as rows

type GaussianText = Literal[
    "gaussian", "gaussian(identity)", "gaussian(log)",
    "student_t", "student_t(identity)", "student_t(log)",
    "student", "t",
]  # fmt: skip

GAUSSIAN = FamilyRecord(
    name="gaussian",
    called="linear",
    resembled=("normal", "norm"),
    links=("identity", "log"),
    response="real",
    auxiliary=(SIGMA,),
    distribution=rows.GAUSSIAN,
    in_pymc="gaussian",
    censored="CensoredNormal",
)

STUDENT_T = FamilyRecord(
    name="student_t",
    aliases=("student", "t"),
    links=("identity", "log"),
    response="real",
    auxiliary=(SIGMA, NU),
    distribution=rows.STUDENT_T,
    in_pymc=PymcRecipe("StudentT"),
)
