"""What a question says that is asked of the wrong kind of thing: what it takes, what it got, what answers instead."""

import ast
import inspect
import pkgutil
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

import bayesmix as bm
from bayesmix import inference
from bayesmix.errors import ArgumentError
from bayesmix.modelling.kinds import instead_of

MODULES = [import_module(name) for _, name, _ in pkgutil.walk_packages(inference.__path__, "bayesmix.inference.")]
DISPATCHED = [
    value
    for module in MODULES
    for value in vars(module).values()
    if hasattr(value, "registry") and value.__module__ == module.__name__
]


@pytest.fixture(scope="module")
def fits() -> dict[str, object]:
    sleepstudy = bm.load_data("sleepstudy")
    cbpp = bm.load_data("cbpp")
    return {
        "fit": bm.fit("Reaction ~ Days + (1 | Subject)", sleepstudy, draws=20, seed=1, progress=False),
        "reml": bm.reml("Reaction ~ Days + (1 | Subject)", sleepstudy),
        "lm": bm.lm("Reaction ~ Days", sleepstudy),
        "laplace": bm.laplace("cbind(incidence, size - incidence) ~ period + (1 | herd)", cbpp, "binomial"),
        "text": "Reaction ~ Days",
        "frame": sleepstudy,
        "nothing": None,
    }


# question, of what, words of the message
CASES = [
    (
        lambda fit: bm.log_marginal(fit),
        "reml",
        "log_marginal takes a fit by bm.fit; got RemlFit. Its log-likelihood is",
    ),
    (lambda fit: bm.log_marginal(fit), "nothing", "log_marginal takes a fit by bm.fit; got NoneType"),
    (lambda fit: bm.audit(fit), "reml", r"audit takes a fit by bm.fit; got RemlFit. glance\(fit\) says"),
    (lambda fit: bm.audit(fit), "lm", "got LmFit. It has no draws"),
    (lambda fit: bm.diagnose(fit), "reml", r"glance\(fit\) says whether it converged"),
    (lambda fit: bm.equivalence(fit), "laplace", r"varcorr\(fit\) has its standard deviations"),
    (lambda fit: bm.inclusion(fit), "reml", r"rand\(fit\) tests its random terms"),
    (lambda fit: bm.bambi_model(fit), "lm", "bambi_model takes a fit by bm.fit; got LmFit"),
    (lambda fit: bm.ranef_draws(fit, "Subject"), "reml", r"ranef\(fit\) has its conditional modes"),
    (lambda fit: bm.bayes_factor(fit, drop="1 | Subject"), "reml", r"lrt\(reduced, full\)"),
    (lambda fit: bm.prior_sensitivity(fit, drop="1 | Subject"), "nothing", "got NoneType"),
    (lambda fit: bm.compare_reml(fit), "reml", "no priors"),
    (lambda fit: bm.loo(fit), "lm", "AIC"),
    (lambda fit: bm.ranef(fit), "lm", r"anova\(fit\) tests its fixed ones"),
    (lambda fit: bm.anova(fit), "fit", r"bayes_factor\(fit, drop=...\)"),
    (lambda fit: bm.drop1(fit), "fit", r"bayes_factor\(fit, drop=...\)"),
    (lambda fit: bm.step(fit), "fit", r"inclusion\(fit\)"),
    (lambda fit: bm.step(fit), "lm", r"drop1\(fit\)"),
    (lambda fit: bm.lrt(fit, fit), "fit", r"got Fit and Fit. bayes_factor\(full, reduced\)"),
    (lambda fit: bm.fixef(fit), "text", "got str. Fit the model first"),
    (lambda fit: bm.fixef([fit, fit]), "fit", "got list. Ask of one fit at a time"),
    (lambda fit: bm.compare([fit, fit]), "fit", "got list. Give them one by one"),
    (lambda fit: bm.separation(fit), "frame", "or a formula; got DataFrame"),
]


@pytest.mark.parametrize(("ask", "kind", "words"), CASES)
def test_the_message_says_what_answers_instead(fits, ask, kind, words):
    with pytest.raises(ArgumentError, match=words) as caught:
        ask(fits[kind])
    assert "\n" not in str(caught.value)


def test_the_second_fit_of_a_bayes_factor_is_one_too(fits):
    for other in (1, fits["reml"], pd.DataFrame()):
        with pytest.raises(ArgumentError, match=r"bayes_factor takes a fit by bm\.fit; got"):
            bm.bayes_factor(fits["fit"], other)


def test_what_is_said_instead_is_a_public_name(fits):
    """Every function that a hint names is there."""
    known = {*dir(bm), "AIC", "BIC"}
    for fit in (fits["fit"], fits["reml"], fits["lm"], fits["laplace"]):
        for question in dir(bm):
            for word in instead_of(question, fit).replace("(", " (").split():
                if "_" in word:
                    assert word.strip(".;,") in known, word


@pytest.mark.parametrize("answers", DISPATCHED, ids=lambda answers: f"{answers.__module__}.{answers.__name__}")
def test_a_kind_without_an_answer_is_refused_by_what_dispatches_too(answers):
    _, *others = inspect.signature(answers).parameters.values()
    positional = [None for one in others if one.kind is not one.KEYWORD_ONLY]
    named = {one.name: None for one in others if one.kind is one.KEYWORD_ONLY}
    with pytest.raises(ArgumentError, match=r"takes .*; got object"):
        answers(object(), *positional, **named)


def test_no_question_asks_which_kind_of_fit_it_holds():
    kinds = {"Fit", "RemlFit", "LaplaceFit", "LmFit"}
    for module in MODULES:
        for node in ast.walk(ast.parse(Path(module.__file__).read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
                asked = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
                assert not kinds & asked, f"{module.__name__} asks isinstance; register an answer for the kind"
