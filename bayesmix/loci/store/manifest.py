"""What a store was made for: formula, data, priors, settings and version, kept in `manifest.json`."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from bayesmix.disk import read_regular, write_whole
from bayesmix.errors import DataError, OutputError
from bayesmix.loci.engine.model import LociModel
from bayesmix.loci.pooled import as_text

NAME = "manifest.json"
POOLED = "pooled"
FORMAT = 1
_LONG = 200  # characters of a fact that is not told
_IN_WORDS = {
    "formula": "the formula",
    "family": "the family",
    "priors": "the priors",
    POOLED: "the pooled priors",
    "contrasts": "the contrasts",
    "codings": "the codings of factors",
    "weights": "the weights",
    "functions": "the functions",
    "sheet": "the sample sheet",
    "data": "the data",
    "version": "the version of bayesmix",
    "format": "the format of stores",
}


@dataclass(frozen=True)
class Manifest:
    """The facts by which a store is recognised, each as text."""

    facts: Mapping[str, str]

    def write(self, folder: Path) -> None:
        """Keep it in a folder."""
        write_whole(folder / NAME, (json.dumps(dict(self.facts), indent=1) + "\n").encode())

    def require_same(self, other: "Manifest", store: Path) -> None:
        """Refuse to go on with the store of an `other` run.

        Raises
        ------
        OutputError
            Names the first fact that differs, with both values where they are short.
        """
        for name in dict.fromkeys((*_IN_WORDS, *self.facts, *other.facts)):
            now, before = self.facts.get(name, ""), other.facts.get(name, "")
            if now != before:
                raise OutputError(
                    f"The store {str(store)!r} is of another run, which differs in {_IN_WORDS.get(name, name)}"
                    f"{_both(before, now)}. Give another store=, or remove this one."
                )


def _both(before: str, now: str) -> str:
    if max(len(before), len(now)) > _LONG:
        return ""
    return f": {before or 'none'} there, {now or 'none'} here"


def manifest_of(model: LociModel, data_digest: str) -> Manifest:
    """The manifest of a run of `model` on data with this digest."""
    settings = {name: _plain(value) for name, value in asdict(model.settings).items()}
    sheet = pd.util.hash_pandas_object(model.sheet, index=False).to_numpy().tobytes()
    facts: dict[str, Any] = {
        "format": FORMAT,
        "version": version("bayesmix"),
        "formula": model.formula if isinstance(model.formula, str) else " | ".join(model.formula),
        "family": model.family,
        "priors": ", ".join(f"{name}: {prior}" for name, prior in sorted(model.priors.items())),
        **({} if model.pooled is None else {POOLED: as_text(model.pooled)}),
        "contrasts": ", ".join(f"{one.label}: {one.expression}" for one in model.contrasts),
        **{f"{name}=": value for name, value in settings.items()},
        "codings": str(model.codings or ""),
        "weights": model.weights or "",
        "functions": ", ".join(sorted(model.functions or ())),
        "sheet": sha256(sheet + repr(list(model.sheet.columns)).encode()).hexdigest()[:16],
        "data": data_digest,
    }
    return Manifest({name: str(value) for name, value in facts.items()})


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset | set) else value


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a store; None where there is none yet.

    Raises
    ------
    DataError
        It is no manifest.
    """
    path = folder / NAME
    try:
        facts = json.loads(read_regular(path))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DataError(f"{str(path)!r} cannot be read: {error}.") from None
    if not isinstance(facts, dict):
        raise DataError(f"{str(path)!r} is no manifest of a store of loci.")
    return Manifest({str(name): str(value) for name, value in facts.items()})
