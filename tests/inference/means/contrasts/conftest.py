"""Fits whose means are compared with R's, each fitted once, and a posterior."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import bayesmix as bm

REFERENCES = Path(__file__).parents[3] / "references" / "contrasts.json"


@pytest.fixture(scope="session")
def rows_of() -> Callable[[str], pd.DataFrame]:
    """Data by name: those stored beside R's answers, else those of bayesmix."""
    stored = json.loads(REFERENCES.read_text())["data"]

    def rows(name: str) -> pd.DataFrame:
        if name not in stored:
            return bm.load_data(name)
        data = pd.DataFrame(stored[name])
        if "tension" in data:
            data["tension"] = pd.Categorical(data["tension"], ["L", "M", "H"])
        return data

    return rows


@pytest.fixture(scope="session")
def fitted(rows_of) -> Callable[[int], Any]:
    """The fit of a model by its number among R's."""
    models = json.loads(REFERENCES.read_text())["models"]

    @cache
    def fit(number: int) -> Any:
        model = models[number]
        data = rows_of(model["data"])
        match model["kind"]:
            case "lm":
                return bm.lm(model["formula"], data)
            case "lmer":
                return bm.reml(model["formula"], data)
        return bm.laplace(model["formula"], data, model["family"])

    return fit


@pytest.fixture(scope="session")
def means_of(fitted) -> Callable[..., Any]:
    """The means that R was asked for."""

    def means(number: int, asked: dict[str, Any], ddf: str | None) -> Any:
        settings = {} if ddf is None else {"ddf": ddf}
        return bm.emmeans(fitted(number), asked["specs"], by=asked.get("by"), **settings)

    return means


@pytest.fixture(scope="session")
def kfert_fit():
    return bm.fit("yield ~ K2O_lbac + (1 | rep)", bm.load_data("kfert"), draws=200, seed=1, progress=False)


@pytest.fixture(scope="session")
def kfert_means(kfert_fit):
    return bm.emmeans(kfert_fit, "K2O_lbac")
