"""At which values covariates stand in a reference grid: at what reduces their values in the data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, shown
from bayesmix.inference.means.cells import distinct_numbers, mean_of

Reduce = str | Callable[[Floats], Any]
CovReduce = Reduce | Mapping[str, Reduce]

_NAMED: dict[str, Callable[[Floats], Any]] = {
    "mean": mean_of,
    "median": np.median,
    "range": lambda values: np.unique([values.min(), values.max()]),
}


@dataclass(frozen=True)
class Reduction:
    """What makes values in the grid of those in the data: `of_all` covariates, or `own` by their names."""

    of_all: Reduce = "mean"
    own: Mapping[str, Reduce] | None = None

    @property
    def named(self) -> tuple[str, ...]:
        return tuple(self.own or ())

    def values(self, name: str, numbers: Floats) -> list[float]:
        """The values of a covariate, of the numbers (n_obs,) in the data.

        Raises
        ------
        ArgumentError
            The function fails, or gives what is no number or several.
        """
        reduce = (self.own or {}).get(name, self.of_all)
        function = _NAMED[reduce] if isinstance(reduce, str) else reduce
        try:
            found = function(numbers.copy())
        except Exception as error:  # of users' functions anything may come
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ArgumentError(
                f"cov_reduce of {name!r} fails ({shown(first)}); it is a function of the values in the data, such as "
                'np.median; "range" gives both ends.'
            ) from None
        return distinct_numbers(found, argument=f"cov_reduce of {name!r}")


def read_reduction(cov_reduce: Any) -> Reduction:
    """The reduction that an argument means; covariates that a mapping leaves out stand at their means.

    Raises
    ------
    ArgumentError
        It is no function, nor functions by covariate.
    """
    if isinstance(cov_reduce, Mapping):
        for reduce in cov_reduce.values():
            _checked(reduce)
        return Reduction(own=dict(cov_reduce))
    return Reduction(_checked(cov_reduce))


def _checked(reduce: Any) -> Reduce:
    if callable(reduce) or (isinstance(reduce, str) and reduce in _NAMED):
        return reduce
    raise ArgumentError(
        'cov_reduce is "mean", "median", "range" or a function of the values of a covariate, such as np.median, or a '
        f'mapping of them by covariate, {{"x": np.median}}; got {shown(reduce)}.'
    )
