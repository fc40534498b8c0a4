"""Equations in words and LaTeX: with values in them they are evaluated row by row and give the fitted values."""

import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from matplotlib.mathtext import MathTextParser

import bayesmix as bm
from bayesmix.errors import ArgumentError, CallError
from bayesmix.families.family import read_family
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design
from bayesmix.report.words.model_equations import Writing, model_lines
from bayesmix.report.words.notation import PlainText

SLEEPSTUDY = "Reaction ~ Days + (Days | Subject)"


def sleepstudy():
    data = bm.load_data("sleepstudy")
    odd = data["Subject"].astype(str).astype(int) % 2
    return data.assign(Subject=data["Subject"].astype(str), late=odd.map({0: "no", 1: "yes"}))


@pytest.fixture(scope="module")
def crossing():
    return bm.reml("Reaction ~ Days * late + (Days | Subject)", sleepstudy())


def columns_of(fit):
    """What stands in the text: columns of the fixed part, by names that Python can read, and levels of groups."""
    fixed = fit.design.fixed
    names = (re.sub(r"\[(.*?)\]", r"_\1", name) for name in fixed.names)
    columns = {name: column for name, column in zip(names, fixed.matrix.T, strict=True) if ":" not in name}
    levels = {term.group.replace(":", "_"): term.index for term in fit.design.random}
    effects = {}
    for letter, term, values in zip("bcd", fit.design.random, fit.effects, strict=False):
        effects |= {f"{letter}{i if term.k > 1 else ''}": column for i, column in enumerate(values.T)}
    return columns | levels | effects


def right_sides(fit, **asked):
    text = re.sub(r"\n +(?=[+-])", " ", bm.equations(fit, values=True, **asked).text)
    sides = dict(line.split(" = ", 1) for line in text.splitlines() if " = " in line.split(",  ")[0])
    return {left.strip(): right for left, right in sides.items()}


def evaluated(fit):
    """The predictor of every row, as the text has it."""
    (side,) = right_sides(fit).values()
    side = side.replace("recipe:replicate", "recipe_replicate")
    known = columns_of(fit)
    return np.array([eval(side, {}, {"i": i, **known}) for i in range(fit.design.n_obs)])


@pytest.mark.parametrize(
    ("formula", "name"),
    [
        (SLEEPSTUDY, "sleepstudy"),
        ("diameter ~ 1 + (1 | plate) + (1 | sample)", "Penicillin"),
        ("yield ~ irrigation * variety + (1 | field)", "irrigation"),
        ("angle ~ 0 + recipe + temp + (1 | recipe:replicate)", "cake"),
    ],
)
def test_the_text_gives_the_fitted_values(formula, name):
    fit = bm.reml(formula, bm.load_data(name))
    assert fit.design.n_obs == len(evaluated(fit))
    np.testing.assert_allclose(evaluated(fit), bm.fitted(fit)["estimate"], rtol=4e-3)


def test_levels_give_the_same(crossing):
    sides, known = right_sides(crossing, form="levels"), columns_of(crossing)
    first = pd.Series(crossing.design.random[0].index).drop_duplicates()
    of_level = {name: known[name][first.sort_values().index] for name in ("late_yes",)}
    lines = {}
    for name in ("a0", "a1"):
        side = sides[f"{name}[j]"]
        lines[name] = [eval(side, {}, {"j": j, **known, **of_level}) for j in range(18)]
    values = [eval(sides["mu[i]"], {}, {"i": i, **known, **lines}) for i in range(180)]
    np.testing.assert_allclose(values, bm.fitted(crossing)["estimate"], rtol=2e-3)
    assert "late_yes[j]" in sides["a1[j]"]


def test_spreads_are_those_of_varcorr():
    fit = bm.reml(SLEEPSTUDY, sleepstudy())
    last = bm.equations(fit, values=True).text.splitlines()[-1]
    first_row = re.search(r", \[(.*?);", last)[1].replace("^", "**")
    sds = bm.varcorr(fit)["estimate"].to_numpy()
    np.testing.assert_allclose(eval(first_row), [sds[0] ** 2, sds[2] * sds[0] * sds[1]], rtol=2e-3)


def test_counts_have_their_trials_and_link():
    fit = bm.laplace("p(incidence, size) ~ period + (1 | herd)", bm.load_data("cbpp"), "binomial")
    first, second, *_ = bm.equations(fit).text.splitlines()
    assert first.strip() == "incidence[i] ~ Binomial(size[i], p[i])"
    assert second.strip().startswith("logit(p[i]) = beta0 + beta1 * period_2[i]")


def text_of(formulas, data, family):
    """The equations of a model that is not fitted."""
    known = read_family(family)
    parsed = parse_formulas(formulas, auxiliary=known.modelled)
    design = build_design(parsed.mean, data, response=known.response, parts=parsed.parts, auxiliary=known.auxiliary)
    writing = Writing(PlainText(), design, known, None)
    return PlainText().whole(model_lines(writing))


def test_a_posterior_has_its_priors():
    fit = bm.fit(SLEEPSTUDY, sleepstudy(), seed=1)
    text = bm.equations(fit).text
    for name, prior in fit.priors.items():
        assert f"{name} ~ {prior}" in text
    assert "LKJ" not in bm.equations(fit, values=True).text


def test_every_predictor_has_an_equation():
    text = text_of([SLEEPSTUDY, "sigma ~ Days + (1 | Subject)"], sleepstudy(), "gaussian")
    assert "log(sigma[i]) = beta_sigma0 + beta_sigma1 * Days[i] + c[Subject[i]]" in text
    assert "Normal(mu[i], sigma[i]^2)" in text


@pytest.mark.parametrize(
    ("family", "words"),
    [("cumulative", "y[i] ~ Cumulative(eta[i], thresholds)"), ("categorical", "softmax(0, eta_muB[i], eta_muC[i])")],
)
def test_categories(family, words):
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"y": rng.choice(["a", "B", "C"], 60), "x": rng.normal(size=60)})
    data["y"] = pd.Categorical(data["y"], categories=["a", "B", "C"], ordered=family == "cumulative")
    data["g"] = np.tile(list("uvwxyz"), 10)
    text = text_of("y ~ x + (1 | g)", data, family)
    assert words in text
    assert text.count("* x[i]") == (1 if family == "cumulative" else 2)


def test_latex_compiles_where_there_is_latex(crossing, tmp_path):
    latex = bm.equations(crossing, form="levels").latex
    assert latex.startswith("\\begin{aligned}")
    assert latex.count("{") == latex.count("}")
    assert latex.count("\\left") == latex.count("\\right")
    assert bm.equations(crossing)._repr_latex_().startswith("$")
    if shutil.which("pdflatex"):
        page = f"\\documentclass{{article}}\\usepackage{{amsmath}}\\begin{{document}}\\[{latex}\\]\\end{{document}}"
        (tmp_path / "page.tex").write_text(page)
        subprocess.run(["pdflatex", "-interaction=batchmode", "page.tex"], cwd=tmp_path, check=True)


def test_matplotlib_reads_every_line_but_matrices():
    """Its mathtext knows no environments, and all else that is written here."""
    fit = bm.reml("yield ~ irrigation * variety + (1 | field)", bm.load_data("irrigation"))
    lines = bm.equations(fit).latex.removeprefix("\\begin{aligned}\n").removesuffix("\n\\end{aligned}").split(" \\\\\n")
    for line in lines:
        plain = re.sub(
            r"\\text(?=\{)", r"\\mathrm", re.sub(r"\\operatorname(\{\w+\})", r"\\mathrm\1", line.replace("&", ""))
        )
        MathTextParser("path").parse(f"${plain}$")


def test_names_cannot_break_the_equations():
    data = sleepstudy().rename(columns={"Days": "da_ys%", "Subject": "sub\\j"})
    equations = bm.equations(bm.reml("Reaction ~ `da_ys%` + (1 | `sub\\j`)", data))
    assert "da\\_ys\\%" in equations.latex
    assert "\\backslash" in equations.latex


def test_mistakes(crossing):
    with pytest.raises(ArgumentError, match="Known: mixed, levels"):
        bm.equations(crossing, form="level")
    with pytest.raises(ArgumentError, match="has none; take"):
        bm.equations(bm.lm("Reaction ~ Days", sleepstudy()), form="levels")
    with pytest.raises(CallError, match="that is values="):
        bm.equations(crossing, use_coefs=True)
