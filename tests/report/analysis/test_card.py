"""Cards: what a good one becomes, and what each bad one is told."""

from dataclasses import fields
from pathlib import Path

import pytest

from bayesmix.errors import CardError
from bayesmix.modelling.settings import SAMPLERS as KNOWN_SAMPLERS
from bayesmix.report.analysis import card as card_file
from bayesmix.report.analysis import drawings, result_files
from bayesmix.report.analysis.card import Card, DataPart, ModelPart, ReportPart, SamplerPart, data_part, read_card
from bayesmix.report.analysis.card_keys import KEYS, MEANS
from bayesmix.report.analysis.card_plan import plan_card
from bayesmix.report.analysis.card_tables import MeansPart, TrialPart
from bayesmix.report.analysis.card_text import to_toml

GOOD = r"""
title = "A title"
[data]
path = "sub/d.csv"
na = "error"
weights = "w"
sep = "\t"
decimal = ","
encoding = "latin-1"
na_values = ["-", "-99"]
sheet = "trial"
object = "d"
[data.units]
y = "ms"
[data.factors]
f = ["b", "a"]
period = [2, 1]
[model]
formula = "y ~ x + (x | g)"
family = "gaussian"
[priors]
"irrigation[i2]" = "Normal(0, 1)"
[sampler]
name = "pymc"
draws = 20
tune = 30
chains = 2
cores = 1
seed = 3
target_accept = 0.95
method = "joint"
[report]
probability = 0.9
pictures = ["qq"]
formats = ["pdf", "svg"]
[report.layers]
"random intercepts" = "y ~ x + (1 | g)"
"""

MODEL = '[model]\nformula = "y ~ x"\n'
DATA = '[data]\nsource = "sleepstudy"\n'

BAD = {
    "unknown key at the top": (
        f'titel = "x"\n{DATA}{MODEL}',
        ["unknown key 'titel'", "Did you mean 'title' or 'trial'?"],
    ),
    "unknown table": (f"{DATA}{MODEL}[smapler]\nseed = 1\n", ["unknown key 'smapler'", "Did you mean 'sampler'?"]),
    "unknown key in data": (f'[data]\nsorce = "a"\n{MODEL}', ["'sorce' in [data]", "'source'", "path"]),
    "unknown key in model": (f'{DATA}[model]\nformla = "y ~ x"\n', ["'formla' in [model]", "Did you mean 'formula'?"]),
    "unknown key in sampler": (f"{DATA}{MODEL}[sampler]\nchain = 4\n", ["'chain' in [sampler]", "'chains'"]),
    "unknown key in report": (f"{DATA}{MODEL}[report]\npicture = []\n", ["'picture' in [report]", "'pictures'"]),
    "unknown table in data": (f'{DATA}[data.unit]\ny = "ms"\n{MODEL}', ["'unit' in [data]", "'units'"]),
    "key of another table": (f"{DATA}seed = 3\n{MODEL}", ["'seed' in [data]", "belongs in [sampler]"]),
    "key of the top in a table": (f'{DATA}{MODEL}title = "x"\n', ["'title' in [model]", "before the first table"]),
    "no near match": (f"qwertz = 1\n{DATA}{MODEL}", ["'qwertz'", "Keys of a card: title, description, data"]),
    "text for a number": (f'{DATA}{MODEL}[sampler]\ndraws = "many"\n', ["'draws'", "whole number", "text 'many'"]),
    "fraction for a whole number": (f"{DATA}{MODEL}[sampler]\nseed = 1.5\n", ["'seed'", "whole number", "number 1.5"]),
    "truth for a whole number": (f"{DATA}{MODEL}[sampler]\nchains = true\n", ["'chains'", "whole number", "true"]),
    "number for a text": (f"{DATA}[model]\nformula = 3\n", ["'formula'", "text", "the number 3"]),
    "empty text": (f'{DATA}[model]\nformula = " "\n', ["'formula'", "text", "an empty text"]),
    "date for a text": (f"title = 2020-01-01\n{DATA}{MODEL}", ["'title'", "text", "a date (2020-01-01)"]),
    "table for a text": (f"{DATA}{MODEL}[priors]\na.b = 'x'\n", ["'a' in [priors]", "a table", "dot", "quotes"]),
    "number for a prior": (f"{DATA}{MODEL}[priors]\nDays = 3\n", ["'Days' in [priors]", "text", "number 3"]),
    "text for a table": (f'sampler = "nutpie"\n{DATA}{MODEL}', ["'sampler' is a table", "[sampler]", "'nutpie'"]),
    "text for data": (f'data = "sleepstudy"\n{MODEL}', ["'data' is a table", "[data]", "text 'sleepstudy'"]),
    "text for levels": (f'{DATA}[data.factors]\nf = "a"\n{MODEL}', ["'f' in [data.factors]", "list", "text 'a'"]),
    "one level": (f'{DATA}[data.factors]\nf = ["a"]\n{MODEL}', ["two or more", "list of 1"]),
    "nothing kept": (f"{DATA}[data.keep]\nf = []\n{MODEL}", ["'f' in [data.keep]", "list of levels", "empty list"]),
    "fraction for a level": (f"{DATA}[data.factors]\nf = [1.5, 2.0]\n{MODEL}", ["two or more levels", "list of 2"]),
    "list of numbers for pictures": (f"{DATA}{MODEL}[report]\npictures = [1]\n", ["list of texts", "list of 1"]),
    "word for true": (f'{DATA}{MODEL}[questions]\nrand = "yes"\n', ["'rand' in [questions]", "true or false", "'yes'"]),
    "word for an audit": (f'{DATA}{MODEL}[questions]\naudit = "no"\n', ["'audit' in [questions]", "true or false"]),
    "audit above the tables": (f"audit = false\n{DATA}{MODEL}", ["unknown key 'audit'", "belongs in [questions]"]),
    "unknown question": (f"{DATA}{MODEL}[questions]\nranova = true\n", ["'ranova' in [questions]", "rand"]),
    "percentage": (f"{DATA}{MODEL}[report]\nprobability = 95\n", ["'probability'", "between 0 and 1", "number 95"]),
    "unknown picture": (
        f'{DATA}{MODEL}[report]\npictures = ["trase"]\n',
        ["'trase'", "Did you mean 'trace' or", "residuals"],
    ),
    "unknown format": (
        f'{DATA}{MODEL}[report]\nformats = ["png", "pfd"]\n',
        ["'formats' in [report] cannot be 'pfd'", "Did you mean 'pdf'?", "Possible: png, pdf, svg."],
    ),
    "no format": (f"{DATA}{MODEL}[report]\nformats = []\n", ["'formats'", "one text or more", "an empty list"]),
    "one format without a list": (f'{DATA}{MODEL}[report]\nformats = "pdf"\n', ["'formats'", "list", "text 'pdf'"]),
    "unknown sampler": (f'{DATA}{MODEL}[sampler]\nname = "nutpy"\n', ["'nutpy'", "'nutpie'", "numpyro"]),
    "unknown method": (f'{DATA}{MODEL}[sampler]\nmethod = "jiont"\n', ["'jiont'", "'joint'"]),
    "unknown na": (f'[data]\nsource = "a"\nna = "dorp"\n{MODEL}', ["'na' in [data]", "'dorp'", "'drop'"]),
    "no model": (DATA, ["[model] is missing", "formula"]),
    "no formula": (f'{DATA}[model]\nfamily = "poisson"\n', ["'formula' in [model] is missing"]),
    "no data": (MODEL, ["[data]", "neither", "source", "path"]),
    "both kinds of data": (f'[data]\nsource = "a"\npath = "b.csv"\n{MODEL}', ["[data] has both", "source", "path"]),
    "no TOML": (f"{DATA}[model]\nformula = y ~ x\n", ["line 4", "Invalid value", "formula = y ~ x"]),
    "unquoted brackets": (f"{DATA}{MODEL}[priors]\ng[a] = 'Normal(0, 1)'\n", ["line 6", "g[a]"]),
    "ends too soon": (f'{DATA}[model]\nformula = """y ~ x\n', ["line 4"]),
    "a key twice": (f'{DATA}source = "b"\n{MODEL}', ["line 3", "overwrite"]),
    "empty": ("", ["[model] is missing"]),
}


def write(folder: Path, text: str, name: str = "card.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_good_card(tmp_path: Path):
    card = read_card(write(tmp_path, GOOD, "mine.toml"))
    assert card == Card(
        name="mine",
        title="A title",
        data=DataPart(
            path=tmp_path / "sub/d.csv",
            na="error",
            weights="w",
            sep="\t",
            decimal=",",
            encoding="latin-1",
            na_values=("-", "-99"),
            sheet="trial",
            object="d",
            units={"y": "ms"},
            factors={"f": ("b", "a"), "period": ("2", "1")},
        ),
        model=ModelPart("y ~ x + (x | g)", "gaussian"),
        priors={"irrigation[i2]": "Normal(0, 1)"},
        sampler=SamplerPart("pymc", 20, 30, 2, 1, 3, 0.95, "joint"),
        report=ReportPart(0.9, ("qq",), {"random intercepts": "y ~ x + (1 | g)"}, ("pdf", "svg")),
        text=GOOD,
    )


def test_defaults(tmp_path: Path):
    card = read_card(write(tmp_path, DATA + MODEL))
    assert card.data == DataPart(source="sleepstudy")
    assert (card.sampler, card.report, card.priors) == (SamplerPart(), ReportPart(), {})


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD.keys())
def test_bad_card_gets_one_line(tmp_path: Path, text: str, words: list[str]):
    path = write(tmp_path, text)
    with pytest.raises(CardError) as caught:
        read_card(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    for word in words:
        assert word in message


def test_missing_card_names_near_ones(tmp_path: Path):
    write(tmp_path, GOOD, "sleepstudy.toml")
    for slip in ("sleepstdy.toml", "sleepstudy", "Sleepstudy.tml"):
        with pytest.raises(CardError, match=r"no card .* Did you mean '.*sleepstudy\.toml'\?"):
            read_card(tmp_path / slip)
    with pytest.raises(CardError, match=r"no card .* Cards there: sleepstudy\.toml"):
        read_card(tmp_path / "qq.toml")
    with pytest.raises(CardError, match="Neither is there a folder"):
        read_card(tmp_path / "nowhere" / "sleepstudy.toml")


def test_folder_and_other_encodings(tmp_path: Path):
    write(tmp_path, GOOD, "a.toml")
    with pytest.raises(CardError, match=r"is a folder, not a card\. Cards there: a\.toml"):
        read_card(tmp_path)
    (tmp_path / "latin.toml").write_bytes('# one\ntitle = "Größe"'.encode("latin-1"))
    with pytest.raises(CardError, match="line 2: this is not UTF-8"):
        read_card(tmp_path / "latin.toml")
    (tmp_path / "mark.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert read_card(tmp_path / "mark.toml").title == "A title"


def test_every_key_has_a_place_in_the_card():
    parts = {"": Card, "data": DataPart, "model": ModelPart, "sampler": SamplerPart, "report": ReportPart}
    parts |= {MEANS: MeansPart, "trial": TrialPart}
    for table, part in parts.items():
        tables = {name.rpartition(".")[2] for name in KEYS if name and name.rpartition(".")[0] == table}
        own = (
            {entry.name for entry in fields(part)} - {"name", "text"} if table == "" else {f.name for f in fields(part)}
        )
        assert {*KEYS[table], *tables} == own


def test_pictures_are_those_that_are_drawn():
    assert tuple(drawings.DRAWINGS) == result_files.PICTURES


def test_samplers_are_those_that_sample():
    assert KEYS["sampler"]["name"].choices == KNOWN_SAMPLERS


def test_text_gives_the_card_again(tmp_path: Path):
    (tmp_path / "in").mkdir()
    card = Card(
        name="again",
        title='A "title" with \\ and \u00fc',
        description="two\nlines",
        data=DataPart(
            path=tmp_path / "d.csv",
            weights="w",
            sep="\t",
            na_values=(".", '"'),
            units={"y axis": "\u00b5m"},
            factors={"f": ("b", "a")},
            keep={"g": ("1",)},
        ),
        model=ModelPart("y ~ `x 1` + (1 | g)", "binomial(probit)"),
        priors={"f[a]": "Normal(0, 1e-3)", "sd_g__Intercept": "HalfNormal(2)"},
        sampler=SamplerPart(draws=100, seed=2, target_accept=0.95),
        report=ReportPart(0.9, ("qq", "sd"), {"a layer": "y ~ 1"}),
    )
    text = to_toml(card, folder=tmp_path / "in")
    again = read_card(write(tmp_path / "in", text, "again.toml"))
    assert again.data.path is not None
    assert again.data.path.resolve() == tmp_path / "d.csv"
    for part in ("name", "title", "description", "model", "priors", "sampler", "report"):
        assert getattr(again, part) == getattr(card, part)
    assert (again.data.weights, again.data.units, again.data.factors) == ("w", {"y axis": "\u00b5m"}, {"f": ("b", "a")})
    assert again.data.keep == {"g": ("1",)}
    assert (again.data.sep, again.data.na_values, again.data.decimal) == ("\t", (".", '"'), None)


@pytest.mark.parametrize(
    ("name", "source", "path"),
    [
        ("sleepstudy", "sleepstudy", None),
        ("sleepstdy", "sleepstdy", None),
        ("a.csv", None, Path("a.csv")),
        ("sub/a", None, Path("sub/a")),
    ],
)
def test_data_named_at_a_shell(name: str, source: str | None, path: Path | None):
    assert data_part(name) == DataPart(source=source, path=path)


def test_shipped_cards_are_good():
    cards = sorted((Path(card_file.__file__).parents[3] / "models").glob("*.toml"))
    of_loci = [path for path in cards if path.stem.endswith("_loci")]
    assert len(cards) > len(of_loci) > 0
    for path in of_loci:
        with pytest.raises(CardError, match="of the cards that `bayesmix loci CARD` takes"):
            read_card(path)
    for path in set(cards) - set(of_loci):
        assert read_card(path).title
        assert plan_card(read_card(path)).pictures
