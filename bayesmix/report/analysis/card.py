"""An analysis card: one TOML file that describes a whole analysis, from the data to the pictures."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bayesmix.data.catalogue import catalogue
from bayesmix.formula.missing import MissingRows
from bayesmix.report.analysis.card_file import at_home, read_card_file
from bayesmix.report.analysis.card_keys import check_keys
from bayesmix.report.analysis.card_tables import MeansPart, TrialPart, means_part


@dataclass(frozen=True)
class DataPart:
    """The data: either a bundled set (`source`) or a file (`path`).

    `na` is ``"drop"`` or ``"error"``, `weights` is a column, and `units` are by column. `keep` has the levels of a
    column whose rows are used, such as one locus of a table, and `factors` the levels of a column in their order, the
    reference first. `sep`, `decimal`, `encoding`, `na_values`, `sheet` and `object` describe a file; `read_table` takes
    them.
    """

    source: str | None = None
    path: Path | None = None
    na: MissingRows = "drop"
    weights: str | None = None
    sep: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    na_values: tuple[str, ...] | None = None
    sheet: str | None = None
    object: str | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    factors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keep: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelPart:
    """Formula and family, and in `auxiliary` formulas of the family's further parameters, such as ``sigma ~ Days``.

    `contrasts` are codings of factors by name, as `fit` takes them.
    """

    formula: str
    family: str = "gaussian"
    auxiliary: tuple[str, ...] | None = None
    contrasts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SamplerPart:
    """How to sample; `fit` decides what is None."""

    name: str | None = None
    draws: int | None = None
    tune: int | None = None
    chains: int | None = None
    cores: int | None = None
    seed: int | None = None
    target_accept: float | None = None
    method: str | None = None
    keep_effects: bool | None = None


@dataclass(frozen=True)
class QuestionsPart:
    """Questions besides the summary.

    If `rand` is True, the Bayes factor of each random term is computed, and how it depends on the prior. Unless `audit`
    is False, NUTS from dispersed starts is compared with the fit.
    """

    rand: bool | None = None
    audit: bool | None = None


@dataclass(frozen=True)
class ReportPart:
    """The probability of intervals, the pictures (None: all that suit the model), their formats and `layers`.

    Each picture has a file in each of the `formats` ``"png"``, ``"pdf"`` and ``"svg"``; None is PNG alone. `layers` are
    further formulas for the same data, by the name that the picture of lines shows.
    """

    probability: float = 0.95
    pictures: tuple[str, ...] | None = None
    layers: Mapping[str, str] = field(default_factory=dict)
    formats: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Card:
    """One analysis, whose results have its `name`; `text` is the card as it was written (None: made in Python).

    `means` are tables of marginal means by name; `trial` is what a trial is asked.
    """

    name: str
    data: DataPart
    model: ModelPart
    title: str = ""
    description: str = ""
    priors: Mapping[str, str] = field(default_factory=dict)
    sampler: SamplerPart = field(default_factory=SamplerPart)
    report: ReportPart = field(default_factory=ReportPart)
    questions: QuestionsPart = field(default_factory=QuestionsPart)
    means: Mapping[str, MeansPart] = field(default_factory=dict)
    trial: TrialPart | None = None
    text: str | None = None


def read_card(path: str | os.PathLike[str]) -> Card:
    """The analysis card in a file.

    Parameters
    ----------
    path
        A TOML file in UTF-8. Its tables are ``[data]`` with ``[data.units]``, ``[data.keep]`` and ``[data.factors]``,
        ``[model]`` with ``[model.contrasts]``, ``[priors]``, ``[sampler]``, ``[questions]``, ``[means.NAME]`` for each
        table of means, ``[trial]``, and ``[report]`` with ``[report.layers]``; `card_keys.KEYS` lists the keys.

    Returns
    -------
    Card
        Named after its file; a data file's path is taken relative to the card.

    Raises
    ------
    CardError
        There is no such file (with near matches), it is not a file or larger than 1 MiB, it is not TOML (with the
        line), a key is unknown (with near matches) or missing, or a value is of another kind than expected. Whether
        formula, family and priors make a model is not checked here.
    ArgumentError
        `path` is no path.
    """
    file, text, content = read_card_file(path)
    check_keys(content, card=str(file))
    return _card(content, file, text)


def data_part(name: str, **settings: Any) -> DataPart:
    """The data that a text in a shell names: a bundled set, or else a file.

    A name with an ending or a folder is a file. Any other name is a bundled set, so that a misspelt name of a set is
    answered with the near matches.
    """
    is_file = name not in catalogue() and (Path(name).suffix != "" or len(Path(name).parts) > 1 or Path(name).exists())
    return DataPart(path=Path(name), **settings) if is_file else DataPart(source=name, **settings)


def _card(content: Mapping[str, Any], file: Path, text: str) -> Card:
    """The card with a content that was checked."""
    data, report = dict(content["data"]), dict(content.get("report", {}))
    if "path" in data:
        data["path"] = file.parent / at_home(Path(data["path"]), f"{file}: there are no data {data['path']!r}")
    factors, keep = (
        {name: tuple(str(level) for level in levels) for name, levels in data.pop(key, {}).items()}
        for key in ("factors", "keep")
    )
    if "na_values" in data:
        data["na_values"] = tuple(data["na_values"])
    model = dict(content["model"])
    if "auxiliary" in model:
        model["auxiliary"] = tuple(model["auxiliary"])
    report |= {key: tuple(report[key]) for key in ("pictures", "formats") if key in report}
    return Card(
        name=file.stem,
        data=DataPart(**data, factors=factors, keep=keep),
        model=ModelPart(**model),
        title=content.get("title", ""),
        description=content.get("description", ""),
        priors=content.get("priors", {}),
        sampler=SamplerPart(**content.get("sampler", {})),
        report=ReportPart(**report),
        questions=QuestionsPart(**content.get("questions", {})),
        means={name: means_part(part) for name, part in content.get("means", {}).items()},
        trial=TrialPart(**content["trial"]) if "trial" in content else None,
        text=text,
    )
