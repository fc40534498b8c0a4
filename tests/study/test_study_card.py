"""A study from its card: the folder it leaves, what a second call costs, and one line for each mistake."""

import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.cli.main import main
from bayesmix.errors import BayesmixError, CardError, OutputError, UnknownTermError
from bayesmix.loci.engine.fit_block import fit_block
from bayesmix.study import plan as study_plan
from bayesmix.study.card import read_study
from bayesmix.study.plan import plan_study
from bayesmix.study.run import run_study

SHIPPED = Path(__file__).parents[2] / "models" / "methylation_loci.toml"
FORMULA = "cbind(methylated, unmethylated) ~ treatment * time + (1 | tank)"
TABLE = """
[data]
path = "counts.csv"
[model]
formula = "cbind(methylated, unmethylated) ~ treatment * time + (1 | tank)"
family = "binomial"
[sampler]
draws = 50
chains = 2
"""


@pytest.fixture(scope="module")
def shipped(tmp_path_factory) -> Path:
    """The folder that the shipped card leaves, beside the card."""
    top = tmp_path_factory.mktemp("study")
    shutil.copy(SHIPPED, top)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(top)
        assert main(["loci", SHIPPED.name, "--workers", "1", "--quiet"]) == 0
    return top / "results" / "methylation_loci"


def no_fits(monkeypatch) -> None:
    def refuse(*_, **__):
        raise AssertionError("A locus was fitted.")

    monkeypatch.setattr("bayesmix.loci.plan.fit_block", refuse)


def test_the_shipped_card_leaves_tables_and_what_was_counted(shipped):
    table = pd.read_parquet(shipped / "loci.parquet")
    own = bm.fit_loci(
        FORMULA,
        bm.load_data("methylation_simulated"),
        "binomial",
        priors={"sd_tank__Intercept": "HalfNormal(1)"},
        contrasts={"late": "treatment[trt] + treatment[trt]:time[t2]"},
        least_samples=8,
        seed=145,
        workers=1,
        progress=False,
    )
    pd.testing.assert_frame_equal(table, own.table)
    status = pd.read_csv(shipped / "status.csv").set_index("status")["loci"]
    assert dict(status) == dict(own.status)
    filters = pd.read_csv(shipped / "filters.csv").set_index("what")["n"]
    assert filters["rows"] == 96
    chosen = pd.read_csv(shipped / "significant_change.csv", dtype={"locus": str})
    judged = bm.significant(own, "treatment[trt]:time[t2]", q=0.05, method="lfsr")
    assert set(chosen["locus"]) == set(judged.loc[judged["selected"], "locus"])
    assert chosen["q"].is_monotonic_increasing
    assert set(pd.read_parquet(shipped / "draws.parquet")["locus"]) == {"145"}
    summary = (shipped / "summary.txt").read_text()
    assert "4 loci, 24 samples, one model each, binomial (logit)" in summary
    assert "           3  separated" in summary
    assert "loci selected for treatment[trt]:time[t2] at a Bayesian false discovery rate of 0.05" in summary
    page = (shipped / "report_change.html").read_text()
    assert page.count("<img") >= 5  # four pictures, and one of each of the most certain loci
    assert "treatment[trt]:time[t2]" in page
    session = json.loads((shipped / "session.json").read_text())
    assert session["status"] == {"separated": 3, "ok": 1}
    assert set(session["files"]) == {file.name for file in shipped.iterdir()} - {".lock"}


def test_a_second_call_fits_nothing_and_writes_the_report_alone(shipped, monkeypatch, capsys):
    no_fits(monkeypatch)
    monkeypatch.chdir(shipped.parents[1])
    before = (shipped / "loci.parquet").stat().st_mtime_ns
    assert main(["loci", SHIPPED.name, "--cluster", "tcp://"]) == 0  # which nothing needs any more
    printed = capsys.readouterr()
    assert "Significant, change: treatment[trt]:time[t2]" in printed.out
    assert "Written to results/methylation_loci:" in printed.out
    assert (shipped / "loci.parquet").stat().st_mtime_ns == before


def test_another_selection_replaces_the_table_of_the_last_one(shipped, monkeypatch):
    no_fits(monkeypatch)
    monkeypatch.chdir(shipped.parents[1])
    other = shipped.parents[1] / "other.toml"
    other.write_text(SHIPPED.read_text().replace("[significant.change]", "[significant.differing]"))
    try:
        written = run_study(other, shipped, progress=False, show=lambda _: None)
        assert "significant_differing.csv" in written.files
        assert "report_differing.html" in written.files
        assert not (shipped / "significant_change.csv").exists()
        assert not (shipped / "report_change.html").exists()
    finally:
        run_study(shipped.parents[1] / SHIPPED.name, shipped, progress=False, show=lambda _: None)


def test_a_changed_card_is_refused_with_what_differs(shipped, monkeypatch):
    no_fits(monkeypatch)
    changed = shipped.parents[1] / "changed.toml"
    changed.write_text(SHIPPED.read_text().replace("seed = 145", "seed = 146"))
    with pytest.raises(OutputError, match="is of another run, which differs in seed=: 145 there, 146 here"):
        run_study(changed, shipped, progress=False)


def test_an_interrupt_says_what_is_kept_and_the_same_command_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    bm.load_data("methylation_simulated").to_csv("counts.csv", index=False)
    Path("study.toml").write_text(TABLE + '[run]\nstore = "kept"\nworkers = 1\n')
    calls = []

    def interrupted(model, block, **_):
        calls.append(block.names)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return fit_block(model, block)

    monkeypatch.setattr("bayesmix.loci.tasks._FIRST", 3)
    monkeypatch.setattr("bayesmix.loci.tasks._SECONDS", 1e-9)
    monkeypatch.setattr("bayesmix.loci.plan.fit_block", interrupted)
    assert main(["loci", "study.toml", "-q"]) == 130
    assert (
        "Interrupted; what was done is kept in kept, and the same command goes on with it." in capsys.readouterr().err
    )
    calls.append("no more interrupts")
    assert main(["loci", "study.toml", "-q"]) == 0
    assert calls[-1] == ("145",)
    assert [len(names) for names in calls[3:]] == [1]
    assert len(pd.read_parquet("kept/loci.parquet")) == 4


def sheet_of(counts: pd.DataFrame) -> pd.DataFrame:
    """Samples s1 to s24, one for each tank and time."""
    samples = counts[["treatment", "time", "tank"]].drop_duplicates(ignore_index=True)
    return samples.assign(sample=[f"s{number + 1}" for number in range(len(samples))])


def test_matrices_and_files_of_callers_give_the_rows_of_the_long_table(tmp_path):
    """The same counts in each kind of data, of which all paths are relative to the card."""
    counts = bm.load_data("methylation_simulated")
    folder = tmp_path / "study"
    folder.mkdir()
    sheet = sheet_of(counts)
    long = counts.merge(sheet, on=["treatment", "time", "tank"])
    kinds = {"methylated": "m.csv", "unmethylated": "u.csv"}
    for column, name in kinds.items():
        long.pivot_table(index="locus", columns="sample", values=column, sort=False).reset_index().to_csv(
            folder / name, index=False
        )
    for sample, rows in long.groupby("sample"):
        numbered = rows.assign(chr="1", pos=rows["locus"].astype(int), percent=50.0).sort_values("pos")
        lines = numbered[["chr", "pos", "pos", "percent", "methylated", "unmethylated"]]
        with gzip.open(folder / f"{sample}.cov.gz", "wt") as file:
            lines.to_csv(file, sep="\t", header=False, index=False)
    sheet.assign(file=sheet["sample"] + ".cov.gz").to_csv(folder / "samples.csv", index=False)
    counts.to_csv(folder / "counts.csv", index=False)
    model = TABLE.partition("[model]")[2]
    cards = {
        "long": '[data]\npath = "counts.csv"\nby = "locus"\n',
        "matrices": '[data]\nmethylated = "m.csv"\nunmethylated = "u.csv"\nsheet = "samples.csv"\n',
        "callers": '[data]\nsheet = "samples.csv"\nformat = "bismark-cov"\n[data.filter]\nleast_samples = 2\n',
    }
    tables = {}
    for name, data in cards.items():
        (folder / f"{name}.toml").write_text(f"{data}[model]{model}")
        run_study(folder / f"{name}.toml", tmp_path / name, workers=1, progress=False, show=lambda _: None)
        table = pd.read_parquet(tmp_path / name / "loci.parquet")
        key = table["pos"].astype(str) if name == "callers" else table["locus"]
        tables[name] = table.assign(key=key).set_index("key").sort_index()
    for name in ("matrices", "callers"):
        same = tables[name]["n_reads"] == tables["long"]["n_reads"]
        assert same.all()
        assert (tables[name]["status"] == tables["long"]["status"]).all()
    mean = "treatment[trt]_mean"
    assert np.allclose(tables["matrices"][mean], tables["long"][mean], rtol=0.3)
    filters = pd.read_csv(tmp_path / "callers" / "filters.csv")
    assert filters.loc[filters["what"] == "loci kept", "n"].item() == 4


BAD = {
    "key": ("[data]", '[data]\nformt = "dss"', "unknown key 'formt' in [data]. Did you mean 'format'"),
    "table": ("[sampler]", "[sampled]", "unknown key 'sampled'. Did you mean 'sampler'?"),
    "key elsewhere": ("[sampler]", '[sampler]\nstore = "x"', "It belongs in [run]"),
    "other card": ("[sampler]", "[questions]\nrand = true\n[sampler]", "the cards that `bayesmix run CARD` takes"),
    "value": ("draws = 50", 'draws = "50"', "'draws' in [sampler] is a whole number; got the text '50'"),
    "few draws": ("draws = 50", "draws = 3", "draws is a whole number of at least 8; got 3"),
    "sampler": ("[sampler]", '[sampler]\nname = "nutz"', "cannot be 'nutz'. Did you mean 'nuts'?"),
    "column": ("time +", "tme +", "Did you mean 'time'?"),
    "locus column": ("[data]", '[data]\nby = "lokus"', "Did you mean 'locus'?"),
    "family": ('"binomial"', '"binomal"', "Did you mean 'binomial'"),
    "no file": ("counts.csv", "count.csv", "count.csv"),
    "no data": ('path = "counts.csv"', 'by = "locus"', "[data] names no data"),
    "two data": ("[data]", '[data]\nsource = "methylation_simulated"', "has source, path, of which a study has one"),
    "filter": ("[data]", "[data.filter]\nleast_reads = 5\n[data]", "filter, which a long table has not"),
    "format": ("[data]", '[data]\nformat = "bismark-cov"', "format, which a long table has not"),
    "matrices": ('path = "counts.csv"', 'methylated = "m.csv"', "'sheet' in [data] is missing"),
    "effect": ("[sampler]", '[significant.a]\neffect = "treatment[tr]"\n[sampler]', "Did you mean 'treatment[trt]'"),
    "no effect": ("[sampler]", "[significant.a]\nq = 0.1\n[sampler]", "'effect' in [significant.a] is missing"),
    "rate": (
        "[sampler]",
        '[significant.a]\neffect = "treatment[trt]"\nq = 5\n[sampler]',
        "[significant.a] q is a false discovery rate between 0 and 1",
    ),
    "selection without a name": ("[sampler]", '[significant]\neffect = "x"\n[sampler]', "give it a name"),
    "prior": ("[sampler]", '[priors]\nsd_tnk__Intercept = "HalfNormal(1)"\n[sampler]', "sd_tank__Intercept"),
    "contrast": ("[sampler]", '[contrasts]\nlate = "treatment[tr]"\n[sampler]', "Did you mean 'treatment[trt]'"),
    "draws of nothing": ("[sampler]", '[keep]\nparameters = ["treatment"]\n[sampler]', "[keep] parameters has"),
    "cluster": ("[sampler]", '[run]\ncluster = "tcp://"\n[sampler]', "'tcp://' is no address of a Dask scheduler"),
    "workers": ("[sampler]", "[run]\nworkers = 0\n[sampler]", "workers is a whole number of at least 1; got 0"),
    "no model": ("[model]", "[data.x]", "unknown key 'x' in [data]"),
}


@pytest.mark.parametrize(("old", "new", "said"), BAD.values(), ids=BAD.keys())
def test_a_mistake_gets_one_line_before_anything_is_fitted(old, new, said, tmp_path, monkeypatch, capsys):
    no_fits(monkeypatch)
    monkeypatch.chdir(tmp_path)
    bm.load_data("methylation_simulated").to_csv("counts.csv", index=False)
    Path("study.toml").write_text(TABLE.replace(old, new, 1))
    assert main(["loci", "study.toml", "-q"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    first, *marked = printed.err.rstrip("\n").split("\n")
    assert first.startswith("bayesmix: ")
    assert said in first
    assert not marked or (len(marked) == 2 and set(marked[1].strip()) == {"^"})
    assert not Path("results").exists()


def test_a_card_that_is_not_there_names_those_that_are(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("methylome.toml").write_text(TABLE)
    assert main(["loci", "metylome.toml"]) == 2
    assert "Did you mean 'methylome.toml'?" in capsys.readouterr().err


def test_a_folder_of_something_else_is_refused(tmp_path, monkeypatch):
    no_fits(monkeypatch)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    with pytest.raises(OutputError, match=r"is no store of loci, but has 'thesis\.tex'"):
        run_study(SHIPPED, tmp_path / "mine", progress=False)


def test_screened_loci_that_are_selected_are_fitted_by_nuts(tmp_path):
    bm.load_data("methylation_simulated").to_csv(tmp_path / "counts.csv", index=False)
    card = tmp_path / "study.toml"
    card.write_text(
        TABLE + 'name = "importance"\naudit = 0.0\n[run]\nworkers = 1\n[significant.any]\neffect = "treatment[trt]"\n'
        'method = "lfsr"\nq = 0.4\n[significant.none]\neffect = "treatment[tr]"\n'
    )
    said = []
    with pytest.raises(UnknownTermError, match=r"\[significant\.none\]"):
        run_study(card, tmp_path / "out", progress=False)
    card.write_text(card.read_text().replace('"treatment[tr]"', '"treatment[trt]:time[t2]"'))
    written = run_study(card, tmp_path / "out", progress=False, show=lambda _: None, note=said.append)
    assert "audits.json" in written.files
    assert "Auditing the selection any" in said
    table = pd.read_parquet(tmp_path / "out" / "loci.parquet").set_index("locus")
    chosen = pd.read_csv(tmp_path / "out" / "significant_any.csv", dtype={"locus": str})["locus"]
    assert len(chosen)
    assert set(table.loc[chosen, "sampler"]) == {"nuts"}


def test_every_key_of_the_card_reaches_the_model(tmp_path):
    bm.load_data("methylation_simulated").assign(chr="1", pos=1).to_csv(tmp_path / "counts.csv", index=False)
    (tmp_path / "study.toml").write_text(
        TABLE.replace('by = "locus"', "").replace("[data]", '[data]\nplaces = ["pos"]')
        + 'tune = 40\nseed = 9\ntarget_accept = 0.7\naudit = 0.5\nlog_marginal = true\nname = "importance"\n'
        '[model.codings]\ntime = "sum"\n[coverage]\nleast_reads = 3\nleast_samples = 4\n'
        '[priors]\nIntercept = "Normal(0, 1)"\n[contrasts]\nall = {"treatment[trt]" = 2}\n'
        '[keep]\nloci = true\nparameters = ["all"]\n[report]\nprobability = 0.9\n'
    )
    plan = plan_study(read_study(tmp_path / "study.toml"))
    settings, model = plan.loci.model.settings, plan.loci.model
    assert settings.sampler == "importance"
    assert (settings.draws, settings.chains, settings.tune, settings.seed) == (50, 2, 40, 9)
    assert (settings.target_accept, settings.audit, settings.log_marginal) == (0.7, 0.5, True)
    assert (settings.least_reads, settings.least_samples, settings.prob) == (3, 4, 0.9)
    assert (settings.keep, settings.kept) == (None, ("all",))
    assert model.codings == {"time": "sum"}
    assert set(model.priors) == {"Intercept"}
    assert model.names[-1] == "all"
    assert model.places == (("pos", "int64"),)


def test_files_of_callers_are_read_as_the_card_says(tmp_path, monkeypatch):
    asked = {}

    def read(sheet, **arguments):
        asked.update(sheet=sheet, **arguments)
        raise BayesmixError("as far as reading")

    monkeypatch.setattr(study_plan, "read_methylation", read)
    card = tmp_path / "study.toml"
    card.write_text(
        '[data]\nsheet = "s.csv"\nfiles = "path"\nsample = "id"\nformat = "allc"\ncontext = "all"\ncode = "m"\n'
        "collapse_strands = false\n[data.filter]\nleast_reads = 5\nmost_quantile = 0.999\nleast_samples = 6\n"
        f'group = "treatment"\nleast_per_group = 2\n[model]\nformula = "{FORMULA}"\n'
    )
    with pytest.raises(BayesmixError, match="as far as reading"):
        plan_study(read_study(card))
    assert asked == {
        "sheet": tmp_path / "s.csv",
        "files": "path",
        "sample": "id",
        "format": "allc",
        "context": None,
        "code": "m",
        "collapse_strands": False,
        "least_reads": 5,
        "most_quantile": 0.999,
        "least_samples": 6,
        "group": "treatment",
        "least_per_group": 2,
    }
    with pytest.raises(CardError, match="no card"):
        read_study(tmp_path / "nowhere" / "x.toml")


def test_a_selection_that_cannot_be_made_is_told_and_the_table_stays(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    bm.load_data("methylation_simulated").to_csv("counts.csv", index=False)
    card = TABLE + '[coverage]\nleast_samples = 99\n[run]\nworkers = 1\n[significant.a]\neffect = "treatment[trt]"\n'
    Path("study.toml").write_text(card)
    assert main(["loci", "study.toml", "-q"]) == 1
    assert "[significant.a]: No locus has an estimate of treatment[trt]" in capsys.readouterr().err
    assert set(pd.read_parquet("results/study/loci.parquet")["status"]) == {"low coverage"}
    assert "No locus has an estimate" in Path("results/study/summary.txt").read_text()
    Path("study.toml").write_text(card.replace('"treatment[trt]"', '"x"'))
    with pytest.raises(UnknownTermError, match=r"\[significant.a\] The loci have no effect 'x'"):
        run_study("study.toml", progress=False)
