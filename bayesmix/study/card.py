"""A card of a study: one TOML file that says what loci there are, which model all of them have, and what is asked."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bayesmix.report.analysis.card_file import at_home, read_card_file
from bayesmix.study.keys import check_keys, kind_of_data

_PATHS = ("path", "methylated", "unmethylated", "total", "sheet")


@dataclass(frozen=True)
class StudyData:
    """The loci: `kind` says what holds them, `given` are the other keys of ``[data]``, `filter` those of its filter."""

    kind: str
    given: Mapping[str, Any]
    filter: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StudyModel:
    """Formula, family, formulas of further parameters, the column of weights, and codings of factors."""

    formula: str
    family: str = "gaussian"
    auxiliary: tuple[str, ...] = ()
    weights: str | None = None
    codings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def formulas(self) -> str | list[str]:
        """As `fit_loci` takes them."""
        return [self.formula, *self.auxiliary] if self.auxiliary else self.formula


@dataclass(frozen=True)
class Selection:
    """An effect whose loci are to be selected, with the arguments of `significant`; None is as there.

    `report`: whether a page with pictures and the most certain loci is written.
    """

    effect: str
    q: float | None = None
    method: str | None = None
    prior_sd: float | None = None
    report: bool = False


@dataclass(frozen=True)
class StudyRun:
    """The folder of the results, the number of processes, and the address of the scheduler of a Dask cluster."""

    store: Path | None = None
    workers: int | None = None
    cluster: str | None = None


@dataclass(frozen=True)
class StudyCard:
    """A study, whose results have its `name`; `text` is the card as it was written.

    `coverage` and `sampler` are settings of `fit_loci` by name; `keep_loci` and `keep_parameters` those of its draws.
    """

    name: str
    text: str
    data: StudyData
    model: StudyModel
    title: str = ""
    description: str = ""
    priors: Mapping[str, str] = field(default_factory=dict)
    contrasts: Mapping[str, Any] = field(default_factory=dict)
    coverage: Mapping[str, Any] = field(default_factory=dict)
    sampler: Mapping[str, Any] = field(default_factory=dict)
    keep_loci: tuple[str, ...] | bool = ()
    keep_parameters: tuple[str, ...] | None = None
    significant: Mapping[str, Selection] = field(default_factory=dict)
    run: StudyRun = field(default_factory=StudyRun)
    probability: float = 0.95


def read_study(path: str | os.PathLike[str]) -> StudyCard:
    """The card of a study in a file.

    Parameters
    ----------
    path
        A TOML file in UTF-8; `keys.KEYS` lists its tables and keys, `docs/loci_cards.md` says what they mean.

    Returns
    -------
    StudyCard
        Named after its file; paths in it are taken relative to the card.

    Raises
    ------
    CardError
        There is no such file, it is no TOML, a key is unknown or missing, or a value is of another kind.
    ArgumentError
        `path` is no path.
    """
    file, text, content = read_card_file(path)
    check_keys(content, card=str(file))
    return _study(content, file, text)


def _study(content: Mapping[str, Any], file: Path, text: str) -> StudyCard:
    """The card with a content that was checked."""
    data, model = dict(content["data"]), dict(content["model"])
    chosen = data.pop("filter", {})
    data |= {key: _beside(file, data[key]) for key in _PATHS if key in data}
    model["auxiliary"] = tuple(model.get("auxiliary", ()))
    run = dict(content.get("run", {}))
    if "store" in run:
        run["store"] = _beside(file, run["store"])
    keep = content.get("keep", {})
    loci, parameters = keep.get("loci", ()), keep.get("parameters")
    return StudyCard(
        name=file.stem,
        text=text,
        data=StudyData(kind_of_data(content["data"], card=str(file)), data, chosen),
        model=StudyModel(**model),
        title=content.get("title", ""),
        description=content.get("description", ""),
        priors=content.get("priors", {}),
        contrasts=content.get("contrasts", {}),
        coverage=content.get("coverage", {}),
        sampler=content.get("sampler", {}),
        keep_loci=loci if loci is True else tuple(loci),
        keep_parameters=None if parameters is None else tuple(parameters),
        significant={name: Selection(**part) for name, part in content.get("significant", {}).items()},
        run=StudyRun(**run),
        probability=content.get("report", {}).get("probability", 0.95),
    )


def _beside(file: Path, name: str) -> Path:
    return file.parent / at_home(Path(name), f"{file}: there is no {name!r}")
