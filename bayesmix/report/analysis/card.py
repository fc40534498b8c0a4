"""An analysis card: one TOML file that describes a whole analysis, from the data to the pictures."""

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from bayesmix.data.catalogue import catalogue
from bayesmix.disk import fault_of_name
from bayesmix.errors import ArgumentError, CardError, listing
from bayesmix.formula.missing import MissingRows
from bayesmix.report.analysis.card_keys import check_keys, shortened
from bayesmix.report.analysis.card_tables import MeansPart, TrialPart, means_part

MOST_BYTES = 1 << 20


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
    file = _card_file(path)
    text = _text_of(file)
    content = _parsed(text, file)
    check_keys(content, card=str(file))
    return _card(content, file, text)


def data_part(name: str, **settings: Any) -> DataPart:
    """The data that a text in a shell names: a bundled set, or else a file.

    A name with an ending or a folder is a file. Any other name is a bundled set, so that a misspelt name of a set is
    answered with the near matches.
    """
    is_file = name not in catalogue() and (Path(name).suffix != "" or len(Path(name).parts) > 1 or Path(name).exists())
    return DataPart(path=Path(name), **settings) if is_file else DataPart(source=name, **settings)


def _card_file(path: Any) -> Path:
    try:
        file = Path(path)
    except TypeError:
        raise ArgumentError(f"An analysis card is named by its path; got {type(path).__name__}.") from None
    fault = fault_of_name(file)
    if fault:
        raise CardError(f"There is no card {str(file)!r}: it {fault}, as no file's name may.")
    return _at_home(file, f"There is no card {str(file)!r}")


def _at_home(path: Path, consequence: str) -> Path:
    """`path` with its ``~`` resolved."""
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise CardError(f"{consequence}: {str(error).rstrip('.')}.") from None


def _text_of(file: Path) -> str:
    try:
        return _content(file).decode("utf-8-sig")
    except FileNotFoundError:
        raise CardError(f"There is no card {str(file)!r}.{_near_cards(file)}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise CardError(f"{file}, line {line}: this is not UTF-8 text; save it as UTF-8.") from None
    except OSError as error:
        raise CardError(f"The card {str(file)!r} cannot be read: {error.strerror or error}.") from error


def _content(file: Path) -> bytes:
    """The bytes of a card, whose kind of file is checked before it is read: a device or a pipe may never end."""
    status = file.stat()
    if stat.S_ISDIR(status.st_mode):
        raise CardError(f"{str(file)!r} is a folder, not a card.{_cards_inside(file)}")
    if not stat.S_ISREG(status.st_mode):
        raise CardError(f"{str(file)!r} is a device or a pipe; a card is a file.")
    with file.open("rb") as opened:
        content = opened.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        size = max(status.st_size, len(content))
        raise CardError(f"{str(file)!r} has {size} bytes, a card at most {MOST_BYTES}; is it a table of data?")
    return content


def _parsed(text: str, file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).partition(" (at ")
        match = re.match(r"line (\d+), column (\d+)", place)
        # At the end of the document the parser gives no number.
        number = int(match[1]) if match else max(1, len(text.splitlines()))
        where = f"line {number}" + (f", column {match[2]}" if match else "")
        lines = text.splitlines()[number - 1 : number]
        shown = f": {shortened(lines[0].strip())}" if lines and lines[0].strip() else ""
        raise CardError(f"{file}, {where}: {reason}{shown}") from None
    except ValueError:
        raise CardError(f"{file}: a number in it has thousands of digits; TOML's have 64 bits.") from None
    except RecursionError:
        raise CardError(f"{file}: brackets in it are nested too deep for a card.") from None


def _near_cards(file: Path) -> str:
    if not file.parent.is_dir():
        return f" Neither is there a folder {str(file.parent)!r}."
    # Names are compared without their endings, which would make any two short names similar.
    by_stem = {card.stem.lower(): card for card in _cards_in(file.parent)}
    matches = get_close_matches(file.name.lower().removesuffix(".toml"), list(by_stem), n=3, cutoff=0.6)
    if matches:
        return " Did you mean " + " or ".join(repr(str(by_stem[match])) for match in matches) + "?"
    return _cards_inside(file.parent)


def _cards_inside(folder: Path) -> str:
    names = [card.name for card in _cards_in(folder)]
    return f" Cards there: {listing(names)}." if names else ""


def _cards_in(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if file.suffix.lower() == ".toml" and file.is_file())
    except OSError:
        return []


def _card(content: Mapping[str, Any], file: Path, text: str) -> Card:
    """The card with a content that was checked."""
    data, report = dict(content["data"]), dict(content.get("report", {}))
    if "path" in data:
        data["path"] = file.parent / _at_home(Path(data["path"]), f"{file}: there are no data {data['path']!r}")
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
