"""`PooledPriors`, what many loci together say of the priors of each: estimated once, kept with all that used them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from bayesmix.errors import DataError

PRIORS_OF_DRAWS = "priors"
"""Where the `attrs` of kept draws have the priors that were given, by parameter."""
COLUMNS = ("parameter", "prior", "before", "gain", "n_loci", "effective")


@dataclass(frozen=True, repr=False)
class PooledPriors:
    """`priors`: a text for each parameter, as `bm.fit` takes them.

    `table`: a row for each parameter with its ``prior``, the one ``before``, ``gain``, by how much the log evidence of
    a locus rises in the mean, ``n_loci``, and ``effective``, the draws that stand for the posterior of a locus under
    the new prior, at the tenth of the loci that have the fewest.
    """

    priors: Mapping[str, str]
    table: pd.DataFrame

    def __repr__(self) -> str:
        return self.table.to_string(index=False, float_format=lambda value: f"{value:.3g}")

    @property
    def lines(self) -> tuple[str, ...]:
        """Each prior in words, with the loci that it was estimated from."""
        rows = self.table.to_dict("records")
        return tuple(
            f"{row['parameter']}: {row['prior']}, pooled over {row['n_loci']} loci, before {row['before']}"
            for row in rows
        )


def pooled_from_rows(rows: list[dict[str, object]]) -> PooledPriors:
    """The record of these rows, one for each parameter."""
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return PooledPriors(dict(zip(table["parameter"], table["prior"], strict=True)), table)


def as_text(pooled: PooledPriors | None) -> str:
    """The priors as a store keeps them; empty where there are none."""
    return "" if pooled is None else json.dumps(pooled.table.to_dict("records"), ensure_ascii=False)


def from_text(text: str) -> PooledPriors | None:
    """What `as_text` wrote.

    Raises
    ------
    DataError
        Something else wrote it.
    """
    if not text:
        return None
    try:
        rows = json.loads(text)
        if not all(set(row) == set(COLUMNS) for row in rows):
            raise ValueError("other columns")
    except (ValueError, TypeError) as error:
        raise DataError(f"The pooled priors of a store cannot be read: {error}.") from None
    return pooled_from_rows(rows)
