"""What a user asks of counts and loci to be kept, checked at the door."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats, Integers
from bayesmix.errors import ArgumentError, counted, shown
from bayesmix.loci.inputs.count_filter import CountFilter
from bayesmix.loci.inputs.sample_sheet import column


@dataclass(frozen=True)
class FilterSettings:
    """The settings of `CountFilter` as they are asked for.

    `most_quantile`: counts above this quantile of the reads of their sample are left out; None keeps them. `group`: a
    column of the sheet, of which each group has to have `least_per_group` samples at a locus.
    """

    least_reads: int = 1
    most_quantile: float | None = None
    least_samples: int = 1
    least_per_group: int = 0
    group: str | None = None

    def filter(self, sheet: pd.DataFrame, most_reads: Floats) -> CountFilter:
        """The filter; `most_reads` (n_samples,) is what `most_quantile` is for each sample."""
        groups: Integers | None = None
        if self.group is not None:
            groups = pd.factorize(sheet[self.group], use_na_sentinel=False)[0].astype(np.int64)
        return CountFilter(self.least_reads, most_reads, self.least_samples, self.least_per_group, groups)


def checked_filter(settings: FilterSettings, sheet: pd.DataFrame) -> FilterSettings:
    """The settings, if every one of them means something.

    Raises
    ------
    ArgumentError
        One line with the setting and what it may be.
    """
    for name in ("least_reads", "least_samples", "least_per_group"):
        _whole(name, getattr(settings, name))
    if settings.least_samples > len(sheet):
        n_samples = counted(len(sheet), "sample")
        raise ArgumentError(f"least_samples={settings.least_samples}, but the sheet has {n_samples}: no locus is left.")
    share = settings.most_quantile
    if share is not None and not (isinstance(share, int | float) and not isinstance(share, bool) and 0 < share <= 1):
        raise ArgumentError(f"most_quantile is a share of counts, such as 0.999, or None; got {shown(share)}.")
    if (settings.group is None) != (settings.least_per_group == 0):
        raise ArgumentError('group= and least_per_group= go together: group="treatment", least_per_group=2.')
    if settings.group is not None:
        column(sheet, settings.group, "group")
    return settings


def _whole(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ArgumentError(f"{name} is a whole number from 0; got {shown(value)}.")
