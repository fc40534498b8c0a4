"""Cards that are no cards, and what a stranger may write into one: one line each, and nothing is read to its end."""

import os
from pathlib import Path

import pytest

from bayesmix.errors import ArgumentError, BayesmixError, CardError, DataError
from bayesmix.report.analysis.analysis import run_card
from bayesmix.report.analysis.card import Card, DataPart, ModelPart, ReportPart, read_card
from bayesmix.report.analysis.card_data import card_data
from bayesmix.report.analysis.card_file import MOST_BYTES

GOOD = '[data]\nsource = "sleepstudy"\n[model]\nformula = "Reaction ~ Days + (1 | Subject)"\n'
HEX = "0x" + "f" * 5000

# How deep is too deep follows the limit of recursion, which other libraries raise: beyond it the key is unknown.
TEXTS = {
    "5,000 digits": ("x = " + "9" * 5000 + "\n" + GOOD, "thousands of digits"),
    "5,000 hexadecimal digits": (GOOD + f"[sampler]\ndraws = {HEX}", "a number of 20000 bits"),
    "such a level": (GOOD + f"[data.keep]\nSubject = [{HEX}]", "a number of 20000 bits"),
    "such a picture": (GOOD + f"[report]\npictures = [{HEX}]", "a number of 20000 bits"),
    "such a title": (f"title = {HEX}\n" + GOOD, "a number of 20000 bits"),
    "900 brackets": ("x = " + "[" * 900 + "]" * 900 + "\n" + GOOD, "c.toml: "),
    "900 braces": ("x = " + "{a=" * 900 + "1" + "}" * 900 + "\n" + GOOD, "c.toml: "),
    "2,000 dots": (".".join("a" * 2000) + " = 1\n" + GOOD, "unknown key 'a'"),
    "a long line": (GOOD + "x" * 100_000, "xxx…"),
    "a long key": (GOOD + "[sampler]\n" + "x" * 100_000 + " = 1", "xxx…"),
    "a long value": (GOOD + '[sampler]\nmethod = "' + "x" * 100_000 + '"', "xxx…"),
    "a long list": (GOOD + "[sampler]\ndraws = [" + '"x", ' * 9000 + "]", "a list of 9000"),
    "a long text in a list": (GOOD + '[sampler]\ndraws = ["' + "x" * 100_000 + '"]', "xxx…"),
    "nobody's data": (GOOD.replace('source = "sleepstudy"', 'path = "~nosuchuser/x.csv"'), "no data '~nosuchuser"),
    "not a number": (GOOD + "[report]\nprobability = nan", "the number nan"),
}


@pytest.mark.parametrize(("text", "words"), TEXTS.values(), ids=TEXTS.keys())
def test_a_text_that_is_no_card(tmp_path: Path, text: str, words: str):
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(CardError) as caught:
        read_card(tmp_path / "c.toml")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def make_pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.toml")
    return folder / "pipe.toml"


def make_large(folder: Path) -> Path:
    with (folder / "large.toml").open("wb") as file:
        file.truncate(1 << 30)
    return folder / "large.toml"


FILES = {
    "nobody's home": (lambda _: "~nosuchuser/x.toml", CardError, "home"),
    "a NUL": (lambda _: "a\0b.toml", CardError, "NUL"),
    "too long a name": (lambda _: "a" * 300 + ".toml", CardError, "too long"),
    "a device": (lambda _: "/dev/zero", CardError, "device or a pipe"),
    "a pipe": (make_pipe, CardError, "device or a pipe"),
    "a gigabyte": (make_large, CardError, f"has 1073741824 bytes, a card at most {MOST_BYTES}"),
    "nothing": (lambda _: None, ArgumentError, "NoneType"),
    "a number": (lambda _: 1, ArgumentError, "int"),
    "bytes": (lambda _: b"c.toml", ArgumentError, "bytes"),
}


@pytest.mark.parametrize("read", [read_card, run_card])
@pytest.mark.parametrize(("make", "kind", "words"), FILES.values(), ids=FILES.keys())
def test_a_file_that_is_no_card(tmp_path: Path, read, make, kind, words: str):
    with pytest.raises(kind, match=words) as caught:
        read(make(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_card_as_large_as_a_card_may_be(tmp_path: Path):
    text = GOOD + "#" * (MOST_BYTES - len(GOOD))
    (tmp_path / "c.toml").write_text(text)
    assert read_card(tmp_path / "c.toml").data.source == "sleepstudy"
    (tmp_path / "c.toml").write_text(text + "#")
    with pytest.raises(CardError, match="is it a table of data"):
        read_card(tmp_path / "c.toml")


HALF = "a \ud800"
HALVES = {
    "title": {"title": HALF},
    "description": {"description": HALF},
    "prior": {"priors": {HALF: "Normal(0, 1)"}},
    "layer": {"report": ReportPart(layers={HALF: "Reaction ~ Days + (1 | Subject)"})},
    "unit": {"data": DataPart(source="sleepstudy", units={"Days": HALF})},
    "level": {"data": DataPart(source="sleepstudy", keep={"Subject": (HALF,)})},
    "path": {"data": DataPart(path=Path(HALF))},
}


@pytest.mark.parametrize("part", HALVES.values(), ids=HALVES.keys())
def test_half_a_character_is_found_before_sampling(sampled, part):
    """No file can hold it: it would be found when the card is written, after all fits."""
    card = Card(**{"name": "c", "data": DataPart(source="sleepstudy"), "model": ModelPart("Reaction ~ Days"), **part})
    with pytest.raises(BayesmixError, match="half a character in it") as caught:
        run_card(card)
    assert r"\ud800" in str(caught.value)
    assert sampled == []


def test_levels_that_are_not_listed_have_their_near_ones(tmp_path: Path):
    (tmp_path / "d.csv").write_text("f,y\nBrigadier ,1\ncadenza,2\nXi19,3\n")
    listed = DataPart(path=tmp_path / "d.csv", factors={"f": ("Brigadier", "Cadenza")})
    with pytest.raises(DataError) as caught:
        card_data(Card(name="c", data=listed, model=ModelPart(formula="y ~ f")))
    assert "'f' has 3 levels that the card does not list ('Brigadier ', 'Xi19', 'cadenza'; 3 of 3 rows). " in str(
        caught.value
    )
    assert " Did you mean 'Brigadier' for 'Brigadier ', 'Cadenza' for 'cadenza'? The card lists" in str(caught.value)
