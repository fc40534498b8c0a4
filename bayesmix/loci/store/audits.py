"""What was audited in a store: the loci called significant for an effect, and how far screening was off there."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from bayesmix.disk import read_regular, write_whole
from bayesmix.errors import DataError

NAME = "audits.json"


@dataclass(frozen=True)
class AuditRecord:
    """How loci were selected: `effect`, `q`, `method`, `prior_sd`; how many were, and how many NUTS fitted again.

    `greatest_z`: the greatest difference there between both, in Monte Carlo standard errors; None where no locus was
    screened.
    """

    effect: str
    q: float
    method: str
    prior_sd: float | None
    n_selected: int
    n_again: int
    greatest_z: float | None

    @property
    def line(self) -> str:
        """The record in words."""
        off = "" if self.greatest_z is None else f", means at most {self.greatest_z:.1f} Monte Carlo errors apart"
        return (
            f"{self.n_selected:,} selected for {self.effect} at q {self.q:g} ({self.method}), of which NUTS fitted "
            f"{self.n_again:,} again{off}"
        )

    def asks_the_same(self, other: "AuditRecord") -> bool:
        """Whether both selected in the same way."""
        mine, others = ((one.effect, one.q, one.method, one.prior_sd) for one in (self, other))
        return mine == others


def read_audits(folder: Path) -> tuple[AuditRecord, ...]:
    """The audits of a store, the oldest first.

    Raises
    ------
    DataError
        The file was changed.
    """
    path = folder / NAME
    try:
        return tuple(AuditRecord(**record) for record in json.loads(read_regular(path)))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{str(path)!r} cannot be read: {error}.") from None


def keep_audit(folder: Path, audit: AuditRecord) -> None:
    """Keep an audit, in the place of one that asked the same."""
    others = [one for one in read_audits(folder) if not one.asks_the_same(audit)]
    records = [asdict(one) for one in (*others, audit)]
    write_whole(folder / NAME, (json.dumps(records, indent=1) + "\n").encode())
