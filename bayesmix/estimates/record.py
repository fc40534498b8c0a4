"""What the records of all estimates have in common."""

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.display import Printed
from bayesmix.formula.design import Design
from bayesmix.hints import Hinted


class Estimates(Hinted, Printed):
    """Estimates of a model; `design` holds its arrays and the rows of data that were used."""

    design: Design

    @property
    def formula(self) -> str:
        """The formula as it was written."""
        return self.design.formula.text

    @property
    def data(self) -> pd.DataFrame:
        """The rows of data that were used."""
        return self.design.data


class MixedEstimates(Estimates):
    """Estimates of a mixed model, with their `criterion`: -2 log likelihood."""

    criterion: float
    beta: Floats
    theta: Floats

    @property
    def n_parameters(self) -> int:
        """Coefficients and theta."""
        return len(self.beta) + len(self.theta)

    @property
    def loglik(self) -> float:
        return -self.criterion / 2

    @property
    def aic(self) -> float:
        return self.criterion + 2 * self.n_parameters

    @property
    def bic(self) -> float:
        return self.criterion + float(np.log(self.design.n_obs)) * self.n_parameters
