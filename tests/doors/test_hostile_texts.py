"""A stranger's text is data at every door: nothing of it runs, whatever family and library it goes through.

The watch is an audit hook of the interpreter (PEP 578): it sees each process, socket, file and piece of compiled text.
"""

import io
import json
import os
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import bambi
import h5py
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import bayesmix as bm
from bayesmix.errors import BayesmixError
from bayesmix.families.table import FAMILIES
from bayesmix.modelling.pymc_model.bambi_dialect import SUCCESSES, TRIALS

from .conftest import IMPORTS, RUNS, SECRET, TEXTS, as_name, models_of, of_a_stranger

USUAL = ("added to a formula", "lines", "tex", "keyword")
USUAL_FAMILIES = ("gaussian", "binomial", "poisson", "cumulative")
each_text = pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
THROUGH_EVERY_FAMILY = "added to a formula"


def usual(*without):
    """The usual texts; the others are slow."""
    chosen = {name: text for name, text in TEXTS.items() if name not in without}
    marks = {name: () if name in USUAL else pytest.mark.slow for name in chosen}
    return pytest.mark.parametrize("text", [pytest.param(chosen[name], id=name, marks=marks[name]) for name in chosen])


usual_texts = usual()


def both_doors(text, family, watched):
    data, formula = of_a_stranger(text, family)
    with watched():
        for model in models_of(formula, family, data):
            assert str(model)
            assert set(data.columns) >= set(model.data.columns) - {model.response_term.alias} - {SUCCESSES, TRIALS}


@pytest.mark.parametrize(
    "family",
    [pytest.param(one, marks=() if one in USUAL_FAMILIES else pytest.mark.slow) for one in FAMILIES],
)
def test_every_family(family, watched):
    both_doors(TEXTS[THROUGH_EVERY_FAMILY], family, watched)


@usual(THROUGH_EVERY_FAMILY)
@pytest.mark.parametrize(
    "family", ["gaussian", *(pytest.param(one, marks=pytest.mark.slow) for one in ("binomial", "cumulative"))]
)
def test_every_text_as_response_column_level_and_group(text, family, watched):
    both_doors(text, family, watched)


def test_a_response_that_closes_its_quotes(watched):
    """Text between backticks ended at those of a column in a call; what stood behind them was evaluated."""
    name = f" + {RUNS} "
    rng = np.random.default_rng(1)
    data = pd.DataFrame({name: rng.normal(size=60), "I(": rng.normal(size=60), "g": np.repeat(list("abcdef"), 10)})
    with watched():
        fit = bm.fit(f"I(`{name}`) ~ `I(` + (1 | g)", data, seed=1, progress=False)
        assert set(fit.pymc_model.named_vars) >= {"I(", "sd_g__Intercept"}
        assert bm.bambi_model(fit).data.columns.tolist()[:2] == ["I(", "g"]


def test_a_response_in_a_call_of_a_quoted_column():
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"reaction time": np.exp(rng.normal(size=60)), "x": rng.normal(size=60)})
    data["school class"] = np.repeat(list("abcdef"), 10)
    fit = bm.fit("log(`reaction time`) ~ x + (x | `school class`)", data, draws=50, progress=False)
    model = bm.bambi_model(fit)
    new = data.drop(columns="reaction time").head(7)
    predicted = model.predict(fit.posterior, data=new, inplace=False).posterior["mu"]
    expected = bm.fitted(fit)["mean"].to_numpy()[:7]
    np.testing.assert_allclose(predicted.mean(("chain", "draw")), expected, rtol=1e-8)
    assert len(bambi.interpret.predictions(model, fit.posterior, conditional="school class").summary) == 6


SHORT = {"draws": 25, "tune": 40, "chains": 1, "seed": 1, "progress": False}


@usual_texts
def test_a_whole_analysis_of_a_stranger(text, watched, tmp_path):
    """Fit, print, tables, pictures, stored and read again, predictions by Bambi."""
    data, _ = of_a_stranger(text, "gaussian")
    name = as_name(text)
    with watched():
        fit = bm.fit(f"`{name}y` ~ `{name}` + `{name}f` + (1 | `{name}g`)", data, **SHORT)
        again = bm.load(bm.save(fit, tmp_path / "fit.nc"))
        assert str(again) == str(fit)
        assert bm.fixef(again).shape == (4, 7)
        assert "script>" not in again._repr_html_()
        assert len(bm.ranef(again)) == 6
        np.testing.assert_allclose(bm.predict(again, data.head(3)), bm.fitted(again).head(3))
        assert len(bm.comparisons(again, {f"{name}f": "pairwise"}, by=f"{name}g", groups="new")) == 18
        bm.plot_lines(again) if name == "lambda" else bm.plot_ranef(again)
        plt.gcf().savefig(tmp_path / "picture.png")
        plt.close("all")
        model = bm.bambi_model(again)
        if "|" in name:
            return  # Bambi takes the names of group terms apart at it
        assert model.predict(again.posterior, data=data.head(3), inplace=False).posterior["mu"].sizes["__obs__"] == 3


@pytest.mark.slow
@each_text
def test_sampled_with_all_parameters(text, watched):
    """Names become those of variables in the text that PyTensor and Numba compile."""
    data, formula = of_a_stranger(text, "student_t")
    with watched():
        fit = bm.fit(formula, data, "student_t", remedies=False, **SHORT)
        assert str(fit)


@each_text
def test_formulas(text, watched):
    data = bm.load_data("sleepstudy")
    formulas = [
        text,
        f"Reaction ~ {text}",
        f"{text} ~ Days",
        f"Reaction ~ Days + ({text} | Subject)",
        f"Reaction ~ Days + (Days | {text})",
        f"Reaction ~ I({text})",
        f"Reaction ~ offset({text})",
        f"Reaction ~ poly(Days, {text})",
        f"Reaction ~ factor(Days, levels = {text})",
        f"Reaction ~ C(factor(Days), {text})",
        f"Reaction ~ C(factor(Days), Treatment({text}))",
        f"Reaction ~ cut(Days, {text})",
        f"Reaction ~ ifelse(Days > 1, {text}, 0)",
        f"Reaction ~ I(Days %in% c({text}))",
        f"Reaction ~ ns(Days, knots = c({text}))",
        f"Reaction ~ relevel(Subject, {text})",
        f"Reaction ~ `{text}`",
        f"`{text}` ~ Days",
    ]
    with watched():
        for formula in formulas:
            for refused in (lambda f=formula: bm.lm(f, data), lambda f=formula: bm.reml(f, data)):
                with pytest.raises(BayesmixError):
                    refused()


@each_text
def test_contrasts(text, watched):
    data = bm.load_data("sleepstudy").assign(f=np.resize(["a", "b", "c"], 180))
    contrasts = [text, f"Treatment({text})", f"Treatment('{text}')", {text: text}, {"n": text}, {"n": f"b - ({text})"}]
    with watched():
        for given in contrasts:
            with pytest.raises(BayesmixError):
                bm.lm("Reaction ~ f", data, contrasts={"f": given})
        with pytest.raises(BayesmixError):
            bm.lm("Reaction ~ f", data, contrasts={text: "sum"})


@usual_texts
def test_arguments(text, watched):
    data = bm.load_data("sleepstudy")
    formula = "Reaction ~ Days + (1 | Subject)"
    with watched():
        fit = bm.fit(formula, data, seed=1, progress=False)
        refused = [
            lambda: bm.fit(formula, data, text, **SHORT),
            lambda: bm.fit(formula, data, f"gaussian({text})", **SHORT),
            lambda: bm.fit(formula, data, priors={text: "Normal(0, 1)"}, **SHORT),
            lambda: bm.fit(formula, data, priors={"Days": text}, **SHORT),
            lambda: bm.fit(formula, data, priors={"Days": f"Normal(0, {text})"}, **SHORT),
            lambda: bm.fit(formula, data, priors={"Days": f"{text}(0, 1)"}, **SHORT),
            lambda: bm.fit(formula, data, weights=text, **SHORT),
            lambda: bm.fit(formula, data, na=text, **SHORT),
            lambda: bm.fit(formula, data, method=text, **SHORT),
            lambda: bm.fit(formula, data, **SHORT | {"sampler": text}),
            lambda: bm.fit([formula, f"sigma ~ {text}"], data, **SHORT),
            lambda: bm.fit([formula, f"{text} ~ 1"], data, **SHORT),
            lambda: bm.load_data(text),
            lambda: bm.load(text),
            lambda: bm.ranef_draws(fit, text),
            lambda: bm.shrinkage(fit, text),
            lambda: bm.bayes_factor(fit, drop=text),
            lambda: bm.tidy(fit, effects=text),
            lambda: bm.loo(fit, by=text),
            lambda: bm.icc(fit, text),
            lambda: bm.hypothesis(fit, text),
            lambda: bm.hypothesis(fit, f"Days > {text}"),
            lambda: bm.hypothesis(fit, f"`{text}` > 0"),
            lambda: bm.hypothesis(fit, f"ranef[Subject, {text}] > 0"),
            lambda: bm.plot_trace(fit, [text]),
            lambda: bm.residuals(fit, kind=text),
            lambda: bm.predict(fit, {"Days": [1], "Subject": [text]}),
            lambda: bm.predict(fit, {text: [1]}),
            lambda: bm.predict(fit, groups=text),
            lambda: bm.comparisons(fit, {"Days": text}),
            lambda: bm.comparisons(fit, text),
            lambda: bm.predictions(fit, by=text),
            lambda: bm.posterior_epred(fit, type=text),
        ]
        for i, question in enumerate(refused):
            try:
                question()
            except BayesmixError:
                continue
            pytest.fail(f"question {i} took the text")


CARD = """
title = "A title"
description = "What it is about"

[data]
path = "rows.csv"
weights = "w"
na = "drop"

[data.units]
y = "kg"

[data.factors]
f = ["a", "b"]

[model]
formula = "y ~ f + (1 | g)"
family = "gaussian"

[priors]
sigma = "HalfNormal(3)"

[sampler]
name = "auto"
method = "auto"
draws = 20
chains = 1
seed = 1

[questions]
audit = false

[report]
probability = 0.9
pictures = ["ranef"]

[report.layers]
"one" = "y ~ f + (1 | g)"
"""
PLACES = sorted(set(CARD.replace('"', "\0").split("\0")[1::2])) + [
    line.split(" =")[0] for line in CARD.splitlines() if " = " in line and not line.startswith('"')
]


@usual_texts
def test_cards(text, watched, tmp_path):
    """Every text and every key of a card in turn is the stranger's."""
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({"f": np.tile(["a", "b"], 24), "g": np.repeat(list("abcdef"), 8), "w": 1.0})
    rows["y"] = rng.normal(5, 1, 48)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    as_toml = json.dumps(text)
    with watched():
        for place in dict.fromkeys(PLACES):
            quoted = f'"{place}"' in CARD
            changed = CARD.replace(f'"{place}"', as_toml) if quoted else CARD.replace(f"\n{place} =", f"\n{as_toml} =")
            assert changed != CARD
            card = tmp_path / "card.toml"
            card.write_text(changed, encoding="utf-8")
            # Pictures and tables of a stranger's levels are drawn by the whole analyses: here the fit is what counts.
            try:
                bm_run(card)
            except BayesmixError:
                continue


def bm_run(card):
    from bayesmix.report.analysis.analysis import analyse, analysis_text  # noqa: PLC0415
    from bayesmix.report.analysis.card import read_card  # noqa: PLC0415
    from bayesmix.report.analysis.card_plan import plan_card  # noqa: PLC0415

    return analysis_text(analyse(plan_card(read_card(card)), progress=False))


def test_the_watch_sees_a_process_a_file_a_socket_and_a_secret(watched, tmp_path):
    for deed in (
        lambda: subprocess.run(["true"], check=True),
        lambda: os.system("true"),
        lambda: socket.socket().close(),
        lambda: Path(SECRET).read_text(),
        lambda: Path("/var/pwned").mkdir(),
        lambda: exec("[] and " + IMPORTS),
    ):
        with pytest.raises(AssertionError), watched():
            deed()
        Path("/var/pwned").rmdir() if Path("/var/pwned").exists() else None
    with pytest.raises(AssertionError), watched(), suppress(ValueError):
        bambi.Model(f"y ~ 1 + {RUNS}", pd.DataFrame({"y": [1.0, 2.0, 4.0]}))
    (tmp_path / "pwned").unlink(missing_ok=True)


STORED = Path(__file__).parents[1] / "modelling" / "files" / "format2_gaussian_slopes.nc"


def replaced(value, text):
    """Copies of a description, each with one text or one key in it replaced."""
    if isinstance(value, str):
        yield text
    if isinstance(value, list):
        for i, inside in enumerate(value):
            yield from ([*value[:i], one, *value[i + 1 :]] for one in replaced(inside, text))
    if isinstance(value, dict):
        for key, inside in value.items():
            yield {(text if name == key else name): kept for name, kept in value.items()}
            yield from (value | {key: one} for one in replaced(inside, text))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["added to a formula", "python", "secret", "tex"])
def test_stored_fits(kind, watched, tmp_path):
    """Every text and every key of the description, one after the other; what is loaded is looked at."""
    content, taken = STORED.read_bytes(), 0
    with h5py.File(io.BytesIO(content)) as file:
        about = json.loads(file.attrs["bayesmix"])
    with watched():
        for changed in [*replaced(about, TEXTS[kind]), about]:
            stored = io.BytesIO(content)
            with h5py.File(stored, "r+") as file:
                file.attrs["bayesmix"] = json.dumps(changed)
            (tmp_path / "fit.nc").write_bytes(stored.getvalue())
            try:
                fit = bm.load(tmp_path / "fit.nc")
            except BayesmixError:
                continue
            assert str(fit)
            assert bm.bambi_model(fit).built
            taken += 1
    assert taken >= 1
