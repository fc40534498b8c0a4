"""R's numbers, for tests that compare the bundled data with what lme4 saw."""

import json
from pathlib import Path
from typing import Any

import pytest

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "lme4.json"


@pytest.fixture(scope="session")
def lme4() -> dict[str, Any]:
    """lme4's fits by name; skips where the reference numbers do not lie beside the repository."""
    if not REFERENCE.is_file():
        pytest.skip("R's numbers (shared/reference/lme4.json beside the repository) are not here")
    return json.loads(REFERENCE.read_text(encoding="utf-8"))
