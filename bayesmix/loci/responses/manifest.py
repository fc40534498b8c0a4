"""What a store of responses was made for."""

from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import pandas as pd

from bayesmix.loci.responses.model import ManyModel
from bayesmix.loci.store.manifest import FORMAT, Manifest


def many_manifest(model: ManyModel, data_digest: str) -> Manifest:
    """The manifest of a run of `model` on responses with this digest."""
    settings = {
        name: sorted(value) if isinstance(value, frozenset) else value for name, value in asdict(model.settings).items()
    }
    rows = pd.util.hash_pandas_object(model.sheet, index=False).to_numpy().tobytes()
    facts: dict[str, Any] = {
        "format": FORMAT,
        "version": version("bayesmix"),
        "formula": model.formula.text,
        "family": "many Gaussian responses",
        "priors": ", ".join(f"{name}: {prior}" for name, prior in sorted(model.priors.items())),
        **{f"{name}=": value for name, value in settings.items()},
        "sheet": sha256(rows + repr(list(model.sheet.columns)).encode()).hexdigest()[:16],
        "data": data_digest,
    }
    return Manifest({name: str(value) for name, value in facts.items()})
