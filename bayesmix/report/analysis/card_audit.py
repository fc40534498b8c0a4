"""The audit of a card's fit: done beside the analysis, which an audit that ends early does not cost."""

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from bayesmix.errors import BayesmixError, EndedError, one_line
from bayesmix.inference.checks.audit import audit
from bayesmix.inference.checks.audit_record import Audit
from bayesmix.modelling.record import Fit
from bayesmix.report.pages.audit_summary import wrapped

FILE = "audit.csv"


@dataclass(frozen=True)
class CardAudit:
    """What NUTS says of the fit (`found`), or why it says nothing (`failure`); the `seconds` that it took."""

    found: Audit | None
    failure: str
    seconds: float

    @property
    def told(self) -> str:
        """In one line."""
        return self.found.sentence if self.found else self.failure

    @property
    def text(self) -> str:
        """As the summary prints it, at most 80 columns wide."""
        return "\n".join(wrapped(f"Audit: {self.told}"))


def audit_of(fit: Fit, *, progress: bool) -> CardAudit:
    """The audit of a fit; one that fails, or that Ctrl-C stops, is a record that says so.

    Raises
    ------
    EndedError
        The system asks to end: nothing more is done.
    """
    started = perf_counter()
    found, failure = None, ""
    try:
        found = audit(fit, progress=progress)
    except EndedError:
        raise
    except KeyboardInterrupt:
        failure = 'interrupted; bm.audit(bm.load("fit.nc")) does it.'
    except BayesmixError as error:
        failure = f"not done: {error}"
    except Exception as error:  # whatever it is, the fit and its results are worth more
        failure = one_line(f"not done: {type(error).__name__}: {error}")
    return CardAudit(found, failure, perf_counter() - started)


def write_audit(done: CardAudit, folder: Path) -> None:
    """Write ``audit.csv``; nothing where there is no table."""
    if done.found:
        table = done.found.table.reset_index()
        table.to_csv(folder / FILE, index=False, encoding="utf-8", lineterminator="\n")
