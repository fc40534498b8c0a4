"""A place or an analysis that cannot be: refused in one line before anything is sampled, and nothing is touched."""

import subprocess
import sys
from pathlib import Path

import pytest

from bayesmix.errors import BayesmixError, CardError, DataError, OutputError, PriorError
from bayesmix.report.analysis.analysis import run_card
from bayesmix.report.analysis.card import Card, DataPart, ModelPart, QuestionsPart, ReportPart, SamplerPart

from ..conftest import CARD, file_contents, silent, variant

FOREIGN = {
    "a file": (lambda out: out.write_text("x"), "is a file"),
    "someone's folder": (lambda out: (out.mkdir(), (out / "thesis.tex").write_text("x")), r"1 files .*thesis\.tex"),
    "a session of something else": (
        lambda out: (out.mkdir(), (out / "session.json").write_text('{"files": ["session.json"]}')),
        r"session\.json",
    ),
    "no JSON": (lambda out: (out.mkdir(), (out / "session.json").write_text("{")), r"session\.json"),
    "notes beside results": (
        lambda out: (run_card(CARD, out, show=silent), (out / "notes.md").write_text("x")),
        r"1 files that bayesmix did not write \(notes\.md\)",
    ),
}


@pytest.mark.parametrize(("make", "words"), FOREIGN.values(), ids=FOREIGN.keys())
def test_foreign_folder_is_refused_before_sampling(sampled, tmp_path: Path, make, words: str):
    make(tmp_path / "out")
    before = file_contents(tmp_path)
    sampled.clear()
    with pytest.raises(OutputError, match=words):
        run_card(CARD, "out", show=silent)
    assert sampled == []
    assert file_contents(tmp_path) == before


@pytest.mark.usefixtures("sampled")
def test_current_directory_is_refused(tmp_path: Path):
    for out in (".", "..", tmp_path):
        with pytest.raises(OutputError, match=r"current directory|did not write"):
            run_card(CARD, out, show=silent)
    (tmp_path / "empty").mkdir()
    assert run_card(CARD, "empty", show=silent).folder == Path("empty")


LAYERS = {
    "another response": ("log(Reaction) ~ Days + (1 | Subject)", "response 'log(Reaction)'"),
    "no such group": ("Reaction ~ Days", "lacks the grouping factor 'Subject'"),
    "misspelt": ("Reaction ~ Dais + (1 | Subject)", "Did you mean 'Days'"),
}


BAD = {
    "prior": (variant(priors={"sd_Subject__Dais": "HalfNormal(2)"}), PriorError, "Did you mean 'sd_Subject__Days'"),
    "unit": (variant(data=DataPart(source="sleepstudy", units={"Dais": "d"})), DataError, "Did you mean 'Days'"),
    "weights": (variant(data=DataPart(source="sleepstudy", weights="W")), DataError, "'W' is no column"),
    "data": (variant(data=DataPart(source="slepstudy")), DataError, "Did you mean 'sleepstudy'"),
    "file": (variant(data=DataPart(path=Path("x.csv"))), DataError, "no file 'x.csv'"),
    "draws": (variant(sampler=SamplerPart(draws=3)), BayesmixError, "at least 10; got 3"),
    "audit": (variant(questions=QuestionsPart(audit="no")), BayesmixError, "[questions] audit is True or False"),
    "ranks of one chain": (
        variant(sampler=SamplerPart(chains=1), report=ReportPart(pictures=("rank",))),
        CardError,
        "'rank' needs two chains",
    ),
    "unknown format": (variant(report=ReportPart(formats=("png", "jpg"))), CardError, "cannot be 'jpg'"),
    "no format": (variant(report=ReportPart(formats=())), CardError, "formats is empty; possible: png, pdf, svg"),
    "no group": (
        variant(model=ModelPart("Reaction ~ Days"), report=ReportPart(pictures=("ranef",))),
        CardError,
        "'ranef' needs a grouping factor",
    ),
    "no correlation": (
        variant(model=ModelPart("Reaction ~ Days + (1 | Subject)"), report=ReportPart(pictures=("corr",))),
        CardError,
        "'corr' needs correlated effects",
    ),
    "layers that are not drawn": (
        variant(report=ReportPart(pictures=("sd",), layers={"a": "Reaction ~ Days + (1 | Subject)"})),
        CardError,
        "'lines', which is not among",
    ),
    **{
        f"layer, {name}": (variant(report=ReportPart(layers={"a": formula})), BayesmixError, words)
        for name, (formula, words) in LAYERS.items()
    },
}


@pytest.mark.parametrize(("card", "kind", "words"), BAD.values(), ids=BAD.keys())
def test_bad_analysis_is_refused_before_sampling(sampled, tmp_path: Path, card: Card, kind, words: str):
    with pytest.raises(kind) as caught:
        run_card(card, show=silent)
    assert words in str(caught.value)
    assert sampled == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_refusing_a_card_loads_nothing_heavy(tmp_path: Path):
    heavy = ("pymc", "pytensor", "bambi", "nutpie", "matplotlib")
    import_and_refuse = (
        "import sys\n"
        "from bayesmix.cli.main import main\n"
        "code = main(['fit', 'Reaction ~ Dais + (1 | Subject)', 'sleepstudy'])\n"
        f"print(code, [name for name in {heavy} if name in sys.modules])\n"
    )
    done = run_python(import_and_refuse, tmp_path)
    assert done == "2 []\n"


def run_python(code: str, folder: Path) -> str:
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True).stdout
