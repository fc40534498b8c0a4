"""What users named is printed as it stands: no terminal obeys it, and rich sees no markup in it."""

import sys
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from bayesmix.cli import printing
from bayesmix.cli.main import main
from bayesmix.data.catalogue import load_data
from bayesmix.estimates.least_squares.lm import lm
from bayesmix.estimates.reml.reml import reml
from bayesmix.inference.pooling.compare_reml import compare_reml
from bayesmix.modelling.fit import fit
from bayesmix.report.analysis import analysis
from bayesmix.report.analysis.analysis import Written
from bayesmix.report.pages import page

HOSTILE = "\x1b[31m\x9b2Jred\x07\r\u202egnp\u2066\u200f\x7f"
SHOWN = r"\x1b[31m\x9b2Jred\x07\r\u202egnp\u2066\u200f\x7f"
MARKUP = ("[red]x[/red]", "[link=http://x.y]z[/link]", r"\[bold]b[/]", "[/]", ":smile:", "[@click=x]y[/]")


def hidden(text: str) -> set[str]:
    """The characters in a text that a terminal would obey, but for line breaks."""
    return {character for character in text if not character.isprintable()} - {"\n", "\u00a0"}


@pytest.fixture
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal in place of standard output, with frames and markup."""
    monkeypatch.setattr(
        printing, "console", lambda: Console(file=sys.stdout, width=200, force_terminal=True, color_system=None)
    )


@pytest.mark.usefixtures("_terminal")
@pytest.mark.parametrize("text", MARKUP)
def test_markup_is_printed_as_it_stands(capsys, text: str):
    printing.print_table(pd.DataFrame({text: [text]}))
    printing.print_fields({text: text})
    assert capsys.readouterr().out.count(text) == 4


@pytest.mark.usefixtures("_terminal")
def test_terminals_are_given_nothing_to_obey(capsys):
    printing.print_table(pd.DataFrame({HOSTILE: [HOSTILE]}))
    printing.print_fields({HOSTILE: HOSTILE})
    printing.print_written(Written(Path(HOSTILE), (f"{HOSTILE}.png",), (HOSTILE,)))
    printing.print_written(Written(Path(HOSTILE), ()), quiet=True)
    printing.print_error(HOSTILE)
    printing.note(HOSTILE)
    printed = "".join(capsys.readouterr())
    assert not hidden(printed)
    assert printed.count(SHOWN) == 4 + 3 + 1 + 1 + 1


def test_errors_show_what_they_quote(capsys, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.toml").write_text(f'"{HOSTILE.encode("unicode_escape").decode()}" = 1\n'.replace("\\x", "\\u00"))
    for arguments in (
        ["fit", f"`{HOSTILE}` ~ 1", "sleepstudy"],
        ["fit", "Reaction ~ 1", HOSTILE],
        ["fit", "Reaction ~ 1", "sleepstudy", "--family", HOSTILE],
        ["fit", "Reaction ~ 1", "sleepstudy", "--prior", HOSTILE],
        ["run", HOSTILE],
        ["run", "c.toml"],
        ["data", HOSTILE],
        [HOSTILE],
        ["run", f"--{HOSTILE}"],
    ):
        assert main(arguments) == 2, arguments
        printed = capsys.readouterr()
        assert printed.err.startswith("bayesmix: ")
        assert not hidden(printed.out + printed.err), arguments


def test_records_show_what_users_named():
    """Levels, that is: formulas refuse columns whose names no terminal shows."""
    data = load_data("sleepstudy")
    data["Subject"] = f"{HOSTILE} " + data["Subject"].astype(str)
    formula = "Reaction ~ Days + (Days | Subject)"
    found = fit(formula, data, draws=100, chains=2, seed=1, progress=False)
    for record in (found, reml(formula, data), compare_reml(found), lm("Reaction ~ Subject", data)):
        text, html = str(record), record._repr_html_()
        assert not hidden(text)
        assert not hidden(html)
    assert SHOWN in text


def test_a_page_keeps_its_rows_whole():
    table = page.Table(("a\nb", "c"), [("x\ny\x1b[2J", "1")])
    block = page.Block("head\x1b", ["y ~ x +\n  (1 | g)"], table)
    assert str(page.Page((block,))).split("\n") == [
        *(r"head\x1b:", "y ~ x + (1 | g)"),
        *(r"  a\nb         c", r"  x\ny\x1b[2J  1"),
    ]


def test_a_missing_picture_is_told_and_changes_the_exit_code(monkeypatch, capsys):
    monkeypatch.setattr(
        analysis, "run_card", lambda *_, **__: Written(Path("o"), ("fit.nc",), ("The picture 'sd' is not there",))
    )
    assert main(["fit", "Reaction ~ Days", "sleepstudy", "--out", "o", "--quiet"]) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("o\n", "bayesmix: The picture 'sd' is not there\n")
