"""Which further parameters, with formulas of their own, the expected response depends on."""

from collections.abc import Mapping
from functools import singledispatch

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.formula.design import Design
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer


class _Read(dict[str, Floats]):
    """Parameters that remember which of them were asked for."""

    def __init__(self, values: Mapping[str, Floats]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Floats:
        self.asked.add(name)
        return super().__getitem__(name)


@singledispatch
def parts_of_mean(fit: object) -> dict[str, Design]:
    """The predictors of those parameters, by name: of a zero-inflated count that of `zi`, if it has a formula."""
    raise no_answer(parts_of_mean, fit, question="emmeans")


@parts_of_mean.register
def _of_posterior(fit: Fit) -> dict[str, Design]:
    if not fit.design.parts or fit.family.record.ordered_categories is not None:
        return {}
    one = np.full((1, 1), 0.5)
    read = _Read({"mu": one, "weights": one, "trials": one} | dict.fromkeys(fit.family.auxiliary, one))
    fit.family.record.distribution.mean(read)
    return {name: part for name, part in fit.design.parts.items() if name in read.asked}


@parts_of_mean.register
def _of_estimates(fit: RemlFit | LmFit | LaplaceFit) -> dict[str, Design]:
    return {}
