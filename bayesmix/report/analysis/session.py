"""What a reader needs to repeat results: versions, seed, data, command, and the time that they took."""

import json
import platform
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayesmix.data.catalogue import catalogue
from bayesmix.priors.prior import to_text
from bayesmix.report.analysis.results_folder import WRITTEN_BY

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit
    from bayesmix.report.analysis.card import Card, DataPart
    from bayesmix.report.analysis.card_audit import CardAudit

_PACKAGES = ("bayesmix", "arviz-stats", "bambi", "matplotlib", "numpy", "nutpie", "pandas", "pymc", "pytensor", "scipy")


def write_session(
    path: Path,
    *,
    card: "Card",
    fit: "Fit",
    data: Mapping[str, str],
    seconds: float,
    audit: "CardAudit | None",
    command: Sequence[str],
    files: Sequence[str],
    failures: Mapping[str, str],
) -> None:
    """Write ``session.json``.

    The `data` are what `data_record` returned before the fit, as the file may have changed since. A later run may
    replace the `files`. The `failures` say, by picture, why it could not be drawn.
    """
    session: dict[str, Any] = {
        WRITTEN_BY[0]: WRITTEN_BY[1],
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(command),
        "card": card.name,
        "formula": fit.formula,
        "auxiliary": list(fit.formulas[1:]),
        "family": str(fit.family),
        "priors": {name: to_text(prior) for name, prior in fit.priors.items()},
        "data": {**data, "rows_used": fit.design.n_obs, "rows_dropped": fit.design.n_dropped},
        "units": fit.data.attrs.get("units", {}),
        "seed": fit.sampling.seed,
        "method": fit.method,
        "sampler": fit.sampling.sampler,
        "draws": fit.sampling.draws,
        "tune": fit.sampling.tune,
        "chains": fit.sampling.chains,
        "cores": fit.sampling.cores,
        "target_accept": fit.sampling.target_accept,
        "seconds": {"sampling": round(fit.sampling.seconds, 3), "all_fits": round(seconds, 3)},
        "audit": None if audit is None else {"told": audit.sentence, "seconds": round(audit.seconds, 3)},
        "versions": {"python": platform.python_version(), **{name: version_of(name) for name in _PACKAGES}},
        "platform": platform.platform(),
        "files": list(files),
        "pictures_failed": dict(failures),
    }
    text = json.dumps(session, indent=2, ensure_ascii=False) + "\n"
    # A command line can hold bytes that are not UTF-8; escaped in this way they are JSON too.
    path.write_bytes(text.encode("utf-8", "backslashreplace"))


def version_of(package: str) -> str:
    """The installed version of a package, without loading it."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def data_record(part: "DataPart") -> dict[str, str]:
    """The bundled set or the file that the data are from, with the digest of its contents."""
    if part.source is not None:
        return {"source": part.source, "sha256": catalogue()[part.source].sha256}
    path = Path(part.path or "").expanduser().resolve()
    return {"path": str(path), "sha256": sha256(path.read_bytes()).hexdigest()}
