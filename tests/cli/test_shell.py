"""The command line: what it prints, and that each mistake gets one line, exit code 2 and no folder."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from bayesmix import data
from bayesmix.cli import commands
from bayesmix.cli.main import app, main
from bayesmix.data.catalogue import catalogue
from bayesmix.errors import SamplingError
from bayesmix.report.analysis import analysis
from bayesmix.report.analysis.analysis import Written

SLEEP = "Reaction ~ Days + (1 | Subject)"
CARD = '[data]\nsource = "sleepstudy"\n[model]\nformula = "Reaction ~ Days + (1 | Subject)"\n'
MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory, where no model is sampled."""

    def refuse(*_, **__):
        raise SamplingError("A test of the command line came as far as sampling.")

    monkeypatch.setattr(analysis, "fit", refuse)
    monkeypatch.chdir(tmp_path)
    return tmp_path


BAD = {
    "column": (["fit", "Reaction ~ Dais + (1 | Subject)", "sleepstudy"], "'Dais' is no column", "Did you mean 'Days'?"),
    "group": (["fit", "Reaction ~ (1 | Subjct)", "sleepstudy"], "'Subjct'", "Did you mean 'Subject'?"),
    "set": (["fit", SLEEP, "slepstudy"], "no bundled data set", "Did you mean 'sleepstudy'?"),
    "file": (["fit", SLEEP, "x.csv"], "no file 'x.csv'", ""),
    "family": (["fit", SLEEP, "sleepstudy", "--family", "gausian"], "'gausian'", "Did you mean 'gaussian' or "),
    "link": (["fit", SLEEP, "sleepstudy", "--family", "gaussian(probit)"], "'probit'", "identity"),
    "prior without parameter": (
        ["fit", SLEEP, "sleepstudy", "--prior", "HalfNormal(2)"],
        "--prior 'HalfNormal(2)'",
        "=",
    ),
    "prior with keyword alone": (
        ["fit", SLEEP, "sleepstudy", "--prior", "HalfNormal(sigma=2)"],
        "which parameter",
        "=",
    ),
    "prior twice": (
        ["fit", SLEEP, "sleepstudy", "--prior", "Days=Normal(0, 1)", "--prior", "Days=Normal(0, 2)"],
        "twice for 'Days'",
        "Normal(0, 2)",
    ),
    "prior of nothing": (
        ["fit", SLEEP, "sleepstudy", "--prior", "Dais=Normal(0, 1)"],
        "'Dais'",
        "Did you mean 'Days'?",
    ),
    "prior that is code": (
        ["fit", SLEEP, "sleepstudy", "--prior", "Days=__import__('os').system('touch hacked')"],
        "Prior of 'Days'",
        "Normal",
    ),
    "weights": (["fit", SLEEP, "sleepstudy", "--weights", "W"], "'W' is no column", "Reaction"),
    "missing values": (["fit", SLEEP, "sleepstudy", "--na", "dorp"], "'dorp'", "drop"),
    "draws": (["fit", SLEEP, "sleepstudy", "--draws", "3"], "draws", "at least 10; got 3"),
    "draws as text": (["fit", SLEEP, "sleepstudy", "--draws", "many"], "--draws", "See: bayesmix fit --help"),
    "chains": (["fit", SLEEP, "sleepstudy", "--chains", "0"], "chains", "got 0"),
    "seed": (["fit", SLEEP, "sleepstudy", "--seed", "-1"], "seed", "-1"),
    "probability": (["fit", SLEEP, "sleepstudy", "--prob", "95"], "between 0 and 1", "0.95"),
    "acceptance": (["fit", SLEEP, "sleepstudy", "--target-accept", "2"], "target_accept", "2"),
    "no data": (["fit", SLEEP], "Missing argument 'DATA'", "See: bayesmix fit --help"),
    "formula without quotes": (
        ["fit", "Reaction", "~", "Days", "sleepstudy"],
        "unexpected extra",
        "Put the formula in quotes",
    ),
    "option": (["run", "--sed", "3", "x.toml"], "--sed", "--seed"),
    "command": (["rn", "x.toml"], "'rn'", "Did you mean 'run'?"),
    "no card": (["run"], "Missing argument 'CARD'", "run --help"),
    "card that is not there": (["run", "sleep.toml"], "no card 'sleep.toml'", "Cards there: code.toml"),
    "card with a slip in its name": (["run", "god.toml"], "no card 'god.toml'", "Did you mean 'good.toml'?"),
    "card with an unknown key": (["run", "key.toml"], "unknown key 'formla'", "Did you mean 'formula'?"),
    "card that is no TOML": (["run", "toml.toml"], "line 2", "toml.toml"),
    "card with code": (["run", "code.toml"], "'.system' is not expected here", ""),
    "card without cores": (["run", "cores.toml"], "cores", "at least 1; got 0"),
    "card with a misspelt prior": (["run", "prior.toml"], "'sd_Subjct__Intercept'", "'sd_Subject__Intercept'"),
    "foreign folder": (["run", "good.toml", "--out", "mine"], "'mine' holds 1 files", "notes.md"),
    "foreign folder of fit": (["fit", SLEEP, "sleepstudy", "--out", "mine"], "'mine' holds 1 files", "notes.md"),
    "set to describe": (["data", "slepstudy"], "'slepstudy'", "Did you mean 'sleepstudy'?"),
}
CARDS = {
    "good.toml": CARD,
    "key.toml": CARD.replace("formula", "formla"),
    "toml.toml": "[data]\nsource = sleepstudy\n",
    "code.toml": CARD.replace("Days", "__import__('os').system('touch hacked')"),
    "cores.toml": CARD + "[sampler]\ncores = 0\n",
    "prior.toml": CARD + '[priors]\nsd_Subjct__Intercept = "HalfNormal(2)"\n',
}


@pytest.mark.parametrize(("arguments", "what", "remedy"), BAD.values(), ids=BAD.keys())
def test_mistake_gets_one_line(arguments: list[str], what: str, remedy: str, folder: Path, capsys):
    for name, text in CARDS.items():
        (folder / name).write_text(text)
    (folder / "mine").mkdir()
    (folder / "mine" / "notes.md").write_text("x")
    before = sorted(str(path) for path in folder.rglob("*"))
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    first, *marked = printed.err.rstrip("\n").split("\n")
    assert first.startswith("bayesmix: ")
    assert what in first
    assert remedy in first
    # Only a formula's error has more: the formula and the mark under it.
    assert not marked or (len(marked) == 2 and set(marked[1].strip()) == {"^"})
    assert "as far as sampling" not in printed.err
    assert sorted(str(path) for path in folder.rglob("*")) == before


INJECTIONS = (
    "__import__('os').system('touch hacked')",
    "__import__('os')",
    "Days.__class__",
    "Days.real",
    "(lambda: 1)()",
    "(lambda x: x)(Days)",
    "eval('1')",
    "exec('import os')",
    "open('hacked', 'w')",
    "getattr(Days, 'real')",
    "np.log(Days)",
    "log.__globals__",
    "I(__import__('os'))",
    "[x for x in (1, 2)]",
    "{1: 2}",
    "f'{Days}'",
    "Days if Days else 0",
    "(Days := 3)",
    "`__import__('os')`",
)


@pytest.mark.parametrize("code", INJECTIONS)
@pytest.mark.parametrize(
    "template", ["Reaction ~ {} + (1 | Subject)", "Reaction ~ ({} | Subject)", "{} ~ (1 | Subject)"]
)
def test_formula_is_data_not_code(template: str, code: str, folder: Path, capsys):
    assert main(["fit", template.format(code), "sleepstudy"]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("bayesmix: ")
    assert "as far as sampling" not in printed.err
    assert "Traceback" not in printed.err
    assert list(folder.iterdir()) == []


def test_interrupt(monkeypatch, capsys, folder: Path):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(analysis, "fit", interrupted)
    (folder / "c.toml").write_text(CARD)
    for arguments in (["run", "c.toml"], ["fit", SLEEP, "sleepstudy"]):
        assert main(arguments) == 130
        assert capsys.readouterr().err.endswith("Interrupted; nothing was written.\n")
    assert [path.name for path in folder.iterdir()] == ["c.toml"]


def test_arguments_reach_the_analysis(monkeypatch):
    seen: dict = {}

    def run_card(card, out=None, **settings) -> Written:
        seen.update(card=card, out=out, **settings)
        return Written(Path("there"), ("fixef.csv", "fit.nc", "sd.png"))

    monkeypatch.setattr(analysis, "run_card", run_card)
    done = CliRunner().invoke(app, ["run", "c.toml", "--out", "o", "--seed", "4", "--quiet"])
    assert (done.exit_code, done.stdout) == (0, "there\n")
    assert (seen["card"], seen["out"], seen["seed"], seen["progress"]) == (Path("c.toml"), Path("o"), 4, False)

    options = ["--family", "poisson", "--prior", "x=Normal(mu=0, sigma=2)", "--prior", "f[a] = Normal(0, 1)"]
    options += ["--weights", "w", "--na", "error", "--draws", "20", "--tune", "30", "--chains", "2", "--seed", "5"]
    options += ["--target-accept", "0.99", "--prob", "0.9", "--out", "o"]
    done = CliRunner().invoke(app, ["fit", "y ~ x", "d.csv", *options])
    assert done.exit_code == 0
    assert "Written to there:\n" in done.stdout
    assert "tables    fixef.csv\n" in done.stdout
    card = seen["card"]
    assert card.questions.audit is False
    assert (card.model.formula, card.model.family) == ("y ~ x", "poisson")
    assert (card.data.path, card.data.weights, card.data.na) == (Path("d.csv"), "w", "error")
    assert card.priors == {"x": "Normal(mu=0, sigma=2)", "f[a]": "Normal(0, 1)"}
    sampler = card.sampler
    assert (sampler.draws, sampler.tune, sampler.chains, sampler.seed, sampler.target_accept) == (20, 30, 2, 5, 0.99)
    assert card.report.probability == 0.9


@pytest.mark.parametrize(
    ("text", "parameter", "prior"),
    [
        ("poly(x, 2)[1]=Normal(0,1)", "poly(x, 2)[1]", "Normal(0,1)"),
        ('I(f == "b") = Normal(mu=0, sigma=2)', 'I(f == "b")', "Normal(mu=0, sigma=2)"),
        ("sd_g__Intercept=Normal(mu=0, sigma=2)", "sd_g__Intercept", "Normal(mu=0, sigma=2)"),
        ("sd_g__I(x == log(y))=HalfNormal(2)", "sd_g__I(x == log(y))", "HalfNormal(2)"),
        ("f[a=b]=Normal(0, 1)", "f[a=b]", "Normal(0, 1)"),
        ("log(x)=Normal", "log(x)", "Normal"),
    ],
)
def test_a_prior_begins_at_its_distribution(text, parameter, prior):
    assert commands._priors([text]) == {parameter: prior}


def test_data_lists_every_set(capsys):
    assert main(["data"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["name", *catalogue()]
    for line, data_set in zip(lines[1:], catalogue().values(), strict=True):
        assert data_set.formula in line
        assert data_set.title in line
        assert line == line.rstrip()


@pytest.mark.parametrize("name", list(catalogue()))
def test_data_describes_a_set(name: str, capsys):
    assert main(["data", name]) == 0
    text = " ".join(capsys.readouterr().out.split())
    data_set = catalogue()[name]
    for expected in (data_set.source, data_set.licence, data_set.formula, *(c.name for c in data_set.columns)):
        assert " ".join(expected.split()) in text
    for column in data_set.columns:
        assert column.unit is None or column.unit in text


def test_help_and_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("bayesmix ")
    for arguments in (["--help"], ["run", "-h"], ["fit", "--help"], ["data", "--help"]):
        assert main(arguments) == 0
        assert "Usage: bayesmix" in capsys.readouterr().out
    assert main([]) == 2
    printed = capsys.readouterr()
    assert "Usage: bayesmix" in printed.out
    assert printed.err == ""


def shell(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bayesmix", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_shipped_card_from_end_to_end(folder: Path):
    done = shell("run", str(MODELS / "sleepstudy.toml"), folder=folder)
    assert done.returncode == 0, done.stderr
    assert "Formula: Reaction ~ Days + (Days | Subject)" in done.stdout
    assert "Sampling: no problems" in done.stdout
    assert "Audit: NUTS from dispersed starts agrees with the fit" in done.stdout
    assert "Auditing by NUTS ..." in done.stderr
    results = folder / "results" / "sleepstudy"
    assert [path.name for path in folder.iterdir()] == ["results"]
    fixef = pd.read_csv(results / "fixef.csv", index_col="coefficient")
    # lme4: 251.4 and 10.47 with standard errors 6.8 and 1.5; the posterior is a little wider.
    assert fixef.loc["Intercept", "mean"] == pytest.approx(251.4, abs=1.5)
    assert fixef.loc["Days", "mean"] == pytest.approx(10.47, abs=0.4)
    session = json.loads((results / "session.json").read_text())
    assert session["seed"] == 20
    assert set(session["files"]) == {path.name for path in results.iterdir()}
    for picture in ("lines", "ranef_Subject", "sd", "corr", "residuals", "qq", "ppc"):
        assert (results / f"{picture}.png").read_bytes().startswith(b"\x89PNG")
    assert (results / "card.toml").read_text() == (MODELS / "sleepstudy.toml").read_text()


@pytest.mark.slow
def test_fit_of_a_file_leaves_a_card_that_repeats_it(folder: Path):
    (folder / "in").mkdir()
    shutil.copy(Path(data.__file__).parent / "files" / "Dyestuff.csv", folder / "in")
    options = ["--draws", "200", "--tune", "200", "--chains", "2", "--seed", "1"]
    first = shell("fit", "Yield ~ 1 + (1 | Batch)", "in/Dyestuff.csv", *options, "--out", "out", folder=folder)
    assert first.returncode == 0, first.stderr
    again = shell("run", "out/card.toml", "--quiet", folder=folder)
    assert (again.returncode, again.stdout) == (0, "results/card\n"), again.stderr
    for table in ("fixef", "varcorr", "ranef", "augment"):
        name = f"{table}.csv"
        assert (folder / "out" / name).read_text() == (folder / "results" / "card" / name).read_text()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_tables_fit_the_terminal(width: int, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    for arguments in (["data"], ["data", "cbpp"]):
        assert main(arguments) == 0
        lines = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()
        assert max(map(len, lines)) <= width
        words = " ".join(lines).split()
        # Names stay whole, whatever is broken into lines beside them.
        assert {"name", *catalogue()} <= set(words) if arguments == ["data"] else {"incidence", "herd"} <= set(words)


MESSY = "Ertrag (t/ha);Sorte;Düngung\n" + "".join(
    f"{'-' if row == 5 else f'{9 + row / 8:.2f}'.replace('.', ',')};{'AB'[row % 2]};{row % 4}\n" for row in range(24)
)
READ = ["--sep", ";", "--decimal", ",", "--encoding", "latin-1"]


def test_a_table_of_another_layout_is_read_as_told(folder: Path, capsys):
    (folder / "trial.csv").write_bytes(MESSY.encode("latin-1"))
    asked = ["fit", "`Ertrag (t/ha)` ~ Düngung + (1 | Sorte)", "trial.csv"]
    assert main([*asked, *READ, "--na-values", "-"]) == 2
    assert "came as far as sampling" in capsys.readouterr().err
    # Each message names the next thing to say.
    assert main(asked) == 2
    assert '--encoding "cp1252"' in capsys.readouterr().err
    assert main([*asked, "--encoding", "cp1252"]) == 2
    assert 'sep=";" (at a shell: --sep ";") and decimal="," (at a shell: --decimal ",")' in capsys.readouterr().err
    assert main([*asked, *READ]) == 2
    said = capsys.readouterr().err
    assert "23 of 24 values are numbers" in said
    assert "'-' (row 5)" in said
    assert "na_values" in said
    assert main([*asked, *READ, "--na", "-"]) == 2
    assert "na_values" in capsys.readouterr().err


def test_the_layout_of_a_bundled_set_is_known(capsys):
    assert main(["fit", SLEEP, "sleepstudy", "--sep", ";", "--na-values", "-"]) == 2
    assert (
        "sep, na_values say how a file is written; the bundled set 'sleepstudy' needs none" in capsys.readouterr().err
    )
