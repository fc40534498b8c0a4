"""The audit of a card's fit, which does not cost the analysis if it ends early."""

from dataclasses import dataclass
from time import perf_counter

from bayesmix.errors import BayesmixError, EndedError, one_line
from bayesmix.inference.checks.audit import audit
from bayesmix.inference.checks.audit_record import Audit
from bayesmix.modelling.record import Fit
from bayesmix.report.pages.audit_summary import WIDTH
from bayesmix.report.pages.page import wrapped


@dataclass(frozen=True)
class CardAudit:
    """The `result` of an audit, or the reason for its `failure`, and the `seconds` that it took."""

    result: Audit | None
    failure: str
    seconds: float

    @property
    def sentence(self) -> str:
        """The result or the failure in one line."""
        return self.result.sentence if self.result else self.failure

    @property
    def text(self) -> str:
        """The sentence as the summary prints it, at most 80 columns wide."""
        return "\n".join(wrapped(f"Audit: {self.sentence}", WIDTH))


def audit_of(fit: Fit, *, progress: bool) -> CardAudit:
    """The audit of a fit; where it fails, or Ctrl-C stops it, the record says so."""
    started = perf_counter()
    result, failure = None, ""
    try:
        result = audit(fit, progress=progress)
    except EndedError:  # the system asks to end: nothing more is done
        raise
    except KeyboardInterrupt:
        failure = 'interrupted; bm.audit(bm.load("fit.nc")) does it.'
    except BayesmixError as error:
        failure = f"not done: {error}"
    except Exception as error:  # whatever it is, the fit and its results are worth more
        failure = one_line(f"not done: {type(error).__name__}: {error}")
    return CardAudit(result, failure, perf_counter() - started)
